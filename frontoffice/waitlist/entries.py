"""An entry of the waiting list: found again, read, and what happened to it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice import vault as vaults
from frontoffice.booking import appointing, references
from frontoffice.booking.models import Appointment
from frontoffice.booking.person import Person
from frontoffice.errors import NotFound
from frontoffice.waitlist import letters
from frontoffice.waitlist.models import LIVE, WaitlistEntry
from frontoffice.waitlist.wish import Wish

VISITOR = "visitor"
SECRET = "waitlist"  # noqa: S105 (what the vault's token is for, not a token)


def find(session: Session, reference: str, secret: str) -> WaitlistEntry:
    """The entry with this reference, if `secret` is its secret. NotFound if either is wrong."""
    known = references.tidy(reference)
    if known is None or not vaults.of(session).token_matches(secret, SECRET, known):
        raise NotFound
    found = session.scalar(select(WaitlistEntry).where(WaitlistEntry.reference == known))
    if found is None:
        raise NotFound
    return found


def of_appointment(session: Session, appointment: Appointment) -> WaitlistEntry | None:
    """The live entry that asks for an earlier time for this appointment."""
    query = select(WaitlistEntry).where(
        WaitlistEntry.appointment_id == appointment.id, WaitlistEntry.state.in_(LIVE)
    )
    return session.scalars(query).first()


def person_of(session: Session, entry: WaitlistEntry) -> Person:
    """Who waits, unsealed. Raises NotFound once it is redacted.

    Of a wish for an earlier time it is the person of the appointment, whose contact may have changed since.
    """
    if entry.appointment_id is not None and entry.person is not None:
        return appointing.person_of(session, session.get_one(Appointment, entry.appointment_id))
    if entry.person is None:
        raise NotFound
    return Person.from_sealed(vaults.of(session).open(entry.person))


def secret_of(session: Session, entry: WaitlistEntry) -> str:
    """The secret that opens the page of the entry."""
    return vaults.of(session).token(SECRET, entry.reference)


def wish_of(entry: WaitlistEntry) -> Wish:
    """What the entry asks for."""
    return Wish(
        entry.first_day, entry.until_day, entry.weekdays, entry.not_before, entry.before, entry.notice_hours
    )


def ahead_of(session: Session, entry: WaitlistEntry) -> int:
    """How many wait at the same office for the same service since earlier."""
    if entry.joined_at is None:
        return 0
    query = select(WaitlistEntry.joined_at, WaitlistEntry.id).where(
        WaitlistEntry.office_id == entry.office_id,
        WaitlistEntry.service_id == entry.service_id,
        WaitlistEntry.state.in_(LIVE),
        WaitlistEntry.joined_at <= entry.joined_at,
    )
    return sum((row.joined_at, row.id) < (entry.joined_at, entry.id) for row in session.execute(query))


def happened(session: Session, kind: str, entry: WaitlistEntry, now: datetime, actor: str) -> None:
    """Append what happened to an entry, as the last thing of a verb."""
    events.append(
        session,
        entry.office_id,
        kind,
        now,
        actor=actor,
        subject=letters.subject(entry),
        data={"service_id": entry.service_id},
    )
