"""The API of draws."""

from datetime import datetime
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.draw import entering, lottery
from frontoffice.draw.models import DrawRequest
from frontoffice.offices.models import Office
from tests.draw.steps import CLOSES, WITHIN, draw_lots, make, settle
from tests.sample import RENEWAL

REQUEST: dict[str, Any] = {
    "items": [{"service": RENEWAL}],
    "first_day": "2026-12-07",
    "last_day": "2026-12-08",
    "name": "Olena Kowalenko",
    "born": "1991-03-27",
    "mail": "olena@example.org",
}


@pytest.fixture
def caller(client: FlaskClient, planned: Office, clock: time_machine.Traveller) -> FlaskClient:
    """A program that calls the API while the clock stands still."""
    return client


def test_a_draw_from_its_beginning_to_its_record(
    caller: FlaskClient, clock: time_machine.Traveller, database: Database, config: Config, now: datetime
) -> None:
    draw = make(database, now)
    listed = caller.get("/api/v1/offices/musterstadt/draws").json
    assert listed is not None
    address = f"/api/v1/draws/{draw.code}"
    assert caller.get(address).json == listed["draws"][0]
    assert listed["draws"][0]["commitment"] == draw.commitment
    assert listed["draws"][0]["last_day"] == "2026-12-08"
    early = caller.post(f"{address}/requests", json=REQUEST)
    assert (early.status_code, early.json and early.json["code"]) == (409, "window_closed")
    clock.move_to(WITHIN)
    entered = caller.post(f"{address}/requests", json=REQUEST)
    assert entered.status_code == 201
    assert entered.json is not None
    number = entered.json["number"]
    assert entered.json == {"number": number, "state": "entered", "weight": 60, "rank": None}
    with database.read() as session:
        secret = entering.secret_of(session, session.query(DrawRequest).one())
    headers = {"Authorization": f"Bearer {secret}"}
    assert caller.get(f"{address}/requests/{number}", headers=headers).json == entered.json
    assert caller.get(f"{address}/requests/{number}").status_code == 401
    assert caller.get(f"{address}/record").status_code == 404
    draw_lots(database)
    settle(database, config)
    clock.move_to(CLOSES)
    record = caller.get(f"{address}/record").json
    assert record is not None
    assert lottery.check(record) == []
    won = caller.get(f"{address}/requests/{number}", headers=headers).json
    assert won == {"number": number, "state": "won", "weight": 60, "rank": 1}
    late = caller.delete(f"{address}/requests/{number}", headers=headers)
    assert (late.status_code, late.json and late.json["code"]) == (409, "already_drawn")


def test_a_request_is_taken_back_through_its_own_draw_only(
    caller: FlaskClient, clock: time_machine.Traveller, database: Database, now: datetime
) -> None:
    draw = make(database, now)
    clock.move_to(WITHIN)
    entered = caller.post(f"/api/v1/draws/{draw.code}/requests", json=REQUEST).json
    assert entered is not None
    with database.read() as session:
        headers = {"Authorization": f"Bearer {entering.secret_of(session, session.query(DrawRequest).one())}"}
    elsewhere = caller.delete(f"/api/v1/draws/K7M2PXQ4/requests/{entered['number']}", headers=headers)
    assert elsewhere.status_code == 404
    for _ in range(2):
        gone = caller.delete(f"/api/v1/draws/{draw.code}/requests/{entered['number']}", headers=headers)
        assert (gone.status_code, gone.json and gone.json["state"]) == (200, "withdrawn")
