"""Backtest of the expected wait: simulated days, played with the real order of the line.

    python -m benchmarks.waiting [--days 12] [--seed 1]

What is assumed, so that anyone can doubt it: walk-ins arrive as a Poisson process with a peak at opening and a
smaller one after lunch; appointments stand on a grid, their people come 7 minutes early on average (normal, 12
minutes), one in eight not at all; a visit's minutes are lognormal (coefficient of variation 0.6) with a mean
that is 0.8 to 1.4 times what is planned; counters open late, close for half an hour at noon one after the
other, and one in six closes for good in the afternoon. Each load is the share of the counters' time that is
asked for. Whoever arrives is told a range; the wait that follows is compared with it, and with the static
formula "average minutes × people ahead ÷ open counters".
"""

import argparse
import heapq
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from math import log, sqrt
from statistics import fmean
from typing import NamedTuple

from frontoffice.line import expected, order
from frontoffice.line.expected import Coming, Desk, Duration, Habit, Range
from frontoffice.line.order import Rules, Waiting

OPENS = datetime(2030, 5, 6, 6, 0, tzinfo=UTC)
HOURS = 8
LOADS = (0.75, 0.95, 1.1)
PLANNED = {1: 10.0, 2: 20.0, 3: 30.0, 4: 45.0, 5: 15.0}  # minutes by service
POPULAR = {1: 5, 2: 3, 3: 4, 4: 1, 5: 3}
VARIATION = 0.6
TURN_UP = 7 / 8
RULES = Rules(late=timedelta(minutes=15), walk_in=timedelta(minutes=20))
SPREAD = sqrt(log(1 + VARIATION**2))
TRAINING_DAYS = 10
CALIBRATING_DAYS = 3
HALF_HOURS = HOURS * 2 + 4


class Office(NamedTuple):
    """What stays the same from day to day: who serves what, and how long things really take."""

    skills: Sequence[frozenset[int]]
    means: dict[int, float]


class Visit(NamedTuple):
    """One visit of a day: when they come, for what, how long it will take."""

    ticket: Waiting
    service: int
    minutes: float


class Told(NamedTuple):
    """What somebody was told on arrival, and what came."""

    range: Range
    static: timedelta
    actual: timedelta


def main() -> None:
    """Print the errors and the coverage for each load."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--days", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print("| load | people | mean wait | error, formula | error, ours | less | in the range |")
    print("|---|---|---|---|---|---|---|")
    everything: list[Told] = []
    for load in LOADS:
        told = [
            each for number in range(options.days) for each in backtest(load, options.seed * 1000 + number)
        ]
        everything += told
        print(_line(f"{load:.2f}", told))
    print(_line("all", everything))


def backtest(load: float, seed: int) -> list[Told]:
    """One office: some days to learn from, then a day on which everybody is told how long it will take."""
    chance = random.Random(seed)  # noqa: S311 (plays days, keeps no secret)
    office = _office(chance)
    measured: dict[int, list[float]] = {service: [] for service in PLANNED}
    tally = [[0, 0, 0, 0] for _half_hour in range(HALF_HOURS)]
    for _day in range(TRAINING_DAYS):
        for visit in _visits(office, load, chance):
            measured[visit.service].append(visit.minutes)
        _watch(sorted(_shifts(office, chance)), len(office.skills), tally)
    durations = {service: expected.learned(measured[service], PLANNED[service]) for service in PLANNED}
    habits = [
        Habit(opens / max(closed, 1), closes / max(opened, 1)) for closed, opens, opened, closes in tally
    ]
    before = [
        (each.range, each.actual)
        for _day in range(CALIBRATING_DAYS)
        for each in _played(office, _visits(office, load, chance), durations, habits, chance)
    ]
    factor = expected.widening(before)
    return [
        each._replace(range=expected.widened(each.range, factor))
        for each in _played(office, _visits(office, load, chance), durations, habits, chance)
    ]


def _watch(shifts: Sequence[tuple[datetime, int, bool]], desks: int, tally: list[list[int]]) -> None:
    """Count by half-hour: counters that were closed, and opened then; that were open, and closed then."""
    opened: set[int] = set()
    for half_hour in range(HALF_HOURS):
        end = OPENS + (half_hour + 1) * expected.HALF_HOUR
        before = set(opened)
        changed = [(desk, opens) for at, desk, opens in shifts if end - expected.HALF_HOUR <= at < end]
        for desk, opens in changed:
            (opened.add if opens else opened.discard)(desk)
        row = tally[half_hour]
        row[0] += desks - len(before)
        row[1] += len({desk for desk, opens in changed if opens and desk not in before})
        row[2] += len(before)
        row[3] += len({desk for desk, opens in changed if not opens and desk in before})


def _office(chance: random.Random) -> Office:
    skills = [frozenset(PLANNED)] * 4 + [frozenset({1, 2, 5})] * 2 + [frozenset({3, 4})] * 2
    return Office(
        skills, {service: minutes * chance.uniform(0.8, 1.4) for service, minutes in PLANNED.items()}
    )


def _visits(office: Office, load: float, chance: random.Random) -> list[Visit]:
    """A day's visits in the order of arrival."""
    services, weights = list(POPULAR), list(POPULAR.values())
    minutes = sum(office.means[each] * POPULAR[each] for each in services) / sum(weights)
    people = load * len(office.skills) * (HOURS - 1) * 60 * 0.9 / minutes
    found = []
    number = count(1)
    for _person in range(round(people * 0.6)):
        due = OPENS + timedelta(minutes=15 * chance.randrange((HOURS - 1) * 4))
        service = chance.choices(services, weights)[0]
        if chance.random() < TURN_UP:
            arrived = due + timedelta(minutes=chance.gauss(-7, 12))
            found.append((max(arrived, OPENS), due, service))
    for _person in range(round(people * 0.4)):
        hour = chance.choices(
            [chance.expovariate(0.8), 4 + chance.gauss(1, 0.7), chance.uniform(0, HOURS - 1)], [3, 2, 4]
        )[0]
        arrived = OPENS + timedelta(hours=min(max(hour, 0), HOURS - 1))
        found.append((arrived, None, chance.choices(services, weights)[0]))
    return [
        Visit(
            Waiting(n, "A", n, arrived, due),
            service,
            chance.lognormvariate(log(office.means[service]) - SPREAD**2 / 2, SPREAD),
        )
        for (arrived, due, service), n in zip(sorted(found, key=lambda each: each[0]), number, strict=False)
    ]


