"""Booking through the API, as other programs do."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from frontoffice.booking.models import Appointment, Hold
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Office, Service
from tests.booking.steps import at, differences, fill

SLOTS = "/api/v1/offices/musterstadt/slots"
TIME = {"office": "musterstadt", "service": "residence-permit-renewal", "start": "2026-11-24T08:00:00Z"}
OLENA = {
    "name": "Olena Kowalenko",
    "born": "1991-03-27",
    "mail": "olena@example.org",
    "phone": "+4915123456789",
}
KEY = {"Idempotency-Key": "5f0c2c1e-8f2b-4b39-9d5b-1f2f9a6b7c11"}


@pytest.fixture
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    """The clock stands at Monday, eight o'clock, until it is moved."""
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def program(planned: Office, client: FlaskClient, clock: time_machine.Traveller) -> FlaskClient:
    """A program that uses the API of the sample office."""
    return client


def hold(program: FlaskClient, **changed: Any) -> TestResponse:
    """Ask for a hold."""
    return program.post("/api/v1/holds", json={**TIME, **changed})


def book(program: FlaskClient, token: str, **changed: Any) -> TestResponse:
    """Ask for an appointment."""
    return program.post("/api/v1/appointments", json={"hold": token, **OLENA, **changed})


def booked(program: FlaskClient) -> dict[str, Any]:
    """An appointment."""
    answer: dict[str, Any] = book(program, hold(program).json["token"]).json
    return answer


