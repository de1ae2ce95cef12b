"""Debian's Chromium, headless and cut off from everything: it opens a file, and says what it made of it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def browser() -> str | None:
    """The browser, if there is one."""
    return shutil.which("chromium")


def look(page: Path, *flags: str) -> str:
    """Open a page with a fresh profile; what the browser writes to stdout (the document, with `--dump-dom`)."""
    with tempfile.TemporaryDirectory(prefix="closeproof-browser-", ignore_cleanup_errors=True) as profile:
        ran = subprocess.run(
            [browser() or "chromium", *FLAGS, f"--user-data-dir={profile}", *flags, page.as_uri()],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    return ran.stdout
