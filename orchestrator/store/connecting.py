"""Opening the store's file: how durable it is, and who shares a page cache."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def connect(path: Path, sync: str) -> sqlite3.Connection:
    """A connection with the durability asked for."""
    together = sync == "off" and _can_share_cache()
    target = f"{path.absolute().as_uri()}?cache=shared" if together else str(path)
    database = sqlite3.connect(target, uri=together, isolation_level=None, timeout=10.0, cached_statements=128)
    if together:
        database.execute("PRAGMA locking_mode=EXCLUSIVE")
        database.execute("PRAGMA journal_mode=MEMORY")
        database.execute("PRAGMA secure_delete=OFF")  # the file goes with the run: what is freed need not be wiped
    else:
        database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA cache_size=-65536")  # 64 MB: the default of 2 MB reads a month's pages again and again
    level = {"off": "OFF", "normal": "NORMAL", "full": "FULL"}[sync]
    database.execute(f"PRAGMA synchronous={level}")
    return database


def _can_share_cache() -> bool:
    """Some builds leave the shared cache out; without it, workers of one process would lock each other out."""
    probe = sqlite3.connect(":memory:")
    left_out = [row for row in probe.execute("PRAGMA compile_options") if row[0] == "OMIT_SHARED_CACHE"]
    probe.close()
    return not left_out