def problem_of(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The problem, which has to be one of that status and code."""
    assert answer.content_type == "application/problem+json"
    problem: dict[str, Any] = answer.get_json(force=True)
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["detail"]
    return problem


def stored(database: Database) -> tuple[int, int]:
    """How many holds and appointments there are."""
    with database.read() as session:
        holds, appointments = (
            session.scalar(select(func.count()).select_from(t)) or 0 for t in (Hold, Appointment)
        )
    return holds, appointments


def test_free_times_are_given_by_day_in_utc(program: FlaskClient) -> None:
    answer = program.get(f"{SLOTS}?service=residence-permit-renewal&from=2026-11-23&to=2026-11-25")
    assert answer.status_code == 200
    assert (answer.json["minutes"], answer.json["time_zone"], answer.json["online"]) == (
        30,
        "Europe/Berlin",
        True,
    )
    assert [day["date"] for day in answer.json["days"]] == ["2026-11-23", "2026-11-24"]
    assert answer.json["days"][0]["starts"][0] == "2026-11-23T08:00:00Z"
    assert answer.json["days"][1]["starts"][-1] == "2026-11-24T10:30:00Z"


def test_nothing_is_free_of_what_is_not_online(program: FlaskClient) -> None:
    answer = program.get(f"{SLOTS}?service=welcome-counselling&from=2026-11-23&to=2026-11-25")
    assert (answer.status_code, answer.json["online"], answer.json["days"]) == (200, False, [])


@pytest.mark.parametrize(
    "query",
    [
        "",
        "service=residence-permit-renewal",
        "service=residence-permit-renewal&from=2026-11-23",
        "service=residence-permit-renewal&from=2026-11-23&to=2026-11-23",
        "service=residence-permit-renewal&from=2026-11-24&to=2026-11-23",
        "service=residence-permit-renewal&from=2026-11-23&to=2027-01-25",
        "service=residence-permit-renewal&from=2026-02-30&to=2026-03-01",
        "service=residence-permit-renewal&from=0001-01-01&to=9999-12-31",
        "service=residence-permit-renewal&from=1&to=2",
        "service=residence-permit-renewal&from=2026-11-23&to=2026-11-24&colour=red",
        "service=Renewal&from=2026-11-23&to=2026-11-24",
        "service=%00&from=2026-11-23&to=2026-11-24",
    ],
)
def test_a_question_about_slots_that_makes_no_sense_is_refused(program: FlaskClient, query: str) -> None:
    problem_of(program.get(f"{SLOTS}?{query}"), 422, "invalid")


@pytest.mark.parametrize("window", ["from=0001-01-01&to=0001-01-02", "from=9999-12-30&to=9999-12-31"])
def test_days_far_away_have_no_times(program: FlaskClient, window: str) -> None:
    answer = program.get(f"{SLOTS}?service=residence-permit-renewal&{window}")
    assert (answer.status_code, answer.json["days"]) == (200, [])


def test_unknown_offices_and_services_are_not_found(program: FlaskClient) -> None:
    days = "from=2026-11-23&to=2026-11-24"
    problem_of(program.get(f"/api/v1/offices/nowhere/slots?service=eat-pick-up&{days}"), 404, "not_found")
    problem_of(program.get(f"{SLOTS}?service=nothing&{days}"), 404, "not_found")
    problem_of(hold(program, office="nowhere"), 404, "not_found")
    problem_of(hold(program, service="nothing"), 404, "not_found")


def test_a_hold_is_booked(program: FlaskClient, database: Database) -> None:
    held = hold(program)
    assert held.status_code == 201
    assert held.json == {
        **TIME,
        "items": [{"service": "residence-permit-renewal", "people": 1}],
        "token": held.json["token"],
        "end": "2026-11-24T08:30:00Z",
        "expires_at": "2026-11-23T07:10:00Z",
    }
    made = book(program, held.json["token"], language="de")
    assert made.status_code == 201
    assert made.json["state"] == "confirmed"
    assert made.json["documents"] == ["Reisepass", "Gebühr"]
    assert (
        made.json["page"] == f"http://localhost/appointments/{made.json['reference']}/{made.json['secret']}/"
    )
    assert program.get(made.json["page"]).status_code == 200
    assert "name" not in made.json
    assert differences(database) == []


def test_the_same_key_gives_the_same_hold(program: FlaskClient, database: Database) -> None:
    answers = [program.post("/api/v1/holds", json=TIME, headers=KEY) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    other = {**TIME, "start": "2026-11-24T09:00:00Z"}
    problem_of(program.post("/api/v1/holds", json=other, headers=KEY), 409, "key_reused")
    assert stored(database) == (1, 0)


def test_the_same_booking_sent_again_books_once(program: FlaskClient, database: Database) -> None:
    token = hold(program).json["token"]
    first = program.post("/api/v1/appointments", json={"hold": token, **OLENA}, headers=KEY)
    again = program.post("/api/v1/appointments", json={"hold": token, **OLENA}, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    problem_of(book(program, token, name="Somebody Else"), 409, "already_booked")
    assert stored(database) == (1, 1)


def test_just_taken_lists_other_times(
    program: FlaskClient, database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    fill(database, config, renewal, at(24, "09:00"), now)
    problem = problem_of(hold(program), 409, "just_taken")
    assert {"start": "2026-11-24T08:30:00Z", "end": "2026-11-24T09:00:00Z"} in problem["alternatives"]
    assert len(problem["alternatives"]) == 6
    again = hold(program, start=problem["alternatives"][0]["start"])
    assert again.status_code == 201


def test_a_hold_that_ran_out_lists_other_times(
    program: FlaskClient,
    database: Database,
    config: Config,
    renewal: Service,
    clock: time_machine.Traveller,
    now: datetime,
) -> None:
    token = hold(program).json["token"]
    clock.shift(timedelta(minutes=11))
    fill(database, config, renewal, at(24, "09:00"), now + timedelta(minutes=11))
    problem = problem_of(book(program, token), 409, "hold_expired")
    assert problem["alternatives"] != []
    problem_of(book(program, "a" * 24), 404, "not_found")


@pytest.mark.parametrize(
    "changed",
    [
        {"start": "2026-11-24T08:03:00Z"},
        {"start": "2020-01-01T08:00:00Z"},
        {"start": "9999-12-31T23:59:59-23:59"},
        {"start": "0001-01-01T00:00:00+23:59"},
        {"service": "welcome-counselling"},
    ],
)
def test_a_time_that_is_not_offered_is_refused(
    program: FlaskClient, database: Database, changed: dict[str, str]
) -> None:
    answer = hold(program, **changed)
    problem = problem_of(answer, 422, "not_online" if "service" in changed else "not_offered")
    assert [each["field"] for each in problem["errors"]] == list(changed)
    assert stored(database) == (0, 0)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {},
        {**TIME, "start": "2026-11-24T08:00:00"},
        {**TIME, "start": "2026-11-24"},
        {**TIME, "start": 1795507200},
        {**TIME, "start": 10**400},
        {**TIME, "start": "2026-13-45T99:99:99Z"},
        {**TIME, "start": None},
        {**TIME, "office": 5},
        {**TIME, "office": "x" * 10_000},
        {**TIME, "office": "a\x00b"},
        {**TIME, "colour": "red"},
    ],
)
def test_a_body_that_is_no_hold_is_refused(program: FlaskClient, database: Database, body: Any) -> None:
    problem_of(program.post("/api/v1/holds", json=body), 422, "invalid")
    assert stored(database) == (0, 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "12345"),
        ("name", "x" * 10_000),
        ("name", "Ole\x00na"),
        ("name", "Ole\u202ena"),
        ("name", "\ud800"),
        ("name", None),
        ("born", "1991-02-30"),
        ("born", "1899-12-31"),
        ("born", "2090-01-01"),
        ("born", "0001-01-01"),
        ("born", 19910327),
        ("born", "1991-03-27T00:00:00"),
        ("mail", "olena"),
        ("mail", "olena@example.org\x00"),
        ("mail", "x" * 10_000),
        ("phone", "0151"),
        ("phone", "9" * 10_000),
        ("language", "xx"),
        ("language", "de\x00"),
        ("hold", "nonsense"),
        ("colour", "red"),
    ],
)
def test_details_that_cannot_be_used_are_named(
    program: FlaskClient, database: Database, field: str, value: Any
) -> None:
    token = hold(program).json["token"]
    answer = book(program, token, **{field: value})
    problem = problem_of(answer, 422, "invalid")
    assert [each["field"] for each in problem["errors"]] == [field]
    assert stored(database) == (1, 0)


def test_somebody_nobody_can_reach_is_refused(program: FlaskClient) -> None:
    answer = book(program, hold(program).json["token"], mail=None, phone="")
    assert problem_of(answer, 422, "invalid")["errors"][0]["field"] == "mail"


@pytest.mark.parametrize(
    "key", ["short", "x" * 65, "has a space in the middle of it", "größer als ASCII erlaubt"]
)
def test_a_key_has_to_be_long_enough_to_be_nobody_elses(program: FlaskClient, key: str) -> None:
    answer = program.post("/api/v1/holds", json=TIME, headers={"Idempotency-Key": key})
    problem_of(answer, 422, "invalid")


def test_the_secret_shows_the_appointment_and_cancels_it(program: FlaskClient, database: Database) -> None:
    made = booked(program)
    address, headers = (
        f"/api/v1/appointments/{made['reference']}",
        {"Authorization": f"Bearer {made['secret']}"},
    )
    assert program.get(address, headers=headers).json == made
    assert program.get(address.lower(), headers=headers).json == made
    cancelled = program.delete(address, headers=headers)
    assert (cancelled.status_code, cancelled.json["state"]) == (200, "cancelled")
    assert program.delete(address, headers=headers).json == cancelled.json
    assert differences(database) == []


def test_an_appointment_that_is_over_is_not_cancelled(
    program: FlaskClient, clock: time_machine.Traveller
) -> None:
    made = booked(program)
    clock.shift(timedelta(days=2))
    headers = {"Authorization": f"Bearer {made['secret']}"}
    answer = program.delete(f"/api/v1/appointments/{made['reference']}", headers=headers)
    problem_of(answer, 409, "not_cancellable")


def test_without_the_right_secret_there_is_no_appointment(program: FlaskClient) -> None:
    made = booked(program)
    address = f"/api/v1/appointments/{made['reference']}"
    problem_of(program.get(address), 401, "not_signed_in")
    problem_of(program.delete(address, headers={"Authorization": "Basic abc"}), 401, "not_signed_in")
    wrong = {"Authorization": "Bearer wrong"}
    answers = [
        problem_of(program.get(address, headers=wrong), 404, "not_found"),
        problem_of(program.delete(address, headers=wrong), 404, "not_found"),
        problem_of(program.get("/api/v1/appointments/22222222", headers=wrong), 404, "not_found"),
    ]
    assert answers[0] == answers[1] == answers[2]
    problem_of(program.get("/api/v1/appointments/%00%00%00%00%00%00%00%00", headers=wrong), 422, "invalid")


def test_guessing_secrets_is_slowed_down_but_never_shuts_the_owner_out(program: FlaskClient) -> None:
    made = booked(program)
    address = f"/api/v1/appointments/{made['reference']}"
    statuses = [program.get(address, headers={"Authorization": "Bearer x"}).status_code for _ in range(61)]
    assert (statuses[0], statuses[59], statuses[60]) == (404, 404, 429)
    assert program.get(address, headers={"Authorization": f"Bearer {made['secret']}"}).status_code == 200
