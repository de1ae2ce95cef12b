"""The few habits in which designs differ: how a send is keyed, what follows a failure, how a delivery is told from another.

The reference's habits are the defaults. Whoever compares designs replaces one of them and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from contracts.ports import Delivery
from orchestrator.connectors.base import Operation, Outcome
from orchestrator.engine.news import News
from orchestrator.engine.retry import Bury, Refuse, Rest, after_failure
from orchestrator.engine.sources import MINUTE_MS, STREAMS
from orchestrator.store.rows import Effect


def key_of_effect(effect: Effect) -> str:
    """Every send of an effect carries the effect's own key."""
    return effect.key


def id_at_source(news: News, delivery: Delivery) -> str:
    """A delivery brings what its source calls by that id, however often and under whatever delivery id it comes."""
    del delivery
    return news.id


@dataclass(frozen=True)
class Habits:
    """How this design behaves where designs differ; `streams` is its recurring work, `overlap_ms` what polls repeat."""

    wire_key: Callable[[Effect], str] = key_of_effect
    after_failure: Callable[[Outcome, Effect, Operation, int], Rest | Bury | Refuse] = after_failure
    identify: Callable[[News, Delivery], str] = id_at_source
    streams: tuple[str, ...] = STREAMS
    overlap_ms: int = 20 * MINUTE_MS
