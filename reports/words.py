"""How money, counts and verdicts read, the same in every report."""

from __future__ import annotations

from typing import Final

from contracts.verdict import Judgement, Summary

MARKS: Final[dict[Judgement, str]] = {"pass": "✓", "fail": "✗", "unknown": "?", "not applicable": "-"}


def money(amount_minor: int, currency: str) -> str:
    """Minor units as people write them: `1,234.56 USD`."""
    whole, cents = divmod(abs(amount_minor), 100)
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{whole:,}.{cents:02d} {currency}".rstrip()


def currency_of(summary: Summary) -> str:
    """The currency that sums over all entities are in; empty where the ledgers have several, or none."""
    currencies = {ledger.currency for ledger in summary.ledgers}
    return currencies.pop() if len(currencies) == 1 else ""


def counted(number: int, what: str, many: str = "") -> str:
    """A number and its noun: `1 violation`, `2,000 violations`."""
    return f"{number:,} {what if number == 1 else many or what + 's'}"


def figure(value: float | None) -> str:
    """A measured value or a limit, without needless digits."""
    if value is None:
        return "not measured"
    return f"{value:,.3f}".rstrip("0").rstrip(".") if value % 1 else f"{int(value):,}"


def plain_name(threshold: str) -> str:
    """A threshold's name in words: `anomalies_missed_max` is `anomalies missed`."""
    return threshold.removesuffix("_max").replace("_", " ")


def ended_in_words(summary: Summary) -> str:
    """Why the run was over."""
    return {
        "quiescent": "quiescent: nothing was due and nothing moved any more",
        "bound": "cut at the bound: it never came to rest",
        "fence": f"the design reached for what virtual time cannot give: {summary.ended_detail}",
        "livelock": f"livelock: {summary.ended_detail}",
        "design-failed": f"the design failed: {summary.ended_detail}",
    }.get(summary.ended, summary.ended)


def gist(summary: Summary) -> str:
    """The verdict's reason in one sentence."""
    parts = (
        ("invariant", [i.verdict for i in summary.invariants]),
        ("threshold", [t.verdict for t in summary.thresholds]),
    )
    failed = [f"{v.count('fail')} of {counted(len(v), what)}" for what, v in parts if "fail" in v]
    unsure = [f"{v.count('unknown')} of {counted(len(v), what)}" for what, v in parts if "unknown" in v]
    if summary.verdict == "fail":
        at_risk = f"; {money(summary.money_at_risk_minor, currency_of(summary))} at risk"
        return f"{' and '.join(failed)} failed{at_risk if summary.money_at_risk_minor else ''}"
    if unsure:
        return f"nothing failed, and {' and '.join(unsure)} could not be judged"
    held = [counted(v.count("pass"), what) for what, v in parts if "pass" in v]
    return f"all that was checked holds: {', '.join(held)}" if held else "nothing was checked, so nothing is proved"


def printable(text: str) -> str:
    """The text without control characters: what a design put into a paper must not steer a terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)
