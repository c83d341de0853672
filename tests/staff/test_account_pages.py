"""The administrator's pages of accounts: added, changed, locked, helped, and what the pages refuse."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.offices.models import Office
from frontoffice.staff import signing_in
from frontoffice.staff.models import Account, AccountOffice, Role
from frontoffice.web.access import COOKIE_KEY
from tests.line.browsing import Browser
from tests.line.parts import PASSWORD, account, token
from tests.sample import sample_office
from tests.staff.test_second_factor import set_up

NEW = "four words at random: ferry"
ACCOUNTS = "/staff/accounts/"
# What a form sends: of boxes and lists only what is ticked.
Fields = dict[str, Any]


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def ada(app: Flask, database: Database, office: Office, now: datetime) -> Browser:
    """The browser of the only administrator."""
    browser = Browser(app)
    with database.write() as session:
        secret = token(session, account(session, "ada", Role.ADMINISTRATOR), now)
    with browser.client.session_transaction() as cookie:
        cookie[COOKIE_KEY] = secret
    return browser


@pytest.fixture
def miriam(database: Database, office: Office) -> Account:
    with database.write() as session:
        return account(session, "miriam", Role.FRONT_DESK, office)


def fields(**changed: Any) -> Fields:
    """What the form of an account sends, so that it stays as it is but for what is `changed`."""
    as_it_is: Fields = {"name": "Miriam Beispiel", "role": "front_desk", "offices": ["1"], "active": "y"}
    return {name: value for name, value in {**as_it_is, **changed}.items() if value is not None}


def change(browser: Browser, who: int, **changed: Any) -> int:
    browser.get(f"{ACCOUNTS}{who}/")
    return browser.post(f"{ACCOUNTS}{who}/", **fields(**changed)).status_code


def kept(database: Database, username: str) -> Account:
    with database.read() as session:
        found = session.scalars(select(Account).where(Account.username == username)).unique().one()
        assert found.office_ids is not None
        return found


def told(database: Database, kind: str) -> list[dict[str, Any]]:
    with database.read() as session:
        return list(session.scalars(select(Event.data).where(Event.kind == kind).order_by(Event.id)))


def test_an_account_is_added_for_an_office_and_its_owner_sets_the_password_by_the_link(
    app: Flask, database: Database, ada: Browser, office: Office
) -> None:
    ada.get(f"{ACCOUNTS}new")
    new = fields(name="Nina Beispiel", username="Nina", role="caseworker", active=None)
    assert ada.post(f"{ACCOUNTS}new", **new).status_code == 201
    link = re.search(r"http://localhost(/staff/password/[\w-]{43})", ada.page.text)
    assert link
    nina = kept(database, "nina")
    assert (nina.role, nina.office_ids, nina.everywhere) == (Role.CASEWORKER, {office.id}, False)
    assert (nina.password_hash, nina.must_change_password) == (None, False)
    browser = Browser(app)
    assert browser.sign_in("nina", "").status_code in (401, 422), "there is no password yet"
    browser.get(link[1])
    assert browser.post(link[1], password=NEW, again="something else entirely").status_code == 422
    browser.post(link[1], password=NEW, again=NEW)
    browser.sign_in("nina", NEW)
    assert browser.path == "/desk/"
    ada.get(ACCOUNTS)
    assert "Nina Beispiel" in ada.text
    assert told(database, "account.added") == [{"role": "caseworker", "offices": [office.id]}]


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"username": "miriam"}, 409, "is already taken"),
        ({"username": "m"}, 422, "A user name has 2 to 60 characters"),
        ({"username": "nina", "name": ""}, 422, ""),
        ({"username": "nina", "offices": None}, 422, "Please choose at least one office"),
        ({"username": "nina", "offices": ["99"]}, 422, ""),
        ({"username": "nina", "role": "owner"}, 422, ""),
    ],
)
def test_what_cannot_be_added_is_said_and_added_is_nothing(
    database: Database, ada: Browser, miriam: Account, wrong: Fields, status: int, said: str
) -> None:
    ada.get(f"{ACCOUNTS}new")
    assert ada.post(f"{ACCOUNTS}new", **fields(**wrong)).status_code == status
    assert said in ada.text
    with database.read() as session:
        assert set(session.scalars(select(Account.username))) == {"ada", "miriam"}


@pytest.mark.parametrize(
    ("changed", "ends"),
    [
        ({"name": "Miriam Neu"}, False),
        ({"role": "team_lead"}, True),
        ({"offices": ["1", "2"]}, True),
        ({"offices": None, "everywhere": "y"}, True),
        ({"active": None}, True),
    ],
)
def test_who_may_do_something_else_now_is_signed_out_and_it_is_on_record(
    database: Database, ada: Browser, miriam: Account, now: datetime, changed: Fields, ends: bool
) -> None:
    with database.write() as session:
        sample_office(session, "nebenstadt")
        held = token(session, session.get_one(Account, miriam.id), now)
    assert change(ada, miriam.id, **changed) == 200
    with database.read() as session:
        assert (signing_in.account_of(session, held, now) is None) == ends
    after = kept(database, "miriam")
    wanted = fields(**changed)
    assert (after.name, after.role.value) == (wanted["name"], wanted["role"])
    assert after.office_ids == {int(each) for each in wanted.get("offices", ())}
    assert (after.everywhere, after.active) == ("everywhere" in wanted, "active" in wanted)
    [data] = told(database, "account.changed")
    now_it_may = {
        "role": after.role.value,
        "offices": sorted(after.office_ids),
        "everywhere": after.everywhere,
        "active": after.active,
    }
    could = {"role": "front_desk", "offices": [1], "everywhere": False, "active": True}
    assert data == {
        **now_it_may,
        "changes": [
            {"field": field, "before": could[field], "after": value}
            for field, value in now_it_may.items()
            if could[field] != value
        ],
    }


@pytest.mark.parametrize(
    "changed", [{"role": "auditor"}, {"active": None}, {"everywhere": None, "offices": ["1"]}]
)
def test_the_page_does_not_take_the_last_administrator_away(
    database: Database, ada: Browser, changed: Fields
) -> None:
    number = kept(database, "ada").id
    everything = {"name": "Ada", "role": "administrator", "offices": None, "everywhere": "y"}
    assert change(ada, number, **(everything | changed)) == 409
    assert "This is the last active administrator" in ada.text
    after = kept(database, "ada")
    assert (after.role, after.everywhere, after.active) == (Role.ADMINISTRATOR, True, True)
    with database.write() as session:
        account(session, "bea", Role.ADMINISTRATOR)
    assert change(ada, number, **(everything | changed)) == 200


def test_a_lost_telephone_is_helped_and_the_sign_in_before_it_ends(
    app: Flask, database: Database, ada: Browser, miriam: Account, now: datetime
) -> None:
    set_up(database, miriam, now)
    with database.write() as session:
        held = token(session, session.get_one(Account, miriam.id), now)
    browser = Browser(app)
    browser.sign_in()
    assert browser.path != "/desk/", "the code is asked for"
    ada.get(f"{ACCOUNTS}{miriam.id}/")
    ada.post(f"{ACCOUNTS}{miriam.id}/second-factor")
    with database.read() as session:
        assert signing_in.account_of(session, held, now) is None
    browser = Browser(app)
    browser.sign_in("miriam", PASSWORD)
    assert browser.path == "/desk/"
    assert len(told(database, "account.totp_reset")) == 1


def test_there_is_no_page_of_an_account_that_there_is_not(ada: Browser) -> None:
    assert ada.get(f"{ACCOUNTS}99/").status_code == 404
    ada.get(ACCOUNTS)
    assert ada.post(f"{ACCOUNTS}99/password").status_code in (400, 404)


@pytest.fixture
def greta(app: Flask, database: Database, office: Office, now: datetime) -> Browser:
    """The browser of somebody who administers one office, where there is another."""
    browser = Browser(app)
    with database.write() as session:
        sample_office(session, "north")
        secret = token(session, account(session, "greta", Role.ADMINISTRATOR, office), now)
    with browser.client.session_transaction() as cookie:
        cookie[COOKIE_KEY] = secret
    return browser


@pytest.fixture(params=["everywhere", "elsewhere", "here and elsewhere"])
def foreign(request: pytest.FixtureRequest, database: Database, greta: Browser, office: Office) -> Account:
    """An account that is valid where Greta is not, with password and second factor."""
    with database.write() as session:
        north = session.scalars(select(Office).where(Office.slug == "north")).one()
        at = None if request.param == "everywhere" else office if request.param[:4] == "here" else north
        added = account(session, "foreign", Role.FRONT_DESK, at)
        if request.param == "here and elsewhere":
            added.places.append(AccountOffice(office_id=north.id))
        added.totp = b"sealed"
        return added


def test_who_administers_one_office_has_nothing_to_say_about_accounts_of_others(
    database: Database, greta: Browser, miriam: Account, foreign: Account
) -> None:
    greta.get(ACCOUNTS)
    assert "Miriam Beispiel" in greta.text
    assert "Foreign Beispiel" not in greta.text
    assert greta.get(f"{ACCOUNTS}{foreign.id}/").status_code == 403
    for step, sent in (("", fields(role="administrator")), ("password", {}), ("second-factor", {})):
        greta.get(f"{ACCOUNTS}new")
        assert greta.post(f"{ACCOUNTS}{foreign.id}/{step}", **sent).status_code == 403
    as_it_is = kept(database, "foreign")
    assert (as_it_is.role, as_it_is.office_ids) == (Role.FRONT_DESK, foreign.office_ids)
    assert (as_it_is.password_hash, as_it_is.totp) == (foreign.password_hash, b"sealed")
    assert told(database, "account.changed") == told(database, "account.link_made") == []


@pytest.mark.parametrize(
    ("more", "status"),
    [({"everywhere": "y"}, 403), ({"everywhere": "y", "offices": None}, 403), ({"offices": ["1", "2"]}, 422)],
)
def test_who_administers_one_office_gives_no_other(
    database: Database, greta: Browser, miriam: Account, more: Fields, status: int
) -> None:
    own = kept(database, "greta")
    assert change(greta, miriam.id, **more) == status
    assert change(greta, own.id, name="Greta", role="administrator", **more) == status
    greta.get(f"{ACCOUNTS}new")
    assert "At every office" not in greta.text
    new = fields(name="Nina Beispiel", username="nina", **more)
    assert greta.post(f"{ACCOUNTS}new", **new).status_code == status
    assert told(database, "account.changed") == told(database, "account.added") == []


def test_who_administers_one_office_looks_after_its_accounts(
    database: Database, greta: Browser, miriam: Account
) -> None:
    assert change(greta, miriam.id, role="caseworker") == 200
    assert kept(database, "miriam").role is Role.CASEWORKER
    greta.get(f"{ACCOUNTS}{miriam.id}/")
    assert greta.post(f"{ACCOUNTS}{miriam.id}/password").status_code == 200
    greta.get(f"{ACCOUNTS}new")
    assert greta.post(f"{ACCOUNTS}new", **fields(name="Nina", username="nina")).status_code == 201
