"""Confirming: an unconfirmed appointment stands once its contact is proven, and lapses otherwise.

Confirming and lapsing both change the row only while it is unconfirmed, so exactly one of them wins.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session, joinedload

from frontoffice import limits
from frontoffice import vault as vaults
from frontoffice.booking import appointing, contacting, daybook, freeing, letters, proving
from frontoffice.booking.models import Appointment, State
from frontoffice.booking.person import Contact, Person
from frontoffice.booking.refusals import ConfirmedTooLate
from frontoffice.config import Config
from frontoffice.errors import NotFound
from frontoffice.messages import outbox
from frontoffice.messages.models import Medium

AT_ONCE = 100  # appointments that lapse in one transaction
ATTEMPTS = 5  # codes that can be tried for an appointment within an hour
REPETITIONS = 3  # how often the link or the code is sent again within an hour
HOUR = timedelta(hours=1)

LAPSED = "lapse"  # who lets appointments lapse, in events


def asked(
    session: Session, appointment: Appointment, just_booked: Person | None = None
) -> tuple[Medium, Contact] | None:
    """What is to be proven now, and through what; None where nothing is.

    It is the contact of an unconfirmed appointment, or the new one of a confirmed one. Where the appointment was
    `just_booked` for that person, nothing has to be unsealed.
    """
    contact = None
    if appointment.state is State.UNCONFIRMED:
        contact = (just_booked or appointing.person_of(session, appointment)).contact
    elif appointment.state is State.CONFIRMED and just_booked is None:
        contact = contacting.wanted_of(session, appointment)
    medium = proving.through(appointment.office.confirmation, contact) if contact else None
    return (medium, contact) if medium and contact else None


def is_proof(session: Session, appointment: Appointment, proof: str) -> bool:
    """Whether that comes from a link that was sent to a mail address of this appointment."""
    return _proven_by_link(session, appointment, proof) is not None


def confirm_by_link(
    session: Session, appointment: Appointment, proof: str, now: datetime, *, settings: Config
) -> None:
    """Confirm the appointment, or its new contact, with what stood in the link. Twice does it once.

    Raises NotFound for a wrong proof, ConfirmedTooLate for an appointment that has lapsed or is over.
    """
    contact = _proven_by_link(session, appointment, proof)
    if contact is None:
        raise NotFound
    _confirm_contact(session, appointment, contact, now, settings)


def confirm_by_code(
    session: Session, appointment: Appointment, code: str, now: datetime, *, settings: Config
) -> bool:
    """The same with the code from an SMS; False for a wrong one.

    The attempt is counted in this transaction, which therefore must be committed also after a wrong code. Raises
    TooMany after five attempts within an hour.
    """
    vault = vaults.of(session)
    limits.hit(session, "confirm code", _who(session, appointment), ATTEMPTS, HOUR, now)
    for contact in _contacts(session, appointment):
        if contact.phone and proving.is_code(vault, appointment.reference, contact.phone, code):
            _confirm_contact(session, appointment, contact, now, settings)
            return True
    return False


def confirm(
    session: Session,
    appointment: Appointment,
    now: datetime,
    *,
    settings: Config,
    actor: str = appointing.VISITOR,
) -> None:
    """Confirm an unconfirmed appointment whose contact is proven, or for which staff vouch. Twice does it once.

    Whoever is a little late still confirms, as long as the time was not given back. Raises ConfirmedTooLate.
    """
    confirmed = session.execute(
        update(Appointment)
        .where(
            Appointment.id == appointment.id, Appointment.state == State.UNCONFIRMED, Appointment.start > now
        )
        .values(state=State.CONFIRMED, confirm_by=None, changed_at=now)
        .returning(Appointment.id)
        .execution_options(synchronize_session=False)
    ).first()
    appointing.refresh(session, appointment)
    if confirmed is None:
        if appointment.state in (State.UNCONFIRMED, State.EXPIRED, State.CANCELLED):
            raise ConfirmedTooLate
        return
    person = appointing.person_of(session, appointment)
    place = letters.place_of(session, appointment)
    letters.booked(session, appointment, person, now, settings, place=place)
    appointing.happened(session, "appointment.confirmed", appointment, now, actor)


def send_again(session: Session, appointment: Appointment, now: datetime, *, settings: Config) -> None:
    """Send the link or the code once more; nothing where nothing is to be proven. Raises TooMany."""
    found = asked(session, appointment)
    if found is None:
        return
    limits.hit(session, "confirm again", _who(session, appointment), REPETITIONS, HOUR, now)
    place = letters.place_of(session, appointment)
    letters.confirm(session, appointment, found[1], now, settings, place=place, again=int(now.timestamp()))


def lapse(session: Session, now: datetime, *, settings: Config) -> int:
    """Let go what was not confirmed in time, give back its time, and tell the person; says how many."""
    query = select(Appointment.id, Appointment.sheet_id).where(*_is_overdue(now))
    overdue = session.execute(query.order_by(Appointment.id).limit(AT_ONCE)).all()
    if not overdue:
        return 0
    pages = {page.id: page for page in daybook.all_locked(session, list({row.sheet_id for row in overdue}))}
    found = session.scalars(
        select(Appointment)
        .where(
            Appointment.id.in_([row.id for row in overdue]),
            Appointment.sheet_id.in_(pages),
            *_is_overdue(now),
        )
        .options(joinedload(Appointment.office), joinedload(Appointment.service))
        .order_by(Appointment.id)
        .with_for_update(of=Appointment)
        .execution_options(populate_existing=True)
    ).all()
    drafts = []
    for each in found:
        given_up = freeing.GivenUp.of(each)
        each.state, each.sequence, each.changed_at = State.EXPIRED, each.sequence + 1, now
        page = pages[each.sheet_id]
        pages[each.sheet_id] = freeing.give_back_later(session, page, given_up, now, settings.booking)
        daybook.write(session, pages[each.sheet_id])
        person = appointing.person_of(session, each)
        drafts += letters.lapsed(session, each, person, now, settings)
        outbox.cancel(session, letters.subject(each), now)
    session.flush()
    outbox.enqueue_all(session, drafts, now)
    for each in sorted(found, key=lambda each: (each.office_id, each.id)):  # offices are locked in one order
        appointing.happened(session, "appointment.lapsed", each, now, LAPSED)
    return len(found)


def _is_overdue(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Appointment.state == State.UNCONFIRMED, Appointment.confirm_by <= now


def _confirm_contact(
    session: Session, appointment: Appointment, contact: Contact, now: datetime, settings: Config
) -> None:
    if appointment.state is State.CONFIRMED and contacting.wanted_of(session, appointment) == contact:
        contacting.replace(session, appointment, contact, now, settings, appointing.VISITOR)
    else:
        confirm(session, appointment, now, settings=settings)


def _proven_by_link(session: Session, appointment: Appointment, proof: str) -> Contact | None:
    vault = vaults.of(session)
    for contact in _contacts(session, appointment):
        if contact.mail and proving.is_link_proof(vault, appointment.reference, contact.mail, proof):
            return contact
    return None


def _contacts(session: Session, appointment: Appointment) -> Sequence[Contact]:
    """The contacts that can be proven: the one that is to replace the other comes first."""
    wanted = contacting.wanted_of(session, appointment)
    known = appointing.person_of(session, appointment).contact
    return [wanted, known] if wanted else [known]


def _who(session: Session, appointment: Appointment) -> str:
    return vaults.of(session).digest("confirm", appointment.reference)
