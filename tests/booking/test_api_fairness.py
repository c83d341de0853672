"""What the API asks of programs that hold and book: a proof of work, patience, one appointment for a person."""

import multiprocessing
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from frontoffice.booking import blocking
from frontoffice.booking.models import BlockedKind
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Office
from frontoffice.vault import Vault
from frontoffice.web.app import create_app
from tests.booking.programs import app_with, book, hold, problem_of, proof
from tests.booking.steps import differences

KEY = {"Idempotency-Key": "5f0c2c1e-8f2b-4b39-9d5b-1f2f9a6b7c11"}
LATER = "2026-11-24T09:00:00Z"
PATIENCE = 120  # seconds until a test that hangs fails
spawn = multiprocessing.get_context("spawn")


@pytest.fixture
def clock(planned: Office, now: datetime) -> Iterator[time_machine.Traveller]:
    """The clock stands at Monday, eight o'clock, until it is moved."""
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


def strict(config: Config, database: Database) -> FlaskClient:
    """A program at an office with small limits that asks for a proof of work."""
    return app_with(
        config,
        database,
        captcha="on",
        captcha_work=2,
        holds_without_proof=1,
        holds_per_network=4,
        bookings_per_network=2,
    ).test_client()


def test_without_a_proof_there_are_few_holds_and_with_one_more(
    config: Config, database: Database, clock: time_machine.Traveller
) -> None:
    program = strict(config, database)
    assert hold(program).status_code == 201
    assert "60 min" in problem_of(hold(program), 429, "proof_missing")["detail"].lower()
    assert hold(program, captcha=proof(program)).status_code == 201
    problem_of(hold(program, start=LATER, captcha="nonsense"), 422, "proof_refused")
    solved = proof(program)
    for start in (LATER, "2026-11-24T10:00:00Z"):
        assert hold(program, start=start, captcha=proof(program)).status_code == 201
    problem_of(hold(program, start=LATER, captcha=solved), 429, "too_many_from_network")
    clock.shift(timedelta(hours=1))
    assert hold(program, start=LATER, captcha=proof(program)).status_code == 201


def test_a_proof_is_good_for_one_request_but_for_its_repetition_too(
    config: Config, database: Database, clock: time_machine.Traveller
) -> None:
    program = strict(config, database)
    solved = proof(program)
    first = hold(program, headers=KEY, captcha=solved)
    again = hold(program, headers=KEY, captcha=solved)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    other = {"Idempotency-Key": "another-key-of-somebody"}
    problem_of(hold(program, start=LATER, captcha=solved), 422, "proof_refused")
    problem_of(hold(program, headers=other, start=LATER, captcha=solved), 422, "proof_refused")


def test_one_visitor_holds_one_time(
    config: Config, database: Database, client: FlaskClient, clock: time_machine.Traveller
) -> None:
    me, other = "my-own-random-value", "somebody-elses-value"
    first = hold(client, visitor=me)
    hold(client, visitor=other)
    assert hold(client, visitor=other, start=LATER).status_code == 201
    second = hold(client, visitor=me, start=LATER)
    assert (first.status_code, second.status_code) == (201, 201)
    assert [hold(client).status_code for _ in range(3)] == [201, 201, 409]
    assert differences(database) == []


def test_a_second_appointment_for_the_same_person_is_refused_with_a_way_out(
    client: FlaskClient, clock: time_machine.Traveller
) -> None:
    assert book(client, hold(client).json["token"]).status_code == 201
    token = hold(client, start=LATER).json["token"]
    detail = problem_of(book(client, token, name="KOWALENKO Olena"), 409, "already_coming")["detail"]
    assert "24.11.2026" in detail
    stranger = book(client, token, mail="somebody@example.org", phone=None)
    assert "24.11.2026" not in problem_of(stranger, 409, "already_coming")["detail"]
    sibling = book(client, token, name="Danylo Kowalenko")
    assert sibling.status_code == 201


def test_a_network_books_only_so_often(
    config: Config, database: Database, clock: time_machine.Traveller
) -> None:
    program = strict(config, database)
    tokens = [
        hold(program, start=f"2026-11-24T{hour}:00:00Z", captcha=proof(program)).json["token"]
        for hour in ("08", "09", "10")
    ]
    answers = [book(program, token, name=f"Child {token}") for token in tokens]
    assert [each.status_code for each in answers] == [201, 201, 429]
    problem_of(answers[2], 429, "too_many_from_network")


def test_who_is_blocked_is_told_to_call(
    database: Database, client: FlaskClient, clock: time_machine.Traveller, now: datetime
) -> None:
    token = hold(client).json["token"]
    with database.write() as session:
        for kind, value in ((BlockedKind.MAIL, "olena@example.org"), (BlockedKind.NETWORK, "127.0.0.0/24")):
            blocking.block(session, kind, value, "sold 40 appointments", None, now, actor="account:1")
    for answer in (book(client, token), hold(client, start=LATER)):
        detail = problem_of(answer, 409, "not_accepted")["detail"]
        assert "rufen Sie uns an" in detail
        assert "sold" not in detail
    assert book(client, token, mail=None).status_code == 201


def test_pressing_in_two_browsers_at_once_books_one_appointment(
    config: Config, database: Database, client: FlaskClient, clock: time_machine.Traveller, now: datetime
) -> None:
    days = range(24, 28)
    times = [
        [f"2026-11-{day}T{hour}:00:00Z" for day in days for hour in hours]
        for hours in (("07", "08"), ("09", "10"))
    ]
    tokens = [[hold(client, start=start).json["token"] for start in each] for each in times]
    barrier, answers = spawn.Barrier(len(tokens)), spawn.Queue()
    shared = (config.model_dump_json(), now, barrier, answers)
    browsers = [spawn.Process(target=_press, args=(each, *shared)) for each in tokens]
    for browser in browsers:
        browser.start()
    said = Counter(answers.get(timeout=PATIENCE) for each in tokens for _ in each)
    for browser in browsers:
        browser.join(PATIENCE)
        assert browser.exitcode == 0
    for number in range(len(tokens[0])):
        assert (said[number, "confirmed"], said[number, "already_coming"]) == (1, 1)
    assert differences(database) == []


def _press(tokens: list[str], settings: str, now: datetime, barrier: Barrier, answers: Any) -> None:
    config = Config.model_validate_json(settings)
    database = Database(config.database.url, Vault(config.site.secret_keys))
    browser = create_app(config, database).test_client()
    with time_machine.travel(now, tick=False):
        for number, token in enumerate(tokens):
            barrier.wait(PATIENCE)
            said = book(browser, token, name=f"Person {number}", mail=None, phone=f"+49151234567{number:02}")
            answer = said.get_json(force=True)
            answers.put((number, answer.get("state") or answer["code"]))
    database.close()
