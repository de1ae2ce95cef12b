"""The program under test, as the estate sees it: a caller, a URL for webhooks, and perhaps one that says whether it is idle.

Webhooks go out over one client, signed as in virtual time. The idle endpoint is optional: asked with the business time in
`?now=`, it answers `{"idle": true, "calls": 0, "deliveries": 0, "next": "2026-10-05T12:00:00Z"}`. `calls` says how many of its
requests it is waiting for, `deliveries` how many webhook calls it has and will answer later, `next` when it will act by
itself; all three may be left out. Without the endpoint, quiet wall time must do.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec

from contracts.ports import Delivery
from mocks.kit.dialect import moment_ms
from sim.door.clock import NEVER
from sim.door.pace import Pace, moment
from sim.errors import UserError
from sim.fence import wall_s

HANG_UP_S: Final = 60.0
"""A webhook call that nobody answers is hung up after this; its sender has given it up long before."""
DELIVERIES_MAX: Final = 256
"""Webhook calls that are out at once; what is more waits for its turn, like the connections that they take."""
IDLE_TIMEOUT_S: Final = 5.0
ASK_AGAIN_S: Final = 0.002
ASK_AGAIN_S_MAX: Final = 0.05
STUCK_S: Final = 2.0
"""So long is waited, step by step, for the answer to a delivery that a subject which calls itself idle does not own up to."""
STEP_QUIET_S: Final = 0.25
"""Silence between two steps with a subject that has no idle endpoint."""
WITHOUT_WORD_MS: Final = 30 * 60_000
"""How far the clock may go in one step with a subject that has no idle endpoint: it may poll."""


class Idle(msgspec.Struct, frozen=True):
    """What the idle endpoint answers."""

    idle: bool
    calls: int = 0
    deliveries: int | None = None
    next: str = ""


class Addresses(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the subject can be reached. `{system}` in the hook stands for the sender."""

    hook: str = ""
    idle: str = ""


