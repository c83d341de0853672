"""What is on record about one appointment: what happened to it and who did it, and the person's other appointments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from frontoffice.agenda import seeing
from frontoffice.booking import appointing, letters
from frontoffice.booking.models import OCCUPYING, Appointment, State
from frontoffice.config import Config
from frontoffice.errors import N_, Conflict
from frontoffice.events import Event
from frontoffice.messages import outbox
from frontoffice.staff.models import Account


class NothingToSend(Conflict):
    """There is no mail address and no phone number, or nothing to say any more."""

    code = "nothing_to_send"
    sentence = N_(
        "There is no address to send anything to, or the appointment is over. Please print the confirmation instead."
    )


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to an appointment; `who` is a colleague's name, None for anybody else (`actor`)."""

    at: datetime
    kind: str
    actor: str
    who: str | None


def history(session: Session, appointment: Appointment) -> list[Step]:
    """What happened, oldest first. Who only looked is left out: that is for an audit."""
    query = (
        select(Event)
        .where(Event.subject == letters.subject(appointment), Event.office_id == appointment.office_id)
        .where(Event.kind != seeing.SEEN)
        .order_by(Event.number)
    )
    found = session.scalars(query).all()
    accounts = {each.actor: seeing.account_id(each.actor) for each in found}
    known = [each for each in accounts.values() if each is not None]
    names = {each.id: each.name for each in session.scalars(select(Account).where(Account.id.in_(known)))}
    return [Step(each.at, each.kind, each.actor, names.get(accounts[each.actor] or 0)) for each in found]


def others_of(session: Session, appointment: Appointment, now: datetime) -> Sequence[Appointment]:
    """Other coming appointments of the same person at the office, by time."""
    if appointment.person_digest is None:
        return []
    query = (
        select(Appointment)
        .where(Appointment.person_digest == appointment.person_digest, Appointment.id != appointment.id)
        .where(Appointment.office_id == appointment.office_id, Appointment.start >= now)
        .where(Appointment.state.in_(OCCUPYING))
        .options(joinedload(Appointment.sheet))
        .order_by(Appointment.start)
    )
    return session.scalars(query).all()


def send_again(
    session: Session, appointment: Appointment, now: datetime, *, actor: str, settings: Config
) -> None:
    """Send the confirmation of a confirmed appointment once more; within a minute only once. Raises NothingToSend."""
    person = appointing.person_of(session, appointment)
    is_coming = appointment.state is State.CONFIRMED and appointment.start > now
    if not is_coming or not (person.mail or person.phone):
        raise NothingToSend
    place = letters.place_of(session, appointment)
    said = letters.parameters(session, appointment, now, settings, place)
    step = f"again:{now:%Y%m%d%H%M}"
    outbox.enqueue_all(session, letters.drafts(appointment, person.contact, "booked", said, step=step), now)
    appointing.happened(session, "appointment.sent_again", appointment, now, actor)
