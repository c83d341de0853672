"""The seats of a week: for each schedule, share and day how many there are and how many are taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.agenda import seats
from frontoffice.agenda.seats import Seats
from frontoffice.booking.models import DaySheet, Share
from frontoffice.booking.sheet import SHARES
from frontoffice.offices.models import Office, Schedule

DAYS = 7


@dataclass(frozen=True, slots=True)
class Row:
    """One share of a schedule through the week; a day without such seats is missing in `days`."""

    share: Share
    days: Mapping[date, Seats]
    whole: Seats


@dataclass(frozen=True, slots=True)
class Team:
    """A schedule with the shares that it has seats for in this week."""

    schedule: Schedule
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Week:
    """The days that are shown, the schedules, and all of them together by day."""

    days: Sequence[date]
    teams: Sequence[Team]
    sums: Mapping[date, Seats]


def monday_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def week(session: Session, office: Office, monday: date) -> Week:
    """The week from that Monday on. Saturday and Sunday are shown only where there are seats."""
    rows = session.execute(
        select(Schedule, DaySheet.day, DaySheet.capacity, DaySheet.taken)
        .join(DaySheet, DaySheet.schedule_id == Schedule.id)
        .where(
            Schedule.office_id == office.id,
            DaySheet.day >= monday,
            DaySheet.day < monday + timedelta(days=DAYS),
        )
        .order_by(Schedule.id, DaySheet.day)
    ).all()
    counted: dict[Schedule, dict[date, tuple[Seats, ...]]] = {}
    for schedule, day, capacity, taken in rows:
        counted.setdefault(schedule, {})[day] = seats.count(capacity, taken)
    teams = [Team(schedule, found) for schedule, days in counted.items() if (found := _rows(days))]
    used = {day for team in teams for row in team.rows for day in row.days}
    week_days = [monday + timedelta(days=number) for number in range(DAYS)]
    return Week(
        days=[day for day in week_days if day.weekday() < 5 or day in used],
        teams=teams,
        sums={
            day: _sum([row.days[day] for team in teams for row in team.rows if day in row.days])
            for day in used
        },
    )


def _rows(days: Mapping[date, tuple[Seats, ...]]) -> list[Row]:
    rows = []
    for place, share in enumerate(SHARES):
        mine = {day: each[place] for day, each in days.items() if each[place].minutes or each[place].taken}
        if mine:
            rows.append(Row(share, mine, _sum(list(mine.values()))))
    return rows


def _sum(found: Sequence[Seats]) -> Seats:
    first, *others = found
    for each in others:
        first = first + each
    return first
