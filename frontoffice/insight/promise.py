"""The promise of days: how far away the next free appointment is, and the alarm where that is too far.

What the public could book online this moment counts. Working it out for all services reads the day sheets once for
each, however much is booked.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.booking import search, sheet
from frontoffice.booking.visit import visit
from frontoffice.config import Booking
from frontoffice.insight.models import BrokenPromise, PromiseDay
from frontoffice.messages import outbox
from frontoffice.messages.models import Medium
from frontoffice.offices.models import Office, Schedule, Service, schedule_service

HOUR = 9  # on the office's clock: at that time a day is compared with other days
ACTOR = "promise"
MAIL_WORTH = timedelta(hours=12)


class Look(NamedTuple):
    """A service and its next free appointment: when, in how many days (empty: never), and how many are promised."""

    service: Service
    start: datetime | None
    days: int | None

    @property
    def promised(self) -> int:
        """At most so many days until an appointment."""
        return self.service.promise_days

    @property
    def is_broken(self) -> bool:
        """Whether it is further away than promised."""
        return self.days is None or self.days > self.promised


class Alarm(NamedTuple):
    """To which address a mail goes, in which language, and where it leads."""

    to: str
    language: str
    link: str


def look(session: Session, office: Office, now: datetime, rules: Booking) -> list[Look]:
    """Each service that can be booked online, with its next free appointment."""
    return [_look(session, office, service, now, rules) for service in _online(session, office)]


def note(
    session: Session, office: Office, found: Sequence[Look], now: datetime, alarm: Alarm | None = None
) -> None:
    """Keep what was found in the history, raise or end the alarm, and write the mail; events come last.

    The mail leaves once a day at most, from nine o'clock on. That a promise holds again is told by no mail.
    """
    today = sheet.day_of(now, office.time_zone)
    for each in found:
        _note_day(session, office, each, today, now)
    news = _alarms(session, office, found, now)
    session.flush()
    too_far = [each.service for each in found if each.is_broken]
    if alarm is not None and too_far and now.astimezone(ZoneInfo(office.time_zone)).hour >= HOUR:
        _mail(session, office, too_far, alarm, today, now)
    for each, kind in news:
        events.append(
            session,
            office.id,
            kind,
            now,
            actor=ACTOR,
            subject=f"service:{each.service.id}",
            data={"service": each.service.slug, "days": each.days, "promised": each.promised},
        )


def broken(session: Session, office_id: int) -> Sequence[BrokenPromise]:
    """The services whose promise is broken at the moment, those for longest first."""
    query = select(BrokenPromise).where(BrokenPromise.office_id == office_id)
    return session.scalars(query.order_by(BrokenPromise.since, BrokenPromise.service_id)).all()


def history(session: Session, office_id: int, first: date, until: date) -> Sequence[PromiseDay]:
    """What was noted on the days from `first` until `until`."""
    query = select(PromiseDay).where(
        PromiseDay.office_id == office_id, PromiseDay.day >= first, PromiseDay.day < until
    )
    return session.scalars(query.order_by(PromiseDay.day, PromiseDay.service_id)).all()


def _look(session: Session, office: Office, service: Service, now: datetime, rules: Booking) -> Look:
    today = sheet.day_of(now, office.time_zone)
    start = search.next_free(
        session,
        office,
        visit([(service, 1)]),
        today,
        now=now,
        rules=rules,
        schedules=_separate(session, office, service),
    )
    return Look(service, start, (sheet.day_of(start, office.time_zone) - today).days if start else None)


def _online(session: Session, office: Office) -> Sequence[Service]:
    query = select(Service).where(Service.office_id == office.id, Service.active, Service.online)
    return session.scalars(query.order_by(Service.position, Service.id)).all()


def _separate(session: Session, office: Office, service: Service) -> list[int] | None:
    """The places where a service is offered that no pooled schedule offers; None where one does."""
    offers = schedule_service.c
    rows = session.execute(
        select(Schedule.id, Schedule.pooled)
        .join(schedule_service, offers.schedule_id == Schedule.id)
        .where(offers.service_id == service.id, Schedule.office_id == office.id)
        .order_by(Schedule.id)
    ).all()
    return None if any(pooled for _, pooled in rows) else [number for number, _ in rows]


def _note_day(session: Session, office: Office, found: Look, today: date, now: datetime) -> None:
    row = session.get(PromiseDay, (office.id, today, found.service.id), with_for_update=True)
    if row is None:
        new = {
            "office_id": office.id,
            "day": today,
            "service_id": found.service.id,
            "days": found.days,
            "worst": found.days,
            "promised": found.promised,
            "looked_at": now,
        }
        session.execute(outbox.insert_for(session)(PromiseDay).values(new).on_conflict_do_nothing())
        return
    if row.looked_at.astimezone(ZoneInfo(office.time_zone)).hour < HOUR:
        row.days, row.promised = found.days, found.promised
    row.worst = None if row.worst is None or found.days is None else max(row.worst, found.days)
    row.looked_at = now


def _alarms(session: Session, office: Office, found: Sequence[Look], now: datetime) -> list[tuple[Look, str]]:
    """Which promises have been broken since the last look, and which hold again; services taken off are forgotten."""
    standing = {
        each.service_id: each
        for each in session.scalars(
            select(BrokenPromise).where(BrokenPromise.office_id == office.id).with_for_update()
        )
    }
    news = []
    for each in found:
        row = standing.pop(each.service.id, None)
        if row is not None and each.is_broken:
            row.days = each.days
        elif row is not None:
            session.delete(row)
            news.append((each, "promise.kept"))
        elif each.is_broken:
            new = {
                "service_id": each.service.id,
                "office_id": office.id,
                "since": now,
                "days": each.days,
            }
            insert = outbox.insert_for(session)(BrokenPromise).values(new).on_conflict_do_nothing()
            if session.execute(insert.returning(BrokenPromise.service_id)).first() is not None:
                news.append((each, "promise.broken"))
    for row in standing.values():
        session.delete(row)
    return news


def _mail(
    session: Session, office: Office, too_far: Sequence[Service], alarm: Alarm, today: date, now: datetime
) -> None:
    names = "\n".join(each.names.get(alarm.language) or each.names["de"] for each in too_far)
    outbox.enqueue(
        session,
        kind="promise_alarm",
        medium=Medium.MAIL,
        to=alarm.to,
        language=alarm.language,
        office_id=office.id,
        subject=f"office:{office.id}",
        dedupe_key=f"promise:{office.id}:{today:%Y%m%d}:mail",  # which makes it one a day
        parameters={"office_name": office.name, "service": names, "link": alarm.link},
        expires_at=now + MAIL_WORTH,
        priority=8,
        now=now,
    )
