"""Light enough for a slow phone: what a page weighs before anything is kept, and that nothing moves while it loads."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Demonstration

pytestmark = pytest.mark.browser

HEAVIEST = 150_000  # bytes of a page with all that it loads, as sent, without anything from before
# Of the whole screen, times how far it moved (layout-shift, WICG); up to 0.1 counts as good, and we want it near zero.
MOST_MOVED = 0.05  # of what is called good below 0.1; on a busy machine 0.03 was seen
PAGES = ("start", "services", "times", "form", "confirmation")

NOTE_SHIFTS = """
globalThis.moved = [];
new PerformanceObserver((list) => {
    for (const each of list.getEntries()) {
        const what = each.sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? node?.textContent);
        moved.push([each.value, ...what]);
    }
}).observe({ type: "layout-shift", buffered: true });
"""


class Phone:
    """A phone with a slow connection that keeps nothing: knows what each page weighed and what moved on it."""

    def __init__(self, context: BrowserContext) -> None:
        context.add_init_script(NOTE_SHIFTS)
        self.page: Page = context.new_page()
        self._bytes = 0
        self.weights: dict[str, int] = {}
        self.moves: dict[str, list[Any]] = {}
        line = context.new_cdp_session(self.page)
        line.on("Network.requestWillBeSent", self._asked)
        line.on("Network.loadingFinished", self._loaded)
        line.send("Network.enable")
        line.send("Network.setCacheDisabled", {"cacheDisabled": True})
        # What is called Fast 3G, but with a shorter way: the fonts come well after the words.
        speed = {"latency": 60, "downloadThroughput": 200_000, "uploadThroughput": 100_000}
        line.send("Network.emulateNetworkConditions", {"offline": False, **speed})

    def _asked(self, event: dict[str, Any]) -> None:
        if event.get("type") == "Document":
            self._bytes = 0

    def _loaded(self, event: dict[str, Any]) -> None:
        self._bytes += int(event["encodedDataLength"])

    def done(self, name: str) -> None:
        """The page is there: note it under this name, and go on to the next."""
        self.page.wait_for_load_state("networkidle")
        self.page.evaluate("document.fonts.ready")
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        self.weights[name] = self._bytes
        self.moves[name] = self.page.evaluate("moved")


@pytest.fixture(scope="module", params=["de", "uk", "ar"])
def phone(request: pytest.FixtureRequest, browser: Browser, demonstration: Demonstration) -> Iterator[Phone]:
    """A phone that an appointment was booked with."""
    context = browser.new_context(locale=request.param, viewport={"width": 390, "height": 844})
    context.add_cookies([{"name": "language", "value": request.param, "url": demonstration.url}])
    phone = Phone(context)
    _book(phone, demonstration, f"{request.param}@weight.example")
    yield phone
    context.close()


def _book(phone: Phone, demo: Demonstration, mail: str) -> None:
    page = phone.page
    page.goto(demo.url)
    phone.done("start")
    page.goto(f"{demo.url}/book/musterstadt/")
    phone.done("services")
    page.locator("a[href*='eat-pick-up']").first.click()
    page.locator("a.month__day--free").last.click()
    phone.done("times")
    page.locator("button.slot").last.click()
    expect(page.locator("input[name=name]")).to_be_visible()
    phone.done("form")
    page.locator("input[name=name]").fill(f"Leicht {mail}")
    for part, value in (("day", "12"), ("month", "3"), ("year", "1991")):
        page.locator(f"input[name$='{part}']").first.fill(value)
    page.locator("input[name=mail]").fill(mail)
    page.locator("main form button").last.click()
    expect(page.locator(".reference__code")).to_be_visible()
    phone.done("confirmation")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light(phone: Phone, name: str) -> None:
    assert 5_000 < phone.weights[name] < HEAVIEST


@pytest.mark.parametrize("name", PAGES)
def test_nothing_moves_while_a_page_loads(phone: Phone, name: str) -> None:
    assert sum(each[0] for each in phone.moves[name]) < MOST_MOVED, phone.moves[name]
