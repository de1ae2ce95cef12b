"""What a family allows, and what it says to whoever wants more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

import mocks
from contracts.wire import Request, Response
from mocks import ap_automation, procurement
from mocks.kit.limits import Limits
from mocks.kit.operation import Refused
from mocks.kit.quirks import Quirks, QuirksError
from mocks.kit.system import Setup, System
from mocks.kit.tokens import Claims, KeyRing, issue

NOW = 1_790_000_000_000


def limits_of(name: str) -> Limits:
    """A system's true limits."""
    return Limits(Quirks.load(Path(mocks.__file__).with_name(name) / "quirks.toml"))


def admitted(limits: Limits, moments: list[int], client: str = "one") -> list[bool]:
    """Which of the requests at these moments are let in."""
    said = []
    for at_ms in moments:
        try:
            limits.admit(client, at_ms)
        except Refused:
            said.append(False)
        else:
            said.append(True)
    return said


def test_a_burst_is_let_in_and_then_the_rate() -> None:
    limits = limits_of("procurement")
    assert admitted(limits, [NOW] * 21) == [True] * 20 + [False]
    assert admitted(limits, [NOW + 40, NOW + 40]) == [True, False]
    assert admitted(limits, [NOW + 80 + 40 * n for n in range(100)]) == [True] * 100, "25 a second for ever"


def test_each_client_has_its_own() -> None:
    limits = limits_of("procurement")
    assert admitted(limits, [NOW] * 20, "one") == admitted(limits, [NOW] * 20, "two") == [True] * 20


def test_the_refusal_says_when_to_come_again() -> None:
    limits = limits_of("procurement")
    admitted(limits, [NOW] * 20)
    with pytest.raises(Refused, match="too many requests") as refused:
        limits.admit("one", NOW)
    assert refused.value.headers == {"retry-after": "1"}
    assert admitted(limits, [NOW + 1000]) == [True], "what it said is true"


def test_so_many_at_once_and_no_more() -> None:
    """A request is worked on for the family's median latency."""
    limits = limits_of("ap_automation")
    assert admitted(limits, [NOW, NOW, NOW, NOW, NOW + 219, NOW + 220]) == [True, True, True, False, False, True]


def test_so_many_an_hour() -> None:
    limits = limits_of("ap_automation")
    began = NOW - NOW % 3_600_000
    assert all(admitted(limits, [began + n // 3 * 220 for n in range(20_000)]))
    with pytest.raises(Refused) as refused:
        limits.admit("one", began + 3_599_000)
    assert refused.value.code == "BDC_1144"
    assert admitted(limits, [began + 3_600_000]) == [True]


def setup(*, true_limits: bool) -> Setup:
    """An estate's setup."""
    return Setup(b"k" * 16, b"s" * 16, ("H1",), true_limits=true_limits)


def ask(system: System[Any], path: str, times: int) -> list[Response]:
    """Ask so often, at one moment."""
    token = issue(
        KeyRing(b"k" * 16), Claims("orchestrator", (f"{system.name}.read",), ("*",), NOW // 1000, NOW // 1000 + 3600)
    )
    headers = {"authorization": f"Bearer {token}"}
    return [
        system.handle(system.read(Request("GET", path, {}, dict(headers), b"")), NOW).response for _ in range(times)
    ]


def test_the_families_say_it_in_their_own_way() -> None:
    bill = ask(ap_automation.build(setup(true_limits=True)), "/invoices", 4)
    assert [response.status for response in bill] == [200, 200, 200, 429]
    (error,) = msgspec.json.decode(bill[-1].body)
    assert (error["code"], error["category"], error["severity"]) == ("BDC_1322", "limit", "error")
    assert error.keys() == {"timestamp", "code", "severity", "category", "message"}
    coupa = ask(procurement.build(setup(true_limits=True)), "/purchase_orders", 21)
    assert [response.status for response in coupa].count(429) == 1
    assert coupa[-1].headers["retry-after"] == "1"
    assert msgspec.json.decode(coupa[-1].body) == {"errors": {"rate_limited": ["too many requests"]}}


@pytest.mark.parametrize("build", [ap_automation.build, procurement.build])
def test_lifted_limits_let_everybody_in(build: object) -> None:
    system = build(setup(true_limits=False))  # type: ignore[operator]
    path = "/invoices" if system.name == "ap_automation" else "/purchase_orders"
    assert {response.status for response in ask(system, path, 100)} == {200}


def test_limits_may_be_lifted_for_a_while() -> None:
    """As they are step by step, where a hundred calls fall on one moment because none takes any time."""
    system = ap_automation.build(setup(true_limits=True))
    system.limited = False
    assert {response.status for response in ask(system, "/invoices", 100)} == {200}
    system.limited = True
    assert [response.status for response in ask(system, "/invoices", 4)] == [200, 200, 200, 429]


def test_a_figure_without_an_origin_is_refused(tmp_path: Path) -> None:
    """Every figure of every system has one: building them above has read them all."""
    folder = tmp_path / "bold"
    folder.mkdir()
    (folder / "quirks.toml").write_text("[limits]\nper_s = { value = 9 }\n")
    with pytest.raises(QuirksError, match=r"bold/quirks\.toml: limits\.per_s needs a source or assumption = true"):
        Quirks.load(folder / "quirks.toml")
