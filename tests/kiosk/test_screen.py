"""The screen in a real browser: keypad, scanner, countdown, paper, and what it looks like on the device's formats."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.kiosk.browsing import needs_browser, new_browser
from tests.kiosk.fake_office import FakeOffice, code
from tests.kiosk.fake_printer import FakePrinter
from tests.kiosk.hall import Hall, opened
from tests.kiosk.lobby import KioskProcess, Visitor, pair
from tests.kiosk.test_card import LEAFLET, READY

SIZES = {"portrait": (1080, 1920), "landscape": (1280, 800), "phone": (390, 844)}

pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A Chromium for all tests here."""
    yield from new_browser(playwright)


@pytest.fixture(scope="module")
def printer() -> FakePrinter:
    """A printer at the hall's kiosk."""
    return FakePrinter()


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory, printer: FakePrinter) -> Iterator[Hall]:
    """The hall, opened once."""
    with opened(tmp_path_factory.mktemp("device"), printer) as hall:
        yield hall


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about, such as a script that the security policy forbids."""
    return []


@pytest.fixture
def screen(browser: Browser, hall: Hall, complaints: list[str]) -> Iterator[Page]:
    """The device's screen, upright, with a clock of its own that the test moves."""
    context = browser.new_context(
        viewport={"width": 1080, "height": 1920}, has_touch=True, base_url=hall.kiosk.url
    )
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.clock.install()
    yield page
    context.close()


@pytest.fixture
def appointment(hall: Hall) -> str:
    """The code of an appointment of today."""
    reference = code("K7M2PXQ")
    hall.office.appointments[reference] = {"service": "renewal", "due_at": "2026-11-23T09:30:00+00:00"}
    return reference


def number(page: Page) -> str:
    """The large number."""
    shown = page.locator(".kiosk-number").inner_text()
    assert shown[0] == "A"
    assert shown[1:].isdigit()
    return shown


def draw_number(page: Page) -> None:
    """By touch, from the start."""
    page.goto("/en/")
    page.get_by_role("link", name="I have no appointment").tap()
    page.get_by_role("button", name="Emergency").tap()
    expect(page.get_by_role("heading")).to_have_text("Your number")


def test_a_number_is_drawn_by_touch_alone(screen: Page, complaints: list[str]) -> None:
    draw_number(screen)
    number(screen)
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
    number(screen)


@pytest.mark.parametrize("path", ["/en/", "/en/check-in"])
def test_the_scanner_types_the_code_and_enter(screen: Page, appointment: str, path: str) -> None:
    screen.goto(path)
    # Somebody has tapped beside the field.
    screen.get_by_role("heading").tap()
    screen.keyboard.type(appointment)
    screen.keyboard.press("Enter")
    number(screen)


def test_every_number_of_a_card_can_be_typed_by_touch(hall: Hall, screen: Page) -> None:
    hall.office.card = (200, READY)
    screen.goto("/en/card/where")
    for character in "K2026ABDEIOQSU":
        screen.get_by_role("button", name=character, exact=True).tap()
    screen.get_by_label("Your date of birth").tap()
    expect(screen.get_by_role("button", name="A", exact=True)).to_be_disabled()
    for character in "27031991":
        screen.get_by_role("button", name=character, exact=True).tap()
    screen.get_by_role("button", name="Show where my card is").tap()
    expect(screen.get_by_role("heading", level=1)).to_have_text("Your card is ready")
    assert (hall.office.asked[-1]["number"], hall.office.asked[-1]["born"]) == (
        "K2026ABDEIOQSU",
        "1991-03-27",
    )


def test_readers_type_a_leaflet_and_machine_readable_lines(hall: Hall, screen: Page) -> None:
    hall.office.card = (200, READY)
    screen.goto("/en/card/where")
    screen.keyboard.type(LEAFLET)
    screen.keyboard.press("Enter")
    expect(screen.get_by_role("status").first).to_contain_text("Your leaflet was read")
    screen.keyboard.type("27031991")
    screen.keyboard.press("Enter")
    expect(screen.get_by_role("heading", level=1)).to_have_text("Your card is ready")
    assert (hall.office.asked[-1]["number"], hall.office.asked[-1]["born"]) == (LEAFLET, "1991-03-27")
    screen.goto("/en/card/where")
    lines = [
        "ARD<<C01X0006H1".ljust(30, "<"),
        "9103274F3107014UKR<<<<<<<<<<<6",
        "MUSTER<<ERIKA".ljust(30, "<"),
    ]
    for line in lines:
        screen.keyboard.type(line)
        screen.keyboard.press("Enter")
    expect(screen.get_by_role("heading", level=1)).to_have_text("Your card is ready")
    assert (hall.office.asked[-1]["number"], hall.office.asked[-1]["born"]) == ("".join(lines), "")


@pytest.mark.parametrize("path", ["/en/", "/en/check-in"])
def test_a_leaflet_is_known_by_the_other_screens_too(screen: Page, path: str) -> None:
    screen.goto(path)
    screen.keyboard.type(LEAFLET)
    screen.keyboard.press("Enter")
    expect(screen.get_by_role("status").first).to_contain_text("Your leaflet was read")
    expect(screen.get_by_label("Your date of birth")).to_be_focused()


def test_everything_can_be_done_with_the_keyboard(screen: Page) -> None:
    screen.goto("/en/")
    _tab_to(screen, "I have no appointment")
    screen.keyboard.press("Enter")
    expect(screen.get_by_role("heading")).to_have_text("What is it about?")
    _tab_to(screen, "Emergency")
    screen.keyboard.press("Enter")
    number(screen)
    _tab_to(screen, "I have it on my phone")
    screen.keyboard.press("Enter")
    expect(screen.locator(".kiosk-door")).to_have_count(4)


