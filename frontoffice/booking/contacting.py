"""Changing where a person is reached. Name and date of birth never change: who they are is what was booked.

Where the office asks for a proven contact, the new one is kept beside the old one, sealed with it, and replaces
it once it is proven; until then everything goes on to the old one.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from frontoffice import limits
from frontoffice import vault as vaults
from frontoffice.booking import appointing, fairness, letters, proving
from frontoffice.booking.models import Appointment, State
from frontoffice.booking.person import Contact, Person, WrongDetails, read_contact
from frontoffice.booking.refusals import NotChangeable
from frontoffice.config import Config
from frontoffice.messages import outbox
from frontoffice.messages.models import Medium

MOST = 5  # changes of one appointment's contact in a day
DAY = timedelta(days=1)


def change(
    session: Session,
    appointment: Appointment,
    mail: str | None,
    phone: str | None,
    now: datetime,
    *,
    settings: Config,
    actor: str = appointing.VISITOR,
) -> None:
    """Reach the person somewhere else; `mail` and `phone` as typed, empty for none.

    For a visitor at an office that asks for proof, a new contact is asked to prove itself first. A contact that
    has not been proven yet is replaced at once, and the new one is asked. Raises WrongDetails, NotChangeable,
    TooMany, and what `fairness.check_contact` raises.
    """
    contact = read_contact(mail or "", phone or "")
    if actor == appointing.VISITOR:
        person = appointing.person_of(session, appointment).reached_at(contact)
        fairness.check_contact(session, person, now, rules=settings.fairness, besides=appointment.id)
    appointing.refresh(session, appointment, lock=True)
    if appointment.state not in appointing.AWAITED or appointment.start <= now:
        raise NotChangeable
    before = appointing.person_of(session, appointment).contact
    if contact == before and wanted_of(session, appointment) is None:
        return
    if actor == appointing.VISITOR:
        limits.hit(
            session, "contact", vaults.of(session).digest("contact", appointment.reference), MOST, DAY, now
        )
    if appointment.state is State.CONFIRMED and (
        actor != appointing.VISITOR or not _has_to_prove(appointment, before, contact)
    ):
        replace(session, appointment, contact, now, settings, actor)
        return
    place = letters.place_of(session, appointment)
    outbox.cancel(session, letters.subject(appointment), now, kinds=["confirm_contact"])
    if appointment.state is State.CONFIRMED:
        _keep(session, appointment, before, wanted=contact)
    else:
        _keep(session, appointment, contact)
    again = int(now.timestamp())
    letters.confirm(session, appointment, contact, now, settings, place=place, again=again)
    appointing.happened(session, "appointment.contact_wanted", appointment, now, actor)


def replace(
    session: Session, appointment: Appointment, contact: Contact, now: datetime, settings: Config, actor: str
) -> None:
    """Reach the person there from now on; both contacts hear of it."""
    appointing.refresh(session, appointment, lock=True)
    before = appointing.person_of(session, appointment).contact
    _keep(session, appointment, contact)
    if contact == before:
        return
    # What has not left yet would go to the old contact; the letter to the new one says it all.
    outbox.cancel(session, letters.subject(appointment), now)
    letters.contact_changed(session, appointment, before, contact, now, settings)
    appointing.happened(session, "appointment.contact_changed", appointment, now, actor)


def wanted_of(session: Session, appointment: Appointment) -> Contact | None:
    """The contact that is to replace the present one once it is proven."""
    return Contact.wanted(vaults.of(session).open(appointment.person))


def _has_to_prove(appointment: Appointment, before: Contact, after: Contact) -> bool:
    confirmation = appointment.office.confirmation
    medium = proving.kind(confirmation, after)
    if medium is None:
        return False
    # Someone who booked by phone may never have given what the office asks of visitors.
    try:
        proven = proving.kind(confirmation, before)
    except WrongDetails:
        return True
    return medium is not proven or _address(medium, before) != _address(medium, after)


def _address(medium: Medium, contact: Contact) -> str | None:
    return contact.mail if medium is Medium.MAIL else contact.phone


def _keep(
    session: Session, appointment: Appointment, contact: Contact, wanted: Contact | None = None
) -> None:
    vault = vaults.of(session)
    person: Person = appointing.person_of(session, appointment).reached_at(contact)
    digests = fairness.digests(vault, person)
    appointment.person = vault.seal(person.to_seal(wanted))
    appointment.person_digest, appointment.mail_digest, appointment.phone_digest = digests
    session.flush()
