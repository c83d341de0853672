"""The API of devices: what they are told of their office, and what they tell."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from frontoffice.booking.models import State
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.languages import SUPPORTED
from frontoffice.line import phone
from frontoffice.offices.models import Closure, Office
from frontoffice.staff import devices
from frontoffice.staff.models import Device, DeviceKind
from kiosk import digests, office_setup, offline
from kiosk.entries import Act
from kiosk.office_setup import Wait
from tests.line.parts import CREDENTIAL, appointment, kiosk, ticket
from tests.sample import PICK_UP, RENEWAL, sample_office

SETUP, APPOINTMENTS, STATE = (f"/api/v1/device/{path}" for path in ("setup", "appointments", "state"))
MINUTE = timedelta(minutes=1)
BORN = date(1990, 3, 27)  # of everybody in `parts.appointment`


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def device(database: Database, office: Office) -> Device:
    with database.write() as session:
        return kiosk(session, office)


def ask(client: FlaskClient, path: str = SETUP, run: str | None = None) -> dict[str, Any]:
    headers = bearer(CREDENTIAL.format(series="A")) | ({"Kiosk-Run": run} if run else {})
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json or {}
    return found


def tell(client: FlaskClient, **state: Any) -> TestResponse:
    told = {"printer": "ok", "waiting": 0, "stuck": 0} | state
    return client.post(STATE, json=told, headers=bearer(CREDENTIAL.format(series="A")))


def test_a_kiosk_is_told_all_it_needs_to_work_on_its_own(
    client: FlaskClient, database: Database, office: Office, device: Device, now: datetime
) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        for number in (7, 9):
            ticket(session, here, number, now)
        ticket(session, here, 30, now - timedelta(days=1))
        tuesday = now.date() + timedelta(days=1)
        session.add(Closure(office_id=here.id, day=tuesday, opens=time(9), closes=time(10), reason="Meeting"))
    told = ask(client)
    assert {
        name: told[name] for name in ("time", "rules", "last_number", "booking_url", "ticket_url", "doubled")
    } == {
        "time": "2026-11-23T07:00:00Z",
        "rules": {"early_minutes": 60, "too_late_minutes": 30},
        "last_number": {"date": "2026-11-23", "number": 9},
        "booking_url": "http://localhost/book/musterstadt/",
        "ticket_url": "http://localhost/ticket/",
        "doubled": False,
    }
    setup = office_setup.parse(told)
    assert (setup.office, setup.series, setup.last_number) == ("musterstadt", "A", (now.date(), 9))
    assert setup.address.street == "Rathausplatz 1"
    assert [(each.name("en"), [one.slug for one in each.services]) for each in setup.topics] == [
        ("Pick up my card", [PICK_UP]),
        ("My residence permit and passport", [RENEWAL]),
        ("Advice and emergencies", ["welcome-counselling"]),
    ]
    assert setup.pick_up is not None
    assert setup.pick_up.documents_in("en") == ("Passport", "Fee")
    assert setup.ticket_address("0ed0d4ee-76a2-4e0b-8c8e-ef5b2f1f0f55").endswith(
        "/0ed0d4ee76a24e0b8c8eef5b2f1f0f55"
    )
    monday, tuesday_hours, *_rest = setup.hours
    assert (monday.day, monday.spans) == (now.date(), ((time(8), time(12)),))
    assert tuesday_hours.spans == ((time(8), time(9)), (time(10), time(12)))
    assert [each.day.isoweekday() for each in setup.hours if not each.spans] == [6, 7, 6, 7]
    assert len(setup.hours) == 14


def test_the_hours_know_public_holidays(
    client: FlaskClient, device: Device, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime.fromisoformat("2026-12-25T08:00:00+01:00"))
    first, *_rest = office_setup.parse(ask(client)).hours
    assert (first.spans, first.holiday) == ((), True)


def test_the_list_of_today_lets_a_kiosk_decide_as_the_office_would(
    client: FlaskClient, database: Database, office: Office, device: Device, now: datetime
) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        there = sample_office(session, "nebenstadt")
        there.name = "Ausländerbehörde Nebenstadt"
        booked = {
            "fine": appointment(session, here, now + 10 * MINUTE),
            "early": appointment(session, here, now + 90 * MINUTE),
            "late": appointment(session, here, now - 40 * MINUTE),
            "gone": appointment(session, here, now + 20 * MINUTE, state=State.CANCELLED),
            "here": appointment(session, here, now + 30 * MINUTE, state=State.CHECKED_IN),
            "tomorrow": appointment(session, here, now + timedelta(days=1)),
            "elsewhere": appointment(session, there, now),
        }
        of_here = ticket(session, here, 4, now, service=0, due_at=booked["here"].start)
        of_here.appointment_id = booked["here"].id
    text = client.get(APPOINTMENTS, headers=bearer(CREDENTIAL.format(series="A"))).text
    for each in booked.values():
        assert each.reference not in text
    assert "Olena" not in text
    assert "1990" not in text
    today, setup = digests.parse(ask(client, APPOINTMENTS)), office_setup.parse(ask(client))

    def decide(moment: datetime = now, **what: Any) -> tuple[bool, str | None, str | None]:
        act = Act("id", moment, now.date(), "musterstadt", "A", "check_in", "en", **what)
        decision = offline.decide(act, setup, today, moment)
        result = decision.result
        return decision.refused, result.code, result.ticket or result.office or result.service

    found = {name: decide(code=each.reference) for name, each in booked.items()}
    assert found == {
        "fine": (False, None, RENEWAL),
        "early": (True, "too_early", RENEWAL),
        "late": (True, "too_late", RENEWAL),
        "gone": (True, "cancelled", RENEWAL),
        "here": (True, "already_checked_in", "A004"),
        "tomorrow": (False, None, None),  # not on the list, like one that was booked since
        "elsewhere": (True, "wrong_office", "Ausländerbehörde Nebenstadt, Rathausplatz 1, 12345 Musterstadt"),
    }
    assert decide(code=booked["late"].reference, late_ok=True) == (False, None, RENEWAL)
    assert decide(born=BORN, due=time(8, 10)) == (False, None, RENEWAL)
    assert decide(born=BORN, due=time(8, 11)) == (True, "unknown_birth", None)
    assert decide(born=BORN, due=time(8, 20)) == (True, "cancelled", RENEWAL)
    # A list of yesterday says nothing.
    next_day = now + timedelta(days=1)
    assert decide(next_day, code=booked["gone"].reference) == (False, None, None)
    assert decide(next_day, born=BORN, due=time(8, 10)) == (True, "not_now", None)


def test_an_unchanged_list_is_not_sent_again_and_its_key_is_the_devices_own(
    client: FlaskClient,
    database: Database,
    office: Office,
    device: Device,
    now: datetime,
    clock: time_machine.Traveller,
) -> None:
    with database.write() as session:
        booked = appointment(session, session.get_one(Office, office.id), now)
        other = kiosk(session, office, "B")
    first = ask(client, APPOINTMENTS)
    known = f"{APPOINTMENTS}?known={first['version']}"
    assert ask(client, known)["unchanged"] is True
    with database.write() as session:
        session.get_one(type(booked), booked.id).changed_at = now + MINUTE
    assert ask(client, known)["unchanged"] is False
    theirs = client.get(APPOINTMENTS, headers=bearer(CREDENTIAL.format(series=other.series))).json or {}
    clock.move_to(now + timedelta(days=1))
    assert len({first["key"], theirs["key"], ask(client, APPOINTMENTS)["key"]}) == 3
    assert first["appointments"][0]["code"] != theirs["appointments"][0]["code"]


def test_a_display_gets_no_list(
    client: FlaskClient, database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        _device, code = devices.add(
            session, session.get_one(Office, office.id), "Screen", DeviceKind.DISPLAY, now
        )
        credential = devices.pair(session, code, now)[1]
    assert client.get(APPOINTMENTS, headers=bearer(credential)).status_code == 403
    assert client.get(SETUP, headers=bearer(credential)).status_code == 200
    assert client.get(APPOINTMENTS).status_code == 401


def test_what_a_kiosk_tells_is_kept_and_a_change_of_its_printer_is_an_event(
    client: FlaskClient, database: Database, device: Device, now: datetime
) -> None:
    for state in (
        {},
        {"printer": "out_of_paper", "waiting": 3, "clock_ahead": -3600},
        {"printer": "out_of_paper"},
    ):
        assert tell(client, **state).status_code == 204
    with database.read() as session:
        kept = session.get_one(Device, device.id)
        found = session.scalars(
            select(Event.data).where(Event.kind == "device.printer").order_by(Event.number)
        ).all()
    assert (kept.printer, kept.printer_since, kept.told_at, kept.waiting) == ("out_of_paper", now, now, 0)
    assert found == [{"printer": "ok", "was": None}, {"printer": "out_of_paper", "was": "ok"}]


def test_what_is_no_state_is_refused(client: FlaskClient, device: Device) -> None:
    wrong: list[dict[str, Any]] = [
        {"printer": "on fire"},
        {"waiting": -1},
        {"stuck": "1"},
        {"clock_ahead": 2**31},
        {"more": 1},
    ]
    assert [tell(client, **each).status_code for each in wrong] == [422] * len(wrong)


def test_two_devices_with_one_pairing_are_noticed_and_pairing_anew_makes_it_clear(
    client: FlaskClient,
    database: Database,
    device: Device,
    now: datetime,
    clock: time_machine.Traveller,
) -> None:
    def hear(run: str, minutes: float) -> bool:
        clock.move_to(now + minutes * MINUTE)
        doubled: bool = ask(client, run=run)["doubled"]
        return doubled

    assert not hear("first start", 0)
    assert not hear("second start", 1)  # switched off and on
    assert not hear("first start", 1.25), "it may have been on its way"
    assert not hear("second start", 2)
    assert not hear("second start", 3)
    assert hear("first start", 4)
    assert hear("second start", 5)
    assert hear("first start", 5)
    with database.read() as session:
        [event] = session.scalars(select(Event).where(Event.kind == "device.doubled")).all()
    assert event.subject == f"device:{device.id}"
    with database.write() as session:
        code = devices.issue_code(session, session.get_one(Device, device.id), now)
    answer = client.post("/api/v1/device/pair", json={"code": code})
    assert answer.status_code == 201
    headers = bearer((answer.json or {})["credential"]) | {"Kiosk-Run": "first start"}
    assert (client.get(SETUP, headers=headers).json or {})["doubled"] is False
    old = client.get(SETUP, headers=bearer(CREDENTIAL.format(series="A")))
    assert old.status_code == 401, "the other one is signed off"


def test_who_stands_there_is_told_how_long_it_takes_and_where_to_sit(
    client: FlaskClient, database: Database, office: Office, device: Device, now: datetime
) -> None:
    drawn = {
        "id": "0ed0d4ee-76a2-4e0b-8c8e-ef5b2f1f0f55",
        "kind": "walk_in",
        "at": "2026-11-23T07:00:00Z",
        "date": "2026-11-23",
        "number": 1,
        "language": "en",
        "code": None,
        "service": PICK_UP,
        "handed_out": False,
    }
    headers = bearer(CREDENTIAL.format(series="A"))
    answer = client.post("/api/v1/device/journal", json={"entries": [drawn]}, headers=headers).json
    assert answer is not None
    [result] = answer["results"]
    assert result["room"] == "Wartezone A"
    assert result["wait"] is None or Wait(**result["wait"]).low <= Wait(**result["wait"]).high
    again = client.post(
        "/api/v1/device/journal", json={"entries": [drawn | {"handed_out": True}]}, headers=headers
    )
    [result] = (again.json or {})["results"]
    assert (result["ticket"], result["room"]) == ("A001", None)


def test_the_kiosk_is_told_to_go_on_in_the_language_of_the_booking(
    client: FlaskClient, database: Database, office: Office, device: Device, now: datetime
) -> None:
    with database.write() as session:
        booked = appointment(session, session.get_one(Office, office.id), now)  # in Ukrainian
    act = {
        "id": "0ed0d4ee-76a2-4e0b-8c8e-ef5b2f1f0f56",
        "kind": "check_in",
        "at": "2026-11-23T07:00:00Z",
        "date": "2026-11-23",
        "number": 1,
        "language": "de",
        "language_chosen": False,
        "code": booked.reference,
        "service": None,
        "handed_out": False,
    }
    again = act | {"id": "0ed0d4ee-76a2-4e0b-8c8e-ef5b2f1f0f57", "number": 2}
    answer = client.post(
        "/api/v1/device/journal",
        json={"entries": [act, again]},
        headers=bearer(CREDENTIAL.format(series="A")),
    )
    taken, refused = (answer.json or {})["results"]
    assert (taken["outcome"], taken["language"]) == ("accepted", "uk")
    assert (refused["code"], refused["language"]) == ("already_checked_in", "uk")
    assert "вже відмічено" in refused["sentence"]
    address = f"/ticket/{phone.token_of_entry(taken['id'])}"
    assert '<html lang="uk"' in client.get(address, headers={"Accept-Language": "de"}).text


def test_a_stolen_list_proves_neither_a_code_nor_a_date_of_birth(
    client: FlaskClient, database: Database, office: Office, device: Device, now: datetime
) -> None:
    with database.write() as session:
        booked = appointment(session, session.get_one(Office, office.id), now + 10 * MINUTE)
    told = ask(client, APPOINTMENTS)
    [each] = told["appointments"]
    key = bytes.fromhex(told["key"])
    assert each["code"] == digests.digest_of(key, "code", booked.reference)
    assert len(each["code"]) * 4 == 24, "2^35 codes: some 2,000 have the same"
    lives = [date(1926, 1, 1) + timedelta(days=n) for n in range(36500)]
    fit = [born for born in lives if digests.digest_of(key, "birth", f"{born} 08:10") == each["birth"]]
    assert BORN in fit
    assert 2 <= len(fit) <= 30, "more than one, and a wrong date hardly ever"


def test_only_languages_with_texts_are_offered(
    client: FlaskClient, database: Database, office: Office, device: Device
) -> None:
    for languages, told in (["ka", "en", "de"], ["en", "de"]), (["ka"], [*SUPPORTED]):
        with database.write() as session:
            session.get_one(Office, office.id).languages = languages
        assert ask(client)["office"]["languages"] == told
