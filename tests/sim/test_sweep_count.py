"""What many runs come to, counted by hand-made results."""

from __future__ import annotations

from msgspec.structs import replace

from contracts.plan import Weather
from contracts.scenario import Anomalies, Disguises
from contracts.verdict import AnomalyClass, AnomalyScore, FaultCount
from sim.scenario_file import load_scenario
from sim.sweep_count import FaultRuns, Recall, Result, counts

NOBODY = AnomalyScore(0, 0, 0, 0)


def result(*faults: FaultCount, anomalies: AnomalyScore = NOBODY) -> Result:
    """A run with these faults and anomalies."""
    return Result("s", 1, "pass", (), faults, anomalies, 0, 0, 0.0, "", "")


def score(false_alarms: int, *classes: tuple[str, bool, int, int]) -> AnomalyScore:
    """A score with its classes: what, held out, true, flagged."""
    true, flagged = sum(each[2] for each in classes), sum(each[3] for each in classes)
    return AnomalyScore(true, flagged, true - flagged, false_alarms, tuple(AnomalyClass(*each) for each in classes))


def test_a_kind_counts_once_for_each_run_in_which_it_took_effect() -> None:
    runs = [
        result(FaultCount("busy", 5, 3), FaultCount("crash", 1, 0)),
        result(FaultCount("busy", 2, 1)),
        result(FaultCount("busy", 4, 0)),
    ]
    assert counts(runs, ()).faults == (FaultRuns("busy", 2, 4, 11), FaultRuns("crash", 0, 0, 1))


def test_recall_is_by_class_and_what_was_held_out_is_apart() -> None:
    runs = [
        result(anomalies=score(1, ("price-variance", False, 3, 3), ("duplicate-halves", True, 2, 1))),
        result(anomalies=score(0, ("price-variance", False, 1, 0))),
    ]
    met = counts(runs, ()).anomalies
    assert met.classes == (
        Recall("price-variance", held_out=False, true=4, flagged=3, missed=1, recall=0.75),
        Recall("duplicate-halves", held_out=True, true=2, flagged=1, missed=1, recall=0.5),
    )
    assert (met.tuned.true, met.tuned.flagged, met.tuned.missed, met.tuned.recall) == (4, 3, 1, 0.75)
    assert (met.held_out.true, met.held_out.flagged, met.held_out.recall) == (2, 1, 0.5)
    assert (met.false_alarms, met.precision) == (1, 0.8)


def test_what_was_promised_and_never_met_is_counted_as_nought() -> None:
    quiet = load_scenario("quiet-week-invoices")[0]
    promising = replace(
        quiet,
        weather=(Weather("pause", "*.*", 0.1), Weather("crash", "*.*")),
        anomalies=Anomalies(price_variance=0.1),
        disguises=Disguises(held_out=0.1),
    )
    met = counts([result()], [quiet, promising])
    assert met.faults == (FaultRuns("pause", 0, 0, 0),)
    assert [(each.what, each.true, each.recall) for each in met.anomalies.classes] == [
        ("price-variance", 0, None),
        ("duplicate-digit-dropped", 0, None),
        ("duplicate-facility-code", 0, None),
        ("duplicate-halves", 0, None),
        ("duplicate-rekeyed", 0, None),
    ]
    assert met.anomalies.precision is None