def _shifts(office: Office, chance: random.Random) -> Iterator[tuple[datetime, int, bool]]:
    """When which counter opens (True) and closes."""
    for desk in range(len(office.skills)):
        yield OPENS + timedelta(minutes=max(0.0, chance.gauss(5, 10))), desk, True
        noon = OPENS + timedelta(hours=4, minutes=15 * desk)
        yield noon, desk, False
        yield noon + timedelta(minutes=30), desk, True
        if chance.random() < 1 / 6:
            yield OPENS + timedelta(hours=chance.uniform(5, HOURS)), desk, False


def _played(
    office: Office,
    visits: Sequence[Visit],
    durations: dict[int, Duration],
    habits: Sequence[Habit],
    chance: random.Random,
) -> Iterator[Told]:
    """Play the day; on every arrival ask for the expected wait, and note what came of it."""
    tie = count()
    happenings: list[tuple[datetime, int, str, int]] = [
        (visit.ticket.arrived_at, next(tie), "arrives", n) for n, visit in enumerate(visits)
    ]
    happenings += [
        (at, next(tie), "opens" if opens else "closes", desk) for at, desk, opens in _shifts(office, chance)
    ]
    heapq.heapify(happenings)
    waiting: dict[int, Visit] = {}
    open_desks: set[int] = set()
    serving: dict[int, tuple[Visit, datetime]] = {}
    promises: dict[int, tuple[Range, timedelta, datetime]] = {}
    while happenings:
        now, _n, what, number = heapq.heappop(happenings)
        if what == "opens":
            open_desks.add(number)
        elif what == "closes":
            open_desks.discard(number)
        elif what == "finishes":
            del serving[number]
        else:
            waiting[visits[number].ticket.id] = visits[number]
        for desk in sorted(open_desks - serving.keys()):
            able = [each.ticket for each in waiting.values() if each.service in office.skills[desk]]
            if able:
                called = waiting.pop(order.in_order(able, now, RULES)[0].id)
                serving[desk] = (called, now)
                heapq.heappush(
                    happenings, (now + timedelta(minutes=called.minutes), next(tie), "finishes", desk)
                )
                if called.ticket.id in promises:
                    told, static, since = promises.pop(called.ticket.id)
                    yield Told(told, static, now - since)
        if what == "arrives" and visits[number].ticket.id in waiting and open_desks:
            promise = _promise(office, visits, waiting, open_desks, serving, durations, habits, number, now)
            if promise:
                promises[visits[number].ticket.id] = (*promise, now)


def _promise(
    office: Office,
    visits: Sequence[Visit],
    waiting: dict[int, Visit],
    open_desks: set[int],
    serving: dict[int, tuple[Visit, datetime]],
    durations: dict[int, Duration],
    habits: Sequence[Habit],
    number: int,
    now: datetime,
) -> tuple[Range, timedelta] | None:
    visit = visits[number]
    desks = []
    for desk, skills in enumerate(office.skills):
        visitor, since = serving.get(desk, (None, now))
        busy = (now - since) / timedelta(minutes=1)
        desks.append(Desk(skills, desk in open_desks, visitor.service if visitor else None, busy))
    coming = [
        Coming(
            each.ticket._replace(id=-each.ticket.id, arrived_at=each.ticket.due_at - timedelta(minutes=7)),
            each.service,
            TURN_UP,
        )
        for each in visits[number + 1 :]
        if each.ticket.due_at is not None
    ]
    line = [(each.ticket, each.service) for each in waiting.values()]
    ahead = habits[(now - OPENS) // expected.HALF_HOUR :]
    found = expected.waits(line, desks, coming, durations, now, RULES, ahead=ahead, seed=number).get(
        visit.ticket.id
    )
    if found is None:
        return None
    ahead = len(waiting) - 1
    average = fmean(PLANNED[each.service] for each in waiting.values())
    return found, timedelta(minutes=average * ahead / len(open_desks))


def _line(name: str, told: Sequence[Told]) -> str:
    minute = timedelta(minutes=1)
    static = fmean(abs(each.static - each.actual) / minute for each in told)
    ours = fmean(abs(each.range.middle - each.actual) / minute for each in told)
    covered = fmean(each.range.low <= each.actual <= each.range.high for each in told)
    mean = fmean(each.actual / minute for each in told)
    return (
        f"| {name} | {len(told)} | {mean:.0f} min | {static:.1f} min | {ours:.1f} min "
        f"| {1 - ours / static:.0%} | {covered:.0%} |"
    )


if __name__ == "__main__":
    main()
