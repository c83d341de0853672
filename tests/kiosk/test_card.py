"""Where is my card? Asked of the office, shown, and gone."""

from tests.kiosk.hall import Hall
from tests.kiosk.lobby import Visitor

WHERE = "/en/card/where"
READY: dict[str, str | None] = {
    "state": "ready",
    "title": "Your card is ready",
    "meaning": "You can pick it up.",
    "to_do": "Please book a time.",
    "usually_said": None,
}

LEAFLET = "https://office.example/card/of/gAAAAABpLZ_x-1"
LINES = "ARD<<C01X0006H1<<<<<<<<<<<<<<< 9103274F3107014UKR<<<<<<<<<<<6"


def ask(guest: Visitor, number: str = "C01X0006H", born: str = "27031991") -> None:
    guest.get(WHERE)
    guest.post(WHERE, number=number, born=born, csrf_token=guest.form_token())


def test_the_office_is_asked_and_its_answer_shown(hall: Hall, guest: Visitor) -> None:
    hall.office.card = (200, READY)
    guest.get("/en/card")
    assert f'href="{WHERE}"' in guest.page.text
    ask(guest)
    assert hall.office.asked[-1] == {"number": "C01X0006H", "born": "1991-03-27", "language": "en"}
    assert guest.heading() == "Your card is ready"
    for shown in ("C01X0006H", "1991", "2703"):
        assert shown not in guest.page.text, "nothing of what was typed stays on the screen"
    assert 'data-return="45"' in guest.page.text
    assert guest.page.headers["Cache-Control"] == "no-store"


def test_what_the_office_does_not_know_is_said(hall: Hall, guest: Visitor) -> None:
    hall.office.card = (404, {"status": 404, "detail": "We found no card."})
    ask(guest)
    assert (guest.page.status_code, "We found no card." in guest.text()) == (404, True)


def test_without_a_date_nobody_is_asked(hall: Hall, guest: Visitor) -> None:
    before = len(hall.office.asked)
    for number, born in (("", "27031991"), ("C01X0006H", "2703"), ("C01X0006H", "x" * 99)):
        ask(guest, number, born)
        assert guest.page.status_code == 422
    assert len(hall.office.asked) == before


def test_without_the_office_the_desk_helps(hall: Hall, guest: Visitor) -> None:
    hall.office.mode = "error"
    try:
        ask(guest)
        assert (guest.page.status_code, "ask at the desk" in guest.text()) == (503, True)
    finally:
        hall.office.mode = "normal"


def test_the_leaflet_is_scanned_and_the_date_typed(hall: Hall, guest: Visitor) -> None:
    hall.office.card = (200, READY)
    before = len(hall.office.asked)
    ask(guest, LEAFLET, "")
    assert (guest.page.status_code, len(hall.office.asked)) == (200, before)
    assert "Your leaflet was read" in guest.text()
    assert LEAFLET not in guest.text()
    guest.post(WHERE, number=LEAFLET, born="27031991", csrf_token=guest.form_token())
    assert hall.office.asked[-1] == {"number": LEAFLET, "born": "1991-03-27", "language": "en"}
    ask(guest, LEAFLET, "2703")
    assert (guest.page.status_code, "Your leaflet was read" in guest.text()) == (422, True)


def test_machine_readable_lines_say_the_date_themselves(hall: Hall, guest: Visitor) -> None:
    hall.office.card = (200, READY)
    ask(guest, LINES, "")
    assert hall.office.asked[-1] == {"number": LINES, "born": "", "language": "en"}
