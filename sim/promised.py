"""What a scenario promises: the kinds of fault in its weather, and the classes of anomaly that its shares bring about.

Whoever counts what many runs met tells by this what none of them met, which no count of what was there can say. Each share
of the scenario's form stands here once, with its classes, or with none where it is a lookalike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from contracts.scenario import Scenario
from sim.world import crediting, disguises, supplier_plan, trade

Class = tuple[bool, str]
"""Whether it is held out, and what it is."""

BILLS: Final[dict[str, tuple[str, ...]]] = {
    "price_variance": (trade.PRICE_VARIANCE,),
    "duplicate_renumbered": (trade.RENUMBERED,),
    "duplicate_second_channel": (trade.SECOND_CHANNEL,),
    "quantity_variance": (trade.OVERBILLED,),
    "stale_order_price": (trade.STALE_PRICE,),
    "unit_variance": (trade.WRONG_UNIT,),
    "misread": (trade.MISREAD,),
    "tax_variance": (trade.OVERTAXED,),
    "blanket_receipt": (trade.BLANKET,),
    "invoice_before_receipt": (),
    "price_within_tolerance": (),
    "billed_in_pieces": (),
}
DISGUISED: Final = {
    "tuned": tuple(f"duplicate-{disguise.name}" for disguise in disguises.TUNED),
    "held_out": tuple(f"duplicate-{disguise.name}" for disguise in disguises.HELD_OUT),
}
CREDITED: Final[dict[str, tuple[str, ...]]] = {
    "twice_share": (crediting.TWICE,),
    "misreferred_share": (crediting.MISREFERRED,),
    "share": (),
    "misapplied_share": (),
    "repriced_share": (),
    "same_number_share": (),
}
PROPOSED: Final[dict[str, tuple[str, ...]]] = {
    "duplicate_share": (supplier_plan.DUPLICATE,),
    "tax_id_missing_share": (supplier_plan.TAX_ID_MISSING,),
    "same_name_share": (),
    "parent_account_share": (),
}
RENAMED: Final[dict[str, tuple[str, ...]]] = {"merger_share": (supplier_plan.MERGED,)}
PAID_ELSEWHERE: Final[dict[str, tuple[str, ...]]] = {
    "fraud_share": (supplier_plan.FRAUD,),
    "rewritten_share": (),
}


def kinds(scenario: Scenario) -> set[str]:
    """The kinds of fault that its weather may draw, at all or in a front."""
    fronts = bool(scenario.front)
    return {line.kind for line in scenario.weather if line.rate or (fronts and line.in_front)}


def classes(scenario: Scenario) -> set[Class]:
    """The classes of anomaly that it may bring about."""
    found: set[Class] = set()
    if "procure-to-pay" in scenario.scope:
        found.update((False, what) for what in _with_a_share(BILLS, scenario.anomalies))
        for name, share in (("tuned", scenario.disguises.tuned), ("held_out", scenario.disguises.held_out)):
            found.update((name == "held_out", what) for what in DISGUISED[name] if share)
        if scenario.credits.share or scenario.credits.misapplied_share:
            found.update((False, what) for what in _with_a_share(CREDITED, scenario.credits))
    if "supplier-master" in scenario.scope:
        found.update((False, what) for what in _of_masters(scenario))
    return found


def _of_masters(scenario: Scenario) -> Iterator[str]:
    masters = scenario.masters
    if masters.proposals_per_day:
        yield from _with_a_share(PROPOSED, masters)
    if any(hospital.brings_suppliers and hospital.overlap_share for hospital in scenario.hospital):
        yield supplier_plan.DUPLICATE
    if masters.identity_changes_per_year:
        yield from _with_a_share(RENAMED, masters)
    if masters.bank_changes_per_year:
        yield from _with_a_share(PAID_ELSEWHERE, masters)
        if masters.fraud_share + masters.rewritten_share < 1:
            yield supplier_plan.ACCOUNT


def _with_a_share(table: dict[str, tuple[str, ...]], shares: object) -> Iterator[str]:
    return (what for name, whats in table.items() if getattr(shares, name) for what in whats)
