"""Both doors for every test of a system's rules."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from mocks.kit.asgi import asgi_app
from tests.mocks.doors import Door, Estate, InProcess, OverHttp, Served, serving


@pytest.fixture
def estate() -> Estate:
    """Six fresh systems."""
    return Estate()


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """The one server of the run."""
    with serving() as running:
        yield running


@pytest.fixture(scope="session")
def http_client(served: Served) -> Iterator[httpx.Client]:
    """One client of it."""
    with httpx.Client(base_url=served.url, trust_env=False) as client:
        yield client


@pytest.fixture(params=["in-process", "http"])
def door(request: pytest.FixtureRequest, estate: Estate) -> Door:
    """The estate through one of its doors."""
    if request.param == "in-process":
        return InProcess(estate)
    served: Served = request.getfixturevalue("served")
    served.app = asgi_app(estate.systems, lambda: estate.now_ms)
    return OverHttp(estate, request.getfixturevalue("http_client"))
