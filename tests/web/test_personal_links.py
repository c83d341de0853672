"""A personal link speaks the language of what it leads to: that of the booking, and not the one of the browser."""

import re
from collections.abc import Iterator
from datetime import date, datetime

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from frontoffice.booking import appointing, proving
from frontoffice.booking.models import Appointment, State
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import watching
from frontoffice.documents.models import ExpiryWatch
from frontoffice.draw import entering
from frontoffice.draw.models import DrawRequest
from frontoffice.line import phone
from frontoffice.line.models import Ticket
from frontoffice.messages import preferences
from frontoffice.messages.models import Message
from frontoffice.offices.models import Office, Service
from frontoffice.partners.models import Invitation
from frontoffice.waitlist import entries
from frontoffice.waitlist.models import WaitlistEntry
from frontoffice.web.needs import Kind, doors
from tests.booking.conftest import planned, renewal
from tests.booking.steps import OLENA, at, hold_it
from tests.documents.parts import begin
from tests.draw.steps import enter, make
from tests.line.parts import ticket
from tests.partners.parts import Program, add_partner
from tests.partners.test_invitations import invite, path_of
from tests.waitlist.steps import book, join, somebody

__all__ = ["planned", "renewal"]

LANGUAGE = "uk"
TOKEN = "0f" * 16
# Other words for no page of one person: a time that is kept in this browser, a partner's page, a clerk's new password.
NOT_OF_A_PERSON = ("/book/hold/", "/partner/", "/staff/", "/api/")
NO_PAGE = (".ics", ".json")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One engine is enough: no database decides about languages."""
    return sqlite_url


@pytest.fixture
def config(config: Config) -> Config:
    """With more languages than the office's own two."""
    site = config.site.model_copy(update={"languages": ("de", "en", "fr", LANGUAGE)})
    return config.model_copy(update={"site": site})


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser whose owner reads German."""
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de-DE,de;q=0.9"
    return client


@pytest.fixture
def links(
    app: Flask, config: Config, database: Database, planned: Office, renewal: Service, now: datetime
) -> Iterator[list[str]]:
    """The personal pages of people who all read Ukrainian."""
    with time_machine.travel(now, tick=False):
        booked = book(database, config, renewal, at(25, "09:00"), now, OLENA)
        unproven = book(database, config, renewal, at(26, "09:00"), now, somebody(1))
        _hold, held = hold_it(database, config, renewal, at(26, "10:00"), now)
        entry = join(database, config, somebody(2), now)
        draw = make(database, now)
        request = enter(database, config, draw, somebody(3), at(24, "12:00"))
        watch = begin(database, config, date(2027, 6, 1), now)
        program = Program(app, add_partner(database))
        invited = invite(program).json
        with database.write() as session:
            office = session.get_one(Office, planned.id)
            number = ticket(session, office, 1, now)
            number.link_fingerprint = phone.fingerprint(TOKEN)
            for kind in (Appointment, WaitlistEntry, DrawRequest, ExpiryWatch, Invitation, Ticket, Message):
                session.execute(update(kind).values(language=LANGUAGE))
        with database.write() as session:
            vault = database.vault
            mine = session.get_one(Appointment, booked.id)
            other = session.get_one(Appointment, unproven.id)
            other.state, other.confirm_by = State.UNCONFIRMED, other.start
            other.office.confirmation = proving.Confirmation.MAIL
            at_mine = f"/appointments/{mine.reference}/{appointing.secret_of(session, mine)}/"
            at_other = f"/appointments/{other.reference}/{appointing.secret_of(session, other)}/"
            proof = proving.link_proof(vault, other.reference, somebody(1).mail or "")
            waiting = session.get_one(WaitlistEntry, entry.id)
            at_entry = f"/waitlist/{waiting.reference}/{entries.secret_of(session, waiting)}/"
            drawn = session.get_one(DrawRequest, request.id)
            at_request = f"/draws/{drawn.draw.code}/{drawn.number}/{entering.secret_of(session, drawn)}/"
            message = session.scalars(select(Message.id)).first()
            assert message is not None
            at_messages = preferences.address(vault, message)
            at_watch = watching.path(vault, watch)
        at_invitation = path_of(invited["link"])
        yield [
            *(
                at_mine + rest
                for rest in ("", "cancel", "reach", "move", f"move/{held}", "earlier", "remind-me")
            ),
            *(at_mine + rest for rest in ("data/", "data/delete")),
            *(at_other + rest for rest in ("", f"confirm/{proof}")),
            *(at_entry + rest for rest in ("", "change", "leave", "data/", "data/delete")),
            *(at_request + rest for rest in ("", "data/", "data/delete")),
            *(at_invitation + rest for rest in ("", "details", "decline")),
            *(at_messages + rest for rest in ("", "stop")),
            at_watch,
            *(phone.path(TOKEN) + rest for rest in ("", "/state")),
        ]


def spoken(client: FlaskClient, address: str) -> str:
    """The language that a page says it is in; a part of a page is in that of its first words."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    said = re.search(r'<html[^>]* lang="([^"]+)"', answer.text)
    return said[1] if said else "uk" if re.search("[а-яі]{3}", answer.text) else "?"


def test_every_personal_page_speaks_the_language_of_its_booking(
    app: Flask, client: FlaskClient, links: list[str]
) -> None:
    hold_a_time(client, links)
    addresses = app.url_map.bind("localhost")
    there = {
        door.rule.endpoint
        for door in doors(app)
        if door.method == "GET" and Kind.LINK in door.needs
        if not door.rule.rule.startswith(NOT_OF_A_PERSON) and not door.rule.rule.endswith(NO_PAGE)
    }
    assert {addresses.match(link)[0] for link in links} == there
    for link in links:
        client.delete_cookie("followed_language")
        assert spoken(client, link) == LANGUAGE, link


def hold_a_time(client: FlaskClient, links: list[str]) -> None:
    """Choose the first time of the invitation, so that its second page can be seen."""
    start = next(link for link in links if link.startswith("/invitations/"))
    page = client.get(start).text
    fields = dict(re.findall(r'name="(csrf_token|start)"[^>]*value="([^"]+)"', page))
    assert client.post(start, data=fields, headers={"Referer": "http://localhost"}).status_code == 303


def test_a_language_that_was_chosen_by_its_name_goes_before(client: FlaskClient, links: list[str]) -> None:
    assert spoken(client, links[0]) == LANGUAGE
    client.get("/language/fr")
    for link in links[:3]:
        assert spoken(client, link) == "fr", link


def test_pages_that_a_personal_one_leads_to_go_on_in_its_language(
    client: FlaskClient, links: list[str]
) -> None:
    assert spoken(client, "/book/musterstadt/") == "de"
    assert spoken(client, links[0]) == LANGUAGE
    assert spoken(client, "/book/musterstadt/") == LANGUAGE
    assert spoken(client, "/staff/sign-in") == "de", "staff read German or English"


def test_a_wrong_link_changes_nothing(client: FlaskClient, links: list[str]) -> None:
    assert client.get(links[0].replace(links[0][-6:], "AAAAA/")).status_code == 404
    assert spoken(client, "/") == "de"


def test_an_action_answers_in_the_language_too(client: FlaskClient, links: list[str]) -> None:
    page = client.get(links[0] + "cancel").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    client.delete_cookie("followed_language")
    answer = client.post(links[0] + "reach", data={"csrf_token": token[1], "mail": "nothing", "phone": ""})
    assert answer.status_code == 422
    assert 'lang="uk"' in answer.text


def test_an_address_can_say_the_language_of_the_message_it_stood_in(
    client: FlaskClient, links: list[str]
) -> None:
    assert spoken(client, "/card/?speak=xx") == "de"
    assert spoken(client, "/card/?speak=uk") == "uk"
    assert spoken(client, "/book/musterstadt/") == "uk"
    client.get("/language/fr")
    assert spoken(client, "/card/?speak=uk") == "fr"
