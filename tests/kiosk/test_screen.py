"""The screen in a real browser: keypad, scanner, countdown, and what it looks like on the device's formats."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.kiosk.fake_office import FakeOffice, code
from tests.kiosk.lobby import ROOT, KioskProcess, Visitor, pair

CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
SIZES = {"portrait": (1080, 1920), "landscape": (1280, 800), "phone": (390, 844)}

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium found"),
    pytest.mark.skipif(
        not (ROOT / "assets/built/js/kiosk.js").exists(), reason="assets are not built: make build"
    ),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for all tests here."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about, such as a script that the security policy forbids."""
    return []


@pytest.fixture
def screen(browser: Browser, kiosk: KioskProcess, complaints: list[str]) -> Iterator[Page]:
    """The device's screen, upright, with a clock of its own that the test moves."""
    context = browser.new_context(
        viewport={"width": 1080, "height": 1920}, has_touch=True, base_url=kiosk.url
    )
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.clock.install()
    yield page
    context.close()


@pytest.fixture
def appointment(office: FakeOffice) -> str:
    """The code of an appointment of today."""
    reference = code("K7M2PXQ")
    office.appointments[reference] = {"service": "renewal", "due_at": "2026-11-23T09:30:00+00:00"}
    return reference


def number(page: Page) -> str:
    """The large number."""
    return page.locator(".kiosk-number").inner_text()


def draw_number(page: Page) -> None:
    """By touch, from the start."""
    page.goto("/en/")
    page.get_by_role("link", name="I have no appointment").tap()
    page.get_by_role("button", name="Card pick-up").tap()
    expect(page.get_by_role("heading")).to_have_text("Your number")


def test_a_number_is_drawn_by_touch_alone(screen: Page, complaints: list[str]) -> None:
    draw_number(screen)
    assert number(screen) == "A001"
    assert complaints == []


def test_the_code_is_typed_on_the_keypad(screen: Page, appointment: str) -> None:
    screen.goto("/en/check-in")
    for character in "X" + appointment[0]:
        screen.get_by_role("button", name=character, exact=True).tap()
    field = screen.get_by_label("Code of your appointment")
    expect(field).to_have_value("XK")
    for _ in range(3):
        screen.get_by_role("button", name="Delete").tap()
    expect(field).to_have_value("")
    for character in appointment:
        screen.get_by_role("button", name=character, exact=True).tap()
    screen.get_by_role("button", name="Check in", exact=True).tap()
    assert number(screen) == "A001"


@pytest.mark.parametrize("path", ["/en/", "/en/check-in"])
def test_the_scanner_types_the_code_and_enter(screen: Page, appointment: str, path: str) -> None:
    screen.goto(path)
    # Somebody has tapped beside the field.
    screen.get_by_role("heading").tap()
    screen.keyboard.type(appointment)
    screen.keyboard.press("Enter")
    assert number(screen) == "A001"


def test_everything_can_be_done_with_the_keyboard(screen: Page) -> None:
    screen.goto("/en/")
    _tab_to(screen, "I have no appointment")
    screen.keyboard.press("Enter")
    expect(screen.get_by_role("heading")).to_have_text("What is it about?")
    _tab_to(screen, "Card pick-up")
    screen.keyboard.press("Enter")
    assert number(screen) == "A001"
    _tab_to(screen, "Done")
    screen.keyboard.press("Enter")
    expect(screen.locator(".kiosk-door")).to_have_count(2)


def _tab_to(page: Page, name: str) -> None:
    page.wait_for_load_state()
    for _ in range(20):
        page.keyboard.press("Tab")
        if name in page.evaluate("document.activeElement.innerText"):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid", f"{name} does not show its focus"
            return
    raise AssertionError(f"{name} cannot be reached with the keyboard")


def test_without_scripts_code_and_number_work_too(
    browser: Browser, kiosk: KioskProcess, appointment: str
) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=kiosk.url)
    page = context.new_page()
    page.goto("/en/")
    page.get_by_role("link", name="I have an appointment").click()
    page.get_by_label("Code of your appointment").fill(appointment.lower())
    page.keyboard.press("Enter")
    assert number(page) == "A001"
    page.get_by_role("link", name="Done").click()
    page.goto("/en/walk-in")
    page.get_by_role("button", name="Card pick-up").click()
    assert number(page) == "A002"
    context.close()


