"""How long a sign-in lasts: it ends when nobody uses it, and after a day's work however much it is used."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Office
from frontoffice.staff.models import StaffSession
from tests.line.browsing import Browser
from tests.line.parts import PASSWORD, account

IDLE = timedelta(minutes=30)
MOST = timedelta(hours=9)


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def config(config: Config) -> Config:
    """Nine hours in all, half an hour without being used."""
    staff = config.staff.model_copy(update={"session_hours": 9, "idle_minutes": 30})
    return config.model_copy(update={"staff": staff})


@pytest.fixture
def browser(app: Flask, database: Database, office: Office) -> Browser:
    """Somebody who has just signed in."""
    with database.write() as session:
        account(session, "miriam")
    browser = Browser(app)
    browser.sign_in()
    return browser


def is_in(browser: Browser) -> bool:
    browser.get("/staff/account/")
    return browser.path == "/staff/account/"


def test_it_ends_when_nobody_uses_it(browser: Browser, clock: time_machine.Traveller) -> None:
    clock.shift(IDLE - timedelta(seconds=1))
    assert is_in(browser)
    clock.shift(IDLE)
    assert not is_in(browser)


def test_it_goes_on_while_it_is_used_but_not_beyond_the_day(
    browser: Browser, clock: time_machine.Traveller, now: datetime
) -> None:
    for _use in range(MOST // (IDLE - timedelta(minutes=1))):
        clock.shift(IDLE - timedelta(minutes=1))
        assert is_in(browser)
    clock.move_to(now + MOST - timedelta(seconds=1), tick=False)
    assert is_in(browser)
    clock.move_to(now + MOST, tick=False)
    assert not is_in(browser)


def test_an_open_page_that_looks_by_itself_does_not_make_it_last(
    browser: Browser, clock: time_machine.Traveller
) -> None:
    answers = []
    for _minutes in (10, 20, 31):
        answers.append(browser.client.get("/desk/", headers={"X-Background": "1"}).status_code)
        clock.shift(IDLE / 3 + timedelta(seconds=1))
    assert answers == [200, 200, 200]
    assert not is_in(browser)


def test_the_end_of_the_day_holds_whatever_was_noted_of_its_use(
    app: Flask, browser: Browser, database: Database, clock: time_machine.Traveller, now: datetime
) -> None:
    """`expires_at` ends it by itself, not only because `idle_until` is never written later."""
    client = app.test_client()
    signed_in = client.post("/api/v1/staff/sessions", json={"username": "miriam", "password": PASSWORD})
    headers = {"Authorization": f"Bearer {signed_in.json['token']}"}  # type: ignore[index]

    def status() -> int:
        return client.get("/api/v1/offices/musterstadt/counters", headers=headers).status_code

    with database.write() as session:
        session.execute(update(StaffSession).values(idle_until=now + 2 * MOST))
    clock.move_to(now + MOST - timedelta(seconds=1), tick=False)
    assert (is_in(browser), status()) == (True, 200)
    clock.move_to(now + MOST, tick=False)
    assert (is_in(browser), status()) == (False, 401)


def test_a_programs_token_ends_the_same_way(
    app: Flask, database: Database, office: Office, clock: time_machine.Traveller, now: datetime
) -> None:
    with database.write() as session:
        account(session, "miriam")
    client = app.test_client()
    signed_in = client.post("/api/v1/staff/sessions", json={"username": "miriam", "password": PASSWORD})
    headers = {"Authorization": f"Bearer {signed_in.json['token']}"}  # type: ignore[index]

    def status() -> int:
        return client.get(f"/api/v1/offices/{office.slug}/counters", headers=headers).status_code

    for _third in range(3 * 8):
        clock.shift(timedelta(minutes=20))
        assert status() == 200
    clock.shift(IDLE)
    assert status() == 401


def test_use_is_noted_now_and_then_only_and_never_moves_the_end(
    browser: Browser, database: Database, clock: time_machine.Traveller, now: datetime
) -> None:
    def ends() -> tuple[datetime, datetime]:
        with database.read() as session:
            row = session.execute(select(StaffSession.idle_until, StaffSession.expires_at)).one()
            return row.idle_until, row.expires_at

    before = ends()
    clock.shift(timedelta(seconds=1))
    is_in(browser)
    assert ends() == before, "not every request writes"
    clock.shift(timedelta(minutes=10))
    is_in(browser)
    assert ends() == (now + timedelta(minutes=10, seconds=1) + IDLE, before[1])
    clock.move_to(now + MOST - timedelta(minutes=1), tick=False)
    assert not is_in(browser), "hours without use"
