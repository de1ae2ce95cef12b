"""What was found, gathered by what it is about: one thing lost or doubled breaks several invariants and is one story.

Groups the summary's evidence into subjects to follow through the journal, and lets go what has no document: a run that
did not end, a check that could not judge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from contracts.verdict import Evidence, InvariantResult, Summary
from reports.follow import Subject
from reports.index import Index
from reports.journey import Finding

JOURNEYS_MAX: Final = 12


@dataclass
class Group:
    """Everything that was found about one thing."""

    about: str
    obligations: tuple[str, ...]
    papers: tuple[str, ...]
    kin: tuple[str, ...]
    findings: list[Finding] = field(default_factory=list)
    subject: Subject | None = None

    @property
    def amount_minor(self) -> int:
        """What is at stake, once."""
        return max(found.amount_minor for found in self.findings)

    @property
    def ids(self) -> list[str]:
        """The invariants that it breaks."""
        return list(dict.fromkeys(found.invariant for found in self.findings))

    def follow(self) -> Subject:
        """What to follow through the journal for it."""
        evidence = (line for found in self.findings for line in found.lines)
        subject = Subject(self.about, self.obligations, self.papers, self.kin, evidence)
        subject.breach = next((found.lines[0] for found in self.findings if found.lines), 0)
        self.subject = subject
        return subject


def finding(invariant: InvariantResult, evidence: Evidence) -> Finding:
    """One piece of evidence, with the invariant that it speaks against."""
    return Finding(invariant.id, invariant.name, evidence.verdict, evidence.says, evidence.amount_minor, evidence.lines)


def wanted(summary: Summary) -> Iterator[tuple[str, Finding]]:
    """All evidence: failures before doubts, invariants in their order."""
    for verdict in ("fail", "unknown"):
        for invariant in summary.invariants:
            for evidence in invariant.evidence:
                if evidence.verdict == verdict:
                    yield evidence.about, finding(invariant, evidence)


def grouped(summary: Summary, index: Index) -> tuple[list[Group], list[Finding]]:
    """Groups in the order in which they are found, and findings that no document stands behind."""
    groups: dict[tuple[str, ...], Group] = {}
    loose: list[Finding] = []
    for about, found in wanted(summary):
        obligations = index.obligations(about)
        if not obligations and not _names_a_thing(about, found):
            loose.append(found)
            continue
        key = obligations or (about,)
        if key not in groups:
            groups[key] = Group(about, obligations, index.papers_of(obligations), index.kin_of(obligations))
        groups[key].findings.append(found)
    return list(groups.values()), loose


def _names_a_thing(about: str, found: Finding) -> bool:
    """Whether a name without an obligation may be a posting out of nowhere; `run`, `I10` or `erp/H1` are none."""
    return bool(found.lines) and about not in ("run", found.invariant) and "/" not in about
