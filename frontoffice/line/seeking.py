"""Finding the appointment of somebody who is there: by its code, or by date of birth and time."""

import hmac
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.birth_date import BirthDate
from frontoffice.booking import appointing, references
from frontoffice.booking.models import OCCUPYING, Appointment
from frontoffice.line.refusals import Ambiguous, UnknownBirth, UnknownCode, WrongOffice
from frontoffice.offices.models import Office

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Sought:
    """What the visitor knows: the code, or the date of birth and when the appointment is, on the office's clock."""

    code: str = ""
    born: BirthDate | None = None
    due: time | None = None


def appointment(session: Session, office: Office, day: date, sought: Sought) -> Appointment:
    """The appointment that is meant, in whatever state. Raises UnknownCode, WrongOffice, UnknownBirth, Ambiguous."""
    if sought.born is not None and sought.due is not None:
        return _of_birth(session, office, datetime.combine(day, sought.due), sought.born)
    reference = references.tidy(sought.code)
    if reference is None:
        raise UnknownCode
    found = session.scalar(
        select(Appointment)
        .where(Appointment.reference == reference)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise UnknownCode
    if found.office_id != office.id:
        raise WrongOffice(found, office=session.get_one(Office, found.office_id))
    return found


def _of_birth(session: Session, office: Office, due: datetime, born: BirthDate) -> Appointment:
    start = due.replace(tzinfo=ZoneInfo(office.time_zone)).astimezone(UTC)
    at_that_time = session.scalars(
        select(Appointment)
        .where(
            Appointment.office_id == office.id,
            Appointment.start >= start,
            Appointment.start < start + MINUTE,
        )
        .execution_options(populate_existing=True)
    ).all()
    theirs = [
        each
        for each in at_that_time
        if hmac.compare_digest(appointing.person_of(session, each).born.isoformat(), born.isoformat())
    ]
    # One that was cancelled counts where there is no other, so that its owner is told.
    found = [each for each in theirs if each.state in OCCUPYING] or theirs
    if not found:
        raise UnknownBirth
    if len(found) > 1:
        raise Ambiguous
    return found[0]
