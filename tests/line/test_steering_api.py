"""The API of the other verbs: everything that the desk's buttons do, done by a program."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from frontoffice.db import Database
from frontoffice.line import staffing
from frontoffice.offices.models import Office
from frontoffice.staff.models import Role
from tests.line.parts import account, ticket, token
from tests.sample import PICK_UP, sample_office

SHORT = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


class Program:
    """What somebody does at their counter through the API."""

    def __init__(self, client: FlaskClient, key: str, counter: int) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {key}"}
        self._counter = counter

    def ask(self, method: str, path: str, **body: Any) -> TestResponse:
        json = None if method == "GET" else body
        return self._client.open(f"/api/v1/{path}", method=method, headers=self._headers, json=json)

    def post(self, act: str, **body: Any) -> TestResponse:
        return self.ask("POST", f"counters/{self._counter}/{act}", **body)

    def do(self, act: str, **body: Any) -> dict[str, Any]:
        answer = self.post(act, **body)
        assert answer.status_code == 200, answer.text
        assert answer.json is not None
        assert answer.json["counter"] == self._counter
        found: dict[str, Any] = answer.json.get("ticket", answer.json)
        return found

    def desk(self) -> dict[str, Any]:
        answer = self.ask("GET", f"counters/{self._counter}/desk")
        assert answer.status_code == 200, answer.text
        assert answer.json is not None
        return dict(answer.json)


@pytest.fixture
def line(database: Database, client: FlaskClient, office: Office, now: datetime) -> tuple[Program, Program]:
    """Two colleagues at counters 3 and 4, the second a team lead; A001 to A004 wait."""
    with database.write() as session:
        here = session.get_one(Office, office.id)
        here.counters[3].languages = ["uk"]
        here.counters[3].team = "Erstberatung"
        people = []
        for place, (name, role) in enumerate((("miriam", Role.FRONT_DESK), ("jonas", Role.TEAM_LEAD)), 2):
            who = account(session, name, role)
            staffing.open_counter(session, here.counters[place].id, who, now)
            people.append(Program(client, token(session, who, now), here.counters[place].id))
        for number in range(1, 5):
            ticket(session, here, number, now, arrived_at=now - timedelta(minutes=60 - number))
    return people[0], people[1]


def waiting(program: Program) -> list[str]:
    return [each["ticket"] for each in program.desk()["waiting"]]


def test_a_morning_at_two_counters(
    line: tuple[Program, Program], office: Office, now: datetime, clock: time_machine.Traveller
) -> None:
    third, fourth = line
    numbers = {place: office.counters[place].id for place in (2, 3)}
    assert waiting(third) == ["A001", "A002", "A003", "A004"]
    assert third.desk()["current"] is None, "looking calls nobody"

    assert third.do("favour", ticket="A003", reason="pregnant")["priority"] == "pregnant"
    assert waiting(third)[0] == "A003"
    assert third.do("favour", ticket="A003")["priority"] is None
    assert third.do("wish", ticket="A001", for_language="uk")["for_language"] == "uk"
    assert waiting(third)[0] == "A002", "A001 is kept for who speaks Ukrainian"
    assert third.do("wish", ticket="A001")["for_language"] is None

    assert third.do("pick", ticket="A004")["state"] == "called"
    last = third.desk()["undoable_step"]
    assert third.do("undo", step=last)["state"] == "waiting"
    assert third.do("undo", step=last)["state"] == "waiting", "sent again it does nothing more"
    assert third.post("undo", step="1-1").status_code == 409
    assert third.post("undo").status_code == 422
    assert third.do("pick", ticket="A004")["call"] == 1
    until = (now + timedelta(minutes=20)).isoformat()
    parked = third.do("park", reason="holt eine Kopie", wake_at=until, ticket="A004")
    assert (parked["state"], parked["note"]) == ("parked", "holt eine Kopie")
    assert datetime.fromisoformat(parked["wake_at"]) == now + timedelta(minutes=20)
    assert [each["ticket"] for each in third.desk()["parked"]] == ["A004"]
    assert third.do("back", ticket="A004")["state"] == "waiting"

    third.do("pick", ticket="A001")
    moved = third.do(
        "transfer", to_counter=numbers[3], to_service=PICK_UP, note="Pass liegt bei", ticket="A001"
    )
    assert (moved["for_counter"], moved["service"], moved["note"]) == (numbers[3], PICK_UP, "Pass liegt bei")
    assert waiting(fourth)[0] == "A001"
    assert "A001" not in waiting(third)
    third.do("pick", ticket="A002")
    assert third.do("transfer", to_team="Erstberatung")["for_team"] == "Erstberatung"
    fourth.do("pick", ticket="A001")
    clock.shift(SHORT)
    assert fourth.do("finish-as", done=[PICK_UP], ticket="A001")["state"] == "done"
    assert fourth.do("leave", ticket="A002")["state"] == "left"

    third.do("pick", ticket="A003")
    assert third.do("send-away", reason="zahlt an der Kasse")["state"] == "parked"
    third.do("pause")
    assert third.post("pick", ticket="A004").json["code"] == "counter_paused"  # type: ignore[index]
    third.do("resume")
    assert third.do("back", ticket="A003")["state"] == "waiting"
    assert waiting(third)[0] == "A003", "who comes straight back is next"


def test_colleagues_are_called_and_come(line: tuple[Program, Program], office: Office) -> None:
    third, fourth = line

    def cries() -> list[dict[str, Any]]:
        answer = fourth.ask("GET", f"offices/{office.slug}/cries")
        assert answer.json is not None
        return list(answer.json["cries"])

    assert cries() == []
    third.do("help", from_counter=office.counters[3].id)
    [cry] = cries()
    assert (cry["alarm"], cry["counter"], cry["asked"], cry["coming"]) == (False, "3", "4", [])
    fourth.do("coming", cry=cry["cry"])
    assert cries()[0]["coming"] == ["4"]
    third.do("alarm")
    assert [each["alarm"] for each in cries()] == [True, False]
    for each in cries():
        fourth.do("settle", cry=each["cry"])
    assert cries() == []
    assert fourth.post("coming", cry=cry["cry"]).status_code == 409


def test_closing_early_is_for_who_leads(line: tuple[Program, Program], office: Office, now: datetime) -> None:
    third, fourth = line
    path = f"offices/{office.slug}/closing-early"
    at = (now + timedelta(hours=2)).isoformat()
    assert third.ask("PUT", path, closes_at=at).status_code == 403
    assert fourth.ask("PUT", path, closes_at=at).status_code == 200
    assert fourth.ask("PUT", path, closes_at=(now - SHORT).isoformat()).status_code == 422
    assert fourth.ask("DELETE", path).status_code == 200


def test_what_cannot_be_done_is_refused_in_words(
    line: tuple[Program, Program], database: Database, client: FlaskClient, office: Office, now: datetime
) -> None:
    third, _fourth = line
    third.do("pick", ticket="A001")
    for act, body, status, code in (
        ("pick", {"ticket": "A002"}, 409, "counter_busy"),
        ("back", {"ticket": "A002"}, 409, "not_waiting"),
        ("leave", {"ticket": "B002"}, 409, "not_waiting"),
        ("park", {"reason": " "}, 422, None),
        ("park", {"reason": "x", "wake_at": (now - SHORT).isoformat()}, 422, None),
        ("park", {"reason": "x", "ticket": "A002"}, 409, "nobody_there"),
        ("transfer", {}, 422, None),
        ("transfer", {"to_counter": office.counters[2].id}, 409, "to_itself"),
        ("transfer", {"to_counter": office.counters[7].id}, 409, "nobody_can"),
        ("transfer", {"to_service": "no-such-service"}, 422, None),
        ("finish-as", {"done": ["no-such-service"]}, 422, None),
        ("favour", {"ticket": "A002", "reason": "rich"}, 422, None),
        ("favour", {"ticket": "A002", "reason": "frail", "more": 1}, 422, None),
        ("wish", {"ticket": "A002", "for_language": "ar"}, 409, "nobody_can"),
        ("pause", {}, 409, "counter_busy"),
    ):
        answer = third.post(act, **body)
        assert answer.status_code == status, (act, body, answer.text)
        assert answer.json is not None
        assert code in (None, answer.json["code"])
        assert len(answer.json["detail"]) > 20
    with database.write() as session:
        elsewhere = sample_office(session, "nebenstadt")
        other = elsewhere.counters[0].id
        stranger = account(session, "fremd", office=elsewhere)
        key = token(session, stranger, now)
    for act, body in (("undo", {"step": "1-1"}), ("pause", {}), ("alarm", {})):
        assert Program(client, key, office.counters[2].id).post(act, **body).status_code == 403
        assert Program(client, "nonsense", other).post(act, **body).status_code == 401
    assert Program(client, key, 99999).post("alarm").status_code == 404
    assert (
        Program(client, key, office.counters[2].id)
        .ask("GET", f"counters/{office.counters[2].id}/desk")
        .status_code
        == 403
    )
