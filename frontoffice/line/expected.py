"""How long the people in the line will wait: the rest of the day is played through, many times over.

The play calls people with the very function that calls them in reality (`order`), at the counters that are
open now, each with the services it takes. How long visits last is drawn anew in each run from what this
office has measured; who has an appointment and is not there yet comes, or does not, as often as usual. The
answer is the range in which eight of ten runs ended. No database, no clock, no chance beyond the seed.
"""

import heapq
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from math import exp, log, sqrt
from statistics import NormalDist
from typing import NamedTuple

from frontoffice.line import order
from frontoffice.line.order import Place, Rules, Waiting

RUNS = 60
LOW, HIGH = 0.1, 0.9

# Before a service has been measured: visits last as planned, give or take, and weigh as much as ten visits.
PRIOR_SPREAD = 0.5
PRIOR_VISITS = 10

_STANDARD = NormalDist()


class Duration(NamedTuple):
    """How long a visit occupies a counter, from call to call: the logarithm of its minutes, mean and spread."""

    mean: float
    spread: float

    def drawn(self, chance: random.Random, after: float = 0.0) -> float:
        """Minutes of a visit that has lasted `after` minutes already and is not over yet: what is left of it."""
        gone = _STANDARD.cdf((log(after) - self.mean) / self.spread) if after > 0 else 0.0
        level = min(max(gone + (1 - gone) * chance.random(), 1e-9), 1 - 1e-9)
        return max(exp(self.mean + self.spread * _STANDARD.inv_cdf(level)) - after, 0.5)


class Desk(NamedTuple):
    """A counter: the services it takes, and for how many minutes it has had its visitor, if it has one."""

    services: frozenset[int]
    open: bool = True
    serving: int | None = None  # the service of its visitor
    busy_minutes: float | None = None


class Habit(NamedTuple):
    """How counters open and close in one half-hour of the office's day: the chance of it within that time."""

    opens: float
    closes: float


HALF_HOUR = timedelta(minutes=30)


class Coming(NamedTuple):
    """Somebody who is not there yet, such as with an appointment, and how likely it is that they come.

    They join the line when they arrive, or at `joins_at`: who went away for a moment keeps their arrival.
    """

    ticket: Waiting  # `arrived_at` is when they usually come
    service: int
    likely: float
    joins_at: datetime | None = None


class Range(NamedTuple):
    """In eight of ten cases the wait ends between `low` and `high`; `middle` is as often passed as not."""

    low: timedelta
    middle: timedelta
    high: timedelta


def learned(minutes: Iterable[float], planned: float) -> Duration:
    """What measured visits (`minutes` each) of a service planned with `planned` minutes say about the next one."""
    logs = [log(max(each, 0.5)) for each in minutes]
    prior = log(planned) - PRIOR_SPREAD**2 / 2
    total = len(logs) + PRIOR_VISITS
    mean = (sum(logs) + PRIOR_VISITS * prior) / total
    scatter = sum((each - mean) ** 2 for each in logs) + PRIOR_VISITS * PRIOR_SPREAD**2
    return Duration(mean, sqrt(scatter / total))


@dataclass(slots=True)
class _Queue:
    """The waiting of one service: those whose turn has come, and those for whom it changes later."""

    due: list[tuple[Place, datetime, int, int]] = field(default_factory=list)
    later: list[tuple[datetime, int, Waiting]] = field(default_factory=list)


