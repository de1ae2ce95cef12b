"""The fence: each way out of virtual time is refused loudly, and everything is as before afterwards."""

from __future__ import annotations

import _thread
import asyncio
import datetime as dt
import logging
import os
import random
import secrets
import socket
import sqlite3
import sys
import tempfile
import threading
import time
import timeit
import types
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import monotonic
from uuid import uuid4

import apsw
import httpx
import pytest

from sim.clock import Kernel
from sim.fence import Fence, FenceError, fence, wall_s
from sim.incarnation import CURRENT, Incarnation

START = datetime(2026, 10, 1, 9, 30, tzinfo=UTC)
# In a container, or the fence would exchange it as well.
REAL = {"datetime": dt.datetime, "date": dt.date}


@pytest.fixture
def active() -> Iterator[Fence]:
    tempfile.gettempdir()  # found by trying random names, the first time
    with Kernel(START) as kernel, fence(kernel) as active:
        yield active


# ruff: noqa: PLW0108 - a lambda looks the name up when it is called: that is the point
FORBIDDEN: dict[str, Callable[[], object]] = {
    "time.time": lambda: time.time(),
    "time.time_ns": lambda: time.time_ns(),
    "time.monotonic": lambda: monotonic(),
    "time.perf_counter": lambda: time.perf_counter(),
    "time.process_time": lambda: time.process_time(),
    "time.sleep": lambda: time.sleep(0),
    "time.localtime": lambda: time.localtime(),
    "time.gmtime": lambda: time.gmtime(None),
    "time.strftime": lambda: time.strftime("%Y"),
    "datetime.now": lambda: datetime.now(UTC),
    "datetime.utcnow": lambda: dt.datetime.utcnow(),  # noqa: DTZ003
    "datetime.today": lambda: datetime.today(),  # noqa: DTZ002
    "date.today": lambda: date.today(),  # noqa: DTZ011
    "random.random": lambda: random.random(),
    "random.shuffle": lambda: random.shuffle([1, 2]),
    "random.Random": lambda: random.Random(),
    "os.urandom": lambda: os.urandom(4),
    "uuid.uuid1": lambda: uuid.uuid1(),
    "uuid.uuid4": lambda: uuid4(),
    "tempfile._get_candidate_names": lambda: tempfile.mkstemp(),
    "threading.Thread.start": lambda: threading.Thread(target=int).start(),
    "_thread.start_new_thread": lambda: _thread.start_new_thread(int, ()),
    "socket.socket.__init__": lambda: socket.socket(),
    "socket.getaddrinfo": lambda: socket.getaddrinfo("localhost", 1),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_forbidden_call_names_the_caller_and_the_remedy(active: Fence, name: str) -> None:
    with pytest.raises(FenceError) as caught:
        FORBIDDEN[name]()
    assert str(caught.value).startswith(f"{name}() called at {__file__}:")
    assert f"(module {__name__}): " in str(caught.value)
    assert active.breaches == [caught.value]


@pytest.mark.parametrize(
    "call", [lambda: random.SystemRandom().random(), lambda: secrets.token_hex(), lambda: secrets.randbelow(9)]
)
def test_operating_system_s_randomness_is_refused_by_whatever_name(active: Fence, call: Callable[[], object]) -> None:
    with pytest.raises(FenceError, match=r"os\.urandom\(\) called at .*test_fence\.py"):
        call()
    assert len(active.breaches) == 1


@pytest.mark.usefixtures("active")
def test_what_is_not_forbidden_works() -> None:
    assert random.Random(3).random() == random.Random(3).random()
    assert time.gmtime(0).tm_year == 1970
    assert time.strftime("%Y", time.gmtime(0)) == "1970"
    assert uuid.uuid5(uuid.NAMESPACE_URL, "x").version == 5


@pytest.mark.usefixtures("active")
def test_moments_are_real_datetimes() -> None:
    moment = datetime(2026, 10, 1, tzinfo=UTC)
    made = [
        moment,
        datetime.fromisoformat("2026-10-01"),
        datetime.combine(date(2026, 10, 1), moment.time()),
        datetime.fromtimestamp(0, UTC),
    ]
    assert all(type(one) is REAL["datetime"] for one in made)
    assert type(date(2026, 10, 1)) is REAL["date"]
    assert isinstance(moment, datetime)
    assert isinstance(moment, date)
    assert not isinstance(date(2026, 10, 1), datetime)
    assert issubclass(REAL["datetime"], datetime)


def test_libraries_that_read_clocks_harmlessly_get_virtual_time(caplog: pytest.LogCaptureFixture) -> None:
    with Kernel(START) as kernel, fence(kernel) as active, caplog.at_level("INFO"):
        kernel.loop.call_later(60, logging.getLogger("design").info, "late")
        kernel.run()
    assert [record.created for record in caplog.records] == [START.timestamp() + 60]
    assert active.breaches == []


def test_library_datetimes_are_virtual(active: Fence) -> None:
    library = types.ModuleType("httpx._models")
    exec("def now(): import datetime, time; return datetime.datetime.now(datetime.UTC), time.gmtime()", vars(library))  # noqa: S102
    moment, broken_down = library.now()
    assert moment == START
    assert broken_down[:5] == (2026, 10, 1, 9, 30)
    assert active.breaches == []


def _snapshot() -> dict[str, object]:
    names = (
        time.time,
        time.sleep,
        os.urandom,
        random.random,
        random.Random.seed,
        uuid.uuid4,
        sqlite3.connect,
        socket.getaddrinfo,
    )
    here = (datetime, date, monotonic, uuid4, dt.datetime, threading.Thread.start, socket.socket.__init__)
    return {str(n): one for n, one in enumerate((*names, *here))}


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_everything_is_as_before_however_the_block_is_left(error: type[BaseException] | None) -> None:
    before = _snapshot()
    with Kernel(START) as kernel:
        try:
            with fence(kernel):
                assert all(_snapshot()[key] is not real for key, real in before.items())
                if error is not None:
                    raise error  # noqa: TRY301 - leaving by an error is the point
        except BaseException as caught:  # noqa: BLE001 - whichever it is
            assert type(caught) is error  # noqa: PT017
    assert _snapshot() == before
    assert datetime.now(UTC) > START


def test_module_imported_inside_a_run_is_given_the_real_things_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "late_comer.py").write_text("from datetime import datetime\nfrom time import time\n")
    monkeypatch.syspath_prepend(tmp_path)
    with Kernel(START) as kernel, fence(kernel):
        import late_comer  # type: ignore[import-not-found]

        with pytest.raises(FenceError):
            late_comer.time()
    assert late_comer.datetime is datetime
    assert late_comer.time is time.time
    del sys.modules["late_comer"]


