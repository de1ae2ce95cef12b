"""`closeproof serve` and `closeproof verdict`: the estate behind real HTTP, and what came of a program that was put to it."""

from __future__ import annotations

import asyncio
import secrets
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final, Literal, NoReturn

import httpx
import msgspec
from cyclopts import App, Parameter

from contracts.ports import Ports
from contracts.verdict import Summary
from reports import summary_json, terminal
from sim import rundir
from sim.cli_ask import Asked, Prepared, prepare, sound_plan
from sim.cli_run import EXIT_CODES, people
from sim.door.api import SPEED_MAX
from sim.door.client import Control, ControlError
from sim.door.server import listen, run_server
from sim.door.session import Session
from sim.door.stage import Terms
from sim.door.subject import Addresses, Subject
from sim.errors import UserError
from sim.faults.kind import REAL
from sim.scenario_file import load_plan

SUBJECT: Final = "subject"
SERVED: Final = "closeproof.served/1"
INCONCLUSIVE: Final = 4
QUIET_S: Final = 2.0

Named = Annotated[str, Parameter(help="A scenario by name (see: closeproof list), or the path of a TOML file.")]
Hook = Annotated[str, Parameter(help="Where webhooks go; {system} in it stands for the sender.", show_default=False)]
IdleUrl = Annotated[
    str, Parameter(name="--idle", help="Where the subject says whether it is idle.", show_default=False)
]


@dataclass(frozen=True)
class Wanted:
    """What is to be served, read and checked."""

    prepared: Prepared
    terms: Terms
    addresses: Addresses
    quiet_s: float


def serve(  # noqa: PLR0913 - one argument for each option
    scenario: Named,
    /,
    *,
    speed: Annotated[float, Parameter(help="Business seconds in a second of wall time.")] = 1.0,
    port: Annotated[int, Parameter(help="The port on 127.0.0.1; 0 takes a free one.")] = 8700,
    seed: Annotated[int, Parameter(help="The one seed: the same world, faults and secrets.")] = 1,
    scale: Annotated[float, Parameter(help="The volume, as a multiple of the scenario's.")] = 1.0,
    plan: Annotated[str, Parameter(help="A fault plan: exactly these faults, no weather.", show_default=False)] = "",
    capacity: Annotated[bool, Parameter(negative="", help="Lift limits: systems answer at once.")] = False,
    hook: Hook = "",
    idle_url: IdleUrl = "",
    name: Annotated[str, Parameter(help="What to call the program under test.")] = SUBJECT,
    quiet_s: Annotated[float, Parameter(help="Silence after which a subject without --idle counts as done.")] = QUIET_S,
    out: Annotated[
        str, Parameter(help="The run directory; if left out, a fresh one below reports/out.", show_default=False)
    ] = "",
    as_json: Annotated[
        bool, Parameter(name="--json", negative="", help="Once it is served, write its address and token to stdout.")
    ] = False,
) -> int:
    """Serve the estate over HTTP on this machine, until Ctrl-C; then judge what was done to it."""
    if not 0 < speed <= SPEED_MAX:
        raise UserError("--speed", 0, "", f"{speed:g} is not above 0 and at most {SPEED_MAX:g}")
    asked = Asked(scenario, "", seed, scale, plan)
    wanted = Wanted(_prepared(asked, name), Terms(speed, capacity), Addresses(hook, idle_url), quiet_s)
    Subject(name, quiet_s, addresses=wanted.addresses)  # what is wrong with them is said before anything starts
    return _serve(wanted, port, out, as_json=as_json)


def _prepared(asked: Asked, name: str) -> Prepared:
    """What `run` would read, but for the design: that is a program of its own."""
    prepared = prepare(replace(asked, plan=""))
    plan = load_plan(asked.plan, sound_plan(prepared.scenario, REAL)) if asked.plan else None
    return replace(prepared, asked=asked, design_name=name, design=_outside, plan=plan)


async def _outside(ports: Ports, durable_dir: Path) -> NoReturn:
    """Stand for a design that runs in a process of its own."""
    raise NotImplementedError(ports, durable_dir)


def _serve(wanted: Wanted, port: int, out: str, *, as_json: bool) -> int:
    prepared = wanted.prepared
    console = people()
    asked = prepared.asked
    with (
        listen(port) as listening,
        rundir.Workshop(out, f"{prepared.scenario.name}-{prepared.design_name}-{asked.seed}") as workshop,
    ):
        options = replace(prepared.options(workshop.path), replay=_again(wanted))
        token = secrets.token_hex(16)  # it guards a real door, so nobody may work it out from the seed

        def make(base_url: str) -> Session:
            subject = Subject(prepared.design_name, wanted.quiet_s, addresses=wanted.addresses)
            return Session(options, wanted.terms, subject, token, base_url)

        def ready(session: Session) -> None:
            console.print(f"serving {prepared.in_words()} · speed {wanted.terms.speed:g}", soft_wrap=True)
            for line in _greeting(session, token):
                console.print(line, soft_wrap=True)
            if as_json:
                served = {"schema": SERVED, "url": session.base_url, "token": token}
                sys.stdout.write(msgspec.json.encode(served).decode() + "\n")
                sys.stdout.flush()

        summary = run_server(listening, make, ready)
        rundir.write(workshop.path, prepared, summary)
        left_in = workshop.publish()
    show(summary, left_in)
    return EXIT_CODES[summary.verdict]


def _again(wanted: Wanted) -> str:
    served = wanted.prepared.asked.command(wanted.prepared.design_name).split(" ")
    at = served.index("--design")
    return " ".join(["closeproof", "serve", *served[2:at], *served[at + 2 :], "--speed", f"{wanted.terms.speed:g}"])


