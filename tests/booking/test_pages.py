"""Booking through the pages, as somebody without JavaScript does."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from frontoffice.booking.models import Appointment, DaySheet, Hold
from frontoffice.booking.sheet import EMPTY
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.messages.models import Message
from frontoffice.offices.models import Office, Service
from tests.booking.steps import at, differences, fill
from tests.booking.visitor import OLENA_TYPES, Visitor

TUESDAY = "/book/musterstadt/residence-permit-renewal/?from=2026-11-24&day=2026-11-24"
HOLD = "/book/musterstadt/residence-permit-renewal/hold"


@pytest.fixture
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    """The clock stands at Monday, eight o'clock, until it is moved."""
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def visitor(planned: Office, client: FlaskClient, clock: time_machine.Traveller) -> Visitor:
    """Somebody who wants to book at the sample office."""
    return Visitor(client)


def stored(database: Database) -> tuple[int, int, int]:
    """How many holds, appointments and messages there are."""
    with database.read() as session:
        holds, appointments, messages = (
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Hold, Appointment, Message)
        )
    return holds, appointments, messages


def test_from_the_first_page_to_the_confirmation(database: Database, visitor: Visitor) -> None:
    start = visitor.open("/")
    services = visitor.open(start.links("Book an appointment")[0])
    assert "You need" not in services.text
    times = visitor.open(services.links("Renew residence permit")[0])
    times = visitor.open(
        next(to for to in times.links("Tuesday, 24 November 2026") if "day=2026-11-24" in to)
    )
    contact = visitor.press(times, "09:00")
    assert "We keep this time for you until 08:10." in contact.text
    booked = visitor.fill_in(contact)
    assert (booked.status, booked.title) == (200, "Your appointment is booked – Frontoffice")
    assert re.search(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b", booked.text)
    for words in (
        "Tuesday, 24 November 2026",
        "09:00",
        "Olena Kowalenko",
        "Rathausplatz 1",
        "Passport",
        "Fee",
    ):
        assert words in booked.text
    assert "This booking is not an application." in booked.text
    assert "<svg" in booked.html
    assert stored(database) == (1, 1, 4)
    assert differences(database) == []


def test_the_days_without_free_times_are_not_links(visitor: Visitor) -> None:
    page = visitor.open("/book/musterstadt/residence-permit-renewal/")
    assert page.links("Monday, 23 November 2026") != []
    assert page.links("Saturday, 28 November 2026") == []
    assert "Saturday, 28 November 2026, no free times" in page.text
    assert "08:30" not in page.slots  # within the lead
    assert list(page.slots)[:2] == ["09:00", "09:30"]


def test_turning_the_pages_of_the_calendar(visitor: Visitor) -> None:
    first = visitor.open("/book/musterstadt/residence-permit-renewal/")
    assert first.links("Earlier days") == []
    second = visitor.open(first.links("Later days")[0])
    assert second.links("Monday, 7 December 2026") != []
    back = visitor.open(second.links("Earlier days")[0])
    assert back.links("Monday, 23 November 2026") != []


@pytest.mark.parametrize(
    "query", ["from=nonsense", "from=2026-02-30", "day=x", "from=%00", "from=2026-11-24T00:00"]
)
def test_a_date_that_is_none_leads_to_the_next_free_times(visitor: Visitor, query: str) -> None:
    page = visitor.open(f"/book/musterstadt/residence-permit-renewal/?{query}")
    assert page.status == 200
    assert "This date does not exist. Here are the next free times." in page.text
    assert "09:00" in page.slots


@pytest.mark.parametrize("query", ["from=0001-01-01", "from=9999-12-31", "from=2026-11-24&day=9999-12-31"])
def test_a_date_far_away_shows_what_there_is(visitor: Visitor, query: str) -> None:
    assert visitor.open(f"/book/musterstadt/residence-permit-renewal/?{query}").status == 200


def test_full_weeks_point_to_the_next_free_day_and_a_full_book_says_what_to_do(
    database: Database, visitor: Visitor
) -> None:
    with database.write() as session:
        early = update(DaySheet).where(DaySheet.day < date(2026, 12, 8)).values(free=bytes(152))
        session.execute(early)
    page = visitor.open("/book/musterstadt/residence-permit-renewal/")
    assert "In these two weeks all times are taken." in page.text
    later = visitor.open(page.links("Next free day: Tuesday, 8 December 2026")[0])
    assert "08:00" in later.slots
    with database.write() as session:
        session.execute(update(DaySheet).values(capacity=EMPTY, free=bytes(152)))
    page = visitor.open("/book/musterstadt/residence-permit-renewal/")
    assert "At the moment all times are taken" in page.text
    assert "+49 30 1234567" in page.text


def test_services_that_are_not_online_say_what_to_do(database: Database, visitor: Visitor) -> None:
    page = visitor.open("/book/musterstadt/")
    assert page.links("Counselling") == []
    assert "Please come without an appointment, and take a number at the entrance." in page.text
    page = visitor.open("/book/musterstadt/welcome-counselling/")
    assert "This service cannot be booked online." in page.text
    with database.write() as session:
        session.execute(update(Service).values(walk_in=False))
    assert "Please call us: +49 30 1234567" in visitor.open("/book/musterstadt/welcome-counselling/").text
    token = visitor.open(TUESDAY).hidden
    refused = visitor.send(
        "/book/musterstadt/welcome-counselling/hold", {**token, "start": at(24, "09:00").isoformat()}
    )
    assert refused.status == 422
    assert stored(database) == (0, 0, 0)


def test_searching_for_a_service(visitor: Visitor) -> None:
    assert "1 concern fits “KARTE abholen”." in visitor.open("/book/musterstadt/?q=KARTE+abholen").text
    assert visitor.open("/book/musterstadt/?q=permit").links("Renew residence permit") != []
    assert "Nothing fits these words." in visitor.open("/book/musterstadt/?q=<b>zzz").text
    assert "<b>zzz" not in visitor.open("/book/musterstadt/?q=<b>zzz").html


@pytest.mark.parametrize(
    "address",
    [
        "/book/nowhere/",
        "/book/musterstadt/nothing/",
        "/book/%00/",
        "/book/musterstadt/%00/",
        "/book/hold/nothing/",
    ],
)
def test_what_does_not_exist_is_not_found(visitor: Visitor, address: str) -> None:
    page = visitor.open(address)
    assert page.status == 404
    assert "We could not find that." in page.text


def test_pressing_twice_holds_once_and_sending_twice_books_once(database: Database, visitor: Visitor) -> None:
    times = visitor.open(TUESDAY)
    contact = visitor.press(times, "09:00")
    assert visitor.press(times, "09:00").address == contact.address
    booked = visitor.fill_in(contact)
    again = visitor.fill_in(contact)
    assert (again.status, again.address) == (200, booked.address)
    assert visitor.open(contact.address).address == booked.address  # reload, or "back"
    assert visitor.press(times, "09:00").address == booked.address
    assert stored(database) == (1, 1, 4)
    assert differences(database) == []


def test_other_details_with_the_same_form_are_refused(database: Database, visitor: Visitor) -> None:
    contact = visitor.press(visitor.open(TUESDAY), "09:00")
    visitor.fill_in(contact)
    other = visitor.fill_in(contact, name="Somebody Else")
    assert other.status == 409
    assert "This time is already booked with other details." in other.text
    assert stored(database) == (1, 1, 4)


def test_just_taken_offers_other_times(
    database: Database, config: Config, renewal: Service, visitor: Visitor, now: datetime
) -> None:
    times = visitor.open(TUESDAY)
    fill(database, config, renewal, at(24, "10:00"), now)
    page = visitor.press(times, "10:00")
    assert page.status == 409
    assert page.title.startswith("Error: ")
    assert "Somebody else has just taken this time. Please choose another one." in page.text
    assert set(page.slots) >= {"09:30", "10:30"}
    assert "10:00" not in page.slots
    assert visitor.press(page, "10:30").status == 200


@pytest.mark.parametrize(
    "start",
    ["", "soon", "2026-11-24T09:00:00", "2026-11-24T08:03:00+00:00", "2026-11-24T08:00:01+00:00",
     "2020-01-01T08:00:00+00:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "\x00", "9" * 10_000],
)  # fmt: skip
def test_a_time_that_was_not_offered_is_refused(database: Database, visitor: Visitor, start: str) -> None:
    fields = visitor.open(TUESDAY).hidden
    page = visitor.send(HOLD, {**fields, "start": start})
    assert page.status == 422
    assert "There is no appointment at this time." in page.text
    assert page.slots != {}
    assert stored(database) == (0, 0, 0)


def test_without_the_token_of_the_page_nothing_happens(database: Database, visitor: Visitor) -> None:
    contact = visitor.press(visitor.open(TUESDAY), "09:00")
    for address, fields in ((HOLD, {"start": at(24, "10:00").isoformat()}), (contact.address, OLENA_TYPES)):
        for token in ({}, {"csrf_token": "forged"}):
            page = visitor.send(address, {**fields, **token})
            assert page.status == 400
            assert "reload the page and send the form again" in page.text
    assert stored(database) == (1, 0, 0)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Please enter your name as it stands in your passport."),
        ("name", "x" * 10_000, "This name is too long. Please use 120 characters at most."),
        ("name", "Ole\x00na", "The name contains an invisible character. Please type it anew."),
        ("name", "Ole\u202ena", "The name contains an invisible character. Please type it anew."),
        ("born-month", "13", "This date does not exist. Please check day, month and year."),
        ("born-year", "2090", "This date lies in the future. Please check the year."),
        ("born-year", "91", "Please enter your date of birth in numbers, the year with four digits."),
        ("mail", "olena", "This is not a mail address."),
        ("mail", "olena@example.org\x00", "This is not a mail address."),
        ("phone", "0151", "phone number"),
        ("phone", "call me", "This is not a phone number."),
        ("phone", "9" * 10_000, "phone number"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    database: Database, visitor: Visitor, field: str, value: str, sentence: str
) -> None:
    contact = visitor.press(visitor.open(TUESDAY), "09:00")
    page = visitor.fill_in(contact, **{field: value})
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert sentence in page.errors[field.partition("-")[0]]
    assert "Please check what you entered" in page.text
    assert stored(database) == (1, 0, 0)
    assert visitor.fill_in(page).status == 200


def test_somebody_nobody_can_reach_is_asked_again(database: Database, visitor: Visitor) -> None:
    contact = visitor.press(visitor.open(TUESDAY), "09:00")
    page = visitor.fill_in(contact, mail=" ", phone="")
    assert list(page.errors) == ["mail"]
    assert stored(database) == (1, 0, 0)


def test_what_was_typed_is_still_there_and_harmless(visitor: Visitor) -> None:
    contact = visitor.press(visitor.open(TUESDAY), "09:00")
    page = visitor.fill_in(contact, name='"><script>alert(1)</script>', phone="12")
    assert "<script>alert" not in page.html
    assert 'value="olena@example.org"' in page.html


def test_a_lapsed_hold_explains_and_leads_back(visitor: Visitor, clock: time_machine.Traveller) -> None:
    contact = visitor.press(visitor.open(TUESDAY), "09:00")
    clock.shift(timedelta(minutes=10))
    page = visitor.open(contact.address)
    assert page.status == 410
    assert "We kept Tuesday, 24 November 2026, 09:00 for you, but only for some minutes." in page.text
    assert "09:00" in visitor.open(page.links("Choose a time again")[0]).slots


def test_a_late_form_books_if_it_can_and_offers_other_times_if_not(
    database: Database,
    config: Config,
    renewal: Service,
    visitor: Visitor,
    clock: time_machine.Traveller,
    now: datetime,
) -> None:
    early, late = (visitor.press(visitor.open(TUESDAY), clock_time) for clock_time in ("09:00", "10:00"))
    clock.shift(timedelta(minutes=30))
    fill(database, config, renewal, at(24, "10:00"), now + timedelta(minutes=30))
    assert visitor.fill_in(early).address.startswith("/appointments/")
    page = visitor.fill_in(late)
    assert page.status == 409
    assert "somebody else has taken it" in page.text
    assert "10:30" in page.slots
    assert differences(database) == []


def test_the_calendar_file_is_offered(visitor: Visitor) -> None:
    booked = visitor.fill_in(visitor.press(visitor.open(TUESDAY), "09:00"))
    answer = visitor.open(booked.links("Save to my calendar")[0])
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "DTSTART;TZID=Europe/Berlin:20261124T090000" in answer.html


def test_cancelling_takes_two_taps_and_frees_the_time(database: Database, visitor: Visitor) -> None:
    booked = visitor.fill_in(visitor.press(visitor.open(TUESDAY), "09:00"))
    asked = visitor.open(booked.links("Cancel this appointment")[0])
    assert "Cancel this appointment?" in asked.title
    cancelled = visitor.send(asked.address, asked.hidden)
    assert "Your appointment is cancelled" in cancelled.title
    assert cancelled.links("Cancel this appointment") == []
    assert visitor.send(asked.address, asked.hidden).status == 200
    assert "Your appointment is cancelled" in visitor.open(asked.address).title
    assert stored(database) == (1, 1, 6)
    assert differences(database) == []


def test_a_wrong_secret_shows_nothing_and_is_counted(visitor: Visitor) -> None:
    booked = visitor.fill_in(visitor.press(visitor.open(TUESDAY), "09:00"))
    right = booked.address
    wrong = right[:-5] + "aaaa/"
    unknown = re.sub(r"/appointments/\w+/", "/appointments/22222222/", right)
    pages = {visitor.open(each).text for each in (wrong, unknown, wrong + "calendar.ics", wrong + "cancel")}
    assert len({re.sub(r"next=\S+", "", page) for page in pages}) == 1
    statuses = [visitor.open(wrong).status for _ in range(60)]
    assert (statuses[0], statuses[-1]) == (404, 429)
    assert visitor.open(right).status == 200


def test_an_appointment_is_found_by_code_and_date_of_birth(visitor: Visitor) -> None:
    booked = visitor.fill_in(visitor.press(visitor.open(TUESDAY), "09:00"))
    code = re.findall(r"[2-9A-Z]{4}-[2-9A-Z]{4}", booked.text)[0]
    page = visitor.open("/appointments/")
    birth = {name: OLENA_TYPES[name] for name in ("born-day", "born-month", "born-year")}
    found = visitor.send("/appointments/", {**page.hidden, **birth, "reference": code.lower()})
    assert found.address == booked.address
    wrong = visitor.send("/appointments/", {**page.hidden, **birth, "born-day": "28", "reference": code})
    unknown = visitor.send("/appointments/", {**page.hidden, **birth, "reference": "2222-2222"})
    assert (wrong.status, unknown.status) == (404, 404)
    assert wrong.errors == unknown.errors
    nonsense = visitor.send("/appointments/", {**page.hidden, "reference": "1234"})
    assert (nonsense.status, sorted(nonsense.errors)) == (422, ["born", "reference"])


def test_dates_of_birth_cannot_be_guessed_for_long(visitor: Visitor, clock: time_machine.Traveller) -> None:
    booked = visitor.fill_in(visitor.press(visitor.open(TUESDAY), "09:00"))
    code = re.findall(r"[2-9A-Z]{4}-[2-9A-Z]{4}", booked.text)[0]
    page = visitor.open("/appointments/")

    def attempt(day: int) -> int:
        guess = {"reference": code, "born-day": str(day), "born-month": "3", "born-year": "1991"}
        return visitor.send("/appointments/", {**page.hidden, **guess}).status

    assert [attempt(day) for day in range(1, 7)] == [404] * 6
    assert attempt(27) == 429
    clock.shift(timedelta(hours=1))
    assert attempt(27) == 200


def test_the_pages_need_no_inline_script_or_style(visitor: Visitor) -> None:
    contact = visitor.press(visitor.open(TUESDAY), "09:00")
    booked = visitor.fill_in(contact)
    asked = visitor.open(booked.links("Cancel this appointment")[0])
    for page in (
        visitor.open("/"),
        visitor.open(TUESDAY),
        contact,
        booked,
        asked,
        visitor.open("/appointments/"),
    ):
        assert not re.search(r"<script(?![^>]*src=)|\sstyle=|<style|\son\w+=", page.html)
        assert page.html.count("<h1") == 1
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
