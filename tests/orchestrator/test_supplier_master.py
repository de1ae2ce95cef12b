"""The supplier-master reducer as tables: records, answers and outcomes in, questions and commands out."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace

from contracts.cases import CaseDecision, Category, Decision
from orchestrator.canonical import SupplierRecord
from orchestrator.engine.masters import Masters
from orchestrator.store.sqlite import SqliteStore
from orchestrator.workflows import messages as m
from orchestrator.workflows import supplier_messages as s
from orchestrator.workflows.supplier_likeness import keys, may_be
from orchestrator.workflows.supplier_state import SupplierMaster

NOW = 1_790_000_000_000
ACME = SupplierRecord(
    "SUP-1", 1, "H1", "Acme Medical, Inc.", "12-3456789", "14 Harbor Street, Albany, NY 12207", "0210/77", "", ""
)
OTHER = SupplierRecord("SUP-2", 1, "H2", "Beta Linen LLC", "98-7654321", "9 Oak Road, Erie, PA 16501", "0555/1", "", "")


class Story:
    """Several records on one cross-reference; the ERP answers everything unless told not to."""

    def __init__(self, directory: Path, *, answer: bool = True) -> None:
        self.masters = Masters(SqliteStore(directory, "w1", "off"))
        self.states: dict[str, SupplierMaster] = {}
        self.answer = answer
        self.said: list[str] = []
        self.made = 0

    def tell(self, record: str, event: s.Event) -> list[str]:
        """What the record's process asks for, in short."""
        before = len(self.said)
        todo = [event]
        while todo:
            state = self.states.get(record) or SupplierMaster("H1", record)
            self.states[record], commands = self.masters.decide(state, todo.pop(0))
            for command in commands:
                self.said.append(short(command))
                if self.answer and isinstance(command, s.EffectCommand) and not isinstance(command, s.TellNumber):
                    answered = m.EffectRead if isinstance(command, s.LookAtSupplier) else m.EffectDone
                    todo.append(answered(NOW, command.key, self._result(command)))
        return self.said[before:]

    def hears(self, record: SupplierRecord) -> list[str]:
        """The record, as read."""
        return self.tell(record.id, s.SupplierRead(NOW, record))

    def decides(self, record: str, category: str, decision: Decision, *others: str, value: str = "") -> list[str]:
        """People answer the last question about a record."""
        asked = self.states[record].asked
        subjects = tuple(f"procurement:{each}" for each in (record, *others))
        key = f"{category}/procurement:{record}/{asked}"
        answer = CaseDecision("CASE-1", key, cast("Category", category), "H1", subjects, decision, value)
        return self.tell(record, m.CaseDecided(NOW, answer))

    def _result(self, command: s.EffectCommand) -> str:
        if isinstance(command, s.CreateSupplier):
            self.made += 1
            return f"ESUP-{self.made}"
        return '"tag"' if isinstance(command, s.LookAtSupplier) else ""


def short(command: s.Command) -> str:
    """A command in a few words."""
    if isinstance(command, m.OpenCase):
        return f"ask {command.case.category}"
    if isinstance(command, s.TellNumber):
        return f"tell {command.record} {command.number}"
    if isinstance(command, m.StartTimer):
        return f"start {command.name}"
    return str(getattr(command, "key", command))


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


def test_a_new_company_is_created_and_the_source_is_told(story: Story) -> None:
    assert story.hears(ACME) == ["sup:SUP-1:1:cloud_erp", "tell SUP-1 ESUP-1"]


def test_the_same_version_again_or_an_older_one_changes_nothing(story: Story) -> None:
    story.hears(replace(ACME, version=3))
    before = story.states["SUP-1"]
    assert story.hears(replace(ACME, version=3)) == story.hears(replace(ACME, version=2, name="Old")) == []
    assert story.states["SUP-1"] is before


def test_an_edit_is_written_on_the_state_that_was_read(story: Story) -> None:
    story.hears(ACME)
    assert story.hears(replace(ACME, version=2, name="Acme Health, Inc.")) == [
        "sup:SUP-1:2:cloud_erp:look",
        "sup:SUP-1:2:cloud_erp",
    ]
    assert story.states["SUP-1"].synced == 2


def test_versions_in_any_order_end_at_the_highest(tmp_path: Path) -> None:
    versions = [replace(ACME, version=n, name=f"Acme {n}") for n in (1, 2, 3)]
    for number, order in enumerate(itertools.permutations(versions)):
        (tmp_path / str(number)).mkdir()
        story = Story(tmp_path / str(number))
        for record in order:
            story.hears(record)
        assert story.states["SUP-1"].synced == 3
        assert story.made == 1