def test_fences_are_not_nested(active: Fence) -> None:
    with pytest.raises(RuntimeError, match="cannot be nested"), fence(active.clock):
        pass
    with pytest.raises(FenceError):
        time.time()


def test_private_reference_kept_beyond_the_run_is_harmless() -> None:
    with Kernel(START) as kernel, fence(kernel):
        kept_time, kept_class, kept_draw = time.time, dt.datetime, random.random
    assert kept_time() > 0
    assert kept_class.now(UTC) > START
    assert 0 <= kept_draw() < 1


def test_connections_belong_to_the_incarnation_and_never_wait(active: Fence, tmp_path: Path) -> None:
    """A busy wait sleeps on the wall clock while virtual time stands still: the lock would never be released."""
    worker = Incarnation("w1")
    token = CURRENT.set(worker)
    first = sqlite3.connect(tmp_path / "store.db", 30)
    second = sqlite3.connect(tmp_path / "store.db", timeout=30)
    CURRENT.reset(token)
    assert worker.connections == [first, second]
    first.execute("begin exclusive")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        second.execute("begin exclusive")
    assert active.breaches == []
    worker.kill("power")
    assert worker.connections == [first, second]
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        first.execute("select 1")


def test_sql_has_no_clock(active: Fence) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("create table t (n integer, at text default current_timestamp)")
    for statement in ("select current_timestamp", "select current_date", "insert into t (n) values (1)"):
        with pytest.raises(sqlite3.OperationalError):
            connection.execute(statement)
    assert "SQL CURRENT_TIMESTAMP" in str(active.breaches[0])
    assert len(active.breaches) == 3
    connection.close()


