"""What the owner of an appointment does through the API: confirm, move, other contact, calendar file."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from frontoffice import vault as vaults
from frontoffice.booking import appointing, proving
from frontoffice.booking.models import Appointment
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.messages.models import Message
from frontoffice.offices.models import Confirmation, Office, Service
from tests.booking.programs import OLENA, book, hold, problem_of
from tests.booking.steps import at, differences, fill

LATER = "2026-11-24T09:00:00Z"
WRONG_SECRET = {"Authorization": "Bearer wrong"}


@pytest.fixture
def clock(planned: Office, now: datetime) -> Iterator[time_machine.Traveller]:
    """The clock stands at Monday, eight o'clock, until it is moved."""
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def made(client: FlaskClient, clock: time_machine.Traveller) -> dict[str, Any]:
    """An appointment on Tuesday at nine."""
    return booked(client)


def booked(client: FlaskClient, **changed: Any) -> dict[str, Any]:
    """An appointment."""
    answer = book(client, hold(client).json["token"], **changed)
    assert answer.status_code == 201
    result: dict[str, Any] = answer.json
    return result


def ask_to_confirm(database: Database, office: Office, through: Confirmation) -> None:
    """Let people confirm their appointments at the office."""
    with database.write() as session:
        session.get_one(Office, office.id).confirmation = through


def address(made: dict[str, Any], part: str = "") -> str:
    """Where an appointment is, or a part of it."""
    return f"/api/v1/appointments/{made['reference']}{part}"


def secret(made: dict[str, Any]) -> dict[str, str]:
    """What opens it."""
    return {"Authorization": f"Bearer {made['secret']}"}


def now_is(client: FlaskClient, made: dict[str, Any]) -> dict[str, Any]:
    """The appointment as it is now."""
    answer: dict[str, Any] = client.get(address(made), headers=secret(made)).json
    return answer


def put(client: FlaskClient, made: dict[str, Any], part: str, **body: Any) -> Any:
    """Change a part of it."""
    return client.put(address(made, f"/{part}"), json=body, headers=secret(made))


def kinds(database: Database) -> list[str]:
    """The messages, in order."""
    with database.read() as session:
        return list(session.scalars(select(Message.kind).order_by(Message.id)))


def test_an_appointment_is_moved_to_another_time(
    client: FlaskClient, database: Database, made: dict[str, Any], clock: time_machine.Traveller
) -> None:
    moved = put(client, made, "time", start=LATER)
    assert (moved.status_code, moved.json["start"], moved.json["end"]) == (200, LATER, "2026-11-24T09:30:00Z")
    assert moved.json == put(client, made, "time", start=LATER).json == now_is(client, made)
    assert moved.json["reference"] == made["reference"]
    clock.shift(timedelta(hours=2))  # the waiting list has had its turn
    assert [hold(client).status_code for _ in range(3)] == [201, 201, 409]
    assert differences(database) == []


def test_an_appointment_is_moved_to_what_is_held(
    client: FlaskClient, database: Database, made: dict[str, Any]
) -> None:
    token = hold(client, start=LATER).json["token"]
    for _ in range(2):
        moved = put(client, made, "time", hold=token)
        assert (moved.status_code, moved.json["start"]) == (200, LATER)
    assert differences(database) == []


def test_where_the_new_time_is_taken_the_old_one_stays(
    client: FlaskClient,
    database: Database,
    config: Config,
    renewal: Service,
    clock: time_machine.Traveller,
    made: dict[str, Any],
    now: datetime,
) -> None:
    token = hold(client, start=LATER).json["token"]
    fill(database, config, renewal, at(24, "10:00"), now, seats=1)
    taken = problem_of(put(client, made, "time", start=LATER), 409, "just_taken")
    assert {"start": "2026-11-24T09:30:00Z", "end": "2026-11-24T10:00:00Z"} in taken["alternatives"]
    clock.shift(timedelta(minutes=11))
    fill(database, config, renewal, at(24, "10:00"), now + timedelta(minutes=11))
    expired = problem_of(put(client, made, "time", hold=token), 409, "hold_expired")
    assert len(expired["alternatives"]) == 6
    assert now_is(client, made)["start"] == made["start"]
    assert differences(database) == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid"),
        ({"start": LATER, "hold": "a" * 24}, 422, "invalid"),
        ({"start": "2026-11-24T09:03:00Z"}, 422, "not_offered"),
        ({"start": "2026-11-24T09:00:00"}, 422, "invalid"),
        ({"hold": "a" * 24}, 404, "not_found"),
        ({"hold": "nonsense"}, 422, "invalid"),
    ],
)
def test_what_is_no_new_time_is_refused(
    client: FlaskClient, made: dict[str, Any], body: dict[str, Any], status: int, code: str
) -> None:
    problem_of(put(client, made, "time", **body), status, code)


