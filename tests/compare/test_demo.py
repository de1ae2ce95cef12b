"""The demo: it ends with 0, tells one story, and names only commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

from contracts.journal import FaultTook
from sim.cli_demo import lost_reply
from tests.cli.command import cli, here
from tests.contracts.journals import Story


def test_the_demo_passes_tells_its_story_and_says_where_things_lie(tmp_path: Path) -> None:
    done = cli("demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "the reply is lost on its way" in done.stderr
    assert "Booked 1 time." in done.stderr
    assert " PASS " in done.stderr
    place = re.search(r"^(?:Page|Left in) +(\S+)$", done.stderr, re.MULTILINE)
    assert place is not None
    assert (tmp_path / place[1]).exists()


def test_what_it_says_to_try_next_can_be_tried(tmp_path: Path) -> None:
    """The commands are read and checked; only the first is run."""
    done = cli("demo", cwd=tmp_path)
    commands = re.findall(r"^  closeproof (.+?)   #", done.stderr, re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["story", "compare", "run"]
    assert cli(*commands[0].split(), cwd=tmp_path).returncode == 0


def test_a_quiet_demo_tells_no_story(tmp_path: Path) -> None:
    done = cli("demo", "--quiet", cwd=tmp_path)
    assert done.returncode == 0
    assert "the reply is lost" not in done.stderr


def test_it_takes_no_scenario(capsys: object) -> None:
    del capsys
    assert here(["demo", "month-end"]) == 2


def test_the_dearest_invoice_without_a_reply_is_told() -> None:
    story = Story().delivered().bills().bills("INV-2", 900_000)
    for paper in ("INV-1", "INV-2"):
        key = f"ap_automation:{paper}"
        story.posts(paper, f"AP-{paper}")
        story.write(
            FaultTook(story.at, "timeout-after-commit", "cloud_erp.create_invoice", {"key": key, "attempt": 1}, {})
        )
        story.calls("cloud_erp", "create_invoice", key, outcome="timed-out")
    told = lost_reply(story.entries)
    assert told is not None
    assert told.key == "ap_automation:INV-2"
    assert len(told.postings) == 1


def test_a_month_in_which_every_reply_came_has_no_such_story() -> None:
    assert lost_reply(Story().delivered().bills().posts().ends().entries) is None
