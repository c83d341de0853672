"""What is stored about a person, seen and deleted through the link of the waiting list and of a draw."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.draw import entering
from frontoffice.draw.models import DrawRequest, RequestState
from frontoffice.offices.models import Office
from frontoffice.waitlist import entries
from frontoffice.waitlist.models import EntryState, WaitlistEntry
from tests.draw import steps as draw_steps
from tests.insight.test_people import RAHIMI
from tests.line.browsing import Browser
from tests.waitlist import steps

NOW = draw_steps.WITHIN


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def wish(database: Database, config: Config, office: Office) -> str:
    """The address of a wish on the waiting list."""
    entry = steps.join(database, config, RAHIMI, NOW)
    with database.read() as session:
        return f"/waitlist/{entry.reference}/{entries.secret_of(session, entry)}/"


@pytest.fixture
def request_(database: Database, config: Config, office: Office) -> str:
    """The address of a request in a draw whose window is open."""
    draw = draw_steps.make(database, NOW - timedelta(days=1))
    entered = draw_steps.enter(database, config, draw, RAHIMI)
    with database.read() as session:
        return f"/draws/{draw.code}/{entered.number}/{entering.secret_of(session, entered)}/"


def test_a_wish_is_seen_downloaded_and_deleted_and_leaves_the_list_first(
    app: Flask, database: Database, wish: str
) -> None:
    browser = Browser(app)
    assert f"{wish}data/" in browser.get(wish).text
    browser.get(f"{wish}data/")
    for word in (RAHIMI.name, "17/05/1990", RAHIMI.mail, RAHIMI.phone, "18 December 2026"):
        assert str(word) in browser.text
    stored = json.loads(browser.get(f"{wish}data/data.json").data)["stored"]
    assert [each["what"] for each in stored][:1] == ["wish"]
    assert browser.get(f"{wish[:-3]}xx/data/").status_code == 404
    browser.get(f"{wish}data/delete")
    assert "You leave it first." in browser.text
    browser.post(f"{wish}data/delete")
    assert "no longer knows here whose it was." in browser.text
    with database.read() as session:
        left = session.scalars(select(WaitlistEntry)).one()
        assert (left.state, left.person, left.mail_digest) == (EntryState.LEFT, None, None)
    assert RAHIMI.name not in browser.get(f"{wish}data/").text


def test_a_request_is_taken_back_first_while_the_draw_is_open(
    app: Flask, database: Database, request_: str
) -> None:
    browser = Browser(app)
    assert f"{request_}data/" in browser.get(request_).text
    browser.get(f"{request_}data/")
    for word in (RAHIMI.name, RAHIMI.mail, "8 December 2026"):
        assert str(word) in browser.text
    stored = json.loads(browser.get(f"{request_}data/data.json").data)["stored"]
    assert [each["what"] for each in stored][:1] == ["draw_request"]
    browser.get(f"{request_}data/delete")
    assert "Your request is taken back first." in browser.text
    assert "the number of your request in the list of the draw" in browser.text
    browser.post(f"{request_}data/delete")
    assert "It is deleted" in browser.text
    with database.read() as session:
        left = session.scalars(select(DrawRequest)).one()
        assert (left.state, left.person, left.mail_digest) == (RequestState.WITHDRAWN, None, None)


def test_while_the_lots_are_drawn_a_request_stays(
    app: Flask, database: Database, request_: str, clock: time_machine.Traveller
) -> None:
    browser = Browser(app)
    browser.get(f"{request_}data/delete")
    clock.move_to(draw_steps.CLOSES, tick=False)
    browser.post(f"{request_}data/delete")
    assert "a draw is still open" in browser.text
    with database.read() as session:
        assert session.scalars(select(DrawRequest.person)).one() is not None
