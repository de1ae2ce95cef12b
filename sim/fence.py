"""The fence round a virtual run: wall clocks, threads, sockets and unseeded randomness become a loud error.

Inside `with fence(kernel):` whoever reads a clock or makes randomness of its own meets a `FenceError` that names the
caller and the remedy. The fence is process-wide, so there is one virtual run per process at a time. It is here to catch
mistakes: code that keeps a private reference to a real clock (a default factory, a C extension) passes unseen, and the
twin runs of the determinism tests are what catches that.
"""

from __future__ import annotations

import _thread
import contextlib
import datetime as dt
import os
import random
import socket
import sqlite3
import sys
import sysconfig
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any, Protocol, Self, cast

import apsw

from sim.incarnation import CURRENT

_real_perf_counter, _real_gmtime = time.perf_counter, time.gmtime


def wall_s() -> float:
    """Read the real clock, for progress and for figures about the run itself; never for anything inside it."""
    return _real_perf_counter()


VIRTUAL_TIME_FOR = frozenset({"anyio", "asyncio", "email", "h11", "http", "httpcore", "httpx", "logging", "sniffio"})
"""Libraries that read clocks harmlessly: they get virtual time, and bytes of a fixed stream for boundaries and the like."""

SEEDED_LATER = frozenset({"faker"})
"""Libraries that make a generator first and seed it in their next line."""

OURS = frozenset({"contracts", "loadtests", "mocks", "orchestrator", "reports", "sim"})
"""Linted against the clock's classes; their types must stay the real ones."""

SQL_CLOCKS = ("current_timestamp", "current_date", "current_time")

KERNEL = frozenset({"sim.clock", "sim.fence", "sim.seed", "sim.bench"})

_USE_CLOCK = "use ports.clock, or the kernel's clock in the world"
_USE_SEED = "draw from a named stream of the seed"
_USE_TASKS = "use tasks; a thread has no place in virtual time"
_USE_WIRE = "use ports.http or ports.transport(); only the wire leads out of here"
_USE_DURABLE = "name the file yourself, in durable_dir"


class FenceError(RuntimeError):
    """Wall clock, thread, socket or unseeded randomness inside a virtual run."""


class Clock(Protocol):
    """What the fence needs of the kernel."""

    @property
    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch."""

    def utc(self) -> dt.datetime:
        """The moment, aware, in UTC."""


def caller_of(frame: FrameType | None) -> str:
    """Name the place in the nearest code that is not the standard library's own."""
    seen = frame
    while seen is not None and _root(seen) in sys.stdlib_module_names and _root(seen) != "__main__":
        seen = seen.f_back
    place = seen or frame
    if place is None:
        return "an unknown place"
    return f"{place.f_code.co_filename}:{place.f_lineno} (module {place.f_globals.get('__name__', '?')})"


