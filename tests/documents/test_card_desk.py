"""The staff pages of the cards, as the front desk uses them: scan, scan, scan; bring back; hand over."""

import re
from datetime import datetime

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from frontoffice import clock, events
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import card_leaflets
from frontoffice.documents.card_models import CardOrder, CardState
from frontoffice.documents.document_kinds import DocumentKind
from frontoffice.documents.models import ExpiryWatch
from frontoffice.offices.models import Office
from frontoffice.staff.models import Role
from frontoffice.web.access import COOKIE_KEY
from tests.documents.cards import BORN, ORDER, SERIAL, add_card, events_of, state_of, tell_me, waiting
from tests.documents.test_serial import mrz
from tests.line.browsing import Browser
from tests.line.parts import account, token

HERE = "/agenda/musterstadt/cards"
BIRTH = {"born-day": "27", "born-month": "3", "born-year": "1991"}


@pytest.fixture(autouse=True)
def _at_eight(now: datetime) -> object:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


def signed_in(app: Flask, database: Database, office: Office, role: Role = Role.FRONT_DESK) -> Browser:
    with database.write() as session:
        credential = token(session, account(session, role.value.replace("_", ""), role, office), clock.now())
    browser = Browser(app)
    with browser.client.session_transaction() as kept:
        kept[COOKIE_KEY] = credential
    return browser


@pytest.fixture
def clerk(app: Flask, database: Database, office: Office) -> Browser:
    return signed_in(app, database, office)


def scan(clerk: Browser, scanned: str, mode: str = "arrive") -> str:
    clerk.get(f"{HERE}/?mode={mode}")
    clerk.post(f"{HERE}/scan", scanned=scanned, mode=mode)
    return clerk.text


def test_scan_scan_scan(clerk: Browser, database: Database, office: Office, now: datetime) -> None:
    cards = [
        add_card(database, office, now, CardState.SHIPPED, serial=f"C01X0006{sign}", order=f"A00000{number}")
        for number, sign in enumerate("HJK")
    ]
    for sign in "HJK":
        said = scan(clerk, f"C01X0006{sign}")
        assert f"Arrived: …06{sign}" in said
        assert 'name="scanned"' in clerk.page.text
        assert "autofocus" in clerk.page.text
    assert {state_of(database, card) for card in cards} == {CardState.CHECKING}
    assert "Ready: …06J" in scan(clerk, "C01X0006J", "ready")
    assert state_of(database, cards[1]) is CardState.READY
    assert "Only a card that is being checked" not in scan(clerk, "C01X0006J", "ready"), "twice does it once"
    assert "C01X" not in clerk.page.text


def test_the_lines_come_one_by_one_from_some_scanners(
    clerk: Browser, database: Database, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.SHIPPED)
    for line in mrz(SERIAL, "910327"):
        scan(clerk, line)
        assert "not known" not in clerk.text
    assert state_of(database, card) is CardState.CHECKING


def test_a_typing_error_is_said(clerk: Browser, office: Office) -> None:
    assert "“A” does not occur" in scan(clerk, "C01X0006A")


def test_an_unknown_card_is_noted_or_joined_to_its_order(
    clerk: Browser, database: Database, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.SHIPPED, serial=None)
    assert "This card is not known yet" in scan(clerk, SERIAL)
    assert f'value="{SERIAL}"' in clerk.page.text
    fields = {"order": "2026-004711", "serial": SERIAL, "is_scanned": "yes"}
    clerk.post(f"{HERE}/new", **fields, **{**BIRTH, "born-day": "26"})
    assert "has another date of birth" in clerk.text
    clerk.post(f"{HERE}/new", **fields, **BIRTH)
    assert "The card is noted" in clerk.text
    assert state_of(database, card) is CardState.CHECKING
    scan(clerk, "C01X0007H")
    clerk.post(f"{HERE}/new", order="", serial="C01X0007H", is_scanned="yes", **BIRTH)
    with database.read() as session:
        assert len(session.scalars(select(CardOrder)).all()) == 2


def test_a_card_is_noted_when_ordered_and_gets_a_leaflet(
    clerk: Browser, database: Database, office: Office
) -> None:
    clerk.get(f"{HERE}/new")
    clerk.post(f"{HERE}/new", order="", serial="", **BIRTH)
    assert "order number or the serial number" in clerk.text
    clerk.post(f"{HERE}/new", order=ORDER, serial="", **BIRTH)
    [card] = [int(clerk.path.rsplit("/", 1)[1])]
    assert state_of(database, card) is CardState.ORDERED
    clerk.post(f"{HERE}/{card}/leaflet")
    assert ORDER in clerk.text
    assert "<svg" in clerk.page.text
    clerk.get(f"{HERE}/{card}")
    clerk.post(f"{HERE}/{card}/leaflet", language="ar")
    assert 'class="leaflet" lang="ar" dir="rtl"' in clerk.page.text
    assert ("أين بطاقتي؟" in clerk.text, ORDER in clerk.text, "Cards" in clerk.text) == (True, True, True)
    assert ("card.seen", {}) in [(kind, data) for kind, _, data in events_of(database, card)]


