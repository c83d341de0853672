"""What a visitor sees on the way from the door to the number."""

import re
import threading
from typing import Any

import pytest

from tests.kiosk.fake_office import FakeOffice, code
from tests.kiosk.lobby import KioskProcess, Visitor

DUE = {"service": "renewal", "due_at": "2026-11-23T09:30:00+00:00"}


def test_the_start_screen_has_two_doors_and_the_languages_by_their_own_names(visitor: Visitor) -> None:
    visitor.get("/en/")
    assert "I have an appointment" in visitor.text()
    assert "I have no appointment" in visitor.text()
    assert re.findall(r'href="(/\w\w/)" lang="\w\w"[^>]*><span[^>]*>([^<]+)<', visitor.page.text) == [
        ("/de/", "Deutsch"),
        ("/en/", "English"),
    ]


def test_a_walk_in_gets_the_first_number_and_the_next_the_second(
    office: FakeOffice, visitor: Visitor
) -> None:
    assert visitor.walk_in("pick-up") == "A001"
    assert "Card pick-up" in visitor.text()
    assert "Please take a seat. Your number appears on the screen, with a gong." in visitor.text()
    assert visitor.walk_in("emergency") == "A002"
    assert [entry["service"] for entry in office.ledger.values()] == ["pick-up", "emergency"]


@pytest.mark.parametrize("typed", ["K7M2PXQW", "k7m2 pxqw", "K7M2-PXQW"])
def test_a_code_checks_in_however_it_is_typed(office: FakeOffice, visitor: Visitor, typed: str) -> None:
    office.appointments[code("K7M2PXQ")] = DUE
    visitor.check_in(typed)
    assert visitor.number() == "A001"
    assert "Renewal" in visitor.text()
    assert "10:30" in visitor.text()
    assert [entry["code"] for entry in office.ledger.values()] == [code("K7M2PXQ")]


@pytest.mark.parametrize(
    ("refusal", "heading", "offers"),
    [
        ("unknown_code", "We do not find this code", ["/en/check-in", "/en/walk-in"]),
        ("too_early", "You are too early", []),
        ("wrong_day", "Your appointment is on another day", ["/en/walk-in"]),
        ("cancelled", "This appointment was cancelled", ["/en/walk-in", "/en/booking/"]),
        ("something_new", "Please go to the desk", []),
    ],
)
def test_a_refusal_has_a_screen_with_the_offices_sentence_and_an_offer(
    office: FakeOffice, visitor: Visitor, refusal: str, heading: str, offers: list[str]
) -> None:
    office.appointments[code("K7M2PXQ")] = {"refusal": refusal}
    visitor.check_in(code("K7M2PXQ"))
    assert visitor.heading() == heading
    assert f"The office says: {refusal}." in visitor.text()
    assert re.findall(r'kern-btn--primary kiosk-button" href="([^"]+)"', visitor.page.text) == offers
    assert "desk" in visitor.text()
    assert "kiosk-number" not in visitor.page.text


def test_who_is_checked_in_already_sees_the_first_number(office: FakeOffice, visitor: Visitor) -> None:
    office.appointments[code("K7M2PXQ")] = {"refusal": "already_checked_in", "ticket": "B017"}
    visitor.check_in(code("K7M2PXQ"))
    assert visitor.heading() == "You are already checked in"
    assert visitor.number() == "B017"


def test_a_concern_without_walk_ins_leads_to_the_booking_address(
    office: FakeOffice, visitor: Visitor
) -> None:
    visitor.get("/en/walk-in")
    assert 'href="/en/booking/renewal"' in visitor.page.text
    visitor.post("/en/walk-in", service="renewal", **visitor.form())
    assert visitor.heading() == "This concern needs an appointment"
    assert "https://office.example/book/musterstadt/" in visitor.text().replace(" ", "")
    assert 'aria-label="QR code of the booking page"' in visitor.page.text
    assert office.received == []


