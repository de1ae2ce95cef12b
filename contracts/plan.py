"""The fault plan: data that says which faults a run meets, and weather, which draws them.

A target is `system.operation` for calls and `system>topic` for deliveries; in weather either half may be `*`. A trigger
is semantic, never an instant: exactly one business key and attempt (`key`, `attempt`), the n-th crossing of the target
(`nth`, optionally of one `entity`), or for crashes the n-th resumption of a worker's code (`await_point`, `worker`).
"""

from __future__ import annotations

import msgspec

Param = str | int | float


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a plan: what goes wrong, where, when, how."""

    kind: str
    target: str
    trigger: dict[str, str | int]
    params: dict[str, Param] = {}


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plan file: `[[fault]]` tables. With a plan a run has exactly these faults, whatever the scenario's weather."""

    fault: tuple[Fault, ...] = ()


class Weather(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often a kind strikes a target, per crossing. Inside a front that covers the target, `in_front` holds instead."""

    kind: str
    target: str
    rate: float = 0.0
    in_front: float = 0.0


class Front(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A spell of bad weather over systems, so that faults come together, as in life.

    `begins` and `hours` fix it; with `count` instead of `begins`, that many are drawn over the scenario's calendar.
    """

    systems: tuple[str, ...]
    hours: float
    begins: str = ""
    count: int = 0
