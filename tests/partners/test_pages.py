"""What team leads and administrators do about partners."""

import re
from datetime import datetime

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.offices.models import Office, Service
from frontoffice.partners.models import Grant, Partner, PartnerToken
from frontoffice.staff.models import Role
from tests.line.browsing import Browser
from tests.line.parts import account
from tests.partners.parts import Added, Program, add_partner
from tests.sample import PICK_UP, sample_office

NEW = {
    "name": "Universität Muster",
    "kind": "university",
    "scopes": "book",
    "quota": "10",
    "period": "month",
    "most_open": "",
}


@pytest.fixture
def lead(app: Flask, database: Database, planned: Office, clock: time_machine.Traveller) -> Browser:
    """A team lead of the sample office, signed in."""
    return signed_in(app, database, Role.TEAM_LEAD, planned)


def signed_in(
    app: Flask, database: Database, role: Role, office: Office | None, name: str = "miriam"
) -> Browser:
    with database.write() as session:
        account(session, name, role, office)
    browser = Browser(app)
    browser.sign_in(name)
    return browser


def partners(database: Database) -> list[Partner]:
    with database.read() as session:
        return list(session.scalars(select(Partner).order_by(Partner.id)))


def secret_on(browser: Browser) -> str:
    (secret,) = re.findall(r'<p class="secret"[^>]*><code>([^<]+)</code>', browser.page.text)
    return secret


def test_a_partner_is_added_and_books_with_the_token_that_is_shown_once(
    app: Flask, lead: Browser, database: Database
) -> None:
    lead.get("/staff/partners/new")
    lead.post("/staff/partners/new?office=musterstadt", **NEW)
    assert "was added" in lead.text
    (partner,) = partners(database)
    assert (partner.name, partner.kind, partner.quota, partner.period) == (
        "Universität Muster",
        "university",
        10,
        "month",
    )
    lead.post(f"/staff/partners/{partner.id}/tokens", label="Campus portal")
    token = secret_on(lead)
    assert Program(app, Added(partner.id, token, "")).book().status_code == 201
    shown = lead.get(f"/staff/partners/{partner.id}/")
    assert token not in shown.text
    assert "Campus portal" in shown.text
    assert "1 of 10" in lead.text
    lead.get("/staff/partners/")
    assert "1 of 10" in lead.text
    with database.read() as session:
        kinds = session.scalars(select(Event.kind).where(Event.subject == f"partner:{partner.id}")).all()
        actors = set(session.scalars(select(Event.actor).where(Event.subject == f"partner:{partner.id}")))
    assert kinds == ["partner.granted", "partner.token_issued"]
    assert {each.partition(":")[0] for each in actors} == {"account"}


def test_a_token_and_a_link_are_revoked(app: Flask, lead: Browser, database: Database) -> None:
    added = add_partner(database)
    page = f"/staff/partners/{added.id}/"
    lead.get(page)
    lead.post(f"{page}tokens/1/revoke")
    assert Program(app, added).get("/partner").status_code == 401
    lead.post(f"{page}link")
    link = secret_on(lead)
    assert app.test_client().get(f"/partner/{added.link}/").status_code == 404  # the new one ends the old one
    assert app.test_client().get(link.removeprefix("http://localhost")).status_code == 200
    lead.get(page)
    lead.post(f"{page}link/revoke")
    assert app.test_client().get(link.removeprefix("http://localhost")).status_code == 404


def test_what_is_agreed_can_be_changed(app: Flask, lead: Browser, database: Database) -> None:
    added = add_partner(database)
    page = f"/staff/partners/{added.id}/"
    lead.get(page)
    lead.post(f"{page}terms", scopes="invite", quota="", period="week", most_open="4")
    (partner,) = partners(database)
    assert (partner.scopes, partner.quota, partner.most_open) == (["invite"], None, 4)
    assert lead.post(f"{page}terms", quota="many", period="week").status_code == 422
    assert "Please enter a number" in lead.text
    assert lead.post(f"{page}terms", quota="1", period="week").status_code == 422
    assert "what this partner may do" in lead.text
    assert partners(database)[0].quota is None


def test_places_are_added_and_taken_away(app: Flask, lead: Browser, database: Database) -> None:
    added = add_partner(database)
    page = f"/staff/partners/{added.id}/"
    with database.read() as session:
        pick_up = session.scalars(select(Service.id).where(Service.slug == PICK_UP)).one()
    lead.get(f"{page}grants/new")
    lead.post(f"{page}grants/new?office=musterstadt", services=str(pick_up), shares="phone")
    lead.post(f"{page}grants/1/take")
    with database.read() as session:
        (grant,) = session.scalars(select(Grant)).all()
    assert (grant.service_id, grant.schedule_id, grant.shares) == (pick_up, None, ["phone"])
    lead.post(f"{page}grants/{grant.id}/take")
    assert lead.path == "/staff/partners/"  # without a place it is nobody's of this office


def test_a_partnership_ends_after_asking(app: Flask, lead: Browser, database: Database) -> None:
    added = add_partner(database)
    lead.get(f"/staff/partners/{added.id}/end")
    assert Program(app, added).get("/partner").status_code == 200
    lead.post(f"/staff/partners/{added.id}/end")
    assert "has ended" in lead.text
    assert Program(app, added).get("/partner").status_code == 401
    assert app.test_client().get(f"/partner/{added.link}/").status_code == 404


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": " "}, "at most 120 characters"),
        ({"name": "Werkzeugbau Muster"}, "already a partner"),
        ({"quota": "-1"}, "Please enter a number"),
        ({"quota": "100001"}, "from 0 to 100000"),
    ],
)
def test_what_cannot_be_agreed_is_said(
    lead: Browser, database: Database, changed: dict[str, str], sentence: str
) -> None:
    add_partner(database)
    lead.get("/staff/partners/new")
    answer = lead.post("/staff/partners/new", **{**NEW, **changed})
    assert answer.status_code in (409, 422)
    assert sentence in lead.text
    assert len(partners(database)) == 1


def test_a_team_lead_sees_only_partners_of_the_own_office(
    app: Flask, lead: Browser, database: Database, now: datetime
) -> None:
    with database.write() as session:
        sample_office(session, "nebenstadt")
    mine = add_partner(database)
    other = add_partner(database, "Nachbar", slug="nebenstadt")
    lead.get("/staff/partners/")
    assert "Werkzeugbau Muster" in lead.text
    assert "Nachbar" not in lead.text
    assert lead.get(f"/staff/partners/{other.id}/").status_code == 404
    lead.get(f"/staff/partners/{mine.id}/")
    assert lead.post(f"/staff/partners/{other.id}/tokens").status_code == 404
    lead.get(f"/staff/partners/{mine.id}/")
    assert lead.post(f"/staff/partners/{other.id}/end").status_code == 404
    everywhere = signed_in(app, database, Role.TEAM_LEAD, None, "adam")
    everywhere.get("/staff/partners/")
    assert "Nachbar" in everywhere.text
    with database.read() as session:
        assert len(session.scalars(select(PartnerToken)).all()) == 2


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.CASEWORKER, Role.AUDITOR])
def test_others_may_not_see_or_change_partners(
    app: Flask, database: Database, planned: Office, clock: time_machine.Traveller, role: Role
) -> None:
    added = add_partner(database)
    browser = signed_in(app, database, role, planned)
    assert browser.get("/staff/partners/").status_code == 403
    assert browser.get(f"/staff/partners/{added.id}/").status_code == 403
    assert Browser(app).get("/staff/partners/").request.path == "/staff/sign-in"