class _Line:
    """The waiting of one run, called by the rules of `order`."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.queues: dict[int, _Queue] = {}
        self.gone: set[int] = set()
        self._tie = count()

    def copy(self) -> "_Line":
        """The same line, for another run."""
        other = _Line(self.rules)
        other._tie = self._tie
        other.queues = {
            kind: _Queue(each.due.copy(), each.later.copy()) for kind, each in self.queues.items()
        }
        return other

    def join(self, ticket: Waiting, service: int, now: datetime) -> None:
        queue = self.queues.setdefault(service, _Queue())
        place = order.place(ticket, now, self.rules)
        heapq.heappush(queue.due, (place, ticket.arrived_at, ticket.number, ticket.id))
        changes = order.changes_at(ticket, now, self.rules)
        if changes is not None:
            heapq.heappush(queue.later, (changes, next(self._tie), ticket))

    def call(self, services: Collection[int], now: datetime) -> tuple[int, int] | None:
        best: tuple[Place, datetime, int, int] | None = None
        found = 0
        for service in services:
            queue = self.queues.get(service)
            if queue is None:
                continue
            self._renew(queue, now)
            if queue.due and (best is None or queue.due[0] < best):
                best, found = queue.due[0], service
        if best is None:
            return None
        heapq.heappop(self.queues[found].due)
        self.gone.add(best[3])
        return best[3], found

    def _renew(self, queue: _Queue, now: datetime) -> None:
        while queue.later and queue.later[0][0] <= now:
            ticket = heapq.heappop(queue.later)[2]
            if ticket.id not in self.gone:
                place = order.place(ticket, now, self.rules)
                heapq.heappush(queue.due, (place, ticket.arrived_at, ticket.number, ticket.id))
        while queue.due and queue.due[0][3] in self.gone:
            heapq.heappop(queue.due)


def waits(
    line: Sequence[tuple[Waiting, int]],
    desks: Sequence[Desk],
    coming: Sequence[Coming],
    durations: Mapping[int, Duration],
    now: datetime,
    rules: Rules,
    *,
    probes: Sequence[tuple[Waiting, int]] = (),
    ahead: Sequence[Habit] = (),
    seed: int = 0,
    runs: int = RUNS,
    until: timedelta = timedelta(hours=12),
) -> dict[int, Range]:
    """The wait from `now` on of everybody in the line (ticket and service id), by ticket id.

    `probes` would wait as well, but take nobody's time: what if somebody came now? `ahead` is how counters open and
    close in each of the next half-hours; after them, all stays as it is. Who is not called within `until` in most
    runs is left out: no open counter takes the service.
    """
    found: dict[int, list[timedelta]] = {ticket.id: [] for ticket, _service in (*line, *probes)}
    asking = frozenset(ticket.id for ticket, _service in probes)
    chance = random.Random(seed)  # noqa: S311 (plays days, keeps no secret)
    standing = _Line(rules)
    for ticket, service in (*line, *probes):
        standing.join(ticket, service, now)
    for _run in range(runs):
        play = _Play(desks, durations, now, standing.copy(), chance)
        play.expect(coming)
        play.open_and_close(ahead)
        for each, called in play.called(set(found), asking, now + until).items():
            found[each].append(called - now)
    return {
        ticket: Range(*(_quantile(times, level) for level in (LOW, 0.5, HIGH)))
        for ticket, times in found.items()
        if 2 * len(times) > runs
    }


def widening(told: Iterable[tuple[Range, timedelta]]) -> float:
    """By how much ranges would have had to be wider (above 1) to hold for eight of ten waits."""
    factors = []
    for said, wait in told:
        room = said.high - said.middle if wait > said.middle else said.middle - said.low
        factors.append(abs(wait - said.middle) / max(room, timedelta(seconds=30)))
    if not factors:
        return 1.0
    factors.sort()
    return max(factors[int((HIGH - LOW) * (len(factors) - 1))], 0.5)


def widened(said: Range, factor: float) -> Range:
    """The range, wider by that factor to both sides."""
    return Range(
        max(said.middle - (said.middle - said.low) * factor, timedelta()),
        said.middle,
        said.middle + (said.high - said.middle) * factor,
    )


class _Play:
    """One run: what happens at the counters, one moment after the other."""

    def __init__(
        self,
        desks: Sequence[Desk],
        durations: Mapping[int, Duration],
        now: datetime,
        line: _Line,
        chance: random.Random,
    ) -> None:
        self.desks, self.durations, self.now, self.chance, self.line = desks, durations, now, chance, line
        self.open = {number for number, desk in enumerate(desks) if desk.open}
        self.busy: set[int] = set()
        self.idle: set[int] = set()
        self.tie = count()
        self.events: list[tuple[datetime, int, Coming | int, bool]] = []
        for number, desk in enumerate(desks):
            if desk.serving is not None:
                self._occupy(number, desk.serving, now, desk.busy_minutes or 0.0)

    def expect(self, coming: Sequence[Coming]) -> None:
        for each in coming:
            if self.chance.random() < each.likely:
                self._later(max(each.joins_at or each.ticket.arrived_at, self.now), each)

    def open_and_close(self, ahead: Sequence[Habit]) -> None:
        for number, desk in enumerate(self.desks):
            opened = desk.open
            for half_hours, habit in enumerate(ahead):
                if self.chance.random() < (habit.closes if opened else habit.opens):
                    opened = not opened
                    at = self.now + (half_hours + self.chance.random()) * HALF_HOUR
                    self._later(at, number, opened)

    def called(self, wanted: set[int], asking: Collection[int], until: datetime) -> dict[int, datetime]:
        """When each of the wanted tickets is called; those `asking` leave the counter to the next one at once."""
        called: dict[int, datetime] = {}
        now = self.now
        free: Sequence[int] = sorted(self.open - self.busy)
        while True:
            for number in free:
                while (found := self._call(number, now)) is not None:
                    ticket, service = found
                    if ticket in wanted:
                        called[ticket] = now
                        wanted.discard(ticket)
                    if ticket not in asking:
                        self._occupy(number, service, now, 0.0)
                        break
            if not wanted or not self.events or self.events[0][0] > until:
                return called
            now, free = self._next()

    def _call(self, number: int, now: datetime) -> tuple[int, int] | None:
        """Whom a free counter calls; one that finds nobody idles until somebody comes for it."""
        found = self.line.call(self.desks[number].services, now)
        if found is None:
            self.idle.add(number)
        return found

    def _next(self) -> tuple[datetime, Sequence[int]]:
        """What happens next, and the counters that may call somebody because of it."""
        at, _tie, what, opens = heapq.heappop(self.events)
        if isinstance(what, Coming):
            self.line.join(what.ticket, what.service, at)
            able = (number for number in sorted(self.idle) if what.service in self.desks[number].services)
            return at, self._no_longer_idle(next(able, None))
        if what >= 0 and not opens:
            self.open.discard(what)
            self.idle.discard(what)
            return at, ()
        if what >= 0:
            self.open.add(what)
            return at, () if what in self.busy else (what,)
        self.busy.discard(~what)
        return at, (~what,) if ~what in self.open else ()

    def _no_longer_idle(self, number: int | None) -> Sequence[int]:
        if number is None:
            return ()
        self.idle.discard(number)
        return (number,)

    def _occupy(self, number: int, service: int, now: datetime, after: float) -> None:
        self.busy.add(number)
        self._later(now + timedelta(minutes=self.durations[service].drawn(self.chance, after)), ~number)

    def _later(self, at: datetime, what: Coming | int, opens: bool = False) -> None:
        heapq.heappush(self.events, (at, next(self.tie), what, opens))


def _quantile(values: list[timedelta], level: float) -> timedelta:
    values.sort()
    place = level * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (place - below)
