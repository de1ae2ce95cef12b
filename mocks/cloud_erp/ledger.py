"""The ledger: periods by business unit, journals, and the trial balance, which is kept as it grows.

A period is open; closed to payables, while the ledger still takes accruals; or locked for good. What posts when, and into
which accounts, is for the documents' rules.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Final

from contracts.journal import Posting
from mocks.cloud_erp.models import PeriodStatus
from mocks.kit.operation import Refused, Work

_PERIOD: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])\Z")
_DATE: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z")

CURRENCY: Final = "USD"
"""The currency that all books are kept in."""


def converted(amount_minor: int, rate_ppm: int) -> int:
    """An amount in the books' currency; half a cent goes away from zero. A rate of 0 says that it is in that already."""
    if not rate_ppm:
        return amount_minor
    whole, rest = divmod(abs(amount_minor) * rate_ppm, 1_000_000)
    whole += rest >= 500_000
    return whole if amount_minor >= 0 else -whole


Payee = tuple[str, str, str]
"""Business unit, supplier as bills name it, currency."""


class Ledger:
    """The books of all business units."""

    def __init__(self, entities: tuple[str, ...]) -> None:
        """Empty books, no period opened."""
        self.periods: dict[str, dict[str, PeriodStatus]] = {entity: {} for entity in entities}
        self._balances: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._journals = 0
        self._rates: dict[tuple[str, str], int] = {}
        self.kept_back: dict[Payee, int] = {}
        """What credit memos gave back of invoices that were paid already: the next payments are so much less."""

    def open_period(self, work: Work, entity: str, period: str) -> None:
        """Open a period, also one that was closed; the one after it becomes known as never opened."""
        periods = self._periods(entity, period)
        if periods.get(period) in ("Open", "Permanently Closed"):
            raise Refused(409, "PERIOD-OPEN", f"{period} of {entity} is open already, or locked for good")
        periods[period] = "Open"
        periods.setdefault(_following(period), "Never Opened")
        work.effect("period.opened", f"{entity}-{period}", entity=entity, state=period)

    def close_period(self, work: Work, entity: str, period: str) -> None:
        """Close an open period softly: no invoice posts on its dates any more; the ledger still takes accruals."""
        periods = self._periods(entity, period)
        if periods.get(period) != "Open":
            raise Refused(409, "PERIOD-NOT-OPEN", f"{period} of {entity} is not open")
        periods[period] = "Closed"
        work.effect("period.closed", f"{entity}-{period}", entity=entity, state=period)

    def lock_period(self, work: Work, entity: str, period: str) -> None:
        """Lock a closed period: nothing at all posts on its dates any more, and it never opens again."""
        periods = self._periods(entity, period)
        if periods.get(period) != "Closed":
            raise Refused(409, "PERIOD-NOT-CLOSED", f"{period} of {entity} is not closed")
        periods[period] = "Permanently Closed"
        work.effect("period.locked", f"{entity}-{period}", entity=entity, state=period)

    def opening_balances(self, work: Work, entity: str, on: str, lines: tuple[Posting, ...]) -> str:
        """Load balances that were there before; the journal's id. No period is asked for."""
        self.known_unit(entity)
        sums: dict[str, int] = {}
        for line in lines:
            sums[line.currency] = sums.get(line.currency, 0) + line.amount_minor
        if not lines or any(sums.values()):
            raise Refused(400, "UNBALANCED", "an opening journal has lines and balances in each currency")
        if not _DATE.match(on):
            raise Refused(400, "DATE-INVALID", f"{on!r} is not a date")
        journal = self.next_journal()
        self.post(entity, lines)
        currencies = tuple(sums)
        work.effect(
            "journal.posted",
            journal,
            entity=entity,
            amount_minor=sum(line.amount_minor for line in lines if line.amount_minor > 0) if len(sums) == 1 else 0,
            currency=currencies[0] if len(sums) == 1 else "",
            on=on,
            state="opening",
            lines=lines,
        )
        return journal

    def load_rates(self, work: Work, rates: dict[tuple[str, str], int]) -> None:
        """Enter what a unit of other currencies costs on each day, in millionths, by currency and date."""
        if any(currency == CURRENCY or rate <= 0 or not _DATE.match(on) for (currency, on), rate in rates.items()):
            raise Refused(400, "RATE-INVALID", "a rate is of another currency, on a date, and more than nothing")
        self._rates.update(rates)
        work.effect("rates.loaded", f"RATES-{len(self._rates)}", number=",".join(sorted({key[0] for key in rates})))

    def rate_ppm(self, currency: str, on: str) -> int:
        """The day's rate of a currency; 0 for that of the books."""
        if currency == CURRENCY:
            return 0
        rate = self._rates.get((currency, on), 0)
        if not rate:
            raise Refused(400, "RATE-MISSING", "Invalid operation create: there is no conversion rate for the date.")
        return rate

    def trial_balance(self) -> dict[tuple[str, str], dict[str, int]]:
        """Balances by account for each entity and currency, debit positive; each sums to zero."""
        return {books: dict(accounts) for books, accounts in self._balances.items()}

    def known_unit(self, entity: str) -> None:
        """Refuse a business unit that has no books."""
        if entity not in self.periods:
            raise Refused(400, "BU-INVALID", "Invalid operation create: the business unit is not valid.")

    def payables_open_on(self, entity: str, on: str) -> None:
        """Refuse a date in whose period payables take nothing."""
        if self.periods[entity].get(on[:7]) != "Open":
            raise Refused(400, "AP-PERIOD-CLOSED", "Invalid operation create: the accounting date is not valid.")

    def ledger_open_on(self, entity: str, on: str) -> None:
        """Refuse a date in whose period the ledger takes nothing: locked, or never opened."""
        if self.periods[entity].get(on[:7]) not in ("Open", "Closed"):
            raise Refused(400, "GL-PERIOD-CLOSED", "Invalid operation create: the accounting date is not valid.")

    def _periods(self, entity: str, period: str) -> dict[str, PeriodStatus]:
        self.known_unit(entity)
        if not _PERIOD.match(period):
            raise Refused(400, "PERIOD-INVALID", f"{period!r} is not a period")
        return self.periods[entity]

    def next_journal(self) -> str:
        """The id of the next journal."""
        self._journals += 1
        return f"JE-{self._journals}"

    def post(self, entity: str, postings: tuple[Posting, ...]) -> None:
        """Carry a journal's lines into the balances."""
        for line in postings:
            self._balances[entity, line.currency][line.account] += line.amount_minor


def _following(period: str) -> str:
    year, month = int(period[:4]), int(period[5:])
    return f"{year + 1:04d}-01" if month == 12 else f"{year:04d}-{month + 1:02d}"
