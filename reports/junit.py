"""The summary as JUnit XML, for CI servers: one suite for each run, one test case for each thing that was judged.

A failed part is a *failure*, an unknown one an *error* (it could not be judged, and must not look green), and what does
not apply is *skipped*. Anomalies have no verdict of their own: their case says what the thresholds about them say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from xml.etree import ElementTree as Xml  # noqa: ICN001 - it is XML that is written

from contracts.verdict import AnomalyScore, Evidence, InvariantResult, Judgement, Summary, ThresholdResult, overall
from reports.words import counted, currency_of, ended_in_words, figure, money, plain_name

ANOMALY_THRESHOLDS = ("anomalies_missed_max", "false_alarms_max")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Case(NamedTuple):
    group: str
    name: str
    verdict: Judgement
    message: str
    detail: str = ""


def junit(summary: Summary) -> bytes:
    """The document."""
    cases = [*_cases(summary)]
    judged = {case.verdict for case in cases} - {"not applicable"}
    if not judged or overall(judged) != summary.verdict:
        cases.append(_Case("run", "verdict", summary.verdict, ended_in_words(summary)))
    name = f"closeproof.{summary.scenario}.{summary.design}.seed-{summary.seed}"
    counts = _counts(cases)
    root = Xml.Element("testsuites", {"name": "closeproof", **counts, "time": f"{summary.wall_s:.3f}"})
    suite = Xml.SubElement(root, "testsuite", {"name": name, **counts, "time": f"{summary.wall_s:.3f}"})
    _properties(suite, summary)
    for case in cases:
        _write(suite, summary, case)
    Xml.SubElement(suite, "system-out").text = _clean(
        f"verdict: {summary.verdict}\nended: {ended_in_words(summary)}\nreplay: {summary.replay}\n"
    )
    Xml.indent(root)
    document: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _cases(summary: Summary) -> Iterator[_Case]:
    currency = currency_of(summary)
    for threshold in summary.thresholds:
        yield _threshold(threshold)
    for invariant in summary.invariants:
        yield _invariant(invariant, currency)
    yield _anomalies(summary.anomalies, summary.thresholds)


def _threshold(threshold: ThresholdResult) -> _Case:
    message = f"{plain_name(threshold.name)}: {figure(threshold.value)}, at most {figure(threshold.limit)}"
    return _Case("thresholds", threshold.name, threshold.verdict, message)


def _invariant(invariant: InvariantResult, currency: str) -> _Case:
    if invariant.verdict == "not applicable":
        message = "not applicable: none of its workflows is in the scenario's scope"
    elif invariant.verdict == "unknown":
        message = next(
            (found.says for found in invariant.evidence if found.verdict == "unknown"), "could not be judged"
        )
    else:
        at_risk = money(invariant.at_risk_minor, currency)
        message = f"{counted(invariant.violations, 'violation')} in {invariant.checked:,} checked, {at_risk} at risk"
    detail = "\n".join(_evidence(found, currency) for found in invariant.evidence)
    return _Case("invariants", f"{invariant.id} {invariant.name}", invariant.verdict, message, detail)


def _evidence(found: Evidence, currency: str) -> str:
    lines = ", ".join(map(str, found.lines))
    amount = f" [{money(found.amount_minor, currency)}]" if found.amount_minor else ""
    return f"{found.about}: {found.says}{amount}" + (f" (events.jsonl lines {lines})" if lines else "")


def _anomalies(score: AnomalyScore, thresholds: Iterable[ThresholdResult]) -> _Case:
    limits = [threshold.verdict for threshold in thresholds if threshold.name in ANOMALY_THRESHOLDS]
    message = (
        f"{score.true:,} true, {score.flagged:,} flagged in time, {score.missed:,} missed, "
        f"{counted(score.false_alarms, 'false alarm')}"
    )
    if not limits:
        return _Case("anomalies", "anomalies", "not applicable", f"no threshold: {message}")
    return _Case("anomalies", "anomalies", overall(limits), message)


def _counts(cases: Iterable[_Case]) -> dict[str, str]:
    verdicts = [case.verdict for case in cases]
    return {
        "tests": str(len(verdicts)),
        "failures": str(verdicts.count("fail")),
        "errors": str(verdicts.count("unknown")),
        "skipped": str(verdicts.count("not applicable")),
    }


def _properties(suite: Xml.Element, summary: Summary) -> None:
    properties = Xml.SubElement(suite, "properties")
    for name in ("scenario", "design", "seed", "scale", "door", "verdict", "ended", "digest", "crossings", "replay"):
        value = _clean(str(getattr(summary, name)))
        Xml.SubElement(properties, "property", {"name": name, "value": value})


def _write(suite: Xml.Element, summary: Summary, case: _Case) -> None:
    where = f"closeproof.{summary.scenario}.{case.group}"
    written = Xml.SubElement(suite, "testcase", {"classname": where, "name": case.name, "time": "0"})
    tag = {"fail": "failure", "unknown": "error", "not applicable": "skipped"}.get(case.verdict)
    if tag is None:
        return
    said = Xml.SubElement(written, tag, {"message": _clean(case.message)})
    if tag != "skipped":
        said.set("type", case.verdict)
        said.text = _clean(case.detail or case.message)


def _clean(text: str) -> str:
    """Leave out what XML cannot hold, whatever a design put into its papers."""
    return _NOT_XML.sub("�", text)
