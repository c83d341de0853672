"""Every page can be used by everybody: axe-core finds nothing, at any size and in both directions, and the keyboard is
enough (WCAG 2.2 AA, EN 301 549). The pages are found by following links, so that new ones are looked at too."""

import re
from collections.abc import Iterator
from typing import Any

import html5lib
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from frontoffice import languages
from frontoffice.config import load
from frontoffice.db import Database
from frontoffice.demo.people import ACCOUNTS
from frontoffice.vault import Vault
from frontoffice.web.app import create_app
from tests.browser.conftest import ROOT, Demonstration
from tests.browser.walk import Found, Walk

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "EN-301-549", "best-practice"]
MOST_STOPS = 60  # of one page: long tables repeat themselves
NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1440, "height": 900}

RUN_AXE = """async (tags) => {
    const found = await axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
    return found.violations.map((each) => `${each.id}: ${each.nodes.slice(0, 3).map((node) => node.html).join(" | ")}`);
}"""

# What sticks out of the page to the side, beside what scrolls on its own, such as a wide table in its frame.
STICKS_OUT = """() => {
    if (document.scrollingElement.scrollWidth <= document.documentElement.clientWidth + 1) return [];
    const wide = (element) => { const box = element.getBoundingClientRect();
        return box.right > innerWidth + 1 || box.left < -1; };
    return [...document.querySelectorAll("body *")].filter((each) => each.checkVisibility() && wide(each))
        .slice(0, 5).map((each) => each.outerHTML.slice(0, 120));
}"""

# Notes, as the keyboard moves, what has the focus and whether that can be seen.
WATCH_FOCUS = """() => {
    const stops = window.stops = [];
    document.activeElement.blur();
    const shape = (element) => [null, "::after"].map((part) => { const style = getComputedStyle(element, part);
        return [style.outlineStyle, style.outlineWidth, style.boxShadow, style.borderColor, style.backgroundColor,
            style.textDecoration, style.color].join(); }).join();
    const around = (element) => { const all = [];  // a frame may show the focus of what is in it
        for (let each = element; each && all.length < 4; each = each.parentElement) all.push(shape(each));
        return all.join(); };
    const looks = new Map();
    const can = "a[href],button,input,select,textarea,summary,[tabindex]";
    const all = [...document.querySelectorAll(can)].filter((each) => each.tabIndex >= 0 && !each.disabled
        && each.type !== "hidden" && each.checkVisibility({ visibilityProperty: true }));
    for (const each of all) looks.set(each, around(each));
    document.addEventListener("focusin", ({ target }) => {
        const box = target.getBoundingClientRect();
        stops.push({ what: target.outerHTML.slice(0, 150), index: all.indexOf(target),
            seen: looks.get(target) !== around(target),
            inside: box.width > 0 && box.height > 0 });
    });
    const groups = new Set(all.filter((each) => each.type === "radio").map((each) => each.name));
    return all.length - all.filter((each) => each.type === "radio").length + groups.size;
}"""


@pytest.fixture(scope="module")
def walk(demonstration: Demonstration) -> Iterator[Walk]:
    """Knows which page an address belongs to."""
    config = load(demonstration.folder / "config.toml")
    database = Database(config.database.url, Vault(config.site.secret_keys))
    yield Walk(create_app(config, database), demonstration.url)
    database.close()


@pytest.fixture(scope="module")
def public(walk: Walk, browser: Browser, demonstration: Demonstration) -> list[Found]:
    """The pages that visitors see, with those of a booking."""
    context = browser.new_context(locale="de-DE")
    page = context.new_page()
    starts = [
        "/",
        "/book/musterstadt/",
        "/screen/musterstadt/",
        "/demo/ticket",
        *_pages_of_a_booking(page, demonstration),
    ]
    found = list(walk.pages(context.request, starts))
    context.close()
    return found


@pytest.fixture(scope="module")
def staffed(
    walk: Walk, browser: Browser, demonstration: Demonstration, public: list[Found]
) -> list[tuple[dict[str, Any], list[Found]]]:
    """The pages of staff: what the browser has to carry, and the pages that this role sees and none before it."""
    seen = {each.endpoint for each in public}
    by_role = []
    for account in ACCOUNTS:
        context = browser.new_context(locale="de-DE")
        page = context.new_page()
        page.goto(f"{demonstration.url}/staff/sign-in?next=/desk/")
        page.locator("input[name=username]").fill(account.username)
        page.locator("input[name=password]").fill(account.password)
        page.locator("main button[type=submit], main form button").first.click()
        expect(page.locator("input[name=password]")).to_have_count(0)
        pages = list(walk.pages(context.request, ["/desk/", "/staff/", page.url]))
        new = [each for each in pages if each.endpoint not in seen]
        seen |= {each.endpoint for each in new}
        by_role.append((context.storage_state(), new))
        context.close()
    return by_role


def _pages_of_a_booking(page: Page, demo: Demonstration) -> list[str]:
    """The form, and the appointment that it becomes."""
    page.goto(f"{demo.url}/book/musterstadt/")
    page.locator(f"a[href*='{'eat-pick-up'}']").first.click()
    page.locator("a.month__day--free").last.click()
    times = page.url
    page.locator("button.slot").last.click()
    form = page.url
    page.locator("input[name=name]").fill("Axel Zugang")
    for part, value in (("day", "00"), ("month", "00"), ("year", "1980")):
        page.locator(f"input[name$='{part}']").first.fill(value)
    page.locator("input[name=mail]").fill("axel@mail.example")
    page.locator("main form button").last.click()
    expect(page.locator(".reference__code")).to_be_visible()
    return [times, form, page.url]


