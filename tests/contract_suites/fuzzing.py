"""schemathesis over one API in process: the configuration, the checks it leaves out and why, and what came of a run.

Nothing is drawn but from the seed, nothing is kept between runs, and the API is fresh, so a run repeats itself exactly.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
import schemathesis
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.generation import GenerationMode

from mocks.kit.asgi import App, Receive, Scope, Send

SEED: Final = 7
EXAMPLES: Final = 30
STEPS: Final = 6
KNOWN_SHARE: Final = 0.7

CHECKS_OFF: Final = {
    "positive_data_acceptance": "a business rule may refuse what the schema allows (a closed period, an unknown order); "
    "`Run.unruly` asks instead that nothing but a rule does",
}
"""Built-in checks that are off, and the reason. Every other one is on, `ignored_auth` among them."""

_CONFIG: Final = {
    "seed": SEED,
    "workers": 1,
    "continue-on-failure": True,
    "generation": {"max-examples": EXAMPLES, "database": "none", "allow-extra-parameters": False},
    "phases": {"stateful": {"max-steps": STEPS, "generation": {"max-examples": EXAMPLES}}},
    "checks": {name: {"enabled": False} for name in CHECKS_OFF},
    "cache": {"enabled": False},
    # Constants found in whatever modules happen to be loaded would make the cases depend on the tests before.
    "analysis": {"constants": {"enabled": False}},
}

Values = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Link:
    """Where an operation's reply leads: what a client does next with a value it was given."""

    source: str
    status: str
    target: str
    values: Mapping[str, str]
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Api:
    """An API to fuzz. `known` are values that mean something to it, by `path.x`, `query.x` or `body.x`."""

    app: App
    document: str
    token: str
    known: Mapping[str, Values] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    key: str = ""
    """What goes where an API wants a signature."""
    rule: Callable[[Any], bool] = lambda _refusal: True
    """Whether a refusal's body speaks of a business rule rather than of the request's form."""


@dataclass(slots=True)
class Run:
    """What came of fuzzing one API."""

    cases: Counter[str] = field(default_factory=Counter)
    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    unruly: list[str] = field(default_factory=list)
    """Requests that fit the schema, and were refused for their form all the same."""
    digest: str = ""


def fuzz(api: Api) -> Run:
    """Run coverage, fuzzing and stateful phases against a fresh API."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(providers, "_get_local_constants", Constants)  # as for `analysis` above
        config = schemathesis.Config.from_dict(_config(api))
        schema = schemathesis.openapi.from_asgi(api.document, _Linked(api), config=config)
        return _collect(api, from_schema(schema).execute())


def _config(api: Api) -> dict[str, Any]:
    config: dict[str, Any] = dict(_CONFIG)
    schemes = {"bearer": {"bearer": api.token}} if api.token else {}
    if api.key:
        schemes["signature"] = {"api_key": api.key}
    if schemes:
        config["auth"] = {"openapi": schemes}
    if api.known:
        config["dictionaries"] = {_plain(place): {"values": list(values)} for place, values in api.known.items()}
        config["parameters"] = {place: {"dictionary": _plain(place), "probability": KNOWN_SHARE} for place in api.known}
    return config


def _plain(place: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in place)


class _Linked:
    """The API's application, with links put into its document on the way out."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._api.document or scope["method"] != "GET":
            await self._api.app(scope, receive, send)
            return
        parts: list[bytes] = []

        async def keep(message: Any) -> None:
            parts.append(message.get("body", b""))

        await self._api.app(scope, receive, keep)
        described = json.loads(b"".join(parts))
        for link in self._api.links:
            _put(described, link)
        body = json.dumps(described).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _put(described: Any, link: Link) -> None:
    operations = {
        operation["operationId"]: operation for methods in described["paths"].values() for operation in methods.values()
    }
    put: dict[str, Any] = {"operationId": link.target, "parameters": dict(link.values)}
    if link.body:
        put["requestBody"] = dict(link.body)
    operations[link.source]["responses"][link.status].setdefault("links", {})[link.target] = put


def _collect(api: Api, stream: Iterator[events.EngineEvent]) -> Run:
    run = Run()
    seen = hashlib.sha256()
    for event in stream:
        if isinstance(event, events.ScenarioFinished):
            for case_id, label in _cases(event.recorder):
                _note(api, run, seen, event, case_id, label)
            run.failures += _failures(event)
        elif isinstance(event, events.NonFatalError):
            run.failures.append(f"{event.label}: {event.value!r}")
        elif isinstance(event, events.FatalError):
            raise event.exception
    run.digest = seen.hexdigest()
    return run


def _cases(recorder: ScenarioRecorder) -> Iterator[tuple[str, str]]:
    for case_id in recorder.interactions:
        node = recorder.cases.get(case_id)
        yield case_id, node.value.operation.label if node else recorder.label


def _note(api: Api, run: Run, seen: Any, event: events.ScenarioFinished, case_id: str, label: str) -> None:
    interaction = event.recorder.interactions[case_id]
    request, response = interaction.request, interaction.response
    assert response is not None, f"{label} gave no reply"
    run.cases[event.phase.value] += 1
    run.statuses.setdefault(label, Counter())[response.status_code] += 1
    seen.update(repr((request.method, request.uri, request.encoded_body, response.status_code)).encode())
    meta = event.recorder.cases[case_id].value.meta if case_id in event.recorder.cases else None
    fits = meta is not None and meta.generation.mode == GenerationMode.POSITIVE
    if fits and response.status_code in {400, 422} and not api.rule(json.loads(response.content)):
        run.unruly.append(f"{label}: {response.content[:300].decode()}\n    {request.method} {request.uri}")


def _failures(event: events.ScenarioFinished) -> Iterator[str]:
    for checks in event.recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                title = f"{event.phase.value} {event.label or ''} {check.name}: {failure.title}"
                yield f"{title}\n    {failure.message}\n    {check.failure_info.code_sample[:1500]}"
