"""The steps of a booking, each in a transaction of its own, as the edges take them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from frontoffice.booking import appointing, checks, holding, search
from frontoffice.booking.models import Appointment, Channel, Hold
from frontoffice.booking.person import Person
from frontoffice.booking.visit import Visit, visit
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Service

BERLIN = ZoneInfo("Europe/Berlin")
OLENA = Person("Olena Kowalenko", date(1991, 3, 27), "olena@example.org", "+4915123456789")
AMIN = Person("Amin", date(1988, 12, 1), None, "+4915187654321")


def at(day: int, clock: str, month: int = 11) -> datetime:
    """A moment of November 2026 by Berlin's clock, in UTC."""
    hour, minute = clock.split(":")
    return datetime(2026, month, day, int(hour), int(minute), tzinfo=BERLIN).astimezone(UTC)


def visiting(service: Service, people: int = 1) -> Visit:
    """A visit for one service."""
    return visit([(service, people)])


def hold_it(
    database: Database,
    config: Config,
    service: Service,
    start: datetime,
    now: datetime,
    *,
    key: str | None = None,
    channel: Channel = Channel.ONLINE,
) -> tuple[Hold, str]:
    """Hold a time of the service at its office."""
    with database.write() as session:
        return holding.hold(
            session,
            service.office,
            visiting(service),
            start,
            now,
            rules=config.booking,
            channel=channel,
            key=key,
        )


def book_it(
    database: Database,
    config: Config,
    token: str,
    now: datetime,
    person: Person = OLENA,
    language: str = "en",
) -> Appointment:
    """Book what is held."""
    with database.write() as session:
        return appointing.book(session, token, person, language, now, settings=config)


def free_on(
    database: Database,
    config: Config,
    service: Service,
    day: date,
    now: datetime,
    channel: Channel = Channel.ONLINE,
) -> list[str]:
    """The free times of a day, by Berlin's clock."""
    with database.read() as session:
        found = search.free_starts(
            session,
            service.office,
            visiting(service),
            day,
            date.fromordinal(day.toordinal() + 1),
            now=now,
            rules=config.booking,
            channel=channel,
        )
    return [each.astimezone(BERLIN).strftime("%H:%M") for each in found.get(day, [])]


def differences(database: Database) -> list[str]:
    """What the doctor would report."""
    with database.read(snapshot=True) as session:
        return list(checks.differences(session))


def fill(
    database: Database, config: Config, service: Service, start: datetime, now: datetime, seats: int = 2
) -> list[str]:
    """Hold a time until it is full; gives the tokens."""
    return [hold_it(database, config, service, start, now)[1] for _ in range(seats)]
