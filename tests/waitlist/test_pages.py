"""The pages of the waiting list, as somebody without JavaScript uses them."""

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from frontoffice.booking import appointing
from frontoffice.booking.models import Appointment
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Confirmation, Office, Service
from frontoffice.waitlist import entries
from frontoffice.waitlist.models import EntryState, WaitlistEntry
from tests.booking.conftest import clock, visitor
from tests.booking.steps import at, differences
from tests.booking.visitor import Page, Visitor
from tests.conftest import application
from tests.sample import COUNSELLING, RENEWAL, sample_office
from tests.waitlist.steps import book, free_a_time, join, offer_all, somebody, state, text_of

__all__ = ["clock", "visitor"]

JOIN = f"/waitlist/musterstadt/?with={RENEWAL}"
TYPED = {
    "name": "Olena Kowalenko",
    "born-day": "27",
    "born-month": "3",
    "born-year": "1991",
    "mail": "olena@example.org",
    "phone": "",
    "first_day": "2026-11-24",
    "until": "18.12.2026",
    "weekdays": ["0", "2"],
    "part": "morning",
    "notice": "24",
}


@pytest.fixture
def app(config: Config, database: Database) -> Flask:
    """The application with rules that let offers be."""
    return application(config, database)


def fill_in(visitor: Visitor, page: Page, **changed: object) -> Page:
    return visitor.send("/waitlist/musterstadt/", {**page.hidden, **TYPED, **changed})  # type: ignore[dict-item]


def press(visitor: Visitor, page: Page, words: str) -> Page:
    forms = re.findall(r'<form method="post"(?: action="([^"]+)")?[^>]*>(.*?)</form>', page.html, re.DOTALL)
    address, inside = next(each for each in forms if words in each[1])
    token = re.findall(r'name="csrf_token" value="([^"]+)"', inside)[0]
    return visitor.send(address or page.address, {"csrf_token": token})


def only_entry(database: Database) -> WaitlistEntry:
    with database.read() as session:
        return session.scalars(select(WaitlistEntry)).one()


def link_of(database: Database, entry: WaitlistEntry) -> str:
    with database.read() as session:
        return f"/waitlist/{entry.reference}/{entries.secret_of(session, entry)}/"


def test_joining_seeing_changing_and_leaving(visitor: Visitor, database: Database) -> None:
    page = visitor.open(JOIN)
    assert page.title.startswith("Waiting list")
    assert "Renew residence permit" in page.text
    assert "Saturday" not in page.text  # the office is never open then
    page = fill_in(visitor, page)
    assert page.title.startswith("You are on the waiting list")
    for words in ("Tuesday, 24 November 2026 to Friday, 18 December 2026", "Monday, Wednesday", "until 12"):
        assert words in page.text
    entry = only_entry(database)
    assert page.address == link_of(database, entry)
    [change] = page.links("Change")
    form = visitor.open(change)
    assert 'value="2026-11-24"' in form.html
    page = visitor.send(
        change, {**form.hidden, "first_day": "2026-11-30", "until": "2026-12-04", "part": "", "notice": "72"}
    )
    assert "Friday, 4 December 2026" in page.text
    assert "We have noted your new wishes" in page.text
    [leave] = page.links("Leave the waiting list")
    page = press(visitor, visitor.open(leave), "Yes, leave")
    assert page.title.startswith("You are no longer on the waiting list")
    assert page.links("Join again") == [JOIN]
    assert state(database, entry) == "left"


