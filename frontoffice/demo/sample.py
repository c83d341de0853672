"""The sample office: two weeks of opening hours, a half-full book, people in the line.

Made with the same verbs that pages and kiosks call, so that it cannot be in a state which real use would not reach.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.booking import appointing, holding, opening, planning, references, search, sheet
from frontoffice.booking.models import Appointment, State
from frontoffice.booking.person import Person
from frontoffice.booking.refusals import NotOffered
from frontoffice.booking.visit import visit
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.demo import cards, documents, history, promises
from frontoffice.demo.people import ACCOUNTS, EVERYWHERE, NAMES
from frontoffice.errors import Conflict
from frontoffice.languages import SUPPORTED
from frontoffice.line import arriving
from frontoffice.line.models import Ticket
from frontoffice.messages import outbox
from frontoffice.offices import office_file
from frontoffice.offices.models import Office, OpeningHours, Schedule, Service
from frontoffice.paths import EXAMPLE_OFFICE
from frontoffice.staff import accounts, devices
from frontoffice.staff.models import Account, Device, DeviceKind

DAYS = 14
SHARE_TAKEN = 0.5
SHARE_OF_FAMILIES = 0.1
# Nobody's: the Federal Network Agency keeps 0152 28817386 to 0152 28895456 for films and books.
FIRST_PHONE = 15228817386
KIOSK = "Kiosk Lobby"
AT_ONCE = 25  # appointments per transaction


@dataclass(frozen=True)
class _Wish:
    """A time somebody would like; of a separate schedule, if one is named."""

    service_id: int
    schedule_id: int | None
    start: datetime


@dataclass(frozen=True)
class Code:
    """An appointment of today that can be checked in with. `service` is its name in all languages."""

    reference: str
    service: dict[str, str]
    time: str


def prepare(database: Database, settings: Config, now: datetime) -> None:
    """Make the sample office where it is missing, and bring an existing one up to today. Commits."""
    with database.write() as session:
        place = session.scalar(select(Office)) or _new_office(session, now)
        _open_today(session, place, now)
        planning.plan_ahead(session, place, now, settings.booking)
        today = Ticket.day == _today(place, now)
        is_prepared = session.scalar(select(Ticket.id).where(Ticket.office_id == place.id, today))
    if is_prepared is None:
        _fill_the_book(database, place, settings, now)
        _fill_the_line(database, place, settings, now)
        promises.make(database, place, settings, now)
    documents.make(database, place, settings, now)
    cards.make(database, place, settings, now)
    history.make(database, place, now)


def office(session: Session) -> Office:
    """The sample office."""
    return session.scalars(select(Office).order_by(Office.id).limit(1)).one()


def new_kiosk_code(database: Database, now: datetime) -> str:
    """A one-time code for the office's kiosk, which is added where it is missing. Commits."""
    with database.write() as session:
        kiosk = session.scalar(select(Device).where(Device.name == KIOSK))
        if kiosk is not None:
            return devices.issue_code(session, kiosk, now)
        return devices.add(session, office(session), KIOSK, DeviceKind.KIOSK, now)[1]


def codes_to_try(session: Session, place: Office, now: datetime, limit: int = 4) -> list[Code]:
    """Appointments of today that wait for their visitors, those nearest to now first."""
    first = max(now - timedelta(minutes=30), sheet.midnight(_today(place, now), place.time_zone))
    query = (
        select(Appointment)
        .where(Appointment.office_id == place.id, Appointment.state == State.CONFIRMED)
        .where(Appointment.start.between(first, now + timedelta(hours=1)))
        .order_by(Appointment.start)
        .limit(limit)
    )
    zone = ZoneInfo(place.time_zone)
    return [
        Code(references.shown(each.reference), each.service.names, f"{each.start.astimezone(zone):%H:%M}")
        for each in session.scalars(query)
    ]


def _new_office(session: Session, now: datetime) -> Office:
    draft = office_file.parse(EXAMPLE_OFFICE.read_text(encoding="utf-8"))
    draft = draft.model_copy(update={"languages": SUPPORTED})  # the demonstration shows all there are
    place = office_file.add(session, draft, now.astimezone(ZoneInfo(draft.time_zone)).date())
    for each in ACCOUNTS:
        accounts.add(
            session,
            each.username,
            each.name,
            each.password,
            each.role,
            None if each.role in EVERYWHERE else place,
            now,
        )
    return place


