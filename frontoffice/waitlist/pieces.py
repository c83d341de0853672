"""Freed times on one sheet: which of them belong together, and how a part is cut out. No database, no clock."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from frontoffice.booking.models import Share


class Piece(NamedTuple):
    """Ticks of one share that a hold (`number`) keeps: from `first`, so many `ticks`."""

    number: int
    share: Share
    first: int
    ticks: int

    @property
    def end(self) -> int:
        """The first tick after it."""
        return self.first + self.ticks


class Cut(NamedTuple):
    """A part of a chain: where it begins, from which pieces it is made, and what of them is left over.

    A rest is (number of the piece that it is of, first tick, ticks).
    """

    first: int
    pieces: tuple[Piece, ...]
    rests: tuple[tuple[int, int, int], ...]


def chains(pieces: Iterable[Piece]) -> list[tuple[Piece, ...]]:
    """Pieces that follow each other without a gap, put together; those that lie side by side stay apart."""
    found: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda each: (each.share, each.first, each.number)):
        before = next(
            (each for each in found if each[-1].share == piece.share and each[-1].end == piece.first), None
        )
        if before is None:
            found.append([piece])
        else:
            before.append(piece)
    return [tuple(each) for each in found]


def cut(chain: tuple[Piece, ...], ticks: int, fits: Callable[[int], bool]) -> Cut | None:
    """The earliest part of `ticks` ticks whose first tick `fits`; None where there is none.

    It begins with a piece, or so many times its own length after the chain's beginning, or ends where the chain
    ends: so what is left over can still be used.
    """
    begin, end = chain[0].first, chain[-1].end
    starts = {*range(begin, end, ticks), end - ticks, *(piece.first for piece in chain)}
    for first in sorted(starts):
        if begin <= first <= end - ticks and fits(first):
            return _cut_out(chain, first, first + ticks)
    return None


def _cut_out(chain: tuple[Piece, ...], first: int, end: int) -> Cut:
    used = tuple(piece for piece in chain if piece.first < end and piece.end > first)
    rests = []
    for piece in used:
        if piece.first < first:
            rests.append((piece.number, piece.first, first - piece.first))
        if piece.end > end:
            rests.append((piece.number, end, piece.end - end))
    return Cut(first, used, tuple(rests))