def _tab_to(page: Page, name: str) -> None:
    page.wait_for_load_state()
    for _ in range(20):
        page.keyboard.press("Tab")
        if name in page.evaluate("document.activeElement.innerText"):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid", f"{name} does not show its focus"
            return
    raise AssertionError(f"{name} cannot be reached with the keyboard")


def test_without_scripts_code_and_number_work_too(browser: Browser, hall: Hall, appointment: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=hall.kiosk.url)
    page = context.new_page()
    page.goto("/en/")
    page.get_by_role("link", name="I have an appointment").click()
    page.get_by_label("Code of your appointment").fill(appointment.lower())
    page.keyboard.press("Enter")
    first = number(page)
    page.get_by_role("link", name="I have it on my phone").click()
    page.goto("/en/walk-in")
    page.get_by_role("button", name="Emergency").click()
    assert number(page) != first
    context.close()


def test_the_number_goes_away_by_itself(screen: Page) -> None:
    draw_number(screen)
    shown = number(screen)
    screen.wait_for_load_state()  # only then does the time run
    screen.clock.fast_forward(16_000)
    expect(screen.locator("[data-return-seconds]")).to_be_visible()
    screen.clock.fast_forward(30_000)
    expect(screen).to_have_url("/")
    screen.go_back()
    assert shown not in screen.content()


def test_a_visitor_can_ask_for_more_time(screen: Page) -> None:
    draw_number(screen)
    screen.clock.fast_forward(40_000)
    screen.get_by_role("button", name="I need more time").tap()
    screen.clock.fast_forward(90_000)
    number(screen)


def test_the_ticket_is_printed_once_however_often_the_button_is_pressed(
    screen: Page, printer: FakePrinter
) -> None:
    draw_number(screen)
    before = len(printer.tickets)
    screen.evaluate(
        """async () => {
            const form = document.querySelector("form[data-print]");
            const send = () => fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
            await Promise.all([send(), send(), send()]);
        }"""
    )
    screen.get_by_role("button", name="Print my number").tap()
    expect(screen.get_by_text("Please take your ticket from the printer.")).to_be_visible()
    expect(screen.get_by_role("button", name="Print my number")).to_have_count(0)
    assert len(printer.tickets) == before + 1
    # A picture of the paper's whole width.
    assert len(printer.tickets[-1]) > 10_000


def test_a_touch_starts_the_time_anew_and_the_end_is_announced(screen: Page) -> None:
    screen.goto("/en/walk-in")
    announcement = screen.get_by_text("This screen is about to go back to the start.")
    expect(announcement).to_be_hidden()
    screen.clock.fast_forward(50_000)
    expect(announcement).to_be_visible()
    screen.get_by_role("heading").tap()
    screen.clock.run_for(1_000)
    expect(announcement).to_be_hidden()
    screen.clock.fast_forward(50_000)
    expect(screen.get_by_role("heading")).to_have_text("What is it about?")


def test_the_line_for_staff_follows_an_outage_without_reloading(
    browser: Browser, office: FakeOffice, kiosk: KioskProcess
) -> None:
    screen = browser.new_page(base_url=kiosk.url)
    screen.clock.install()
    screen.goto("/en/")
    expect(screen.locator("[data-state]")).to_have_text("Connected")
    screen.evaluate("document.body.dataset.loaded = 'once'")
    office.close()
    Visitor(kiosk).walk_in()
    screen.clock.run_for(10_500)
    expect(screen.locator("[data-state]")).to_contain_text("1 entry waiting")
    expect(screen.locator("[data-state]")).to_contain_text("Offline since")
    expect(screen.locator("body")).to_have_attribute("data-loaded", "once")
    screen.close()


def test_a_screen_that_waits_for_staff_goes_on_by_itself(
    browser: Browser, office: FakeOffice, start: Callable[..., KioskProcess]
) -> None:
    kiosk = start(expected=503)
    page = browser.new_page()
    page.goto(f"{kiosk.url}/en/")
    expect(page.get_by_role("heading")).to_contain_text("set up")
    pair(office, kiosk.data)
    expect(page.locator(".kiosk-door")).to_have_count(3, timeout=20_000)
    page.close()


@pytest.mark.parametrize("language", ["de", "ar"])
def test_controls_are_large_and_nothing_is_cut_off(screen: Page, appointment: str, language: str) -> None:
    # German is long, Arabic begins on the other side; on a phone people know that a page can be moved.
    paths = [
        "",
        "check-in",
        "check-in/without-code",
        "walk-in",
        "card",
        "information",
        "booking/renewal",
        "ticket",
    ]
    for path in paths:
        if path == "ticket":
            screen.goto(f"/{language}/check-in")
            screen.locator("#code").fill(appointment)
            screen.keyboard.press("Enter")
            number(screen)
        else:
            screen.goto(f"/{language}/{path}")
        for size, (width, height) in SIZES.items():
            screen.set_viewport_size({"width": width, "height": height})
            screen.wait_for_function("([w, h]) => innerWidth === w && innerHeight === h", arg=[width, height])
            _assert_controls_are_large(screen, f"{path} {size}")
            # A list may be longer than the screen, and then has buttons to move it.
            if size != "phone" and _is_cut_off(screen):
                assert path != "ticket", f"{path} {size}"
                expect(screen.locator("[data-scroll]")).to_be_visible()


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
