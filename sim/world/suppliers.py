"""Plays supplier master data: who is there at the start, who is proposed, what is edited, and what people say about it.

Records are kept on screens in procurement. Suppliers that are copied, companies that are edited and companies that are
taken over are different ones, so that no story depends on how another turned out.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Final

import msgspec
import simpy

from contracts.journal import Effect, Entry
from contracts.scenario import Scenario
from mocks.cloud_erp.suppliers import NewSupplier
from mocks.procurement.suppliers import SupplierForm
from sim.world import companies, supplier_disguises
from sim.world import supplier_plan as plan
from sim.world.calendar import DAY_MS, HOUR_MS, Hours
from sim.world.companies import Company, Details
from sim.world.desk import FALSE_ALARM, Verdict
from sim.world.hands import Systems
from sim.world.supplier_truth import SupplierTruth
from sim.world.trade import Seeded
from sim.world.truth import FLAG_DAYS

OPENING_MIN: Final = 12
"""Suppliers at the start of even the smallest run: some to be copied, some to be edited, some to be taken over."""
CALM_DAYS: Final = 6
"""Working days within which nobody changes an account again. Assumption."""
NEEDS_PEOPLE: Final = (plan.DUPLICATE, plan.TAX_ID_MISSING)
CLERK: Final = "ap-clerk"
_replace = msgspec.structs.replace


class Record(msgspec.Struct):
    """A record, whose it is, and what it says."""

    id: str
    entity: str
    company: Company
    says: Details
    false: bool = False
    """Whether it states an account that is not the company's, as somebody wants it to."""
    bought: bool = False
    calm_from_ms: int = 0
    """From when on its account may be changed again: nobody changes it twice within days."""

    @property
    def ref(self) -> str:
        """How the source names it."""
        return f"procurement:{self.id}"


