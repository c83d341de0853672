"""The book that is measured: one big office, its day sheets, and as many bookings as are wanted, written as rows.

Ten teams with twenty seats online and five for the phone, eight hours a day; five services of 10 to 45 minutes, each
offered by two teams. Bookings spread evenly over the coming two months until eighteen of twenty seats are taken at
every time; the others lie in the past, day by day backwards. Sheets agree with the rows: `frontoffice doctor` finds
nothing.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, func, select, text
from sqlalchemy.orm import Session, selectinload
from stdnum import luhn

from frontoffice.booking import daybook, planning, sheet
from frontoffice.booking.models import Appointment, Channel, DaySheet, Share, State
from frontoffice.booking.references import ALPHABET
from frontoffice.db import Database
from frontoffice.offices.models import Biometrics, Office, OpeningHours, Schedule, Service

OFFICE = "grossstadt"
MINUTES = (30, 20, 15, 10, 45)  # of the services; the first is the one that is searched
TEAMS_PER_SERVICE = 2
SEATS, SEATS_TAKEN = 20, 18
AHEAD = 60  # days that are planned, as the configuration has it
ZONE = "Europe/Berlin"
OPENING = (
    8 * 60 // sheet.MINUTES
)  # the tick of 08:00, but on Sundays when the clock changes: nobody works then
AT_ONCE = 20_000  # rows
MANY = 50_000  # so many rows more are quicker without the indexes

_APPOINTMENTS = cast(Table, Appointment.__table__)
_COLUMNS = (
    "reference",
    "hold_fingerprint",
    "office_id",
    "sheet_id",
    "service_id",
    "items",
    "channel",
    "share",
    "state",
    "first_tick",
    "ticks",
    "start",
    "language",
    "person",
    "person_digest",
    "mail_digest",
    "phone_digest",
    "booked_by",
    "sequence",
    "created_at",
    "changed_at",
)


class _Sheet(NamedTuple):
    """A day sheet, and which service it is filled with."""

    id: int
    day: date
    service_id: int
    minutes: int

    @property
    def ticks(self) -> int:
        return self.minutes // sheet.MINUTES


def slug_of(minutes: int) -> str:
    """The slug of the service that takes so long."""
    return f"service-{minutes}"


def build(database: Database, now: datetime) -> None:
    """Add the office and plan the days ahead; nothing is booked yet."""
    with database.write() as session:
        session.add(_office())
    with database.write() as session:
        planning.plan(session, the_office(session), sheet.day_of(now, ZONE), AHEAD, now)


def the_office(session: Session) -> Office:
    """The office, with its services."""
    return session.scalars(
        select(Office).where(Office.slug == OFFICE).options(selectinload(Office.services))
    ).one()


def count(database: Database) -> int:
    """How many bookings there are."""
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Appointment)) or 0


def fill(database: Database, wanted: int, now: datetime) -> None:
    """Write bookings until there are `wanted`; planning as many days of the past as that takes."""
    there = count(database)
    today = sheet.day_of(now, ZONE)
    with database.write() as session:
        office = the_office(session)
        per_day = sum(TEAMS_PER_SERVICE * len(_slots(minutes)) for minutes in MINUTES) * SEATS_TAKEN
        past = max(0, wanted // per_day * 7 // 5 + 10 - AHEAD * 5 // 7)
        planning.plan(session, office, today - timedelta(days=past), past, now)
    with database.write() as session:
        indexes = sorted(_APPOINTMENTS.indexes, key=lambda index: str(index.name))
        drop = wanted - there >= MANY
        connection = session.connection()
        for index in indexes if drop else ():
            index.drop(connection)
        _write(session, islice(_places(session, today), there, wanted), there, now)
        for index in indexes if drop else ():
            index.create(connection)
    _tidy(database)


def _office() -> Office:
    services = [
        Service(
            slug=slug_of(minutes),
            position=position,
            names={"de": f"Vorsprache {minutes} Minuten", "en": f"Visit of {minutes} minutes"},
            plain={"de": "Eine Vorsprache.", "en": "A visit."},
            documents={"de": ["Reisepass", "Biometrisches Foto"], "en": ["Passport", "Biometric photo"]},
            legal_basis="§ 8 AufenthG",
            minutes=minutes,
            biometrics=Biometrics.YES,
            online=True,
            walk_in=False,
        )
        for position, minutes in enumerate(MINUTES, 1)
    ]
    schedules = [
        Schedule(
            slug=f"team-{service.minutes}-{team}",
            name=f"Team {service.minutes}-{team}",
            services=[service],
            opening_hours=[
                OpeningHours(
                    weekday=weekday,
                    opens=time(8),
                    closes=time(16),
                    valid_from=date(2000, 1, 1),
                    seats_online=SEATS,
                    seats_phone=5,
                )
                for weekday in range(5)
            ],
        )
        for service in services
        for team in range(TEAMS_PER_SERVICE)
    ]
    return Office(
        slug=OFFICE,
        name="Ausländerbehörde Großstadt",
        street="Rathausplatz 1",
        postal_code="12345",
        city="Großstadt",
        phone="+49 30 1234567",
        mail="termine@grossstadt.example",
        land="NW",
        languages=["de", "en"],
        services=services,
        schedules=schedules,
    )


def _slots(minutes: int) -> range:
    """The ticks at which visits of this length start on a day of the measured office, counted from its opening."""
    ticks = minutes // sheet.MINUTES
    day = 8 * 60 // sheet.MINUTES
    return range(0, day - ticks + 1, ticks)


def _places(session: Session, today: date) -> Iterator[tuple[_Sheet, int]]:
    """Sheet and slot (from opening) of each booking, in the order in which the book fills."""
    rows = session.execute(
        select(DaySheet.id, DaySheet.day, Service.id, Service.minutes)
        .join(Schedule, Schedule.id == DaySheet.schedule_id)
        .join(Schedule.services)
        .order_by(DaySheet.day, DaySheet.id)
    )
    sheets = [_Sheet(*row) for row in rows]
    ahead = [each for each in sheets if each.day > today]  # today is left out: part of it is over
    past = [each for each in reversed(sheets) if each.day < today]
    for _ in range(SEATS_TAKEN):
        for each in ahead:
            for slot in _slots(each.minutes):
                yield each, slot
    for each in past:
        for _ in range(SEATS_TAKEN):
            for slot in _slots(each.minutes):
                yield each, slot


def _write(session: Session, places: Iterator[tuple[_Sheet, int]], number: int, now: datetime) -> None:
    office = the_office(session)
    person = session.info["vault"].seal(
        {"name": "Maria Muster", "born": "1990-01-01", "mail": "maria@example.org", "phone": None}
    )
    taken: Counter[tuple[_Sheet, int]] = Counter()
    while batch := list(islice(places, AT_ONCE)):
        taken.update(batch)
        _copy(
            session,
            [
                _row(office.id, place, slot, person, number + offset, now)
                for offset, (place, slot) in enumerate(batch)
            ],
        )
        number += len(batch)
    _mark(session, taken)


def _row(
    office_id: int, place: _Sheet, slot: int, person: bytes, number: int, now: datetime
) -> tuple[Any, ...]:
    first = OPENING + slot
    digest = sha256(str(number).encode()).hexdigest()
    state = State.CONFIRMED if place.day >= now.date() else State.DONE
    return (
        _reference(number),
        digest,
        office_id,
        place.id,
        place.service_id,
        f"[[{place.service_id}, 1]]",
        Channel.ONLINE.value,
        Share.ONLINE.value,
        state.value,
        first,
        place.ticks,
        sheet.moment_of(first, place.day, ZONE),
        "de",
        person,
        digest,
        digest[::-1],
        digest[32:] + digest[:32] if number % 2 else None,
        "visitor",
        0,
        now - timedelta(days=14),
        now - timedelta(days=14),
    )


def _copy(session: Session, rows: list[tuple[Any, ...]]) -> None:
    connection = session.connection()
    raw: Any = connection.connection.driver_connection
    names = ", ".join(_COLUMNS)
    if connection.dialect.name == "postgresql":
        session.execute(
            text("SET LOCAL session_replication_role = replica")
        )  # foreign keys are right by construction
        with raw.cursor() as cursor, cursor.copy(f"COPY appointment ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(_COLUMNS))
    moments = [_COLUMNS.index(name) for name in ("start", "created_at", "changed_at")]
    stored = []
    for row in rows:
        values = list(row)
        for place in moments:
            values[place] = f"{values[place]:%Y-%m-%d %H:%M:%S.%f}"
        stored.append(values)
    raw.executemany(f"INSERT INTO appointment ({names}) VALUES ({marks})", stored)  # noqa: S608 (our own names)


def _mark(session: Session, taken: Counter[tuple[_Sheet, int]]) -> None:
    """Take the seats on the sheets."""
    per_sheet: dict[_Sheet, list[tuple[int, int]]] = {}
    for (place, slot), seats in taken.items():
        per_sheet.setdefault(place, []).append((slot, seats))
    ids = [place.id for place in per_sheet]
    pages = {
        page.id: page
        for start in range(0, len(ids), 500)
        for page in daybook.all_locked(session, ids[start : start + 500])
    }
    begin = sheet.SHARES.index(Share.ONLINE) * sheet.TICKS
    for place, slots in per_sheet.items():
        page = pages[place.id]
        marked = bytearray(page.taken)
        opening = begin + OPENING
        for slot, seats in slots:
            for tick in range(opening + slot, opening + slot + place.ticks):
                marked[tick] += seats
        daybook.write(session, page._replace(taken=bytes(marked)))


def _reference(number: int) -> str:
    body = ""
    for _ in range(7):
        number, digit = divmod(number, len(ALPHABET))
        body = ALPHABET[digit] + body
    return body + str(luhn.calc_check_digit(body, ALPHABET))


def _tidy(database: Database) -> None:
    """Leave the database as its own housekeeping would after some time."""
    if database.is_sqlite:
        with database.write() as session:
            session.execute(text("ANALYZE"))
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    with database.engine.connect() as connection:
        connection.execute(text("SET default_transaction_read_only = off"))
        connection.execute(text("VACUUM (ANALYZE) appointment, day_sheet"))
        connection.execute(text("CHECKPOINT"))
        connection.execute(text("SET default_transaction_read_only = on"))
