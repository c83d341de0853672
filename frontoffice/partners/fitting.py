"""Finding a time for each of many people: the arithmetic of a plan. No database, no clock."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import NamedTuple

from frontoffice.booking import sheet
from frontoffice.booking.models import Share
from frontoffice.partners.granting import Way

# From which shares a way may take on a sheet, and on which ticks, in the order of taking.
Open = Callable[["Leaf", Way], Sequence[tuple[Share, int]]]


class Window(NamedTuple):
    """When the appointments may lie: days from `first` to before `until`, between two times on the wall clock.

    `closes` 00:00 is the end of the day; `weekdays` has Monday as 0. `together` asks for as few days as possible.
    """

    first: date
    until: date
    opens: time = time(0)
    closes: time = time(0)
    weekdays: frozenset[int] = frozenset(range(7))
    together: bool = False

    def includes(self, day: date) -> bool:
        """Whether a day is one of the window's."""
        return self.first <= day < self.until and day.weekday() in self.weekdays


@dataclass(slots=True)
class Leaf:
    """A day sheet to try things on: one schedule on one day, and which services it offers."""

    id: int
    schedule_id: int
    day: date
    capacity: bytes
    taken: bytes
    gates: bytes
    services: frozenset[int]


class Need(NamedTuple):
    """What one person needs: a run of ticks on a schedule that offers all the services, in one of these ways."""

    number: int
    ticks: int
    services: frozenset[int]
    ways: tuple[Way, ...]


class Seat(NamedTuple):
    """Where somebody was put."""

    sheet_id: int
    schedule_id: int
    day: date
    tick: int
    way: Way


def fit(
    needs: Sequence[Need], leaves: Iterable[Leaf], is_open: Open, *, together: bool = False
) -> dict[int, Seat]:
    """Seats for as many as possible, by their numbers; the leaves are changed by what was taken.

    Everybody, in the order given, gets the earliest time that is left. To bring them together, the days on which
    most find a time are filled first.
    """
    days: dict[date, list[Leaf]] = {}
    for leaf in leaves:
        days.setdefault(leaf.day, []).append(leaf)
    order = sorted(days)
    if together and needs:
        order = _fullest_first(needs, days, is_open)
    seated: dict[int, Seat] = {}
    for day in order:
        waiting = [each for each in needs if each.number not in seated]
        if not waiting:
            break
        seated |= _fit_on(waiting, days[day], is_open)
    return seated


def _fullest_first(needs: Sequence[Need], days: dict[date, list[Leaf]], is_open: Open) -> list[date]:
    found: dict[date, int] = {}
    for day in sorted(days):
        copies = [_copy(leaf) for leaf in days[day]]
        found[day] = len(_fit_on(needs, copies, is_open))
        if found[day] == len(needs):
            return [day]
    return sorted(found, key=lambda day: (-found[day], day))


def _fit_on(needs: Sequence[Need], leaves: Sequence[Leaf], is_open: Open) -> dict[int, Seat]:
    seated = {}
    hopeless = set()  # whoever needs the same as somebody who found nothing finds nothing
    for need in needs:
        if need[1:] in hopeless:
            continue
        seat = _take_earliest(need, leaves, is_open)
        if seat is None:
            hopeless.add(need[1:])
        else:
            seated[need.number] = seat
    return seated


def _take_earliest(need: Need, leaves: Sequence[Leaf], is_open: Open) -> Seat | None:
    best: tuple[int, Leaf, Way, Share] | None = None
    for leaf in leaves:
        if not need.services <= leaf.services:
            continue
        free = sheet.free(leaf.capacity, leaf.taken)
        for way in need.ways:
            if leaf.schedule_id not in way.schedules:
                continue
            for share, allowed in is_open(leaf, way):
                bits = sheet.starts(free, share, need.ticks, allowed)
                tick = (bits & -bits).bit_length() - 1
                if bits and (best is None or tick < best[0]):
                    best = (tick, leaf, way, share)
    if best is None:
        return None
    tick, leaf, way, share = best
    leaf.taken = sheet.take(leaf.capacity, leaf.taken, share, tick, need.ticks)
    return Seat(leaf.id, leaf.schedule_id, leaf.day, tick, way)


def _copy(leaf: Leaf) -> Leaf:
    return Leaf(leaf.id, leaf.schedule_id, leaf.day, leaf.capacity, leaf.taken, leaf.gates, leaf.services)
