"""Signing in and out in a browser."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask

from frontoffice.db import Database
from frontoffice.staff.models import Account
from tests.line.browsing import Browser
from tests.line.parts import PASSWORD, account


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def miriam(database: Database) -> Account:
    with database.write() as session:
        return account(session)


@pytest.fixture
def browser(app: Flask, miriam: Account) -> Browser:
    return Browser(app)


def test_signing_in_leads_to_the_counters_and_signing_out_back(browser: Browser, office: object) -> None:
    browser.sign_in()
    assert browser.path == "/desk/"
    assert "Signed in as Miriam Beispiel" in browser.text
    browser.post("/staff/sign-out")
    assert browser.path == "/staff/sign-in"
    assert "You are signed out." in browser.text
    browser.get("/desk/")
    assert browser.path == "/staff/sign-in"


def test_a_wrong_password_is_answered_without_saying_what_was_wrong(browser: Browser) -> None:
    wrong = browser.sign_in(password="not the password")
    text = browser.text
    unknown = browser.sign_in(username="nobody")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert "The user name or the password is not right." in text
    assert text == browser.text
    assert "<title>Error: Sign in" in unknown.text
    assert 'value="nobody"' in unknown.text
    assert PASSWORD not in unknown.text, "what was typed as password is never sent back"


def test_what_is_left_empty_is_named(browser: Browser) -> None:
    browser.get("/staff/sign-in")
    assert browser.post("/staff/sign-in", username="", password="").status_code == 422
    assert "Please enter your user name." in browser.text
    assert "Please enter your password." in browser.text


def test_guessing_is_stopped_and_later_the_right_password_counts_again(
    browser: Browser, clock: time_machine.Traveller, office: object
) -> None:
    for _ in range(10):
        assert browser.sign_in(password="a wrong guess").status_code == 401
    assert browser.sign_in(password="a wrong guess").status_code == 429
    assert browser.sign_in().status_code == 429
    assert "Please wait" in browser.text
    clock.shift(timedelta(minutes=15))
    assert browser.sign_in().status_code == 200
    assert browser.path == "/desk/"


def test_a_session_ends_after_the_configured_hours(
    browser: Browser, clock: time_machine.Traveller, office: object
) -> None:
    browser.sign_in()
    clock.shift(timedelta(hours=10))
    browser.get("/desk/")
    assert browser.path == "/staff/sign-in"


def test_nothing_that_was_in_the_browser_before_survives_signing_in(
    app: Flask, browser: Browser, office: object
) -> None:
    browser.get("/staff/sign-in")
    with browser.client.session_transaction() as before:
        before["planted"] = "by somebody else"
    old_token = re.search(r'name="csrf_token" value="([^"]+)"', browser.page.text)
    assert old_token is not None
    browser.post("/staff/sign-in", username="miriam", password=PASSWORD)
    with browser.client.session_transaction() as after:
        assert "planted" not in after
    forged = browser.client.post("/staff/sign-out", data={"csrf_token": old_token[1]})
    assert forged.status_code == 400, "the old page's token is worth nothing any more"


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(browser: Browser) -> None:
    browser.get("/staff/sign-in")
    cookie = browser.page.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_link_that_was_left_behind_after_signing_out_opens_nothing(
    app: Flask, browser: Browser, office: object
) -> None:
    browser.sign_in()
    kept = browser.client.get_cookie("session")
    assert kept is not None
    browser.post("/staff/sign-out")
    thief = Browser(app)
    thief.client.set_cookie("session", kept.value)
    thief.get("/desk/")
    assert thief.path == "/staff/sign-in"


def test_strange_characters_are_just_wrong(browser: Browser) -> None:
    for username, password in (("\x00", "\x00"), ("ä" * 300, "🙂" * 3000), ("' OR 1=1 --", "x")):
        assert browser.sign_in(username, password).status_code == 401
