"""What a visitor sees on the way from the door to the number."""

import re
import threading
from typing import Any

import pytest

from kiosk import qr
from tests.kiosk.fake_office import FakeOffice, code
from tests.kiosk.hall import Hall, concerns, doors, offers
from tests.kiosk.lobby import KioskProcess, Visitor

CODE = code("K7M2PXQ")
DUE = {"service": "renewal", "due_at": "2026-11-23T09:30:00+00:00"}


def test_the_start_screen_has_its_doors_and_all_languages_by_their_own_names(guest: Visitor) -> None:
    guest.get("/en/")
    assert doors(guest) == ["/en/check-in", "/en/walk-in", "/en/card", "/en/information"]
    for words in ("I have an appointment", "I have no appointment", "Pick up my card", "Information"):
        assert words in guest.text()
    names = re.findall(
        r'href="/([\w-]+)/\?pressed=1" lang="[\w-]+"[^>]*><span[^>]*>([^<]+)<', guest.page.text
    )
    assert names == [
        ("de", "Deutsch"),
        ("de-simple", "Leichte Sprache"),
        ("en", "English"),
        ("uk", "Українська"),
        ("ru", "Русский"),
        ("ar", "العربية"),
        ("tr", "Türkçe"),
        ("fa", "فارسی / دری"),
        ("fr", "Français"),
        ("es", "Español"),
    ]
    assert '<html lang="ar" dir="rtl">' in guest.get("/ar/").text


def test_an_office_that_hands_out_no_cards_has_no_door_for_them(visitor: Visitor) -> None:
    visitor.get("/en/")
    assert doors(visitor) == ["/en/check-in", "/en/walk-in", "/en/information"]
    assert visitor.get("/en/card").status_code == 404


def test_a_walk_in_gets_the_first_number_and_the_next_the_second(
    office: FakeOffice, visitor: Visitor
) -> None:
    assert visitor.walk_in("pick-up") == "A001"
    assert "Card pick-up" in visitor.text()
    assert "Please take a seat. Your number appears on the screen, with a gong." in visitor.text()
    assert visitor.walk_in("emergency") == "A002"
    assert [entry["service"] for entry in office.ledger.values()] == ["pick-up", "emergency"]


def test_concerns_are_chosen_on_two_levels_at_most(hall: Hall, guest: Visitor) -> None:
    guest.get("/en/walk-in")
    # One that is alone in its topic needs no topic.
    assert concerns(guest) == ["Residence", "Work", "Card pick-up", "Emergency"]
    guest.get("/en/walk-in/stay")
    assert concerns(guest) == ["Advice about residence", "Renewal"]
    assert "Renewal, said simply." in guest.text()
    guest.post("/en/walk-in", service="advice", **guest.form())
    assert re.fullmatch(r"A\d{3}", guest.number())
    assert hall.latest()["service"] == "advice"
    assert guest.get("/en/walk-in/nothing").status_code == 404


def test_the_ticket_says_how_long_and_where_and_leads_to_the_phone(hall: Hall, guest: Visitor) -> None:
    guest.walk_in("emergency")
    assert "You will probably wait 10 to 25 minutes." in guest.text()
    assert "Please take a seat here: Room 12" in guest.text()
    assert 'aria-label="QR code of your ticket on the phone"' in guest.page.text
    hall.office.wait = {"low": 0, "high": 4}
    guest.walk_in("emergency")
    assert "You will be called in a few minutes." in guest.text()
    hall.office.wait = None
    guest.walk_in("emergency")
    assert "minutes" not in guest.text()
    hall.office.wait = {"low": 10, "high": 25}


def test_cut_off_the_ticket_has_the_range_that_was_told_last_for_the_concern(
    hall: Hall, guest: Visitor
) -> None:
    hall.office.close()
    try:
        guest.walk_in("advice")
        assert "You will probably wait 30 to 45 minutes." in guest.text()
        assert 'aria-label="QR code of your ticket on the phone"' in guest.page.text
        guest.walk_in("eat-pick-up")
        assert "minutes" not in guest.text()
    finally:
        hall.office.open()


def test_a_card_is_picked_up_with_an_appointment_or_with_a_number(hall: Hall, guest: Visitor) -> None:
    guest.get("/en/card")
    assert guest.heading() == "Pick up my card"
    assert "Form Card pick-up" in guest.text()
    assert offers(guest)[0] == "/en/check-in"
    guest.post("/en/walk-in", service="eat-pick-up", **guest.form())
    assert re.fullmatch(r"A\d{3}", guest.number())
    assert hall.latest()["service"] == "eat-pick-up"


