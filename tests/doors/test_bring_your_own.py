"""The worked example of docs/bring-your-own.md: it passes, and without its idempotency line one fault is its undoing."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.verdict import Summary
from tests.doors.stand import PATIENCE_S, serving

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCS / "examples" / "my_integration.py"
ONE_FAULT = DOCS / "examples" / "one-fault.toml"
THE_LINE = 'headers["idempotency-key"]'
SPEED = "30000"


@contextlib.contextmanager
def running(program: Path, *words: str) -> Iterator[None]:
    """A user's program, for a block."""
    process = subprocess.Popen([sys.executable, str(program), *words], cwd=program.parent)
    try:
        yield
        assert process.poll() is None, "the program ended by itself"
    finally:
        process.kill()
        process.wait(PATIENCE_S)


def judged(program: Path, tmp_path: Path, *words: str | Path) -> Summary:
    """What comes of a program."""
    with (
        serving(tmp_path, "quiet-week-invoices", "--speed", SPEED, *words) as served,
        running(program, served.url, served.token),
    ):
        return served.summary(PATIENCE_S)


@pytest.mark.slow
def test_the_example_passes_with_and_without_a_fault(tmp_path: Path) -> None:
    summary = judged(EXAMPLE, tmp_path, "--plan", ONE_FAULT)
    assert (summary.verdict, summary.ended) == ("pass", "quiescent")
    assert [(count.kind, count.took_effect) for count in summary.faults] == [("timeout-after-commit", 1)]
    assert summary.truth["invoices"] == summary.effects["cloud_erp/invoice.posted"] > 10


@pytest.mark.slow
def test_without_its_one_line_it_posts_an_invoice_twice(tmp_path: Path) -> None:
    lines = EXAMPLE.read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if THE_LINE not in line]
    assert len(kept) == len(lines) - 1
    program = tmp_path / "careless.py"
    program.write_text("".join(kept), "utf-8")
    summary = judged(program, tmp_path, "--plan", ONE_FAULT)
    assert summary.verdict == "fail"
    failed = {result.id: result for result in summary.invariants if result.verdict == "fail"}
    assert failed["I01"].violations == 1
    assert "posted twice" in failed["I01"].evidence[0].says


def test_the_page_shows_the_files_that_are_tested() -> None:
    page = (DOCS / "bring-your-own.md").read_text("utf-8")
    program = EXAMPLE.read_text("utf-8").partition("\n")[2]  # the first line is for our linter alone
    assert f"```python\n{program}```" in page
    assert f"```toml\n{ONE_FAULT.read_text('utf-8')}```" in page
