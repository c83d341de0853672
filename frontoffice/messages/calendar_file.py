"""The calendar file of an appointment (RFC 5545), as an invitation in a mail (RFC 5546) or to be downloaded. Pure.

Calendars are shared and synchronised, so there is no name in it, no concern and no secret link. The UID stays the
same and SEQUENCE grows with every change, by which a calendar knows what to replace.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.support import NullTranslations, Translations
from icalendar import Calendar, Component, Event, Timezone, vCalAddress, vText

from frontoffice import languages, paths
from frontoffice.errors import N_

PRODUCT = "-//Frontoffice//Appointments//EN"
TITLE = N_("Appointment: %(office)s")
CODE = N_("Your booking code: %(reference)s")
NO_APPLICATION = N_("This booking is not an application.")

Method = Literal["PUBLISH", "REQUEST", "CANCEL"]

# What a mail of this kind does to the calendar of who gets it.
METHODS: dict[str, Method] = {
    "booked": "REQUEST",
    "moved": "REQUEST",
    "contact_changed": "REQUEST",
    "cancelled": "CANCEL",
}
NEEDED = frozenset({"ends_at", "sequence", "stamp", "office_mail"})

# With the rule instead of single dates, as calendars expect it: the library would list the changes of some years.
BERLIN = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
DTSTART:19960331T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands in the calendar. `site` is an address of the system, of which the UID takes the host.

    `stamp` is when it was written, `attendee` the mail address that is invited, `sequence` how often the
    appointment was changed.
    """

    method: Method
    site: str
    reference: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    office_name: str
    office_mail: str
    location: str
    attendee: str | None = None


def write(entry: Entry, language: str) -> str:
    """The calendar file."""
    say, zone = _sentences(language).gettext, ZoneInfo(entry.time_zone)
    cancelled = entry.method == "CANCEL"
    code = f"{entry.reference[:4]}-{entry.reference[4:]}"
    event = Event()
    event.add("uid", f"{entry.reference.lower()}@{urlsplit(entry.site).hostname}")
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.stamp.replace(microsecond=0))
    for name, moment in _times(entry, zone):
        event.add(name, moment)
    event.add("summary", say(TITLE) % {"office": entry.office_name})
    event.add("description", f"{say(CODE) % {'reference': code}}\n{say(NO_APPLICATION)}")
    event.add("location", entry.location)
    event.add("organizer", _organizer(entry))
    if entry.attendee:
        event.add("attendee", _attendee(entry.attendee))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", entry.method)
    calendar.add_component(_time_zone(entry.time_zone, entry.starts_at.year))
    calendar.add_component(event)
    return str(calendar.to_ical().decode())


def of_mail(kind: str, to: str, language: str, parameters: dict[str, str]) -> str:
    """The calendar file of a mail of that kind to the address `to`; empty where it has none."""
    if kind not in METHODS or not parameters.keys() >= NEEDED:
        return ""
    entry = Entry(
        method=METHODS[kind],
        site=parameters["link"],
        reference=parameters["reference"],
        sequence=int(parameters["sequence"]),
        stamp=datetime.fromisoformat(parameters["stamp"]),
        starts_at=datetime.fromisoformat(parameters["starts_at"]),
        ends_at=datetime.fromisoformat(parameters["ends_at"]),
        time_zone=parameters["time_zone"],
        office_name=parameters["office_name"],
        office_mail=parameters["office_mail"],
        location=location(parameters["office_name"], parameters["office_address"]),
        attendee=to,
    )
    return write(entry, language)


def location(office_name: str, address: str) -> str:
    """Where it is, on one line."""
    return ", ".join([office_name, *(line.strip() for line in address.splitlines() if line.strip())])


def _times(entry: Entry, zone: ZoneInfo) -> list[tuple[str, datetime]]:
    """Beginning and end by the office's clock; in UTC where that shows a time for the second time in a night."""
    local = [moment.astimezone(zone) for moment in (entry.starts_at, entry.ends_at)]
    if any(moment.fold for moment in local):
        local = [moment.astimezone(UTC) for moment in local]
    return list(zip(("dtstart", "dtend"), local, strict=True))


def _organizer(entry: Entry) -> vCalAddress:
    organizer = vCalAddress(f"mailto:{entry.office_mail}")
    organizer.params["cn"] = vText(entry.office_name)
    return organizer


def _attendee(mail: str) -> vCalAddress:
    """Who booked has agreed already, and need not answer."""
    attendee = vCalAddress(f"mailto:{mail}")
    attendee.params |= {
        "cutype": "INDIVIDUAL",
        "role": "REQ-PARTICIPANT",
        "partstat": "ACCEPTED",
        "rsvp": "FALSE",
    }
    return attendee


@lru_cache(maxsize=64)
def _time_zone(name: str, year: int) -> Component:
    if name == "Europe/Berlin":
        return Timezone.from_ical(BERLIN)
    return Timezone.from_tzinfo(ZoneInfo(name), name, date(year - 1, 1, 1), date(year + 2, 1, 1))


@lru_cache(maxsize=64)
def _sentences(language: str) -> NullTranslations:
    return Translations.load(paths.TRANSLATIONS, [languages.folder_of(language)])
