"""Every mocked system against requests that nobody would think of: coverage, fuzzing and stateful runs by schemathesis."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mocks import SYSTEMS
from mocks.kit.asgi import Receive, Scope, Send, asgi_app
from mocks.kit.operation import Handler, Incoming, Operation, Refused, Reply, Work
from mocks.kit.quirks import Quirks
from mocks.kit.system import System
from tests.contract_suites.apis import api
from tests.contract_suites.figures import Figures
from tests.contract_suites.fuzzing import Api, fuzz
from tests.mocks.doors import NOW_MS, SETUP, Estate, InProcess

PHASES = {"coverage", "fuzzing", "stateful"}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_system_keeps_what_its_document_says(system: str, figures: Figures) -> None:
    run = fuzz(api(system))
    figures.note("generated cases", system, dict(run.cases))
    if run.failures or run.unruly:
        pytest.fail("\n\n".join(run.failures + run.unruly), pytrace=False)
    assert set(run.cases) == (PHASES if system != "identity" else PHASES - {"stateful"})  # one operation leads nowhere
    for label, statuses in run.statuses.items():
        done = sum(count for status, count in statuses.items() if 200 <= status < 300 and status != 204)
        assert done >= 3, f"{label} was hardly ever done: {dict(statuses)}"


def test_a_run_repeats_itself_exactly() -> None:
    first, again = fuzz(api("inventory")), fuzz(api("inventory"))
    assert (again.digest, again.cases) == (first.digest, first.cases)


class _Sum(msgspec.Struct):
    """A body with one number."""

    amount: int


def _broken(incoming: Incoming, work: Work) -> Reply:
    del work
    given: _Sum = incoming.body
    return Reply(500 if given.amount > 1000 else 200, {"total": str(given.amount)})


class _Total(msgspec.Struct):
    """A reply with one number."""

    total: int


def _picky(incoming: Incoming, work: Work) -> Reply:
    del incoming, work
    raise Refused(400, "invalid_request", "no")


def _sums(handler: Handler = _broken) -> System[Any]:
    """A system of one operation that does not keep its word."""
    operation = Operation("add", "POST", "/sums", handler, "Add", body=_Sum, reply=_Total, scope="procurement.read")
    return System("sums", Estate().procurement.state, (operation,), Quirks({}), SETUP)


def test_a_reply_that_was_not_promised_is_found_out() -> None:
    """Text where a number was promised, and a 500 that no document mentions."""
    run = fuzz(Api(asgi_app({"sums": _sums()}, lambda: NOW_MS), "/sums/openapi.json", InProcess(Estate()).token()))
    found = "\n".join(run.failures)
    for check in ("not_a_server_error", "status_code_conformance", "response_schema_conformance"):
        assert check in found
    assert "ignored_auth" not in found


def test_a_door_without_its_lock_is_found_out() -> None:
    """A gateway that lets everybody in as somebody."""
    token = InProcess(Estate()).token()
    door = asgi_app({"sums": _sums()}, lambda: NOW_MS)

    async def unlocked(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [pair for pair in scope.get("headers", ()) if pair[0] != b"authorization"]
        await door({**scope, "headers": [*headers, (b"authorization", f"Bearer {token}".encode())]}, receive, send)

    assert "ignored_auth" in "\n".join(fuzz(Api(unlocked, "/sums/openapi.json", token)).failures)


def test_a_form_refused_against_the_schema_is_found_out() -> None:
    """The schema allows any number; the system calls every one a bad form."""
    app = asgi_app({"sums": _sums(_picky)}, lambda: NOW_MS)
    picky = Api(app, "/sums/openapi.json", InProcess(Estate()).token(), rule=lambda said: said["code"] == "a rule")
    assert fuzz(picky).unruly
