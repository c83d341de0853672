"""A further office, empty or as a copy; by administrators only, and on record."""

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from frontoffice.booking import sheet
from frontoffice.booking.models import DaySheet
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.offices import drafting
from frontoffice.offices.models import Office, Schedule
from frontoffice.staff.models import Role
from frontoffice.web.access import COOKIE_KEY
from tests.agenda.conftest import SignIn
from tests.line.browsing import Browser
from tests.line.parts import account, token
from tests.sample import sample_office

NEW = "/staff/offices/new"
ADDRESS = {
    "street": "Am Markt 2",
    "postal_code": "12346",
    "city": "Nebenstadt",
    "phone": "+49 30 7654321",
    "mail": "post@nebenstadt.example",
    "land": "BY",
}


def add(browser: Browser, **fields: str) -> int:
    browser.get(NEW)
    return browser.post(
        NEW, **{"name": "Ausländerbehörde Nebenstadt", "slug": "nebenstadt", **fields}
    ).status_code


def offices(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Office.slug).order_by(Office.id)))


def told(database: Database) -> list[tuple[str, dict[str, Any]]]:
    with database.read() as session:
        found = session.scalars(select(Event).where(Event.kind == "office.added"))
        return [(each.actor.partition(":")[0], each.data) for each in found]


def test_a_copy_has_everything_of_the_other_but_what_is_its_own(
    administrator: Browser, database: Database, office: Office, now: datetime
) -> None:
    assert add(administrator, like=office.slug, street="Am Markt 2") == 200
    assert administrator.path == "/administration/nebenstadt/"
    with database.read() as session:
        today = sheet.day_of(now, office.time_zone)
        old, new = (
            drafting.draft_of(
                session, session.scalars(select(Office).where(Office.slug == slug)).one(), today
            )
            for slug in (office.slug, "nebenstadt")
        )
        sheets = session.scalars(
            select(DaySheet.id).join(Schedule).join(Office).where(Office.slug == "nebenstadt")
        ).all()
    own = {"slug": "nebenstadt", "name": "Ausländerbehörde Nebenstadt", "street": "Am Markt 2"}
    assert new == old.model_copy(update=own)
    assert sheets, "its book is planned"
    assert told(database) == [("account", {"copy_of": office.slug})]


def test_where_there_is_no_office_yet_administrators_are_led_to_the_first(
    app: Flask, database: Database, now: datetime
) -> None:
    for role, begins in ((Role.ADMINISTRATOR, NEW), (Role.AUDITOR, "/staff/audit/")):
        browser = Browser(app)
        with database.write() as session:
            secret = token(session, account(session, role.value, role), now)
        with browser.client.session_transaction() as cookie:
            cookie[COOKIE_KEY] = secret
        browser.get("/staff/")
        assert browser.path == begins
        browser.get("/staff/account/")
        assert (f'href="{NEW}"' in browser.page.text) is (role is Role.ADMINISTRATOR)
        assert browser.get(NEW).status_code == (200 if role is Role.ADMINISTRATOR else 403)


def test_an_empty_office_has_the_usual_concerns_and_nothing_else(
    administrator: Browser, database: Database, office: Office
) -> None:
    assert add(administrator, **ADDRESS) == 200
    with database.read() as session:
        new = session.scalars(select(Office).where(Office.slug == "nebenstadt")).one()
        assert (new.city, new.land, new.schedules, new.counters) == ("Nebenstadt", "BY", [], [])
        assert len(new.services) > 10
    assert told(database) == [("account", {})]


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"slug": "musterstadt", "like": "musterstadt"}, 409, "There is an office “musterstadt” already."),
        ({"slug": "Neben Stadt", "like": "musterstadt"}, 422, "cannot be used here"),
        ({"slug": "", "like": "musterstadt"}, 422, ""),
        ({"name": "", "like": "musterstadt"}, 422, "Please fill this in."),
        ({"like": "nowhere"}, 422, "Please choose one of the options."),
        ({**ADDRESS, "street": ""}, 422, "Please fill this in."),
        ({**ADDRESS, "land": "XX"}, 422, "Please choose one of"),
    ],
)
def test_what_cannot_be_added_is_said_beside_its_field(
    administrator: Browser, database: Database, office: Office, wrong: dict[str, str], status: int, said: str
) -> None:
    assert add(administrator, **wrong) == status
    assert said in administrator.text
    assert offices(database) == ["musterstadt"]


def test_an_administrator_of_one_office_copies_that_one_and_is_at_home_at_the_new_one(
    administrator: Browser, sign_in: SignIn, database: Database, office: Office
) -> None:
    with database.write() as session:
        sample_office(session, "elsewhere")
    assert add(administrator, like="elsewhere") == 422
    assert "elsewhere" not in administrator.page.text.partition("<form")[2]
    assert add(administrator, like=office.slug) == 200
    assert administrator.get("/administration/nebenstadt/office").status_code == 200
    assert sign_in(Role.TEAM_LEAD).get("/administration/nebenstadt/").status_code == 403
    assert offices(database) == ["musterstadt", "elsewhere", "nebenstadt"]