class Subject:
    """A party of the wire, and the receiver of all deliveries."""

    life = 1
    alive = True

    def __init__(self, name: str, quiet_s: float, *, addresses: Addresses) -> None:
        """Know where it is, as far as it has said so."""
        self.name = name
        self.quiet_s = quiet_s
        self.addresses = check_addresses(addresses)
        self.stirred = 0
        self.open_calls = 0
        self.open_deliveries = 0
        self.posted = 0
        """Of these, those that have left."""
        self.last_stir_s = wall_s()
        self._slowest_ms = 0
        self._silent_since_ms = NEVER
        self._waiting_since_ms: dict[asyncio.Task[None], int] = {}
        self._client: aiohttp.ClientSession | None = None
        self._pace: Pace | None = None
        self._outer: asyncio.AbstractEventLoop
        self._places: asyncio.Semaphore

    def meet(self, pace: Pace) -> None:
        """Work on another clock from now on; the old one's deliveries are of no interest any more."""
        self._pace = pace
        self._outer = asyncio.get_running_loop()
        self.stirred = self.open_calls = self.open_deliveries = self.posted = 0
        self._places = asyncio.Semaphore(DELIVERIES_MAX)
        self._slowest_ms, self._silent_since_ms = 0, NEVER
        for task in self._waiting_since_ms:
            task.cancel()

    async def close(self) -> None:
        """Hang up."""
        self._pace = None
        for task in self._waiting_since_ms:
            task.cancel()
        if self._client is not None:
            await self._client.close()
            self._client = None

    # -- what the wire needs ------------------------------------------------------------------------------------------

    def receiver(self) -> Subject | None:
        """Itself, if it has a URL for webhooks."""
        return self if self.addresses.hook else None

    def next_turn(self) -> None:
        """There is nobody else to take turns with."""

    def kill(self, reason: str) -> None:
        """Crashes are the subject's own business here."""

    def take(self, delivery: Delivery) -> None:
        """Send a delivery on its way; called from within the inner loop, so the task is made on the outer one."""
        if self._pace is None:
            return
        self.stir(changed=True)
        self.open_deliveries += 1
        now_ms = self._pace.kernel.now_ms
        self._silent_since_ms = min(self._silent_since_ms, now_ms)
        task = self._outer.create_task(self._post_in_turn(delivery, self._pace, now_ms))
        self._waiting_since_ms[task] = now_ms
        task.add_done_callback(self._waiting_since_ms.pop)

    def stir(self, *, changed: bool = False) -> None:
        """Something passes between it and the estate; whoever only looks is still quiet."""
        self.stirred += 1
        if changed:
            self.last_stir_s = wall_s()

    async def _post_in_turn(self, delivery: Delivery, pace: Pace, began_ms: int) -> None:
        async with self._places:
            self.posted += 1
            await self._post(delivery, pace, began_ms)

    async def _post(self, delivery: Delivery, pace: Pace, began_ms: int) -> None:
        url = self.addresses.hook.replace("{system}", delivery.source)
        headers = {**delivery.headers, "source": delivery.source}
        status = 0
        try:
            async with self._http().post(
                url, data=delivery.body, headers=headers, allow_redirects=False, timeout=_timeout(HANG_UP_S)
            ) as answer:
                status = answer.status
                self._note_wait(began_ms, pace)
                self._silent_since_ms = NEVER
        except TimeoutError:
            self._note_wait(min(began_ms, self._silent_since_ms), pace)  # so were those before it
        except (aiohttp.ClientError, OSError):
            self._silent_since_ms = NEVER  # it is not there at all, which is its own affair
        finally:
            if pace is self._pace:
                self.open_deliveries -= 1
                self.posted -= 1
                self.stir(changed=True)
                pace.touch()
                delivery.refuse(status)
                pace.poke()

    @property
    def behind_s(self) -> float:
        """The longest that deliveries went unanswered while the clock ran by itself, in business seconds; also if they still do."""
        if self._pace is not None:
            self._note_wait(min(self._waiting_since_ms.values(), default=NEVER), self._pace)
        return self._slowest_ms / 1000

    def _note_wait(self, since_ms: int, pace: Pace) -> None:
        if pace.state == "running":
            self._slowest_ms = max(self._slowest_ms, pace.target_ms() - since_ms)

    # -- whether it has anything to do --------------------------------------------------------------------------------

    async def ask(self, now_ms: int) -> Idle | None:
        """What its idle endpoint says; None where there is none, or it does not answer."""
        url = self.addresses.idle
        if not url:
            return None
        url += f"{'&' if '?' in url else '?'}now={quote(moment(now_ms))}"
        try:
            async with self._http().get(url, timeout=_timeout(IDLE_TIMEOUT_S)) as answer:
                body = await answer.read()
                return msgspec.json.decode(body, type=Idle) if answer.ok else None
        except (aiohttp.ClientError, TimeoutError, OSError, msgspec.DecodeError):
            return None

    async def settled_ms(self, *, flush: Callable[[], None]) -> int:
        """Wait until it has nothing in its hands but what the estate owes it; when it will next act by itself.

        Without an idle endpoint: until `quiet_s` of wall time have passed in silence.
        """
        pace = self._pace
        if pace is None:
            return NEVER
        again_s = ASK_AGAIN_S
        while pace.state == "advancing":
            flush()
            seen = self.stirred
            said = await self.ask(pace.kernel.now_ms)
            silent_s = wall_s() - self.last_stir_s
            if said is not None:
                if seen != self.stirred:  # it is at work, and what it said is out of date: ask again at once
                    again_s = ASK_AGAIN_S
                    continue
                waits = self._on_the_way(said) and silent_s < STUCK_S
                if said.idle and said.calls == self.open_calls and not waits:
                    return _when(said.next)
            elif not self.addresses.idle and silent_s >= min(self.quiet_s, STEP_QUIET_S):
                return pace.kernel.now_ms + WITHOUT_WORD_MS
            await asyncio.sleep(again_s)
            again_s = min(again_s * 1.5, ASK_AGAIN_S_MAX)
        return NEVER

    def _on_the_way(self, said: Idle) -> bool:
        """Whether a delivery, or its answer, may still be between the two; one that the subject has it may keep till later."""
        if said.deliveries is None:
            return self.open_deliveries > 0 and not self.open_calls
        return said.deliveries != self.posted

    async def is_settled(self, now_ms: int) -> bool:
        """Whether it is at rest, as far as the estate can tell: it says so, or nothing has happened for `quiet_s`."""
        if self.open_deliveries or self.open_calls:
            return False
        said = await self.ask(now_ms)
        return said.idle and not said.calls if said is not None else wall_s() - self.last_stir_s >= self.quiet_s

    def _http(self) -> aiohttp.ClientSession:
        if self._client is None:
            self._client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=15))
        return self._client


def check_addresses(addresses: Addresses) -> Addresses:
    """Refuse what is not an http URL of this machine: mocked systems send nothing anywhere else."""
    for what, url in (("hook", addresses.hook), ("idle", addresses.idle)):
        if not url:
            continue
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise UserError(f"--{what}", 0, "", f"{url!r} is not a URL such as http://127.0.0.1:9000/hooks")
        if not _is_loopback(parts.hostname):
            raise UserError(
                f"--{what}", 0, "", f"{parts.hostname} is not this machine: the estate speaks to loopback only"
            )
    return addresses


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _when(text: str) -> int:
    try:
        return moment_ms(text.replace("Z", "+00:00")) if text else NEVER
    except ValueError:
        return NEVER


def _timeout(total_s: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=total_s)
