"""What is served, across resets: the present stage, its verdict once there is one, and the application in front of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from contracts.verdict import Summary
from mocks.kit.asgi import App, Receive, Scope, Send, asgi_app, send_half
from sim.door.control import Control
from sim.door.pace import Pace
from sim.door.stage import NoReplyError, ServedStage, Terms
from sim.door.subject import Subject
from sim.faults.kind import CutReply
from sim.run import RunOptions

DROP: Final = "closeproof.drop"
"""The extension by which the server lets an application hang up without a word."""
CUT: Final = "closeproof.cut"
"""The same, after what there is of a reply has been sent."""
LOOK_EVERY_S: Final = 0.1


class Session:
    """One estate on one address."""

    def __init__(self, options: RunOptions, terms: Terms, subject: Subject, token: str, base_url: str) -> None:
        """Set the stage; the clock waits for the subject."""
        self.options = options
        self.terms = terms
        self.subject = subject
        self.base_url = base_url
        self.summary: Summary | None = None
        self.closing = False
        self.stage = ServedStage(options, terms, subject)
        self._control = Control(self, token)
        self._renewed = asyncio.Event()
        self._app = self._estate_app()

    def settings(self) -> dict[str, object]:
        """All that a program needs to connect (`sim.door.api.Settings`), and whatever else a design is told."""
        told = {key: value for key, value in self.stage.estate.settings.items() if key not in ("sync", "audit")}
        systems = {name: f"{self.base_url}/{name}" for name in self.stage.estate.systems()}
        return {**told, "token_url": f"{self.base_url}/identity/oauth2/token", "systems": systems}

    def reset(self) -> None:
        """The same again from the beginning: scenario, seed, plan, speed. Addresses stay as they are."""
        self.stage.close()
        self.stage.journal.close()
        self.summary = None
        self.stage = ServedStage(self.options, self.terms, self.subject)
        self._app = self._estate_app()
        self._renewed.set()

    def finish(self, detail: str = "") -> Summary:
        """End it and judge it, if that has not been done."""
        if self.summary is None:
            self.summary = self.stage.finish(detail)
        return self.summary

    async def run(self) -> None:
        """Pace one stage after the other, and judge each that has come to rest, for as long as it is served."""
        await asyncio.gather(self._pace(), self._watch())

    async def _pace(self) -> None:
        while True:
            self._renewed.clear()
            await self.stage.pace.run()
            if self.stage.pace.state == "over":
                await self._renewed.wait()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            pace = self.stage.pace
            if self.summary is None and pace.resting and await self.subject.is_settled(pace.kernel.now_ms):
                self._finish_if(pace)

    def _finish_if(self, pace: Pace) -> None:
        """Unless something happened while the subject was asked."""
        if pace is self.stage.pace and pace.resting:
            self.finish()

    def close(self) -> None:
        """Let go of the stage, and of whoever waits for news of it."""
        self.closing = True
        self.stage.close()

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application: control plane and systems."""
        if scope["type"] == "http" and scope["path"].startswith("/_estate"):
            await self._control.serve(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except NoReplyError as error:
            ending = DROP
            if isinstance(error.__cause__, CutReply):
                await send_half(send, error.__cause__.response)
                ending = CUT
            hang_up: Callable[[], None] = scope.get("extensions", {}).get(ending, _nothing)
            hang_up()
            await receive()  # the server learns of it in its next turn, and then makes no answer of its own

    def _estate_app(self) -> App:
        stage = self.stage
        return asgi_app(stage.estate.systems(), lambda: stage.kernel.now_ms, stage.through)


def _nothing() -> None:
    """A server that cannot hang up answers 500."""