def test_information_has_hours_address_and_what_to_bring(guest: Visitor) -> None:
    guest.get("/en/information")
    assert guest.text().count("08:00–12:00, 13:00–16:00") == 4
    assert "closed (public holiday)" in guest.text()
    assert "(today)" in guest.text()
    assert guest.page.text.count("<dt>") == 7
    assert "Rathausplatz 1 12345 Musterstadt" in guest.text()
    assert "/en/information/topic/stay" in guest.page.text
    guest.get("/en/information/topic/stay")
    assert concerns(guest) == ["Advice about residence", "Renewal"]
    guest.get("/en/information/renewal")
    assert "Passport Form Renewal" in guest.text()
    assert "You need an appointment for it." in guest.text()
    assert "/en/booking/renewal" in guest.page.text
    assert "Formular Verlängerung" in guest.get("/de/information/renewal").text


def test_where_no_documents_are_listed_nobody_is_told_to_bring_none(visitor: Visitor) -> None:
    visitor.get("/en/information/renewal")
    assert "Please ask at the desk what to bring." in visitor.text()


def test_a_concern_without_walk_ins_leads_to_the_booking_address(hall: Hall, guest: Visitor) -> None:
    before = len(hall.office.received)
    guest.get("/en/walk-in/stay")
    assert 'href="/en/booking/renewal"' in guest.page.text
    guest.post("/en/walk-in", service="renewal", **guest.form())
    assert guest.heading() == "This concern needs an appointment"
    assert "https://office.example/book/musterstadt/" in guest.text().replace(" ", "")
    assert 'aria-label="QR code of the booking page"' in guest.page.text
    guest.get("/en/booking/employer")
    assert "cannot be booked on the web. Please call +49 30 1234567" in guest.text()
    assert 'aria-label="QR code of the booking page"' not in guest.page.text
    assert len(hall.office.received) == before


def test_the_same_form_sent_twice_is_one_number(hall: Hall, guest: Visitor) -> None:
    before = len(hall.office.ledger)
    guest.get("/en/walk-in")
    form = guest.form()
    shown = set()
    for _ in range(2):
        guest.post("/en/walk-in", service="emergency", **form)
        shown.add(guest.number())
    assert len(shown) == 1
    assert len(hall.office.ledger) == before + 1
    assert guest.walk_in("emergency") not in shown


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


def test_a_reload_of_the_ticket_shows_the_same_number_and_draws_none(hall: Hall, guest: Visitor) -> None:
    number = guest.walk_in("emergency")
    before = len(hall.office.received)
    assert [step.status_code for step in guest.page.history] == [303]
    path = "/en/" + guest.page.url.partition("/en/")[2]
    guest.get(path)
    assert guest.number() == number
    assert len(hall.office.received) == before


def test_nothing_of_the_last_visitor_is_left_on_the_start_screen(hall: Hall, guest: Visitor) -> None:
    before = _without_secrets(guest.get("/").text)
    hall.office.appointments[CODE] = DUE
    guest.check_in(CODE, language="en")
    for switch in ("large", "contrast", "low", "aloud", "keys"):
        guest.post("/en/display", switch=switch, csrf_token=guest.form_token())
    assert "kiosk--large kiosk--contrast kiosk--low kiosk--aloud kiosk--keys" in guest.get("/en/").text
    assert _without_secrets(guest.get("/").text) == before
    assert CODE not in guest.get("/en/check-in").text
    assert 'class="kiosk"' in guest.page.text


def _without_secrets(page: str) -> str:
    return re.sub(r'name="(csrf_token|entry)" value="[^"]+"', "", page)


def test_the_display_is_switched_without_scripts_and_leads_back_to_the_same_screen(guest: Visitor) -> None:
    guest.get("/en/walk-in")
    guest.post("/en/display", switch="large", back="/en/walk-in", csrf_token=guest.form_token())
    assert guest.page.url.endswith("/en/walk-in")
    assert 'class="kiosk kiosk--large"' in guest.page.text
    assert 'value="large" aria-pressed="true"' in guest.page.text
    guest.post("/en/display", switch="large", back="/en/walk-in", csrf_token=guest.form_token())
    assert 'class="kiosk"' in guest.page.text
    for elsewhere in ("https://evil.example/", "//evil.example/", "/en/\\evil", "/de/", ""):
        guest.get("/en/walk-in")
        guest.post("/en/display", switch="large", back=elsewhere, csrf_token=guest.form_token())
        assert guest.page.history[0].headers["Location"] == "/en/"
    token = guest.form_token()
    assert guest.post("/en/display", switch="nothing", csrf_token=token).status_code == 400
    assert guest.post("/en/display", switch="large").status_code == 400


