"""The geometry of charts: bars or a line over time, on a plane of 100 by 100 that stretches to any width. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

LEVELS = (10, 15, 20, 30, 40, 50, 60, 80, 100)


class Bar(NamedTuple):
    """A bar that stands on the ground. `missing`: there is no value, and that is worse than any."""

    x: float
    y: float
    width: float
    height: float
    missing: bool = False


class Chart(NamedTuple):
    """What is drawn; `top` is the value at the upper edge, `limit` how far down a line to keep below lies."""

    top: int
    bars: Sequence[Bar]
    limit: float | None


def bars(
    values: Sequence[int | None], limit: int | None = None, missing: Sequence[bool] | None = None
) -> Chart:
    """A bar for each value, where there is one. Where `missing`, a bar as high as the plane."""
    none = missing or [False] * len(values)
    most = max([0, *(each for each in values if each is not None), (limit or 0) * 5 // 4])
    top = top_of(most)
    room = 100 / max(1, len(values))
    gap = room * (0.25 if len(values) < 60 else 0.1)
    found = []
    for place, (value, is_missing) in enumerate(zip(values, none, strict=True)):
        x, width = round(place * room + gap / 2, 3), round(room - gap, 3)
        if is_missing:
            found.append(Bar(x, 0, width, 100, missing=True))
        elif value:
            height = round(100 * value / top, 2)
            found.append(Bar(x, round(100 - height, 2), width, height))
    return Chart(top, found, None if limit is None else round(100 - 100 * limit / top, 2))


def top_of(most: int) -> int:
    """A round number that is not less: 10, 15, 20, 30, … 100, 150, 200 …; ten at least."""
    unit = 1
    while True:
        for level in LEVELS:
            if most <= level * unit:
                return level * unit
        unit *= 10