def test_the_walk_finds_the_pages(public: list[Found], staffed: list) -> None:
    endpoints = {each.endpoint for each in public}
    assert {
        "start.index",
        "booking.services",
        "booking.times",
        "booking.find",
        "booking.appointment",
    } <= endpoints
    theirs = {each.endpoint for _state, pages in staffed for each in pages}
    assert {"line_pages.counters", "agenda.day"} <= theirs
    assert len(theirs) >= 12


def test_every_page_is_valid_html(public: list[Found], staffed: list) -> None:
    for found in [*public, *(each for _state, pages in staffed for each in pages)]:
        try:
            page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(found.html)
        except html5lib.html5parser.ParseError as error:
            pytest.fail(f"{found.endpoint}: {error}")
        ids = [each.get("id") for each in page.iter() if each.get("id")]
        assert len(ids) == len(set(ids)), f"{found.endpoint}: an id twice"
        assert len(list(page.iter("h1"))) == 1, found.endpoint
        assert page.find("head/title").text.strip(), found.endpoint
        assert not re.search(r'\sstyle="', found.html) or "Content-Security" in found.html, found.endpoint


def test_axe_finds_nothing_on_the_pages_of_visitors(
    browser: Browser, demonstration: Demonstration, public: list[Found]
) -> None:
    others = [code for code in languages.SUPPORTED if code != "de"]
    mirrored = [code for code in others if languages.language_of(code).direction == "rtl"]
    for number, found in enumerate(public):
        # Each page in German and in a language from right to left at all sizes, and by turns in another language.
        _look(browser, demonstration, found, "de", [NARROW, WIDE])
        _look(
            browser,
            demonstration,
            found,
            mirrored[number % len(mirrored)] if mirrored else "mirrored",
            [NARROW, WIDE],
        )
        if others:
            _look(browser, demonstration, found, others[number % len(others)], [NARROW])


def test_axe_finds_nothing_on_the_pages_of_staff(
    browser: Browser, demonstration: Demonstration, staffed: list
) -> None:
    for state, pages in staffed:
        for number, found in enumerate(pages):
            _look(browser, demonstration, found, languages.STAFF[number % 2], [NARROW, WIDE], state)


def test_everything_can_be_reached_by_keyboard_and_the_focus_is_seen(
    browser: Browser, demonstration: Demonstration, public: list[Found], staffed: list
) -> None:
    for state, pages in [(None, public), *staffed]:
        context = browser.new_context(locale="de-DE", viewport=WIDE, storage_state=state)
        page = context.new_page()
        for found in pages:
            page.goto(found.url)
            _walk_by_keyboard(page, found)
        context.close()


def _walk_by_keyboard(page: Page, found: Found) -> None:
    stops = page.evaluate(WATCH_FOCUS)
    reached: set[int] = set()
    for _each in range(4 * stops):  # day, month and year of one field each take a press
        page.keyboard.press("Tab")
        index = page.evaluate("() => window.stops.at(-1)?.index ?? -1")
        reached |= {index} - {-1}
        if len(reached) >= min(stops, MOST_STOPS):
            break
    assert len(reached) >= min(stops, MOST_STOPS), (
        f"{found.endpoint}: {len(reached)} of {stops} can be reached"
    )
    seen = page.evaluate("() => window.stops")
    assert [each["what"] for each in seen if not (each["seen"] and each["inside"])] == [], found.endpoint


def _look(
    browser: Browser,
    demo: Demonstration,
    found: Found,
    code: str,
    sizes: list[dict[str, int]],
    state: dict[str, Any] | None = None,
) -> None:
    """Have axe look at a page in a language, at these sizes and with text of twice the size."""
    context = _context(browser, demo, code, state)
    page = context.pages[0]
    try:
        page.set_viewport_size(sizes[0])
        page.goto(found.url)
        if code == "mirrored":
            _mirror(page)
        page.add_script_tag(path=AXE)
        for size in sizes:
            page.set_viewport_size(size)
            where = f"{found.endpoint} in {code} at {size['width']} px"
            assert page.evaluate(RUN_AXE, TAGS) == [], where
            assert page.evaluate(STICKS_OUT) == [], where
        page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
        page.set_viewport_size(WIDE)
        assert page.evaluate(STICKS_OUT) == [], f"{found.endpoint} in {code} with text of twice the size"
    finally:
        context.close()


def _context(
    browser: Browser, demo: Demonstration, code: str, state: dict[str, Any] | None
) -> BrowserContext:
    # Scripts of ours are let in past the page's policy; motion is reduced, so that nothing is caught half-way.
    context = browser.new_context(
        locale="de-DE", storage_state=state, bypass_csp=True, reduced_motion="reduce"
    )
    if code != "mirrored":
        context.add_cookies([{"name": "language", "value": code, "url": demo.url}])
    context.new_page()
    return context


def _mirror(page: Page) -> None:
    """While no language from right to left is whole: the page as one would have it."""
    page.evaluate("""async () => {
        document.documentElement.dir = "rtl";
        for (const link of document.querySelectorAll("link[href*='/kern.css']")) {
            await new Promise((resolve) => {
                link.onload = resolve;
                link.href = link.href.replace("kern.css", "kern.rtl.css");
            });
        }
    }""")