def test_the_number_goes_away_by_itself(screen: Page) -> None:
    draw_number(screen)
    expect(screen.locator("[data-return-seconds]")).to_be_visible()
    screen.clock.run_for(31_000)
    expect(screen).to_have_url("/")
    screen.go_back()
    assert "A001" not in screen.content()


def test_a_visitor_can_ask_for_more_time(screen: Page) -> None:
    draw_number(screen)
    screen.clock.run_for(25_000)
    screen.get_by_role("button", name="I need more time").tap()
    screen.clock.run_for(60_000)
    assert number(screen) == "A001"


def test_a_touch_starts_the_time_anew_and_the_end_is_announced(screen: Page) -> None:
    screen.goto("/en/walk-in")
    announcement = screen.get_by_text("This screen is about to go back to the start.")
    expect(announcement).to_be_hidden()
    screen.clock.run_for(50_000)
    expect(announcement).to_be_visible()
    screen.get_by_role("heading").tap()
    screen.clock.run_for(1_000)
    expect(announcement).to_be_hidden()
    screen.clock.run_for(50_000)
    expect(screen.get_by_role("heading")).to_have_text("What is it about?")


def test_the_line_for_staff_follows_an_outage_without_reloading(
    screen: Page, office: FakeOffice, kiosk: KioskProcess
) -> None:
    screen.goto("/en/")
    expect(screen.locator("[data-state]")).to_have_text("Connected")
    screen.evaluate("document.body.dataset.loaded = 'once'")
    office.close()
    Visitor(kiosk).walk_in()
    screen.clock.run_for(10_500)
    expect(screen.locator("[data-state]")).to_contain_text("1 entry waiting")
    expect(screen.locator("[data-state]")).to_contain_text("Offline since")
    expect(screen.locator("body")).to_have_attribute("data-loaded", "once")


def test_a_screen_that_waits_for_staff_goes_on_by_itself(
    browser: Browser, office: FakeOffice, start: Callable[..., KioskProcess]
) -> None:
    kiosk = start(expected=503)
    page = browser.new_page()
    page.goto(f"{kiosk.url}/en/")
    expect(page.get_by_role("heading")).to_contain_text("set up")
    pair(office, kiosk.data)
    expect(page.locator(".kiosk-door")).to_have_count(2, timeout=20_000)
    page.close()


@pytest.mark.parametrize("size", SIZES)
def test_controls_are_large_and_nothing_is_cut_off(screen: Page, appointment: str, size: str) -> None:
    width, height = SIZES[size]
    screen.set_viewport_size({"width": width, "height": height})
    # German is long; on a phone people know that a page can be moved.
    for language in ("en", "de"):
        for path in ("", "check-in", "walk-in", "booking/renewal"):
            screen.goto(f"/{language}/{path}")
            _assert_controls_are_large(screen, path)
            # The list of concerns may be longer than the screen, and then has buttons to move it.
            buttons = screen.locator("[data-scroll]")
            fits = not _is_cut_off(screen) or (buttons.count() == 1 and buttons.is_visible())
            assert size == "phone" or fits, f"{language}: {path}"
        screen.goto(f"/{language}/check-in")
        screen.locator("#code").fill(appointment)
        screen.keyboard.press("Enter")
        assert number(screen).startswith("A00")
        _assert_controls_are_large(screen, "the ticket")
        assert size == "phone" or not _is_cut_off(screen), f"{language}: the ticket"


def _is_cut_off(page: Page) -> bool:
    return bool(page.evaluate("(m => m.scrollHeight > m.clientHeight + 1)(document.querySelector('main'))"))


def _assert_controls_are_large(page: Page, where: str) -> None:
    # With its stylesheets, which a page that a key has led to may still be loading.
    page.wait_for_load_state()
    small = page.evaluate(
        """() => [...document.querySelectorAll("a, button, input:not([type=hidden])")]
            .filter((e) => e.checkVisibility())
            .map((e) => [e.innerText || e.name, e.getBoundingClientRect()])
            .filter(([name, box]) => box.height < 64 || box.width < 64)
            .map(([name, box]) => `${name} ${box.width} x ${box.height}`)"""
    )
    assert small == [], f"too small on {where}"
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), f"too wide: {where}"
