"""Figures from tests to the end of the run."""

from __future__ import annotations

import pytest

from tests.contract_suites.figures import Figures, table


@pytest.fixture
def figures(record_property: pytest.FixtureRequest) -> Figures:
    """Where a test leaves its figures."""
    return Figures(record_property)  # type: ignore[arg-type]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures of all tests that passed, when this folder was asked for by name."""
    reports = terminalreporter.getreports("passed")
    lines = list(table(pair for report in reports for pair in report.user_properties))
    if lines:
        terminalreporter.section("contracts")
        for line in lines:
            terminalreporter.write_line(line)
