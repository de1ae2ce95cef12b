"""Kind 40: the run lives through an edge of the calendar: a month's end, the night the clocks change, a leap day."""

from __future__ import annotations

from sim.faults.kind import CALENDAR, Kind


class CalendarEdge(Kind):
    """Nothing is broken: a scenario that names it promises such a moment, and is refused if its calendar has none.

    It takes effect when crossings were under way in the hours before and after. What edges there are is in
    `sim.calendar_edges`.
    """

    name = "calendar-edge"
    number = "40"
    on = (CALENDAR,)
    expect = "keeps local dates by each place's own clock, and moments in UTC"
