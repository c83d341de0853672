"""The kiosk's screens as everybody may need them: looked at with axe-core, from right to left, and seated."""

import re
from collections.abc import Iterator
from typing import Any

import html5lib
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.browser.look import ALL, AXE, BUT_CONTRAST, RUN_AXE, STICKS_OUT
from tests.kiosk.browsing import needs_browser, new_browser
from tests.kiosk.fake_office import code
from tests.kiosk.hall import LANGUAGES, Hall
from tests.kiosk.test_card import READY
from tests.kiosk.test_for_everyone import PATHS, press

pytestmark = needs_browser

CODE = code("K7M2PXQ")
SCREENS = [*PATHS, "information/renewal", "information/topic/stay", "nothing"]


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium without a window."""
    yield from new_browser(playwright)


@pytest.fixture(params=["de", "ar"])
def language(request: pytest.FixtureRequest) -> str:
    """One that is written from left to right, and one from right to left."""
    return str(request.param)


@pytest.fixture(params=["standing", "seated"])
def screen(browser: Browser, hall: Hall, language: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The device's screen, upright, with what is pressed where everybody reaches it, or low for those who sit."""
    page = upright(browser, hall)
    page.goto(f"/{language}/")
    if request.param == "seated":
        page.locator("[value=low]").click()
        expect(page.locator("[value=low]")).to_have_attribute("aria-pressed", "true")
    yield page
    page.context.close()


def upright(browser: Browser, hall: Hall) -> Page:
    """The device's browser, with axe-core in it."""
    context = browser.new_context(
        viewport={"width": 1080, "height": 1920}, base_url=hall.kiosk.url, bypass_csp=True
    )
    context.add_init_script(path=AXE)
    return context.new_page()


def faults(page: Page, where: str, rules: dict[str, Any] = ALL) -> list[str]:
    """What is wrong with the screen that is shown."""
    wide = [f"{where} sticks out: {each}" for each in page.evaluate(STICKS_OUT)]
    return wide + [f"{where}: {each}" for each in page.evaluate(RUN_AXE, rules)]


SEEN = """() => [...document.querySelectorAll(".kern-icon")].filter((each) => each.offsetWidth)
    .map((each) => getComputedStyle(each).backgroundColor)"""
GROUND = "() => getComputedStyle(document.body).backgroundColor"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_icons_are_seen_in_a_theme_of_forced_colours(browser: Browser, hall: Hall, scheme: Any) -> None:
    context = browser.new_context(base_url=hall.kiosk.url, forced_colors="active", color_scheme=scheme)
    page = context.new_page()
    for path in ("/de/", "/de/card", "/de/check-in"):
        page.goto(path)
        colours = page.evaluate(SEEN)
        assert path != "/de/" or len(colours) >= 4
        assert page.evaluate(GROUND) not in colours, path
    context.close()


def test_axe_finds_nothing_on_the_screens(screen: Page, language: str) -> None:
    found = []
    for path in SCREENS:
        screen.goto(f"/{language}/{path}")
        expect(screen.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
        found += faults(screen, path)
    assert found == []


@pytest.mark.parametrize("code", [each for each in LANGUAGES if each not in ("de", "ar")])
def test_nor_in_the_other_languages(browser: Browser, hall: Hall, code: str) -> None:
    page = upright(browser, hall)
    found = []
    for path in SCREENS:
        page.goto(f"/{code}/{path}")
        found += faults(page, path, BUT_CONTRAST)
        found += [f"{path}: not in {code}"] * (page.locator("html").get_attribute("lang") != code)
    page.context.close()
    assert found == []


def test_every_screen_is_valid_html(browser: Browser, hall: Hall) -> None:
    page = upright(browser, hall)
    for path in SCREENS:
        answer = page.goto(f"/de/{path}")
        assert answer is not None
        try:
            html5lib.HTMLParser(strict=True).parse(answer.text())
        except html5lib.html5parser.ParseError as error:
            pytest.fail(f"{path}: {error}")
    page.context.close()


def test_nor_on_those_that_answer(hall: Hall, screen: Page, language: str) -> None:
    hall.office.appointments[CODE] = {"service": "renewal", "due_at": "2026-11-23T09:30:00+00:00"}
    hall.office.card = (200, READY)
    found = []
    for typed, heading in (("wrong", "h1"), (CODE, ".kiosk-number")):
        screen.goto(f"/{language}/check-in")
        screen.keyboard.type(typed)
        screen.keyboard.press("Enter")
        screen.wait_for_load_state()
        expect(screen.locator(heading)).to_be_visible()
        found += faults(screen, f"check-in with {typed}")
    screen.goto(f"/{language}/card/where")
    for name, typed in (("number", "C01X0006H"), ("born", "27031991")):
        screen.locator(f"[name={name}]").fill(typed)
    screen.keyboard.press("Enter")
    expect(screen.locator("h1")).to_have_text(READY["title"] or "")
    found += faults(screen, "the card")
    screen.goto(f"/{language}/walk-in/stay")
    screen.locator("button.kiosk-concern").first.click()
    expect(screen.locator(".kiosk-number")).to_be_visible()
    found += faults(screen, "the ticket")
    assert found == []


def test_a_number_is_drawn_with_the_numeric_keypad_alone(screen: Page, language: str) -> None:
    screen.goto(f"/{language}/")
    with screen.expect_response(re.compile("/display$")):
        press(screen, "1")  # the first key only shows the numbers
    for control in ("a[href$='/walk-in']", "a.kiosk-concern", "button.kiosk-concern"):
        first = screen.locator(control).first
        expect(first).to_have_attribute("data-number", re.compile(r"\d+"))
        with screen.expect_navigation():
            press(screen, first.get_attribute("data-number") or "")
    expect(screen.locator(".kiosk-number")).to_be_visible()
    expect(screen.locator("[data-key='0']")).to_have_attribute("data-number", "0")
    press(screen, "0")
    expect(screen).to_have_url("/")
