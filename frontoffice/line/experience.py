"""What an office's past days say about waiting: how long visits last, when counters open and close, who comes.

Everything starts from what is planned and moves towards what was measured, the more the more there is of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import NormalDist, median, quantiles
from typing import Any, NamedTuple

from frontoffice.line import expected
from frontoffice.line.expected import HALF_HOUR, Duration, Habit, Range

HALF_HOURS = 48  # of a day on the office's wall clock
MINUTE = timedelta(minutes=1)

# Somebody forgot to press a button: nobody is served for so long.
LONGEST_VISIT = 240.0
# What is between the end of a visit and the next call belongs to the visit: notes, a stamp, a look at the next file.
LONGEST_GAP = 3.0
NO_GAP = LONGEST_GAP + 1
# So many days of one weekday, and its habits are its own.
DAYS_OF_ONE_KIND = 3
# Ranges are corrected only by more waits than that.
LEAST_TOLD = 30

USUAL_TURN_UP = 7 / 8
USUAL_LATENESS = NormalDist(-7, 12)  # minutes after the time of the appointment; most come before it
PRIOR_APPOINTMENTS = 20
DECILES = 10

UNKNOWN_CONCERN = 0  # stands for "to be clarified" among the ids of services
PLANNED_FOR_UNKNOWN = 15.0


class Served(NamedTuple):
    """A visit at a counter, from the call to its end; nobody came is a visit too, a short one.

    `share` is how much of the service it was: two where a family came.
    """

    counter: int
    service: int
    called_at: datetime
    ended_at: datetime
    share: float = 1.0


class Switch(NamedTuple):
    """A counter opens or closes, or pauses, which is the same for those who wait. On the office's wall clock."""

    at: datetime
    counter: int
    opens: bool


class Attendance(NamedTuple):
    """Of appointments that are over: by how many minutes people came after their time, and how many never came."""

    lateness: Sequence[float] = ()
    missed: int = 0


