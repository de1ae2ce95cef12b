"""Who may approve what: an authority in money, somebody above for what exceeds it, and a delegate while somebody is away.

Who has no authority entered may approve anything: a suite that was never set up asks nothing. Nobody approves what they
asked for themselves, and nobody says yes twice, on whatever behalf. What a delegate says counts as said by whoever delegated, for as long as that was meant to last.
"""

from __future__ import annotations

import msgspec

from mocks.kit.operation import Refused


class Approval(msgspec.Struct, frozen=True, gc=False):
    """One yes: by whose authority, who said it, and when."""

    approver: str
    by: str
    at: str


class Authorities:
    """The hierarchy of a suite."""

    def __init__(self) -> None:
        """Nobody's authority is limited."""
        self._limit_minor: dict[str, int] = {}
        self._delegates: dict[str, tuple[str, int]] = {}

    def grant(self, approver: str, limit_minor: int) -> None:
        """Enter how much somebody may approve alone."""
        self._limit_minor[approver] = limit_minor

    def delegate(self, approver: str, to: str, until_ms: int) -> None:
        """Have somebody else say yes until a moment."""
        if approver == to:
            raise Refused(400, "delegate_self", f"{approver} cannot stand in for themselves")
        self._delegates[approver] = (to, until_ms)

    def speaks_for(self, approver: str, now_ms: int) -> str:
        """Who says yes in somebody's place at a moment: mostly themselves."""
        to, until_ms = self._delegates.get(approver, (approver, 0))
        return to if now_ms < until_ms else approver

    def check(self, approver: str, by: str, requester: str, now_ms: int, said: tuple[Approval, ...] = ()) -> None:
        """Refuse a yes by somebody who may not say it, or has said it already."""
        if by not in (approver, self.speaks_for(approver, now_ms)):
            raise Refused(403, "not_the_approver", f"{by} does not stand in for {approver}")
        if requester in (approver, by):
            raise Refused(403, "own_requisition", f"{requester} asked for it")
        for each in said:
            if by == each.by:
                raise Refused(403, "said_before", f"{by} has said yes to it; the next must be somebody else")

    def suffices(self, approver: str, amount_minor: int) -> bool:
        """Whether somebody's yes is the last that an amount needs."""
        return amount_minor <= self._limit_minor.get(approver, amount_minor)
