"""Where the judge sits makes no difference to what it finds, and a judge who is lost is no verdict."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

import msgspec
import pytest

from contracts.judge import Findings
from contracts.verdict import Summary
from sim.cli_ask import Asked, prepare
from sim.judge_apart import Standing
from sim.judges import Apart, Beside, JudgeLostError, Seat
from sim.run import run
from tests.contracts.bad_stories import resent_after_timeout
from tests.contracts.good_stories import plain_delivery
from tests.contracts.journals import SCOPE, Story

_lines = msgspec.json.Encoder().encode_lines


def found(judge: Seat, story: Story) -> Findings:
    """Read it a story, and ask."""
    judge.read(story.entries, _lines(story.entries))
    return judge.findings()


@pytest.mark.parametrize("story", [plain_delivery, resent_after_timeout])
def test_a_judge_apart_finds_the_same(story: Callable[[], Story]) -> None:
    """Every value, evidence and money included."""
    with closing(Beside(SCOPE)) as beside, closing(Apart(SCOPE)) as apart:
        assert found(apart, story()) == found(beside, story())
        assert apart.peak_rss_mb > 1


def test_how_things_stand_is_said_while_it_reads() -> None:
    """An order, a receipt and a bill, owed and not done; the word comes as soon as a batch is read."""
    opened = Story().delivered().bills()
    padding = [opened.entries[-1]] * 1000
    with closing(Beside(SCOPE)) as beside, closing(Apart(SCOPE)) as apart:
        for judge in (beside, apart):
            judge.read([*opened.entries, *padding], _lines([*opened.entries, *padding]))
        deadline = time.monotonic() + 30
        while apart.standing() == Standing() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert apart.standing().open_obligations == beside.standing().open_obligations > 0


def test_a_judge_that_is_lost_is_said_so() -> None:
    """Whether that is noticed while it is handed lines or when it is asked."""
    entries = plain_delivery().entries
    with closing(Apart(SCOPE)) as apart:
        apart._process.kill()
        apart._process.wait()
        with pytest.raises(JudgeLostError, match="while the run went on"):
            apart.read(entries, _lines(entries))
    with closing(Apart(SCOPE)) as apart:
        apart._process.kill()
        with pytest.raises(JudgeLostError, match="before its last word"):
            apart.findings()


def test_nobody_is_left_behind() -> None:
    """A run that is given up closes the pipe, and the judge goes home."""
    apart = Apart(SCOPE)
    apart.read([], b"")
    apart.close()
    assert apart._process.returncode is not None


def test_a_run_is_judged_alike_wherever_the_judge_sits() -> None:
    """A whole run under weather: the summaries differ in what was measured on this machine, and in nothing else."""

    def of(*, judge_apart: bool) -> Summary:
        options = prepare(Asked("quiet-week", seed=5, scale=0.1)).options(judge_apart=judge_apart)
        return msgspec.structs.replace(run(options), wall_s=0.0, peak_rss_mb=0.0)

    assert of(judge_apart=True) == of(judge_apart=False)
