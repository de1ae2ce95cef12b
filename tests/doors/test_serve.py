"""A served estate: systems, tokens, signed webhooks, faults and the control plane, over sockets."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.doors.stand import Process, Served, serving, until

WEEK = "quiet-week-invoices"
NOON = "2026-10-05T16:00:00Z"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A small estate whose clock stands until somebody moves it."""
    with serving(tmp_path, WEEK, "--speed", "60") as estate:
        yield estate


class Hook:
    """A subscriber that remembers what it was sent, and answers as it is told."""

    def __init__(self, status: int = 200) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.status = status
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(outer.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_words: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A subscriber."""
    subscriber = Hook()
    yield subscriber
    subscriber.close()


def test_systems_want_a_token_and_the_control_plane_another(served: Served) -> None:
    with served.authorized() as client, httpx.Client(base_url=served.url) as stranger:
        assert client.get("/cloud_erp/periods", params={"BusinessUnit": "H1"}).status_code == 200
        assert stranger.get("/cloud_erp/periods", params={"BusinessUnit": "H1"}).status_code == 401
        for document in ("/cloud_erp/openapi.json", "/_estate/openapi.json"):
            assert stranger.get(document).json()["openapi"] == "3.1.0"
        assert stranger.get("/no_such_system/x").status_code == 404
        assert client.get("/_estate/clock").status_code == 401
        assert stranger.get("/_estate/settings").status_code == 401
    assert served.get("/settings")["systems"]["cloud_erp"] == f"{served.url}/cloud_erp"


def test_the_clock_waits_for_the_first_call_and_obeys(served: Served) -> None:
    clock = served.get("/clock")
    assert (clock["state"], clock["now"]) == ("waiting", "2026-10-05T04:00:00Z")
    with served.authorized() as client:
        client.get("/inventory/receipts")
    assert served.get("/clock")["state"] == "running"
    until(lambda: served.get("/clock")["now"] > "2026-10-05T04:00:10", "ten business seconds at sixty a second")
    assert served.post("/clock/pause")["state"] == "standing"
    assert served.get("/clock")["now"] == served.get("/clock")["now"]
    assert served.post("/clock/speed", {"speed": 3600})["speed"] == 3600
    assert served.post("/clock/resume")["state"] == "running"
    served.post("/clock/pause")
    done = served.advance(to=NOON)
    assert (done["reached"], done["now"], done["state"]) == (True, NOON, "standing")


def test_a_call_under_way_is_answered_although_the_clock_is_stopped(served: Served) -> None:
    served.post("/clock/speed", {"speed": 0.1})  # ten seconds of wall time for each of latency
    with served.authorized() as client, ThreadPoolExecutor(1) as beside:
        coming = beside.submit(client.get, "/inventory/receipts")
        until(lambda: served.get("/")["calls_under_way"], "the call")
        served.post("/clock/pause")
        assert coming.result(timeout=10).status_code == 200


def test_verdict_waits_as_long_as_it_is_told(served: Served, tmp_path: Path) -> None:
    for token, code, says in ((served.token, 4, "not settled within 0.5 s"), ("wrong", 2, "--token: is not the token")):
        process = Process("verdict", served.url, "--token", token, "--timeout", "0.5", cwd=tmp_path)
        until(partial(ended, process), "its end")
        assert process.stop() == code
        assert says in process.lines[0]


def ended(process: Process) -> bool:
    """Whether it has come to its end."""
    return process.process.poll() is not None


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("POST", "/clock/speed", {"speed": 0}, 422, "Expected `float` > 0.0 - at `$.speed`"),
        ("POST", "/clock/speed", {"sped": 1}, 422, "unknown field `sped`"),
        ("POST", "/clock/advance", {}, 409, "no subject has shown itself yet"),
        ("POST", "/clock/advance", {"seconds": 1e308}, 422, "Expected `float` <= 31622400.0 - at `$.seconds`"),
        ("GET", "/clock?seen=now", None, 422, "Expected `int`, got `str` - at `$.seen`"),
        ("PUT", "/addresses", {"hook": "http://example.org/x"}, 422, "not this machine"),
        ("PUT", "/addresses", {"idle": "9000"}, 422, "is not a URL"),
        ("POST", "/faults", {"kind": "crash", "target": "worker", "trigger": {"nth": 1}}, 422, "the real door"),
        ("POST", "/faults", {"kind": "busy", "target": "cloud_erp.x", "trigger": {"nth": 1}}, 422, "no operation"),
        ("DELETE", "/faults/7", None, 404, "no fault has the number 7"),
        ("DELETE", "/clock", None, 405, "/_estate/clock takes GET"),
        ("GET", "/nothing", None, 404, "there is no GET /_estate/nothing"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    served: Served, method: str, path: str, body: Any, status: int, says: str
) -> None:
    answer = served.control.request(method, path, json=body)
    assert (answer.status_code, says in answer.json()["error"]) == (status, True), answer.text


def test_webhooks_are_signed_and_come_again_until_they_are_taken(served: Served, hook: Hook) -> None:
    secret = served.get("/settings")["webhook_secret"].encode()
    hook.status = 503
    served.control.put("/addresses", json={"hook": f"{hook.url}/in/{{system}}"}).raise_for_status()
    served.advance(to=NOON)
    until(lambda: len(hook.got) >= 2, "a delivery and its repetition")
    hook.status = 200
    served.advance(seconds=6 * 3600)
    first = hook.got[0]
    assert first[0] == "/in/procurement"
    for path, headers, body in hook.got:
        assert path == f"/in/{headers['source']}"
        assert headers["signature"] == "sha256=" + hmac.digest(secret, body, hashlib.sha256).hex()
    same = [headers["delivery-id"] for _, headers, _ in hook.got if headers["event-id"] == first[1]["event-id"]]
    assert len(same) == len(set(same)) >= 2


def test_a_lost_reply_is_a_dropped_connection_and_the_work_is_done(served: Served) -> None:
    """Kind 5 over a socket: no answer at all, and yet it stands in the books."""
    fault = {"kind": "timeout-after-commit", "target": "procurement.set_order_status", "trigger": {"nth": 1}}
    number = served.post("/faults", fault)["number"]
    with served.authorized() as client:
        client.get("/inventory/receipts")
        served.post("/clock/speed", {"speed": 3600})
        orders = until(lambda: client.get("/procurement/purchase_orders").json()["purchase_orders"], "an order")
        path = f"/procurement/purchase_orders/{orders[0]['number']}"
        told = {"status": "interfaced", "erp_number": "EPO-1"}
        with pytest.raises(httpx.TransportError):
            client.put(f"{path}/status", json=told)
        assert client.get(path).json()["erp_number"] == "EPO-1"
        assert client.put(f"{path}/status", json=told).status_code == 200
    assert served.get("/")["faults_took_effect"] == {"timeout-after-commit": 1}
    assert [line["number"] for line in served.get("/faults")] == [number]
    assert served.control.delete(f"/faults/{number}").status_code == 200


def test_reset_begins_the_same_run_again(served: Served) -> None:
    with served.authorized() as client:
        client.get("/inventory/receipts")
        served.advance(seconds=86_400)
        assert len(client.get("/procurement/purchase_orders").json()["purchase_orders"]) > 0
        assert served.post("/reset")["now"] == "2026-10-05T04:00:00Z"
        assert served.get("/clock")["state"] == "waiting"
        assert client.get("/procurement/purchase_orders").json()["purchase_orders"] == []


def test_finish_judges_at_once_and_then_the_run_is_over(served: Served) -> None:
    with served.authorized() as client:
        client.get("/inventory/receipts")
        summary = served.post("/finish")
        assert (summary["verdict"], summary["door"], summary["ended"]) == ("unknown", "real", "bound")
        assert client.get("/inventory/receipts").status_code == 503
        assert served.control.post("/clock/pause").status_code == 409
        assert served.get("/verdict") == summary
    assert served.process.stop() == 4
    assert (served.directory / "summary.json").is_file()
    assert (served.directory / "events.jsonl").stat().st_size > 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--speed", "0"), "--speed: 0 is not above 0"),
        (("--hook", "http://example.org"), "not this machine"),
        (("--port", "99999"), "--port: 99999 cannot be listened on"),
        (("--plan", "crash.toml"), "fault[0].kind: crash cannot be brought about behind the real door"),
    ],
)
def test_a_users_mistake_is_one_line(words: tuple[str, ...], says: str, tmp_path: Path) -> None:
    (tmp_path / "crash.toml").write_text(
        '[[fault]]\nkind = "crash"\ntarget = "cloud_erp.create_invoice"\ntrigger = { nth = 1 }\n', "utf-8"
    )
    process = Process("serve", WEEK, *words, cwd=tmp_path)
    until(lambda: process.process.poll() is not None, "its end")
    assert process.stop() == 2
    assert len(process.lines) == 1
    assert says in process.lines[0]


def test_weather_that_cannot_be_had_here_is_ignored_with_a_note(tmp_path: Path) -> None:
    with serving(tmp_path, "month-end", "--scale", "0.01") as served:
        assert served.get("/")["ignored_weather"] == ["crash"]
        assert any("ignored here: crash" in line for line in served.process.lines)
