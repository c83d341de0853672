"""The API for signing in, pairing and what a device needs to know."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient

from frontoffice.db import Database
from frontoffice.offices.models import Office
from frontoffice.staff import devices
from frontoffice.staff.models import Account, Device, DeviceKind
from tests.line.parts import CREDENTIAL, PASSWORD, account, kiosk

SESSIONS, PAIR, SETUP = "/api/v1/staff/sessions", "/api/v1/device/pair", "/api/v1/device/setup"


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def miriam(database: Database, office: Office) -> Account:
    with database.write() as session:
        return account(session)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_signing_in_gives_a_token_that_opens_the_staff_part(client: FlaskClient, miriam: Account) -> None:
    answer = client.post(SESSIONS, json={"username": "Miriam", "password": PASSWORD})
    assert answer.status_code == 201
    assert answer.json is not None
    assert answer.json["expires_at"] == "2026-11-23T17:00:00Z"
    counters = client.get("/api/v1/offices/musterstadt/counters", headers=bearer(answer.json["token"]))
    assert counters.status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"username": "miriam", "password": "a wrong one"}, 401, "wrong_credentials"),
        ({"username": "nobody", "password": PASSWORD}, 401, "wrong_credentials"),
        ({"username": "miriam"}, 422, "invalid"),
        ({"username": "miriam", "password": PASSWORD, "admin": True}, 422, "invalid"),
        ({"username": 1, "password": PASSWORD}, 422, "invalid"),
        ({"username": "mi\x00riam", "password": PASSWORD}, 422, "invalid"),
        ({"username": "m" * 61, "password": PASSWORD}, 422, "invalid"),
        ({"username": "miriam", "password": "\ud800"}, 422, "invalid"),
        ([], 422, "invalid"),
        ("x", 422, "invalid"),
    ],
)
def test_what_is_wrong_is_a_problem_and_no_token(
    client: FlaskClient, miriam: Account, body: object, status: int, code: str
) -> None:
    answer = client.post(SESSIONS, json=body)
    assert (answer.status_code, answer.json and answer.json["code"]) == (status, code)
    assert answer.mimetype == "application/problem+json"


def test_guessing_through_the_api_counts_like_guessing_on_the_page(
    client: FlaskClient, miriam: Account
) -> None:
    wrong = {"username": "miriam", "password": "a wrong guess"}
    answers = [client.post(SESSIONS, json=wrong).status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
    assert client.post(SESSIONS, json={"username": "miriam", "password": PASSWORD}).status_code == 429


def test_a_device_is_paired_once_and_then_knows_its_office(
    client: FlaskClient, database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        _device, code = devices.add(
            session, session.get_one(Office, office.id), "Left", DeviceKind.KIOSK, now
        )
    answer = client.post(PAIR, json={"code": code})
    assert answer.status_code == 201
    assert answer.json is not None
    assert answer.json["device"] == {"name": "Left", "series": "A", "kind": "kiosk"}
    assert answer.json["office"] == "musterstadt"
    setup = client.get(SETUP, headers=bearer(answer.json["credential"])).json
    again = client.post(PAIR, json={"code": code})
    assert (again.status_code, again.json and again.json["code"]) == (404, "wrong_code")
    assert setup is not None
    assert setup["office"]["slug"] == "musterstadt"
    assert setup["device"] == {"name": "Left", "series": "A"}
    assert [each["slug"] for each in setup["services"]] == [each.slug for each in office.services]


def test_services_out_of_use_are_not_offered_at_the_kiosk(
    client: FlaskClient, database: Database, office: Office
) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        kiosk(session, here)
        here.services[0].active = False
    setup = client.get(SETUP, headers=bearer(CREDENTIAL.format(series="A"))).json
    assert setup is not None
    assert [each["slug"] for each in setup["services"]] == [each.slug for each in office.services[1:]]


def test_codes_cannot_be_guessed_for_long(client: FlaskClient, office: Office) -> None:
    answers = [client.post(PAIR, json={"code": f"AAAA{number:04d}"}).status_code for number in range(21)]
    assert answers == [404] * 20 + [429]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"code": ""},
        {"code": None},
        {"code": "K7M2\x00XQ4"},
        {"code": "K" * 50},
        {"code": "K7M2PXQ4", "x": 1},
    ],
)
def test_a_malformed_code_is_not_even_looked_up(client: FlaskClient, office: Office, body: object) -> None:
    assert client.post(PAIR, json=body).status_code == 422


def test_asking_shows_that_the_device_is_alive(
    client: FlaskClient, database: Database, office: Office, now: datetime, clock: time_machine.Traveller
) -> None:
    with database.write() as session:
        device = kiosk(session, office)
    for minutes in (0, 10):
        clock.move_to(now + timedelta(minutes=minutes))
        client.get(SETUP, headers=bearer(CREDENTIAL.format(series="A")))
        with database.read() as session:
            assert session.get_one(Device, device.id).seen_at == now + timedelta(minutes=minutes)


def test_a_revoked_device_is_told_so(
    client: FlaskClient, database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        device = kiosk(session, office)
        devices.revoke(session, device.id, now)
    answer = client.get(SETUP, headers=bearer(CREDENTIAL.format(series="A")))
    assert (answer.status_code, answer.json and answer.json["code"]) == (401, "device_unknown")
