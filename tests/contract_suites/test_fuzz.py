"""Every mocked system against requests that nobody would think of: coverage, fuzzing and stateful runs by schemathesis."""

from __future__ import annotations

import msgspec
import pytest

from mocks import SYSTEMS
from mocks.kit.asgi import asgi_app
from mocks.kit.operation import Incoming, Operation, Reply, Work
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


@pytest.mark.parametrize("guarded", [True, False])
def test_an_api_that_lies_is_found_out(*, guarded: bool) -> None:
    """Text where a number was promised, an undocumented 500, and a door without a lock."""
    scope = "procurement.read" if guarded else ""
    operation = Operation("add", "POST", "/sums", _broken, "Add", body=_Sum, reply=_Total, scope=scope)
    system = System("sums", Estate().procurement.state, (operation,), Quirks({}), SETUP)
    open_door = asgi_app({"sums": system}, lambda: NOW_MS)
    run = fuzz(Api(open_door, "/sums/openapi.json", InProcess(Estate()).token()))
    found = "\n".join(run.failures)
    for check in ("not_a_server_error", "status_code_conformance", "response_schema_conformance"):
        assert check in found
