"""The scenario that load is put on: the user's own, without weather and without what needs a person.

Faults and desk staff keep their own time: a case waits for business hours, and no generator can hurry it. What is left are
the papers that go through untouched, at the volume and at the moments of the scenario. It is written as a file, so that
anybody can serve or run the very same.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import msgspec

from contracts.scenario import Anomalies, Credits, Disguises, Identity, Masters, Payments, Scenario

PURCHASING = "procure-to-pay"
"""The workflow that load is made of; the others are a matter of days and of people."""
HEAD = "# What closeproof load served: the scenario of this name, without weather and without what needs a person.\n\n"


def calmed(scenario: Scenario) -> Scenario:
    """Nothing fails, nobody need be asked, no limits. Bills that are a little off stay: they are booked as they are."""
    tolerated = scenario.anomalies.price_within_tolerance
    return msgspec.structs.replace(
        scenario,
        scope=(PURCHASING,),
        hospital=tuple(hospital for hospital in scenario.hospital if hospital.joins is None),
        weather=(),
        front=(),
        true_limits=False,
        others_use={},
        credits=Credits(),
        payments=Payments(),
        anomalies=Anomalies(price_within_tolerance=tolerated),
        disguises=Disguises(),
        masters=Masters(),
        identity=Identity(),
        # How fast invoices are posted is measured in wall time here; the clock of the estate moves in leaps.
        thresholds=msgspec.structs.replace(scenario.thresholds, post_hours_p95_max=None),
    )


def as_toml(scenario: Scenario) -> str:
    """The scenario as a file holds it."""
    plain = msgspec.to_builtins(scenario, builtin_types=(dt.date, dt.datetime))
    return HEAD + "\n".join(_tables(plain)) + "\n"


def _tables(plain: dict[str, Any], within: str = "") -> Iterator[str]:
    """Values first, then tables, then arrays of tables, as TOML wants it."""
    yield from _values(plain)
    for name, value in plain.items():
        for table in _rows(value):
            yield ""
            yield f"[{within}{name}]" if isinstance(value, dict) else f"[[{within}{name}]]"
            yield from _tables(table, f"{within}{name}.")


def _rows(value: object) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value]
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list | tuple) else []


def _values(table: dict[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        if value is not None and not isinstance(value, dict) and not _rows(value):
            yield f"{name} = {_value(value)}"


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dt.date):  # a datetime is one, too
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
