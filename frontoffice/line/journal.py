"""Taking what visitors did at a kiosk from its journal: every entry once, however often it is delivered."""

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, cast

import structlog
from sqlalchemy import String, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from frontoffice import limits
from frontoffice.birth_date import BirthDate
from frontoffice.booking import rows, sheet
from frontoffice.errors import NotAllowed, NotSignedIn, TooMany
from frontoffice.line import arriving, phone
from frontoffice.line.arriving import Arrival, Refusal, Rules
from frontoffice.line.models import JournalEntry, Ticket, code_of
from frontoffice.line.refusals import TooManyTries
from frontoffice.line.seeking import Sought
from frontoffice.offices.models import Office, Service
from frontoffice.quick import Quick, made
from frontoffice.staff import devices
from frontoffice.staff.models import Device

log = structlog.get_logger(__name__)

# A device whose clock has lost its battery lives in 1970; no earlier moment is kept than this.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

# Attempts to check in by date of birth at one device. One day has 24 * 60 times and a life 30,000 days.
TRIES = 20
TRIES_PER = timedelta(minutes=15)

AT_ONCE = 500  # rows that are forgotten in one transaction


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
    `language_chosen`: the visitor pressed the language; else the screen stood in it, and the booking's goes before it.
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
    born: BirthDate | None = None
    due: time | None = None
    late_ok: bool = False
    seconds_ago: float | None = None
    language_chosen: bool = True


@dataclass(frozen=True)
class Result:
    """The answer to an entry, kept so that the same entry gets it again. `due_at` is ISO 8601 in UTC.

    `language` is the booking's, where it goes before that of the entry.
    """

    accepted: bool
    ticket: str | None = None
    service: str | None = None
    due_at: str | None = None
    code: str | None = None
    office: str | None = None  # after "wrong_office": where it is
    language: str | None = None


class _Known(NamedTuple):
    """An entry that was taken before."""

    id: int
    result: Result


_ENTRIES = cast(Table, JournalEntry.__table__)
_STILL_PAIRED = (
    update(Device)
    .where(Device.id == bindparam("device"), Device.revoked_at.is_(None))
    .values(seen_at=bindparam("now"))
    .returning(Device.office_id)
)
_ALIVE = Quick(_STILL_PAIRED)


def _alive_and_locked() -> Any:
    """PostgreSQL's one statement: the device's row is written, then the numbers locked (`arriving.lock_numbers`)."""
    paired = _STILL_PAIRED.cte("paired")
    numbers = select(Office.id).join(paired, paired.c.office_id == Office.id)
    return numbers.with_for_update(key_share=True, of=Office)


_ALIVE_AND_LOCKED = Quick(_alive_and_locked())
# Also what the same journal handed in under an earlier pairing.
_OF_OFFICE = (
    select(JournalEntry.entry, JournalEntry.id, JournalEntry.result)
    .join(Device)
    .where(Device.office_id == bindparam("office"))
)
_TAKEN = Quick(_OF_OFFICE.where(JournalEntry.entry == func.any(bindparam("entries", type_=ARRAY(String)))))
_LISTED = func.json_each(bindparam("entries", type_=String)).table_valued("value")
_TAKEN_SQLITE = Quick(_OF_OFFICE.where(JournalEntry.entry.in_(select(_LISTED.c.value))))
_KEEP = Quick(insert(_ENTRIES).returning(_ENTRIES.c.id))
_CHANGE = Quick(
    update(_ENTRIES)
    .where(_ENTRIES.c.id == bindparam("number"))
    .values(
        {
            name: bindparam(name, type_=_ENTRIES.c[name].type)
            for name in ("received_at", "accepted", "result", "ticket_id")
        }
    )
)
# What is needed to say how long and where to wait.
_TOLD = (
    "id",
    "office_id",
    "state",
    "due_at",
    "service_id",
    "for_counter_id",
    "for_account_id",
    "for_team",
    "for_language",
)
_TICKET_OF = Quick(
    select(*(Ticket.__table__.c[name] for name in _TOLD))
    .join(JournalEntry, JournalEntry.ticket_id == Ticket.id)
    .where(JournalEntry.device_id == bindparam("device"), JournalEntry.entry == bindparam("entry"))
)


