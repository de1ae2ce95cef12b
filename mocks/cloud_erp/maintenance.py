"""The family's maintenance: from the evening of each month's third Friday everybody is turned away for some hours.

The rule is a calendar's, so nobody has to be told; whoever asks during the window hears 503 and how long it still lasts.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from mocks.cloud_erp.state import CloudErp
from mocks.kit.operation import Bend, Incoming, Outcome, Refused
from mocks.kit.quirks import Quirks
from mocks.kit.system import System

FRIDAY: Final = 4


class Windows:
    """When the system is down: `start` is the local hour on the n-th Friday of a month, `hours` how long it lasts."""

    def __init__(self, quirks: Quirks) -> None:
        """Take the family's figures."""
        self._week = quirks.whole("maintenance", "friday_of_month")
        self._start = time(quirks.whole("maintenance", "start_hour"))
        self._zone = ZoneInfo(quirks.text("maintenance", "zone"))
        self._length = timedelta(hours=quirks.number("maintenance", "hours"))
        self._looked: tuple[int, int, int] = (0, 0, 0)

    def left_ms(self, now_ms: int) -> int:
        """How long the window that a moment lies in still lasts; 0 outside. It looks at the calendar once a day."""
        day = now_ms // 86_400_000
        if self._looked[0] != day:
            self._looked = (day, *self._near(now_ms))
        _, begins, ends = self._looked
        return ends - now_ms if begins <= now_ms < ends else 0

    def _near(self, now_ms: int) -> tuple[int, int]:
        """The window of the month in which yesterday lies by the local calendar: it may reach into the next day."""
        local = datetime.fromtimestamp(now_ms / 1000, self._zone) - timedelta(days=1)
        first = local.date().replace(day=1)
        friday = first + timedelta(days=(FRIDAY - first.weekday()) % 7 + 7 * (self._week - 1))
        begins = datetime.combine(friday, self._start, self._zone).astimezone(UTC)
        return round(begins.timestamp() * 1000), round((begins + self._length).timestamp() * 1000)


class Maintained(System[CloudErp]):
    """The ERP as its vendor runs it: down for maintenance once a month."""

    windows: Windows

    def handle(self, incoming: Incoming, now_ms: int, bend: Bend | None = None) -> Outcome:
        """Turn everybody away while it lasts; nothing is begun."""
        left_ms = self.windows.left_ms(now_ms)
        if not left_ms:
            return super().handle(incoming, now_ms, bend)
        wait = {"retry-after": str(-(-left_ms // 1000))}
        refusal = Refused(503, "MAINTENANCE", "The service is under maintenance: maintenance retry.", wait)
        return Outcome(self.refuse(refusal, now_ms))
