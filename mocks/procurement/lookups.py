"""Lookup values: what a hospital's own codes mean to the ERP, and from which day on. Wire types, rules, operations.

People publish them, often before they hold; a change of meaning is a new value from a day on, and closes the one before.
Dates are local days; `valid_to` is the first day on which a value holds no more, empty while none is known.
"""

from __future__ import annotations

import msgspec

from contracts.wire import Subject
from mocks.kit.dialect import EPOCH, Limit, Moment, Offset, epoch_ms, stamp
from mocks.kit.operation import Incoming, Operation, Refused, Reply, Work
from mocks.kit.paging import Changes, page


class LookupValue(msgspec.Struct, frozen=True, gc=False):
    """One meaning of one code; also the body of the event `lookup_value.changed`."""

    id: str
    version: int
    lookup: str
    business_unit: str
    code: str
    value: str
    valid_from: str
    valid_to: str
    updated_at: str


class LookupPage(msgspec.Struct, frozen=True, gc=False):
    """One page of values."""

    lookup_values: list[LookupValue]
    total: int
    next_offset: int | None


class LookupQuery(msgspec.Struct, frozen=True, gc=False):
    """Which values to list."""

    updated_after: Moment = EPOCH
    offset: Offset = 0
    limit: Limit = 50


class Lookups:
    """All lookup values of the estate."""

    def __init__(self, entities: tuple[str, ...]) -> None:
        """None yet, for these hospitals."""
        self.values: dict[str, LookupValue] = {}
        self.changes = Changes()
        self._latest: dict[tuple[str, str, str], str] = {}
        self._entities = frozenset(entities)

    def publish(  # noqa: PLR0913 - what a meaning is
        self, work: Work, lookup: str, entity: str, code: str, value: str, valid_from: str
    ) -> None:
        """What a code means from a day on; the meaning before it ends there."""
        if entity not in self._entities:
            raise Refused(400, "unknown_business_unit", f"no business unit {entity}")
        at = stamp(work.now_ms)
        before = self.values.get(self._latest.get((lookup, entity, code), ""))
        if before is not None:
            if before.valid_from >= valid_from:
                raise Refused(409, "not_after", f"{code} has a meaning from {before.valid_from} on already")
            closed = msgspec.structs.replace(before, version=before.version + 1, valid_to=valid_from, updated_at=at)
            self._tell(work, closed)
        self._tell(
            work, LookupValue(f"LV-{len(self.values) + 1:06d}", 1, lookup, entity, code, value, valid_from, "", at)
        )

    def _tell(self, work: Work, value: LookupValue) -> None:
        self.values[value.id] = value
        self._latest[value.lookup, value.business_unit, value.code] = value.id
        self.changes.touch(work.now_ms, value.id)
        entity = value.business_unit
        work.effect(
            "lookup.published", value.id, entity=entity, number=value.code, on=value.valid_from, version=value.version
        )
        work.event("lookup_value.changed", Subject(entity, value.id), value.version, value)


def operations(state: Lookups, limit_max: int) -> tuple[Operation, ...]:
    """The operation over one state."""

    def list_lookup_values(incoming: Incoming, work: Work) -> Reply:
        del work
        query: LookupQuery = incoming.query
        sees = incoming.caller.may_act_for
        changed = [state.values[known] for known in state.changes.since(epoch_ms(query.updated_after))]
        seen = [value for value in changed if sees(value.business_unit)]
        rows = page(seen, query.offset, query.limit, limit_max)
        after = query.offset + len(rows)
        more = bool(rows) and after < len(seen)
        return Reply(200, LookupPage(rows, len(seen), after if more else None), idle=not rows)

    return (
        Operation(
            "list_lookup_values",
            "GET",
            "/lookup_values",
            list_lookup_values,
            "List what codes mean, by newest change",
            query=LookupQuery,
            reply=LookupPage,
            scope="procurement.read",
        ),
    )
