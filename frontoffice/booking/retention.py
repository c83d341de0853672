"""How long it is known whose an appointment was. Time, concern and outcome stay for good: they are what is counted."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import personal, references
from frontoffice.booking.models import IS_GIVEN_UP_AND_KNOWN, IS_KNOWN, Appointment, State
from frontoffice.config import Config
from frontoffice.offices import keeping
from frontoffice.offices.keeping import Kept

AT_ONCE = 500


def anonymise(session: Session, now: datetime, *, settings: Config) -> int:
    """Take the people out of appointments that are over for long enough; at most 500 at once, says how many.

    The days count from the visit; from the cancellation where it was cancelled, from the lapse where nobody confirmed.
    An office can have less of them. Link and code lead nowhere afterwards. Twice does it once.
    """
    ids = list[int]()
    for since, *conditions in _over(session, now, settings):
        due = select(Appointment.id).where(*conditions, Appointment.state != State.CHECKED_IN)
        due = due.order_by(since).limit(AT_ONCE - len(ids)).with_for_update(skip_locked=True)
        ids += session.scalars(due.where(Appointment.id.not_in(ids))).all()
    nobody = vaults.of(session).seal(personal.NOBODY.to_seal())
    if ids:
        session.execute(
            update(Appointment),
            [{"id": each, "reference": references.new(), **personal.emptied(nobody)} for each in ids],
        )
    return len(ids)


def _over(session: Session, now: datetime, settings: Config) -> Iterator[tuple[Any, ...]]:
    """Kinds of what is due: since when it is over, and the conditions. There is an index for each."""
    most = timedelta(days=settings.booking.keep_days)
    unconfirmed = timedelta(days=settings.booking.keep_unconfirmed_days)
    start, changed = Appointment.start, Appointment.changed_at
    for span, of_office in keeping.spans(session, Appointment.office_id, Kept.BOOKINGS, most):
        lapsed = Appointment.state == State.EXPIRED
        yield start, IS_KNOWN, start <= now - span, of_office
        yield changed, IS_GIVEN_UP_AND_KNOWN, changed <= now - span, of_office
        yield changed, IS_GIVEN_UP_AND_KNOWN, lapsed, changed <= now - min(span, unconfirmed), of_office
