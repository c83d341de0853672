"""Small counts in tables that cross two properties, so that no single person can be read from them. Pure.

Who knows that somebody came at nine could learn from a cell with one visit what it was about. So numbers below three
are not shown there. Because sums are shown elsewhere, a number that is hidden alone in its row or column could be
worked out again: then the smallest other one of it is hidden as well, and be it nought.
"""

from collections.abc import Iterator, Sequence

LEAST = 3
BEYOND = 10**9  # nought is hidden last


def veiled(rows: Sequence[Sequence[int]]) -> list[list[int | None]]:
    """The table with None in place of what must not be shown. Nought is nobody and mostly stays."""
    shown: list[list[int | None]] = [
        [None if 0 < number < LEAST else number for number in row] for row in rows
    ]
    changed = True
    while changed:
        changed = False
        for line in _lines(shown):
            hidden = sum(shown[row][column] is None for row, column in line)
            others = [place for place in line if shown[place[0]][place[1]] is not None]
            if hidden == 1 and others:
                row, column = min(others, key=lambda place: shown[place[0]][place[1]] or BEYOND)
                shown[row][column] = None
                changed = True
    return shown


def _lines(rows: Sequence[Sequence[object]]) -> Iterator[list[tuple[int, int]]]:
    width = len(rows[0]) if rows else 0
    for row in range(len(rows)):
        yield [(row, column) for column in range(width)]
    if len(rows) > 1:
        for column in range(width):
            yield [(row, column) for row in range(len(rows))]
