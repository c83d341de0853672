"""The calendar file: what calendars need, and nothing that others should not see."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest

from frontoffice.booking import calendar_file
from frontoffice.booking.models import Appointment, State
from frontoffice.offices.models import Office, Service

NOW = datetime(2026, 11, 23, 7, 0, 5, 250, tzinfo=UTC)
URL = "https://termin.example.org/amt"


def appointment(start: datetime, **changes: object) -> Appointment:
    """An appointment of thirty minutes whose office has a comma in its name."""
    office = Office(
        name="Ausländerbehörde, Außenstelle",
        street="Rathausplatz 1",
        postal_code="12345",
        city="Musterstadt",
        mail="termine@musterstadt.example",
        time_zone="Europe/Berlin",
    )
    service = Service(minutes=30, names={"de": "Duldung", "en": "Toleration"})
    values = {"reference": "K7M2PXQW", "state": State.CONFIRMED, "sequence": 0, "start": start}
    return Appointment(**{**values, "office": office, "service": service, **changes})


def parsed(each: Appointment, language: str = "en") -> tuple[Any, Any, str]:
    """The calendar as another program reads it, its event, and the text."""
    text = calendar_file.write(each, language, URL, NOW)
    calendar = icalendar.Calendar.from_ical(text)
    (event,) = calendar.walk("VEVENT")
    return calendar, event, text


@pytest.mark.parametrize("month", [1, 3, 7, 10, 12])
def test_a_calendar_shows_the_time_of_the_office(month: int) -> None:
    start = datetime(2026, month, 27, 8, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    calendar, event, _ = parsed(appointment(start.astimezone(UTC)))
    assert event.decoded("dtstart") == start
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=30)
    (zone,) = calendar.walk("VTIMEZONE")
    assert event["dtstart"].params["TZID"] == str(zone["tzid"]) == "Europe/Berlin"
    rebuilt = zone.to_tz(lookup_tzid=False)
    assert event.decoded("dtstart").replace(tzinfo=rebuilt).astimezone(UTC) == start.astimezone(UTC)


def test_a_change_replaces_what_was_there_before() -> None:
    start = datetime(2026, 11, 27, 8, tzinfo=UTC)
    _, before, _ = parsed(appointment(start))
    calendar, after, _ = parsed(appointment(start, state=State.CANCELLED, sequence=1))
    assert str(before["uid"]) == str(after["uid"]) == "k7m2pxqw@termin.example.org"
    assert (before["sequence"], after["sequence"]) == (0, 1)
    assert (str(calendar["method"]), str(after["status"])) == ("CANCEL", "CANCELLED")


def test_the_file_has_what_the_standard_asks_of_a_publication() -> None:
    calendar, event, text = parsed(appointment(datetime(2026, 11, 27, 8, tzinfo=UTC)))
    assert (str(calendar["version"]), str(calendar["method"])) == ("2.0", "PUBLISH")
    assert event.decoded("dtstamp") == NOW.replace(microsecond=0)
    assert str(event["organizer"]) == "mailto:termine@musterstadt.example"
    assert str(event["location"]) == "Ausländerbehörde, Außenstelle, Rathausplatz 1, 12345 Musterstadt"
    assert "attendee" not in event
    lines = text.split("\r\n")
    assert lines[-1] == ""
    assert all(len(line.encode()) <= 75 for line in lines)


def test_neither_concern_nor_secret_nor_name_is_in_a_shared_calendar() -> None:
    _, event, text = parsed(appointment(datetime(2026, 11, 27, 8, tzinfo=UTC)))
    assert "Toleration" not in text
    assert "/appointments/" not in text
    assert "K7M2-PXQW" in str(event["description"])
    assert str(event["class"]) == "PRIVATE"


def test_the_zone_is_right_in_the_year_of_the_appointment() -> None:
    _, event, _ = parsed(appointment(datetime(2030, 6, 3, 8, tzinfo=UTC)))
    assert event.decoded("dtstart").utcoffset() == timedelta(hours=2)
    assert event.decoded("dtstart").date() == date(2030, 6, 3)
