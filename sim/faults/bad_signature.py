"""Kind 23: a delivery whose signature does not fit: damaged on its way, or forged by somebody else."""

from __future__ import annotations

import hashlib
import re
from typing import ClassVar, Final

import msgspec

from contracts.plan import Param
from contracts.wire import Event
from sim.faults.kind import (
    ACKNOWLEDGED,
    DELIVERY,
    REFUSED,
    Armed,
    DeliveryCrossing,
    Kind,
    SendDelivery,
    Surroundings,
)
from sim.seed import Slots

_DIGIT: Final = re.compile(rb"[0-9]")
_OTHER_DIGIT: Final = bytes.maketrans(b"0123456789", b"1234567890")


class BadSignature(Kind):
    """The event is `damaged`, a digit being another than was signed; or it is `forged`.

    Then it comes beside the genuine one, about a paper that does not exist, signed with a guess.
    """

    name = "bad-signature"
    number = "23"
    on = (DELIVERY,)
    expect = "refuses it and books nothing of it; the genuine event is sent again"
    params: ClassVar = {"form": ("damaged", "forged")}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """Either."""
        return {"form": "damaged" if slots.uniform(0) < 0.5 else "forged"}

    def defaults(self) -> dict[str, Param]:
        """The malicious one."""
        return {"form": "forged"}

    async def strike_delivery(
        self, crossing: DeliveryCrossing, send: SendDelivery, armed: Armed, around: Surroundings
    ) -> str:
        """Damage the delivery, or send a forged one beside it; it counts once somebody had to answer it."""

        async def judged(delivery: DeliveryCrossing) -> str:
            outcome = await send(delivery)
            if outcome in (REFUSED, ACKNOWLEDGED):
                armed.took_effect()
            else:
                armed.was_harmless()
            return outcome

        if armed.params["form"] == "damaged":
            crossing.signature = around.signature(crossing.event)
            crossing.event = msgspec.structs.replace(crossing.event, body=_damaged(crossing.event.body))
            return await judged(crossing)

        async def beside() -> None:
            await judged(forged)

        forged = around.another(crossing, _forged(crossing.event))
        forged.signature = f"sha256={hashlib.sha256(forged.event.body).hexdigest()}"
        around.detach(beside())
        return await send(crossing)


def _damaged(body: bytes) -> bytes:
    """One digit in the second half of a body is another; where there is none, a byte is missing."""
    found = _DIGIT.search(body, len(body) // 2)
    if found is None:
        return body[:-1]
    return body[: found.start()] + found.group().translate(_OTHER_DIGIT) + body[found.end() :]


def _forged(event: Event) -> Event:
    """The same story about a paper that does not exist."""
    key = event.subject.key
    subject = msgspec.structs.replace(event.subject, key=f"{key}9")
    body = event.body.replace(key.encode(), subject.key.encode())
    return msgspec.structs.replace(event, event_id=f"{event.event_id}-forged", subject=subject, body=body)
