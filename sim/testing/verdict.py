"""What came of an estate, for an assertion: whether it passed, what did not hold, and a report for people."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console

from contracts.verdict import Evidence, InvariantResult, Summary
from reports import terminal
from reports.words import gist
from sim import rundir

WIDTH: Final = 100


@dataclass(frozen=True)
class Verdict:
    """A verdict that can be asserted: `assert verdict.passed`, or `assert verdict`. What could not be judged did not pass."""

    summary: Summary = field(repr=False)
    directory: Path
    """The run directory: page, JSON, JUnit, journal. Of a served estate it is there once the test is over."""

    @property
    def passed(self) -> bool:
        """Whether every invariant and every threshold holds."""
        return self.summary.verdict == "pass"

    def __bool__(self) -> bool:
        """Whether it passed."""
        return self.passed

    @property
    def broken(self) -> Sequence[str]:
        """The invariants and thresholds that do not hold, or could not be judged: `I01`, `anomalies_missed_max`."""
        unsound = {"fail", "unknown"}
        invariants = [found.id for found in self.summary.invariants if found.verdict in unsound]
        return (*invariants, *(limit.name for limit in self.summary.thresholds if limit.verdict in unsound))

    @property
    def violations(self) -> Sequence[Evidence]:
        """The first few violations of each invariant, with the paper, the words and the money."""
        return tuple(evidence for found in self.summary.invariants for evidence in found.evidence)

    def invariant(self, code: str) -> InvariantResult:
        """What one invariant found: `verdict.invariant("I01").violations == 0`."""
        for found in self.summary.invariants:
            if found.id == code:
                return found
        known = ", ".join(found.id for found in self.summary.invariants)
        message = f"no invariant {code}; there are: {known}"
        raise LookupError(message)

    def __repr__(self) -> str:
        summary = self.summary
        return f"<{summary.verdict}: {summary.scenario} · {summary.design} · seed {summary.seed}: {gist(summary)}>"

    def report(self) -> str:
        """What did not hold, with its evidence, and the command that shows it again."""
        paper = io.StringIO()
        console = Console(file=paper, width=WIDTH, highlight=False, markup=False, emoji=False, color_system=None)
        events, left_in, said = self.directory / "events.jsonl", self.directory.as_posix(), ""
        lines = rundir.entries_for(events, terminal.evidence_lines(self.summary)) if events.is_file() else {}
        if self.summary.ended in {"design-failed", "fence"} and events.is_file():
            said = rundir.last_words(events)
        terminal.show_findings(self.summary, console, lines, left_in, said)
        return paper.getvalue().strip("\n")
