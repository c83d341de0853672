"""Checking in with an appointment: by code, by date of birth and time, and when it is not to be."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.kiosk.fake_office import FakeOffice, code
from tests.kiosk.hall import Hall, offers
from tests.kiosk.lobby import Visitor

CODE = code("K7M2PXQ")
DUE = {"service": "renewal", "due_at": "2026-11-23T09:30:00+00:00"}


@pytest.mark.parametrize("typed", ["K7M2PXQW", "k7m2 pxqw", "K7M2-PXQW"])
def test_a_code_checks_in_however_it_is_typed(hall: Hall, guest: Visitor, typed: str) -> None:
    hall.office.appointments[CODE] = DUE
    guest.check_in(typed)
    assert re.fullmatch(r"A\d{3}", guest.number())
    assert "Renewal" in guest.text()
    assert "Your appointment is at 10:30." in guest.text()
    assert hall.latest()["code"] == CODE


def test_who_has_forgotten_the_code_is_found_by_date_of_birth_and_time(hall: Hall, guest: Visitor) -> None:
    hall.office.appointments["1990-03-07 09:30"] = DUE
    guest.get("/en/check-in")
    assert 'href="/en/check-in/without-code"' in guest.page.text
    for born, due in [
        ("07031990", "0930"),
        ("7.3.1990", "9:30"),
        ("07 03 1990", "930"),
        ("19900307", "0930"),
        ("1990-03-07", "0930"),
    ]:
        guest.get("/en/check-in/without-code")
        guest.post("/en/check-in/without-code", born=born, due=due, **guest.form())
        assert re.fullmatch(r"A\d{3}", guest.number())
        assert (hall.latest()["born"], hall.latest()["due"]) == ("1990-03-07", "09:30")
        assert hall.latest()["code"] is None
    guest.get("/en/check-in/without-code")
    guest.post("/en/check-in/without-code", born="08031990", due="0930", **guest.form())
    assert guest.heading() == "We do not find this appointment"
    assert offers(guest) == ["/en/check-in/without-code", "/en/check-in", "/en/walk-in"]


def test_what_is_no_date_and_no_time_is_said_beside_its_field(hall: Hall, guest: Visitor) -> None:
    before = len(hall.office.received)
    for born, due in [
        ("", ""),
        ("31021990", "2500"),
        ("07039999", "0960"),
        ("070390", "9"),
        ("x" * 9999, "٩٩:٩٩"),
    ]:
        guest.get("/en/check-in/without-code")
        guest.post("/en/check-in/without-code", born=born, due=due, **guest.form())
        assert guest.page.status_code == 422
        assert "Please enter your date of birth" in guest.text()
        assert "Please enter the time of your appointment" in guest.text()
        assert len(guest.page.text) < 20_000
    guest.post("/en/check-in/without-code", born="07031990", due="", **guest.form())
    assert 'value="07031990"' in guest.page.text
    assert len(hall.office.received) == before


IN_TWO_HOURS = datetime.now(UTC) + timedelta(hours=2)


@pytest.mark.parametrize(
    ("appointment", "heading", "fact", "offered"),
    [
        (
            {"refusal": "unknown_code"},
            "We do not find this code",
            "compare it with your confirmation",
            ["/en/check-in", "/en/check-in/without-code", "/en/walk-in"],
        ),
        (
            {"refusal": "too_early", "due_at": IN_TWO_HOURS.isoformat()},
            "You are too early",
            "Please wait here and come back to this device from",
            ["/", "/en/walk-in"],
        ),
        (
            {"refusal": "wrong_day", "due_at": "2031-01-07T09:30:00+00:00"},
            "Your appointment is on another day",
            "It was made for Tuesday, 7 January at 10:30.",
            ["/en/walk-in"],
        ),
        (
            {"refusal": "wrong_office", "office": "Welcome Centre"},
            "Your appointment is at another office",
            "It is at: Welcome Centre",
            ["/en/walk-in"],
        ),
        (
            {"refusal": "already_checked_in", "ticket": "B017"},
            "You are already checked in",
            "This appointment has its number.",
            ["/"],
        ),
        (
            {"refusal": "cancelled", "service": "renewal"},
            "This appointment was cancelled",
            "The time is no longer kept for you.",
            ["/en/walk-in", "/en/booking/renewal"],
        ),
        ({"refusal": "something_new"}, "Please go to the desk", "This device cannot give you a number", []),
    ],
)
def test_each_refusal_has_a_screen_of_its_own_and_an_offer(
    hall: Hall, guest: Visitor, appointment: dict[str, Any], heading: str, fact: str, offered: list[str]
) -> None:
    hall.office.appointments[CODE] = appointment
    guest.check_in(CODE)
    assert guest.heading() == heading
    assert fact in guest.text()
    assert offers(guest) == offered
    assert "go to the desk" in guest.text()
    if "ticket" in appointment:
        assert guest.number() == appointment["ticket"]
    else:
        assert "kiosk-number" not in guest.page.text


def test_the_offices_own_sentence_comes_before_the_kiosks(office: FakeOffice, visitor: Visitor) -> None:
    office.appointments[CODE] = {"refusal": "wrong_day"}
    visitor.check_in(CODE)
    assert "The office says: wrong_day." in visitor.text()


@pytest.mark.parametrize("way", ["code", "birth"])
def test_who_is_late_can_wait_all_the_same(hall: Hall, guest: Visitor, way: str) -> None:
    known = CODE if way == "code" else "1990-03-07 09:30"
    hall.office.appointments[known] = dict(DUE)
    hall.office.late.add(known)
    if way == "code":
        guest.check_in(CODE)
    else:
        guest.get("/en/check-in/without-code")
        guest.post("/en/check-in/without-code", born="07031990", due="0930", **guest.form())
    assert guest.heading() == "Your appointment is over"
    assert "It was at 10:30." in guest.text()
    assert offers(guest) == ["I wait all the same", "/en/walk-in", "/en/booking/renewal"]
    form = re.search(
        r'<form method="post" action="(/en/check-in[^"]*)".*?</form>', guest.page.text, re.DOTALL
    )
    assert form
    guest.post(form[1], **dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0])))
    assert re.fullmatch(r"A\d{3}", guest.number())
    assert hall.latest()["late_ok"] is True
