"""What the page of free times shows: a month of days, the times of one of them, and the next free times."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby, islice
from zoneinfo import ZoneInfo

from frontoffice.booking import dates, sheet

NOON = 12
DAYS_AT_A_GLANCE = 3
TIMES_AT_A_GLANCE = 4

Free = Mapping[date, Sequence[datetime]]


class Look(StrEnum):
    """How a day of the calendar looks."""

    FREE = "free"
    FULL = "full"
    LATER = "later"  # open, but not to be booked yet
    CLOSED = "closed"
    OUTSIDE = "outside"  # over, or further ahead than anybody can book


class Part(StrEnum):
    """A part of the day that somebody prefers."""

    MORNING = "morning"
    AFTERNOON = "afternoon"


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar: how it looks, how many times are free, and from when on it can be booked."""

    day: date
    look: Look
    times: int = 0
    opens: datetime | None = None


@dataclass(frozen=True, slots=True)
class Month:
    """A month in weeks from Monday to Sunday, None where a week reaches into another month."""

    first: date
    weeks: Sequence[Sequence[Day | None]]
    previous: date | None
    next: date | None


@dataclass(frozen=True, slots=True)
class Timetable:
    """The month on show, the chosen day and its times (UTC), the soonest times of all, and the next free day.

    `next_day` is the first with free times after the month, and only told when the month has none.
    """

    month: Month
    chosen: date | None
    times: Sequence[datetime]
    soonest: Sequence[datetime]
    next_day: date | None


def month_to_show(
    free: Free, bookable: tuple[date, date], month: date | None = None, chosen: date | None = None
) -> date:
    """The first day of the month to show: of the chosen day's, else the one asked for, else of the first free time's.

    It is moved to where booking is possible at all; `bookable` are the days that can be booked, half-open.
    """
    today, end = bookable
    last = max(today, end - timedelta(days=1))
    return _first_of(min(max(chosen or month or min(free, default=today), today), last))


def timetable(
    free: Free,
    bookable: tuple[date, date],
    first: date,
    *,
    chosen: date | None = None,
    open_days: Collection[date] = (),
    opening: Mapping[date, datetime] | None = None,
) -> Timetable:
    """What to show of the free times in the month that begins at `first`.

    On `open_days` there are appointments, free or not; `opening` says from when on those can be booked that
    cannot be yet.
    """
    today, end = bookable
    days = [_day(day, free, bookable, open_days, opening or {}) for day in _days_of(first)]
    has_free = any(each.look is Look.FREE for each in days)
    following = following_month(first)
    return Timetable(
        month=Month(
            first=first,
            weeks=_weeks(days, today),
            previous=_first_of(first - timedelta(days=1)) if first > today else None,
            next=following if following < end else None,
        ),
        chosen=chosen,
        times=free.get(chosen, ()) if chosen else (),
        soonest=_at_a_glance(free),
        next_day=None if has_free else next((day for day in sorted(free) if day >= following), None),
    )


def following_month(first: date) -> date:
    """The first day of the month after the one that begins at `first`."""
    return _first_of(first + timedelta(days=31))


def in_part(free: Free, part: Part | None, zone: str) -> dict[date, list[datetime]]:
    """Only the times in that part of the day, by the office's clock; all of them for None."""
    clock = ZoneInfo(zone)

    def fits(moment: datetime) -> bool:
        return part is None or (moment.astimezone(clock).hour < NOON) is (part is Part.MORNING)

    kept = {day: [each for each in times if fits(each)] for day, times in free.items()}
    return {day: times for day, times in kept.items() if times}


def by_day(moments: Iterable[datetime], zone: str, language: str) -> list[dict[str, object]]:
    """Moments grouped by the office's day, as the template lists them."""
    return [
        {
            "id": day.isoformat(),
            "day": day,
            "heading": dates.long_day(day, language),
            "times": [(each.isoformat(), dates.clock_time(each, zone, language)) for each in times],
        }
        for day, times in groupby(moments, lambda each: sheet.day_of(each, zone))
    ]


def _at_a_glance(free: Free) -> list[datetime]:
    days = islice(sorted(free), DAYS_AT_A_GLANCE)
    return [moment for day in days for moment in free[day][:TIMES_AT_A_GLANCE]]


def _day(
    day: date,
    free: Free,
    bookable: tuple[date, date],
    open_days: Collection[date],
    opening: Mapping[date, datetime],
) -> Day:
    if not bookable[0] <= day < bookable[1]:
        return Day(day, Look.OUTSIDE)
    if free.get(day):
        return Day(day, Look.FREE, len(free[day]))
    if day in opening:
        return Day(day, Look.LATER, opens=opening[day])
    return Day(day, Look.FULL if day in open_days else Look.CLOSED)


def _days_of(first: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((following_month(first) - first).days)]


def _weeks(days: Sequence[Day], today: date) -> list[list[Day | None]]:
    """The days in weeks, without those that are over, which only push what matters off a small screen."""
    before, after = days[0].day.weekday(), 6 - days[-1].day.weekday()
    cells = [*[None] * before, *days, *[None] * after]
    weeks = [cells[number : number + 7] for number in range(0, len(cells), 7)]
    return [week for week in weeks if any(each and each.day >= today for each in week)]


def _first_of(day: date) -> date:
    return day.replace(day=1)
