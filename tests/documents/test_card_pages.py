"""The public pages of a card, without JavaScript: look it up, let yourself be told; and the API."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from time import thread_time_ns

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import card_leaflets, card_scanning, card_telling, card_view, looking_up
from frontoffice.documents.card_models import CardNotice, CardOrder, CardState
from frontoffice.documents.card_pace import Remaining
from frontoffice.offices.models import Office
from tests.booking.programs import app_with, proof
from tests.booking.visitor import Page, Visitor, assert_sound
from tests.documents.cards import BORN, OLENA, ORDER, SERIAL, add_card, move, waiting
from tests.documents.statements import heard
from tests.documents.test_looking_up import a_millisecond_more, told_apart
from tests.documents.test_serial import mrz
from tests.line.parts import CREDENTIAL, kiosk

BIRTH = {"born-day": "27", "born-month": "3", "born-year": "1991"}


@pytest.fixture
def visitor(client: FlaskClient, now: datetime) -> Visitor:
    return Visitor(client)


@pytest.fixture(autouse=True)
def _at_eight(now: datetime) -> object:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


def look(visitor: Visitor, number: str = SERIAL, at: str = "/card/", **fields: str) -> Page:
    page = visitor.open(at)
    return visitor.send(at, {**page.hidden, "number": number, **BIRTH, **fields})


def test_the_start_page_leads_there(visitor: Visitor, office: Office) -> None:
    [address] = visitor.open("/").links("Where is my card?")
    page = visitor.open(address)
    assert page.title.startswith("Where is my card?")
    assert_sound(page)


@pytest.mark.parametrize("number", [SERIAL, "c01x 0006h1", ORDER, "2026-004711"])
def test_number_and_date_of_birth_open_the_card(
    visitor: Visitor, database: Database, office: Office, now: datetime, number: str
) -> None:
    add_card(database, office, now, CardState.SHIPPED)
    page = look(visitor, number)
    assert (page.status, page.address) == (200, "/card/")
    assert "Your card is on its way to us" in page.title
    for sentence in ("Monday, 23 November 2026", "Please do not come yet", "Ausländerbehörde Musterstadt"):
        assert sentence in page.text
    assert_sound(page)
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("state", CardState)
def test_every_state_says_what_to_do(
    visitor: Visitor, database: Database, office: Office, now: datetime, state: CardState
) -> None:
    add_card(database, office, now, state)
    page = look(visitor)
    assert "What to do now" in page.text
    assert bool(page.links("Choose a time to pick it up")) == (state is CardState.READY)
    assert_sound(page)


def test_after_the_last_day_in_the_box_the_front_desk_has_it(
    visitor: Visitor, database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.CHECKING)
    until = now.date()
    move(database, config, office, card, CardState.IN_BOX, now, box_code="4711", until=until)
    assert "without an appointment" in look(visitor).text
    with time_machine.travel(now + timedelta(days=1), tick=False):
        page = look(visitor)
    assert "Please ask at the front desk. Bring your passport." in page.text
    assert "You can take your card" not in page.text


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (Remaining(3, 9, False), "another 3 to 9 days"),
        (Remaining(0, 1, False), "within the next 2 days"),
        (Remaining(3, 17, False), "within the next 17 days"),
        (Remaining(22, 37, False), "another 3 to 6 weeks"),
        (Remaining(0, 1, True), "longer than usual"),
    ],
)
def test_how_long_it_takes_is_said_as_people_say_it(app: Flask, left: Remaining, said: str) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert said in card_view.usually(left)


def test_the_lines_from_the_camera_say_it_all(
    visitor: Visitor, database: Database, office: Office, now: datetime
) -> None:
    add_card(database, office, now)
    lines = "\n".join(mrz(SERIAL, "910327")).replace("<<", "«").lower()
    nothing = dict.fromkeys(BIRTH, "")
    assert "Your card is ordered" in look(visitor, "", lines=lines, **nothing).title
    page = look(visitor, "", lines="hello", **nothing)
    assert (page.status, "lines" in page.errors) == (422, True)


def test_a_typing_error_is_told_apart_and_not_counted_for_the_number(
    visitor: Visitor, database: Database, office: Office, now: datetime
) -> None:
    add_card(database, office, now)
    for _ in range(looking_up.OF_NUMBER):
        page = look(visitor, f"{SERIAL}2")  # which could be an order number
        assert (page.status, list(page.errors)) == (422, ["number"])
    for _ in range(looking_up.OF_NETWORK):
        page = look(visitor, f"{SERIAL}-CARD-CARD-CARD-CARD")
        assert (page.status, list(page.errors)) == (422, ["number"])
    assert look(visitor).status == 200


@pytest.mark.parametrize("order", ["K20260012A", "C012345678", "K2026001A", "F123456789"])
def test_order_numbers_that_begin_like_serial_numbers_are_found(
    app: Flask, visitor: Visitor, database: Database, office: Office, now: datetime, order: str
) -> None:
    card = add_card(database, office, now, order=order)
    assert look(visitor, order).status == 200
    asked = {"number": order, "born": "1991-03-27"}
    assert app.test_client().post("/api/v1/cards/status", json=asked).status_code == 200
    leaflet = f"/card/of/{card_leaflets.link(database.vault, order)}"
    assert "Your card is ordered" in look(visitor, "", at=leaflet).title
    with database.write() as session:
        assert card_scanning.find(session, session.get_one(Office, office.id), order).id == card


def test_what_looks_like_a_typing_error_says_the_same_for_wrong_and_unknown(
    visitor: Visitor, database: Database, office: Office, now: datetime
) -> None:
    add_card(database, office, now, order="K20260012A")
    wrong, unknown = look(visitor, "K20260012A", **{"born-day": "28"}), look(visitor, "K20260012L")
    assert [list(page.errors) for page in (wrong, unknown)] == [["number"]] * 2
    assert (wrong.status, unknown.status) == (422, 422)


def test_unknown_and_wrong_look_alike(
    visitor: Visitor, database: Database, office: Office, now: datetime
) -> None:
    add_card(database, office, now)
    pages = [look(visitor, "C01X0007H"), look(visitor, **{"born-day": "28"})]
    assert {page.status for page in pages} == {404}
    shown = [page.html.replace("C01X0007H", SERIAL).replace('value="28"', 'value="27"') for page in pages]
    assert len({re.sub(r'csrf_token" value="[^"]+"', "", each) for each in shown}) == 1


@pytest.fixture
def careful(config: Config, database: Database) -> FlaskClient:
    """A browser at an office that asks for a proof of work; one miss without it is answered."""
    return app_with(config, database, captcha="on", captcha_work=2, holds_without_proof=1).test_client()


def test_after_some_misses_the_form_asks_for_a_proof_of_work(
    careful: FlaskClient, database: Database, office: Office, now: datetime
) -> None:
    add_card(database, office, now)
    visitor = Visitor(careful)
    for place in range(looking_up.UNASKED):
        assert "data-proof" not in visitor.open("/card/").html
        page = look(visitor, f"C01X000{place:02}")
    for asking in (page, visitor.open("/card/"), look(visitor, "abcdefgh")):
        assert 'data-proof="/api/v1/captcha"' in asking.html
        assert "short calculation" in asking.text
        assert_sound(asking)
    assert look(visitor, "C01X0009H").status == 404, "once more without a proof, as without JavaScript"
    refused = look(visitor)
    assert (refused.status, "press the button once more" in refused.text) == (429, True)
    assert_sound(refused)
    assert look(visitor, proof=proof(careful)).status == 200
    worn = look(visitor, proof="worn")
    assert (worn.status, "keeps programs out has expired" in worn.text) == (422, True)


def test_a_program_proves_some_work_too(
    careful: FlaskClient, database: Database, office: Office, now: datetime
) -> None:
    add_card(database, office, now)
    for place in range(looking_up.UNASKED + 1):
        assert ask(careful, number=f"C01X000{place:02}", born=BORN)[0] == 404
    status, problem = ask(careful, number=SERIAL, born=BORN)
    assert (status, problem["code"]) == (429, "proof_missing")
    assert ask(careful, number=SERIAL, born=BORN, captcha=proof(careful))[0] == 200


def test_a_leaflet_asks_for_the_date_of_birth_only_and_its_address_says_nothing(
    visitor: Visitor, database: Database, office: Office, now: datetime
) -> None:
    add_card(database, office, now)
    address = f"/card/of/{card_leaflets.link(database.vault, ORDER)}"
    assert ORDER not in address
    page = visitor.open(address)
    assert 'name="number"' not in page.html
    assert_sound(page)
    assert "Your card is ordered" in visitor.send(address, {**page.hidden, **BIRTH}).title
    assert visitor.send(address, {**page.hidden, **BIRTH, "born-day": "26"}).status == 404
    assert visitor.open("/card/of/nonsense").status == 404
    assert visitor.open(f"/card/of/{card_leaflets.card_pass(database.vault, 1, now)}").status == 404


def code(database: Database) -> str:
    return next(said["code"] for kind, said in reversed(waiting(database)) if kind == "contact_code")


def test_who_asks_is_told_when_the_card_is_ready(
    visitor: Visitor, database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.CHECKING)
    page = visitor.tap(look(visitor), "Send me a code", contact="olena@example.org")
    assert_sound(page)
    assert "ol…@example.org" in page.text
    wrong = visitor.tap(page, "Tell me when my card is ready", code="000000")
    assert (wrong.status, list(wrong.errors)) == (422, ["code"])
    done = visitor.tap(wrong, "Tell me when my card is ready", code=code(database))
    assert "We will tell you" in done.title
    assert_sound(done)
    move(database, config, office, card, CardState.READY, now)
    assert [kind for kind, _ in waiting(database)] == ["contact_code", "card_ready"]


def test_who_reads_plain_german_is_told_in_it(
    visitor: Visitor, database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.CHECKING)
    with database.write() as session:
        card_telling.ask(session, session.get_one(CardOrder, card), OLENA, "de-simple", now, settings=config)
    with database.read() as session:
        assert session.scalars(select(CardNotice.language)).one() == "de-simple"


def test_asking_to_be_told_needs_a_look_up(
    visitor: Visitor, database: Database, office: Office, now: datetime
) -> None:
    add_card(database, office, now)
    page = look(visitor)
    forged = visitor.send("/card/tell/", {**page.hidden, "card": "x", "contact": "a@example.org"})
    assert (forged.status, "Please look up your card again" in forged.text) == (409, True)
    with time_machine.travel(now + timedelta(minutes=31), tick=False):
        late = visitor.tap(page, "Send me a code", contact="a@example.org")
    assert late.status == 409
    assert visitor.tap(page, "Send me a code", contact="nobody").status == 422
    assert waiting(database) == []


def ask(client: FlaskClient, **body: str) -> tuple[int, dict[str, object]]:
    answer = client.post("/api/v1/cards/status", json=body, headers={"Accept-Language": "en"})
    return answer.status_code, answer.get_json()


def test_the_api_says_the_same(
    client: FlaskClient, database: Database, office: Office, now: datetime
) -> None:
    add_card(database, office, now, CardState.READY)
    status, said = ask(client, number=SERIAL, born=BORN)
    assert (status, said["state"], said["office"]) == (200, "ready", "musterstadt")
    assert said["pick_up"] == "http://localhost/book/musterstadt/eat-pick-up/"
    assert ask(client, lines="\n".join(mrz(SERIAL, "910327")))[0] == 200
    assert ask(client, number="C01X0007H", born=BORN) == ask(client, number=SERIAL, born="1991-03-28")
    assert ask(client, number=SERIAL, born="27.3.1991")[0] == 422
    assert ask(client, number="C01X0006A", born=BORN)[0] == 422
    for _ in range(looking_up.OF_NUMBER):
        ask(client, number=SERIAL, born="1991-03-28")
    assert ask(client, number=SERIAL, born=BORN)[0] == 429


def test_a_kiosk_takes_what_its_readers_type(
    client: FlaskClient, database: Database, office: Office, now: datetime
) -> None:
    add_card(database, office, now, CardState.READY)
    with database.write() as session:
        kiosk(session, office)
    link = f"http://localhost/card/of/{card_leaflets.link(database.vault, ORDER)}"

    def ask_there(number: str, born: str = BORN, language: str = "tr") -> tuple[int, dict[str, str]]:
        answer = client.post(
            "/api/v1/device/cards/status",
            json={"number": number, "born": born, "language": language},
            headers={"Authorization": f"Bearer {CREDENTIAL.format(series='A')}"},
        )
        return answer.status_code, answer.get_json()

    assert (
        ask_there(SERIAL)
        == ask_there(ORDER)
        == ask_there(link)
        == ask_there("".join(mrz(SERIAL, "910327")), "")
    )
    assert ask_there(link)[1]["state"] == "ready"
    assert ask_there(link, language="de-simple")[1]["title"] == "Ihre Karte ist fertig"
    assert ask_there(link, "1991-03-28") == ask_there("B000001")
    assert ask_there(link, "")[0] == ask_there(link[:-9])[0] == 422


def test_the_time_of_an_answer_tells_nothing(
    client: FlaskClient, database: Database, office: Office, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking_up, "OF_NUMBER", 10**6)
    monkeypatch.setattr(looking_up, "OF_NETWORK", 10**6)
    add_card(database, office, now)
    ways: dict[str, Callable[[], object]] = {
        "found": lambda: ask(client, number=SERIAL, born=BORN),
        "wrong": lambda: ask(client, number=SERIAL, born="1991-03-28"),
        "unknown": lambda: ask(client, number="C01X0007H", born=BORN),
    }
    ways["a millisecond more"] = lambda: a_millisecond_more(ways["unknown"], thread_time_ns)
    # The work of this thread, which other processes do not disturb; test_looking_up sees the database's part.
    assert told_apart(ways, {"a millisecond more"}, thread_time_ns) == {"a millisecond more"}
    said = []
    for way in list(ways.values())[:3]:
        with heard(database) as statements:
            way()
        said.append(statements)
    assert said == [said[0]] * 3, "the same statements, too"


def test_on_the_page_wrong_and_unknown_are_the_same_statements(
    visitor: Visitor, database: Database, office: Office, now: datetime
) -> None:
    add_card(database, office, now)
    said = []
    for way in ({}, {}, {"born-day": "28"}):
        with heard(database) as statements:
            assert look(visitor, SERIAL if way else "C01X0007H", **way).status == 404
        said.append(statements)
    assert said[1] == said[2]
