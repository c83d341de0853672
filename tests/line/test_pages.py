"""The desk and the waiting-room screen, as they work without scripts."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.line import calling, staffing
from frontoffice.line.models import Ticket, TicketState
from frontoffice.offices.models import Office
from frontoffice.staff.models import Account, Role
from tests.line.browsing import Browser
from tests.line.parts import account, appointment, ticket
from tests.sample import sample_office


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def miriam(database: Database, office: Office) -> Account:
    with database.write() as session:
        return account(session, office=office)


@pytest.fixture
def browser(app: Flask, miriam: Account) -> Browser:
    browser = Browser(app)
    browser.sign_in()
    return browser


@pytest.fixture
def desk(browser: Browser, office: Office) -> str:
    """The address of counter 1, which the browser has open."""
    path = f"/desk/{office.counters[0].id}/"
    browser.post(f"{path}open")
    return path


def wait(database: Database, office: Office, number: int, now: datetime, minutes: int = 10) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        ticket(session, here, number, now, arrived_at=now - timedelta(minutes=minutes))


def states(database: Database) -> dict[str, TicketState]:
    with database.read() as session:
        return {each.code: each.state for each in session.scalars(select(Ticket))}


def test_a_counter_is_chosen_opened_and_closed(browser: Browser, office: Office) -> None:
    assert "Which counter are you at?" in browser.text
    first = office.counters[0].id
    assert f"/desk/{first}/open" in browser.buttons()
    browser.post(f"/desk/{first}/open")
    assert browser.path == f"/desk/{first}/"
    assert "Call next" in browser.text
    browser.get("/desk/")
    assert "You have opened counter 1." in browser.text
    assert "Miriam Beispiel, since 08:00" in browser.text
    browser.get(f"/desk/{first}/")
    browser.post(f"/desk/{first}/close")
    assert browser.path == "/desk/"
    assert "You have opened" not in browser.text


def test_a_visit_by_buttons_alone(
    browser: Browser, desk: str, database: Database, office: Office, now: datetime
) -> None:
    wait(database, office, 1, now)
    browser.post(f"{desk}call-next")
    assert browser.path == desk
    assert "Called once A001" in browser.text
    assert "Pick up card" in browser.text
    assert "10 minutes ago" in browser.text
    browser.post(f"{desk}recall", ticket="A001")
    assert "Called 2 times" in browser.text
    browser.post(f"{desk}start", ticket="A001")
    assert "At the counter A001" in browser.text
    browser.post(f"{desk}finish", ticket="A001")
    assert "Call next" in browser.text
    assert states(database) == {"A001": TicketState.DONE}


@pytest.mark.parametrize("is_booked", [True, False])
def test_reminders_and_cards_are_one_tap_from_who_is_at_the_counter(
    browser: Browser, desk: str, database: Database, office: Office, now: datetime, is_booked: bool
) -> None:
    wait(database, office, 1, now)
    reference = None
    if is_booked:
        with database.write() as session:
            booked = appointment(session, session.get_one(Office, office.id), now)
            session.scalars(select(Ticket)).one().appointment_id = booked.id
            reference = booked.reference
    browser.post(f"{desk}call-next")
    assert "/watches/" not in browser.page.text
    browser.post(f"{desk}start", ticket="A001")
    served = browser.page.text
    for address in (f"watches/of/{reference}" if reference else "watches/", "cards/?mode=open"):
        assert f'href="/agenda/{office.slug}/{address}"' in served
        assert browser.get(f"/agenda/{office.slug}/{address}").status_code == 200


def test_the_line_is_shown_in_the_order_of_calling(
    browser: Browser, desk: str, database: Database, office: Office, now: datetime
) -> None:
    wait(database, office, 1, now, minutes=5)
    wait(database, office, 2, now, minutes=25)
    browser.get(desk)
    line = browser.text.split("Waiting for this counter")[1]
    assert line.index("A002 Pick up card – 25 min") < line.index("A001 Pick up card – 5 min")
    part = browser.get(f"{desk}line").text
    assert "A002" in part
    assert "<html" not in part


def test_when_nobody_waits_it_is_said(browser: Browser, desk: str) -> None:
    browser.post(f"{desk}call-next")
    assert "Nobody is waiting for this counter at the moment." in browser.text


def test_a_double_click_calls_one_visitor_and_says_so(
    browser: Browser, desk: str, database: Database, office: Office, now: datetime
) -> None:
    for number in (1, 2):
        wait(database, office, number, now)
    browser.post(f"{desk}call-next")
    browser.post(f"{desk}call-next")
    assert "There is still a visitor at counter 1." in browser.text
    assert states(database) == {"A001": TicketState.CALLED, "A002": TicketState.WAITING}


def test_a_button_of_an_old_page_does_nothing_to_the_next_visitor(
    browser: Browser, desk: str, database: Database, office: Office, now: datetime
) -> None:
    for number in (1, 2):
        wait(database, office, number, now)
    browser.post(f"{desk}call-next")
    browser.post(f"{desk}finish", ticket="A001")
    browser.post(f"{desk}call-next")
    browser.post(f"{desk}finish", ticket="A001")
    assert "not possible (any more)" in browser.text
    assert states(database)["A002"] == TicketState.CALLED


def test_the_name_of_the_called_person_is_shown_to_this_desk_only_and_put_on_record(
    app: Flask, browser: Browser, desk: str, database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        booked = appointment(session, here, now, name="Olena Kowalenko")
        jonas = account(session, "jonas")
    browser.get(desk)
    browser.post(f"{desk}ticket", code=booked.reference, service="", language="de")
    assert "The number is S001." in browser.text
    assert "Olena" not in browser.text, "not before the call"
    browser.post(f"{desk}call-next")
    assert "Olena Kowalenko" in browser.text
    browser.get(desk)
    other = Browser(app)
    other.sign_in("jonas")
    other.get(desk)
    assert "S001" in other.text
    assert "Olena" not in other.text
    assert jonas.id
    with database.read() as session:
        seen = session.scalars(select(Event).where(Event.kind == "appointment.seen")).all()
    assert [event.subject for event in seen] == [f"appointment:{booked.id}"], "looking twice is noted once"


def test_a_number_is_given_at_the_desk(
    browser: Browser, desk: str, database: Database, office: Office
) -> None:
    browser.post(f"{desk}ticket", service=str(office.services[1].id), code="", language="en")
    assert "The number is S001." in browser.text
    browser.post(f"{desk}ticket", service="", code="", language="xx")
    assert "The number is S002." in browser.text
    with database.read() as session:
        given = session.scalars(select(Ticket).order_by(Ticket.id)).all()
    assert [(each.service_id, each.language) for each in given] == [
        (office.services[1].id, "en"),
        (None, "de"),
    ]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"code": "K7M2PXQ4", "service": "", "language": "de"}, "We do not know this code."),
        ({"code": "\x00", "service": "", "language": "de"}, "We do not know this code."),
        ({"code": "", "service": "999999", "language": "de"}, "does not offer that service"),
    ],
)
def test_a_number_that_cannot_be_given_is_explained(
    browser: Browser, desk: str, database: Database, fields: dict[str, str], sentence: str
) -> None:
    browser.post(f"{desk}ticket", **fields)
    assert sentence in browser.text
    assert states(database) == {}


@pytest.mark.parametrize("service", ["x", "-1", "9" * 50, "\x00", "１"])
def test_a_concern_that_is_none_is_one_to_be_clarified(
    browser: Browser, desk: str, database: Database, service: str
) -> None:
    assert browser.post(f"{desk}ticket", service=service, code="", language="de").status_code == 200
    assert states(database) == {"S001": TicketState.WAITING}


def test_a_colleagues_counter_can_be_looked_at_but_not_used(
    app: Flask, browser: Browser, desk: str, database: Database, office: Office, now: datetime
) -> None:
    wait(database, office, 1, now)
    browser.post(f"{desk}call-next")
    with database.write() as session:
        account(session, "jonas")
    jonas = Browser(app)
    jonas.sign_in("jonas")
    jonas.get(desk)
    assert "Miriam Beispiel has opened this counter." in jonas.text
    assert not [button for button in jonas.buttons() if "finish" in button]
    jonas.post(f"{desk}finish", ticket="A001")
    assert "You have not opened counter 1." in jonas.text
    assert states(database) == {"A001": TicketState.CALLED}


def test_a_lead_closes_a_counter_that_was_left_open(
    app: Flask, browser: Browser, desk: str, database: Database
) -> None:
    with database.write() as session:
        account(session, "aylin", Role.TEAM_LEAD)
    lead = Browser(app)
    lead.sign_in("aylin")
    assert f"{desk}close" in lead.buttons()
    lead.post(f"{desk}close")
    browser.get(desk)
    assert "This counter is closed." in browser.text


def test_who_works_at_all_offices_chooses_one(app: Flask, database: Database, office: Office) -> None:
    with database.write() as session:
        sample_office(session, "nebenstadt")
        account(session, "everywhere")
    browser = Browser(app)
    browser.sign_in("everywhere")
    assert 'href="/desk/?office=nebenstadt"' in browser.page.text
    browser.get("/desk/?office=nebenstadt")
    with database.read() as session:
        other = session.scalars(select(Office).where(Office.slug == "nebenstadt")).one()
        counters = {f"/desk/{counter.id}/open" for counter in other.counters}
    assert counters <= set(browser.buttons())


def test_the_pages_are_german_for_those_who_want_that(app: Flask, miriam: Account) -> None:
    browser = Browser(app, "de")
    browser.sign_in()
    assert '<html lang="de"' in browser.page.text


def test_the_screen_shows_calls_without_scripts_and_without_names(
    app: Flask, database: Database, office: Office, miriam: Account, now: datetime
) -> None:
    screen = Browser(app)
    screen.get("/screen/musterstadt/")
    assert "Nobody has been called yet." in screen.text
    with database.write() as session:
        here = session.get_one(Office, office.id)
        booked = appointment(session, here, now, name="Olena Kowalenko")
        first = ticket(session, here, 1, now, service=0, due_at=now)
        first.appointment_id = booked.id
        ticket(session, here, 2, now)
        staffing.open_counter(session, here.counters[4].id, session.get_one(Account, miriam.id), now)
    with database.write() as session:
        who = session.get_one(Account, miriam.id)
        calling.call_next(session, office.counters[4].id, who, now, calling.Rules(timedelta(0), timedelta(0)))
    screen.get("/screen/musterstadt/")
    assert screen.page.status_code == 200
    assert "A001" in screen.text
    assert "08:00" in screen.text
    assert '<noscript><meta http-equiv="refresh"' in screen.page.text
    assert "Olena" not in screen.page.text
    assert booked.reference not in screen.page.text
    assert 'data-as-of="2"' in screen.page.text


def test_an_alarm_stands_on_every_page_of_staff_and_can_be_raised_from_each(
    app: Flask, browser: Browser, desk: str, database: Database, office: Office, now: datetime
) -> None:
    wait(database, office, 1, now)
    with database.write() as session:
        account(session, "aylin", Role.TEAM_LEAD, office)
    lead = Browser(app)
    lead.sign_in("aylin")
    lead.post(f"/desk/{office.counters[1].id}/open")
    browser.get(desk)
    browser.post(f"{desk}steer/alarm")
    assert 'data-emergency=""' in browser.page.text, "it does not sound where it was raised"
    assert "Pressed by mistake" in browser.text
    other = f"/desk/{office.counters[1].id}/"
    elsewhere = ("/desk/", f"{other}ticket/A001/", "/agenda/musterstadt/", "/staff/devices/musterstadt/")
    for path in (other, *elsewhere, "/team/musterstadt/", "/team/musterstadt/alarms"):
        text = lead.get(path).text
        assert "Emergency at counter 1. Please help." in text, path
        assert 'data-emergency="3"' in text, path
        assert f"{other}steer/answer" in text, path
    for path in elsewhere:
        text = lead.get(path).text
        assert 'data-live="/live/musterstadt"' in text, path
        assert f"{other}steer/alarm" in text, path
    browser.post(f"{desk}steer/settle", cry="3")
    assert "Emergency at counter" not in lead.get("/agenda/musterstadt/").text


def test_no_page_carries_inline_script_or_style(app: Flask, browser: Browser, desk: str) -> None:
    for path in ("/desk/", desk, "/team/musterstadt/", "/screen/musterstadt/", "/staff/sign-in"):
        text = browser.get(path).text
        assert "<script>" not in text
        assert ' style="' not in text
        assert " onclick=" not in text
