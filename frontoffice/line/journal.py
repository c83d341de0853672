"""Taking what visitors did at a kiosk from its journal: every entry once, however often it is delivered."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from frontoffice import limits
from frontoffice.booking import sheet
from frontoffice.errors import NotAllowed, NotSignedIn, TooMany
from frontoffice.line import arriving, phone
from frontoffice.line.arriving import Arrival, Refusal, Rules
from frontoffice.line.models import JournalEntry, Ticket, code_of
from frontoffice.line.refusals import TooManyTries
from frontoffice.line.seeking import Sought
from frontoffice.offices.models import Service
from frontoffice.staff import devices
from frontoffice.staff.models import Device

log = structlog.get_logger(__name__)

# A device whose clock has lost its battery lives in 1970; no earlier moment is kept than this.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

# Attempts to check in by date of birth at one device. One day has 24 * 60 times and a life 30,000 days.
TRIES = 20
TRIES_PER = timedelta(minutes=15)


class Kind(StrEnum):
    """What a visitor can do at a kiosk."""

    CHECK_IN = "check_in"
    WALK_IN = "walk_in"


@dataclass(frozen=True)
class Entry:
    """An act of a visitor as the device tells it. `at` and `day` are by the device's clock.

    `handed_out`: the visitor has been shown the number, because the office could not be reached in time.
    `series` is the letter on it, which may be one that the device had before. `seconds_ago` is by a clock of the
    device that is never set, and better than `at`; it has none where the device was started anew in between.
    """

    id: str
    kind: Kind
    at: datetime
    day: date
    number: int
    language: str
    code: str | None = None
    service: str | None = None
    handed_out: bool = False
    series: str | None = None
    born: date | None = None
    due: time | None = None
    late_ok: bool = False
    seconds_ago: float | None = None


@dataclass(frozen=True)
class Result:
    """The answer to an entry, kept so that the same entry gets it again. `due_at` is ISO 8601 in UTC."""

    accepted: bool
    ticket: str | None = None
    service: str | None = None
    due_at: str | None = None
    code: str | None = None
    office: str | None = None  # after "wrong_office": where it is


def take(
    session: Session,
    device: Device,
    entries: Sequence[Entry],
    *,
    early: timedelta,
    late: timedelta | None = None,
    now: datetime,
) -> dict[str, Result]:
    """Take the entries of a kiosk, and say by entry id what became of each.

    An entry that cannot be stored is left out of the answer, so that the device keeps it; the rest is taken.
    Raises NotAllowed for a display, NotSignedIn where the device was revoked meanwhile.
    """
    if device.series is None:
        raise NotAllowed  # a display gives no numbers
    known = _lock(session, device, entries, now)
    results: dict[str, Result] = {}
    tickets: list[Ticket] = []
    for entry in entries:
        row = known.get(entry.id)
        if row is not None and (row.accepted or not entry.handed_out):
            results[entry.id] = Result(**row.result)
            continue
        try:
            with session.begin_nested():
                result, ticket = _take(session, device, entry, Rules(early, late), now)
                known[entry.id] = _keep(session, row or _row(device, entry), result, ticket, now)
        except (IntegrityError, DataError) as error:
            log.error("journal entry not taken", device=device.id, entry=entry.id, error=type(error).__name__)
            continue
        results[entry.id] = result
        if ticket is not None:
            tickets.append(ticket)
    arriving.announce(session, tickets, f"device:{device.id}", now)
    return results


def _lock(
    session: Session, device: Device, entries: Sequence[Entry], now: datetime
) -> dict[str, JournalEntry]:
    # The device's row is the lock: a journal delivered twice at once is taken one delivery after the other.
    alive = session.execute(
        update(Device)
        .where(Device.id == device.id, Device.revoked_at.is_(None))
        .values(seen_at=now)
        .returning(Device.id)
    )
    if alive.scalar_one_or_none() is None:
        raise NotSignedIn
    arriving.lock_numbers(session, device.office_id)
    rows = session.scalars(
        select(JournalEntry)
        .join(Device)
        # Also what the same journal handed in under an earlier pairing.
        .where(Device.office_id == device.office_id, JournalEntry.entry.in_([entry.id for entry in entries]))
    )
    return {row.entry: row for row in rows}


def _take(
    session: Session, device: Device, entry: Entry, rules: Rules, now: datetime
) -> tuple[Result, Ticket | None]:
    arrival = _arrival(session, device, entry, now)
    try:
        if entry.kind == Kind.CHECK_IN:
            sought = Sought(entry.code or "", entry.born, entry.due)
            if sought.born is not None and not entry.handed_out:
                _count_try(session, device, now)
            ticket = arriving.accept_check_in(session, arrival, sought, rules, now)
        else:
            ticket = arriving.accept_walk_in(session, arrival, entry.service, now)
    except Refusal as refusal:
        return _refused(session, refusal), None
    return Result(True, ticket.code, _slug(session, ticket.service_id), _iso(ticket.due_at)), ticket


def _count_try(session: Session, device: Device, now: datetime) -> None:
    # Counted in the transaction of the entry: a refusal does not end it.
    try:
        limits.hit(session, "birth", f"device:{device.id}", TRIES, TRIES_PER, now)
    except TooMany:
        raise TooManyTries from None


def _arrival(session: Session, device: Device, entry: Entry, now: datetime) -> Arrival:
    office = device.office
    today = sheet.day_of(now, office.time_zone)
    at, day = max(EARLIEST, min(entry.at, now)), entry.day
    if entry.seconds_ago is not None:
        # Whatever the device's clock shows, and however often it was set meanwhile.
        at = now - timedelta(seconds=entry.seconds_ago)
        day = sheet.day_of(at, office.time_zone)
    # Only a number that is out can belong to an earlier day. Else the visitor stands here now, whatever the device's
    # clock says: a number of yesterday would never be called.
    day = min(day, today) if entry.handed_out else today
    if day == today:
        # Only a number that is out has waited for its delivery; else the office's clock is the better one.
        at = max(at, sheet.midnight(today, office.time_zone)) if entry.handed_out else now
    return Arrival(
        office,
        day,
        at,
        entry.language,
        devices.series_for(session, device, entry.series) or "?",
        entry.number,
        waits=day == today,
        handed_out=entry.handed_out,
        late_ok=entry.late_ok,
        token=phone.token_of_entry(entry.id),
        # Whoever has not got it yet is shown the number that the office gives.
        shown=code_of(entry.series or device.series or "?", entry.number) if entry.handed_out else None,
    )


def _refused(session: Session, refusal: Refusal) -> Result:
    service, due_at = _slug(session, refusal.service_id), _iso(refusal.due_at)
    return Result(False, refusal.ticket, service, due_at, refusal.code, refusal.office)


def _row(device: Device, entry: Entry) -> JournalEntry:
    return JournalEntry(
        device_id=device.id, entry=entry.id, kind=entry.kind.value, at=max(EARLIEST, entry.at)
    )


def _keep(
    session: Session, row: JournalEntry, result: Result, ticket: Ticket | None, now: datetime
) -> JournalEntry:
    row.received_at, row.accepted, row.result = now, result.accepted, asdict(result)
    row.ticket_id = ticket.id if ticket else None
    session.add(row)
    session.flush()
    return row


def _slug(session: Session, service_id: int | None) -> str | None:
    service = session.get(Service, service_id) if service_id is not None else None
    return service.slug if service else None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def tickets_of(session: Session, device: Device, ids: Sequence[str]) -> dict[str, Ticket]:
    """The tickets of entries of this device, by entry id."""
    rows = session.execute(
        select(JournalEntry.entry, Ticket)
        .join(Ticket, JournalEntry.ticket_id == Ticket.id)
        .where(JournalEntry.device_id == device.id, JournalEntry.entry.in_(ids))
    )
    return dict(rows.tuples().all())
