"""Pictures of the main pages for the README and docs/screens, in languages that look different: `make screens`."""

import io
import os
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from frontoffice import languages
from tests.browser.conftest import ROOT, Demonstration

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not os.environ.get("SCREENS"), reason="make screens takes the pictures"),
]

SCREENS = ROOT / "docs" / "screens"
LARGEST = 90_000  # bytes of a picture; all together stay below 6 MB
LONGEST = 2000  # pixels of a page's height
CODES = [code for code in ("de", "en", "ar", "uk") if code in languages.SUPPORTED]
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}
LOBBY, WALL = {"width": 810, "height": 1080}, {"width": 1920, "height": 1080}
# One person has one appointment for a concern, and one mail address a few of them.
NAMES = iter(("Diallo", "Keita", "Toure", "Camara", "Bah", "Sow", "Barry", "Cisse"))


def new_page(browser: Browser, demo: Demonstration, code: str, size: dict[str, int]) -> Page:
    """A browser in a language and of a size."""
    context = browser.new_context(locale=code, viewport=size, reduced_motion="reduce")
    context.add_cookies([{"name": "language", "value": code, "url": demo.url}])
    return context.new_page()


@pytest.fixture(params=[(code, size) for code in CODES for size in SIZES], ids="-".join)
def visit(
    request: pytest.FixtureRequest, browser: Browser, demonstration: Demonstration
) -> Iterator[tuple[Page, str]]:
    """A page in a language and of a size, and what its pictures are called after."""
    code, size = request.param
    page = new_page(browser, demonstration, code, SIZES[size])
    yield page, f"{code}-{size}"
    page.context.close()


def keep(page: Page, name: str, width: int | None = None) -> None:
    """A picture of the page in few colours: flat surfaces and letters need no more. `width` makes it smaller."""
    page.evaluate("document.fonts.ready")
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    picture = picture.crop((0, 0, picture.width, min(picture.height, LONGEST)))
    if width:
        picture.thumbnail((width, LONGEST))
    small = io.BytesIO()
    for colours in (64, 32, 16):
        small = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        if small.tell() <= LARGEST:
            break
    assert small.tell() <= LARGEST, name
    SCREENS.mkdir(parents=True, exist_ok=True)
    (SCREENS / f"{name}.png").write_bytes(small.getvalue())


def test_pages_of_a_booking(visit: tuple[Page, str], demonstration: Demonstration) -> None:
    page, name = visit
    page.goto(demonstration.url)
    keep(page, f"start-{name}")
    page.goto(f"{demonstration.url}/book/musterstadt/")
    keep(page, f"services-{name}")
    page.locator("a[href*='residence-permit-renewal']").first.click()
    page.locator("a.month__day--free").last.click()
    keep(page, f"times-{name}")
    page.locator("button.slot").last.click()
    name_of_visitor = next(NAMES)
    page.locator("input[name=name]").fill(f"Amina {name_of_visitor}")
    for part, value in (("day", "12"), ("month", "3"), ("year", "1991")):
        page.locator(f"input[name$='{part}']").first.fill(value)
    page.locator("input[name=mail]").fill(f"{name_of_visitor.lower()}@mail.example")
    keep(page, f"form-{name}")
    page.locator("main form button").last.click()
    expect(page.locator(".reference__code")).to_be_visible()
    keep(page, f"appointment-{name}")


def test_pages_beside_a_booking(visit: tuple[Page, str], demonstration: Demonstration) -> None:
    page, name = visit
    for path, what in (("card/", "card"), ("remind-me/musterstadt/", "remind-me"), ("demo/ticket", "ticket")):
        page.goto(f"{demonstration.url}/{path}")
        keep(page, f"{what}-{name}")


@pytest.mark.parametrize("code", CODES)
def test_the_kiosk(browser: Browser, demonstration: Demonstration, code: str) -> None:
    page = new_page(browser, demonstration, code, LOBBY)
    page.goto(f"{demonstration.kiosk}/{code}/")
    expect(page.locator("a[href*='check-in']").first).to_be_visible()
    keep(page, f"kiosk-start-{code}")
    page.goto(f"{demonstration.kiosk}/{code}/walk-in")
    while page.locator("button.kiosk-concern").count() == 0:
        page.locator("a.kiosk-concern").first.click()
    page.locator("button.kiosk-concern").first.click()
    expect(page.locator(".kiosk-number")).to_be_visible()
    keep(page, f"kiosk-ticket-{code}")
    page.context.close()


def sign_in(page: Page, demo: Demonstration) -> None:
    """Miriam signs in, and sees the team."""
    page.goto(f"{demo.url}/staff/sign-in?next=/team/musterstadt/")
    page.locator("input[name=username]").fill("miriam")
    page.locator("input[name=password]").fill("willkommen-am-tresen")
    page.locator("main form button").first.click()
    expect(page.locator("input[name=password]")).to_have_count(0)


def call_somebody(page: Page, demo: Demonstration) -> None:
    """At counter 1, which is opened if it is not; whoever was called before did not come."""
    page.goto(f"{demo.url}/desk/1/")
    for button in ("form[action$='/open'] button", "[data-key=x]", ".next__button"):
        if page.locator(button).count():
            # The desk loads itself anew too, when the line changes.
            posted = page.expect_response(lambda answer: answer.request.method == "POST")
            with page.expect_event("load"), posted:
                page.locator(button).first.click()
    expect(page.locator(".visitor__ticket")).to_be_visible()


def test_the_desk_and_the_team(visit: tuple[Page, str], demonstration: Demonstration) -> None:
    page, name = visit
    if name.partition("-")[0] not in languages.STAFF:
        return  # staff read the official language and English
    sign_in(page, demonstration)
    keep(page, f"team-{name}")
    call_somebody(page, demonstration)
    keep(page, f"desk-{name}")


def test_a_call_on_the_screen_on_the_wall(browser: Browser, demonstration: Demonstration) -> None:
    clerk = new_page(browser, demonstration, "de", SIZES["desktop"])
    sign_in(clerk, demonstration)
    for code in CODES:
        page = new_page(browser, demonstration, code, WALL)
        page.goto(f"{demonstration.url}/screen/musterstadt/")
        expect(page.locator("[data-state]")).not_to_be_empty()
        call_somebody(clerk, demonstration)
        expect(page.locator(".call--new")).to_be_visible()
        keep(page, f"screen-{code}", width=1280)
        page.context.close()
    clerk.context.close()
