"""Finds the design that a user names: one of ours by name, a file of theirs, or a module on their path.

`reference` · `designs/mine.py` (its `run`) · `designs/mine.py:other` · `package.module:attribute`. A design is
`async def run(ports, durable_dir)`; whatever is wrong with it is told in one line, before anything runs.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, Final, cast

from contracts.ports import Design
from sim.errors import UserError
from sim.scenario_rules import suggestion

PACKAGE: Final = "orchestrator.designs"
RUN: Final = "run"


def design_names() -> tuple[str, ...]:
    """The designs that come with the product; the first is the default."""
    listed = importlib.import_module(PACKAGE).DESIGNS
    return tuple(_name(member) for member in listed)


def load_design(text: str) -> tuple[str, Design]:
    """The design and the name it goes by in reports; an empty text means the default."""
    text = text or design_names()[0]
    file, attribute = _split(text)
    if file is not None:
        return _label(file.stem, attribute), _attribute(_module_at(file), attribute, file.as_posix())
    if ":" in text:
        module, _, attribute = text.partition(":")
        return text, _attribute(_module_named(module, text), attribute, text)
    names = design_names()
    if text in names:
        module = f"{PACKAGE}.{text.replace('-', '_')}"
        return text, _attribute(importlib.import_module(module), RUN, text)
    known = f"{', '.join(names)}, a file.py, or module:attribute"
    raise UserError(text, 0, "", f"no design has this name{suggestion(text, names)} (there are: {known})")


def design_file(text: str) -> Path | None:
    """The file that a user's text means, if it means one."""
    return _split(text)[0]


def _split(text: str) -> tuple[Path | None, str]:
    path, colon, attribute = text.rpartition(":")
    if colon and path.endswith(".py"):
        return Path(path), attribute
    if text.endswith(".py"):
        return Path(text), RUN
    return None, RUN


def _label(stem: str, attribute: str) -> str:
    return stem if attribute == RUN else f"{stem}:{attribute}"


def _name(member: object) -> str:
    """A member of `DESIGNS` by its name: a word, a module, or a function of one."""
    if not isinstance(member, str):
        member = getattr(member, "__module__", None) or getattr(member, "__name__", "")
    return str(member).rpartition(".")[2].replace("_", "-")


def _module_at(file: Path) -> ModuleType:
    shown = file.as_posix()
    if not file.is_file():
        raise UserError(shown, 0, "", "no such file")
    name = f"closeproof_design_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise UserError(shown, 0, "", "is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # classes look their module up by name while they are made
    sys.path.append(str(file.resolve().parent))  # what stands beside the design can be imported, and shadows nothing
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise _import_error(error, file) from error
    return module


def _module_named(name: str, text: str) -> ModuleType:
    sys.path.append(str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise UserError(text, 0, "", f"cannot be imported: {_said(error)}") from error


def _import_error(error: Exception, file: Path) -> UserError:
    """Where in the user's own file it went wrong."""
    shown = file.as_posix()
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).resolve() == file.resolve():
        return UserError(shown, error.lineno or 0, "", f"is not Python: {error.msg}")
    here = str(file.resolve())
    places = [
        at.lineno or 0 for at in traceback.extract_tb(error.__traceback__) if str(Path(at.filename).resolve()) == here
    ]
    return UserError(shown, places[-1] if places else 0, "", f"cannot be imported: {_said(error)}")


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _attribute(module: ModuleType, attribute: str, shown: str) -> Design:
    wanted = f"it must be `async def {attribute}(ports, durable_dir)`"
    found: Any = getattr(module, attribute, None)
    if found is None:
        named = [name for name, value in vars(module).items() if inspect.iscoroutinefunction(value)]
        near = f"; it has: {', '.join(named)}" if named else ""
        raise UserError(shown, 0, "", f"has no `{attribute}`{near} ({wanted})")
    called = found.func if isinstance(found, functools.partial) else found
    if not (inspect.iscoroutinefunction(called) or inspect.iscoroutinefunction(getattr(called, "__call__", None))):  # noqa: B004 - its type is the question
        raise UserError(shown, 0, "", f"`{attribute}` is not a coroutine function: {wanted}")
    try:
        inspect.signature(found).bind("ports", "durable_dir")
    except TypeError as error:
        raise UserError(
            shown, 0, "", f"`{attribute}` cannot be called with two arguments ({error}): {wanted}"
        ) from None
    return cast("Design", found)