def test_an_offer_is_two_taps_away(
    visitor: Visitor, database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    entry = join(database, config, somebody(1), now)
    free_a_time(database, config, renewal, at(25, "09:00"), now)
    offer_all(database, config, now)
    text = text_of(database, f"waitlist:{entry.id}", "waitlist_offer").text
    [link] = re.findall(r"http://localhost(\S+)", text)
    page = visitor.open(link)  # the first tap
    assert page.title.startswith("A free time for you")
    assert "Wednesday, 25 November 2026" in page.text
    page = press(visitor, page, "Take this time")  # the second
    assert page.title.startswith("Your appointment is booked")
    assert "09:00" in page.text
    page = visitor.open(link)
    assert page.title.startswith("You have an appointment")
    assert differences(database) == []


def test_declining_leads_back_to_waiting(
    visitor: Visitor, database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    entry = join(database, config, somebody(1), now)
    free_a_time(database, config, renewal, at(25, "09:00"), now)
    offer_all(database, config, now)
    page = press(visitor, visitor.open(link_of(database, entry)), "somebody else can have it")
    assert page.title.startswith("You are on the waiting list")
    assert "Somebody else can have this time now." in page.text


def test_who_comes_too_late_reads_what_happened(
    visitor: Visitor,
    clock: time_machine.Traveller,
    database: Database,
    config: Config,
    renewal: Service,
    now: datetime,
) -> None:
    entry = join(database, config, somebody(1), now)
    free_a_time(database, config, renewal, at(25, "09:00"), now)
    offer_all(database, config, now)
    page = visitor.open(link_of(database, entry))
    clock.move_to(now + timedelta(hours=2))
    page = press(visitor, page, "Take this time")
    assert page.status == 409
    assert page.title.startswith("Error:")
    assert "the offer has run out" in page.text
    assert "You are on the waiting list" in page.text


def test_an_earlier_time_for_an_appointment(
    visitor: Visitor, database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    from frontoffice.booking import appointing

    mine = book(database, config, renewal, at(4, "09:00", month=12), now, somebody(1))
    with database.read() as session:
        address = f"/appointments/{mine.reference}/{appointing.secret_of(session, mine)}/earlier"
    page = visitor.open(address)
    assert "Friday, 4 December 2026, 09:00 stands until you take an earlier one" in page.text
    page = visitor.send(
        address, {**page.hidden, "first_day": "2026-11-24", "until": "2026-12-18", "notice": "3"}
    )
    assert "to Friday, 4 December 2026" in page.text
    assert visitor.open(address).title.startswith("You are on the waiting list")
    free_a_time(database, config, renewal, at(25, "09:00"), now)
    offer_all(database, config, now)
    page = visitor.open(link_of(database, only_entry(database)))
    assert "Your appointment on Friday, 4 December 2026, 09:00 moves to this time" in page.text
    page = press(visitor, page, "Take this time")
    assert "Wednesday, 25 November 2026" in page.text
    with database.read() as session:
        assert session.get_one(Appointment, mine.id).start == at(25, "09:00")


def test_no_earlier_time_is_promised_where_none_can_be_offered(
    visitor: Visitor, database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    mine = book(database, config, renewal, at(4, "09:00", month=12), now, somebody(1))
    with database.read() as session:
        page = f"/appointments/{mine.reference}/{appointing.secret_of(session, mine)}/"
    assert "Ask for an earlier time" in visitor.open(page).text
    form = visitor.open(f"{page}earlier")
    with database.write() as session:
        session.get_one(Service, renewal.id).online = False
    assert "Ask for an earlier time" not in visitor.open(page).text
    sentence = "we give earlier times by phone only"
    assert sentence in visitor.open(f"{page}earlier").text
    sent = visitor.send(form.address, form.hidden)  # the form was open already
    assert (sent.address, sentence in sent.text) == (page, True)
    with database.read() as session:
        assert session.scalars(select(WaitlistEntry)).all() == []


def test_where_the_contact_has_to_be_proved_the_link_comes_only_by_message(
    visitor: Visitor, database: Database, planned: Office
) -> None:
    with database.write() as session:
        session.get_one(Office, planned.id).confirmation = Confirmation.EITHER
    page = fill_in(visitor, visitor.open(JOIN))
    assert page.title.startswith("One step is missing")
    entry = only_entry(database)
    assert entries_secret(database, entry) not in page.html
    text = text_of(database, f"waitlist:{entry.id}", "waitlist_joined").text
    [link] = re.findall(r"http://localhost(\S+)", text)
    page = visitor.open(link)
    assert state(database, entry) == "unproven"  # opening it is not enough: mail programs do that
    page = press(visitor, page, "Yes, put me on the waiting list")
    assert page.title.startswith("You are on the waiting list")
    assert state(database, entry) == "waiting"


def entries_secret(database: Database, entry: WaitlistEntry) -> str:
    with database.read() as session:
        return entries.secret_of(session, entry)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"first_day": "soon"}, "first_day"),
        ({"until": "2026-11-23"}, "until"),
        ({"weekdays": ["0"], "first_day": "2026-11-24", "until": "2026-11-25"}, "weekdays"),
        ({"name": ""}, "name"),
        ({"born-year": "91"}, "born"),
        ({"mail": "", "phone": ""}, "mail"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    visitor: Visitor, database: Database, changed: dict[str, object], field: str
) -> None:
    page = fill_in(visitor, visitor.open(JOIN), **changed)
    assert page.status == 422
    assert page.title.startswith("Error:")
    assert list(page.errors) == [field]
    kept = {**TYPED, **changed}
    assert f'value="{kept["born-month"]}"' in page.html
    assert re.search(r'value="morning" checked', page.html)
    with database.read() as session:
        assert session.scalars(select(WaitlistEntry)).all() == []


def test_everything_that_is_wrong_is_said_at_once(visitor: Visitor) -> None:
    page = fill_in(visitor, visitor.open(JOIN), first_day="", name="", mail="nobody")
    assert set(page.errors) == {"first_day", "name", "mail"}


def test_another_office_can_be_chosen_too(visitor: Visitor, database: Database) -> None:
    assert "another office" not in visitor.open(JOIN).text
    with database.write() as session:
        other = sample_office(session, slug="nebenstadt")
    page = visitor.open(JOIN)
    assert "Would another office be all right, too?" in page.text
    fill_in(visitor, page, offices=["nebenstadt"])
    with database.read() as session:
        entry = session.scalars(select(WaitlistEntry)).one()
        assert {each.office_id for each in entry.places} == {entry.office_id, other.id}


def test_without_a_concern_it_leads_to_the_choice(visitor: Visitor) -> None:
    assert visitor.open("/waitlist/musterstadt/").address == "/book/musterstadt/"
    assert visitor.open("/waitlist/nowhere/?with=x").status == 404


def test_no_list_for_what_cannot_be_booked_online(visitor: Visitor) -> None:
    page = visitor.open(f"/waitlist/musterstadt/?with={COUNSELLING}")
    assert "There is no waiting list for this concern." in page.text


def test_a_wrong_secret_opens_nothing(
    visitor: Visitor, database: Database, config: Config, planned: Office, now: datetime
) -> None:
    entry = join(database, config, somebody(1), now)
    assert visitor.open(f"/waitlist/{entry.reference}/{'a' * 24}/").status == 404
    assert visitor.open(f"/waitlist/{entry.reference}/{'a' * 24}/change").status == 404


def test_programs_that_fill_in_everything_do_not_get_in(visitor: Visitor, database: Database) -> None:
    page = fill_in(visitor, visitor.open(JOIN), remarks="buy cheap")
    assert page.status == 409
    with database.read() as session:
        assert session.scalars(select(WaitlistEntry)).all() == []


def test_the_page_of_free_times_leads_to_the_waiting_list(visitor: Visitor, renewal: Service) -> None:
    page = visitor.open(f"/book/musterstadt/{RENEWAL}/")
    assert page.links("waiting list") == [JOIN]


def test_a_link_from_long_ago_still_says_how_it_ended(
    client: FlaskClient, database: Database, config: Config, planned: Office, now: datetime
) -> None:
    from frontoffice.waitlist import leaving

    entry = join(database, config, somebody(1), now)
    with database.write() as session:
        found = session.get_one(WaitlistEntry, entry.id)
        leaving.leave(session, found, now, settings=config)
        leaving.redact(session, now + timedelta(days=8), settings=config)
        assert found.state is EntryState.LEFT
    with time_machine.travel(now + timedelta(days=9), tick=False):
        page = Visitor(client).open(link_of(database, entry))
    assert page.title.startswith("You are no longer on the waiting list")
