"""Small pieces that tests of the line and of staff are put together from."""

from datetime import UTC, date, datetime, timedelta
from functools import cache

from sqlalchemy.orm import Session

from frontoffice import vault
from frontoffice.booking import references, sheet
from frontoffice.booking.models import Appointment, Channel, DaySheet, Share, State
from frontoffice.booking.person import Person
from frontoffice.line.models import Ticket, TicketState
from frontoffice.line.order import Rules
from frontoffice.offices.models import Office
from frontoffice.staff import passwords, signing_in
from frontoffice.staff.models import Account, AccountOffice, Device, DeviceKind, Role

PASSWORD = "a long enough password"
CREDENTIAL = "the credential of kiosk {series}"
RULES = Rules(late=timedelta(minutes=15), walk_in=timedelta(minutes=20))
EARLY = timedelta(minutes=60)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def password_hash() -> str:
    """The hash of PASSWORD; worked out once, because that takes long on purpose."""
    return passwords.hashed(PASSWORD)


def account(
    session: Session, username: str = "miriam", role: Role = Role.FRONT_DESK, office: Office | None = None
) -> Account:
    """A member of staff with PASSWORD."""
    added = Account(
        username=username,
        name=f"{username.capitalize()} Beispiel",
        password_hash=password_hash(),
        role=role,
        everywhere=office is None,
        places=[AccountOffice(office_id=office.id)] if office else [],
        created_at=LONG_AGO,
    )
    session.add(added)
    session.flush()
    return added


def token(session: Session, who: Account, now: datetime) -> str:
    """The token of a new session of that account."""
    proof = signing_in.Proof(who.id, who.password_hash or "", None)
    return signing_in.begin(session, proof, now, hours=10)[0]


def kiosk(session: Session, office: Office, series: str = "A") -> Device:
    """A paired kiosk; its credential is CREDENTIAL with its series."""
    device = Device(
        office_id=office.id,
        name=f"Kiosk {series}",
        kind=DeviceKind.KIOSK,
        series=series,
        credential_fingerprint=vault.fingerprint(CREDENTIAL.format(series=series)),
        created_at=LONG_AGO,
    )
    session.add(device)
    session.flush()
    return device


def ticket(
    session: Session,
    office: Office,
    number: int,
    now: datetime,
    *,
    series: str = "A",
    service: int | None = 1,
    due_at: datetime | None = None,
    arrived_at: datetime | None = None,
    day: date | None = None,
) -> Ticket:
    """A ticket that waits; `service` is the how many-eth of the office's services, None for an unknown concern."""
    added = Ticket(
        office_id=office.id,
        day=day or sheet.day_of(now, office.time_zone),
        series=series,
        number=number,
        service_id=office.services[service].id if service is not None else None,
        language="de",
        state=TicketState.WAITING,
        arrived_at=arrived_at or now,
        due_at=due_at,
    )
    session.add(added)
    session.flush()
    return added


def appointment(
    session: Session,
    office: Office,
    start: datetime,
    *,
    state: State = State.CONFIRMED,
    name: str = "Olena Kowalenko",
) -> Appointment:
    """An appointment for the office's first service."""
    day = sheet.day_of(start, office.time_zone)
    page = DaySheet(schedule_id=office.schedules[0].id, day=day, capacity=b"", taken=b"", free=b"", gates=b"")
    existing = session.query(DaySheet).filter_by(schedule_id=page.schedule_id, day=day).one_or_none()
    if existing is None:
        session.add(page)
        session.flush()
    person = Person(name, date(1990, 3, 27), "olena@example.org", None)
    added = Appointment(
        reference=references.new(),
        office_id=office.id,
        sheet_id=(existing or page).id,
        service_id=office.services[0].id,
        items=[[office.services[0].id, 1]],
        channel=Channel.ONLINE,
        share=Share.ONLINE,
        state=state,
        first_tick=0,
        ticks=6,
        start=start,
        language="uk",
        person=vault.of(session).seal(person.to_seal()),
        created_at=start,
        changed_at=start,
    )
    session.add(added)
    session.flush()
    return added
