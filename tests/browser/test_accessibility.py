"""Every page can be used by everybody: axe-core finds nothing, at any size and in both directions, and the keyboard is
enough (WCAG 2.2 AA, EN 301 549). The pages are found by following links, so that new ones are looked at too."""

import re
from collections.abc import Iterator
from typing import Any

import html5lib
import pytest
from playwright.sync_api import Browser, Page, expect

from frontoffice import languages
from frontoffice.config import load
from frontoffice.db import Database
from frontoffice.demo.people import ACCOUNTS
from frontoffice.staff.models import Role
from frontoffice.vault import Vault
from frontoffice.web.app import create_app
from tests.browser import words
from tests.browser.conftest import Demonstration
from tests.browser.look import ALL, BUT_CONTRAST, LAYOUT, NARROW, NOTHING, TWICE, WIDE, Reader
from tests.browser.walk import Found, Walk

pytestmark = pytest.mark.browser

FOREIGN = ("uk", "ru", "ar", "tr", "fa", "fr", "es")  # what is said in German or English there is a fault
FOR_STAFF = ("staff_pages.", "demo.")  # in German and English alone
# Names that offices give, and one of a law, are as they are in every language.
NAMES = frozenset(
    ("Ausländerbehörde Musterstadt", "Blaue Karte EU", "Verlosung im Winter", "Termine am Monatsende")
)
OWN_LETTERS = ("uk", "ru", "ar", "fa")  # there every Latin sentence is a fault


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
    starts = [
        "/",
        "/book/musterstadt/",
        "/screen/musterstadt/",
        "/demo/ticket",
        *_pages_of_a_booking(context.new_page(), demonstration),
    ]
    found = list(walk.pages(context.request, starts))
    context.close()
    return found


@pytest.fixture(scope="module")
def staffed(
    walk: Walk, browser: Browser, demonstration: Demonstration, public: list[Found]
) -> Iterator[list[tuple[Any, list[Found]]]]:
    """The pages of staff: what the browser has to carry, and the pages that this role sees and none before it."""
    seen = {each.endpoint for each in public}
    by_role = []
    contexts = []
    for account in ACCOUNTS:
        context = browser.new_context(locale="de-DE")
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{demonstration.url}/staff/sign-in?next=/desk/")
        page.locator("input[name=username]").fill(account.username)
        page.locator("input[name=password]").fill(account.password)
        page.locator("main button[type=submit], main form button").first.click()
        expect(page.locator("input[name=password]")).to_have_count(0)
        starts = ["/desk/", "/staff/", page.url]
        if account is ACCOUNTS[0]:
            starts.append(_desk_with_a_visitor(page))
        if account.role is Role.TEAM_LEAD:
            starts.append(_page_of_a_partner(page, demonstration))
        pages = list(walk.pages(context.request, starts, seen))
        new = [each for each in pages if each.endpoint not in seen]
        seen |= {each.endpoint for each in new}
        by_role.append((context.storage_state(), new))
    yield by_role
    _leave_the_desk(contexts[0].pages[0])
    for context in contexts:
        context.close()


def _pages_of_a_booking(page: Page, demo: Demonstration) -> list[str]:
    """Times, the appointment that one of them became, a new time for it that is only held, and a form not sent yet."""
    times, form = _held(page, demo)
    page.locator("input[name=name]").fill("Axel Zugang")
    for part, value in (("day", "00"), ("month", "00"), ("year", "1980")):
        page.locator(f"input[name$='{part}']").first.fill(value)
    page.locator("input[name=mail]").fill("axel@mail.example")
    page.locator("main form button").last.click()
    expect(page.locator(".reference__code")).to_be_visible()
    appointment = page.url
    page.goto(f"{appointment}move")
    page.locator("button.slot").last.click()
    other = page.context.browser.new_context(locale="de-DE")  # one browser holds one time
    _times, form = _held(other.new_page(), demo)
    other.close()
    return [times, form, appointment, page.url]


def _held(page: Page, demo: Demonstration) -> tuple[str, str]:
    """The addresses of a page of times, and of the form for one of them."""
    page.goto(f"{demo.url}/book/musterstadt/")
    page.locator("a[href*='eat-pick-up']").first.click()
    page.locator("a.month__day--free").last.click()
    times = page.url
    page.locator("button.slot").last.click()
    expect(page.locator("input[name=name]")).to_be_visible()
    return times, page.url


def _desk_with_a_visitor(page: Page) -> str:
    """Open a counter and call somebody; gives the desk's address."""
    page.locator("form[action$='/open'] button").last.click()
    page.locator(".next__button").click()
    expect(page.locator(".visitor__ticket")).to_be_visible()
    return page.url


