"""Pictures as text: stacked bars, areas, heat maps and ranked bars, drawn by pure functions into byte-stable SVG.

Nothing here knows what a run is. Colours are classes, so that the page's style sheet decides them, light or dark; each
picture has a title and a description for those who cannot see it. Whatever text comes in goes out escaped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

LETTER_PX: Final = 6.3
"""How wide a letter of a label is, about."""
HEAT_STEPS: Final = 5
BAR_PX_MAX: Final = 72.0
"""A bar wider than this is a wall."""


@dataclass(frozen=True)
class Frame:
    """The size of a picture and the margins round its plot, in pixels."""

    width: int
    height: int
    left: int
    right: int = 12
    top: int = 18
    bottom: int = 24

    @property
    def right_x(self) -> float:
        """Where the plot ends."""
        return self.width - self.right

    @property
    def base_y(self) -> float:
        """Where the plot stands."""
        return self.height - self.bottom

    def x(self, place: float, places: int) -> float:
        """The position of a place on the horizontal axis."""
        return self.left + (self.right_x - self.left) * place / max(1, places)

    def y(self, value: float, most: float) -> float:
        """The position of a value on the vertical axis."""
        return self.base_y - (self.base_y - self.top) * value / (most or 1)


@dataclass(frozen=True)
class Series:
    """Values of one kind, one for each place; `tone` is the class that colours them."""

    name: str
    tone: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Scene:
    """What all pictures over the same places share: ticks (place, label), marked moments, shaded spans."""

    places: int
    ticks: tuple[tuple[float, str], ...] = ()
    marks: tuple[tuple[float, str], ...] = ()
    spans: tuple[tuple[float, float, str], ...] = ()


def number(value: float) -> str:
    """A coordinate, to a tenth of a pixel, without needless digits."""
    said = f"{value:.1f}".removesuffix(".0")
    return "0" if said == "-0" else said


def nice(most: float) -> tuple[float, ...]:
    """Round counts from nought to the largest or a little above it, about five of them."""
    raw = max(most, 1) / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = max(1.0, next(power * share for share in (1, 2, 5, 10) if power * share >= raw))
    return tuple(step * n for n in range(math.ceil(max(most, 1) / step) + 1))


def picture(frame: Frame, name: str, title: str, description: str, parts: Iterable[str]) -> str:
    """The whole picture. `name` must be its own on the page."""
    key = escape(name)
    head = (
        f'<svg class="chart" viewBox="0 0 {frame.width} {frame.height}" role="img" '
        f'aria-labelledby="{key}-t {key}-d"><title id="{key}-t">{escape(title)}</title>'
        f'<desc id="{key}-d">{escape(description)}</desc>'
    )
    return head + "".join(parts) + "</svg>"


def text(x: float, y: float, said: str, kind: str = "tick", anchor: str = "start") -> str:
    """A label."""
    at = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text class="{kind}" x="{number(x)}" y="{number(y)}"{at}>{escape(said)}</text>'


def rect(  # noqa: PLR0913 - what a rectangle is
    x: float, y: float, width: float, height: float, kind: str, more: str = ""
) -> str:
    """A rectangle; `more` is markup of ours."""
    return f'<rect class="{kind}" x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"' + (
        f">{more}</rect>" if more else "/>"
    )


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line."""
    return f'<path class="{kind}" d="M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}"/>'


def legend(series: Sequence[Series], x: float, y: float, *, across: bool) -> Iterator[str]:
    """What the colours mean: one below the other, or in a row."""
    for each in series:
        yield rect(x, y - 8, 9, 9, each.tone)
        yield text(x + 14, y, each.name, "legend")
        if across:
            x += 26 + LETTER_PX * len(each.name)
        else:
            y += 17


def _stage(frame: Frame, scene: Scene, labels: Sequence[float], most: float) -> Iterator[str]:
    """What stands behind the values: shaded spans, the value axis, the ticks."""
    for begin, end, said in scene.spans:
        x = frame.x(begin, scene.places)
        more = f"<title>{escape(said)}</title>" if said else ""
        kind = "span named" if said else "span"
        yield rect(x, frame.top, frame.x(end, scene.places) - x, frame.base_y - frame.top, kind, more)
    for value in labels:
        y = frame.y(value, most)
        yield line(frame.left, y, frame.right_x, y, "axis" if not value else "grid")
        yield text(frame.left - 6, y + 3.5, compact(value), anchor="end")
    yield from ticks(frame, scene)


def ticks(frame: Frame, scene: Scene) -> Iterator[str]:
    """The labels below the plot; those that would run into one another are left out."""
    free = 0.0
    for place, said in scene.ticks:
        x, half = frame.x(place, scene.places), LETTER_PX * len(said) / 2
        if x - half < free or x + half > frame.width:
            continue
        free = x + half + 8
        yield line(x, frame.base_y, x, frame.base_y + 4, "axis")
        yield text(x, frame.base_y + 16, said, anchor="middle")


def marks(frame: Frame, scene: Scene) -> Iterator[str]:
    """The moments that matter, drawn over the values."""
    together: list[tuple[float, str]] = []
    for place, said in sorted(scene.marks):
        x = frame.x(place, scene.places)
        yield line(x, frame.top - 4, x, frame.base_y, "mark")
        if together and x - together[-1][0] < LETTER_PX * len(said) + 8:
            together[-1] = (x, f"{together[-1][1]}, {said}")
        else:
            together.append((x, said))
    for x, said in together:
        half = LETTER_PX * len(said) / 2
        middle = min(max(x, frame.left + half), frame.width - half)
        yield text(middle, frame.top - 7, said, "marked", "middle")


