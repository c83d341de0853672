"""The calendar file of an appointment (RFC 5545, RFC 5546). It says where and when, but not what for."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.support import NullTranslations, Translations
from icalendar import Calendar, Event, Timezone, vCalAddress, vText

from frontoffice import paths
from frontoffice.booking import references
from frontoffice.booking.models import Appointment, State
from frontoffice.errors import N_
from frontoffice.offices.models import Office

PRODUCT = "-//Frontoffice//Appointments//EN"
TITLE = N_("Appointment: %(office)s")
CODE = N_("Your booking code: %(reference)s")
NO_APPLICATION = N_("This booking is not an application.")


def write(appointment: Appointment, language: str, base_url: str, now: datetime) -> str:
    """The calendar file: a publication of the appointment, or its cancellation.

    Calendars are shared and synchronised, so there is no name in it, no concern and no secret link. The UID
    stays the same and SEQUENCE grows with every change, by which a calendar knows what to replace.
    """
    office, reference = appointment.office, appointment.reference
    say = _sentences(language).gettext
    end = appointment.start + timedelta(minutes=appointment.service.minutes)
    zone = ZoneInfo(office.time_zone)
    cancelled = appointment.state is State.CANCELLED
    event = Event()
    event.add("uid", f"{reference.lower()}@{urlsplit(base_url).hostname}")
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", now.replace(microsecond=0))
    event.add("dtstart", appointment.start.astimezone(zone))
    event.add("dtend", end.astimezone(zone))
    event.add("summary", say(TITLE) % {"office": office.name})
    code = say(CODE) % {"reference": references.shown(reference)}
    event.add("description", f"{code}\n{say(NO_APPLICATION)}")
    event.add("location", f"{office.name}, {office.street}, {office.postal_code} {office.city}")
    event.add("organizer", _organizer(office))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "PUBLISH")
    calendar.add_component(_time_zone(office.time_zone, appointment.start.year))
    calendar.add_component(event)
    return str(calendar.to_ical().decode())


def _organizer(office: Office) -> vCalAddress:
    organizer = vCalAddress(f"mailto:{office.mail}")
    organizer.params["cn"] = vText(office.name)
    return organizer


@lru_cache(maxsize=64)
def _time_zone(name: str, year: int) -> Timezone:
    return Timezone.from_tzinfo(ZoneInfo(name), name, date(year - 1, 1, 1), date(year + 2, 1, 1))


@lru_cache(maxsize=64)
def _sentences(language: str) -> NullTranslations:
    return Translations.load(paths.TRANSLATIONS, [language])
