"""The directory that a run leaves: written whole under another name and then renamed, so that there is never half of one.

What is in it: `report.html` (for people), `summary.json`, `junit.xml`, `events.jsonl` and `bodies.jsonl` (the journal),
`scenario.toml` (a copy), `plan.toml` (a copy, if there was one), `faults.toml` (the faults that took effect, as a plan),
`repro.toml`.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import platform
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from itertools import count
from pathlib import Path
from typing import Final, Self

import msgspec

from contracts import journal
from contracts.journal import AnyEntry, FaultTook, RunEnded, WorkerLife
from contracts.verdict import Summary
from reports import junit, page, summary_json
from sim.cli_ask import Asked, Prepared
from sim.errors import UserError

HOME: Final = Path("reports/out")
SCHEMA: Final = "closeproof.repro/1"
FILES: Final = frozenset(
    {
        "summary.json",
        "junit.xml",
        "events.jsonl",
        "bodies.jsonl",
        "scenario.toml",
        "plan.toml",
        "faults.toml",
        "repro.toml",
        "report.html",
    }
)
_TAKEN: Final = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)


class Repro(msgspec.Struct, frozen=True):
    """`repro.toml`: all it takes to run the same again, and what came of it."""

    schema: str
    scenario: str
    design: str
    seed: int
    scale: float
    plan: bool
    verdict: str
    digest: str
    versions: dict[str, str]

    def asked(self, directory: Path, design: str = "") -> Asked:
        """The same run, from the copies in the directory."""
        plan = (directory / "plan.toml").as_posix() if self.plan else ""
        return Asked((directory / "scenario.toml").as_posix(), design or self.design, self.seed, self.scale, plan)


def versions() -> dict[str, str]:
    """What a digest may depend on."""
    found = {"python": platform.python_version()}
    for package in ("closeproof", "simpy", "msgspec"):
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


class Workshop:
    """A directory in the making. Left without `publish`, nothing of it remains."""

    def __init__(self, out: str, name: str) -> None:
        """Make it for `out`; where that is empty, for a fresh place below `reports/out`."""
        self._named = bool(out)
        self._target = Path(out).resolve() if out else Path.cwd() / HOME / re.sub(r"[^\w.-]+", "-", name).strip("-.")
        self._shown = out or (HOME / self._target.name).as_posix()
        self._made_parents: list[Path] = []
        if self._named:
            self._check()

    def __enter__(self) -> Self:
        try:
            parent = self._target.parent
            missing = [folder for folder in (parent, *parent.parents) if not folder.exists()]
            for folder in reversed(missing):
                folder.mkdir(exist_ok=True)
                self._made_parents.append(folder)
            self.path = parent / f".closeproof-{os.getpid()}-{self._target.name}"
            shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir()
        except OSError as error:
            self._leave_nothing()
            raise UserError(self._shown, 0, "", f"cannot be written: {error.strerror}") from None
        return self

    def __exit__(self, *_exc: object) -> None:
        self._leave_nothing()

    def publish(self) -> str:
        """Give it its name; how to call it in messages."""
        self._made_parents.clear()
        if self._named:
            self._replace()
            return self._shown
        for number in count(1):
            target = self._target.with_name(self._target.name + (f"-{number}" if number > 1 else ""))
            try:
                self.path.rename(target)
            except OSError as error:
                if error.errno not in _TAKEN:
                    raise
            else:
                return (HOME / target.name).as_posix()
        raise AssertionError

    def _replace(self) -> None:
        self._check()  # the run may have taken long
        old = self.path.with_name(f"{self.path.name}.old")
        if self._target.exists():
            self._target.rename(old)
        self.path.rename(self._target)
        shutil.rmtree(old, ignore_errors=True)

    def _check(self) -> None:
        """Refuse to write over what is not a run."""
        target = self._target
        if not target.exists():
            return
        if not target.is_dir():
            raise UserError(self._shown, 0, "", "is a file; --out names a directory")
        if target == Path.cwd():
            raise UserError(self._shown, 0, "", "is the current directory; give --out a place of its own")
        inside = {path.name for path in target.iterdir()}
        if inside and ("repro.toml" not in inside or inside - FILES):
            other = sorted(inside - FILES)
            holds = f"it holds {other[0]}" if other else "it has no repro.toml"
            raise UserError(self._shown, 0, "", f"is not empty and not a run directory ({holds}); nothing was written")

    def _leave_nothing(self) -> None:
        if hasattr(self, "path"):
            shutil.rmtree(self.path, ignore_errors=True)
        for folder in reversed(self._made_parents):
            with contextlib.suppress(OSError):
                folder.rmdir()


def write(directory: Path, prepared: Prepared, summary: Summary) -> None:
    """All files but the journal's own."""
    (directory / "summary.json").write_bytes(summary_json.encode(summary))
    (directory / "junit.xml").write_bytes(junit.junit(summary))
    shutil.copyfile(prepared.scenario_file, directory / "scenario.toml")
    if prepared.asked.plan:
        shutil.copyfile(prepared.asked.plan, directory / "plan.toml")
    with (directory / "faults.toml").open("w", encoding="utf-8") as file:
        file.write(
            f"# The faults that took effect in: {summary.replay}\n# As a plan: closeproof run … --plan faults.toml\n"
        )
        file.writelines(
            _fault(entry) for entry in journal.read(directory / "events.jsonl") if isinstance(entry, FaultTook)
        )
    repro = Repro(
        schema=SCHEMA,
        scenario=prepared.asked.scenario,
        design=prepared.asked.design or prepared.design_name,
        seed=summary.seed,
        scale=summary.scale,
        plan=bool(prepared.asked.plan),
        verdict=summary.verdict,
        digest=summary.digest,
        versions=versions(),
    )
    (directory / "repro.toml").write_text(_repro(repro, summary), "utf-8")
    page.write(directory)


