"""The page of an appointment: confirming, looking, moving, cancelling, another contact; and who may see it."""

import re
from datetime import datetime, timedelta

import time_machine
from sqlalchemy import select, update

from frontoffice.booking import confirming
from frontoffice.booking.manage_pages import masked
from frontoffice.booking.models import Appointment, State
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import Message
from frontoffice.offices.models import Confirmation, Office, Service
from tests.booking.steps import at, differences, fill
from tests.booking.visitor import OLENA_TYPES, Page, Visitor, assert_sound

TUESDAY = "/book/musterstadt/residence-permit-renewal/?day=2026-11-24"


def booked(visitor: Visitor, clock_time: str = "09:00", **typed: str) -> Page:
    """Book a time on Tuesday."""
    return visitor.fill_in(visitor.press(visitor.open(TUESDAY), clock_time), **typed)


def ask_for_proof(database: Database, how: Confirmation) -> None:
    """The office lets people confirm their contact."""
    with database.write() as session:
        session.execute(update(Office).values(confirmation=how))


def said_last(database: Database, what: str) -> str:
    """A parameter of the message that was written last and has it."""
    with database.read() as session:
        for message in session.scalars(select(Message).order_by(Message.id.desc())):
            envelope = unseal(database.vault, message.envelope)
            if envelope and what in envelope.parameters:
                return envelope.parameters[what]
    raise AssertionError(what)


def states(database: Database) -> list[State]:
    """The states of all appointments."""
    with database.read() as session:
        return list(session.scalars(select(Appointment.state).order_by(Appointment.id)))


def test_a_link_confirms_only_when_the_button_is_pressed(database: Database, visitor: Visitor) -> None:
    ask_for_proof(database, Confirmation.MAIL)
    page = booked(visitor)
    assert "Please confirm your appointment" in page.title
    assert "ol…@example.org" in page.text
    assert "Please do it before Monday, " in page.text
    link = said_last(database, "confirm_link").removeprefix("http://localhost")
    asked = visitor.open(link)
    assert "Confirm your appointment" in asked.title
    assert states(database) == [State.UNCONFIRMED]  # a program that opens links confirms nothing
    done = visitor.tap(asked, "Confirm this appointment")
    assert "Your appointment is booked" in done.title
    assert states(database) == [State.CONFIRMED]
    assert visitor.tap(asked, "Confirm this appointment").address == done.address
    assert visitor.open(link).address == done.address


def test_a_wrong_link_confirms_nothing(database: Database, visitor: Visitor) -> None:
    ask_for_proof(database, Confirmation.MAIL)
    page = booked(visitor)
    link = page.address + "confirm/" + "a" * 24
    assert visitor.open(link).status == 404
    assert visitor.send(link, page.hidden).status == 404
    assert states(database) == [State.UNCONFIRMED]


def test_a_code_confirms_and_a_wrong_one_is_told(database: Database, visitor: Visitor) -> None:
    ask_for_proof(database, Confirmation.SMS)
    page = booked(visitor)
    assert "+491 … 789" in page.text
    code = said_last(database, "code")
    wrong = visitor.tap(page, "Confirm", code=f"{(int(code) + 1) % 10**6:06}")
    assert (wrong.status, list(wrong.errors)) == (422, ["code"])
    assert "This code is not right." in wrong.errors["code"]
    assert "Your appointment is booked" in visitor.tap(wrong, "Confirm", code=f" {code[:3]} {code[3:]}").title
    assert states(database) == [State.CONFIRMED]


def test_codes_cannot_be_guessed_for_long(database: Database, visitor: Visitor) -> None:
    ask_for_proof(database, Confirmation.SMS)
    page = booked(visitor)
    code = said_last(database, "code")
    statuses = [
        visitor.tap(page, "Confirm", code=f"{(int(code) + step) % 10**6:06}").status for step in range(1, 6)
    ]
    assert statuses == [422] * 5
    refused = visitor.tap(page, "Confirm", code=code)
    assert refused.status == 429
    assert "Please confirm your appointment" in refused.title
    assert states(database) == [State.UNCONFIRMED]


def test_what_was_mistyped_is_mended_before_confirming(database: Database, visitor: Visitor) -> None:
    ask_for_proof(database, Confirmation.MAIL)
    page = booked(visitor, mail="olena@exmaple.org")
    before = said_last(database, "confirm_link").removeprefix("http://localhost")
    form = visitor.open(page.links("Change mail address or number")[0])
    assert 'value="olena@exmaple.org"' in form.html
    mended = visitor.tap(form, "Save", mail="olena@example.org", phone="")
    assert "ol…@example.org" in mended.text
    assert visitor.open(before).status == 404
    link = said_last(database, "confirm_link").removeprefix("http://localhost")
    assert "booked" in visitor.tap(visitor.open(link), "Confirm this appointment").title


def test_sending_it_again(database: Database, visitor: Visitor) -> None:
    ask_for_proof(database, Confirmation.MAIL)
    page = booked(visitor)
    assert "We have sent it once more." in visitor.tap(page, "Send it again").text
    statuses = {visitor.tap(page, "Send it again").status for _ in range(4)}
    assert statuses == {200, 429}