def test_an_unknown_ticket_leads_to_the_start(guest: Visitor) -> None:
    guest.get("/en/ticket/7e0fd4a5-6f0e-4c43-8d53-6e5d5f0a4a11")
    assert [step.headers["Location"] for step in guest.page.history] == ["/"]


@pytest.mark.parametrize("language", ["de", "en", "ar"])
def test_the_language_stays_from_the_start_to_the_number(hall: Hall, guest: Visitor, language: str) -> None:
    marked = f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">'
    assert marked in guest.get(f"/{language}/").text
    for door in doors(guest):
        assert door.startswith(f"/{language}/")
        assert marked in guest.get(door).text
    guest.walk_in("emergency", language)
    assert marked in guest.page.text
    assert guest.page.url.partition("/ticket/")[0].endswith(f"/{language}")
    guest.check_in(CODE, language)
    assert marked in guest.page.text
    assert [entries[-1]["language"] for entries in hall.office.received[-2:]] == [language] * 2


def test_who_booked_in_another_language_goes_on_in_it_after_scanning_the_code(
    hall: Hall, guest: Visitor
) -> None:
    hall.office.appointments[CODE] = DUE | {"language": "uk"}
    guest.get("/")
    assert '<html lang="de"' in guest.page.text
    guest.post("/de/check-in", code=CODE, **guest.form())  # as the start screen's scanner does
    assert '<html lang="uk" dir="ltr">' in guest.page.text
    assert "/uk/ticket/" in guest.page.url
    assert hall.latest()["language_chosen"] is False


def test_a_refusal_is_in_the_language_of_the_booking_too(hall: Hall, guest: Visitor) -> None:
    hall.office.appointments[CODE] = DUE | {"language": "uk", "refusal": "too_late"}
    guest.get("/")
    guest.post("/de/check-in", code=CODE, **guest.form())
    assert '<html lang="uk" dir="ltr">' in guest.page.text
    assert 'action="/uk/check-in"' in guest.page.text


@pytest.mark.parametrize("pressed", ["de", "en"])
def test_a_language_that_was_pressed_goes_before_that_of_the_booking(
    hall: Hall, guest: Visitor, pressed: str
) -> None:
    hall.office.appointments[CODE] = DUE | {"language": "uk"}
    guest.get("/")
    guest.get(f"/{pressed}/?pressed=1")
    guest.check_in(CODE, pressed)
    assert f'<html lang="{pressed}" dir="ltr">' in guest.page.text
    guest.get("/")
    guest.check_in(CODE, "de")
    assert '<html lang="uk" dir="ltr">' in guest.page.text, "the next visitor has pressed nothing"


def test_a_language_that_the_kiosk_does_not_have_leaves_the_screen_as_it_is(
    hall: Hall, guest: Visitor
) -> None:
    hall.office.appointments[CODE] = DUE | {"language": "ka"}
    guest.get("/")
    guest.check_in(CODE, "de")
    assert '<html lang="de" dir="ltr">' in guest.page.text


def test_a_code_for_the_phone_leads_on_in_the_language_that_was_chosen(guest: Visitor) -> None:
    for path, address in (("booking/", "book/musterstadt/"), ("remind-me", "remind-me/musterstadt/")):
        page = f"https://office.example/{address}"
        for language, leads_to in (("de", page), ("uk", f"{page}?speak=uk")):
            guest.get("/")
            code = qr.picture(leads_to).path
            assert code in guest.get(f"/{language}/{path}").text, (
                "nobody has chosen German, so the phone decides"
            )
            assert "speak" not in re.sub(r"<wbr>", "", guest.page.text), "typed it is short"


def test_the_start_screen_is_in_the_offices_first_language_again(guest: Visitor) -> None:
    guest.walk_in("emergency", language="en")
    assert '<html lang="de"' in guest.get("/").text


def test_a_language_the_office_does_not_have_has_no_pages(guest: Visitor) -> None:
    assert guest.get("/pl/").status_code == 404


def test_staff_see_since_when_the_office_is_out_of_reach(office: FakeOffice, visitor: Visitor) -> None:
    assert "Connected" in visitor.get("/en/").text
    office.close()
    visitor.walk_in()
    state: dict[str, Any] = visitor.get("/en/state").json()
    assert re.fullmatch(r"Offline since \d\d:\d\d · 1 entry waiting", state["text"])
    assert state["ready"] is True