def read_repro(directory: Path) -> Repro:
    """What a run directory says of itself; raises `UserError`."""
    file = directory / "repro.toml"
    if not file.is_file():
        raise UserError(directory.as_posix(), 0, "", "is not a run directory: it has no repro.toml")
    try:
        return msgspec.toml.decode(file.read_bytes(), type=Repro)
    except msgspec.DecodeError as error:
        raise UserError(file.as_posix(), 0, "", f"cannot be read: {error}") from None


def entries_for(events: Path, wanted: set[int]) -> dict[int, AnyEntry]:
    """Entries by line number, the first line being 1, and with them every fault, for whoever asks what struck them."""
    if not wanted:
        return {}
    return {
        number: journal.decode(line)
        for number, line in _numbered(events)
        if number in wanted or line.startswith(b'{"entry":"fault"')
    }


def last_words(events: Path) -> str:
    """What the run's end and the last worker that failed had to say."""
    said = {}
    for _, line in _numbered(events):
        if line.startswith((b'{"entry":"end"', b'{"entry":"worker"')):
            entry = journal.decode(line)
            if isinstance(entry, RunEnded) or (isinstance(entry, WorkerLife) and entry.what == "failed"):
                said[type(entry)] = entry.detail
    return ": ".join(detail for detail in reversed(said.values()) if detail)


def _numbered(events: Path) -> Iterator[tuple[int, bytes]]:
    with events.open("rb") as lines:
        yield from enumerate(lines, 1)


# -- TOML, as little of it as is needed -------------------------------------------------------------------------------


def _repro(repro: Repro, summary: Summary) -> str:
    named = msgspec.structs.asdict(repro)
    known = named.pop("versions")
    lines = ["# closeproof replay <this directory> runs this again and compares the digests.", f"# {summary.replay}"]
    lines += [f"{key} = {_value(value)}" for key, value in named.items()]
    lines += ["", "[versions]", *(f"{key} = {_value(value)}" for key, value in known.items())]
    return "\n".join(lines) + "\n"


def _fault(fault: FaultTook) -> str:
    note = "# harmless: it changed the course, and not what its kind is for\n" if fault.harmless else ""
    return (
        f"\n{note}[[fault]]\nkind = {_value(fault.kind)}\ntarget = {_value(fault.target)}\n"
        f"trigger = {_table(fault.trigger)}\n" + (f"params = {_table(fault.params)}\n" if fault.params else "")
    )


def _table(table: dict[str, str | int] | dict[str, str | int | float]) -> str:
    return "{ " + ", ".join(f"{key} = {_value(value)}" for key, value in table.items()) + " }"


def _value(value: object) -> str:
    """A TOML value. JSON's strings are TOML's, but for one letter."""
    if isinstance(value, float) and value.is_integer():
        return f"{value:.1f}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
