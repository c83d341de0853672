"""Everybody's place and expected wait, from a picture of the line. No database, no clock.

The picture is played through by `expected` with the rules of `order`: who is called next, and by whom.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import log
from typing import NamedTuple
from zoneinfo import ZoneInfo

from frontoffice.line import expected, order
from frontoffice.line.expected import HALF_HOUR, Coming, Desk, Duration, Range
from frontoffice.line.experience import PLANNED_FOR_UNKNOWN, UNKNOWN_CONCERN, Experience
from frontoffice.line.order import Post, Rules, Waiting, Wish

# So many people are played at most; a longer line is played less often, for the same work.
WORK = 20_000
FEWEST_RUNS = 20
# Beyond that nobody can say anything about a day.
HORIZON = timedelta(hours=6)
HALF_HOURS = HORIZON // HALF_HOUR + 1

# Behind everybody who came in the same moment.
_LAST = 10**6


class Visitor(NamedTuple):
    """Somebody in the line, or expected there. `share`: of the service's minutes, two where a family comes."""

    ticket: Waiting
    wish: Wish
    share: float = 1.0
    back_at: datetime | None = None  # when somebody who has gone away wants to be there again


class Staffed(NamedTuple):
    """A counter, and since when it has had its visitor, if it has one. `room` is where people wait for it."""

    post: Post
    room: str = ""
    is_open: bool = True
    visitor: Visitor | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """An office's line at a moment. `coming` have an appointment and are not there; `services`: minutes planned."""

    at: datetime
    time_zone: str
    line: Sequence[Visitor]
    counters: Sequence[Staffed]
    away: Sequence[Visitor] = ()
    coming: Sequence[Visitor] = ()
    services: Mapping[int, float] = field(default_factory=dict)