@dataclass(frozen=True)
class Experience:
    """What was learned. `habits`: of each weekday (Monday is "0"), or of any day (""), 48 half-hours from midnight on.

    `lateness` are the deciles of the minutes by which people come after the time of their appointment.
    """

    durations: Mapping[int, Duration] = field(default_factory=dict)
    habits: Mapping[str, Sequence[Habit]] = field(default_factory=dict)
    turn_up: float = USUAL_TURN_UP
    lateness: Sequence[float] = tuple(USUAL_LATENESS.quantiles(DECILES))
    widening: float = 1.0

    def duration(self, service: int, planned: float) -> Duration:
        """How long a visit for the service lasts, which is planned with so many minutes."""
        return self.durations.get(service) or expected.learned((), planned)

    def ahead(self, now: datetime) -> list[Habit]:
        """What counters do in each of the half-hours from `now` (on the office's wall clock) until midnight."""
        rows = self.habits.get(str(now.weekday())) or self.habits.get("")
        if not rows:
            return []
        gone = timedelta(hours=now.hour, minutes=now.minute, seconds=now.second) / HALF_HOUR
        first, part = int(gone), gone % 1
        # A half-hour from now on lies in two of the table.
        following = [*rows[first + 1 :], Habit(0.0, 0.0)]
        return [
            Habit(*((1 - part) * here + part * there for here, there in zip(row, after, strict=True)))
            for row, after in zip(rows[first:], following, strict=True)
        ]

    def comes(self, due_at: datetime, now: datetime) -> tuple[float, datetime]:
        """How likely somebody who is not there yet comes to an appointment, and when about."""
        late = (now - due_at) / MINUTE
        later = [each for each in self.lateness if each > late]
        still = self.turn_up * (len(later) + 0.5) / (len(self.lateness) + 1)
        likely = still / (still + 1 - self.turn_up) if later else 0.0
        return likely, due_at + (median(later) if later else late) * MINUTE

    def as_json(self) -> dict[str, Any]:
        """What can be stored."""
        return {
            "durations": {str(service): list(each) for service, each in self.durations.items()},
            "habits": {day: [list(habit) for habit in rows] for day, rows in self.habits.items()},
            "turn_up": self.turn_up,
            "lateness": list(self.lateness),
            "widening": self.widening,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Experience":
        """What was stored."""
        return cls(
            {int(service): Duration(*each) for service, each in data["durations"].items()},
            {day: [Habit(*habit) for habit in rows] for day, rows in data["habits"].items()},
            data["turn_up"],
            tuple(data["lateness"]),
            data["widening"],
        )


def learn(
    served: Iterable[Served],
    switches: Iterable[Switch],
    attendance: Attendance,
    told: Sequence[tuple[Range, timedelta]],
    *,
    planned: Mapping[int, float],
    counters: int,
) -> Experience:
    """What past days teach. `planned` are the minutes of every service, `counters` is how many there are.

    `told`: the range that was expected for somebody on arrival, and the wait that came of it.
    """
    return Experience(
        durations_of(served, planned),
        habits_of(switches, counters),
        _turn_up(attendance),
        _lateness(attendance),
        expected.widening(told) if len(told) >= LEAST_TOLD else 1.0,
    )


def durations_of(served: Iterable[Served], planned: Mapping[int, float]) -> dict[int, Duration]:
    """For how long a visit keeps its counter from calling the next one, by service."""
    visits = sorted(served, key=lambda each: (each.counter, each.called_at))
    gaps = [
        (after.called_at - each.ended_at) / MINUTE if after.counter == each.counter else NO_GAP
        for each, after in pairwise(visits)
    ] + [NO_GAP]
    usual = [gap for gap in gaps if 0 <= gap <= LONGEST_GAP]
    typical = median(usual) if usual else 0.0
    measured: dict[int, list[float]] = {service: [] for service in planned}
    for each, gap in zip(visits, gaps, strict=False):
        minutes = (each.ended_at - each.called_at) / MINUTE
        if each.service in measured and 0 <= minutes <= LONGEST_VISIT:
            minutes += gap if 0 <= gap <= LONGEST_GAP else typical
            measured[each.service].append(minutes / each.share)
    return {service: expected.learned(measured[service], planned[service]) for service in planned}


def habits_of(switches: Iterable[Switch], counters: int) -> dict[str, list[Habit]]:
    """How often closed counters open and open ones close, in each half-hour; days without counters do not count."""
    days: dict[date, list[Switch]] = {}
    for switch in sorted(switches):
        days.setdefault(switch.at.date(), []).append(switch)
    kinds: dict[str, list[list[Switch]]] = {}
    for day, found in days.items():
        if any(switch.opens for switch in found):
            kinds.setdefault("", []).append(found)
            kinds.setdefault(str(day.weekday()), []).append(found)
    return {
        kind: _habits(of_this_kind, counters)
        for kind, of_this_kind in kinds.items()
        if kind == "" or len(of_this_kind) >= DAYS_OF_ONE_KIND
    }


def _habits(days: Sequence[Sequence[Switch]], counters: int) -> list[Habit]:
    closed, opens, opened, closes = ([0] * HALF_HOURS for _ in range(4))
    for switches in days:
        open_now: set[int] = set()
        by_half_hour: dict[int, list[Switch]] = {}
        for switch in switches:
            by_half_hour.setdefault(switch.at.hour * 2 + switch.at.minute // 30, []).append(switch)
        for row in range(HALF_HOURS):
            before = frozenset(open_now)
            found = by_half_hour.get(row, [])
            for switch in found:
                (open_now.add if switch.opens else open_now.discard)(switch.counter)
            closed[row] += max(counters - len(before), 0)
            opens[row] += len({each.counter for each in found if each.opens} - before)
            opened[row] += len(before)
            closes[row] += len({each.counter for each in found if not each.opens} & before)
    return [
        Habit(min(opens[row] / max(closed[row], 1), 1.0), closes[row] / max(opened[row], 1))
        for row in range(HALF_HOURS)
    ]


def _turn_up(attendance: Attendance) -> float:
    came = len(attendance.lateness) + USUAL_TURN_UP * PRIOR_APPOINTMENTS
    return came / (len(attendance.lateness) + attendance.missed + PRIOR_APPOINTMENTS)


def _lateness(attendance: Attendance) -> tuple[float, ...]:
    prior = USUAL_LATENESS.quantiles(PRIOR_APPOINTMENTS + 1)
    return tuple(quantiles([*attendance.lateness, *prior], n=DECILES))
