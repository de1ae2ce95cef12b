"""The command line. It reads what is asked, hands it on, and turns what went wrong into one line and an exit code.

0 pass · 1 failed · 2 usage or configuration · 3 harness error · 4 inconclusive · 130 interrupted. Each command imports
what it needs when it runs, so that `closeproof list` does not wait for the estate. What a command does stands elsewhere.
"""
# ruff: noqa: PLC0415 - lazy imports are what makes the start fast

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Final, NoReturn

from cyclopts import App, CycloptsError, Parameter, Token

from sim.errors import UserError

USAGE: Final = 2
HARNESS: Final = 3
INTERRUPTED: Final = 130


def _version() -> str:
    from importlib.metadata import version

    return f"closeproof {version('closeproof')}"


def _whole(_type: object, tokens: Sequence[Token]) -> int:
    """A whole number, and nothing that would have to be rounded to one."""
    try:
        return int(tokens[0].value)
    except ValueError:
        raise ValueError(f'"{tokens[0].value}" is not a whole number') from None


app = App(
    name="closeproof",
    help="Prove that an integration design survives the month-end close, before the month-end does.",
    help_epilogue="Exit codes: 0 pass · 1 failed · 2 usage or configuration · 3 harness error · 4 inconclusive · 130 "
    "interrupted. With --debug anywhere, errors come with their traceback.",
    version=_version,
    result_action="return_value",
    exit_on_error=False,
    print_error=False,
    suppress_keyboard_interrupt=False,
)

Scenario = Annotated[str, Parameter(help="A scenario by name (see: closeproof list), or the path of a TOML file.")]
Design = Annotated[
    str,
    Parameter(
        help="A design by name, file.py (its `run`), file.py:attribute, or module:attribute.", show_default=False
    ),
]
Seed = Annotated[int, Parameter(converter=_whole, help="The one seed; the same seed repeats the run bit for bit.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Write one JSON document to stdout.")]
Quiet = Annotated[bool, Parameter(name=["--quiet", "-q"], negative="", help="No progress, and only the verdict.")]


