"""The shape of the tree: every folder as `CONTRIBUTING.md` promises, every member listed, nothing too long to read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.layout.tree import PACKAGES, ROOT, files, modules, name, parsed, project

FUNCTION_LINES_MAX = 60
MODULE_LINES_MAX = 400

SYSTEM_FILES = {"__init__.py", "models.py", "state.py", "routes.py", "quirks.toml"}
SYSTEM_FILES_OPTIONAL = {
    "approvals.py",
    "files.py",
    "events.py",
    "processes.py",
    "journals.py",
    "imports.py",
    "ledger.py",
    "memos.py",
    "payments.py",
    "maintenance.py",
    "suppliers.py",
    "lookups.py",
}

LISTS = {
    "sim/faults": ("FAULTS", {"kind"}),
    "contracts/invariants": ("INVARIANTS", set[str]()),
    "orchestrator/designs": ("DESIGNS", set[str]()),
    "mocks": ("SYSTEMS", {"kit"}),
}
"""Folder → the tuple in its `__init__` that lists its members, and what stands there without being one.

A leading underscore says the same: `_wording.py` serves its neighbours and is no member.
"""

BANNED_MODULES = {"time", "random", "uuid", "secrets"}
BANNED_CALLS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "os.urandom",
}

MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:[w]ork|[r]oot|[t]mp/bash|[h]ome/\w+|[U]sers/\w+)/")


def members_of(folder: Path) -> set[str]:
    """What the files say: modules and packages in the folder."""
    return {
        path.stem
        for path in folder.iterdir()
        if (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").is_file()
    }


def listed_in(folder: Path, tuple_name: str) -> set[str]:
    """What the tuple says: strings are members; an imported name stands for the module it comes from."""
    tree = parsed(folder / "__init__.py")
    package = name(folder).replace("/", ".")
    origin: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = node.module.removeprefix(package).lstrip(".").split(".")[0]
            for alias in node.names:
                origin[alias.asname or alias.name] = inner or alias.name
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        if [t.id for t in targets if isinstance(t, ast.Name)] == [tuple_name] and isinstance(value, ast.Tuple):
            return {member for element in value.elts for member in _member(element, origin)}
    pytest.fail(f"{name(folder)}/__init__.py has no tuple {tuple_name}")


def _member(element: ast.expr, origin: dict[str, str]) -> Iterator[str]:
    if isinstance(element, ast.Constant) and isinstance(element.value, str):
        yield element.value
        return
    while isinstance(element, ast.Call | ast.Attribute):
        element = element.func if isinstance(element, ast.Call) else element.value
    if isinstance(element, ast.Name) and element.id in origin:
        yield origin[element.id]
    else:
        pytest.fail(f"cannot read {ast.unparse(element)!r} in a list of members: import it and name it")


@pytest.mark.parametrize("folder", LISTS)
def test_every_member_is_listed_and_every_listed_member_exists(folder: str) -> None:
    tuple_name, support = LISTS[folder]
    listed = listed_in(ROOT / folder, tuple_name)
    members = {member for member in members_of(ROOT / folder) - support if not member.startswith("_")}
    assert members - listed == set(), f"in {folder}/ and not in its {tuple_name}: nobody runs it"
    assert listed - members == set(), f"in {tuple_name} and not in {folder}/"


def test_the_strangers_contract_names_every_system() -> None:
    contracts = {contract["id"]: contract for contract in project()["tool"]["importlinter"]["contracts"]}
    strangers = set(contracts["systems-are-strangers"]["modules"])
    assert strangers == {f"mocks.{system}" for system in listed_in(ROOT / "mocks", "SYSTEMS")}


def test_every_system_has_the_one_shape() -> None:
    systems = [path for path in sorted((ROOT / "mocks").iterdir()) if path.is_dir() and path.name[0].isalpha()]
    systems = [path for path in systems if path.name != "kit"]
    assert systems, "mocks/ holds no system"
    for system in systems:
        have = {path.name for path in system.iterdir() if path.name != "__pycache__"}
        assert SYSTEM_FILES - have == set(), f"{name(system)} lacks"
        assert have - SYSTEM_FILES - SYSTEM_FILES_OPTIONAL == set(), f"{name(system)} has no room for"


def test_every_module_says_what_it_is_for() -> None:
    silent = [name(path) for path in modules(*PACKAGES, "tests") if not ast.get_docstring(parsed(path))]
    assert silent == []


def test_modules_can_be_read_in_one_sitting() -> None:
    sizes = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules(*PACKAGES, "tests")}
    assert {path: size for path, size in sizes.items() if size > MODULE_LINES_MAX} == {}


def test_functions_fit_on_a_screen() -> None:
    long = [
        f"{name(path)}:{node.lineno} {node.name} has {(node.end_lineno or 0) - node.lineno + 1} lines"
        for path in modules(*PACKAGES, "tests")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert long == []


def wall_clock_and_chance(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Where a module takes time or chance from elsewhere than the kernel."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name in BANNED_MODULES)
        elif isinstance(node, ast.ImportFrom):
            if node.module in BANNED_MODULES or (node.module == "os" and any(a.name == "urandom" for a in node.names)):
                yield node.lineno, node.module
        elif isinstance(node, ast.Attribute):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            # `now(zone)` on a clock of ours is fine; on the class it is the machine's clock
            if f"{owner}.{node.attr}" in BANNED_CALLS:
                yield node.lineno, f"{owner}.{node.attr}"


def test_time_and_chance_come_from_the_kernel() -> None:
    """The exempt modules are the ones for which `pyproject.toml` lifts TID251; an inline exemption counts for nothing."""
    lifted = project()["tool"]["ruff"]["lint"]["per-file-ignores"]
    exempt = [pattern for pattern, rules in lifted.items() if "TID251" in rules]
    found = [
        f"{name(path)}:{line} {what}"
        for path in modules(*PACKAGES)
        if not any(fnmatch(name(path), pattern) for pattern in exempt)
        for line, what in wall_clock_and_chance(parsed(path))
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "import random as r",
        "from uuid import uuid4",
        "import datetime as dt\ndt.datetime.now(dt.UTC)",
        "from datetime import date\ndate.today()",
        "import os\nos.urandom(4)",
    ],
)
def test_the_clock_rule_bites(source: str) -> None:
    assert list(wall_clock_and_chance(ast.parse(source)))


def test_no_file_names_a_machine() -> None:
    found = [
        f"{name(path)}:{number} {line.strip()[:80]}"
        for path in files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if MACHINE_PATHS.search(line)
    ]
    assert found == []


def test_the_lock_pins_by_hash_and_names_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert "index" not in lock
    pins = re.split(r"\n(?=\S)", lock.strip())
    assert [pin.splitlines()[0] for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []


def test_the_lock_covers_the_project() -> None:
    """A dependency that was added without `make lock` would be missing from a fresh environment."""
    table = project()["project"]
    wanted = [*table["dependencies"], *(d for extra in table["optional-dependencies"].values() for d in extra)]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    assert {re.split(r"[^A-Za-z0-9-]", dependency)[0].lower() for dependency in wanted} - locked == set()


def test_links_in_the_documents_lead_somewhere() -> None:
    documents = [path for path in files() if path.suffix == ".md"]
    dead = [
        f"{name(path)} → {target}"
        for path in documents
        for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8"))
        if "://" not in target and not (path.parent / target).exists()
    ]
    assert dead == []
