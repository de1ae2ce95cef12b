"""Reads what users write, scenarios and fault plans, and says in one line what is wrong with it: file, line, key.

Form comes from the types in `contracts`; what types cannot say (an end before its start, a zone that does not exist) is
checked here. Run as a module it writes the JSON Schema that stands beside the scenarios.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from contracts.plan import Plan
from contracts.scenario import Scenario
from sim.errors import UserError
from sim.scenario_rules import broken_rules, suggestion
from sim.toml_places import Key, lines_of

FOLDER: Final = "scenarios"
SCHEMA_NAME: Final = "scenario.schema.json"

Read = TypeVar("Read", Scenario, Plan)

_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[([^\]]*)\]")
_AT_LINE: Final = re.compile(r" \(at line (\d+), column \d+\)$")
_AT_END: Final = " (at end of document)"


def load_scenario(name_or_path: str | Path, check: Callable[[Scenario], None] | None = None) -> tuple[Scenario, Path]:
    """A scenario by the name of a packaged one or by its path.

    `check` may look further (does the weather name targets that exist?): what it raises with a `key` and a `message`
    becomes a `UserError` with its line.
    """
    path, shown = _resolve(name_or_path)
    text = _text(path, shown)
    scenario = _convert(text, shown, Scenario)
    for key, message in broken_rules(scenario):
        raise _Text(text, shown).error(_path_of(f"$.{key}"), message)
    if check is not None:
        _ask(lambda: check(scenario), text, shown)
    return scenario, path


def load_plan(path: str | Path, check: Callable[[Plan], None] | None = None) -> Plan:
    """A fault plan; `check` as for scenarios."""
    shown = Path(path).as_posix()
    text = _text(Path(path), shown)
    plan = _convert(text, shown, Plan)
    if check is not None:
        _ask(lambda: check(plan), text, shown)
    return plan


def list_scenarios() -> list[tuple[str, str, Path]]:
    """The packaged scenarios: name, title, file."""
    listed = []
    for path in sorted(_packaged().values()):
        head = tomllib.loads(path.read_text("utf-8"))
        listed.append((path.stem, str(head.get("title", "")), path))
    return listed


def schema() -> dict[str, Any]:
    """The JSON Schema of a scenario file, for editors and other tools."""
    made = msgspec.json.schema(Scenario)
    for definition in made["$defs"].values():
        if definition.get("type") == "object":
            definition["additionalProperties"] = False  # msgspec refuses unknown keys and does not say so
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Closeproof scenario", **made}


def schema_text() -> str:
    """The schema as the committed file holds it."""
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode() + "\n"


# -- finding and reading ----------------------------------------------------------------------------------------------


def _packaged() -> Mapping[str, Path]:
    """Packaged scenarios by name."""
    folder = resources.files(FOLDER)
    files = (Path(str(entry)) for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return {path.stem: path for path in files}


def _resolve(name_or_path: str | Path) -> tuple[Path, str]:
    """The file, and how to call it in messages."""
    given = str(name_or_path)
    if isinstance(name_or_path, Path) or given.endswith(".toml") or "/" in given or "\\" in given:
        return Path(given), Path(given).as_posix()
    packaged = _packaged()
    if given in packaged:
        return packaged[given], f"{FOLDER}/{given}.toml"
    known = ", ".join(sorted(packaged))
    raise UserError(given, 0, "", f"no scenario has this name{suggestion(given, packaged)} (there are: {known})")


def _text(path: Path, shown: str) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise UserError(shown, 0, "", "no such file") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UserError(shown, line, "", "this is not UTF-8 text") from None
    except OSError as error:
        raise UserError(shown, 0, "", f"cannot be read: {error.strerror}") from None


def _convert(text: str, shown: str, into: type[Read]) -> Read:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(text, shown, str(error)) from None
    try:
        return msgspec.convert(raw, into)
    except msgspec.ValidationError as error:
        raise _form_error(_Text(text, shown), raw, into, str(error)) from None


def _ask(check: Callable[[], None], text: str, shown: str) -> None:
    try:
        check()
    except Exception as error:
        key, message = getattr(error, "key", None), getattr(error, "message", None)
        if isinstance(error, UserError) or not isinstance(key, str) or not isinstance(message, str):
            raise
        raise _Text(text, shown).error(_path_of(f"$.{key}"), message) from None


# -- saying where -----------------------------------------------------------------------------------------------------


class _Text:
    """A file's text, for errors that name its lines."""

    def __init__(self, text: str, shown: str) -> None:
        self._lines = lines_of(text)
        self._shown = shown

    def error(self, path: Key, message: str) -> UserError:
        """An error at a key; where the key does not stand in the text, at what it would stand in."""
        known = path
        while known not in self._lines:
            known = known[:-1]
        return UserError(self._shown, self._lines[known], _spelled(path), message)


