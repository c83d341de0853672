"""What a person hears about an appointment: rows for the outbox, written with the fact that causes them."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import proving
from frontoffice.booking.daybook import SHEETS
from frontoffice.booking.models import Appointment, State
from frontoffice.booking.person import Contact, Person
from frontoffice.booking.sheet import TICK
from frontoffice.config import Config
from frontoffice.messages import outbox
from frontoffice.messages.models import Medium
from frontoffice.messages.outbox import Draft
from frontoffice.offices.models import Schedule, Service

SOON = 3  # priority: what somebody waits for leaves before reminders
USUAL = 5

# What a calendar needs, beside what is said anyway.
CALENDAR = frozenset({"ends_at", "sequence", "stamp", "office_mail"})

# What somebody hears who is no longer written to.
FAREWELL = ("office_name", "office_phone", "starts_at", "time_zone")

_PLACE = (
    select(Schedule.place)
    .join(SHEETS, SHEETS.c.schedule_id == Schedule.id)
    .where(SHEETS.c.id == bindparam("sheet"))
)


def manage_link(session: Session, reference: str, base_url: str) -> str:
    """The address of the page of an appointment, with its secret."""
    secret = vaults.of(session).token("appointment", reference)
    return f"{base_url}/appointments/{reference}/{secret}/"


def subject(appointment: Appointment) -> str:
    """By what name messages and events refer to an appointment."""
    return f"appointment:{appointment.id}"


def place_of(session: Session, appointment: Appointment) -> str | None:
    """Where the appointment is, if not at the office's address."""
    return session.connection().execute(_PLACE, {"sheet": appointment.sheet_id}).scalar()


def booked(
    session: Session,
    appointment: Appointment,
    person: Person,
    now: datetime,
    settings: Config,
    *,
    place: str | None,
) -> None:
    """Say that the appointment stands; or, where it is unconfirmed, ask to confirm it."""
    if appointment.state is State.UNCONFIRMED:
        confirm(session, appointment, person.contact, now, settings, place=place)
        return
    words = appointment.office.notes.get("confirmation", {})
    note = words.get(appointment.language) or words.get("de", "")
    said = parameters(session, appointment, now, settings, place, note)
    outbox.enqueue_all(session, drafts(appointment, person.contact, "booked", said), now)


def confirm(
    session: Session,
    appointment: Appointment,
    contact: Contact,
    now: datetime,
    settings: Config,
    *,
    place: str | None,
    again: int = 0,
) -> None:
    """Ask to prove a contact, by the link or the code that belongs to it; `again` counts the repetitions.

    Nothing else is in it that helps to get at the appointment: it may be a stranger's address.
    """
    medium = proving.through(appointment.office.confirmation, contact)
    if medium is None:
        return
    vault, reference = vaults.of(session), appointment.reference
    until = appointment.confirm_by or appointment.start
    reason = "booking" if appointment.state is State.UNCONFIRMED else "contact"
    said = parameters(session, appointment, now, settings, place)
    said |= {"until_at": until.isoformat(), "reason": reason}
    if medium is Medium.MAIL:
        address = cast(str, contact.mail)
        said["confirm_link"] = f"{said['link']}confirm/{proving.link_proof(vault, reference, address)}"
        asked = Contact(address, None)
    else:
        address = cast(str, contact.phone)
        said["code"] = proving.code(vault, reference, address)
        asked = Contact(None, address)
    step = f"confirm:{address_key(session, medium, address)}:{again}"
    found = drafts(appointment, asked, "confirm_contact", said, step=step, expires_at=until)
    outbox.enqueue_all(session, found, now)


def moved(
    session: Session,
    appointment: Appointment,
    person: Person,
    before: datetime,
    now: datetime,
    settings: Config,
    note: str,
) -> None:
    """Take back what has not left yet, and tell the new time; `before` is the old one."""
    outbox.cancel(session, subject(appointment), now)
    place = place_of(session, appointment)
    if appointment.state is State.UNCONFIRMED:
        confirm(session, appointment, person.contact, now, settings, place=place, again=appointment.sequence)
        return
    said = parameters(session, appointment, now, settings, place, note)
    said["before_at"] = before.isoformat()
    outbox.enqueue_all(session, drafts(appointment, person.contact, "moved", said), now)


def cancelled(
    session: Session, appointment: Appointment, person: Person, now: datetime, settings: Config, note: str
) -> None:
    """Take back what has not left yet, and confirm that the appointment is cancelled."""
    outbox.cancel(session, subject(appointment), now)
    said = parameters(session, appointment, now, settings, place_of(session, appointment), note)
    outbox.enqueue_all(session, drafts(appointment, person.contact, "cancelled", said), now)


