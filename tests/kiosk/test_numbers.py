"""People without appointment while no numbers are given: what the device decides, and what its screens say."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from kiosk import clock, numbers, office_setup
from kiosk.web import create_app
from tests.kiosk.fake_office import FakeOffice, code
from tests.kiosk.test_offline import ZONE, Lobby, at_noon, expected, later, list_of

__all__ = ["at_noon"]

MINUTE = timedelta(minutes=1)
MONDAY = datetime(2026, 11, 23, tzinfo=ZONE)


def hours(day: datetime, *spans: str) -> dict[str, Any]:
    """When the office is open on a day."""
    opens_closes = [dict(zip(("opens", "closes"), span.split("-"), strict=True)) for span in spans]
    return {"date": day.date().isoformat(), "spans": opens_closes, "holiday": False}


def told(
    early_minutes: int | None = 30, closes_early_at: datetime | None = None, **more: Any
) -> dict[str, Any]:
    """What the office says about numbers."""
    early = closes_early_at.isoformat() if closes_early_at else None
    return {"numbers": {"early_minutes": early_minutes, "closes_early_at": early}, **more}


@pytest.fixture
def said(office: FakeOffice) -> Callable[..., tuple[str, str, str]]:
    """How it stands on Monday at a time, since when and until when."""

    def said(at: str, **what: Any) -> tuple[str, str, str]:
        days = [
            hours(MONDAY, "08:00-12:00", "13:00-16:00"),
            hours(MONDAY + timedelta(days=1)),
            hours(MONDAY + timedelta(days=2), "18:00-00:00"),
        ]
        setup = office_setup.parse(office.setup() | {"hours": days} | told(**what))
        moment = MONDAY + timedelta(hours=int(at[:2]), minutes=int(at[3:]))
        found = numbers.at(setup, moment)
        return found.standing, *(
            f"{each:%d. %H:%M}" if each else "" for each in (found.ended_at, found.next_at)
        )

    return said


def test_the_hours_decide_and_closing_early_and_breaks_do_not_matter(
    said: Callable[..., tuple[str, str, str]],
) -> None:
    assert said("07:29") == ("yet", "", "23. 07:30")
    assert said("07:30") == said("12:30") == said("15:59") == ("given", "", "")
    assert said("16:00") == ("over", "23. 16:00", "25. 17:30")
    assert said("30:00") == ("over", "", "25. 17:30"), "closed on Tuesday"
    assert said("71:59") == ("given", "", ""), "until midnight"
    assert said("80:00") == ("given", "", ""), "nothing is known of Thursday"
    early = MONDAY + timedelta(hours=11)
    assert said("10:59", closes_early_at=early) == ("given", "", "")
    assert said("11:00", closes_early_at=early) == ("over", "23. 11:00", "25. 17:30")
    assert said("65:30", closes_early_at=early) == ("given", "", ""), "that was on Monday"
    assert said("11:00", closes_early_at=early, early_minutes=None) == ("over", "23. 11:00", "")
    assert said("03:00", early_minutes=None) == ("given", "", "")


@pytest.fixture
def lobby(office: FakeOffice, data: Path) -> Lobby:
    """A device whose office closes early, in ten minutes."""
    today = clock.now().astimezone(ZONE)
    days = [hours(today + timedelta(days=day), "08:00-16:00") for day in range(3)]
    office.extra = told(closes_early_at=today + 10 * MINUTE, hours=days)
    return Lobby(office, data)


def test_cut_off_the_device_keeps_to_what_it_was_told_also_after_a_restart(
    lobby: Lobby, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked = code("K7M2PXA")
    lobby.office.today = list_of(expected(booked, clock.now() + 30 * MINUTE))
    lobby.refresh()
    lobby.office.close()
    assert lobby.outcome(service="pick-up") == (True, None, "pick-up")
    later(monkeypatch, 11)
    assert lobby.outcome(service="pick-up") == (False, "no_more_numbers", "pick-up")
    lobby.restart()
    assert lobby.outcome(service="pick-up") == (False, "no_more_numbers", "pick-up")
    assert lobby.outcome(code=booked) == (True, None, "renewal")
    later(monkeypatch, 24 * 60)
    assert lobby.outcome(service="pick-up") == (True, None, "pick-up"), "the next day it is as usual"
    lobby.office.open()
    lobby.kiosk.delivery.deliver()
    assert [entry["number"] for entry in lobby.office.ledger.values()] == [1, 4, 1], (
        "the refused are not sent"
    )


def see(browser: FlaskClient, path: str) -> str:
    """The page."""
    answer = browser.get(path)
    assert answer.status_code == 200, path
    return answer.text


def test_the_screens_say_until_when_and_what_to_do_instead(
    lobby: Lobby, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = create_app(lobby.kiosk).test_client()
    assert "Take a number" in see(browser, "/en/")
    assert 'name="service"' in see(browser, "/en/walk-in")
    assert browser.get("/en/state").json == {"ready": True, "numbers": True, "text": "Connected"}
    later(monkeypatch, 11)
    start, page = see(browser, "/en/"), see(browser, "/en/walk-in")
    assert "Take a number" not in start
    assert "No more numbers today" in start
    assert "/en/check-in" in start
    assert 'name="service"' not in page
    assert "No more numbers are given today" in page
    assert "Numbers were given until 12:10." in page
    assert "The next numbers are given on " in page
    assert "from 07:30 on." in page
    assert "office.example/" in page.replace("<wbr>", "")
    assert "kiosk-qr" in page
    assert "/en/check-in" in page
    assert browser.get("/en/state").json == {"ready": True, "numbers": False, "text": "Connected"}


def test_a_number_asked_for_on_a_screen_that_was_open_before_is_refused_in_words(
    lobby: Lobby, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = create_app(lobby.kiosk).test_client()
    browser.application.config["WTF_CSRF_ENABLED"] = False
    entry_id = "7e0fd4a5-6f0e-4c43-8d53-6e5d5f0a4a11"
    lobby.office.close()
    later(monkeypatch, 11)
    answer = browser.post(
        "/en/walk-in", data={"service": "pick-up", "entry": entry_id}, follow_redirects=True
    )
    assert "No more numbers are given today" in answer.text
    assert "Numbers were given until 12:10." in answer.text
    assert "/en/booking/pick-up" in answer.text
    assert "/en/walk-in" not in answer.text.replace("/en/walk-in/", "")
    assert lobby.kiosk.journal.find(entry_id) is not None
