"""What becomes of an offer: it is taken, declined, withdrawn, or runs out. Exactly one of them.

All of it happens under the lock of the sheet on which the time lies; within that, the offer's row decides by a
conditional UPDATE.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import appointing, daybook, fairness, freeing, moving
from frontoffice.booking.models import Appointment, Hold
from frontoffice.config import Config
from frontoffice.waitlist import ending, entries, letters
from frontoffice.waitlist.models import EntryState, Offer, Outcome, WaitlistEntry
from frontoffice.waitlist.refusals import OfferGone


def open_offer(session: Session, entry: WaitlistEntry, now: datetime) -> Offer | None:
    """What is offered to the entry, and can still be taken."""
    query = select(Offer).where(
        Offer.entry_id == entry.id, Offer.outcome == Outcome.OPEN, Offer.expires_at > now
    )
    return session.scalars(query).one_or_none()


def take(session: Session, entry: WaitlistEntry, now: datetime, *, settings: Config) -> Appointment:
    """The person takes what is offered: it becomes the appointment, or the one the wish is tied to moves there.

    Raises OfferGone, and what booking and moving refuse; the offer stands then.
    """
    person = entries.person_of(session, entry)
    fairness.lock(session, [person])
    offered = open_offer(session, entry, now)
    if offered is None:
        raise OfferGone
    tied = session.get(Appointment, entry.appointment_id) if entry.appointment_id is not None else None
    _lock(session, offered, tied)
    if not _decide(session, offered, Outcome.TAKEN, now):
        raise OfferGone
    _enter(session, entry, EntryState.TAKEN, now, ended_at=now)
    token = vaults.of(session).open(offered.token or b"")
    offered.token = None
    letters.offer_gone(session, entry, now)
    if tied is not None:
        moving.move_to_hold(session, tied, token, now, settings=settings, actor="waitlist")
        return tied
    booked = appointing.book(session, token, person, entry.language, now, settings=settings, proven=True)
    entry.appointment_id = booked.id
    session.flush()
    return booked


def decline(session: Session, entry: WaitlistEntry, now: datetime, *, settings: Config) -> None:
    """The person does not want what is offered; it goes to the next. Raises OfferGone."""
    offered = open_offer(session, entry, now)
    if offered is None:
        raise OfferGone
    page = daybook.locked(session, offered.sheet_id)
    if not _decide(session, offered, Outcome.DECLINED, now):
        raise OfferGone
    _give_on(session, page, offered, now, settings)
    _missed(session, entry, "waitlist.declined", now, settings)


def withdraw(session: Session, offered: Offer, now: datetime, *, settings: Config) -> None:
    """Take an offer back that is still open: the entry waits again, and the time goes to the next."""
    page = daybook.locked(session, offered.sheet_id)
    if _decide(session, offered, Outcome.WITHDRAWN, now):
        _give_on(session, page, offered, now, settings)
        _enter(session, offered.entry, EntryState.WAITING, now)


def expire_next(session: Session, now: datetime, *, settings: Config) -> bool:
    """End one offer that has run out, or whose time was taken away by a closure; False where there is none."""
    lost = select(Hold.id).where(Hold.token_fingerprint == Offer.fingerprint, Hold.released_at.is_(None))
    due = or_(Offer.expires_at <= now, ~lost.exists())
    query = select(Offer).where(Offer.outcome == Outcome.OPEN, due).order_by(Offer.expires_at, Offer.id)
    offered = session.scalars(query.limit(1)).first()
    if offered is None:
        return False
    page = daybook.locked(session, offered.sheet_id)
    ran_out = offered.expires_at <= now
    if not _decide(session, offered, Outcome.EXPIRED if ran_out else Outcome.WITHDRAWN, now, due):
        return True  # it was answered while we waited for the sheet
    entry = offered.entry
    _give_on(session, page, offered, now, settings)
    if ran_out:
        _missed(session, entry, "waitlist.expired", now, settings)
    else:
        _enter(session, entry, EntryState.WAITING, now)
    return True


def _lock(session: Session, offered: Offer, tied: Appointment | None) -> None:
    """Lock the sheet of the offer, and that of the appointment that would move, in their order."""
    daybook.all_locked(session, list({offered.sheet_id, *([tied.sheet_id] if tied is not None else [])}))
    query = select(Hold.id).where(Hold.token_fingerprint == offered.fingerprint, Hold.released_at.is_(None))
    if session.scalar(query) is None:  # the day was closed meanwhile
        raise OfferGone


def _decide(
    session: Session, offered: Offer, outcome: Outcome, now: datetime, *conditions: ColumnElement[bool]
) -> bool:
    """Close an offer that is open; whoever finds no row comes too late."""
    decided = session.execute(
        update(Offer)
        .where(Offer.id == offered.id, Offer.outcome == Outcome.OPEN, *conditions)
        .values(outcome=outcome, decided_at=now)
        .returning(Offer.id)
        .execution_options(synchronize_session=False)
    ).first()
    session.refresh(offered)
    return decided is not None


def _give_on(session: Session, page: daybook.Page, offered: Offer, now: datetime, settings: Config) -> None:
    """What was offered is freed again: for the next who waits, and after a while for everybody."""
    offered.token = None
    query = select(Hold).where(Hold.token_fingerprint == offered.fingerprint, Hold.released_at.is_(None))
    kept = session.scalars(query).one_or_none()
    if kept is not None:
        kept.released_at = now
        session.flush()
        daybook.write(session, freeing.give_back_later(session, page, kept, now, settings.booking))


def _missed(session: Session, entry: WaitlistEntry, kind: str, now: datetime, settings: Config) -> None:
    """One offer less; after too many of them, or after its date, the entry ends."""
    missed = entry.missed + 1
    _enter(session, entry, EntryState.WAITING, now, missed=missed)
    letters.offer_gone(session, entry, now)
    if missed >= settings.waitlist.most_missed:
        ending.end(session, entry, EntryState.MISSED, now, settings=settings)
    elif entry.ends_at <= now:
        ending.end(session, entry, EntryState.OVER, now, settings=settings)
    entries.happened(session, kind, entry, now, "visitor" if kind.endswith("declined") else "worker")


def _enter(session: Session, entry: WaitlistEntry, state: EntryState, now: datetime, **values: Any) -> None:
    """Lead an entry on from an offer. Only who holds the sheet of that offer does this."""
    session.execute(
        update(WaitlistEntry)
        .where(WaitlistEntry.id == entry.id, WaitlistEntry.state == EntryState.OFFERED)
        .values(state=state, changed_at=now, **values)
        .execution_options(synchronize_session=False)
    )
    session.refresh(entry)
