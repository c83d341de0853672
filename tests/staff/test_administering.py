"""What administrators do with accounts: links for passwords, the second factor, roles; and what they cannot do."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.offices.models import Office
from frontoffice.staff import administering, signing_in
from frontoffice.staff.models import Account, PasswordLink, Role
from frontoffice.web.access import COOKIE_KEY
from tests.line.browsing import Browser
from tests.line.parts import PASSWORD, account, token

NEW = "four words at random: ferry"


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def miriam(database: Database) -> Account:
    with database.write() as session:
        return account(session)


@pytest.fixture
def administrator(app: Flask, database: Database, now: datetime) -> Browser:
    browser = Browser(app)
    with database.write() as session:
        secret = token(session, account(session, "ada", Role.ADMINISTRATOR), now)
    with browser.client.session_transaction() as cookie:
        cookie[COOKIE_KEY] = secret
    return browser


def test_accounts_stand_in_one_order_whatever_the_script(database: Database) -> None:
    people = ["Zeynep", "Юлія Бондар", "Åsa", "محمد", "Änne"]
    with database.write() as session:
        for number, name in enumerate(people):
            account(session, f"somebody-{number}").name = name
        account(session, "gone").active = False
    with database.read() as session:
        found = administering.listed(session, Account(everywhere=True))
        listed = [each.name for each in found if each.active]
        last = found[-1]
    assert listed == ["Änne", "Åsa", "محمد", "Юлія Бондар", "Zeynep"]
    assert last.username == "gone"


def link_for(browser: Browser, who: Account) -> str:
    """Take the password away on the account's page, and read the path of the link there."""
    browser.get(f"/staff/accounts/{who.id}/")
    page = browser.post(f"/staff/accounts/{who.id}/password").text
    found = re.search(r"https?://[^/\s\"<]+(/staff/[\w/-]+)", page)
    assert found, page
    return found[1]


def test_a_forgotten_password_is_set_anew_once_by_a_link(
    app: Flask, database: Database, administrator: Browser, miriam: Account, now: datetime
) -> None:
    with database.write() as session:
        open_session = token(session, session.get_one(Account, miriam.id), now)
    path = link_for(administrator, miriam)
    with database.read() as session:
        assert signing_in.account_of(session, open_session, now) is None, "what was open is over"
        [link] = session.scalars(select(PasswordLink))
        assert path.rpartition("/")[2] not in link.fingerprint
        data = [each.data for each in session.scalars(select(Event))]
    assert path.rpartition("/")[2] not in str(data)
    browser = Browser(app)
    assert browser.sign_in("miriam", PASSWORD).status_code == 401
    browser.get(path)
    browser.post(path, password=NEW, again=NEW)
    assert browser.page.status_code == 200
    browser.sign_in("miriam", NEW)
    assert browser.path != "/staff/sign-in"
    assert browser.get(path).status_code == 404


def test_a_link_ends_after_a_day_and_with_the_next_one(
    app: Flask, administrator: Browser, miriam: Account, clock: time_machine.Traveller, now: datetime
) -> None:
    first, second = link_for(administrator, miriam), link_for(administrator, miriam)
    browser = Browser(app)
    assert browser.get(first).status_code == 404
    assert browser.get(second).status_code == 200
    clock.move_to(now + timedelta(days=1, seconds=1), tick=False)
    assert browser.get(second).status_code == 404


def test_the_last_administrator_stays_one(database: Database, administrator: Browser, now: datetime) -> None:
    with database.write() as session, pytest.raises(administering.LastAdministrator):
        ada = session.scalars(select(Account).where(Account.username == "ada")).unique().one()
        administering.change(
            session, ada, now, name="Ada", role=Role.AUDITOR, offices=None, active=True, actor="account:1"
        )


def test_who_is_locked_is_signed_out_at_once(database: Database, miriam: Account, now: datetime) -> None:
    with database.write() as session:
        who = session.get_one(Account, miriam.id)
        secret = token(session, who, now)
        administering.change(
            session, who, now, name=who.name, role=who.role, offices=None, active=False, actor="account:1"
        )
    with database.read() as session:
        assert signing_in.account_of(session, secret, now) is None


@pytest.mark.parametrize("everywhere", [True, False])
def test_the_page_of_an_account_shows_what_it_may_so_that_saving_it_as_it_is_changes_nothing(
    database: Database, administrator: Browser, office: Office, everywhere: bool
) -> None:
    with database.write() as session:
        here = None if everywhere else session.get_one(Office, office.id)
        who = account(session, "jonas", office=here)
    administrator.get(f"/staff/accounts/{who.id}/")
    ticked = re.findall(r'type="checkbox"[^>]*name="(\w+)"[^>]*checked', administrator.page.text)
    assert ticked == ["everywhere" if everywhere else "offices", "active"]