def test_numbers_are_shown_only_on_demand_and_on_record(
    clerk: Browser, database: Database, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now)
    for address in (f"{HERE}/?state=ordered", f"{HERE}/{card}"):
        clerk.get(address)
        assert [word for word in (SERIAL, ORDER, BORN) if word in clerk.page.text] == []
        assert "06H" in clerk.text
    assert [kind for kind, _, _ in events_of(database, card)] == ["card.added"]
    clerk.post(f"{HERE}/{card}/seen")
    assert [word for word in (SERIAL, ORDER, BORN) if word not in clerk.text] == []
    assert events_of(database, card)[-1][0] == "card.seen"
    assert events_of(database, card)[-1][1].startswith("account:")


def test_bringing_back_asks_for_a_reason(
    clerk: Browser, database: Database, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.READY)
    clerk.get(f"{HERE}/{card}")
    clerk.post(f"{HERE}/{card}/move", state="checking", reason="as_usual")
    assert "Please say why" in clerk.text
    clerk.post(f"{HERE}/{card}/move", state="checking", reason="damaged")
    assert "The state is changed" in clerk.text
    assert "The card is damaged" in clerk.text
    assert state_of(database, card) is CardState.CHECKING
    clerk.post(f"{HERE}/{card}/move", state="in_box", reason="as_usual", box_code="4711", until="2026-12-07")
    assert state_of(database, card) is CardState.IN_BOX


def test_the_proxy_is_noted(clerk: Browser, database: Database, office: Office, now: datetime) -> None:
    card = add_card(database, office, now, CardState.READY)
    clerk.get(f"{HERE}/{card}")
    clerk.post(f"{HERE}/{card}/proxy", proxy="yes")
    assert "Somebody else collects this card" in clerk.text
    clerk.get(f"{HERE}/?state=ready")
    assert "Somebody else collects it" in clerk.text


def test_what_happened_names_who_did_it(
    clerk: Browser, database: Database, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.READY)
    clerk.get(f"{HERE}/{card}")
    clerk.post(f"{HERE}/{card}")
    with database.write() as session:
        for actor in ("visitor", "import", "device:99"):
            events.append(session, office.id, "card.notice", now, actor=actor, subject=f"card:{card}")
    clerk.get(f"{HERE}/{card}")
    by = re.findall(r"</td><td>([^<]*(?:<bdi[^>]*>[^<]*</bdi>)?)</td></tr>", clerk.page.text)
    names = [re.sub("<[^>]+>", "", each) for each in by]
    assert names[:4] == ["device:99", "The system", "A visitor", "Frontdesk Beispiel"]


def test_handing_over_begins_to_watch_the_new_date(
    clerk: Browser, database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.READY)
    tell_me(database, config, card, now)
    clerk.get(f"{HERE}/{card}")
    assert "Hand over and remind them Hand over without a reminder" in clerk.text
    clerk.post(f"{HERE}/{card}/hand-over", watch="y", expires="", kind="residence_permit", contact="")
    assert clerk.text.count("Please enter until when the new card is valid") == 2, "above, and at the field"
    clerk.post(
        f"{HERE}/{card}/hand-over",
        proxy="y",
        watch="y",
        expires="2029-11-22",
        kind="residence_permit",
        contact="",
    )
    assert "The card is handed over" in clerk.text
    assert state_of(database, card) is CardState.HANDED_OVER
    assert events_of(database, card)[-1][2] == {"proxy": True, "watched": True}
    with database.read() as session:
        watch = session.scalars(select(ExpiryWatch)).one()
        assert (watch.kind, watch.language) == (DocumentKind.RESIDENCE_PERMIT, "en")
        assert watch.expires_on.isoformat() == "2029-11-22"
    assert "expiry_noted" in [kind for kind, _ in waiting(database)], "with the link to change or end it"


def test_handing_over_is_no_change_of_state(
    clerk: Browser, database: Database, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.READY)
    clerk.get(f"{HERE}/{card}")
    assert 'value="handed_over"' not in clerk.client.get(f"{HERE}/{card}").text
    clerk.post(f"{HERE}/{card}/move", state="handed_over", reason="as_usual")
    assert state_of(database, card) is CardState.READY


def test_without_a_watch_nothing_is_asked(
    clerk: Browser, database: Database, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.READY)
    scan(clerk, ORDER, "open")
    assert clerk.path == f"{HERE}/{card}"
    clerk.post(f"{HERE}/{card}/hand-over", kind="residence_permit")
    assert state_of(database, card) is CardState.HANDED_OVER


def test_cards_are_for_the_desk(app: Flask, database: Database, office: Office, now: datetime) -> None:
    card = add_card(database, office, now)
    auditor = signed_in(app, database, office, Role.AUDITOR)
    for address in (f"{HERE}/", f"{HERE}/{card}", f"{HERE}/new"):
        assert auditor.get(address).status_code == 403
    assert card_leaflets.LONGEST
