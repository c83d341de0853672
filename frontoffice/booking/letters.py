"""What a person hears about an appointment: rows for the outbox, written with the fact that causes them."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking.models import Appointment
from frontoffice.booking.person import Person
from frontoffice.config import Config
from frontoffice.messages import outbox
from frontoffice.messages.models import Medium

SOON = 3  # priority: what somebody waits for leaves before reminders


def manage_link(session: Session, reference: str, base_url: str) -> str:
    """The address of the page of an appointment, with its secret."""
    secret = vaults.of(session).token("appointment", reference)
    return f"{base_url}/appointments/{reference}/{secret}/"


def subject(appointment: Appointment) -> str:
    """By what name messages and events refer to an appointment."""
    return f"appointment:{appointment.id}"


def booked(
    session: Session, appointment: Appointment, person: Person, now: datetime, settings: Config
) -> None:
    """Confirm the booking, and remind of it as often as the configuration says and time allows."""
    key = f"{subject(appointment)}:{appointment.start.isoformat()}"
    said = _parameters(session, appointment, settings.site.base_url)
    _write(session, appointment, person, now, kind="booked", key=f"{key}:booked", said=said, priority=SOON)
    for hours in settings.messages.reminder_hours:
        due = appointment.start - timedelta(hours=hours)
        if due > now:
            _write(
                session, appointment, person, now, kind="reminder", key=f"{key}:{hours}h", said=said, due=due
            )


def cancelled(
    session: Session, appointment: Appointment, person: Person, now: datetime, settings: Config
) -> None:
    """Take back what has not left yet, and confirm that the appointment is cancelled."""
    outbox.cancel(session, subject(appointment), now)
    key = f"{subject(appointment)}:{appointment.sequence}:cancelled"
    said = _parameters(session, appointment, settings.site.base_url)
    _write(session, appointment, person, now, kind="cancelled", key=key, said=said, priority=SOON)


def _write(
    session: Session,
    appointment: Appointment,
    person: Person,
    now: datetime,
    *,
    kind: str,
    key: str,
    said: dict[str, str],
    due: datetime | None = None,
    priority: int = 5,
) -> None:
    for medium, to in ((Medium.MAIL, person.mail), (Medium.SMS, person.phone)):
        if to:
            outbox.enqueue(
                session,
                kind=kind,
                medium=medium,
                to=to,
                language=appointment.language,
                office_id=appointment.office_id,
                subject=subject(appointment),
                dedupe_key=f"{key}:{medium}",
                parameters=said,
                now=now,
                not_before=due,
                expires_at=appointment.start,
                priority=priority,
            )


def _parameters(session: Session, appointment: Appointment, base_url: str) -> dict[str, str]:
    office, service, language = appointment.office, appointment.service, appointment.language
    return {
        "office_name": office.name,
        "office_address": f"{office.street}\n{office.postal_code} {office.city}",
        "service": service.names.get(language) or service.names["de"],
        "starts_at": appointment.start.isoformat(),
        "time_zone": office.time_zone,
        "reference": appointment.reference,
        "link": manage_link(session, appointment.reference, base_url),
        "documents": "\n".join(service.documents.get(language) or service.documents["de"]),
    }
