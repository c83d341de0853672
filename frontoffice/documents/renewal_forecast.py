"""The forecast for the team lead: from the watches and the opening hours of an office."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from frontoffice.agenda import seats
from frontoffice.booking import sheet
from frontoffice.booking.models import OCCUPYING, Appointment, DaySheet, Share
from frontoffice.booking.opening import opening_on
from frontoffice.config import Documents
from frontoffice.documents import ladders, renewals, watching
from frontoffice.documents.document_kinds import ABOUT, RENEWAL, DocumentKind
from frontoffice.documents.models import ExpiryWatch, WatchState
from frontoffice.documents.renewals import AHEAD, WEEK, WEEKS, Week
from frontoffice.offices.models import Closure, Office, Schedule, Service


@dataclass(frozen=True, slots=True)
class Forecast:
    """The weeks, the first one that is short (or None), how many documents by kind, and minutes of one appointment."""

    weeks: list[Week]
    shortage: Week | None
    kinds: list[tuple[DocumentKind, int]]
    minutes: int


def forecast(session: Session, office: Office, now: datetime, *, settings: Documents) -> Forecast:
    """The next 26 weeks, the present one included."""
    today = watching.today_at(office, now)
    first = renewals.monday_of(today)
    by_kind, ending = _ending(session, office, today, first + (WEEKS + AHEAD) * WEEK)
    services = _services(office, settings)
    minutes = _minutes(by_kind, services)
    room = _room(session, office, set(services.values()), today, first + WEEKS * WEEK)
    found = renewals.weeks(first, ending, {monday: free // minutes for monday, free in room.items()})
    return Forecast(found, renewals.shortage(found), by_kind.most_common(), minutes)


def _ending(
    session: Session, office: Office, today: date, until: date
) -> tuple[Counter[DocumentKind], Counter[date]]:
    """How many watched documents end, by kind and by week."""
    rows = session.execute(
        select(ExpiryWatch.kind, ExpiryWatch.ends_on, func.count())
        .where(
            ExpiryWatch.office_id == office.id,
            ExpiryWatch.ends_on >= today,
            ExpiryWatch.ends_on < until,
            ExpiryWatch.state == WatchState.ACTIVE,
        )
        .group_by(ExpiryWatch.kind, ExpiryWatch.ends_on)
    )
    by_kind, by_week = Counter[DocumentKind](), Counter[date]()
    for kind, ends_on, many in rows:
        by_kind[kind] += many
        by_week[renewals.monday_of(ends_on)] += many
    return by_kind, by_week


def _services(office: Office, settings: Documents) -> dict[DocumentKind, Service]:
    known = {each.slug: each for each in office.services if each.active}
    found = {kind: known.get(ladders.service(office, settings, kind)) or known.get(RENEWAL) for kind in ABOUT}
    return {kind: service for kind, service in found.items() if service is not None}


def _minutes(by_kind: Counter[DocumentKind], services: dict[DocumentKind, Service]) -> int:
    """What one appointment takes, on the average of what is coming."""
    known = [(services[kind].minutes, many) for kind, many in by_kind.items() if kind in services]
    if not known:
        return max((each.minutes for each in services.values()), default=30)
    return max(5, round(sum(minutes * many for minutes, many in known) / sum(many for _, many in known)))


def _room(
    session: Session, office: Office, services: set[Service], today: date, until: date
) -> Counter[date]:
    """Minutes by week on the schedules that offer these services, less what other concerns have taken of them.

    Seats for emergencies do not count. Days that are not planned yet count as their opening hours say.
    """
    room = Counter[date]()
    schedules = [each for each in office.schedules if services.intersection(each.services)]
    closures = defaultdict[date, list[Closure]](list)
    for closure in session.scalars(
        select(Closure).where(Closure.office_id == office.id, Closure.day >= today, Closure.day < until)
    ):
        closures[closure.day].append(closure)
    for number in range((until - today).days):
        day = today + timedelta(days=number)
        for schedule in schedules:
            closed = [each for each in closures[day] if each.schedule_id in (None, schedule.id)]
            capacity = opening_on(day, office, schedule, schedule.opening_hours, closed).capacity
            room[renewals.monday_of(day)] += sum(
                each.minutes for each in seats.count(capacity, capacity) if each.share is not Share.EMERGENCY
            )
    for day, ticks in _taken_by_others(session, office, schedules, services, today, until):
        monday = renewals.monday_of(day)
        room[monday] = max(0, room[monday] - ticks * sheet.MINUTES)
    return room


def _taken_by_others(
    session: Session,
    office: Office,
    schedules: list[Schedule],
    services: set[Service],
    today: date,
    until: date,
) -> list[tuple[date, int]]:
    rows = session.execute(
        select(DaySheet.day, func.sum(Appointment.ticks))
        .join(Appointment, Appointment.sheet_id == DaySheet.id)
        .where(
            DaySheet.schedule_id.in_([each.id for each in schedules]),
            DaySheet.day >= today,
            DaySheet.day < until,
            Appointment.office_id == office.id,
            Appointment.state.in_(OCCUPYING),
            Appointment.share != Share.EMERGENCY,
            Appointment.service_id.not_in([each.id for each in services]),
        )
        .group_by(DaySheet.day)
    )
    return [(day, int(ticks)) for day, ticks in rows]