def _open_today(session: Session, place: Office, now: datetime) -> None:
    """Whoever tries the demonstration on a Sunday evening finds the office open, too."""
    today, local = _today(place, now), now.astimezone(ZoneInfo(place.time_zone))
    for schedule in place.schedules:
        if not schedule.pooled:
            continue  # a desk elsewhere keeps its days
        only_today = (OpeningHours.valid_from == today, OpeningHours.valid_until == today + timedelta(days=1))
        if session.scalar(
            select(OpeningHours.id).where(OpeningHours.schedule_id == schedule.id, *only_today)
        ):
            continue
        # What is open at the same time is bookable from and until the same days.
        usual = next((rule for rule in schedule.opening_hours if opening.applies(rule, today)), None)
        session.add(
            OpeningHours(
                schedule_id=schedule.id,
                bookable_from_days=usual.bookable_from_days if usual else None,
                bookable_until_days=usual.bookable_until_days if usual else 0,
                release_time=usual.release_time if usual else None,
                weekday=today.weekday(),
                opens=time(max(0, min(8, local.hour - 1))),
                closes=time(0) if local.hour >= 20 else time(20),
                valid_from=today,
                valid_until=today + timedelta(days=1),
                seats_online=2,
                seats_on_site=1,
            )
        )
    session.flush()


def _fill_the_book(database: Database, place: Office, settings: Config, now: datetime) -> None:
    chance = random.Random(f"{place.slug} {_today(place, now)}")  # noqa: S311 (a sample, not a secret)
    wishes = list(_wishes(database, place, settings, now, chance))
    for first in range(0, len(wishes), AT_ONCE):
        with database.write() as session:
            for wish in wishes[first : first + AT_ONCE]:
                _book(session, place, wish, settings, now, chance)


def _wishes(
    database: Database, place: Office, settings: Config, now: datetime, chance: random.Random
) -> Iterator[_Wish]:
    """Services and starts that fill about half of each day that nobody has booked yet."""
    today = _today(place, now)
    with database.read() as session:
        for day in (today + timedelta(days=number) for number in range(DAYS)):
            midnight = datetime.combine(day, time(), ZoneInfo(place.time_zone))
            booked = Appointment.start.between(midnight, midnight + timedelta(days=1))
            if session.scalar(select(Appointment.id).where(booked).limit(1)):
                continue
            for schedule in session.scalars(select(Schedule).where(Schedule.office_id == place.id)):
                for service in chance.sample(schedule.services, k=min(3, len(schedule.services))):
                    free = search.free_starts(
                        session,
                        place,
                        visit([(service, 1)]),
                        day,
                        day + timedelta(days=1),
                        now=now,
                        rules=settings.booking,
                        schedules=None if schedule.pooled else [schedule.id],
                    )
                    for start in free.get(day, []):
                        if chance.random() < SHARE_TAKEN:
                            yield _Wish(service.id, None if schedule.pooled else schedule.id, start)


def _book(
    session: Session,
    place: Office,
    wish: _Wish,
    settings: Config,
    now: datetime,
    chance: random.Random,
) -> None:
    service = session.get_one(Service, wish.service_id)
    people = min(service.most_people, 2) if chance.random() < SHARE_OF_FAMILIES else 1
    number = chance.randrange(70000)
    person = Person(
        name=chance.choice(NAMES),
        born=date(chance.randrange(1950, 2007), chance.randrange(1, 13), chance.randrange(1, 29)),
        mail=f"person{number}@mail.example" if number % 3 else None,
        phone=f"+49{FIRST_PHONE + number}" if number % 3 != 1 else None,
    )
    language = chance.choice(["de", "en"])
    try:
        with session.begin_nested():
            _, token = holding.hold(
                session,
                place,
                visit([(service, people)]),
                wish.start,
                now,
                rules=settings.booking,
                schedules=None if wish.schedule_id is None else [wish.schedule_id],
            )
            appointment = appointing.book(
                session, token, person, language, now, settings=settings, proven=True
            )
    except (Conflict, NotOffered):
        return  # an earlier wish has it, a family needs longer than is left of the day, or chance makes a twin
    # They were booked days ago: their confirmations have long arrived, and only reminders are still to come.
    outbox.cancel(session, f"appointment:{appointment.id}", now, kinds=["booked"])


def _fill_the_line(database: Database, place: Office, settings: Config, now: datetime) -> None:
    chance = random.Random(f"line {_today(place, now)}")  # noqa: S311 (a sample, not a secret)
    early = timedelta(minutes=settings.line.early_minutes)
    with database.write() as session:
        place = session.get_one(Office, place.id)
        clerk = session.scalars(select(Account).order_by(Account.id)).first()
        assert clerk is not None  # made with the office
        walk_ins = [service for service in place.services if service.walk_in]
        for minutes in (38, 31, 24, 20, 13, 7, 2):
            arrived = max(
                now - timedelta(minutes=minutes), sheet.midnight(_today(place, now), place.time_zone)
            )
            arriving.walk_in(session, place, clerk, chance.choice(walk_ins).id, language="de", now=arrived)
        for code in codes_to_try(session, place, now, limit=8)[::2]:
            arriving.check_in(session, place, clerk, code.reference, language="en", early=early, now=now)


def _today(place: Office, now: datetime) -> date:
    return now.astimezone(ZoneInfo(place.time_zone)).date()
