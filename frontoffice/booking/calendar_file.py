"""The calendar file of an appointment, to be downloaded."""

from datetime import datetime

from frontoffice.booking.models import Appointment, State
from frontoffice.booking.sheet import TICK
from frontoffice.messages import calendar_file


def write(appointment: Appointment, language: str, base_url: str, now: datetime) -> str:
    """The calendar file: a publication of the appointment, or its cancellation."""
    office = appointment.office
    address = appointment.schedule.place or f"{office.street}\n{office.postal_code} {office.city}"
    is_over = appointment.state in (State.CANCELLED, State.EXPIRED)
    entry = calendar_file.Entry(
        method="CANCEL" if is_over else "PUBLISH",
        site=base_url,
        reference=appointment.reference,
        sequence=appointment.sequence,
        stamp=now,
        starts_at=appointment.start,
        ends_at=appointment.start + appointment.ticks * TICK,
        time_zone=office.time_zone,
        office_name=office.name,
        office_mail=office.mail,
        location=calendar_file.location(office.name, address),
    )
    return calendar_file.write(entry, language)
