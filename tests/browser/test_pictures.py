"""Pictures of the main pages for the README and docs/screens, in languages that look different: `make screens`."""

import io
import os
import re
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from frontoffice import languages
from tests.browser.conftest import ROOT, Demonstration

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not os.environ.get("SCREENS"), reason="make screens takes the pictures"),
]

SCREENS = ROOT / "docs" / "screens"
LARGEST = 60_000  # bytes of a picture
CODES = [code for code in ("de", "en", "ar", "uk") if code in languages.SUPPORTED]
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}
# One person has one appointment for a concern, and one mail address a few of them.
NAMES = iter(("Diallo", "Keita", "Toure", "Camara", "Bah", "Sow", "Barry", "Cisse"))


@pytest.fixture(params=[(code, size) for code in CODES for size in SIZES], ids="-".join)
def visit(
    request: pytest.FixtureRequest, browser: Browser, demonstration: Demonstration
) -> Iterator[tuple[BrowserContext, str]]:
    """A browser in a language and of a size, and what its pictures are called after."""
    code, size = request.param
    context = browser.new_context(locale=code, viewport=SIZES[size], reduced_motion="reduce")
    context.add_cookies([{"name": "language", "value": code, "url": demonstration.url}])
    yield context, f"{code}-{size}"
    context.close()


def keep(page: Page, name: str) -> None:
    """A picture in few colours: flat surfaces and letters need no more."""
    page.evaluate("document.fonts.ready")
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    small = io.BytesIO()
    for colours in (64, 32, 16):
        small = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        if small.tell() <= LARGEST:
            break
    assert small.tell() <= LARGEST, name
    SCREENS.mkdir(parents=True, exist_ok=True)
    (SCREENS / f"{name}.png").write_bytes(small.getvalue())


def test_pages_of_a_booking(visit: tuple[BrowserContext, str], demonstration: Demonstration) -> None:
    context, name = visit
    page = context.new_page()
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
    page.locator("main form button").last.click()
    expect(page.locator(".reference__code")).to_be_visible()
    keep(page, f"appointment-{name}")


def test_pages_beside_a_booking(visit: tuple[BrowserContext, str], demonstration: Demonstration) -> None:
    context, name = visit
    page = context.new_page()
    page.goto(f"{demonstration.url}/card/")
    keep(page, f"card-{name}")
    page.goto(f"{demonstration.url}/demo/ticket")
    keep(page, f"ticket-{name}")
    page.goto(f"{demonstration.url}/screen/musterstadt/")
    expect(page.locator("[data-state]")).not_to_be_empty()
    keep(page, f"screen-{name}")


def test_the_kiosk(visit: tuple[BrowserContext, str], demonstration: Demonstration) -> None:
    context, name = visit
    page = context.new_page()
    page.goto(f"{demonstration.kiosk}/{name.partition('-')[0]}/")
    expect(page.locator("a[href*='check-in']").first).to_be_visible()
    keep(page, f"kiosk-{name}")


def test_the_desk(visit: tuple[BrowserContext, str], demonstration: Demonstration) -> None:
    context, name = visit
    if name.partition("-")[0] not in languages.STAFF:
        return  # the desk speaks the official language and English
    page = context.new_page()
    page.goto(f"{demonstration.url}/desk/")
    page.locator("input[name=username]").fill("miriam")
    page.locator("input[name=password]").fill("willkommen-am-tresen")
    page.locator("main form button").first.click()
    expect(page.locator("input[name=password]")).to_have_count(0)
    keep(page, f"desk-{name}")
    assert re.search("/desk/", page.url)
