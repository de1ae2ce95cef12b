"""What crosses the wire of the service desk, beside the shared case and decision of `contracts.cases`."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from contracts.cases import CaseDecision, Category
from mocks.kit.dialect import EPOCH, Ident, Limit, Moment, Offset, Reference, Text

_AMOUNT_MAX = 10**15


class CaseSent(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`contracts.cases.NewCase`, field for field, with the bounds that a service on a network needs."""

    external_key: Reference
    category: Category
    entity: Ident
    subjects: Annotated[tuple[Reference, ...], Meta(max_length=50)]
    amount_minor: Annotated[int, Meta(ge=-_AMOUNT_MAX, le=_AMOUNT_MAX)]
    currency: Annotated[str, Meta(max_length=3)]
    evidence: Annotated[dict[Text, Text], Meta(max_length=50)] = {}
    due_at: Text = ""


class CaseOpened(msgspec.Struct, frozen=True, gc=False):
    """The case that a send made, or had made before; also the body of the event `case.opened`."""

    case: str
    external_key: str
    status: str


class CaseShown(msgspec.Struct, frozen=True, gc=False):
    """A case in full."""

    case: str
    external_key: str
    status: str
    category: Category
    entity: str
    subjects: tuple[str, ...]
    amount_minor: int
    currency: str
    evidence: dict[str, str]
    due_at: str
    opened_at: str
    decision: CaseDecision | None


class DecisionPage(msgspec.Struct, frozen=True, gc=False):
    """One page of decisions."""

    decisions: list[CaseDecision]
    total: int


class DecisionQuery(msgspec.Struct, frozen=True, gc=False):
    """Which decisions to list."""

    since: Moment = EPOCH
    offset: Offset = 0
    limit: Limit = 100
