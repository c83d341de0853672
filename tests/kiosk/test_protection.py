"""Bad input, missing tokens, headers: a clear screen, nothing stored, never a stack trace."""

import io
import logging
import re
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from gunicorn.config import Config

from kiosk import logs
from kiosk.device import Kiosk
from kiosk.logs import Log
from kiosk.settings import DataDirectory
from kiosk.web import create_app
from tests.kiosk.fake_office import FakeOffice
from tests.kiosk.hall import Hall
from tests.kiosk.lobby import Visitor, pair

GOOD_ID = "7e0fd4a5-6f0e-4c43-8d53-6e5d5f0a4a11"
PAGES = [
    "/",
    "/en/",
    "/ar/",
    "/en/check-in",
    "/en/check-in/without-code",
    "/en/walk-in",
    "/en/walk-in/stay",
    "/en/card",
    "/en/information",
    "/en/remind-me",
    "/en/information/topic/stay",
    "/en/information/advice",
    "/en/booking/",
    "/en/booking/renewal",
    f"/en/ticket/{GOOD_ID}",
    f"/en/ticket/{GOOD_ID}/paper",
    "/en/state",
    "/nothing",
]


@pytest.fixture
def visitor(hall: Hall) -> Visitor:
    """A visitor with a browser of their own; none of them may leave anything behind."""
    return hall.visitor()


def assert_nothing_was_stored(hall: Hall, visitor: Visitor) -> None:
    """Nothing of the program's inside on the screen, nothing of the visitor in journal or ledger."""
    assert "Traceback" not in visitor.page.text
    assert "Werkzeug" not in visitor.page.text
    assert hall.office.received == []
    with sqlite3.connect(hall.kiosk.data / "journal.db") as journal:
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
    hall: Hall, visitor: Visitor, typed: str, complaint: str
) -> None:
    assert visitor.check_in(typed).status_code == 422
    assert complaint in visitor.text()
    assert 'aria-describedby="code-error"' in visitor.page.text
    assert "<script>alert" not in visitor.page.text
    assert len(visitor.page.text) < 20_000
    assert_nothing_was_stored(hall, visitor)


@pytest.mark.parametrize("service", ["", "no-such-service", "x" * 10_000, "pick-up\x00", "../../etc/passwd"])
def test_an_unknown_concern_asks_to_choose_again(hall: Hall, visitor: Visitor, service: str) -> None:
    visitor.get("/en/walk-in")
    visitor.post("/en/walk-in", service=service, **visitor.form())
    assert visitor.page.status_code == 422
    assert "Please choose one of these concerns." in visitor.text()
    assert_nothing_was_stored(hall, visitor)


@pytest.mark.parametrize("path", ["/en/walk-in", "/en/check-in"])
def test_a_form_without_its_token_asks_to_start_again(hall: Hall, visitor: Visitor, path: str) -> None:
    visitor.get(path)
    visitor.post(path, service="pick-up", code="K7M2PXQW", entry=GOOD_ID)
    assert visitor.page.status_code == 400
    assert visitor.heading() == "Please start again"
    assert '<html lang="en"' in visitor.page.text
    assert_nothing_was_stored(hall, visitor)


def test_another_browsers_token_is_worth_nothing(hall: Hall, visitor: Visitor) -> None:
    visitor.get("/en/walk-in")
    form = visitor.form()
    visitor._session.cookies.clear()
    visitor.post("/en/walk-in", service="pick-up", **form)
    assert visitor.page.status_code == 400
    assert_nothing_was_stored(hall, visitor)


@pytest.mark.parametrize("entry", ["", "1", "x" * 10_000, "00000000-0000-0000-0000-000000000000"])
def test_an_entry_id_that_the_page_did_not_make_asks_to_start_again(
    hall: Hall, visitor: Visitor, entry: str
) -> None:
    visitor.get("/en/walk-in")
    visitor.post("/en/walk-in", service="pick-up", csrf_token=visitor.form()["csrf_token"], entry=entry)
    assert visitor.page.status_code == 400
    assert visitor.heading() == "Please start again"
    assert_nothing_was_stored(hall, visitor)


def test_a_huge_form_is_turned_away(hall: Hall, visitor: Visitor) -> None:
    visitor.get("/en/check-in")
    visitor.post("/en/check-in", code="7" * 1_000_000, **visitor.form())
    assert visitor.page.status_code == 413
    assert visitor.heading() == "That was too much text"
    assert_nothing_was_stored(hall, visitor)


