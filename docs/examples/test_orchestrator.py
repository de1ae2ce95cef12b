# ruff: noqa: ANN001, ANN201, D103, INP001, S101, S603
"""An orchestrator's tests in CI: its design in virtual time, and the program itself over HTTP."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.closeproof("quiet-week", seed=range(1, 4), scale=0.2)
def test_my_design_comes_through_the_week(virtual_estate):
    verdict = virtual_estate.run("my_design.py")
    assert verdict.passed


@pytest.mark.closeproof("quiet-week-invoices", plan="one-fault.toml", speed=30_000)
def test_my_program_posts_once_although_a_reply_is_lost(served_estate):
    program = subprocess.Popen([sys.executable, HERE / "my_integration.py", served_estate.url, served_estate.token])
    try:
        verdict = served_estate.verdict(timeout_s=60)
    finally:
        program.kill()
        program.wait()
    assert verdict.passed
    assert verdict.invariant("I01").violations == 0
