"""The main job through real pages, kiosk program and worker: book, check in, be called, be reminded."""

import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import ROOT, Demonstration

pytestmark = pytest.mark.browser

# One person has one appointment for a concern, and one phone gets no two text messages within a minute.
WHO = iter(
    (
        ("Amina Diallo", "+49 152 28817386"),
        ("Amina Keita", "+49 152 28817387"),
        ("Amina Touré", "+49 152 28817388"),
    )
)


def book(page: Page, demo: Demonstration) -> tuple[str, datetime]:
    """Book a renewal some days ahead; gives the booking code and the start."""
    page.goto(f"{demo.url}/book/musterstadt/")
    page.get_by_role(
        "link", name=re.compile("Renew your residence permit|Extend|renew", re.IGNORECASE)
    ).first.click()
    days = page.locator("a.month__day--free")
    days.nth(min(3, days.count() - 1)).click()
    slot = page.locator("button.slot").first
    start = datetime.fromisoformat(slot.get_attribute("value") or "")
    slot.click()
    name, phone = next(WHO)
    page.get_by_label("Full name").fill(name)
    for part, value in (("Day", "12"), ("Month", "3"), ("Year", "1991")):
        page.get_by_label(part).fill(value)
    page.get_by_label(re.compile("mail address", re.IGNORECASE)).fill("amina@mail.example")
    page.get_by_label("Mobile number").fill(phone)
    page.get_by_role("button", name="Book this appointment").click()
    expect(page.locator(".reference__code")).to_be_visible()
    return page.locator(".reference__code").inner_text(), start


def inbox(page: Page, demo: Demonstration, what: str, seconds: float = 30) -> str:
    """The demonstration's inbox as soon as it contains `what`."""
    deadline = time.monotonic() + seconds
    while True:
        page.goto(f"{demo.url}/demo/inbox")
        text = page.locator("main").inner_text()
        if what in text:
            return text
        assert time.monotonic() < deadline, f"{what!r} never came:\n{text}"
        page.wait_for_timeout(250)


def sign_in(page: Page, demo: Demonstration) -> None:
    page.goto(f"{demo.url}/desk/")
    page.get_by_label("User name").fill("miriam")
    page.get_by_label("Password").fill("willkommen-am-tresen")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Which counter are you at?")).to_be_visible()


def test_a_visitor_books_and_the_confirmation_arrives(
    visitor: BrowserContext, demonstration: Demonstration
) -> None:
    page = visitor.new_page()
    reference, start = book(page, demonstration)
    assert start > datetime.now(UTC)
    assert page.locator(".reference__qr svg, .reference__qr img").count() == 1
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("calendar", re.IGNORECASE)).first.click()
    calendar = Path(download.value.path()).read_text(encoding="utf-8")
    assert f"DTSTART;TZID=Europe/Berlin:{start.astimezone().strftime('%Y')}" in calendar
    text = inbox(page, demonstration, reference)
    assert "amina@mail.example" in text


def test_a_visitor_books_without_javascript(visitor: BrowserContext, demonstration: Demonstration) -> None:
    assert visitor.browser is not None
    plain = visitor.browser.new_context(java_script_enabled=False, locale="en-GB")
    reference, _ = book(plain.new_page(), demonstration)
    assert re.fullmatch(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}", reference)
    plain.close()


def test_the_day_before_a_reminder_arrives(visitor: BrowserContext, demonstration: Demonstration) -> None:
    page = visitor.new_page()
    reference, start = book(page, demonstration)
    sent = inbox(page, demonstration, reference).count(reference)
    # A second worker, for whom it is 23 hours before the appointment.
    ahead = start - timedelta(hours=23) - demonstration.now()
    worker = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "frontoffice",
            "--config",
            str(demonstration.folder / "config.toml"),
            "worker",
        ],
        cwd=ROOT,
        env=demonstration.environment(ahead),
    )
    try:
        deadline = time.monotonic() + 60
        while inbox(page, demonstration, reference).count(reference) < sent + 2:  # one by mail, one by SMS
            assert time.monotonic() < deadline, "no reminder"
            page.wait_for_timeout(250)
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0


def test_a_visitor_checks_in_is_called_and_leaves(
    visitor: BrowserContext, clerk: BrowserContext, wall: BrowserContext, demonstration: Demonstration
) -> None:
    guide = visitor.new_page()
    guide.goto(f"{demonstration.url}/demo/")
    code = guide.locator("strong.code").first.inner_text()

    kiosk = visitor.new_page()
    kiosk.set_viewport_size({"width": 810, "height": 1080})
    kiosk.goto(demonstration.kiosk)
    kiosk.get_by_role("link", name="English").click()
    kiosk.get_by_role("link", name=re.compile("I have an appointment")).click()
    kiosk.get_by_label("Code of your appointment").fill(code)
    kiosk.get_by_role("button", name="Check in").click()
    number = kiosk.locator(".kiosk-number").inner_text()
    assert re.fullmatch(r"A\d{3}", number)

    screen = wall.new_page()
    screen.goto(f"{demonstration.url}/screen/musterstadt/")
    expect(screen.locator("[data-state]")).to_have_text("Live")
    address = screen.evaluate("performance.timeOrigin")

    desk = clerk.new_page()
    sign_in(desk, demonstration)
    desk.get_by_role("button", name="Open counter 1").click()
    called = []
    while number not in called:
        assert len(called) < 40, f"{number} was never called, but {called}"
        desk.get_by_role("button", name="Call next").click()
        called.append(desk.locator(".visitor__ticket").inner_text())
        expect(screen.get_by_text(called[-1], exact=True)).to_be_visible()
        if called[-1] != number:
            desk.get_by_role("button", name="Nobody came").click()
    # Everybody called before is announced first, some seconds each; then it is this one's turn.
    expect(screen.locator("[data-ticket]")).to_have_text(number, timeout=90_000)
    expect(screen.locator("[data-current] [data-counter]")).to_have_text("1")
    assert screen.evaluate("performance.timeOrigin") == address, "the screen was loaded anew"
    desk.get_by_role("button", name="Call again").click()
    expect(desk.locator(".visitor__state")).to_have_text("Called 2 times")
    desk.get_by_role("button", name="Visitor is here").click()
    desk.get_by_role("button", name="Finish").click()
    expect(desk.get_by_role("button", name="Call next")).to_be_visible()
    desk.get_by_role("button", name="Close counter").click()
    expect(desk.get_by_role("button", name="Open counter 1")).to_be_visible()


def test_somebody_without_appointment_gets_a_number(
    wall: BrowserContext, demonstration: Demonstration
) -> None:
    kiosk = wall.new_page()
    kiosk.goto(demonstration.kiosk)
    kiosk.get_by_role("link", name="English").click()
    kiosk.get_by_role("link", name=re.compile("I have no appointment")).click()
    kiosk.locator("button.kiosk-concern").first.click()
    assert re.fullmatch(r"A\d{3}", kiosk.locator(".kiosk-number").inner_text())


def test_nothing_is_left_in_disorder(demonstration: Demonstration) -> None:
    settings = str(demonstration.folder / "config.toml")
    done = subprocess.run(
        [sys.executable, "-m", "frontoffice", "--config", settings, "doctor"],
        # A worker has gone ahead by days before.
        cwd=ROOT, env=demonstration.environment(timedelta(days=14)), capture_output=True, text=True, check=False,
    )  # fmt: skip
    (warning,) = done.stdout.splitlines()
    assert warning.startswith("demo.enabled is on"), done.stdout