def bars(frame: Frame, scene: Scene, series: Sequence[Series], *, counted: bool = False) -> Iterator[str]:
    """Stacked bars, one for each place; `counted` writes the sums over them."""
    tops = [sum(each.values[n] for each in series) for n in range(scene.places)]
    labels = nice(max(tops, default=0) * (1.12 if counted else 1))
    yield from _stage(frame, scene, labels, labels[-1])
    room = (frame.right_x - frame.left) / max(1, scene.places)
    wide = min(BAR_PX_MAX, room - min(2.0, room * 0.2))
    stood = [0.0] * scene.places
    for each in series:
        path = []
        for n, value in enumerate(each.values):
            if value:
                y = frame.y(stood[n] + value, labels[-1])
                height = frame.y(stood[n], labels[-1]) - y
                stood[n] += value
                path.append(
                    f"M{number(frame.x(n, scene.places) + (room - wide) / 2)} {number(y)}"
                    f"h{number(wide)}v{number(height)}h-{number(wide)}z"
                )
        if path:
            yield f'<path class="{each.tone}" d="{"".join(path)}"><title>{escape(each.name)}</title></path>'
    for n, total in enumerate(tops if counted else ()):
        if total:
            x = frame.x(n + 0.5, scene.places)
            yield text(x, frame.y(total, labels[-1]) - 4, compact(total), "label", "middle")
    yield from marks(frame, scene)


def areas(frame: Frame, scene: Scene, series: Sequence[Series]) -> Iterator[str]:
    """Filled lines from nought, the first at the back; a value holds until the next."""
    labels = nice(max((value for each in series for value in each.values), default=0))
    yield from _stage(frame, scene, labels, labels[-1])
    for each in series:
        if not any(each.values):
            continue
        count = len(each.values)
        step = (frame.right_x - frame.left) / count
        way = "".join(f"V{number(frame.y(value, labels[-1]))}h{number(step)}" for value in each.values)
        start = f"M{number(frame.left)} {number(frame.base_y)}"
        name = f"<title>{escape(each.name)}</title>"
        yield f'<path class="{each.tone} area" d="{start}{way}V{number(frame.base_y)}z">{name}</path>'
    yield from marks(frame, scene)


def heat(value: float, most: float) -> int:
    """How warm a cell is: 0 for nothing, else 1 to 5, by orders of magnitude, so that one is always visible."""
    if value <= 0:
        return 0
    return 1 + min(HEAT_STEPS - 1, math.floor(HEAT_STEPS * math.log(value) / math.log(max(most, 1) + 1)))


def heatmap(frame: Frame, scene: Scene, rows: Sequence[Series], row_height: float) -> Iterator[str]:
    """A row for each series, a cell for each place; figures in the cells where there is room."""
    most = max((value for row in rows for value in row.values), default=0)
    wide = (frame.right_x - frame.left) / max(1, scene.places)
    for begin, end, said in scene.spans:
        x = frame.x(begin, scene.places)
        more = f"<title>{escape(said)}</title>" if said else ""
        kind = "span named" if said else "span"
        yield rect(x, frame.top, frame.x(end, scene.places) - x, row_height * len(rows), kind, more)
    for n, row in enumerate(rows):
        y = frame.top + n * row_height
        yield text(frame.left - 8, y + row_height / 2 + 3.5, row.name, "label", "end")
        yield line(frame.left, y + row_height, frame.right_x, y + row_height, "grid")
        for place, value in enumerate(row.values):
            warmth = heat(value, most)
            if not warmth:
                continue
            x = frame.x(place, scene.places)
            yield rect(x + 0.5, y + 1, wide - 1, row_height - 2, f"heat h{warmth}")
            said = compact(value)
            if LETTER_PX * len(said) < wide:
                yield text(x + wide / 2, y + row_height / 2 + 3.5, said, f"cell h{warmth}", "middle")
    yield from ticks(frame, scene)
    yield from marks(frame, scene)


def ranked(frame: Frame, rows: Sequence[tuple[str, str, float, str]], row_height: float) -> Iterator[str]:
    """A bar for each row (name, tone, value, what to write beside it), all from the same edge."""
    most = max((value for _, _, value, _ in rows), default=0)
    room = max((LETTER_PX * len(said) for _, _, _, said in rows), default=0) + 8
    for n, (name, tone, value, said) in enumerate(rows):
        y = frame.top + n * row_height
        length = (frame.right_x - frame.left - room) * value / (most or 1)
        yield text(frame.left - 8, y + row_height / 2 + 3.5, name, "label", "end")
        yield rect(frame.left, y + 3, max(length, 1.5 if value else 0), row_height - 6, tone)
        yield text(frame.left + length + 6, y + row_height / 2 + 3.5, said, "label")
    yield line(frame.left, frame.top, frame.left, frame.top + row_height * len(rows), "axis")


def compact(value: float) -> str:
    """A count in few letters: `950`, `1.2k`, `12k`."""
    if value >= 10_000:
        return f"{value / 1000:.0f}k"
    if value >= 1000:
        return f"{value / 1000:.1f}".removesuffix(".0") + "k"
    return f"{value:.2f}".rstrip("0").rstrip(".")