def _page_of_a_partner(page: Page, demo: Demonstration) -> str:
    """The address of the page that an employer has without signing in, which is shown once when it is made."""
    page.goto(f"{demo.url}/staff/partners/1/")
    page.locator("form[action$='/link'] button").click()
    return page.locator(".secret").inner_text()


def _leave_the_desk(page: Page) -> None:
    """For the tests of other files, which share the demonstration."""
    page.reload()
    page.locator("[data-key=x]").click()
    page.locator(".desk__close button").click()
    expect(page.locator("form[action$='/open']").first).to_be_visible()


def test_the_walk_finds_the_pages(public: list[Found], staffed: list[tuple[Any, list[Found]]]) -> None:
    assert {
        "start.index",
        "booking.services",
        "booking.times",
        "booking.contact",
        "booking.appointment",
        "booking.ask_to_move",
        "waitlist.join",
        "cards.ask",
        "watches.ask",
        "phone_ticket.ticket",
        "screen_pages.screen",
    } <= {each.endpoint for each in public}
    theirs = {each.endpoint for _state, pages in staffed for each in pages}
    assert {
        "line_pages.show_desk",
        "look_pages.look",
        "team_pages.view",
        "agenda.day",
        "statistics.show",
        "administration.services",
        "accounts.listed",
        "audit.search",
        "partner_plans.start",
    } <= theirs
    assert len(public) >= 30
    assert len(theirs) >= 55


def test_every_page_is_valid_html(public: list[Found], staffed: list[tuple[Any, list[Found]]]) -> None:
    for found in [*public, *(each for _state, pages in staffed for each in pages)]:
        try:
            page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(found.html)
        except html5lib.html5parser.ParseError as error:
            pytest.fail(f"{found.endpoint}: {error}")
        ids = [each.get("id") for each in page.iter() if each.get("id")]
        assert len(ids) == len(set(ids)), f"{found.endpoint}: an id twice"
        assert len(list(page.iter("h1"))) == 1, found.endpoint
        assert page.find("head/title").text.strip(), found.endpoint
        assert not re.search(r'\sstyle="', found.html), found.endpoint


def test_everybody_can_use_the_pages_of_visitors_in_german(
    browser: Browser, demonstration: Demonstration, public: list[Found]
) -> None:
    reader = Reader(browser, demonstration, "de")
    looks = (WIDE, ALL), (NARROW, ALL), (TWICE, LAYOUT)
    faults = [fault for found in public for fault in reader.look(found, *looks, keyboard=True)]
    reader.close()
    assert faults == []


@pytest.mark.parametrize("code", [each for each in languages.SUPPORTED if each != "de"])
def test_everybody_can_use_the_pages_of_visitors_in_every_language(
    browser: Browser, demonstration: Demonstration, public: list[Found], code: str
) -> None:
    """Words can be too long in any language, and links can come to stand too close. One of them, that runs from right
    to left, is looked at by all rules; nothing is said in a language that somebody may not read."""
    reader = Reader(browser, demonstration, code, window=NARROW)
    finds = words.foreign if code in OWN_LETTERS else words.untranslated
    faults = []
    for found in public:
        if not found.endpoint.startswith(FOR_STAFF):
            faults += reader.look(found, (NARROW, ALL if code == "ar" else BUT_CONTRAST), (TWICE, NOTHING))
            faults += [f"{found.endpoint}: not in {code}"] * (reader.language() != code)
            if code in FOREIGN:
                faults += [
                    f"{found.endpoint}: {each}" for each in finds(reader.page.evaluate(words.SAID), NAMES)
                ]
    reader.close()
    assert faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_is_seen_in_a_theme_of_forced_colours(
    browser: Browser, demonstration: Demonstration, public: list[Found], scheme: str
) -> None:
    reader = Reader(browser, demonstration, "de", forced_colors="active", color_scheme=scheme)
    pages = public[::2] if scheme == "light" else public[1::2]
    asked = [
        found for found in public if found.endpoint == "watches.ask"
    ]  # there something is chosen from the start
    faults = [fault for found in [*pages, *asked] for fault in reader.unseen(found)]
    reader.close()
    assert faults == []


def test_everybody_can_use_the_pages_of_staff(
    browser: Browser, demonstration: Demonstration, staffed: list[tuple[Any, list[Found]]]
) -> None:
    faults = []
    for state, pages in staffed:
        reader = Reader(browser, demonstration, "de", state)
        for number, found in enumerate(pages):
            whole, other = (WIDE, NARROW) if number % 2 else (NARROW, WIDE)
            faults += reader.look(found, (whole, ALL), (other, LAYOUT), (TWICE, NOTHING), keyboard=True)
        reader.close()
    assert faults == []