class Suppliers:
    """All suppliers of the run. `to_come` is what is still to happen by itself."""

    def __init__(  # noqa: PLR0913 - what it is made of
        self,
        env: simpy.Environment,
        seed: Seeded,
        scenario: Scenario,
        scale: float,
        systems: Systems,
        hours: dict[str, Hours],
        record: Callable[[Entry], None],
        vendors: tuple[str, ...],
    ) -> None:
        """Settle who there is and what will happen; nothing happens yet. `vendors` are the ids under which they bill."""
        self._env = env
        self._seed = seed
        self._scenario = scenario
        self._systems = systems
        self._vendors = vendors
        self._hours = hours
        self._truth = SupplierTruth(record)
        self._opening = max(OPENING_MIN, round(scenario.trade.suppliers * scale))
        self._turns = plan.turns(scenario, seed, hours, scale, self._opening)
        self._records: dict[str, Record] = {}
        self._roles: dict[int, list[Record]] = {0: [], 1: [], 2: []}
        self.to_come = len(self._turns)

    def open(self) -> None:
        """The suppliers that there were: in procurement and in the ERP, each knowing the other."""
        here = [hospital.id for hospital in self._scenario.hospital if hospital.joins is None]
        for number in range(self._opening):
            company = Company(f"R{number + 1:04d}", companies.drawn(self._seed.stream("company", str(number))))
            record = self._enter(here[number % len(here)], company, company.truly, expect="effect", known=True)
            self._roles[number % 3].append(record)
            if number < len(self._vendors):
                self._systems.cloud_erp.state.suppliers.know_as(self._number(record), self._vendors[number])

    def play(self) -> Generator[simpy.Event, Any, None]:
        """Everything in its turn."""
        for turn in self._turns:
            yield self._env.timeout(max(0, turn.at_ms - self._now()))
            self.to_come -= 1
            if turn.what in _EDITS:
                self._edited(turn)
            else:
                self._proposed(turn)

    def decide(self, case: Effect) -> Verdict | None:
        """What people say about a supplier; None if the case is about no supplier."""
        records = [self._records[ref] for ref in case.about if ref in self._records]
        if not records:
            return None
        record = records[0]
        if case.state == "duplicate-supplier":
            return _same_company(record, records[1:])
        if case.state == "tax-id-missing":
            return "correct", record.company.truly.tax_id, "from the W-9 that the supplier sent"
        if case.state == "bank-change":
            return self._called_back(record)
        return FALSE_ALARM

    # -- what happens -------------------------------------------------------------------------------------------------

    def _proposed(self, turn: plan.Turn) -> None:
        draws = self._seed.stream("proposed", turn.key)
        copied = _at(self._roles[0], turn.share).company
        company = Company(f"R-{turn.key}", companies.drawn(draws))
        says = company.truly
        if turn.what == plan.DUPLICATE:
            company, says = copied, supplier_disguises.disguised(copied.truly, draws)
        elif turn.what == plan.TAX_ID_MISSING:
            says = _replace(says, tax_id="")
        elif turn.what == plan.NAMESAKE:
            says = company.truly = supplier_disguises.namesake(copied.truly, says)
        elif turn.what == plan.SUBSIDIARY:
            says = company.truly = supplier_disguises.subsidiary(copied.truly, says)
        asked = turn.what in NEEDS_PEOPLE
        record = self._enter(turn.entity, company, says, expect="case" if asked else "effect")
        if asked:
            about = (record.ref, *(each.ref for each in self._roles[0] if each.company is company))
            self._flag(turn, turn.what, about, self._flag_by(record))

    def _edited(self, turn: plan.Turn) -> None:
        draws = self._seed.stream("edited", turn.key)
        record = _at(self._roles[2 if turn.what == plan.MERGED else 1], turn.share)
        truly, asked = record.company.truly, turn.what in (plan.ACCOUNT, plan.FRAUD)
        if turn.what == plan.MERGED:
            self._taken_over(turn, record)
            return
        if asked and self._now() < record.calm_from_ms:
            return
        if turn.what == plan.RENAMED:
            truly = _replace(truly, name=companies.drawn(draws).name)
        elif turn.what == plan.MOVED:
            truly = _replace(truly, address=companies.address(draws))
        elif turn.what == plan.REWRITTEN:
            truly = _replace(truly, account=supplier_disguises.rewritten(truly.account))
        elif turn.what == plan.ACCOUNT:
            truly = _replace(truly, account=companies.account(draws))
        record.company.truly = truly
        says = _replace(truly, account=record.says.account) if record.false else truly
        if turn.what == plan.FRAUD:
            says = _replace(truly, account=companies.account(draws))
            record.false = True
        self._restate(record, says, expect="case" if asked else "effect")
        if asked:
            record.calm_from_ms = self._hours[record.entity].close_after(self._now(), CALM_DAYS)
            runs_ms = plan.next_pay_run_ms(self._scenario.masters, self._hours[record.entity], self._now())
            self._flag(turn, turn.what, (record.ref,), min(runs_ms, self._flag_by(record)), "bank-change")
            self._env.process(self._held_and_released(record))

    def _taken_over(self, turn: plan.Turn, record: Record) -> None:
        """A company is bought: from now on its record carries the buyer's tax id and name."""
        buyer = _at(self._roles[0], turn.other_share)
        if record.bought:
            return
        record.company, record.bought = buyer.company, True
        says = _replace(record.says, tax_id=buyer.company.truly.tax_id, name=buyer.company.truly.name)
        self._restate(record, says, expect="case")
        self._flag(turn, plan.MERGED, (record.ref, buyer.ref), self._flag_by(record), "duplicate-supplier")

    def _called_back(self, record: Record) -> Verdict:
        """Somebody rings the supplier up under the number that is on file; a false account is taken out again."""
        if not record.false:
            return "accept", "", "the supplier confirmed it on the telephone"
        record.false = False
        right = record.company.truly.account
        self._restate(record, _replace(record.says, account=right), expect="effect")
        return "reject", "", "the supplier knows nothing of it"

    def _held_and_released(self, record: Record) -> Generator[simpy.Event, Any, None]:
        """A clerk holds payments to a supplier whose account changes, for a day: the ERP's tag changes under everybody."""
        erp, number = self._systems.cloud_erp, self._number(record)
        suppliers = erp.state.suppliers
        yield self._env.timeout(HOUR_MS // 2)
        erp.perform(self._now(), CLERK, lambda work: suppliers.hold(work, number, on_hold=True))
        yield self._env.timeout(DAY_MS)
        erp.perform(self._now(), CLERK, lambda work: suppliers.hold(work, number, on_hold=False))

    # -- forms --------------------------------------------------------------------------------------------------------

    def _enter(self, entity: str, company: Company, says: Details, *, expect: str, known: bool = False) -> Record:
        """Somebody fills in the form of a new supplier; one that is known stands in the ERP already."""
        source, now = self._systems.procurement, self._now()
        suppliers = source.state.suppliers
        enter = suppliers.load if known else suppliers.propose
        number = source.perform(now, f"buyer-{entity}", enter, _form(entity, says))
        record = Record(number, entity, company, says)
        self._records[record.ref] = record
        self._truth.states(now, record.ref, entity, company, says.account, self._hours[entity], expect=expect)
        if known:
            self._load_into_erp(record)
        return record

    def _load_into_erp(self, record: Record) -> None:
        erp, source, says = self._systems.cloud_erp, self._systems.procurement, record.says
        new = NewSupplier(record.ref, 1, record.entity, says.name, says.tax_id, says.address, says.account)
        made = erp.perform(self._now(), "migration", erp.state.suppliers.create, new)
        suppliers = source.state.suppliers
        kept = suppliers.record(record.id)
        source.perform(self._now(), "migration", suppliers.link, kept, made.number)

    def _restate(self, record: Record, says: Details, *, expect: str) -> None:
        """Somebody changes what a record says."""
        source, now, entity = self._systems.procurement, self._now(), record.entity
        record.says = says
        form = _form(entity, says)
        source.perform(now, f"buyer-{entity}", source.state.suppliers.edit, record.id, form)
        hours = self._hours[entity]
        self._truth.states(now, record.ref, entity, record.company, says.account, hours, expect=expect)

    # -- small things -------------------------------------------------------------------------------------------------

    def _flag(self, turn: plan.Turn, what: str, about: tuple[str, ...], flag_by_ms: int, category: str = "") -> None:
        self._truth.anomaly(self._now(), turn.key, what, category or what, about, flag_by_ms)

    def _flag_by(self, record: Record) -> int:
        return self._hours[record.entity].close_after(self._now(), FLAG_DAYS)

    def _number(self, record: Record) -> str:
        return str(self._systems.cloud_erp.state.suppliers.created_from(record.ref)[0].number)

    def _now(self) -> int:
        return int(self._env.now)  # an int already; SimPy only types it float


_EDITS: Final = (plan.RENAMED, plan.MOVED, plan.MERGED, plan.ACCOUNT, plan.FRAUD, plan.REWRITTEN)


def _same_company(record: Record, others: list[Record]) -> Verdict:
    for other in others:
        if other.company is record.company:
            return "merge", other.ref, "the same company"
    return "accept", "", "another company"


def _form(entity: str, says: Details) -> SupplierForm:
    return SupplierForm(entity, says.name, says.tax_id, says.address, says.account, says.parent)


def _at(records: list[Record], share: float) -> Record:
    return records[int(share * len(records))]