def lapsed(
    session: Session, appointment: Appointment, person: Person, now: datetime, settings: Config
) -> list[Draft]:
    """Say that nobody confirmed, so that the time is given back: to the address that was asked."""
    medium = proving.through(appointment.office.confirmation, person.contact)
    asked = Contact(person.mail, None) if medium is Medium.MAIL else Contact(None, person.phone)
    said = parameters(session, appointment, now, settings, place_of(session, appointment))
    return drafts(appointment, asked, "lapsed", said)


def contact_changed(
    session: Session,
    appointment: Appointment,
    before: Contact,
    after: Contact,
    now: datetime,
    settings: Config,
) -> None:
    """Tell the new contact where things stand, and the one before that it is no longer written to.

    The one before may be somebody else's by now: it hears of the change, but gets neither the link nor the code.
    """
    said = parameters(session, appointment, now, settings, place_of(session, appointment))
    step = f"contact:{now:%y%m%d%H%M%S%f}"
    left = Contact(
        before.mail if before.mail != after.mail else None,
        before.phone if before.phone != after.phone else None,
    )
    written = drafts(appointment, after, "contact_changed", said, step=f"{step}:new")
    plain = {name: said[name] for name in FAREWELL}
    written += drafts(appointment, left, "contact_changed", plain, step=f"{step}:old")
    outbox.enqueue_all(session, written, now)


def reminder(
    session: Session,
    appointment: Appointment,
    person: Person,
    hours: int,
    now: datetime,
    settings: Config,
    place: str | None,
) -> list[Draft]:
    """The reminder that is sent so many hours before."""
    said = parameters(session, appointment, now, settings, place)
    said = {name: value for name, value in said.items() if name not in CALENDAR}
    return drafts(appointment, person.contact, "reminder", said, step=f"{hours}h", priority=USUAL)


def drafts(
    appointment: Appointment,
    to: Contact,
    kind: str,
    said: dict[str, str],
    *,
    step: str | None = None,
    expires_at: datetime | None = None,
    priority: int = SOON,
) -> list[Draft]:
    """One message for each way to reach somebody; one for each change of the appointment and `step`.

    Both ways always: a mail carries the calendar file and what to bring, an SMS is seen on the way. So none of them has
    to stand in for the other. What goes to one way only (to confirm it, or that this was not done) is not repeated to
    the other, which nobody has proved.
    """
    about = subject(appointment)
    return [
        Draft(
            kind=kind,
            medium=medium,
            to=address,
            language=appointment.language,
            office_id=appointment.office_id,
            subject=about,
            dedupe_key=f"{about}:{appointment.sequence}:{step or kind}:{medium}",
            parameters=said,
            expires_at=expires_at or appointment.start,
            priority=priority,
        )
        for medium, address in ((Medium.MAIL, to.mail), (Medium.SMS, to.phone))
        if address
    ]


def address_key(session: Session, medium: Medium, address: str) -> str:
    """A short name of an address for keys, which says nothing about it."""
    return vaults.of(session).digest("letter", f"{medium}:{address}")[:16]


def parameters(
    session: Session,
    appointment: Appointment,
    now: datetime,
    settings: Config,
    place: str | None,
    note: str = "",
) -> dict[str, str]:
    """What the texts and the calendar file are made from."""
    office, language = appointment.office, appointment.language
    wanted = services(session, appointment)
    needed = [
        document
        for service, _ in wanted
        for document in service.documents.get(language) or service.documents["de"]
    ]
    said = {
        "office_name": office.name,
        "office_address": place or f"{office.street}\n{office.postal_code} {office.city}",
        "office_phone": office.phone,
        "office_mail": office.mail,
        "service": "\n".join(service.names.get(language) or service.names["de"] for service, _ in wanted),
        "people": "\n".join(str(people) for _, people in wanted),
        "starts_at": appointment.start.isoformat(),
        "ends_at": (appointment.start + appointment.ticks * TICK).isoformat(),
        "time_zone": office.time_zone,
        "reference": appointment.reference,
        "link": manage_link(session, appointment.reference, settings.site.base_url),
        "documents": "\n".join(dict.fromkeys(needed)),
        "sequence": str(appointment.sequence),
        "stamp": now.isoformat(),
    }
    return {**said, "note": " ".join(note.split())} if note else said


def services(session: Session, appointment: Appointment) -> Sequence[tuple[Service, int]]:
    """What the appointment is for, each with for how many people."""
    items = appointment.items
    if len(items) == 1:
        return [(appointment.service, items[0][1])]
    query = select(Service).where(Service.id.in_([number for number, _ in items]))
    found = {each.id: each for each in session.scalars(query)}
    return [(found[number], people) for number, people in items]
