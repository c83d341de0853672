"""The API of the waiting list."""

from datetime import datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from frontoffice.booking import appointing
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Confirmation, Office, Service
from frontoffice.waitlist import entries
from frontoffice.waitlist.models import WaitlistEntry
from tests.booking.conftest import clock
from tests.booking.steps import at
from tests.conftest import application
from tests.sample import RENEWAL
from tests.waitlist.steps import book, free_a_time, offer_all, somebody

__all__ = ["clock"]

ENTRY: dict[str, Any] = {
    "office": "musterstadt",
    "items": [{"service": RENEWAL}],
    "first_day": "2026-11-24",
    "last_day": "2026-12-18",
    "weekdays": [1, 3, 5],
    "not_before": "08:30",
    "name": "Olena Kowalenko",
    "born": "1991-03-27",
    "mail": "olena@example.org",
    "language": "en",
}
WISH = {"first_day": "2026-11-24", "last_day": "2026-12-18", "notice_hours": 3}


@pytest.fixture
def app(config: Config, database: Database) -> Flask:
    """The application with rules that let offers be."""
    return application(config, database)


@pytest.fixture
def caller(client: FlaskClient, planned: Office, clock: time_machine.Traveller) -> FlaskClient:
    """A program that calls the API while the clock stands still."""
    return client


def with_secret(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_join_look_change_and_leave(caller: FlaskClient) -> None:
    answer = caller.post("/api/v1/waitlist", json=ENTRY)
    assert answer.status_code == 201
    joined = answer.json
    assert joined is not None
    assert (joined["state"], joined["offer"], joined["ahead"]) == ("waiting", None, 0)
    assert joined["ends_at"] == "2026-12-18T23:00:00Z"
    address, headers = f"/api/v1/waitlist/{joined['reference']}", with_secret(joined["secret"])
    assert caller.get(address, headers=headers).json == joined
    changed = caller.put(f"{address}/wish", json={**WISH, "stands_until": "2026-12-01"}, headers=headers)
    assert changed.status_code == 200
    assert changed.json is not None
    assert changed.json["ends_at"] == "2026-12-01T23:00:00Z"
    for _ in range(2):
        left = caller.delete(address, headers=headers)
        assert (left.status_code, left.json and left.json["state"]) == (200, "left")


def test_an_offer_is_seen_and_taken(
    caller: FlaskClient, database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    joined = caller.post("/api/v1/waitlist", json={**ENTRY, "weekdays": []}).json
    assert joined is not None
    free_a_time(database, config, renewal, at(25, "09:00"), now)
    offer_all(database, config, now)
    address, headers = f"/api/v1/waitlist/{joined['reference']}", with_secret(joined["secret"])
    seen = caller.get(address, headers=headers).json
    assert seen is not None
    assert seen["offer"] == {
        "office": "musterstadt",
        "start": "2026-11-25T08:00:00Z",
        "end": "2026-11-25T08:30:00Z",
        "expires_at": "2026-11-23T09:00:00Z",
    }
    taken = caller.post(f"{address}/offer", json={"answer": "take"}, headers=headers)
    assert taken.status_code == 200
    assert taken.json is not None
    mine = taken.json["appointment"]
    found = caller.get(f"/api/v1/appointments/{mine['reference']}", headers=with_secret(mine["secret"]))
    assert found.json is not None
    assert (found.json["state"], found.json["start"]) == ("confirmed", "2026-11-25T08:00:00Z")
    again = caller.post(f"{address}/offer", json={"answer": "take"}, headers=headers)
    assert (again.status_code, again.json and again.json["code"]) == (409, "offer_gone")


def test_an_earlier_time_for_an_appointment(
    caller: FlaskClient, database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    mine = book(database, config, renewal, at(4, "09:00", month=12), now, somebody(1))
    with database.read() as session:
        headers = with_secret(appointing.secret_of(session, mine))
    address = f"/api/v1/appointments/{mine.reference}/waitlist"
    answer = caller.post(address, json=WISH, headers=headers)
    assert answer.status_code == 201
    assert answer.json is not None
    assert answer.json["appointment"]["reference"] == mine.reference
    assert caller.post(address, json=WISH, headers=headers).status_code == 409
    assert caller.post(address, json=WISH).status_code == 401
    assert caller.post(address, json=WISH, headers=with_secret("wrong")).status_code == 404


def test_the_secret_of_an_unproven_entry_is_only_in_the_message(
    caller: FlaskClient, database: Database, planned: Office
) -> None:
    with database.write() as session:
        session.get_one(Office, planned.id).confirmation = Confirmation.MAIL
    joined = caller.post("/api/v1/waitlist", json=ENTRY).json
    assert joined is not None
    assert (joined["state"], joined["secret"], joined["page"]) == ("unproven", None, None)
    with database.read() as session:
        entry = session.query(WaitlistEntry).one()
        headers = with_secret(entries.secret_of(session, entry))
    proven = caller.post(f"/api/v1/waitlist/{joined['reference']}/proof", headers=headers)
    assert proven.json is not None
    assert proven.json["state"] == "waiting"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"mail": None}, "mail"),
        ({"last_day": "2026-11-23"}, "until"),
        ({"last_day": "9999-12-31"}, "last_day"),
        ({"language": "xx"}, "language"),
        ({"not_before": "25:00"}, "not_before"),
        ({"not_before": "12:00", "before": "09:00"}, "before"),
        ({"schedules": ["main"], "items": [{"service": "welcome-counselling"}]}, "service"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(
    caller: FlaskClient, changed: dict[str, Any], field: str
) -> None:
    answer = caller.post("/api/v1/waitlist", json={**ENTRY, **changed})
    assert answer.status_code == 422
    assert answer.json is not None
    assert [each["field"] for each in answer.json["errors"]] == [field]


def test_a_second_entry_is_refused(caller: FlaskClient) -> None:
    assert caller.post("/api/v1/waitlist", json=ENTRY).status_code == 201
    again = caller.post("/api/v1/waitlist", json={**ENTRY, "mail": "another@example.org"})
    assert (again.status_code, again.json and again.json["code"]) == (409, "already_waiting")
