"""Who guesses passwords is slowed down, and does not lock out whose account it is."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pyotp
import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.offices.models import Office
from frontoffice.staff import administering, signing_in
from frontoffice.staff.models import Account, KnownBrowser
from frontoffice.web.app import create_app
from tests.line.browsing import Browser
from tests.line.parts import PASSWORD, account

LIMIT = 10  # the configuration's
NEW = "four words at random: ferry"


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def miriam(database: Database, office: Office) -> Account:
    with database.write() as session:
        return account(session, "miriam", office=office)


def guess(browser: Browser, times: int) -> list[int]:
    browser.get("/staff/sign-in")
    return [
        browser.post("/staff/sign-in", username="miriam", password=f"guess {number}").status_code
        for number in range(times)
    ]


def test_a_victim_gets_in_from_a_known_browser_while_somebody_guesses(
    app: Flask, database: Database, miriam: Account
) -> None:
    victim, attacker = Browser(app), Browser(app)
    victim.sign_in()
    assert victim.path == "/desk/"
    victim.post("/staff/sign-out")
    # The victim's own first sign-in came from a browser that was not known yet.
    assert guess(attacker, LIMIT + 5) == [401] * (LIMIT - 1) + [429] * 6
    assert attacker.sign_in().status_code == 429, "the right password does not help either"
    victim.sign_in()
    assert victim.path == "/desk/"


def test_a_known_browser_has_a_limit_of_its_own(app: Flask, miriam: Account) -> None:
    browser = Browser(app)
    browser.sign_in()
    browser.post("/staff/sign-out")
    assert guess(browser, LIMIT + 1) == [401] * LIMIT + [429]


def test_a_browser_known_for_one_account_is_none_for_another(
    app: Flask, database: Database, miriam: Account
) -> None:
    with database.write() as session:
        account(session, "jonas")
    browser = Browser(app)
    browser.sign_in("jonas")
    browser.post("/staff/sign-out")
    guess(Browser(app), LIMIT)
    assert browser.sign_in("miriam").status_code == 429


def test_an_invented_cookie_makes_no_browser_known(app: Flask, miriam: Account) -> None:
    for number in range(LIMIT):
        browser = Browser(app)
        browser.client.set_cookie("browser", f"{number:043d}", path="/staff")
        assert guess(browser, 1) == [401]
    browser = Browser(app)
    browser.client.set_cookie("browser", "9" * 43, path="/staff")
    assert guess(browser, 1) == [429]


def test_the_limit_holds_across_applications_on_one_database(
    config: Config, database: Database, vault: object, miriam: Account
) -> None:
    first, second = (create_app(config, Database(config.database.url, database.vault)) for _ in range(2))
    assert guess(Browser(first), 6) == [401] * 6
    assert guess(Browser(second), 6) == [401] * 4 + [429] * 2


def test_what_is_refused_goes_on_record_without_what_was_typed(
    app: Flask, database: Database, miriam: Account
) -> None:
    browser = Browser(app)
    guess(browser, LIMIT + 3)
    browser.post("/staff/sign-in", username="my secret password", password="x")
    with database.read() as session:
        found = session.scalars(select(Event).order_by(Event.id)).all()
    kinds = [each.kind for each in found]
    assert kinds == ["sign_in.failed"] * LIMIT + ["sign_in.locked", "sign_in.failed"]
    assert {each.subject for each in found} == {f"account:{miriam.id}", "account:unknown"}
    assert "secret" not in str([(each.subject, each.data) for each in found])


def test_browsers_are_forgotten_after_half_a_year_and_with_a_new_password(
    app: Flask, database: Database, miriam: Account, now: datetime
) -> None:
    Browser(app).sign_in()
    with database.write() as session:
        signing_in.forget(session, now + signing_in.BROWSER_KNOWN - timedelta(days=1))
        assert session.scalars(select(KnownBrowser)).all()
        signing_in.change_password(
            session, session.get_one(Account, miriam.id), PASSWORD, "four words at random", now
        )
        assert session.scalars(select(KnownBrowser)).all() == []
    Browser(app).sign_in(password="four words at random")
    with database.write() as session:
        signing_in.forget(session, now + signing_in.BROWSER_KNOWN)
        assert session.scalars(select(KnownBrowser)).all() == []


def test_wrong_guesses_at_ones_own_password_are_counted(
    app: Flask, database: Database, miriam: Account
) -> None:
    browser = Browser(app)
    browser.sign_in()

    def change(old: str) -> str:
        browser.get("/staff/account/")
        browser.post("/staff/account/password", old=old, password=NEW, again=NEW)
        return browser.text

    for number in range(LIMIT):
        assert "This is not your current password" in change(f"guess {number}")
    assert "This is not your current password" not in change("one guess more")
    assert "Your password is changed" not in change(PASSWORD)
    with database.read() as session:
        assert session.get_one(Account, miriam.id).password_hash == miriam.password_hash


def test_wrong_codes_for_a_new_second_factor_are_counted(
    app: Flask, database: Database, miriam: Account, now: datetime
) -> None:
    browser = Browser(app)
    browser.sign_in()
    browser.get("/staff/account/second-factor")
    for _ in range(LIMIT + 1):
        browser.post("/staff/account/second-factor", code="000000")
    assert "This code is not right" not in browser.text
    with database.read() as session:
        sealed = session.get_one(Account, miriam.id).totp_new
        phone = pyotp.TOTP(database.vault.open(sealed or ""))
    browser.post("/staff/account/second-factor", code=phone.at(now))
    with database.read() as session:
        assert session.get_one(Account, miriam.id).totp is None


def test_who_sets_a_password_by_a_link_gets_in_while_somebody_guesses(
    app: Flask, database: Database, miriam: Account, now: datetime
) -> None:
    with database.write() as session:
        link = administering.new_link(session, session.get_one(Account, miriam.id), now, actor="operator")
    assert guess(Browser(app), LIMIT + 1)[-1] == 429
    owner = Browser(app)
    owner.get(f"/staff/password/{link}")
    owner.post(f"/staff/password/{link}", password=NEW, again=NEW)
    assert owner.sign_in(password=NEW).status_code == 200
    assert owner.path == "/desk/"
