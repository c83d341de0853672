"""The phone ticket as people see it, without scripts and with."""

import gzip
import re
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from frontoffice import clock
from frontoffice.booking import sheet
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.line import calling, next_up, parking, phone, staffing
from frontoffice.line.models import EarlyClosing, Ticket, TicketState
from frontoffice.offices.models import Office
from frontoffice.paths import STATIC
from frontoffice.staff.models import Role
from tests.line import parts
from tests.line.browsing import Browser

MINUTE = timedelta(minutes=1)
LINK = r'href="http://localhost(/ticket/[0-9a-f]{32})"'
SMALL = 12_000  # bytes: a few seconds over a bad connection


@pytest.fixture
def tokens(database: Database, office: Office, now: datetime, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three who wait with their phones at one open counter, at 08:00."""
    monkeypatch.setattr("frontoffice.clock.now", lambda: now)
    with database.write() as session:
        found = session.get_one(Office, office.id)
        staffing.open_counter(
            session, found.counters[0].id, parts.account(session, "staff", Role.CASEWORKER), now
        )
        return [
            phone.give_link(parts.ticket(session, found, number, now, arrived_at=now - (9 - number) * MINUTE))
            for number in (1, 2, 3)
        ]


def test_a_visit_can_be_followed_to_its_end(
    app: Flask, database: Database, office: Office, tokens: list[str], now: datetime
) -> None:
    browser, path = Browser(app), f"/ticket/{tokens[1]}"
    with database.read() as session:
        staff = phone.find(session, tokens[0]).office.counters[0]
        who = session.query(parts.Account).one()

    page = browser.get(path)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert "Your number A002 1 person is before you. Expected wait:" in browser.text
    assert re.search(r"Expected wait: \d+ to \d+ minutes That is between 08:\d\d and 08:\d\d\.", browser.text)
    assert "Please wait here: Wartezone A" in browser.text
    assert "As of 08:00" in browser.text
    assert '<noscript><meta http-equiv="refresh" content="20">' in page.text
    assert 'http-equiv="refresh"' not in browser.get(f"{path}?stay=1").text  # filling in a form takes longer
    assert "noindex" in page.text
    assert browser.client.get(f"/ticket/{tokens[0]}").text.count("You are next.") == 1

    def desk(verb: object, *more: object, **named: object) -> str:
        with database.write() as session:
            verb(session, staff.id, who, now, *more, **named)  # type: ignore[operator]
        return browser.get(f"{path}/state").text

    with database.write() as session:
        found = session.get_one(Office, office.id)
        closes_at, today = now + timedelta(hours=2), sheet.day_of(now, found.time_zone)
        session.add(
            EarlyClosing(office_id=found.id, day=today, closes_at=closes_at, told_at=now, account_id=who.id)
        )
    assert "The office closes early today, at 10:00." in browser.get(path).text
    with database.write() as session:
        session.get_one(Ticket, phone.find(session, tokens[1]).id).paper = "B007"
    assert "Your paper says B007, but number A002 will be called." in browser.get(path).text
    called = desk(calling.pick, "A002")
    assert 'data-state="called" data-again="10"' in called
    assert "Please come now." in called
    assert "Leave the line" not in called
    assert "You are at counter 1." in desk(calling.start)
    assert "From 08:30 you wait in the line again" in desk(
        parking.park, reason="copies", wake_at=now + 30 * MINUTE
    )
    assert "copies" not in browser.page.text  # what staff write is for staff
    desk(calling.pick, "A002")
    assert "come straight back to counter 1" in desk(parking.send_away, reason="to pay")
    desk(calling.pick, "A002")
    over = desk(calling.finish)
    assert "Your visit is over." in over
    assert 'data-again="0"' in over
    assert "http-equiv" not in browser.get(path).text
    with database.write() as session:
        ticket = session.get_one(Ticket, phone.find(session, tokens[1]).id)
        ticket.state = TicketState.NO_SHOW
    assert "nobody came" in browser.get(path).text


def test_people_without_scripts_can_do_everything(app: Flask, database: Database, tokens: list[str]) -> None:
    browser, path = Browser(app), f"/ticket/{tokens[2]}"
    browser.get(path)
    assert browser.buttons() == [f"{path}/number", f"{path}/away", f"{path}/leave"]

    browser.post(f"{path}/number", phone="hello")
    assert browser.page.status_code == 422
    assert "This is not a phone number." in browser.text
    assert 'value="hello"' in browser.page.text
    assert "<details open>" in browser.page.text
    browser.post(f"{path}/number", phone="0151 23456789")
    assert browser.path == path
    assert "+49 … 789" in browser.text
    assert "Which messages" not in browser.text
    with database.write() as session:
        next_up.tell(session, [phone.find(session, tokens[2]).id], clock.now())
    browser.get(path)
    chooses = re.search(r'<a href="([^"]+)">Which messages do you want\?', browser.page.text)
    assert chooses
    assert "… 789" in browser.get(chooses[1]).text
    browser.get(path)
    browser.post(f"{path}/number", forget="1")
    assert "Send me an SMS" in browser.text

    browser.post(f"{path}/away", minutes="20")
    assert "We keep your place. From 08:20 you wait in the line again." in browser.text
    assert f"{path}/back" in browser.buttons()
    browser.post(f"{path}/back")
    assert "2 people are before you." in browser.text
    assert f"{path}/away" not in browser.buttons()
    browser.post(f"{path}/away", minutes="")  # an old page
    assert "You have already left the line for a while." in browser.text
    browser.post(f"{path}/leave")
    assert "You have left the line." in browser.text
    assert "Which messages" not in browser.text
    assert browser.buttons() == []
    assert app.test_client().post(f"{path}/leave").status_code == 400  # without the page's own token

    other = Browser(app)
    other.get(f"/ticket/{tokens[1]}")
    other.post(f"/ticket/{tokens[1]}/away", minutes="500")
    assert (other.page.status_code, "within the next 90 min." in other.text) == (422, True)
    other.post(f"/ticket/{tokens[1]}/away", minutes="")
    assert "Nobody will call you until you say that you are back." in other.text


def test_a_phone_gets_a_small_page_in_the_language_of_the_ticket(app: Flask, tokens: list[str]) -> None:
    client, english_phone = app.test_client(), {"Accept-Language": "en"}
    page = client.get(f"/ticket/{tokens[0]}", headers=english_phone).text
    assert '<html lang="de" dir="ltr">' in page
    client.set_cookie("language", "en")
    assert '<html lang="en" dir="ltr">' in client.get(f"/ticket/{tokens[0]}").text

    loaded = {name.split("?")[0] for name in re.findall(r'(?:src|href)="/static/([^"]+)"', page)}
    assert loaded == {"css/phone.css", "js/phone.js", "icons/frontoffice.svg"}
    files = [(STATIC / name).read_bytes() for name in loaded]
    assert sum(len(gzip.compress(each)) for each in [page.encode(), *files]) < SMALL

    # An unknown one may be on its way from a kiosk without network.
    browser = Browser(app)
    for path in (f"/ticket/{uuid4().hex}", f"/ticket/{uuid4().hex}/state"):
        assert browser.get(path).status_code == 404
    assert "this page tries again by itself" in browser.text
    assert "If you have a number on paper, it stays valid" in browser.text
    assert "the link is wrong, or a newer one was given to you" in browser.text
    assert "in any case" not in browser.text
    browser.get(f"/ticket/{tokens[0]}")
    assert browser.post(f"/ticket/{uuid4().hex}/leave").status_code == 404
    assert browser.get("/ticket/short").status_code == 404


def test_staff_give_the_link_of_a_number_and_nobody_else_does(
    app: Flask, database: Database, office: Office, tokens: list[str]
) -> None:
    stranger, desk = Browser(app), Browser(app)
    with database.read() as session:
        counter = phone.find(session, tokens[0]).office.counters[0].id
    path = f"/desk/{counter}/ticket/A003/"
    stranger.get(f"/ticket/{tokens[0]}")
    assert "sign-in" in stranger.post(f"{path}phone").request.path
    desk.sign_in("staff")
    desk.get(path)
    assert f"{path}phone" in desk.buttons()
    page = desk.post(f"{path}phone")
    assert "Phone ticket for number A003" in desk.text
    assert "<svg" in page.text
    [link] = re.findall(LINK, page.text)
    assert "A003" in stranger.get(link).text
    assert stranger.get(f"/ticket/{tokens[2]}").status_code == 404  # the link before
    for _reload in range(2):
        assert re.findall(LINK, desk.get(f"{path}phone").text) == [link]
        assert "A003" in stranger.get(link).text
    with database.read() as session:
        linked = session.scalars(select(Event).where(Event.kind == "ticket.linked")).all()
        assert [each.data for each in linked] == [{"ticket": "A003", "counter": "1"}]
    assert "Phone ticket given" in desk.get(path).text
    assert link.rpartition("/")[2] not in desk.page.text
    # Another desk gives a new one: this one's is not shown as if it still worked.
    with database.write() as session:
        newer = phone.give_link(phone.find(session, link.rpartition("/")[2]))
    assert desk.get(f"{path}phone").request.path == path
    assert stranger.get(phone.path(newer)).status_code == 200
    stranger.get(f"{path}phone")
    assert "sign-in" in stranger.path
    desk.get(path)
    assert desk.post(f"/desk/{counter}/ticket/A999/phone").status_code == 404
    with database.write() as session:
        phone.leave(session, phone.find(session, newer), clock.now())
    desk.get(path)
    assert desk.post(f"{path}phone").status_code == 404


def test_who_is_new_is_shown_no_place_before_it_is_known(
    app: Flask, database: Database, office: Office, tokens: list[str], now: datetime
) -> None:
    browser = Browser(app)
    browser.get(f"/ticket/{tokens[0]}")  # the office's line is looked at
    with database.write() as session:  # before anything is told of the new one
        token = phone.give_link(parts.ticket(session, session.get_one(Office, office.id), 9, now))
    page = browser.get(f"/ticket/{token}")
    assert "Your place is shown in a moment." in browser.text
    assert 'data-again="3"' in page.text
    assert "are before you." not in browser.text
    assert "You are next" not in browser.text
    with database.write() as session:
        phone.leave(
            session, phone.find(session, tokens[2]), now
        )  # something happens, and it is looked at anew
    browser.get(f"/ticket/{token}")
    assert "2 people are before you." in browser.text


def test_who_may_not_be_reached_before_the_office_closes_is_told(
    app: Flask, database: Database, office: Office, tokens: list[str], now: datetime
) -> None:
    browser = Browser(app)
    assert "We close at" not in (browser.get(f"/ticket/{tokens[2]}") and browser.text)
    with database.write() as session:
        found = session.get_one(Office, office.id)
        who = session.query(parts.Account).one()
        said = EarlyClosing(office_id=found.id, day=sheet.day_of(now, found.time_zone), account_id=who.id)
        said.closes_at, said.told_at = now + 4 * MINUTE, now
        session.add(said)
    late = "We close at 08:04 today. It may not be your turn before that. Please ask at the desk."
    browser.get(f"/ticket/{tokens[2]}")
    assert late in browser.text
    browser.get(f"/ticket/{tokens[0]}")
    assert late not in browser.text
    assert "The office closes early today, at 08:04." in browser.text
    desk = Browser(app)
    desk.sign_in("staff")
    desk.get(f"/desk/{office.counters[0].id}/ticket/A003/")
    assert "perhaps not before we close" in desk.text
    with database.write() as session:
        session.query(EarlyClosing).one().closes_at = now - MINUTE
    browser.get(f"/ticket/{tokens[0]}")
    assert "We closed at 07:59. Please ask at the desk if you will still be called." in browser.text
