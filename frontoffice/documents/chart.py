"""The chart of the forecast: where its bars and its line stand, in the units of the drawing."""

from collections.abc import Sequence
from dataclasses import dataclass

from frontoffice.documents.renewals import Week

WIDTH, HEIGHT = 780, 260
LEFT, BOTTOM, TOP = 44, 30, 12
STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Bar:
    """A week: the bar of what ends, and the level of the seats."""

    x: float
    width: float
    y: float
    height: float
    level: float
    week: Week


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything to be drawn. `lines` are pairs of a height and the number that stands there."""

    width: int
    height: int
    left: int
    base: int
    bars: list[Bar]
    lines: list[tuple[float, int]]


def chart(weeks: Sequence[Week]) -> Chart:
    """The chart of some weeks."""
    step = _step(max([1, *(each.ending for each in weeks), *(each.seats for each in weeks)]))
    most = step * 4
    base = HEIGHT - BOTTOM
    scale = (base - TOP) / most
    room = (WIDTH - LEFT) / max(1, len(weeks))
    bars = [
        Bar(
            x=round(LEFT + number * room + room * 0.15, 1),
            width=round(room * 0.7, 1),
            y=round(base - each.ending * scale, 1),
            height=round(each.ending * scale, 1),
            level=round(base - each.seats * scale, 1),
            week=each,
        )
        for number, each in enumerate(weeks)
    ]
    lines = [(round(base - step * number * scale, 1), step * number) for number in range(5)]
    return Chart(WIDTH, HEIGHT, LEFT, base, bars, lines)


def _step(largest: int) -> int:
    """A round number of which four are at least the largest."""
    power = 1
    while True:
        for each in STEPS:
            if each * power * 4 >= largest:
                return each * power
        power *= 10