def _spelled(path: Key) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _path_of(where: str) -> Key:
    """`$.hospital[0].id` as a path; steps without a name (`[...]`) end it."""
    path: list[str | int] = []
    for found in _STEP.finditer(where):
        name, number = found.groups()
        if name is None and not number.isdecimal():
            break
        path.append(name if name is not None else int(number))
    return tuple(path)


def _syntax_error(text: str, shown: str, said: str) -> UserError:
    """What the TOML reader says, with the key of that line where there is one."""
    found = _AT_LINE.search(said)
    line = int(found.group(1)) if found else len(text.rstrip().splitlines()) or 1
    message = _AT_LINE.sub("", said).removesuffix(_AT_END)
    before = text.splitlines()[:line]
    assignment = re.match(r"\s*([\w.-]+)\s*=", before[-1]) if before else None
    headers = (re.match(r"\s*\[+\s*([\w.-]+)", earlier) for earlier in reversed(before))
    table = next((header.group(1) for header in headers if header), "")
    key = ".".join(part for part in (table, assignment.group(1)) if part) if assignment else ""
    return UserError(shown, line, key, _lower(message))


def _form_error(place: _Text, raw: dict[str, Any], into: type, said: str) -> UserError:
    """What msgspec says, in the words of a TOML file."""
    message, _, where = said.partition(" - at `")
    path = _path_of(where.rstrip("`"))
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", message)
    if unknown:
        name, known = unknown.group(1), _keys_at(into, path)
        return place.error((*path, name), f"unknown key{suggestion(name, known)} (known: {', '.join(known)})")
    missing = re.fullmatch(r"Object missing required field `(.*)`", message)
    if missing:
        return place.error((*path, missing.group(1)), "is missing")
    plain = message.replace("`object`", "a table").replace("`array`", "an array").replace("`float`", "`number`")
    expected, got, kind = plain.replace("`", "").partition(", got ")
    if "[...]" in where:  # a value of a free table: msgspec does not say which, only what it is
        return place.error(path, f"{_lower(expected)}{got}{kind}")
    return place.error(path, f"{_lower(expected)}, got {_shown_value(raw, path)}")


def _keys_at(into: type, path: Key) -> tuple[str, ...]:
    """The keys that a table may have."""
    info: Any = msgspec.inspect.type_info(into)
    for step in path:
        if isinstance(step, int):
            info = info.item_type
        elif isinstance(info, msgspec.inspect.StructType):
            info = next(field.type for field in info.fields if field.encode_name == step)
    return tuple(field.encode_name for field in info.fields)


def _shown_value(raw: Any, path: Key) -> str:  # noqa: ANN401 - whatever stands in the file
    value = raw
    for step in path:
        value = value[step]
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "an array" if value else "an empty array"
    return str(value)


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]


def write_schema(folders: Iterable[Path]) -> None:
    """Write the schema file."""
    for folder in folders:
        (folder / SCHEMA_NAME).write_text(schema_text(), "utf-8")


if __name__ == "__main__":
    write_schema([Path(str(resources.files(FOLDER).joinpath(SCHEMA_NAME))).parent])
