"""The calendar file: what calendars need, and nothing that others should not see."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest

from frontoffice.booking import calendar_file
from frontoffice.booking.models import Appointment, DaySheet, State
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.messages import calendar_file as messages_file
from frontoffice.messages.calendar_file import Entry, Method
from frontoffice.offices.models import Schedule, Service
from tests.booking.life import booked_on, cancel, look, move, said
from tests.booking.steps import at

NOW = datetime(2026, 11, 23, 7, 0, 5, 250, tzinfo=UTC)
URL = "https://termin.example.org/amt"
START = datetime(2026, 11, 27, 8, tzinfo=UTC)


def parsed(start: datetime = START, **changes: Any) -> tuple[Any, Any, str]:
    """The calendar of an appointment of thirty minutes as another program reads it, its event, and the text."""
    values: dict[str, Any] = {
        "method": "PUBLISH",
        "site": URL,
        "reference": "K7M2PXQW",
        "sequence": 0,
        "stamp": NOW,
        "starts_at": start,
        "ends_at": start + timedelta(minutes=30),
        "time_zone": "Europe/Berlin",
        "office_name": "Ausländerbehörde, Außenstelle",
        "office_mail": "termine@musterstadt.example",
        "location": "Ausländerbehörde, Außenstelle, Rathausplatz 1, 12345 Musterstadt",
    }
    return read(messages_file.write(Entry(**(values | changes)), "en"))


def read(text: str) -> tuple[Any, Any, str]:
    """As another program reads it."""
    calendar = icalendar.Calendar.from_ical(text)
    (event,) = calendar.walk("VEVENT")
    return calendar, event, text


def test_a_calendar_in_arabic_is_whole_and_its_codes_keep_their_order() -> None:
    """Lines are folded at 75 bytes: no letter may be cut in two, and none of the direction marks gets lost."""
    entry = Entry(
        "PUBLISH", URL, "K7M2PXQW", 0, NOW, START, START + timedelta(minutes=30),
        "Europe/Berlin", "مكتب شؤون الأجانب في موسترشتات الكبيرة", "termine@musterstadt.example", "Rathausplatz 1",
    )  # fmt: skip
    calendar, event, text = read(messages_file.write(entry, "ar"))
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert entry.office_name in event["summary"]
    assert event["summary"] != f"Appointment: {entry.office_name}", "in Arabic"
    assert "K7M2-PXQW" in event["description"]
    assert not calendar.errors


@pytest.mark.parametrize("month", [1, 3, 7, 10, 12])
def test_a_calendar_shows_the_time_of_the_office(month: int) -> None:
    start = datetime(2026, month, 27, 8, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    calendar, event, _ = parsed(start.astimezone(UTC))
    assert event.decoded("dtstart") == start
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=30)
    (zone,) = calendar.walk("VTIMEZONE")
    assert event["dtstart"].params["TZID"] == str(zone["tzid"]) == "Europe/Berlin"
    rebuilt = zone.to_tz(lookup_tzid=False)
    assert event.decoded("dtstart").replace(tzinfo=rebuilt).astimezone(UTC) == start.astimezone(UTC)


@pytest.mark.parametrize("day", [date(2026, 10, 25), date(2027, 3, 28)])
def test_an_appointment_on_the_night_of_the_clock_change_is_as_long_as_it_is(day: date) -> None:
    start = datetime(day.year, day.month, day.day, 0, 30, tzinfo=UTC)  # half an hour before the change
    _, event, _ = parsed(start, ends_at=start + timedelta(hours=1))
    begin, end = event.decoded("dtstart").astimezone(UTC), event.decoded("dtend").astimezone(UTC)
    assert (begin, end) == (start, start + timedelta(hours=1))


def test_a_change_replaces_what_was_there_before() -> None:
    _, before, _ = parsed()
    calendar, after, _ = parsed(method="CANCEL", sequence=1)
    assert str(before["uid"]) == str(after["uid"]) == "k7m2pxqw@termin.example.org"
    assert (before["sequence"], after["sequence"]) == (0, 1)
    assert (str(calendar["method"]), str(after["status"])) == ("CANCEL", "CANCELLED")


def test_the_file_has_what_the_standard_asks_of_a_publication() -> None:
    calendar, event, text = parsed()
    assert (str(calendar["version"]), str(calendar["method"])) == ("2.0", "PUBLISH")
    assert event.decoded("dtstamp") == NOW.replace(microsecond=0)
    assert str(event["organizer"]) == "mailto:termine@musterstadt.example"
    assert str(event["location"]) == "Ausländerbehörde, Außenstelle, Rathausplatz 1, 12345 Musterstadt"
    assert "attendee" not in event
    lines = text.split("\r\n")
    assert lines[-1] == ""
    assert all(len(line.encode()) <= 75 for line in lines)


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
def test_a_mail_invites_who_gets_it_and_asks_for_no_answer(method: Method) -> None:
    calendar, event, _ = parsed(method=method, attendee="olena@example.org")
    assert str(calendar["method"]) == method
    attendee = event["attendee"]
    assert str(attendee) == "mailto:olena@example.org"
    assert (attendee.params["PARTSTAT"], attendee.params["RSVP"]) == ("ACCEPTED", "FALSE")
    assert "CN" not in attendee.params


def test_neither_concern_nor_secret_nor_name_is_in_a_shared_calendar(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, at(27, "09:00"), now)
    to, words = said(database, appointment, "booked")[0]
    _, event, text = read(messages_file.of_mail("booked", to, "en", words))
    for secret in ("Renew", "verlängern", "Olena", "/appointments/", words["link"]):
        assert secret not in text.replace("\r\n ", "")
    assert words["reference"][:4] + "-" in str(event["description"])
    assert str(event["class"]) == "PRIVATE"


def test_the_zone_is_right_in_the_year_of_the_appointment() -> None:
    _, event, _ = parsed(datetime(2030, 6, 3, 8, tzinfo=UTC))
    assert event.decoded("dtstart").utcoffset() == timedelta(hours=2)
    assert event.decoded("dtstart").date() == date(2030, 6, 3)


def test_what_is_downloaded_is_the_same_event_as_in_the_mails(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, at(26, "09:00"), now)
    to, words = said(database, appointment, "booked")[0]
    first = messages_file.of_mail("booked", to, "en", words)
    move(database, config, appointment, at(27, "10:00"), now)
    to, words = said(database, appointment, "moved")[0]
    second = messages_file.of_mail("moved", to, "en", words)
    cancel(database, config, appointment, now)
    to, words = said(database, appointment, "cancelled")[0]
    third = messages_file.of_mail("cancelled", to, "en", words)
    with database.read() as session:
        found = session.get_one(Appointment, look(database, appointment).id)
        downloaded = calendar_file.write(found, "en", config.site.base_url, now)
    events = [read(text)[1] for text in (first, second, third, downloaded)]
    assert len({str(each["uid"]) for each in events}) == 1
    assert [each["sequence"] for each in events] == [0, 1, 2, 2]
    assert [each.decoded("dtstart").astimezone(UTC) for each in events] == [
        at(26, "09:00"),
        *[at(27, "10:00")] * 3,
    ]
    assert [str(read(text)[0]["method"]) for text in (first, second, third, downloaded)] == [
        "REQUEST",
        "REQUEST",
        "CANCEL",
        "CANCEL",
    ]
    assert {str(each["location"]) for each in events} == {
        "Ausländerbehörde Musterstadt, Rathausplatz 1, 12345 Musterstadt"
    }


def test_a_desk_elsewhere_is_where_the_calendar_says(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    with database.write() as session:
        session.get_one(Schedule, session.query(DaySheet.schedule_id).first()[0]).place = "Campus 1, Raum 12"
    appointment = booked_on(database, config, renewal, at(26, "09:00"), now)
    with database.read() as session:
        found = session.get_one(Appointment, appointment.id)
        assert found.state is State.CONFIRMED
        calendar, event, _ = read(calendar_file.write(found, "en", config.site.base_url, now))
    assert str(calendar["method"]) == "PUBLISH"
    assert str(event["location"]) == "Ausländerbehörde Musterstadt, Campus 1, Raum 12"


def test_mails_that_change_nothing_carry_no_calendar(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, at(26, "09:00"), now)
    _, words = said(database, appointment, "booked")[0]
    for kind in ("reminder", "lapsed", "confirm_contact"):
        assert messages_file.of_mail(kind, "a@example.org", "en", words) == ""