def test_an_appointment_that_nobody_confirms_says_that_it_lapsed(
    database: Database, visitor: Visitor, config: Config, clock: time_machine.Traveller, now: datetime
) -> None:
    ask_for_proof(database, Confirmation.MAIL)
    page = booked(visitor)
    link = said_last(database, "confirm_link").removeprefix("http://localhost")
    asked = visitor.open(link)
    clock.shift(timedelta(minutes=61))
    with database.write() as session:
        confirming.lapse(session, now + timedelta(minutes=61), settings=config)
    late = visitor.tap(asked, "Confirm this appointment")
    assert (late.status, "This appointment has lapsed" in late.title) == (409, True)
    assert "Book another appointment" in late.text
    assert "This appointment has lapsed" in visitor.open(page.address).title
    assert differences(database) == []


def test_the_page_of_an_appointment_shows_all_there_is(visitor: Visitor) -> None:
    page = booked(visitor)
    for words in (
        "Tuesday, 24 November 2026", "09:00", "about 30 minutes", "Renew residence permit", "Rathausplatz 1",
        "Olena Kowalenko", "Passport", "olena@example.org", "+4915123456789",
        "Name and date of birth cannot be changed: otherwise appointments could be sold.",
    ):  # fmt: skip
        assert words in page.text
    assert "<svg" in page.html


def test_moving_shows_old_and_new_and_keeps_the_old_until_the_visitor_says_yes(
    database: Database, visitor: Visitor
) -> None:
    page = booked(visitor)
    times = visitor.open(page.links("Choose another time")[0])
    assert "You have Tuesday, 24 November 2026, 09:00 until you say yes to another time." in times.text
    thursday = visitor.open(times.links("Thursday, 26 November 2026")[0])
    asked = visitor.press(thursday, "10:00")
    assert "Move this appointment?" in asked.title
    assert "Old time Tuesday, 24 November 2026 09:00" in asked.text
    assert "New time Thursday, 26 November 2026 10:00" in asked.text
    assert "Tuesday, 24 November 2026" in visitor.open(page.address).text
    moved = visitor.tap(asked, "Yes, move it")
    assert moved.address == page.address
    assert "Your appointment is moved. The old time is given back." in moved.text
    assert "Thursday, 26 November 2026" in moved.text
    assert visitor.tap(asked, "Yes, move it").address == page.address
    assert visitor.open(asked.address).address == page.address
    assert states(database) == [State.CONFIRMED]
    assert said_last(database, "starts_at") == at(26, "10:00").isoformat()
    assert differences(database) == []


def test_a_new_time_that_is_gone_leaves_the_old_one(
    database: Database,
    config: Config,
    renewal: Service,
    visitor: Visitor,
    clock: time_machine.Traveller,
    now: datetime,
) -> None:
    page = booked(visitor)
    times = visitor.open(page.address + "move?day=2026-11-26")
    fill(database, config, renewal, at(26, "11:00"), now)
    refused = visitor.press(times, "11:00")
    assert refused.status == 409
    assert "Somebody else has just taken this time." in refused.text
    asked = visitor.press(times, "10:00")
    clock.shift(timedelta(minutes=30))
    fill(database, config, renewal, at(26, "10:00"), now + timedelta(minutes=30))
    late = visitor.tap(asked, "Yes, move it")
    assert late.status == 409
    assert "10:30" in late.slots
    assert visitor.open(asked.address).status == 410
    assert "Tuesday, 24 November 2026" in visitor.open(page.address).text
    assert differences(database) == []


def test_after_some_moves_the_page_offers_no_more(config: Config, visitor: Visitor) -> None:
    page = booked(visitor)
    for clock_time in ("10:00", "10:30", "11:00"):
        times = visitor.open(page.address + "move?day=2026-11-26")
        assert visitor.tap(visitor.press(times, clock_time), "Yes, move it").status == 200
    assert config.booking.most_moves == 3
    page = visitor.open(page.address)
    assert page.links("Choose another time") == []
    assert visitor.open(page.address + "move").address == page.address
    assert page.links("Cancel this appointment") != []


def test_another_contact_is_noted(database: Database, visitor: Visitor) -> None:
    page = booked(visitor)
    form = visitor.open(page.links("Change")[0])
    wrong = visitor.tap(form, "Save", mail="olena", phone="")
    assert (wrong.status, list(wrong.errors)) == (422, ["mail"])
    assert 'value="olena"' in wrong.html
    none = visitor.tap(form, "Save", mail="", phone="")
    assert list(none.errors) == ["mail"]
    changed = visitor.tap(form, "Save", mail="kowalenko@example.org", phone="")
    assert changed.address == page.address
    assert "kowalenko@example.org" in changed.text
    assert "+4915123456789" not in changed.text
    assert "We have noted how we can reach you." in changed.text