def _root(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


# -- the replacements: made once; outside a run they behave as the real thing, should anyone have kept one -------------


def _here() -> Fence | None:
    """Return the fence that stands, to the thread it stands for: a progress bar's thread is no part of the run."""
    return _active if _active is not None and _active.thread == _thread.get_ident() else None


def _breach(active: Fence, what: str, remedy: str, frame: FrameType | None) -> FenceError:
    error = FenceError(f"{what}() called at {caller_of(frame)}: {remedy}")
    active.breaches.append(error)
    return error


def _refusing(real: Callable[..., Any], what: str, remedy: str) -> Callable[..., Any]:
    def refused(*args: Any, **kwargs: Any) -> Any:
        active = _here()
        if active is None:
            return real(*args, **kwargs)
        raise _breach(active, what, remedy, sys._getframe(1))  # noqa: SLF001 - the caller's name is the point

    return refused


def _clock(real: Callable[..., Any], what: str, virtual: Callable[[int], Any], given: int = 0) -> Callable[..., Any]:
    """Fence a function that reads the clock when it gets no more than `given - 1` arguments (0: always)."""

    def read(*args: Any) -> Any:
        active = _here()
        if active is None or (given and len(args) >= given and args[given - 1] is not None):
            return real(*args)
        frame = sys._getframe(1)  # noqa: SLF001 - the caller's name is the point
        if _root(frame) not in VIRTUAL_TIME_FOR:
            raise _breach(active, what, _USE_CLOCK, frame)
        moment = virtual(active.clock.now_ms)
        return real(*args[: given - 1], moment) if given else moment

    return read


def _urandom(size: int) -> bytes:
    frame = sys._getframe(1)  # noqa: SLF001 - the caller's name is the point
    active = _here()
    if active is None:
        return _real_urandom(size)
    if _root(frame) in VIRTUAL_TIME_FOR:
        return active.bytes_for_libraries.randbytes(size)
    raise _breach(active, "os.urandom", _USE_SEED, frame)


def _seed(self: random.Random, a: Any = None, version: int = 2) -> None:
    if a is None and (active := _here()) is not None:
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the caller's name is the point
        while frame is not None and _root(frame) == "random":
            frame = frame.f_back
        if frame is None or _root(frame) not in SEEDED_LATER:
            raise _breach(active, "random.Random", "give it a seed, or " + _USE_SEED, frame)
        a = 0
    _real_seed(self, a, version)


class Connection(sqlite3.Connection):
    """A connection that can be referred to weakly, and refuses SQL's own clock."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in SQL_CLOCKS:
            self.create_function(name, 0, _refusing(_no_sql_time, f"SQL {name.upper()}", _USE_CLOCK))


def _without_a_clock(connection: apsw.Connection) -> None:
    """Refuse SQL's own clock to a connection of APSW, which belongs to no life: workers of a process may share it."""
    for name in SQL_CLOCKS:
        connection.create_scalar_function(name, _refusing(_no_sql_time, f"SQL {name.upper()}", _USE_CLOCK), 0)


def _no_sql_time() -> None:
    """Give NULL to a connection that outlived its run."""


def _connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
    if _here() is None:
        return cast("sqlite3.Connection", _real_connect(*args, **kwargs))
    names = (
        "database",
        "timeout",
        "detect_types",
        "isolation_level",
        "check_same_thread",
        "factory",
        "cached_statements",
    )
    kwargs = {"factory": Connection, **dict(zip((*names, "uri"), args, strict=False)), **kwargs}
    kwargs["timeout"] = 0  # SQLite would wait for a lock on the wall clock, while virtual time stands still
    connection = cast("sqlite3.Connection", _real_connect(**kwargs))
    if (incarnation := CURRENT.get()) is not None:
        incarnation.register(connection)
    return connection


_RealDatetime: Any = dt.datetime
_RealDate: Any = dt.date


class _RealInstances(type):
    """Instances of the fenced class are those of the real one: only its clock-reading constructors differ."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.__mro__[1])

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.__mro__[1])


def _moment(what: str, frame: FrameType) -> dt.datetime | None:
    """Return virtual time for a harmless library, None outside a run."""
    active = _here()
    if active is None:
        return None
    if _root(frame) not in VIRTUAL_TIME_FOR:
        raise _breach(active, what, _USE_CLOCK, frame)
    return active.clock.utc()


class _Datetime(dt.datetime, metaclass=_RealInstances):
    """`datetime.datetime` without a wall clock; its constructors all make real ones, those at hand without a detour."""

    combine = _RealDatetime.combine
    fromisoformat = _RealDatetime.fromisoformat
    fromtimestamp = _RealDatetime.fromtimestamp

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return _RealDatetime(*args, **kwargs)

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        moment = _moment("datetime.now", sys._getframe(1))  # noqa: SLF001 - the caller's name is the point
        if moment is None:
            return _RealDatetime.now(tz)
        return moment.astimezone(tz) if tz else moment.replace(tzinfo=None)

    @classmethod
    def utcnow(cls) -> Any:
        moment = _moment("datetime.utcnow", sys._getframe(1))  # noqa: SLF001 - the caller's name is the point
        return _RealDatetime.now(dt.UTC).replace(tzinfo=None) if moment is None else moment.replace(tzinfo=None)

    @classmethod
    def today(cls) -> Any:
        moment = _moment("datetime.today", sys._getframe(1))  # noqa: SLF001 - the caller's name is the point
        return _RealDatetime.today() if moment is None else moment.replace(tzinfo=None)


class _Date(dt.date, metaclass=_RealInstances):
    """`datetime.date` without a wall clock; its constructors all make real ones, that at hand without a detour."""

    fromisoformat = _RealDate.fromisoformat

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return _RealDate(*args, **kwargs)

    @classmethod
    def today(cls) -> Any:
        moment = _moment("date.today", sys._getframe(1))  # noqa: SLF001 - the caller's name is the point
        return _RealDate.today() if moment is None else moment.date()


_real_urandom, _real_connect, _real_seed = os.urandom, sqlite3.connect, random.Random.seed


def _replacements() -> list[tuple[Any, str, Any]]:
    """List what the fence replaces: owner, name, replacement."""
    seconds, nanoseconds = (lambda now_ms: now_ms / 1000), (lambda now_ms: now_ms * 1_000_000)
    table: list[tuple[Any, str, Any]] = [
        (dt, "datetime", _Datetime),
        (dt, "date", _Date),
        (os, "urandom", _urandom),
        (random, "_urandom", _urandom),
        (random.Random, "seed", _seed),
        (sqlite3, "connect", _connect),
        (sqlite3.dbapi2, "connect", _connect),
    ]
    for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time"):
        table += [
            (time, name, _clock(getattr(time, name), f"time.{name}", seconds)),
            (time, f"{name}_ns", _clock(getattr(time, f"{name}_ns"), f"time.{name}_ns", nanoseconds)),
        ]
    for name in ("localtime", "gmtime", "ctime"):
        table.append((time, name, _clock(getattr(time, name), f"time.{name}", seconds, given=1)))
    table += [
        (time, "asctime", _clock(time.asctime, "time.asctime", lambda now_ms: _real_gmtime(now_ms / 1000), given=1)),
        (time, "strftime", _clock(time.strftime, "time.strftime", lambda now_ms: _real_gmtime(now_ms / 1000), given=2)),
    ]
    for owner, prefix, names, remedy in (
        (time, "time.", ("sleep",), _USE_CLOCK),
        (uuid, "uuid.", ("uuid1", "uuid4"), _USE_SEED),
        (random, "random.", _module_level_draws(), _USE_SEED),
        (tempfile, "tempfile.", ("_get_candidate_names",), _USE_DURABLE),
        (threading.Thread, "threading.Thread.", ("start",), _USE_TASKS),
        (threading, "threading.", ("_start_new_thread",), _USE_TASKS),
        (_thread, "_thread.", ("start_new_thread", "start_new"), _USE_TASKS),
        (socket.socket, "socket.socket.", ("__init__",), _USE_WIRE),
        (socket, "socket.", ("getaddrinfo", "gethostbyname"), _USE_WIRE),
    ):
        table += [(owner, name, _refusing(getattr(owner, name), prefix + name, remedy)) for name in names]
    return table


def _module_level_draws() -> tuple[str, ...]:
    hidden = random._inst  # noqa: SLF001 - the generator behind the module's functions
    return tuple(name for name in sorted(vars(random)) if getattr(vars(random)[name], "__self__", None) is hidden)


_REPLACEMENTS = _replacements()
# What a module may have imported by name, and must lose during the run.
_BY_NAME = {
    id(getattr(owner, name)): (getattr(owner, name), new)
    for owner, name, new in _REPLACEMENTS
    if isinstance(owner, ModuleType)
}
_LIBRARIES = tuple({sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")})

_active: Fence | None = None
_scanned: tuple[int, list[tuple[dict[str, Any], str, Any, Any]]] = (0, [])


def _imported_by_name() -> list[tuple[dict[str, Any], str, Any, Any]]:
    """Find clocks that modules of neither Python nor its packages hold by name; remembered while no module is added."""
    global _scanned  # noqa: PLW0603 - one process, one table of modules
    if _scanned[0] != len(sys.modules):
        found: list[tuple[dict[str, Any], str, Any, Any]] = []
        for module_name, module in sorted(sys.modules.items()):
            path = getattr(module, "__file__", None)
            root = module_name.partition(".")[0]
            if path is None or module_name in KERNEL or _is_library(path) or root in sys.builtin_module_names:
                continue
            names = vars(module)
            for name, value in list(names.items()):
                pair = _BY_NAME.get(id(value))
                if pair is not None and pair[0] is value and not (isinstance(value, type) and root in OURS):
                    found.append((names, name, value, pair[1]))
        _scanned = (len(sys.modules), found)
    return _scanned[1]


def _is_library(path: str) -> bool:
    return path.startswith(_LIBRARIES) or "site-packages" in path or "dist-packages" in path


class Fence:
    """One virtual run's fence; `breaches` keeps every error raised, also those that the code under test swallowed."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.thread = _thread.get_ident()
        self.breaches: list[FenceError] = []
        self.bytes_for_libraries = random.Random(0)
        self._before: list[tuple[Any, str, Any]] = []
        self._swapped: list[tuple[dict[str, Any], str, Any, Any]] = []
        self._modules_before = 0

    def __enter__(self) -> Self:
        global _active  # noqa: PLW0603 - the fence is process-wide
        if _active is not None:
            msg = "a virtual run is under way in this process; the fence is process-wide, so runs cannot be nested"
            raise RuntimeError(msg)
        self._swapped = [swap for swap in _imported_by_name() if swap[0].get(swap[1]) is swap[2]]
        self._modules_before = len(sys.modules)
        _active = self
        apsw.connection_hooks.append(_without_a_clock)
        for owner, name, new in _REPLACEMENTS:
            self._before.append((owner, name, owner.__dict__[name]))
            setattr(owner, name, new)
        for names, name, _, new in self._swapped:
            names[name] = new
        return self

    def __exit__(self, *_exc: object) -> None:
        global _active  # noqa: PLW0603 - the fence is process-wide
        for names, name, old, _ in self._swapped:
            names[name] = old
        for owner, name, old in reversed(self._before):
            setattr(owner, name, old)
        apsw.connection_hooks.remove(_without_a_clock)
        _active = None
        if len(sys.modules) != self._modules_before:
            _give_back()


def _give_back() -> None:
    """Return the real things to modules that were first imported inside the run."""
    real = {id(new): (old, new) for old, new in _BY_NAME.values()}
    for module in list(sys.modules.values()):
        with contextlib.suppress(TypeError):  # a stand-in without a namespace
            names = vars(module)
            if names is not globals():
                for name, value in list(names.items()):
                    pair = real.get(id(value))
                    if pair is not None and pair[1] is value:
                        names[name] = pair[0]


def under_way() -> bool:
    """Whether a virtual run holds this process: there is room for one."""
    return _active is not None


def fence(clock: Clock) -> Fence:
    """Put the fence up for a block; everything is as before when the block is left, however it is left."""
    return Fence(clock)
