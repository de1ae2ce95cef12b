"""A load test as JUnit XML: a test case for each limit, and one for the books."""

from __future__ import annotations

from xml.etree import ElementTree as Xml  # noqa: ICN001 - it is XML that is written

from contracts.load import LoadResult
from contracts.verdict import Judgement
from reports.load import limit_in_words
from reports.words import gist

_TAGS = {"fail": "failure", "unknown": "error", "not applicable": "skipped"}


def junit(result: LoadResult) -> bytes:
    """The document. What could not be judged is an error: it must not look green."""
    cases: list[tuple[str, Judgement, str]] = [
        (limit.name, limit.verdict, limit_in_words(limit)) for limit in result.thresholds
    ]
    if result.books is None:
        cases.append(("books", "unknown", "the estate did not settle"))
    else:
        cases.append(("books", result.books.verdict, gist(result.books)))
    verdicts = [verdict for _, verdict, _ in cases]
    counts = {
        "tests": str(len(cases)),
        "failures": str(verdicts.count("fail")),
        "errors": str(verdicts.count("unknown")),
        "skipped": str(verdicts.count("not applicable")),
        "time": f"{result.measured.took_s:.3f}",
    }
    root = Xml.Element("testsuites", {"name": "closeproof", **counts})
    name = f"closeproof.load.{result.scenario}.{result.against}.seed-{result.seed}"
    suite = Xml.SubElement(root, "testsuite", {"name": name, **counts})
    for what, verdict, says in cases:
        case = Xml.SubElement(suite, "testcase", {"classname": f"closeproof.load.{result.scenario}", "name": what})
        if verdict in _TAGS:
            Xml.SubElement(case, _TAGS[verdict], {"message": says})
    Xml.SubElement(suite, "system-out").text = f"verdict: {result.verdict}\nagain: {result.command}\n"
    Xml.indent(root)
    document: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"
