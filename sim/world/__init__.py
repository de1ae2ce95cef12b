"""The world: who acts. Departments ask, managers approve, docks receive, suppliers bill, a desk decides, books close.

Data flows one way: calendar and catalogue → trade (what each purchase will be) → purchasing (what happens) → truth. The
world never looks at what the design under test does; it only answers cases, and those by the purchase they concern.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator, Iterable
from typing import Any, Final

import simpy

from contracts.journal import Effect, Entry
from contracts.scenario import Hospital, Scenario
from sim.seed import Seed
from sim.world import people
from sim.world.accruals import Accruals, Close
from sim.world.books import Books, ended_months, next_month
from sim.world.calendar import TABLE_DAYS, Hours, holidays_of, local_ms, working_hours
from sim.world.capture import Capture
from sim.world.catalogue import Catalogue
from sim.world.codes import Codes
from sim.world.desk import FALSE_ALARM, ServiceStaff, Verdict, judged
from sim.world.hands import Hands, Systems
from sim.world.papers import Paper
from sim.world.purchasing import Purchasing
from sim.world.rates import Rates
from sim.world.scope import asked_only
from sim.world.second_look import SecondLook
from sim.world.security import Security
from sim.world.suppliers import Suppliers
from sim.world.trade import Intent, Trade
from sim.world.truth import DUE_DAYS, POSTINGS, Truth
from sim.world.volume import in_peak, standing_orders, volumes

SETTLING_DAYS: Final = 10
"""The run-off's last days bring no deliveries any more, so that what was billed can be decided, billed again and booked."""

REVERSAL_DAYS: Final = 3
"""What is accrued is taken back within three working days of the new period. Assumption."""

Playing = Generator[simpy.Event, Any, None]