def test_sql_has_no_clock_through_apsw_either(active: Fence) -> None:
    connection = apsw.Connection(":memory:")
    for statement in ("select current_timestamp", "select current_date"):
        with pytest.raises(FenceError):
            connection.execute(statement).fetchall()
    assert "SQL CURRENT_TIMESTAMP" in str(active.breaches[0])
    assert len(active.breaches) == 2
    connection.close()


def test_apsw_has_its_clock_back_after_a_run(kernel: Kernel) -> None:
    with fence(kernel):
        pass
    connection = apsw.Connection(":memory:")
    ((moment,),) = connection.execute("select current_timestamp").fetchall()
    assert moment is not None
    connection.close()


def test_wall_time_is_there_for_figures_about_the_run(active: Fence) -> None:
    assert wall_s() <= wall_s()
    assert active.breaches == []


def test_entering_replaces_a_bounded_number_of_names() -> None:
    """Thousands of small runs a minute pass through here: no scan of modules when none was added."""
    with Kernel(START) as kernel:
        with fence(kernel):
            pass
        calls: list[str] = []

        def count(_frame: object, event: str, _argument: object) -> None:
            calls.append(event)

        sys.setprofile(count)
        with fence(kernel):
            pass
        sys.setprofile(None)
    assert len(calls) < 700
    assert timeit.default_timer is time.perf_counter


def test_other_threads_are_no_part_of_the_run() -> None:
    """A progress bar may live in one, begun before."""
    go, seen = threading.Event(), list[float]()

    def watch() -> None:
        go.wait(10)
        seen.append(time.time())

    thread = threading.Thread(target=watch)
    thread.start()
    with Kernel(START) as kernel, fence(kernel) as active:
        go.set()
        thread.join(10)
    assert len(seen) == 1
    assert active.breaches == []


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    with Kernel(START) as kernel:
        yield kernel


def test_httpx_code_runs_in_virtual_time_inside_the_fence(kernel: Kernel) -> None:
    """It measures `elapsed`, and httpcore its keep-alive by the wall clock; here both read the virtual one."""

    class Body(httpx.AsyncByteStream):
        def __init__(self, text: str) -> None:
            self.text = text

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield self.text.encode()

    class Wire(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.sleep(2)
            return httpx.Response(200, stream=Body(request.url.path))

    async def main() -> tuple[str, timedelta]:
        async with httpx.AsyncClient(transport=Wire()) as client:
            response = await client.post("https://erp/journals", files={"f": b"1"})
            return response.text, response.elapsed

    with fence(kernel) as active:
        assert kernel.run_until_complete(main()) == ("/journals", timedelta(seconds=2))
    assert active.breaches == []


@pytest.mark.parametrize(
    "name", ["run_in_executor", "getaddrinfo", "create_connection", "add_reader", "add_signal_handler"]
)
def test_ways_out_of_virtual_time_are_refused_loudly(kernel: Kernel, name: str) -> None:
    async def main() -> None:
        getattr(asyncio.get_running_loop(), name)(None, print)

    with pytest.raises(FenceError, match=rf"loop\.{name}\(\) called at .*test_fence\.py:\d+"):
        kernel.run_until_complete(main())


def test_to_thread_is_refused(kernel: Kernel) -> None:
    with pytest.raises(FenceError, match="threads"):
        kernel.run_until_complete(asyncio.to_thread(print))
