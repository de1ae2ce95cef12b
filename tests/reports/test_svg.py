"""Pictures: whole on the page, escaped, and drawn to scale."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as Xml  # noqa: ICN001 - a picture is XML

import pytest

from reports.svg import Frame, Scene, Series, areas, bars, compact, heat, heatmap, nice, number, picture, ranked

FRAME = Frame(width=400, height=100, left=40)
SCENE = Scene(3, ticks=((0.5, "5 Oct"),), marks=((1.5, "books close"),), spans=((0, 1, "peak & <more>"),))
EVIL = Series('<b onload="x">&', "s1", (1, 0, 3))


def drawn(parts: object) -> Xml.Element:
    """The picture, parsed: it must be well-formed, whatever it was given."""
    return Xml.fromstring(picture(FRAME, "a", "A <title>", 'says "so"', parts))  # type: ignore[arg-type]  # noqa: S314


@pytest.mark.parametrize(
    "parts",
    [
        lambda: bars(FRAME, SCENE, [EVIL], counted=True),
        lambda: areas(FRAME, SCENE, [EVIL]),
        lambda: heatmap(FRAME, SCENE, [EVIL], 20),
        lambda: ranked(FRAME, [(EVIL.name, "bad", 3.0, "<3>"), ("b", "bad", 0.0, "")], 20),
        lambda: bars(FRAME, Scene(0), [Series("none", "s1", ())]),
        lambda: ranked(FRAME, [], 20),
    ],
)
def test_every_picture_is_well_formed_named_and_described(parts: object) -> None:
    root = drawn(parts())  # type: ignore[operator]
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "a-t a-d"
    assert [(each.tag, each.get("id"), each.text) for each in root[:2]] == [
        ("title", "a-t", "A <title>"),
        ("desc", "a-d", 'says "so"'),
    ]
    assert not root.findall(".//b")


def test_bars_stand_on_one_another_and_to_scale() -> None:
    low, high = Series("low", "s1", (10,)), Series("high", "s2", (30,))
    frame = Frame(width=100, height=140, left=0, right=0, top=0, bottom=0)
    paths = [part for part in bars(frame, Scene(1), [low, high]) if part.startswith("<path") and 'class="s' in part]
    assert ['M14 105h72v35h-72z"' in paths[0], 'M14 0h72v105h-72z"' in paths[1]] == [True, True]


@pytest.mark.parametrize("most", [0, 1, 3, 4, 7, 10, 11, 99, 1495, 5162, 123_456])
def test_an_axis_is_round_covers_everything_and_has_few_steps(most: int) -> None:
    labels = nice(most)
    steps = {round(b - a, 6) for a, b in pairwise(labels)}
    assert labels[0] == 0
    assert labels[-1] >= most
    assert len(steps) == 1
    assert 1 <= len(labels) - 1 <= 5
    assert all(label == int(label) for label in labels)


def test_marks_that_would_cover_one_another_share_a_label() -> None:
    close = Scene(30, marks=((10.0, "books close"), (10.1, "faults end")))
    texts = [part for part in bars(FRAME, close, [Series("a", "s1", (1.0,) * 30)]) if 'class="marked"' in part]
    assert len(texts) == 1
    assert "books close, faults end" in texts[0]


def test_one_is_always_visible_and_the_most_is_the_warmest() -> None:
    assert [heat(value, 176) for value in (0, 1, 176)] == [0, 1, 5]
    assert heat(1, 1) == 1 + (5 * 0)
    warmth = [heat(value, 1000) for value in (1, 5, 30, 200, 1000)]
    assert warmth == sorted(set(warmth))


def test_numbers_are_short_and_the_same_everywhere() -> None:
    assert [number(value) for value in (1.0, 1.25, -0.01, 33.333)] == ["1", "1.2", "0", "33.3"]
    assert [compact(value) for value in (0, 950, 1200, 2000, 12_345)] == ["0", "950", "1.2k", "2k", "12k"]