def test_what_is_over_is_neither_moved_nor_cancelled_nor_changed(
    client: FlaskClient, made: dict[str, Any], clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(days=2))
    problem_of(put(client, made, "time", start="2026-11-26T09:00:00Z"), 409, "not_movable")
    problem_of(put(client, made, "contact", mail="new@example.org"), 409, "not_changeable")
    problem_of(client.delete(address(made), headers=secret(made)), 409, "not_cancellable")


def test_an_appointment_is_confirmed_with_the_code_from_the_sms(
    client: FlaskClient, database: Database, office: Office, clock: time_machine.Traveller
) -> None:
    ask_to_confirm(database, office, Confirmation.SMS)
    made = booked(client)
    assert (made["state"], made["confirm_through"]) == ("unconfirmed", "sms")
    assert made["confirm_by"] == "2026-11-23T08:00:00Z"
    for wrong in ("000000x", "nonsense"):
        answer = client.post(address(made, "/confirmation"), json={"code": wrong}, headers=secret(made))
        assert problem_of(answer, 422, "invalid")["errors"][0]["field"] == "code"
    with database.read() as session:
        code = proving.code(vaults.of(session), made["reference"], OLENA["phone"])
    for _ in range(2):
        answer = client.post(address(made, "/confirmation"), json={"code": code}, headers=secret(made))
        assert answer.status_code == 200
        assert (answer.json["state"], answer.json["confirm_by"]) == ("confirmed", None)
        assert answer.json["confirm_through"] is None


def test_a_code_cannot_be_found_by_trying(
    client: FlaskClient, database: Database, office: Office, clock: time_machine.Traveller
) -> None:
    ask_to_confirm(database, office, Confirmation.SMS)
    made = booked(client)
    statuses = [
        client.post(
            address(made, "/confirmation"), json={"code": "nothing"}, headers=secret(made)
        ).status_code
        for _ in range(7)
    ]
    assert statuses == [422] * 5 + [429] * 2
    assert now_is(client, made)["state"] == "unconfirmed"


def test_what_asks_to_confirm_is_sent_again_but_not_for_ever(
    client: FlaskClient, database: Database, office: Office, clock: time_machine.Traveller
) -> None:
    ask_to_confirm(database, office, Confirmation.MAIL)
    made = booked(client)
    assert (made["state"], made["confirm_through"]) == ("unconfirmed", "mail")
    before = len(kinds(database))
    statuses = []
    for _ in range(4):
        clock.shift(timedelta(seconds=30))
        statuses.append(client.post(address(made, "/confirmation/message"), headers=secret(made)).status_code)
    assert statuses == [200, 200, 200, 429]
    assert len(kinds(database)) == before + 3


def test_an_office_that_wants_a_mail_address_says_so(
    client: FlaskClient, database: Database, office: Office, clock: time_machine.Traveller
) -> None:
    ask_to_confirm(database, office, Confirmation.MAIL)
    answer = book(client, hold(client).json["token"], mail=None)
    assert problem_of(answer, 422, "invalid")["errors"][0]["field"] == "mail"


def test_the_contact_is_changed_but_never_the_person(
    client: FlaskClient, database: Database, made: dict[str, Any]
) -> None:
    assert put(client, made, "contact", mail="new@example.org").status_code == 200
    with database.read() as session:
        appointment = session.scalars(select(Appointment)).one()
        person = appointing.person_of(session, appointment)
    assert (person.name, person.mail, person.phone) == (OLENA["name"], "new@example.org", None)
    problem_of(put(client, made, "contact", name="Somebody Else"), 422, "invalid")
    wrong = problem_of(put(client, made, "contact", mail="olena", phone="0151"), 422, "invalid")
    assert [each["field"] for each in wrong["errors"]] == ["mail", "phone"]
    assert problem_of(put(client, made, "contact"), 422, "invalid")["errors"][0]["field"] == "mail"


def test_the_calendar_file_is_there(client: FlaskClient, made: dict[str, Any]) -> None:
    answer = client.get(address(made, "/calendar.ics"), headers=secret(made))
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    assert "BEGIN:VEVENT" in answer.text
    assert made["secret"] not in answer.text
    assert f'filename="{made["reference"]}.ics"' in answer.headers["Content-Disposition"]


def test_nothing_opens_without_the_secret(
    client: FlaskClient, database: Database, made: dict[str, Any]
) -> None:
    attempts = [
        ("get", "", None),
        ("delete", "", None),
        ("get", "/calendar.ics", None),
        ("put", "/time", {"start": LATER}),
        ("put", "/contact", {"mail": "thief@example.org"}),
        ("post", "/confirmation", {"code": "123456"}),
        ("post", "/confirmation/message", None),
    ]
    for method, part, body in attempts:
        problem_of(client.open(address(made, part), method=method, json=body), 401, "not_signed_in")
        answer = client.open(address(made, part), method=method, json=body, headers=WRONG_SECRET)
        problem_of(answer, 404, "not_found")
    assert now_is(client, made) == made