def take(
    session: Session,
    device: Device,
    entries: Sequence[Entry],
    *,
    early: timedelta,
    late: timedelta | None = None,
    now: datetime,
    apart: bool = True,
) -> dict[str, Result]:
    """Take the entries of a kiosk, and say by entry id what became of each.

    An entry that cannot be stored is left out of the answer, so that the device keeps it; the rest is taken. Not
    `apart`, which is quicker, it raises its IntegrityError or DataError, and the transaction cannot go on.
    Raises NotAllowed for a display, NotSignedIn where the device was revoked meanwhile.
    """
    if device.series is None:
        raise NotAllowed  # a display gives no numbers
    known = _lock(session, device, entries, now)
    results: dict[str, Result] = {}
    tickets: list[Ticket] = []
    for entry in entries:
        key = phone.kept_as(entry.id)
        before = known.get(key)
        if before is not None and (before.result.accepted or not entry.handed_out):
            results[entry.id] = before.result
            continue
        try:
            with session.begin_nested() if apart else nullcontext():
                result, ticket = _take(session, device, entry, Rules(early, late), now)
                known[key] = _keep(session, device, entry, before, result, ticket, now)
        except (IntegrityError, DataError) as error:
            if not apart:
                raise
            log.error("journal entry not taken", device=device.id, entry=key[:8], error=type(error).__name__)
            continue
        results[entry.id] = result
        if ticket is not None:
            tickets.append(ticket)
    arriving.announce(session, tickets, f"device:{device.id}", now)
    return results


def _lock(session: Session, device: Device, entries: Sequence[Entry], now: datetime) -> dict[str, _Known]:
    session.flush()
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    # The device's row is a lock: a journal delivered twice at once is taken one delivery after the other.
    alive = _ALIVE if is_sqlite else _ALIVE_AND_LOCKED
    if not alive.run(session, {"device": device.id, "now": now}):
        raise NotSignedIn
    # Only now: on PostgreSQL a statement sees what was committed before it began.
    ids = [phone.kept_as(entry.id) for entry in entries]
    wanted: dict[str, Any] = {"office": device.office_id, "entries": json.dumps(ids) if is_sqlite else ids}
    found = (_TAKEN_SQLITE if is_sqlite else _TAKEN).run(session, wanted)
    return {entry: _Known(number, Result(**result)) for entry, number, result in found}


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
        return _refused(session, refusal, entry), None
    spoken = ticket.language if ticket.language != entry.language else None
    service, due_at = _slug(session, ticket.service_id), _iso(ticket.due_at)
    return Result(True, ticket.code, service, due_at, language=spoken), ticket


def _count_try(session: Session, device: Device, now: datetime) -> None:
    # Counted in the transaction of the entry: a refusal does not end it.
    try:
        limits.hit(session, "birth", f"device:{device.id}", TRIES, TRIES_PER, now)
    except TooMany:
        raise TooManyTries from None


def _arrival(session: Session, device: Device, entry: Entry, now: datetime) -> Arrival:
    office = rows.lasting(session, Office, device.office_id)
    assert office is not None  # the device belongs to it
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
        language_chosen=entry.language_chosen,
    )


def _refused(session: Session, refusal: Refusal, entry: Entry) -> Result:
    service, due_at = _slug(session, refusal.service_id), _iso(refusal.due_at)
    spoken = None if entry.language_chosen else refusal.language
    return Result(False, refusal.ticket, service, due_at, refusal.code, refusal.office, spoken)


def _keep(
    session: Session,
    device: Device,
    entry: Entry,
    before: _Known | None,
    result: Result,
    ticket: Ticket | None,
    now: datetime,
) -> _Known:
    session.flush()
    came = {
        "received_at": now,
        "accepted": result.accepted,
        "result": vars(result),
        "ticket_id": ticket.id if ticket else None,
    }
    if before is not None:
        _CHANGE.run(session, {**came, "number": before.id})
        return _Known(before.id, result)
    at = max(EARLIEST, entry.at)
    said = {"device_id": device.id, "entry": phone.kept_as(entry.id), "kind": entry.kind.value, "at": at}
    [(number,)] = _KEEP.run(session, said | came)
    return _Known(number, result)


def _slug(session: Session, service_id: int | None) -> str | None:
    service = rows.lasting(session, Service, service_id) if service_id is not None else None
    return service.slug if service else None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def forget(session: Session, keep: timedelta, now: datetime) -> int:
    """Entries go so long after they came in, as no kiosk asks for their answers any more; at most 500 at once."""
    # They come in in the order of their ids, so that no index is needed.
    oldest = select(JournalEntry.id, JournalEntry.received_at).order_by(JournalEntry.id).limit(AT_ONCE)
    ids = [number for number, received_at in session.execute(oldest) if received_at <= now - keep]
    session.execute(delete(JournalEntry).where(JournalEntry.id.in_(ids)))
    return len(ids)


def tickets_of(session: Session, device: Device, ids: Sequence[str]) -> dict[str, Ticket]:
    """The tickets of entries of this device, by entry id."""
    found: dict[str, Ticket] = {}
    for each in ids:
        for row in _TICKET_OF.run(session, {"device": device.id, "entry": phone.kept_as(each)}):
            found[each] = made(session, Ticket, dict(zip(_TOLD, row, strict=True)))
    return found
