"""A Locust user that is the whole arrival process: `locust -f loadtests/locustfile.py --headless -u 1`, told by `Orders`.

One user plays a schedule in an open model. Locust's own users wait for their answers before they call again, and so keep
quiet about the very moments that hurt. It is started by `closeproof load`, which says over a socket when to play what.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import gevent
import msgspec
from locust import FastHttpUser, constant, task

from contracts.load import Orders, Play, Progress, Step, Told
from loadtests import samples, schedule
from loadtests.player import Answer, Player

TOLD_IN: Final = "CLOSEPROOF_LOAD"
SAY_EVERY_S: Final = 0.25
ORDERS: Final = msgspec.json.decode(os.environ[TOLD_IN], type=Orders)


class CloseDay(FastHttpUser):
    """Everybody who calls."""

    wait_time = constant(0)
    concurrency = ORDERS.concurrency
    network_timeout = connection_timeout = 30.0
    max_redirects = 0

    @task
    def arrive(self) -> None:
        """Obey until told to stop."""
        plan, arrivals = schedule.read(Path(ORDERS.schedule))
        mine = schedule.part_of(arrivals, ORDERS.worker, ORDERS.workers)
        player = Player(mine, self._send, self._new_token, ORDERS.concurrency)
        with socket.socket(fileno=ORDERS.wire) as wire:
            _say(wire, Progress())
            for line in wire.makefile("rb"):
                told = msgspec.json.decode(line, type=Told)
                if not isinstance(told, Play):
                    break
                telling = gevent.spawn(_tell, wire, player, told.phase)
                player.play(told.phase, told.at_s, measured=plan.phases[told.phase].measured)
                telling.kill()
                _say(wire, player.progress(told.phase, over=True))
            samples.write(Path(ORDERS.samples), player.close())
        self.environment.runner.quit()

    def _send(self, step: Step, body: bytes, headers: dict[str, str]) -> Answer:
        path = f"/{step.system}{step.path}" + (f"?{urlencode(step.query)}" if step.query else "")
        name = f"{step.system}.{step.operation}"
        answer = self.client.request(step.method, path, name=name, data=body.decode() or None, headers=headers)
        said = {name.lower(): str(value) for name, value in dict(answer.headers or {}).items()}
        return Answer(answer.status_code or 0, answer.content or b"", said.get("retry-after", ""))

    def _new_token(self) -> str:
        form = urlencode({"grant_type": "client_credentials", **ORDERS.form})
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = self.client.post("/identity/oauth2/token", name="identity.issue_token", data=form, headers=headers)
        return str(msgspec.json.decode(answer.content)["access_token"]) if answer.status_code == 200 else ""


def _tell(wire: socket.socket, player: Player, phase: int) -> None:
    while True:
        gevent.sleep(SAY_EVERY_S)
        _say(wire, player.progress(phase))


def _say(wire: socket.socket, progress: Progress) -> None:
    wire.sendall(msgspec.json.encode(progress) + b"\n")