class World:
    """Everybody who acts. `open` what was there before, `start` the month, then let the clock run."""

    def __init__(  # noqa: PLR0913 - what a world is made of; the composition root alone builds it
        self,
        env: simpy.Environment,
        seed: Seed,
        scenario: Scenario,
        scale: float,
        estate: Systems,
        record: Callable[[Entry], None],
    ) -> None:
        """Settle who there is and how much they will want; nothing happens yet."""
        record = asked_only(scenario, record)
        self._env = env
        self._estate = estate
        self._scenario = scenario
        self._scale = scale
        self._seed = seed
        catalogue = Catalogue(seed.stream("catalogue"), scenario.trade)
        self._codes = Codes(scenario, catalogue)
        self._hands = Hands(env, estate, self._codes)
        self._rates = Rates(seed, scenario.calendar)
        self._truth = Truth(record, self._rates.on)
        self._hours = {hospital.id: _hours(scenario, hospital) for hospital in scenario.hospital}
        self._trade = Trade(scenario, seed, catalogue)
        last_ms = _last_delivery_ms(scenario)
        self._purchasing = Purchasing(
            env,
            self._hands,
            self._truth,
            self._hours,
            self._codes,
            Capture(seed, scenario),
            last_ms,
            acknowledged=scenario.all_topics,
        )
        self._books = {
            hospital.id: Books(env, self._hands, hospital, scenario.calendar, self._payables_closed)
            for hospital in scenario.hospital
        }
        self._accruals = Accruals(self._truth) if "period-end" in scenario.scope else None
        desk_hours = self._hours[scenario.hospital[0].id]
        self._staff = ServiceStaff(env, self._hands, scenario.desk, desk_hours, self._decide)
        self._second_look = SecondLook(
            env, seed, scenario.desk, self._hands, self._purchasing, desk_hours, *_watched(scenario)
        )
        self._volumes = [
            volumes(scenario, place, self._hours[hospital.id], scale)
            for place, hospital in enumerate(scenario.hospital)
        ]
        self._to_come = sum(sum(days.values()) for _, days in self._volumes)
        self._security = Security(env, seed, scenario, estate)
        self._suppliers: Suppliers | None = None
        if "supplier-master" in scenario.scope:
            vendors = tuple(supplier.id for supplier in catalogue.suppliers)
            self._suppliers = Suppliers(env, seed, scenario, scale, estate, self._hours, record, vendors)

    def open(self) -> None:
        """What there was before the first day: balances, an open period, orders that were approved already."""
        for entity, hours in self._hours.items():
            self._truth.works(int(self._env.now), entity, hours)
        people.set_up(self._hands, self._scenario.approvals, self._seed, _last_delivery_ms(self._scenario))
        for books in self._books.values():
            books.open()
        if self._scenario.trade.foreign_share:
            self._hands.rates(self._rates.table)
        if self._suppliers is not None:
            self._suppliers.open()
        for hospital, (open_orders, _) in zip(self._scenario.hospital, self._volumes, strict=True):
            for number in range(open_orders):
                self._purchasing.open_order(self._trade.intent(hospital.id, "open", number))
        for place, hospital in enumerate(self._scenario.hospital):
            for number in range(standing_orders(self._scenario, place, self._scale)):
                self._purchasing.open_order(self._trade.standing(hospital.id, number))

    def start(self) -> None:
        """From now on people act by themselves."""
        for hospital, (_, days) in zip(self._scenario.hospital, self._volumes, strict=True):
            self._env.process(self._department(hospital, days))
            self._env.process(self._books[hospital.id].keep())
        if self._suppliers is not None:
            self._env.process(self._suppliers.play())
            self._codes.publish(self._env, self._hands.meaning)
        self._security.start()

    @property
    def month_over(self) -> bool:
        """Whether the calendar has ended everywhere and all books that close are closed."""
        return all(books.over for books in self._books.values())

    @property
    def open_intents(self) -> int:
        """All that the world will still do by itself: purchases to come or under way, bills to come again, cases."""
        edits = self._suppliers.to_come if self._suppliers is not None else 0
        desk = self._staff.open_cases + self._second_look.pending
        return self._to_come + edits + self._purchasing.playing + desk

    @property
    def open_obligations(self) -> int:
        """How much no ledger has yet."""
        return len(self._truth.unposted)

    def notice(self, effects: Iterable[Effect]) -> None:
        """What was committed somewhere: the desk hears of new cases, and postings are ticked off."""
        for effect in effects:
            if effect.what in POSTINGS:
                owed = self._truth.posted(effect)
                if effect.what == "invoice.posted":
                    self._second_look.booked(effect)
                if self._accruals is not None and effect.what.startswith("invoice."):
                    self._accruals.booked(effect, owed)
            elif effect.what == "case.opened":
                self._staff.opened(effect)

    # -- who acts -----------------------------------------------------------------------------------------------------

    def _department(self, hospital: Hospital, days: dict[int, int]) -> Playing:
        """A hospital's departments: day by day the purchases of that day, in the order of their moments."""
        hours = self._hours[hospital.id]
        for day, count in days.items():
            for asked_ms, intent in self._wanted(hospital.id, hours, day, count):
                yield self._env.timeout(max(0, asked_ms - int(self._env.now)))
                self._to_come -= not intent.unordered
                self._purchasing.start(intent)

    def _wanted(self, hospital: str, hours: Hours, day: int, count: int) -> list[tuple[int, Intent]]:
        date = hours.dates[day]
        rush = in_peak(self._scenario, dt.date.fromisoformat(date))
        intents = (self._trade.intent(hospital, date, number, rush=rush) for number in range(count))
        wanted = [(hours.moment(day, intent.asked_share), intent) for intent in intents]
        if self._scenario.trade.unordered_share:
            bills = (self._trade.unordered(hospital, date, number) for number in range(count))
            wanted += [(hours.moment(day, bill.asked_share), bill) for bill in bills if bill is not None]
        wanted.sort(key=lambda pair: (pair[0], pair[1].key))
        return wanted

    def _payables_closed(self, entity: str, period: str, lock_ms: int) -> None:
        """The accountants go through what came and is not invoiced; they have until the ledger is locked."""
        if self._accruals is None:
            return
        now, hours, turn = int(self._env.now), self._hours[entity], next_month(period)
        turn_ms = hours.opens[hours.day_at(hours.midnight(turn))]
        last_day = (turn - dt.timedelta(days=1)).isoformat()
        due_ms = max(lock_ms, hours.close_after(turn_ms, REVERSAL_DAYS))
        self._accruals.find(now, Close(entity, period, last_day, turn.isoformat(), lock_ms, due_ms))

    def _decide(self, case: Effect) -> Verdict:
        """Somebody at the desk looks at a case: at its first invoice, the others being evidence; or at its suppliers."""
        said = self._suppliers.decide(case) if self._suppliers is not None else None
        if said is not None:
            return said
        paper = next((self._purchasing.papers[ref] for ref in case.about if ref in self._purchasing.papers), None)
        if paper is None:
            return FALSE_ALARM
        if case.state == "period-closed":
            return self._redate(case, paper)
        twin = self._purchasing.papers.get(paper.twin)
        verdict = judged(paper, twin, self._scenario.desk.rejects_share)
        mistaken = self._second_look.mistaken(case, paper, verdict)
        if mistaken is not None:
            return mistaken
        self._purchasing.settle(paper, verdict[0])
        return verdict

    def _redate(self, case: Effect, paper: Paper) -> Verdict:
        """The period in which a paper belongs is closed: it goes into the first that is open, and the truth with it."""
        entity = paper.intent.hospital
        first_open = self._books[entity].redated(self._truth.obligations[paper.owes].on)
        if not first_open:
            return FALSE_ALARM
        now = int(self._env.now)
        self._truth.revise(now, paper.owes, self._hours[entity].close_after(now, DUE_DAYS), on=first_open)
        right: Verdict = ("re-date", first_open, "the period is closed")
        return self._second_look.misdated(case, paper, right) or right


def _hours(scenario: Scenario, hospital: Hospital) -> Hours:
    """When a hospital works. Days of a peak are worked whatever day they are: the close knows no weekend."""
    calendar = scenario.calendar
    peaks = frozenset(
        peak.start + dt.timedelta(days=n) for peak in scenario.peak for n in range((peak.end - peak.start).days + 1)
    )
    last = calendar.end + dt.timedelta(days=calendar.run_off_days + TABLE_DAYS + 2 * scenario.trade.lead_days_max)
    return working_hours(hospital.time_zone, calendar.start, last, holidays_of(scenario), peaks)


def _watched(scenario: Scenario) -> tuple[dict[str, int], int]:
    """When the books of each hospital close, 0 if they do not, and when the calendar is over for the first of them."""
    calendar = scenario.calendar
    end = dt.datetime.combine(calendar.end + dt.timedelta(days=1), dt.time())
    zones = {hospital.id: hospital.time_zone for hospital in scenario.hospital}
    closing = bool(ended_months(calendar))
    closes_ms = {entity: local_ms(zone, calendar.close) if closing else 0 for entity, zone in zones.items()}
    return closes_ms, min(local_ms(zone, end) for zone in zones.values())


def _last_delivery_ms(scenario: Scenario) -> int:
    """The end of the last day on which docks receive, in the zone where it comes last."""
    calendar = scenario.calendar
    days = 1 + max(0, calendar.run_off_days - SETTLING_DAYS)
    end = dt.datetime.combine(calendar.end + dt.timedelta(days=days), dt.time())
    return max(local_ms(hospital.time_zone, end) for hospital in scenario.hospital)
