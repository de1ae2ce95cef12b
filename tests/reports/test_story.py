"""`closeproof story`: the journey of any document by any of its names, in order, and one line for a name that nothing has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reports.follow import FIRST_KEPT, LAST_KEPT, Step, Subject
from reports.index import read_index
from tests.cli.command import here
from tests.contracts.journals import Story, ref
from tests.reports.small_runs import directory, hostile, struck, twice

JOURNEY = [
    ("truth", "H1 owes supplier S012 1,234.56 USD, once, for goods on order PO-1"),
    ("truth", "Invoice 4711 of S012 over 1,234.56 USD stands in ap_automation as INV-1"),
    ("books", "ap_automation captures INV-1"),
    ("wire", "ap_automation sends changed: w1 acknowledged it"),
    ("wire", "w1 calls ap_automation.get: answered 200 after 0 ms"),
    ("books", "cloud_erp posts 4711 as AP-1 · 1,234.56 USD"),
    ("fault", "timeout-after-commit strikes cloud_erp.create_invoice"),
    ("wire", "w1 calls cloud_erp.create_invoice: no reply for 0 ms; it gave up"),
    ("books", "cloud_erp posts 4711 as AP-2 · 1,234.56 USD"),
    ("wire", "w1 calls cloud_erp.create_invoice, attempt 2: answered 201 after 0 ms"),
    ("books", "ap_automation is told the status of INV-1 → posted"),
]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The directory of a run in which an invoice was posted twice."""
    return directory(tmp_path / "run", twice())


@pytest.mark.parametrize("name", ["ap_automation:INV-1", "INV-1", "4711", "PAY:INV-1", "AP-2", "cloud_erp:AP-1"])
def test_every_name_leads_to_the_same_journey(run: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert here(["story", run, name, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["asked"], len(told["journeys"])) == ("closeproof.story/1", name, 1)
    journey = told["journeys"][0]
    assert [(step["lane"], step["says"]) for step in journey["steps"]] == JOURNEY
    assert [step["at_ms"] for step in journey["steps"]] == sorted(step["at_ms"] for step in journey["steps"])
    assert journey["steps"][0]["local"] == "Mon 5 Oct 03:14:00 CDT"
    assert {found["invariant"] for found in journey["findings"]} == {"I01", "I12"}
    assert journey["paper"] == "ap_automation:INV-1"


def test_for_people_it_reads_from_truth_to_replay(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert here(["story", run, "INV-1"]) == 0
    out = capsys.readouterr().out
    places = [
        out.index(said) for said in ("Invoice 4711", "True ", "Books ", "Faults ", "Found ", "Mon 5 Oct CDT", "Replay ")
    ]
    assert places == sorted(places)
    assert max(map(len, out.splitlines())) <= 100


def test_an_order_tells_of_all_that_is_on_it(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert here(["story", run, "PO-1"]) == 0
    out = capsys.readouterr().out
    for said in ("order.created stands once", "receipt.posted stands once", "invoice.posted stands 2 times"):
        assert said in out


def test_a_case_leads_to_the_paper_it_is_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story = Story().delivered().bills().asks("CASE-1", "price-variance", "INV-1").decides("CASE-1", "accept").ends()
    assert here(["story", directory(tmp_path, story.entries), "CASE-1"]) == 0
    out = capsys.readouterr().out
    assert "service_desk opens case CASE-1 → price-variance" in out
    assert "Case CASE-1, price-variance, opened" in out


def test_a_number_that_two_suppliers_use_has_two_journeys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story = Story().delivered().bills("INV-1").ordered("PO-2", party="S099")
    story.bills("INV-2", order="PO-2", party="S099").ends()
    assert here(["story", directory(tmp_path, story.entries), "4711", "--json"]) == 0
    assert [each["paper"] for each in json.loads(capsys.readouterr().out)["journeys"]] == [ref("INV-1"), ref("INV-2")]


def test_a_posting_out_of_nowhere_has_a_story(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story = Story().delivered().effect("cloud_erp", "invoice.posted", "AP-66", number="?", amount_minor=5).ends()
    assert here(["story", directory(tmp_path, story.entries), "AP-66"]) == 0
    assert "cloud_erp posts AP-66" in capsys.readouterr().out


def test_a_fault_on_the_order_is_told_with_its_invoice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    story = Story().orders()
    struck(story, "webhook-lost", "procurement>changed", "PO-1").bills().ends()
    assert here(["story", directory(tmp_path, story.entries), "INV-1"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "No fault struck this document. On another paper of its order: webhook-lost strikes" in told


def test_what_a_paper_says_cannot_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert here(["story", directory(tmp_path, hostile()), "INV-1"]) == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("INV-7", "did you mean INV-1"),
        ("inv-1", "did you mean INV-1?"),
        ("zzzzzz", 'goes by "zzzzzz"'),
        ("", 'goes by ""'),
    ],
)
def test_an_unknown_name_is_one_line(run: Path, name: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert here(["story", run, name]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert says in said.err


def test_what_is_no_run_is_one_line(tmp_path: Path, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert here(["story", tmp_path, "INV-1"]) == 2
    assert "is not a run directory: it has no summary.json" in capsys.readouterr().err
    (run / "events.jsonl").write_text('{"entry":"document","at"\n', "utf-8")
    assert here(["story", run, "INV-1"]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_long_journey_keeps_its_ends_and_the_evidence() -> None:
    subject = Subject("INV-1", evidence=[100])
    entry = twice()[-1]
    for line in range(1, 1001):
        subject.add(Step(line, entry))  # type: ignore[arg-type]
    lines = [step.line for step in subject.steps]
    assert lines == [*range(1, FIRST_KEPT + 1), 100, *range(1001 - LAST_KEPT, 1001)]
    assert subject.left_out == 1000 - len(lines)


def test_the_index_knows_orders_and_their_kin(run: Path) -> None:
    index = read_index(run / "events.jsonl")
    assert index.obligations("PO-1") == ("PO:PO-1", "GR:GRN-1", "PAY:INV-1")
    assert index.kin_of(["PAY:INV-1"]) == ("procurement:PO-1", "inventory:GRN-1")
