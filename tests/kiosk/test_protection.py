"""Bad input, missing tokens, headers: a clear screen, nothing stored, never a stack trace."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.kiosk.fake_office import FakeOffice
from tests.kiosk.lobby import KioskProcess, Visitor, pair

GOOD_ID = "7e0fd4a5-6f0e-4c43-8d53-6e5d5f0a4a11"
PAGES = [
    "/",
    "/en/",
    "/en/check-in",
    "/en/walk-in",
    "/en/booking/",
    "/en/booking/renewal",
    "/en/state",
    "/nothing",
]


@dataclass(frozen=True)
class Lobby:
    """An office and a kiosk for all tests here, because none of them may leave anything behind."""

    office: FakeOffice
    kiosk: KioskProcess


@pytest.fixture(scope="module")
def lobby(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lobby]:
    """The lobby, opened once."""
    office = FakeOffice()
    data = tmp_path_factory.mktemp("device")
    pair(office, data)
    kiosk = KioskProcess(data)
    kiosk.start()
    yield Lobby(office, kiosk)
    kiosk.kill()
    kiosk.forget_port()
    office.demolish()


@pytest.fixture
def visitor(lobby: Lobby) -> Visitor:
    """A visitor in this lobby, with a browser of their own."""
    return Visitor(lobby.kiosk)


def assert_nothing_was_stored(lobby: Lobby, visitor: Visitor) -> None:
    """Nothing of the program's inside on the screen, nothing of the visitor in journal or ledger."""
    assert "Traceback" not in visitor.page.text
    assert "Werkzeug" not in visitor.page.text
    assert lobby.office.received == []
    with sqlite3.connect(lobby.kiosk.data / "journal.db") as journal:
        assert journal.execute("SELECT * FROM entries").fetchall() == []
        assert journal.execute("SELECT * FROM numbers").fetchall() == []


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("", "Please enter the code of your appointment."),
        ("K7M2PXQA", "Please check the code: one of its characters is wrong."),
        ("K7M2PXQ", "Please check the code: it has 8 letters and digits."),
        ("K7M2PXQ0", "no 0, 1, I or O"),
        ("K7M2\x00PXQ\x1b", "Please check the code: it has only"),
        ("<script>alert(1)</script>", "Please check the code: it has only"),
        ("7" * 10_000, "Please check the code: it has 8 letters and digits."),
    ],
)
def test_a_wrong_code_is_said_beside_the_field_and_nothing_is_stored(
    lobby: Lobby, visitor: Visitor, typed: str, complaint: str
) -> None:
    assert visitor.check_in(typed).status_code == 422
    assert complaint in visitor.text()
    assert 'aria-describedby="code-error"' in visitor.page.text
    assert "<script>alert" not in visitor.page.text
    assert len(visitor.page.text) < 20_000
    assert_nothing_was_stored(lobby, visitor)


@pytest.mark.parametrize("service", ["", "no-such-service", "x" * 10_000, "pick-up\x00", "../../etc/passwd"])
def test_an_unknown_concern_asks_to_choose_again(lobby: Lobby, visitor: Visitor, service: str) -> None:
    visitor.get("/en/walk-in")
    visitor.post("/en/walk-in", service=service, **visitor.form())
    assert visitor.page.status_code == 422
    assert "Please choose one of these concerns." in visitor.text()
    assert_nothing_was_stored(lobby, visitor)


@pytest.mark.parametrize("path", ["/en/walk-in", "/en/check-in"])
def test_a_form_without_its_token_asks_to_start_again(lobby: Lobby, visitor: Visitor, path: str) -> None:
    visitor.get(path)
    visitor.post(path, service="pick-up", code="K7M2PXQW", entry=GOOD_ID)
    assert visitor.page.status_code == 400
    assert visitor.heading() == "Please start again"
    assert '<html lang="en"' in visitor.page.text
    assert_nothing_was_stored(lobby, visitor)


def test_another_browsers_token_is_worth_nothing(lobby: Lobby, visitor: Visitor) -> None:
    visitor.get("/en/walk-in")
    form = visitor.form()
    visitor._session.cookies.clear()
    visitor.post("/en/walk-in", service="pick-up", **form)
    assert visitor.page.status_code == 400
    assert_nothing_was_stored(lobby, visitor)


@pytest.mark.parametrize("entry", ["", "1", "x" * 10_000, "00000000-0000-0000-0000-000000000000"])
def test_an_entry_id_that_the_page_did_not_make_asks_to_start_again(
    lobby: Lobby, visitor: Visitor, entry: str
) -> None:
    visitor.get("/en/walk-in")
    visitor.post("/en/walk-in", service="pick-up", csrf_token=visitor.form()["csrf_token"], entry=entry)
    assert visitor.page.status_code == 400
    assert visitor.heading() == "Please start again"
    assert_nothing_was_stored(lobby, visitor)


def test_a_huge_form_is_turned_away(lobby: Lobby, visitor: Visitor) -> None:
    visitor.get("/en/check-in")
    visitor.post("/en/check-in", code="7" * 1_000_000, **visitor.form())
    assert visitor.page.status_code == 413
    assert visitor.heading() == "That was too much text"
    assert_nothing_was_stored(lobby, visitor)


@pytest.mark.parametrize(
    "path", ["/nothing", "/en/nothing", "/en/booking/nothing", "/en/%00", "/%2e%2e/journal.db"]
)
def test_an_unknown_address_has_a_clear_screen(visitor: Visitor, path: str) -> None:
    assert visitor.get(path).status_code == 404
    assert "kiosk-main" in visitor.page.text


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_the_strict_headers_and_no_inline_script_or_style(visitor: Visitor, path: str) -> None:
    page = visitor.get(path)
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; img-src 'self' data:;")
    assert "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "<style" not in page.text
    assert " style=" not in page.text
    assert " onclick=" not in page.text
    assert page.text.count("<script") == page.text.count('<script type="module" src="/static/js/kiosk.js">')
