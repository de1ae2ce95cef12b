"""Kind 10: a 200 whose body cannot be read: cut short with its length adjusted, or a proxy's page instead of JSON."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from contracts.plan import Param
from contracts.wire import Response
from sim.faults.kind import CALL, Armed, CallCrossing, Kind, Reply, SendCall, Surroundings
from sim.seed import Slots

_PAGE = b"<html><head><title>Web Gateway</title></head><body>Your session has been inspected.</body></html>"


class UnreadableReply(Kind):
    """Done, and answered with what is not JSON: `cut` in the middle, or another `page` altogether."""

    name = "unreadable-reply"
    number = "10"
    on = (CALL,)
    expect = "takes it for no answer: looks up what it sent, repeats a read"
    params: ClassVar = {"form": ("cut", "page")}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """Either."""
        return {"form": "cut" if slots.uniform(0) < 0.5 else "page"}

    def defaults(self) -> dict[str, Param]:
        """Cut."""
        return {"form": "cut"}

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Spoil the body of what went well."""
        del around
        reply = await send(crossing)
        if not isinstance(reply, Response) or not reply.ok or not reply.body:
            return reply
        armed.took_effect()
        if armed.params["form"] == "cut":
            return msgspec.structs.replace(reply, body=reply.body[: len(reply.body) // 2])
        return msgspec.structs.replace(reply, body=_PAGE, headers={**reply.headers, "content-type": "text/html"})
