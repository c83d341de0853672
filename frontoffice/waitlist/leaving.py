"""Leaving the waiting list, the ends that come with time, and forgetting who was on it."""

from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from frontoffice.booking.appointing import CANCELLABLE
from frontoffice.booking.models import Appointment
from frontoffice.config import Config
from frontoffice.offices import keeping
from frontoffice.offices.keeping import Kept
from frontoffice.waitlist import answering, ending, entries
from frontoffice.waitlist.models import LIVE, EntryState, Offer, Outcome, WaitlistEntry

AT_ONCE = 200
TRIES = 3


def leave(session: Session, entry: WaitlistEntry, now: datetime, *, settings: Config) -> None:
    """The person wants no earlier time any more; what is offered goes to the next. Twice does it once."""
    for _ in range(TRIES):  # an offer may be made or answered between two looks
        offered = session.scalars(
            select(Offer).where(Offer.entry_id == entry.id, Offer.outcome == Outcome.OPEN)
        ).one_or_none()
        if offered is not None:
            answering.withdraw(session, offered, now, settings=settings)
        if ending.end(session, entry, EntryState.LEFT, now, settings=settings):
            entries.happened(session, "waitlist.left", entry, now, entries.VISITOR)
            return
        if entry.state not in (EntryState.UNPROVEN, *LIVE):
            return


def end_due(session: Session, now: datetime, *, settings: Config) -> int:
    """End what has lived long enough, some at a time; says how many.

    Wishes whose date has passed, contacts that were never proved, and wishes for an earlier time for an appointment
    that does not stand any more. What is offered just now ends when the offer does.
    """
    unproven_since = now - timedelta(hours=settings.waitlist.proof_hours)
    lost = and_(
        WaitlistEntry.appointment_id == Appointment.id,
        or_(Appointment.state.not_in(CANCELLABLE), Appointment.start <= now),
    )
    query = (
        select(WaitlistEntry)
        .where(
            or_(
                and_(WaitlistEntry.state == EntryState.WAITING, WaitlistEntry.ends_at <= now),
                and_(WaitlistEntry.state == EntryState.UNPROVEN, WaitlistEntry.created_at <= unproven_since),
                and_(WaitlistEntry.state == EntryState.WAITING, select(Appointment.id).where(lost).exists()),
            )
        )
        .order_by(WaitlistEntry.joined_at, WaitlistEntry.id)
        .limit(AT_ONCE)
    )
    ended = []
    for entry in session.scalars(query).all():
        waited = entry.state is EntryState.WAITING
        because = EntryState.OVER if entry.ends_at <= now or not waited else EntryState.NEEDLESS
        if ending.end(session, entry, because, now, settings=settings) and waited:
            ended.append(entry)
    for entry in ended:
        entries.happened(session, "waitlist.ended", entry, now, "worker")
    return len(ended)


def redact(session: Session, now: datetime, *, settings: Config) -> int:
    """Forget who was on the list, some days after the entry has ended; says how many."""
    most, redacted = timedelta(days=settings.waitlist.keep_days), 0
    for span, of_office in keeping.spans(session, WaitlistEntry.office_id, Kept.WAITLIST, most):
        gone = session.scalars(
            update(WaitlistEntry)
            .where(WaitlistEntry.person.is_not(None), WaitlistEntry.ended_at <= now - span, of_office)
            .values(person=None, person_digest=None, mail_digest=None, phone_digest=None)
            .returning(WaitlistEntry.id)
            .execution_options(synchronize_session=False)
        )
        redacted += len(gone.all())
    return redacted
