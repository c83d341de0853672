"""The team view and the slides, as they work without scripts."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.line import calling, staffing
from frontoffice.messages import failover
from frontoffice.messages.models import Medium
from frontoffice.offices.models import Counter, Office, Slide
from frontoffice.staff.models import Role
from frontoffice.web import live
from tests.line.browsing import Browser
from tests.line.parts import RULES, account, ticket

VIEW = "/team/musterstadt/"


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def aylin(app: Flask, database: Database, office: Office, now: datetime) -> Browser:
    """A team lead; Miriam serves A001 at counter 1, A002 has waited for an hour, A003 since ten minutes."""
    with database.write() as session:
        here = session.get_one(Office, office.id)
        for number, minutes in ((1, 90), (2, 60), (3, 10)):
            ticket(session, here, number, now, arrived_at=now - timedelta(minutes=minutes))
        account(session, "aylin", Role.TEAM_LEAD)
        miriam = account(session)
        staffing.open_counter(session, here.counters[0].id, miriam, now)
    with database.write() as session:
        calling.call_next(session, office.counters[0].id, miriam, now, RULES)
    browser = Browser(app)
    browser.sign_in("aylin")
    return browser


def test_the_view_shows_who_waits_who_serves_and_warns(aylin: Browser) -> None:
    text = aylin.get(VIEW).text
    assert text
    seen = aylin.text
    assert "Longest wait 60 min" in seen
    assert "1 person waits too long: A002" in seen
    assert "Calls A001, 0 min Miriam Beispiel Everything" in seen
    assert seen.index("A002 Pick up card") < seen.index("A003 Pick up card")
    part = aylin.get(f"{VIEW}part").text
    assert "A002" in part
    assert "<html" not in part


def test_closing_early_is_said_everywhere_and_taken_back(aylin: Browser, app: Flask) -> None:
    aylin.get(VIEW)
    for wrong in ("", "07:00", "later", "14:30:00+05:00x"):
        aylin.post(f"{VIEW}close-early", time=wrong)
        assert "We close early today" not in aylin.text, wrong
    aylin.post(f"{VIEW}close-early", time="14:30")
    assert "We close early today, at 14:30." in aylin.text
    screen = Browser(app)
    assert "Today we close early, at 14:30." in screen.get("/screen/musterstadt/").text
    aylin.get(VIEW)
    aylin.post(f"{VIEW}close-as-usual")
    assert "We close early today" not in aylin.text


def test_a_stopped_provider_is_told_to_desk_and_team_until_it_goes_again(
    aylin: Browser, database: Database, office: Office, now: datetime
) -> None:
    pages = (f"{VIEW}part", f"/desk/{office.counters[0].id}/line", f"/desk/{office.counters[0].id}/")
    with database.write() as session:
        failover.stop(session, "twilio", Medium.SMS, "20003", now)
        failover.tell(session, "twilio", Medium.SMS, "20003", now)
    for path in pages:
        aylin.get(path)
        assert "No SMS leave at the moment. They wait, and leave by themselves later. See why" in aylin.text
        assert 'href="/agenda/musterstadt/messages/"' in aylin.page.text
        assert "20003" not in aylin.page.text
    with database.write() as session:
        failover.resume(session, ["twilio"], now)
    for path in pages:
        aylin.get(path)
        assert "No SMS leave" not in aylin.text
    with database.read() as session:
        found = session.scalars(
            select(Event).where(Event.kind.startswith("channel.")).order_by(Event.number)
        ).all()
    told = [live.tell(each).decode() for each in found]
    assert [each.splitlines()[1] for each in told] == ["event: counter.news"] * 2, "pages of staff look then"
    assert [word for word in ("twilio", "20003", "sms") if word in "".join(told)] == []


def test_a_lead_arranges_a_counter(aylin: Browser, database: Database, office: Office) -> None:
    path = f"{VIEW}counter/{office.counters[1].id}/"
    aylin.get(path)
    assert len(re.findall(r'name="service" value="\d+" checked', aylin.page.text)) == 3
    aylin.post(path, service=[str(office.services[0].id)], language=["uk"], room="Halle", team="Tresen")
    assert aylin.path == VIEW
    with database.read() as session:
        counter = session.get_one(Counter, office.counters[1].id)
        assert [each.id for each in counter.services] == [office.services[0].id]
        assert (counter.languages, counter.room, counter.team) == (["uk"], "Halle", "Tresen")
    aylin.get(path)
    aylin.post(path, room="Halle")
    assert "Please choose at least one service." in aylin.text


def test_who_is_no_lead_looks_but_changes_nothing(
    aylin: Browser, app: Flask, database: Database, office: Office
) -> None:
    with database.write() as session:
        account(session, "jonas")
    jonas = Browser(app)
    jonas.sign_in("jonas")
    jonas.get(VIEW)
    assert jonas.page.status_code == 200
    assert not [each for each in jonas.buttons() if each.startswith("/team/")]
    counter = f"{VIEW}counter/{office.counters[1].id}/"
    assert jonas.post(f"{VIEW}close-early", time="14:30").status_code == 403
    assert jonas.get(counter).status_code == 403
    assert jonas.get(f"{VIEW}slides/").status_code == 403
    assert aylin.page.status_code == 200


def test_slides_are_written_changed_shown_and_taken_away(
    aylin: Browser, app: Flask, database: Database
) -> None:
    path = f"{VIEW}slides/"
    aylin.get(path)
    aylin.post(path, seconds="15")
    assert "Please enter a title in one language at least." in aylin.text
    words = {"title-de": "Bitte Pass bereithalten", "title-uk": "Будь ласка, паспорт", "text-de": "Danke."}
    aylin.post(path, seconds="15", room="Wartezone A", link="https://example.org/", **words)
    aylin.post(path, seconds="20", **{"title-en": "Later", "valid_from": "2026-12-01"})
    with database.read() as session:
        first, second = session.scalars(select(Slide).order_by(Slide.position))
        assert (first.room, first.titles["uk"], first.texts) == (
            "Wartezone A",
            "Будь ласка, паспорт",
            {"de": "Danke."},
        )
    screen = Browser(app)
    shown = screen.get("/screen/musterstadt/").text
    assert 'lang="uk"' in shown
    assert "Later" not in shown
    before = screen.get("/screen/musterstadt/now").json
    aylin.get(path)
    aylin.post(f"{path}{second.id}/", first="1")
    aylin.get(f"{path}{second.id}/")
    aylin.post(f"{path}{second.id}/", seconds="20", **{"title-en": "Now"})
    assert "Now" in screen.get("/screen/musterstadt/").text
    after = screen.get("/screen/musterstadt/now").json
    assert before
    assert after
    assert before["version"] != after["version"], "the screen loads itself anew"
    aylin.get(path)
    aylin.post(f"{path}{first.id}/", remove="1")
    assert "Bitte Pass" not in screen.get("/screen/musterstadt/").text


def test_a_slide_that_cannot_be_shown_is_refused(aylin: Browser, database: Database) -> None:
    for wrong in (
        {"seconds": "4"},
        {"seconds": "x"},
        {"link": "javascript:alert(1)"},
        {"room": "Keller"},
        {"valid_from": "soon"},
        {"valid_from": "2026-12-02", "valid_until": "2026-12-01"},
        {"title-de": "x" * 401},
    ):
        aylin.get(f"{VIEW}slides/")
        aylin.post(f"{VIEW}slides/", **({"title-de": "Hallo", "seconds": "15"} | wrong))
        with database.read() as session:
            assert session.scalars(select(Slide)).all() == [], wrong