def test_another_contact_has_to_be_confirmed_where_the_office_asks_for_it(
    database: Database, visitor: Visitor
) -> None:
    ask_for_proof(database, Confirmation.MAIL)
    page = booked(visitor)
    visitor.tap(visitor.open(said_last(database, "confirm_link").removeprefix("http://localhost")), "Confirm")
    form = visitor.open(page.address + "reach")
    asked = visitor.tap(form, "Save", mail="new@example.org", phone="")
    assert "Your new contact is not confirmed yet" in asked.text
    assert "ne…@example.org" in asked.text
    assert_sound(asked)
    link = visitor.open(said_last(database, "confirm_link").removeprefix("http://localhost"))
    assert "Confirm your contact" in link.title
    done = visitor.tap(link, "Confirm")
    assert "new@example.org" in done.text
    assert "not confirmed yet" not in done.text


def test_an_address_is_recognised_by_its_owner_only() -> None:
    assert masked("olena.kowalenko@example.org") == "ol…@example.org"
    assert masked("+4915123456789") == "+491 … 789"


def test_the_calendar_file_is_offered(visitor: Visitor) -> None:
    page = booked(visitor)
    answer = visitor.open(page.links("Save to my calendar")[0])
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert "DTSTART;TZID=Europe/Berlin:20261124T090000" in answer.html


def test_cancelling_takes_two_taps_and_frees_the_time(database: Database, visitor: Visitor) -> None:
    page = booked(visitor)
    asked = visitor.open(page.links("Cancel this appointment")[0])
    assert "Cancel this appointment?" in asked.title
    cancelled = visitor.send(asked.address, asked.hidden)
    assert "Your appointment is cancelled" in cancelled.title
    assert cancelled.links("Cancel this appointment") == []
    assert visitor.send(asked.address, asked.hidden).status == 200
    assert "Your appointment is cancelled" in visitor.open(asked.address).title
    assert states(database) == [State.CANCELLED]
    assert differences(database) == []


def test_a_wrong_secret_shows_nothing_and_is_counted(visitor: Visitor) -> None:
    page = booked(visitor)
    right = page.address
    wrong = right[:-5] + "aaaa/"
    unknown = re.sub(r"/appointments/\w+/", "/appointments/22222222/", right)
    pages = {visitor.open(each).text for each in (wrong, unknown, wrong + "calendar.ics", wrong + "cancel")}
    assert len({re.sub(r"next=\S+", "", page) for page in pages}) == 1
    statuses = [visitor.open(wrong).status for _ in range(60)]
    assert (statuses[0], statuses[-1]) == (404, 429)
    assert visitor.open(right).status == 200


def test_an_appointment_is_found_by_code_and_date_of_birth(visitor: Visitor) -> None:
    page = booked(visitor)
    code = re.findall(r"[2-9A-Z]{4}-[2-9A-Z]{4}", page.text)[0]
    form = visitor.open("/appointments/")
    birth = {name: OLENA_TYPES[name] for name in ("born-day", "born-month", "born-year")}
    found = visitor.send("/appointments/", {**form.hidden, **birth, "reference": code.lower()})
    assert found.address == page.address
    wrong = visitor.send("/appointments/", {**form.hidden, **birth, "born-day": "28", "reference": code})
    unknown = visitor.send("/appointments/", {**form.hidden, **birth, "reference": "2222-2222"})
    assert (wrong.status, unknown.status) == (404, 404)
    assert wrong.errors == unknown.errors
    nonsense = visitor.send("/appointments/", {**form.hidden, "reference": "1234"})
    assert (nonsense.status, sorted(nonsense.errors)) == (422, ["born", "reference"])


def test_dates_of_birth_cannot_be_guessed_for_long(visitor: Visitor, clock: time_machine.Traveller) -> None:
    page = booked(visitor)
    code = re.findall(r"[2-9A-Z]{4}-[2-9A-Z]{4}", page.text)[0]
    form = visitor.open("/appointments/")

    def attempt(day: int) -> int:
        guess = {"reference": code, "born-day": str(day), "born-month": "3", "born-year": "1991"}
        return visitor.send("/appointments/", {**form.hidden, **guess}).status

    assert [attempt(day) for day in range(1, 7)] == [404] * 6
    assert attempt(27) == 429
    clock.shift(timedelta(hours=1))
    assert attempt(27) == 200


def test_the_pages_are_sound_html(database: Database, visitor: Visitor) -> None:
    ask_for_proof(database, Confirmation.SMS)
    page = booked(visitor)
    confirmed = visitor.tap(page, "Confirm", code=said_last(database, "code"))
    moving = visitor.press(visitor.open(page.address + "move?day=2026-11-26"), "10:00")
    for each in (
        page, visitor.tap(page, "Confirm", code="0"), confirmed, moving,
        visitor.open(page.address + "move"), visitor.open(page.address + "cancel"),
        visitor.open(page.address + "reach"), visitor.open("/appointments/"),
        visitor.tap(visitor.open(page.address + "cancel"), "Yes, cancel it"),
    ):  # fmt: skip
        assert_sound(each)
