"""The staff API of the cards, as the program of a scanner uses it: arrivals, ready, back, hand-over."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from frontoffice import clock
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents.card_models import CardState
from frontoffice.documents.models import ExpiryWatch
from frontoffice.offices.models import Office
from frontoffice.staff.models import Role
from tests.documents.cards import BORN, ORDER, SERIAL, add_card, events_of, state_of, tell_me
from tests.documents.test_serial import mrz
from tests.line.parts import account, token

HERE = "/api/v1/offices/musterstadt/cards"
Say = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(autouse=True)
def _at_eight(now: datetime) -> object:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


def bearer(database: Database, office: Office, role: Role) -> dict[str, str]:
    with database.write() as session:
        secret = token(session, account(session, role.value.replace("_", ""), role, office), clock.now())
    return {"Authorization": f"Bearer {secret}", "Accept-Language": "en"}


@pytest.fixture
def say(client: FlaskClient, database: Database, office: Office) -> Say:
    """The scanner's program, signed in as somebody at the front desk."""
    headers = bearer(database, office, Role.FRONT_DESK)

    def said(method: str, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        answer = client.open(f"{HERE}{path}", method=method, json=body or None, headers=headers)
        return answer.status_code, answer.get_json(force=True)

    return said


def test_arrivals_are_scanned_and_listed(say: Say, database: Database, office: Office, now: datetime) -> None:
    card = add_card(database, office, now, CardState.SHIPPED)
    for _ in range(2):
        status, found = say("POST", "/arrivals", scanned=f"{SERIAL}1")
        assert (status, found["id"], found["state"], found["ending"]) == (200, card, "checking", "06H")
    assert [kind for kind, _, _ in events_of(database, card)] == ["card.added", "card.moved"]
    status, listed = say("GET", "")
    assert (status, listed["cards"], listed["counts"]["checking"]) == (200, [found], 1)
    assert say("GET", "?state=ready")[1]["cards"] == []
    assert say("GET", f"/{card}") == (200, found)
    assert say("POST", "/find", scanned=ORDER) == (200, found)


def test_a_card_that_nobody_announced_needs_its_date_of_birth(
    say: Say, database: Database, office: Office, now: datetime
) -> None:
    status, problem = say("POST", "/arrivals", scanned=SERIAL)
    assert (status, problem["code"]) == (404, "unknown_card")
    assert say("POST", "/find", scanned=SERIAL)[1]["code"] == "unknown_card"
    assert say("POST", "/arrivals", scanned=SERIAL, born=BORN)[1]["state"] == "checking"
    assert say("POST", "/arrivals", scanned="\n".join(mrz("C01X0007H", "910327")))[1]["ending"] == "07H"
    order = add_card(database, office, now, serial=None, order="A123456")
    wrong = say("POST", "/arrivals", scanned="C01X0008H", born="1980-01-01", order="A123456")
    assert (wrong[0], wrong[1]["errors"][0]["field"]) == (422, "born")
    assert say("POST", "/arrivals", scanned="C01X0008H", born=BORN, order="A123456")[1]["id"] == order
    assert say("POST", "/arrivals", scanned="C01X000")[0] == 422


def test_ready_and_back_for_a_reason(say: Say, database: Database, office: Office, now: datetime) -> None:
    card = add_card(database, office, now, CardState.CHECKING)
    assert say("POST", f"/{card}/move", state="ready")[1]["state"] == "ready"
    status, problem = say("POST", f"/{card}/move", state="checking")
    assert (status, problem["errors"][0]["field"]) == (422, "reason")
    assert say("POST", f"/{card}/move", state="checking", reason="damaged")[1]["state"] == "checking"
    kind, actor, data = events_of(database, card)[-1]
    assert (kind, data) == ("card.moved", {"from": "ready", "to": "checking", "reason": "damaged"})
    assert actor.startswith("account:")
    boxed = say("POST", f"/{card}/move", state="in_box", box_code="4711", until="2026-12-07")[1]
    assert (boxed["state"], boxed["until"]) == ("in_box", "2026-12-07")
    assert say("POST", f"/{card}/move", state="melted")[0] == 422


def test_handing_over_closes_the_order_and_watches_the_new_end(
    say: Say, database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.CHECKING)
    assert say("POST", f"/{card}/hand-over", by_proxy=False)[0] == 409
    tell_me(database, config, card, now)
    say("POST", f"/{card}/move", state="ready")
    watch = {"expires": "2029-11-22", "kind": "blue_card"}
    status, found = say("POST", f"/{card}/hand-over", by_proxy=True, watch=watch)
    assert (status, found["state"], found["told"]) == (200, "handed_over", 0)
    assert events_of(database, card)[-1][2] == {"proxy": True, "watched": True}
    with database.read() as session:
        assert session.scalars(select(ExpiryWatch)).one().expires_on.isoformat() == "2029-11-22"


def test_it_is_for_the_desk_of_this_office(
    client: FlaskClient, database: Database, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.READY)
    auditor = bearer(database, office, Role.AUDITOR)
    for headers, status in (({}, 401), (auditor, 403)):
        for method, path in (("GET", ""), ("GET", f"/{card}"), ("POST", f"/{card}/hand-over")):
            body = {} if method == "POST" else None
            assert (
                client.open(f"{HERE}{path}", method=method, json=body, headers=headers).status_code == status
            )
    assert state_of(database, card) is CardState.READY