def test_a_stale_tag_is_read_again_and_any_other_refusal_is_asked_about(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.hears(ACME)
    story.answer = False
    (look,) = story.hears(replace(ACME, version=2))
    (change,) = story.tell("SUP-1", m.EffectRead(NOW, look, '"old"'))
    again = story.tell("SUP-1", m.EffectRejected(NOW, change, "ETAG-STALE", ""))
    assert again == ["sup:SUP-1:2:cloud_erp:look:again1"]
    (change,) = story.tell("SUP-1", m.EffectRead(NOW, again[0], '"new"'))
    assert change == "sup:SUP-1:2:cloud_erp:again1"
    assert story.tell("SUP-1", m.EffectRejected(NOW, change, "NAME-INVALID", "")) == ["ask rejected-by-target"]
    assert story.decides("SUP-1", "rejected-by-target", "accept") == ["sup:SUP-1:2:cloud_erp:look:again2"]


def test_a_newer_version_that_comes_while_a_change_is_on_its_way_follows_it(tmp_path: Path) -> None:
    story = Story(tmp_path, answer=False)
    (create,) = story.hears(ACME)
    assert story.hears(replace(ACME, version=2)) == []
    assert story.tell("SUP-1", m.EffectDone(NOW, create, "ESUP-1")) == [
        "tell SUP-1 ESUP-1",
        "sup:SUP-1:2:cloud_erp:look",
    ]


@pytest.mark.parametrize(
    ("changes", "alike"),
    [
        ({"name": "ACME MEDICAL INCORPORATED", "tax_id": "123456789", "address": "elsewhere"}, True),
        (
            {"name": "Acme Medical", "tax_id": "", "address": "14 Harbor St., Albany NY 12207", "bank_account": "9/9"},
            True,
        ),
        ({"name": "Acne Medical", "tax_id": "12-3456798", "address": "x", "bank_account": "0210 - 77"}, True),
        ({"name": "Best Gloves", "address": "x", "bank_account": "9/9"}, True),
        ({"tax_id": "11-1111111", "address": "1 Mill Road, Boise, ID", "bank_account": "9/9"}, False),
        ({"name": "Acme Lab", "tax_id": "11-1111111", "address": "x", "parent": "Acme Medical Inc"}, False),
        ({"name": "Gamma", "tax_id": "11-1111111", "address": "x", "bank_account": ""}, False),
    ],
)
def test_who_looks_like_whom(changes: dict[str, str], *, alike: bool) -> None:
    other = s.Alike("SUP-1", "SUP-1", keys(ACME))
    assert (may_be(keys(replace(ACME, id="SUP-9", **changes)), [other]) is not None) is alike


def test_a_second_record_is_merged_and_its_hospital_gets_a_site(story: Story) -> None:
    story.hears(ACME)
    twin = replace(OTHER, tax_id="123456789")
    assert story.hears(twin) == ["ask duplicate-supplier"]
    assert story.decides("SUP-2", "duplicate-supplier", "merge", "SUP-1", value="procurement:SUP-1") == [
        "sup:SUP-1:1:cloud_erp:site:SUP-2",
        "tell SUP-2 ESUP-1",
    ]
    assert story.made == 1
    assert story.hears(replace(twin, version=2)) == [], "the golden record is another's"


def test_a_lookalike_that_people_let_go_is_created_and_never_asked_about_again(story: Story) -> None:
    story.hears(ACME)
    twin = replace(OTHER, bank_account=ACME.bank_account)
    assert story.hears(twin) == ["ask duplicate-supplier"]
    assert story.decides("SUP-2", "duplicate-supplier", "accept", "SUP-1")[-1] == "tell SUP-2 ESUP-2"
    assert story.hears(replace(twin, version=2)) == ["sup:SUP-2:2:cloud_erp:look", "sup:SUP-2:2:cloud_erp"]


def test_a_merged_record_waits_for_the_number_of_its_golden_record(tmp_path: Path) -> None:
    story = Story(tmp_path, answer=False)
    (create,) = story.hears(ACME)
    story.hears(replace(OTHER, tax_id=ACME.tax_id))
    assert story.decides("SUP-2", "duplicate-supplier", "merge", "SUP-1") == ["start number"]
    story.tell("SUP-1", m.EffectDone(NOW, create, "ESUP-1"))
    assert story.tell("SUP-2", m.TimerDue(NOW, "number")) == ["sup:SUP-1:1:cloud_erp:site:SUP-2"]


def test_a_company_that_was_bought_is_ended_and_refers_to_its_buyer(story: Story) -> None:
    story.hears(ACME)
    story.hears(OTHER)
    assert story.hears(replace(OTHER, version=2, tax_id=ACME.tax_id)) == ["ask duplicate-supplier"]
    assert story.decides("SUP-2", "duplicate-supplier", "merge", "SUP-1") == [
        "sup:SUP-2:2:cloud_erp:look-end",
        "sup:SUP-2:2:cloud_erp:end",
        "sup:SUP-1:2:cloud_erp:site:SUP-2",
        "tell SUP-2 ESUP-1",
    ]


def test_without_a_tax_id_people_are_asked_and_what_they_find_is_compared(story: Story) -> None:
    story.hears(ACME)
    assert story.hears(replace(OTHER, tax_id="")) == ["ask tax-id-missing"]
    assert story.decides("SUP-2", "tax-id-missing", "correct", value="12 3456789") == ["ask duplicate-supplier"]


def test_another_account_waits_for_its_approval(story: Story) -> None:
    story.hears(ACME)
    changed = replace(ACME, version=2, bank_account="0999/1")
    assert story.hears(changed) == ["ask bank-change"]
    assert story.decides("SUP-1", "bank-change", "accept") == ["sup:SUP-1:2:cloud_erp:look", "sup:SUP-1:2:cloud_erp"]
    assert story.hears(replace(changed, version=3, bank_account="0999 / 1")) == [
        "sup:SUP-1:3:cloud_erp:look",
        "sup:SUP-1:3:cloud_erp",
    ], "the same account, written differently"


def test_a_refused_account_never_arrives_and_the_record_put_right_does(story: Story) -> None:
    story.hears(ACME)
    story.hears(replace(ACME, version=2, bank_account="0666/6"))
    assert story.decides("SUP-1", "bank-change", "reject") == []
    assert story.hears(replace(ACME, version=3, bank_account="0666/6", name="Acme")) == []
    assert story.hears(replace(ACME, version=4)) == ["sup:SUP-1:4:cloud_erp:look", "sup:SUP-1:4:cloud_erp"]


def test_an_account_that_changes_between_the_read_and_the_write_is_asked_about(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.hears(ACME)
    story.answer = False
    (look,) = story.hears(replace(ACME, version=2, name="Acme"))
    assert story.hears(replace(ACME, version=3, bank_account="0666/6")) == []
    assert story.tell("SUP-1", m.EffectRead(NOW, look, '"tag"')) == ["ask bank-change"]


def test_an_answer_to_an_old_question_changes_nothing(story: Story) -> None:
    story.hears(ACME)
    story.hears(replace(ACME, version=2, bank_account="0999/1"))
    answer = CaseDecision(
        "CASE-0", "bank-change/procurement:SUP-1/0", "bank-change", "H1", ("procurement:SUP-1",), "accept"
    )
    assert story.tell("SUP-1", m.CaseDecided(NOW, answer)) == []
    assert story.decides("SUP-1", "bank-change", "wait") == ["start wait"]
    assert story.tell("SUP-1", m.TimerDue(NOW, "wait")) == ["ask bank-change"]


def test_what_stood_in_the_erp_before_is_adopted_and_compared_with(story: Story) -> None:
    assert story.hears(replace(ACME, number="ESUP-77")) == []
    assert story.hears(replace(OTHER, tax_id=ACME.tax_id)) == ["ask duplicate-supplier"]


def test_of_two_in_question_the_earlier_is_not_asked_about_the_later(story: Story) -> None:
    assert story.hears(replace(ACME, tax_id="")) == ["ask tax-id-missing"]
    assert story.hears(replace(ACME, id="SUP-2")) == ["ask duplicate-supplier"]
    assert story.decides("SUP-2", "duplicate-supplier", "merge", "SUP-1") == ["start number"]
    assert story.decides("SUP-1", "tax-id-missing", "correct", value="12-3456789")[-1] == "tell SUP-1 ESUP-1"


def test_a_dead_letter_is_asked_about_and_taken_up_again(tmp_path: Path) -> None:
    story = Story(tmp_path, answer=False)
    (create,) = story.hears(ACME)
    assert story.tell("SUP-1", m.EffectDead(NOW, create, "500")) == ["ask undeliverable"]
    answer = CaseDecision("CASE-1", f"undeliverable/{create}", "undeliverable", "H1", ("procurement:SUP-1",), "accept")
    state, commands = story.masters.decide(story.states["SUP-1"], m.CaseDecided(NOW, answer))
    assert commands == [m.Revive(create, "CASE-1")]
    assert state is story.states["SUP-1"]