class Expected(NamedTuple):
    """How many are called before this one, counted among those who wait for the same counters, and the wait.

    `ahead` is None for one who came after the last look.
    """

    ahead: int | None
    wait: Range | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What can be said to everybody: by ticket id, and by service id to those who would come now.

    `walk_in` and `on_time` are for people without and with an appointment at this moment; None is a concern that
    is to be clarified. `plain` are the waits as they were worked out, before experience has widened them.
    """

    at: datetime
    tickets: Mapping[int, Expected]
    walk_in: Mapping[int | None, Range]
    on_time: Mapping[int | None, Range]
    plain: Mapping[int, Range]


class _Kinds:
    """Numbers for what counters tell apart: the wish of a ticket, and how much of a service it is."""

    def __init__(self, picture: Picture, experience: Experience) -> None:
        self.picture, self.experience = picture, experience
        self.numbers: dict[tuple[Wish, float], int] = {}
        self.durations: dict[int, Duration] = {}

    def of(self, visitor: Visitor) -> int:
        key = (visitor.wish, visitor.share)
        if key not in self.numbers:
            self.numbers[key] = number = len(self.numbers) + 1
            self.durations[number] = self._duration(*key)
        return self.numbers[key]

    def taken_by(self, post: Post) -> frozenset[int]:
        return frozenset(
            number for (wish, _share), number in self.numbers.items() if order.may_call(wish, post)
        )

    def _duration(self, wish: Wish, share: float) -> Duration:
        service = wish.service_id or UNKNOWN_CONCERN
        planned = self.picture.services.get(service, PLANNED_FOR_UNKNOWN)
        usual = self.experience.duration(service, planned)
        return usual._replace(mean=usual.mean + log(share))


def look_ahead(picture: Picture, experience: Experience, rules: Rules) -> Outlook:
    """The place and the expected wait of everybody."""
    kinds = _Kinds(picture, experience)
    line = [(visitor.ticket, kinds.of(visitor)) for visitor in picture.line]
    coming = _coming(picture, experience, kinds)
    asking = _probes(picture)
    probes = [(visitor.ticket, kinds.of(visitor)) for visitor in asking]
    desks = [_desk(picture, counter, kinds) for counter in picture.counters]
    desks = [
        desk._replace(services=kinds.taken_by(counter.post))
        for desk, counter in zip(desks, picture.counters, strict=True)
    ]
    waits = expected.waits(
        line,
        desks,
        coming,
        kinds.durations,
        picture.at,
        rules,
        probes=probes,
        ahead=experience.ahead(picture.at.astimezone(ZoneInfo(picture.time_zone)))[:HALF_HOURS],
        runs=max(FEWEST_RUNS, min(expected.RUNS, WORK // (len(line) + len(coming) + len(probes) + 1))),
        until=HORIZON,
    )
    ranges = {ticket: expected.widened(wait, experience.widening) for ticket, wait in waits.items()}
    ahead = _ahead(line, desks, picture.at, rules)
    by_probe = [(visitor, ranges.get(visitor.ticket.id)) for visitor in asking]
    return Outlook(
        picture.at,
        {ticket: Expected(before, ranges.get(ticket)) for ticket, before in ahead.items()},
        {each.wish.service_id: wait for each, wait in by_probe if wait and each.ticket.due_at is None},
        {each.wish.service_id: wait for each, wait in by_probe if wait and each.ticket.due_at is not None},
        {ticket: waits[ticket] for ticket in ahead if ticket in waits},
    )


def said_later(wait: Range, passed: timedelta) -> Range:
    """A range that was worked out a moment ago, as it is now."""
    return Range(*(max(each - passed, timedelta()) for each in wait))


def rooms(wish: Wish, counters: Collection[Staffed]) -> list[str]:
    """Where people wait for the counters that may call somebody: for open ones, if there are any."""
    able = [each for each in counters if order.may_call(wish, each.post)]
    able = [each for each in able if each.is_open] or able
    return sorted({each.room for each in able if each.room})


def _desk(picture: Picture, counter: Staffed, kinds: _Kinds) -> Desk:
    if counter.visitor is None or counter.since is None:
        return Desk(frozenset(), counter.is_open)
    busy = max((picture.at - counter.since) / timedelta(minutes=1), 0.0)
    return Desk(frozenset(), counter.is_open, kinds.of(counter.visitor), busy)


def _coming(picture: Picture, experience: Experience, kinds: _Kinds) -> list[Coming]:
    found = [
        Coming(visitor.ticket, kinds.of(visitor), 1.0, visitor.back_at)
        for visitor in picture.away
        if visitor.back_at is not None
    ]
    for visitor in picture.coming:
        due_at = visitor.ticket.due_at
        if due_at is None:
            continue
        likely, about = experience.comes(due_at, picture.at)
        if likely > 0:
            ticket = visitor.ticket._replace(arrived_at=max(about, picture.at))
            found.append(Coming(ticket, kinds.of(visitor), likely))
    return found


def _probes(picture: Picture) -> list[Visitor]:
    """Somebody for each concern, without an appointment and with one at this moment."""
    concerns: list[int | None] = [None, *(each for each in picture.services if each != UNKNOWN_CONCERN)]
    dues = (None, picture.at)
    pairs = [(concern, due_at) for concern in concerns for due_at in dues]
    lowest = min((each.ticket.id for each in picture.coming), default=0)
    return [
        Visitor(Waiting(min(lowest, 0) - place, "~", _LAST, picture.at, due_at), Wish(concern))
        for place, (concern, due_at) in enumerate(pairs, start=1)
    ]


def _ahead(
    line: Sequence[tuple[Waiting, int]], desks: Sequence[Desk], now: datetime, rules: Rules
) -> dict[int, int]:
    """How many are before each one, of those for whom one of the same counters is open."""
    kind_of = {ticket.id: kind for ticket, kind in line}
    serving = [desk.services for desk in desks if desk.open] or [desk.services for desk in desks]
    rivals: dict[int, set[int]] = {kind: {kind} for kind in kind_of.values()}
    for services in serving:
        for kind in services & rivals.keys():
            rivals[kind] |= services
    before = dict.fromkeys(rivals, 0)
    found = {}
    for ticket in order.in_order((ticket for ticket, _kind in line), now, rules):
        kind = kind_of[ticket.id]
        found[ticket.id] = sum(before[rival] for rival in rivals[kind] if rival in before)
        before[kind] += 1
    return found