@app.command
def run(  # noqa: PLR0913 - one argument for each option
    scenario: Scenario,
    /,
    *,
    design: Design = "",
    seed: Seed = 1,
    scale: Annotated[float, Parameter(help="The volume, as a multiple of the scenario's.")] = 1.0,
    plan: Annotated[str, Parameter(help="A fault plan: exactly these faults, no weather.", show_default=False)] = "",
    out: Annotated[
        str, Parameter(help="The run directory; if left out, a fresh one below reports/out.", show_default=False)
    ] = "",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Run a scenario and judge the design."""
    from sim.cli_ask import Asked
    from sim.cli_run import command

    return command(Asked(scenario, design, seed, scale, plan), out=out, as_json=as_json, quiet=quiet)


@app.command
def check(scenario: Scenario, /) -> int:
    """Read a scenario; say what it would do, or with file, line and key what is wrong with it."""
    from sim.cli_list import check_command

    return check_command(scenario)


@app.command(name="list")
def list_(*, as_json: AsJson = False) -> int:
    """List scenarios, designs, faults, invariants and systems."""
    from sim.cli_list import list_command

    return list_command(as_json=as_json)


@app.command
def explain(code: Annotated[str, Parameter(help="I01, 4b, timeout-after-commit, 3, false_alarms_max, …")], /) -> int:
    """Say what an invariant, a fault, an exit code, a threshold or a category means."""
    from sim.explain import command

    return command(code)


@app.command
def replay(
    directory: Annotated[str, Parameter(help="What an earlier run left.")],
    /,
    *,
    design: Annotated[str, Parameter(help="The design, if its file has moved.", show_default=False)] = "",
    quiet: Quiet = False,
) -> int:
    """Run again what a run directory holds, and compare the digests."""
    from sim.replay import command

    return command(directory, design=design, quiet=quiet)


@app.command
def compare(  # noqa: PLR0913 - one argument for each option
    scenario: Scenario,
    /,
    *,
    designs: Annotated[str, Parameter(help="Two or more, with commas between; the others are paired with the first.")],
    seeds: Annotated[str, Parameter(help="How many (10), or which (3-7 or 1,5,9-12).")] = "10",
    scale: Annotated[float, Parameter(help="The volume, as a multiple of the scenario's.")] = 1.0,
    jobs: Annotated[int, Parameter(converter=_whole, help="Worker processes.")] = 2,
    out: Annotated[
        str, Parameter(help="Where page and document go; a fresh place below reports/out.", show_default=False)
    ] = "",
    as_json: AsJson = False,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="", help="No progress.")] = False,
) -> int:
    """Compare designs under the same months and the same faults, in counts and money."""
    from sim.cli_compare import Wish, command

    return command(Wish(scenario, designs, seeds, scale, jobs, out), as_json=as_json, quiet=quiet)


app.command("sim.cli_serve:serve", name="serve", help="Serve the estate over HTTP for a program of your own.")
app.command("sim.cli_serve:verdict", name="verdict", help="Wait until a served estate is at rest; its verdict.")
app.command(
    "sim.cli_serve:orchestrator", name="orchestrator", help="The reference orchestrator as a process of its own."
)
app.command("sim.cli_story:story", name="story")
app.command(
    "sim.cli_load:load",
    name="load",
    help="Play a scenario's close day as load on a served estate; judge figures and books.",
)


@app.command
def demo(
    *,
    out: Annotated[
        str, Parameter(help="The run directory; if left out, a fresh one below reports/out.", show_default=False)
    ] = "",
    quiet: Quiet = False,
) -> int:
    """Play a short month with a story in it: nothing to choose, over in seconds."""
    from sim.cli_demo import command

    return command(out=out, quiet=quiet)


def main() -> NoReturn:
    """The console script."""
    words = sys.argv[1:]
    debug = "--debug" in words
    sys.exit(guarded(lambda: app([word for word in words if word != "--debug"]), debug=debug))


def guarded(command: Callable[[], object], *, name: str = "closeproof", debug: bool = False) -> int:
    """Run a command; whatever goes wrong becomes one line on stderr and an exit code."""
    try:
        done = command()
        sys.stdout.flush()
    except (UserError, CycloptsError) as error:
        return _refuse(error, name, debug=debug)
    except KeyboardInterrupt:
        _say("interrupted: nothing was left behind")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read stdout has seen enough. Python would complain again when it closes it.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return HARNESS
    except Exception as error:  # noqa: BLE001 - the last resort: one line, and the traceback in a file
        return _confess(error, debug=debug)
    return done if isinstance(done, int) else 0


def _refuse(error: UserError | CycloptsError, name: str, *, debug: bool) -> int:
    """A user's mistake."""
    if debug:
        import traceback

        traceback.print_exception(error)
    if isinstance(error, CycloptsError):
        error.verbose = False
        name = " ".join((name, *(error.command_chain or ())))
        _say(f"{name}: {error} (see: {name} --help)")
    else:
        _say(str(error) if error.line else f"{name}: {error}")
    return USAGE


def _confess(error: Exception, *, debug: bool) -> int:
    """Our own mistake: where its traceback is."""
    import tempfile
    import traceback

    said = f"closeproof: harness error: {type(error).__name__}: {error}"
    if debug:
        traceback.print_exception(error)
        _say(said)
        return HARNESS
    with tempfile.NamedTemporaryFile(
        "w", prefix="closeproof-traceback-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        traceback.print_exception(error, file=file)
    _say(f"{said} (traceback: {file.name}; or use --debug)")
    return HARNESS


def _say(text: str) -> None:
    sys.stderr.write(" ".join(text.split()) + "\n")


if __name__ == "__main__":
    main()