@pytest.mark.parametrize(
    "path", ["/nothing", "/en/nothing", "/en/booking/nothing", "/en/%00", "/%2e%2e/journal.db"]
)
def test_an_unknown_address_has_a_clear_screen(visitor: Visitor, path: str) -> None:
    assert visitor.get(path).status_code == 404
    assert "kiosk-main" in visitor.page.text


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_the_strict_headers_and_no_inline_script_or_style(visitor: Visitor, path: str) -> None:
    page = visitor.get(path)
    assert page.status_code == (404 if path == "/nothing" else 200)
    assert_strict(page.headers, page.text)


def test_every_screen_while_numbers_are_not_given_is_as_strict(office: FakeOffice, data: Path) -> None:
    early = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    office.extra = {"numbers": {"early_minutes": None, "closes_early_at": early}}
    pair(office, data)
    kiosk = Kiosk(DataDirectory(data))
    assert kiosk.refresh.fetch(DataDirectory(data).pairing() or pytest.fail("not paired"))
    browser = create_app(kiosk).test_client()
    for path in ("/", "/de/walk-in", "/en/walk-in", "/en/state"):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert_strict(answer.headers, answer.text)
    assert b"No more numbers are given today" in browser.get("/en/walk-in").data


def test_in_trouble_every_screen_asks_for_staff_and_nothing_can_be_done(data: Path) -> None:
    browser = create_app(Kiosk(DataDirectory(data))).test_client()
    for path in PAGES:
        answer = browser.get(path)
        assert_strict(answer.headers, answer.text)
        if path == "/en/state":
            assert answer.json is not None
            assert answer.json["ready"] is False
        elif path != "/nothing":
            assert answer.status_code == 503, path
            assert "frontoffice-kiosk pair" in answer.text
            assert "<form" not in answer.text
    for path in (
        "/en/check-in",
        "/en/check-in/without-code",
        "/en/walk-in",
        "/en/ticket/print",
        "/en/display",
    ):
        assert browser.post(path, data={"entry": GOOD_ID}).status_code in (400, 503), path


SECRET = f"/en/ticket/{GOOD_ID} of zoe@mail.example"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the program writes, as it sets its log up."""
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    written = io.StringIO()
    logs.configure(written)
    yield written
    root.handlers[:] = before[1]
    root.setLevel(before[0])


def test_an_error_leaves_its_kind_and_place_in_the_log_and_nothing_of_its_text(
    data: Path, log: io.StringIO
) -> None:
    app = create_app(Kiosk(DataDirectory(data)))
    app.add_url_rule("/fails/<path:what>", view_func=_fail)
    assert app.test_client().get(f"/fails{SECRET}").status_code == 500
    logging.getLogger("urllib3.connection").warning("Connection to %s failed %d times", SECRET, 3)
    written = log.getvalue()
    assert "A page failed\nLookupError\n" in written
    assert "test_protection.py" in written
    assert "Connection to … failed 3 times" in written
    assert_tells_nothing(written)


def test_what_the_web_server_cannot_read_is_logged_without_its_text(log: io.StringIO) -> None:
    gunicorn = Log(Config())
    gunicorn.warning("Invalid request from ip=127.0.0.9: " + SECRET)
    try:
        _fail(SECRET)
    except LookupError:
        gunicorn.exception("Error handling request %s", SECRET)
    written = log.getvalue()
    assert "Invalid request\n" in written
    assert "Error handling request …\nLookupError\n" in written
    assert "127.0.0.9" not in written
    assert_tells_nothing(written)


def _fail(what: str) -> str:
    raise LookupError(what)


def assert_tells_nothing(written: str) -> None:
    """Neither who it was about nor the secret that is in an address."""
    assert "zoe" not in written
    assert GOOD_ID not in written


def assert_strict(headers: Mapping[str, str], text: str) -> None:
    """Nothing is loaded from elsewhere, nothing kept, and no script or style stands on the page itself."""
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; img-src 'self' data:;")
    assert "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    allowed = headers["Permissions-Policy"].split(", ")
    assert "camera=(self)" in allowed  # it reads codes
    assert {"geolocation=()", "microphone=()", "payment=()", "usb=()", "serial=()"} <= set(allowed)
    assert "<style" not in text
    assert " style=" not in text
    assert not re.search(r"\son[a-z]+=", text)
    assert text.count("<script") == text.count('<script type="module" src="/static/js/kiosk.js">')