def test_the_same_form_sent_twice_is_one_number(office: FakeOffice, visitor: Visitor) -> None:
    visitor.get("/en/walk-in")
    form = visitor.form()
    shown = []
    for _ in range(2):
        visitor.post("/en/walk-in", service="pick-up", **form)
        shown.append(visitor.number())
    assert shown == ["A001", "A001"]
    assert len(office.ledger) == 1
    assert visitor.walk_in() == "A002"


def test_a_double_tap_at_the_same_moment_is_one_number(office: FakeOffice, kiosk: KioskProcess) -> None:
    visitor = Visitor(kiosk)
    visitor.get("/en/walk-in")
    form = visitor.form()
    session = visitor._session.cookies
    shown: list[str] = []

    def tap() -> None:
        hand = Visitor(kiosk)
        hand._session.cookies = session
        hand.post("/en/walk-in", service="pick-up", **form)
        shown.append(hand.number())

    taps = [threading.Thread(target=tap) for _ in range(4)]
    for each in taps:
        each.start()
    for each in taps:
        each.join(30)
    assert shown == ["A001"] * 4
    assert len(office.ledger) == 1


def test_a_reload_of_the_ticket_shows_the_same_number_and_draws_none(
    office: FakeOffice, visitor: Visitor
) -> None:
    visitor.walk_in()
    assert [step.status_code for step in visitor.page.history] == [303]
    path = "/en/" + visitor.page.url.partition("/en/")[2]
    visitor.get(path)
    assert visitor.number() == "A001"
    assert len(office.received) == 1


def test_nothing_of_the_last_visitor_is_left_on_the_start_screen(
    office: FakeOffice, visitor: Visitor
) -> None:
    before = _without_secrets(visitor.get("/").text)
    office.appointments[code("K7M2PXQ")] = DUE
    visitor.check_in(code("K7M2PXQ"), language="en")
    assert _without_secrets(visitor.get("/").text) == before
    assert code("K7M2PXQ") not in visitor.get("/en/check-in").text


def _without_secrets(page: str) -> str:
    return re.sub(r'name="(csrf_token|entry)" value="[^"]+"', "", page)


def test_an_unknown_ticket_leads_to_the_start(visitor: Visitor) -> None:
    visitor.get("/en/ticket/7e0fd4a5-6f0e-4c43-8d53-6e5d5f0a4a11")
    assert [step.headers["Location"] for step in visitor.page.history] == ["/"]


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_language_stays_from_the_start_to_the_number(
    office: FakeOffice, visitor: Visitor, language: str
) -> None:
    marked = f'<html lang="{language}" dir="ltr">'
    assert marked in visitor.get(f"/{language}/").text
    for door in re.findall(r'class="kiosk-door" href="([^"]+)"', visitor.page.text):
        assert door.startswith(f"/{language}/")
        assert marked in visitor.get(door).text
    visitor.walk_in("pick-up", language)
    assert marked in visitor.page.text
    assert visitor.page.url.partition("/ticket/")[0].endswith(f"/{language}")
    visitor.check_in(code("K7M2PXQ"), language)
    assert marked in visitor.page.text
    assert [entry["language"] for entries in office.received for entry in entries] == [language] * 2


def test_the_concerns_are_explained_in_the_visitors_language(visitor: Visitor) -> None:
    visitor.get("/de/walk-in")
    assert "Kartenabholung Kartenabholung, einfach gesagt." in visitor.text()
    visitor.get("/en/walk-in")
    assert "Card pick-up Your card is ready and you want to have it." in visitor.text()


def test_the_start_screen_is_in_the_offices_first_language_again(visitor: Visitor) -> None:
    visitor.walk_in(language="en")
    assert '<html lang="de"' in visitor.get("/").text


def test_a_language_the_office_does_not_have_has_no_pages(visitor: Visitor) -> None:
    assert visitor.get("/fr/").status_code == 404


def test_staff_see_since_when_the_office_is_out_of_reach(office: FakeOffice, visitor: Visitor) -> None:
    assert "Connected" in visitor.get("/en/").text
    office.close()
    visitor.walk_in()
    state: dict[str, Any] = visitor.get("/en/state").json()
    assert re.fullmatch(r"Offline since \d?\d:\d\d\s[AP]M · 1 entry waiting", state["text"])
    assert state["ready"] is True
