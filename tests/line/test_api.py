"""The API of the line: board, counters, a kiosk's journal."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from frontoffice.db import Database
from frontoffice.line.models import Ticket
from frontoffice.offices.models import Office
from tests.line.parts import CREDENTIAL, account, appointment, kiosk, ticket, token
from tests.sample import sample_office

BOARD = "/api/v1/offices/musterstadt/board"
JOURNAL = "/api/v1/device/journal"


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


class Staff:
    """Somebody who serves through the API."""

    def __init__(self, client: FlaskClient, key: str, counter: int) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {key}"}
        self.counter = counter

    def do(self, act: str, query: str = "") -> TestResponse:
        return self.client.post(f"/api/v1/counters/{self.counter}/{act}{query}", headers=self.headers)

    def ticket(self, act: str, query: str = "") -> dict[str, Any] | None:
        answer = self.do(act, query)
        assert answer.status_code == 200, answer.text
        assert answer.json is not None
        assert answer.json["counter"] == self.counter
        found: dict[str, Any] | None = answer.json["ticket"]
        return found


@pytest.fixture
def staff(client: FlaskClient, database: Database, office: Office, now: datetime) -> Staff:
    with database.write() as session:
        key = token(session, account(session), now)
    return Staff(client, key, office.counters[2].id)


def wait(database: Database, office: Office, count: int, now: datetime) -> None:
    with database.write() as session:
        for number in range(1, count + 1):
            arrived = now - timedelta(minutes=60 - number)
            ticket(session, session.get_one(Office, office.id), number, now, arrived_at=arrived)


def test_a_visit_from_call_to_end(
    client: FlaskClient, database: Database, office: Office, staff: Staff, now: datetime
) -> None:
    wait(database, office, 2, now)
    assert staff.ticket("open") is None
    called = staff.ticket("call-next")
    assert called == {
        "ticket": "A001",
        "state": "called",
        "service": "eat-pick-up",
        "language": "de",
        "arrived_at": "2026-11-23T06:01:00Z",
        "due_at": None,
        "called_at": "2026-11-23T07:00:00Z",
        "call": 1,
        "appointment": False,
    }
    assert client.get(BOARD).json == {
        "office": "musterstadt",
        "as_of": 2,
        "calls": [{"ticket": "A001", "counter": "3", "called_at": "2026-11-23T07:00:00Z", "call": 1}],
        "waiting": 1,
    }
    states = []
    for act in ("recall", "start", "finish"):
        found = staff.ticket(act, "?ticket=A001")
        assert found is not None
        states.append((found["state"], found["call"]))
    assert states == [("called", 2), ("serving", 2), ("done", 2)]
    assert (staff.ticket("call-next") or {})["ticket"] == "A002"
    assert (staff.ticket("no-show") or {})["state"] == "no_show"
    assert staff.ticket("call-next") is None
    assert staff.ticket("close") is None


def test_no_name_leaves_through_the_api(
    client: FlaskClient, database: Database, office: Office, staff: Staff, now: datetime
) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        device = kiosk(session, here)
        booked = appointment(session, here, now, name="Olena Kowalenko")
    deliver(client, entry("check_in", code=booked.reference))
    staff.do("open")
    answer = staff.do("call-next")
    assert answer.json is not None
    assert answer.json["ticket"]["appointment"] is True
    for text in (answer.text, client.get(BOARD).text):
        assert "Olena" not in text
        assert booked.reference not in text
    assert device.series == "A"


@pytest.mark.parametrize(
    ("before", "act", "code"),
    [
        ([], "call-next", "counter_closed"),
        ([], "finish", "counter_closed"),
        (["open"], "finish", "nobody_there"),
        (["open", "call-next"], "call-next", "counter_busy"),
        (["open", "call-next"], "close", "counter_busy"),
        (["open", "call-next"], "finish?ticket=A777", "nobody_there"),
    ],
)
def test_what_the_state_of_things_forbids_is_a_conflict(
    database: Database, office: Office, staff: Staff, now: datetime, before: list[str], act: str, code: str
) -> None:
    wait(database, office, 1, now)
    for each in before:
        assert staff.do(each).status_code == 200
    answer = staff.do(act)
    assert (answer.status_code, answer.json and answer.json["code"]) == (409, code)
    assert answer.json is not None
    assert "%" not in answer.json["detail"]


def test_the_counters_of_the_office_can_be_listed(client: FlaskClient, office: Office, staff: Staff) -> None:
    staff.do("open")
    answer = client.get("/api/v1/offices/musterstadt/counters", headers=staff.headers).json
    assert answer is not None
    assert [each["name"] for each in answer["counters"]] == [str(number) for number in range(1, 9)]
    assert answer["counters"][2] == {
        "id": staff.counter,
        "name": "3",
        "room": "Wartezone A",
        "staffed_by": "Miriam Beispiel",
    }
    assert answer["counters"][0]["staffed_by"] is None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/offices/nowhere/board", 404),
        ("/api/v1/offices/No%20Where/board", 422),
        ("/api/v1/offices/%00/board", 422),
        ("/api/v1/offices/" + "x" * 61 + "/board", 422),
    ],
)
def test_a_board_that_is_not_there(client: FlaskClient, office: Office, path: str, status: int) -> None:
    assert client.get(path).status_code == status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("0/open", 422),
        (f"{2**31}/open", 422),
        (f"{10**40}/open", 422),
        (f"{2**31 - 1}/open", 404),
        ("1/recall?ticket=x", 422),
        ("1/recall?other=1", 422),
    ],
)
def test_a_counter_that_cannot_be(client: FlaskClient, staff: Staff, path: str, status: int) -> None:
    assert client.post(f"/api/v1/counters/{path}", headers=staff.headers).status_code == status


def entry(kind: str = "walk_in", number: int = 1, **more: Any) -> dict[str, Any]:
    """An entry as a kiosk delivers it."""
    return {
        "id": str(uuid.uuid4()),
        "kind": kind,
        "at": "2026-11-23T07:00:00.123456Z",
        "date": "2026-11-23",
        "number": number,
        "language": "de",
        "code": None,
        "service": "eat-pick-up" if kind == "walk_in" else None,
        "handed_out": False,
        **more,
    }


def deliver(client: FlaskClient, *entries: Any, series: str = "A") -> TestResponse:
    headers = {"Authorization": f"Bearer {CREDENTIAL.format(series=series)}"}
    return client.post(JOURNAL, json={"entries": list(entries)}, headers=headers)


@pytest.fixture
def paired(database: Database, office: Office) -> None:
    with database.write() as session:
        kiosk(session, office)


def test_a_delivery_is_answered_entry_by_entry_in_the_language_of_the_visitor(
    client: FlaskClient, paired: None
) -> None:
    good = entry(number=12)
    bad = entry("check_in", 13, code="K7M2PXQ4", language="en")
    answer = deliver(client, good, bad)
    assert answer.status_code == 200
    assert answer.json == {
        "results": [
            {
                "id": good["id"],
                "outcome": "accepted",
                "ticket": "A012",
                "service": "eat-pick-up",
                "due_at": None,
                "code": None,
                "sentence": None,
                "office": None,
                "wait": None,
                "room": "Wartezone A",
                "language": None,
            },
            {
                "id": bad["id"],
                "outcome": "refused",
                "ticket": None,
                "service": None,
                "due_at": None,
                "code": "unknown_code",
                "sentence": "We do not know this code. Please check it, or take a number without appointment.",
                "office": None,
                "wait": None,
                "room": None,
                "language": None,
            },
        ]
    }


def test_an_appointment_is_answered_with_its_time(
    client: FlaskClient, database: Database, office: Office, paired: None, now: datetime
) -> None:
    with database.write() as session:
        booked = appointment(session, session.get_one(Office, office.id), now + timedelta(minutes=10))
    answer = deliver(client, entry("check_in", code=booked.reference))
    assert answer.json is not None
    [result] = answer.json["results"]
    assert (result["ticket"], result["due_at"]) == ("A001", "2026-11-23T07:10:00Z")


@pytest.mark.parametrize(
    "change",
    [
        {"id": "not-a-uuid"},
        {"id": str(uuid.uuid1())},
        {"kind": "dance"},
        {"at": "yesterday"},
        {"at": "2026-11-23T07:00:00"},
        {"at": "2026-W48-1T07:00:00Z"},
        {"at": 1764000000},
        {"date": "23.11.2026"},
        {"date": "2026-02-30"},
        {"date": "20261123"},
        {"number": 0},
        {"number": 10_000},
        {"number": "1"},
        {"number": True},
        {"language": "klingon"},
        {"language": "d\x00"},
        {"code": "\x00"},
        {"code": "x" * 41},
        {"service": "No Slug"},
        {"service": "a\x00"},
        {"handed_out": "yes"},
        {"handed_out": None},
        {"extra": 1},
    ],
)
def test_a_malformed_entry_is_refused_and_nothing_of_the_delivery_is_taken(
    client: FlaskClient, database: Database, paired: None, change: dict[str, Any]
) -> None:
    answer = deliver(client, entry(number=1), {**entry(number=2), **change})
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    with database.read() as session:
        assert session.scalars(select(Ticket)).all() == []


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-11-23T08:00:00+01:00"]
)
def test_any_moment_of_the_calendar_is_understood(client: FlaskClient, paired: None, at: str) -> None:
    assert deliver(client, entry(at=at, handed_out=True)).status_code == 200


@pytest.mark.parametrize(("count", "status"), [(0, 422), (100, 200), (101, 422)])
def test_a_delivery_has_one_to_a_hundred_entries(
    client: FlaskClient, paired: None, count: int, status: int
) -> None:
    assert deliver(client, *(entry(number=number) for number in range(1, count + 1))).status_code == status


def test_an_entry_that_cannot_be_stored_is_left_out_of_the_answer(
    client: FlaskClient, database: Database, office: Office, now: datetime
) -> None:
    """Such as one whose phone ticket another office has given already; alone, and among others."""
    with database.write() as session:
        for here, series in ((office, "A"), (sample_office(session, "nebenstadt"), "B")):
            kiosk(session, session.get_one(Office, here.id), series)
    stuck = drawn(now, 1)
    assert len(hand_in(client, "A", stuck)) == 1
    assert hand_in(client, "B", stuck) == []
    before, after = drawn(now, 2), drawn(now, 3)
    assert hand_in(client, "B", before, stuck, after) == [before["id"], after["id"]]
    assert hand_in(client, "B", before, stuck, after) == [before["id"], after["id"]]
    with database.read() as session:
        assert sorted(ticket.code for ticket in session.scalars(select(Ticket))) == ["A001", "B002", "B003"]


def drawn(now: datetime, number: int) -> dict[str, Any]:
    """Somebody without appointment drew a number."""
    return {
        "id": str(uuid.uuid4()),
        "kind": "walk_in",
        "at": now.isoformat(),
        "date": now.date().isoformat(),
        "number": number,
        "language": "en",
        "code": None,
        "service": "eat-pick-up",
        "handed_out": False,
    }


def hand_in(client: FlaskClient, series: str, *entries: dict[str, Any]) -> list[str]:
    headers = {"Authorization": f"Bearer {CREDENTIAL.format(series=series)}"}
    answer = client.post(JOURNAL, json={"entries": entries}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    return [each["id"] for each in answer.json["results"]]
