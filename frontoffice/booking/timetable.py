"""What the page of free times shows: two weeks of days, the times of one of them, and where to go from there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from frontoffice.booking import dates, sheet

WEEKS = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Timetable:
    """The days on show, the chosen one, its free times (UTC), and the neighbouring weeks.

    `chosen` is None when no day on show has free times; then `next_day` is the next one that has.
    """

    days: Sequence[date]
    free: frozenset[date]
    chosen: date | None
    times: Sequence[datetime]
    earlier: date | None
    later: date | None
    next_day: date | None


def timetable(
    free: Mapping[date, Sequence[datetime]], first: date, chosen: date | None, bookable: tuple[date, date]
) -> Timetable:
    """Two weeks from `first`, which is moved to where booking is possible at all (`bookable`, half-open).

    Without a chosen day, or with one that has no times, it is the first that has.
    """
    today, end = bookable
    first = min(max(first, today), max(today, end - WEEKS))
    days = [first + timedelta(days=number) for number in range(min(WEEKS, end - first).days)]
    on_show = [day for day in days if free.get(day)]
    if chosen not in on_show:
        chosen = on_show[0] if on_show else None
    return Timetable(
        days=days,
        free=frozenset(on_show),
        chosen=chosen,
        times=free[chosen] if chosen else (),
        earlier=max(today, first - WEEKS) if first > today else None,
        later=first + WEEKS if first + WEEKS < end else None,
        next_day=next((day for day in free if day > days[-1] and free[day]), None),
    )


def by_day(moments: Iterable[datetime], zone: str, language: str) -> list[dict[str, object]]:
    """Moments grouped by the office's day, as the template lists them."""
    days: dict[date, list[datetime]] = {}
    for moment in moments:
        days.setdefault(sheet.day_of(moment, zone), []).append(moment)
    return [
        {
            "id": day.isoformat(),
            "heading": dates.long_day(day, language),
            "times": [(each.isoformat(), dates.clock_time(each, zone, language)) for each in times],
        }
        for day, times in days.items()
    ]
