"""From when until when an office is open on the days to come, as a kiosk shows it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, selectinload

from frontoffice.booking import opening
from frontoffice.offices import holidays
from frontoffice.offices.models import Closure, Office, OpeningHours, Schedule

DAY = timedelta(days=1)
DAYS = 14
MIDNIGHT = 24 * 60

Span = tuple[int, int]  # minutes since midnight on the office's clock, half-open


@dataclass(frozen=True)
class OpenDay:
    """One day; without spans it is closed."""

    day: date
    spans: Sequence[tuple[time, time]]
    holiday: bool


def are_known(session: Session, office: Office) -> bool:
    """Whether the office has any opening hours of its own."""
    any_rule = select(OpeningHours.id).join(Schedule).where(*_here(office)).limit(1)
    return session.scalar(any_rule) is not None


def coming(session: Session, office: Office, today: date, days: int = DAYS) -> list[OpenDay]:
    """The hours of the next days: when one of the schedules that are at the office itself is open."""
    schedules = session.scalars(
        select(Schedule).where(*_here(office)).options(selectinload(Schedule.opening_hours))
    ).all()
    closures = session.scalars(
        select(Closure).where(
            Closure.office_id == office.id, Closure.day >= today, Closure.day < today + days * DAY
        )
    ).all()
    return [_on(today + n * DAY, office, schedules, closures) for n in range(days)]


def _here(office: Office) -> tuple[ColumnElement[bool], ...]:
    return Schedule.office_id == office.id, Schedule.place.is_(None)


def _on(day: date, office: Office, schedules: Iterable[Schedule], closures: Iterable[Closure]) -> OpenDay:
    if holidays.closes_on(office, day):
        return OpenDay(day, (), holiday=True)
    spans: list[Span] = []
    for schedule in schedules:
        theirs = [span for rule in schedule.opening_hours if opening.applies(rule, day) for span in _of(rule)]
        for closure in closures:
            if closure.day == day and closure.schedule_id in (None, schedule.id):
                theirs = _without(theirs, _minutes(closure.opens), _minutes(closure.closes) or MIDNIGHT)
        spans += theirs
    return OpenDay(day, [(_time(begins), _time(ends)) for begins, ends in _together(spans)], holiday=False)


def _of(rule: OpeningHours) -> list[Span]:
    spans = [(_minutes(rule.opens), _minutes(rule.closes) or MIDNIGHT)]
    for begins, ends in rule.breaks:
        spans = _without(spans, _minutes(time.fromisoformat(begins)), _minutes(time.fromisoformat(ends)))
    return spans


def _without(spans: Iterable[Span], begins: int, ends: int) -> list[Span]:
    pieces = [
        piece for first, last in spans for piece in ((first, min(last, begins)), (max(first, ends), last))
    ]
    return [(first, last) for first, last in pieces if first < last]


def _together(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for begins, ends in sorted(spans):
        if joined and begins <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ends))
        else:
            joined.append((begins, ends))
    return joined


def _minutes(moment: time | None) -> int:
    return moment.hour * 60 + moment.minute if moment else 0


def _time(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)