def _greeting(session: Session, token: str) -> list[str]:
    """All that somebody needs who has just started it."""
    base, settings = session.base_url, session.stage.estate.settings
    ignored = session.stage.unsupported_weather()
    note = [f"ignored here: {', '.join(ignored)} (not to be had behind the real door)"] if ignored else []
    return [
        *note,
        f"systems          {base}/<system>   (OpenAPI: {base}/<system>/openapi.json)",
        f"client           {settings['client_id']} {settings['client_secret']}   (token: {base}/identity/oauth2/token)",
        f"webhook secret   {settings['webhook_secret']}",
        f"control plane    {base}/_estate   token {token}",
        f"end              Ctrl-C, or: closeproof verdict {base} --token {token}",
        "The clock waits for the first call.",
    ]


def show(summary: Summary, left_in: str = "") -> None:
    """The summary for people."""
    console = people()
    lines = rundir.entries_for(Path(left_in) / "events.jsonl", terminal.evidence_lines(summary)) if left_in else {}
    terminal.show(summary, console, lines, left_in)


def verdict(
    url: Annotated[str, Parameter(help="Where the estate is served: http://127.0.0.1:8700.")],
    /,
    *,
    token: Annotated[str, Parameter(help="The control plane's token.")],
    timeout: Annotated[float, Parameter(help="How many seconds of wall time to wait for the end.")] = 600.0,
    advance: Annotated[
        bool, Parameter(negative="", help="Go step by step with the subject instead of by the wall clock.")
    ] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="", help="Write one JSON document to stdout.")] = False,
) -> int:
    """Wait until a served estate and its subject are at rest; print the verdict, and exit with it."""
    summary = _settled(url.rstrip("/"), token, timeout, advance=advance)
    if summary is None:
        sys.stderr.write(f"closeproof: not settled within {timeout:g} s; nothing was judged\n")
        return INCONCLUSIVE
    show(summary)
    if as_json:
        sys.stdout.buffer.write(summary_json.encode(summary))
        sys.stdout.flush()
    return EXIT_CODES[summary.verdict]


def _settled(url: str, token: str, timeout_s: float, *, advance: bool) -> Summary | None:
    try:
        with Control(url, token) as control:
            return control.settled(timeout_s, advance=advance)
    except ControlError as error:
        if error.status == httpx.codes.UNAUTHORIZED:
            raise UserError("--token", 0, "", "is not the token that this estate printed when it was served") from None
        raise UserError(url, 0, "", str(error).removeprefix(url).strip()) from None


orchestrator = App(name="orchestrator", help="The reference orchestrator as a process of its own.")


@orchestrator.command(name="serve")
def orchestrator_serve(  # noqa: PLR0913 - one argument for each option
    *,
    estate: Annotated[str, Parameter(help="Where the estate is served: http://127.0.0.1:8700.")],
    token: Annotated[str, Parameter(help="The estate's control plane token, for settings and the clock.")],
    db: Annotated[str, Parameter(help="The directory of its database; what is there is taken up again.")],
    port: Annotated[int, Parameter(help="The port on 127.0.0.1; 0 takes a free one.")] = 8701,
    worker: Annotated[str, Parameter(help="Its name; the same again after a restart.")] = "w1",
    sync: Annotated[Literal["normal", "full"], Parameter(help="full: survive the machine's death, too.")] = "normal",
    audit: Annotated[bool, Parameter(help="Keep a hash-chained account of all that is written.")] = True,
    grant: Annotated[tuple[str, ...], Parameter(help="Who may replay whose dead letters: ann=H1,H2, or ann=*.")] = (),
) -> int:
    """Work for a served estate until SIGTERM: webhooks, calls, cases, all of it durable."""
    from orchestrator.service import serve as service  # noqa: PLC0415 - only here

    def ready(url: str, api_token: str) -> None:
        sys.stderr.write(f"orchestrator at {url}   read API token {api_token}\n")

    def granted(actor: str, grant_token: str) -> None:
        sys.stderr.write(f"grant for {actor}   {grant_token}\n")

    grants = tuple(_grant(each) for each in grant)
    with listen(port) as listening:
        options = service.Options(estate, token, Path(db), listening, worker, sync, audit, ready, grants, granted)
        try:
            asyncio.run(service.serve(options))
        except service.ServiceError as error:
            raise UserError("orchestrator", 0, "", str(error)) from None
        except OSError as error:
            raise UserError(db, 0, "", f"cannot be used: {error.strerror}") from None
    return 0


def _grant(text: str) -> tuple[str, tuple[str, ...]]:
    """`ann=H1,H2`."""
    actor, _, entities = text.partition("=")
    if not actor or not entities:
        raise UserError("--grant", 0, "", f"{text!r} does not say who and for which hospitals: ann=H1,H2")
    return actor, tuple(entities.split(","))


@orchestrator.command(name="verify")
def orchestrator_verify(db: Annotated[str, Parameter(help="The directory of its database.")]) -> int:
    """S01: its audit's chain is whole, and every row is what was written. It may be at work meanwhile."""
    from orchestrator.store.verify import verify  # noqa: PLC0415 - only here

    if not (Path(db) / "orchestrator.db").is_file():
        raise UserError(db, 0, "", "holds no orchestrator.db")
    checked = verify(Path(db))
    if checked.broken:
        sys.stderr.write(f"S01 fails after {checked.links} links: {checked.broken}\n")
        return 1
    sys.stdout.write(f"S01 passes: {checked.links} links, {checked.rows} rows, head {checked.head}\n")
    return 0
