"""Kind 13: a vendor's release has changed the form of what it says."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import msgspec

from contracts.plan import Param
from contracts.wire import Response
from sim.faults.kind import (
    CALL,
    DELIVERY,
    Armed,
    CallCrossing,
    DeliveryCrossing,
    Kind,
    Reply,
    SendCall,
    SendDelivery,
    Surroundings,
)
from sim.seed import Slots

ADDED: Final = "added"
RENAMED: Final = "renamed"
RETYPED: Final = "retyped"
_NEW: Final = {"_links": {"self": {"href": "#"}}, "schemaVersion": "2026.11"}


class SchemaDrift(Kind):
    """Fields are `added` (nobody may mind), `renamed`, or `retyped`: numbers come as text.

    A webhook is drifted before it is signed: it is genuine, whatever it looks like.
    """

    name = "schema-drift"
    number = "13"
    on = (CALL, DELIVERY)
    expect = "skips fields it does not know; takes what it cannot read for no answer, and asks again"
    params: ClassVar = {"change": (ADDED, RENAMED, RETYPED)}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """Half of the releases only add."""
        share = slots.uniform(0)
        return {"change": ADDED if share < 0.5 else RENAMED if share < 0.75 else RETYPED}

    def defaults(self) -> dict[str, Param]:
        """The kind that a tolerant reader never notices."""
        return {"change": ADDED}

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Change the form of a reply that says what was asked."""
        del around
        reply = await send(crossing)
        if not isinstance(reply, Response) or not reply.ok:
            return reply
        body = drifted(reply.body, str(armed.params["change"]))
        if body == reply.body:
            return reply
        armed.took_effect()
        return msgspec.structs.replace(reply, body=body)

    async def strike_delivery(
        self, crossing: DeliveryCrossing, send: SendDelivery, armed: Armed, around: Surroundings
    ) -> str:
        """Change the form of an event."""
        del around
        body = drifted(crossing.event.body, str(armed.params["change"]))
        if body != crossing.event.body:
            armed.took_effect()
            crossing.event = msgspec.structs.replace(crossing.event, body=body)
        return await send(crossing)


def drifted(body: bytes, change: str) -> bytes:
    """A JSON document in another form; the same document where that changes nothing, or where it is not JSON."""
    try:
        told = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body
    other = _changed(told, change)
    return body if other == told else msgspec.json.encode(other)


def _changed(value: Any, change: str) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        return [_changed(each, change) for each in value]
    if isinstance(value, dict):
        inner = {key: _changed(each, change) for key, each in value.items()}
        if change == RENAMED:
            return {f"{key}_v2": each for key, each in inner.items()}
        return {**_NEW, **inner} if change == ADDED else inner
    return str(value) if change == RETYPED and isinstance(value, int | float) else value
