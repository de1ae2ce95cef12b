"""JUnit as CI servers read it: counts that agree with the cases, and nothing green that is not."""

from __future__ import annotations

from xml.etree import ElementTree as Xml  # noqa: ICN001 - it is XML that is read

import msgspec
import pytest

from contracts.verdict import Evidence, Summary
from reports.junit import junit
from tests.reports.samples import EMPTY, FAILED, PASSED, SAMPLES


def suite_of(summary: Summary) -> Xml.Element:
    """The one suite of a document."""
    root = Xml.fromstring(junit(summary))  # noqa: S314 - our own document
    assert root.tag == "testsuites"
    (suite,) = root
    return suite


def outcomes(summary: Summary) -> dict[str, str]:
    """Each case and what it came to."""
    return {
        str(case.get("name")): case[0].tag if len(case) else "passed" for case in suite_of(summary).iter("testcase")
    }


def test_each_thing_that_was_judged_is_a_case() -> None:
    assert outcomes(FAILED) == {
        "anomalies_missed_max": "failure",
        "post_hours_p95_max": "error",
        "I01 effect-once": "failure",
        "I10 complete": "error",
        "I14 cash": "skipped",
        "anomalies": "failure",
    }


def test_a_pass_is_green_and_only_what_does_not_apply_is_skipped() -> None:
    assert outcomes(PASSED) == {
        "anomalies_missed_max": "passed",
        "post_hours_p95_max": "passed",
        "I01 effect-once": "passed",
        "I04 balanced": "passed",
        "I14 cash": "skipped",
        "anomalies": "passed",
    }


def test_a_run_that_judged_nothing_is_not_green() -> None:
    assert outcomes(EMPTY) == {"anomalies": "skipped", "verdict": "error"}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_document_has_the_shape_that_servers_expect(name: str) -> None:
    suite = suite_of(SAMPLES[name])
    cases = suite.findall("testcase")
    assert [child.tag for child in suite] == ["properties", *["testcase"] * len(cases), "system-out"]
    assert suite.get("tests") == str(len(cases))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert suite.get(attribute) == str(len(suite.findall(f"testcase/{tag}")))
    for case in cases:
        assert case.get("name")
        assert case.get("classname")
        assert float(str(case.get("time"))) >= 0
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)


def test_a_failure_says_what_where_and_in_which_money() -> None:
    failure = suite_of(FAILED).find("testcase[@name='I01 effect-once']/failure")
    assert failure is not None
    assert failure.get("message") == "27 violations in 9,600 checked, 88,123.45 USD at risk"
    assert "[4,812.50 USD] (events.jsonl lines 41207, 40102)" in str(failure.text)


def test_the_replay_command_is_in_it() -> None:
    assert FAILED.replay in str(suite_of(FAILED).findtext("system-out"))


def test_characters_that_xml_cannot_hold_do_not_break_it() -> None:
    evil = Evidence("<&>", "bad \x00\x1b ]]> ￾ text", 0, (1,), "fail")
    invariant = msgspec.structs.replace(FAILED.invariants[0], evidence=(evil,))
    failure = suite_of(msgspec.structs.replace(FAILED, invariants=(invariant,))).find("testcase/failure[@type='fail']")
    assert failure is not None
