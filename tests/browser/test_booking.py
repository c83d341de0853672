"""Booking as people do it: with the keyboard alone, without JavaScript, on the smallest phone, taking their time."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import Demonstration

pytestmark = pytest.mark.browser

RENEWAL = "/book/musterstadt/residence-permit-renewal/"
NARROW = {"width": 320, "height": 640}


@pytest.fixture
def plain(browser: Browser) -> Iterator[BrowserContext]:
    """A phone without JavaScript, in English."""
    context = browser.new_context(java_script_enabled=False, locale="en-GB", viewport=NARROW)  # type: ignore[arg-type]
    yield context
    context.close()


def go_to(page: Page, target: Locator, key: str = "Tab", most: int = 150) -> None:
    """Press Tab until the target has the focus, which can then be seen."""
    for _ in range(most):
        page.keyboard.press(key)
        if target.evaluate("each => each === document.activeElement"):
            shown = target.evaluate(
                "each => [each, each.closest('li') ?? each].some(one => "
                "['', '::after'].some(part => getComputedStyle(one, part || null).outlineStyle !== 'none'))"
                " || getComputedStyle(each).boxShadow !== 'none'"
            )
            assert shown, "the focus cannot be seen"
            return
    raise AssertionError(f"{target} is not reached with {key}")


def fill_in(page: Page, name: str, mail: str) -> None:
    """Type the details and book."""
    page.get_by_label("Full name").fill(name)
    for part, value in (("Day", "12"), ("Month", "3"), ("Year", "1991")):
        page.get_by_label(part).fill(value)
    page.get_by_label("Mail address").fill(mail)
    page.get_by_role("button", name="Book this appointment").click()


def code(page: Page) -> str:
    """The booking code of the confirmation."""
    expect(page.locator(".reference__code")).to_be_visible()
    return page.locator(".reference__code").inner_text()


def fits(page: Page) -> None:
    """Nothing is wider than the screen."""
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def test_booking_with_the_keyboard_alone(visitor: BrowserContext, demonstration: Demonstration) -> None:
    page = visitor.new_page()
    page.goto(f"{demonstration.url}/book/musterstadt/")
    go_to(page, page.get_by_role("link", name="Renew a residence permit"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Choose a time")).to_be_visible()
    go_to(page, page.locator("a.month__day--free").nth(2))
    page.keyboard.press("Enter")
    expect(page.locator(".month__day--current")).to_have_attribute("aria-current", "date")
    go_to(page, page.locator("button.slot").last)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your details")).to_be_visible()
    go_to(page, page.get_by_label("Full name"))
    page.keyboard.type("Kim Tastatur")
    for value in ("4", "5", "1987"):
        page.keyboard.press("Tab")
        page.keyboard.type(value)
    page.keyboard.press("Tab")
    page.keyboard.type("kim@mail.example")
    page.keyboard.press("Tab")  # the trap for programs is not on the way
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", code(page))
    assert "Kim Tastatur" in page.locator("main").inner_text()


def test_the_calendar_is_a_table_that_the_keyboard_can_turn_over(
    visitor: BrowserContext, demonstration: Demonstration
) -> None:
    page = visitor.new_page()
    page.goto(demonstration.url + RENEWAL)
    table = page.get_by_role("table")
    month = table.get_by_role("caption").inner_text()
    assert re.fullmatch(r"[A-Z][a-z]+ \d{4}", month)
    assert [each.inner_text().split("\n")[-1] for each in table.get_by_role("columnheader").all()] == [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]  # fmt: skip
    said = table.get_by_role("link").first.inner_text()
    assert re.search(r"[A-Z][a-z]+day, \d+ [A-Z][a-z]+ \d{4}, \d+ free times?", said)
    following = page.locator(".month__link--next")
    name = following.inner_text().strip()
    go_to(page, following)
    page.keyboard.press("Enter")
    expect(page.get_by_role("table").get_by_role("caption")).to_have_text(name)
    go_to(page, page.locator(".month__link").first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("table").get_by_role("caption")).to_have_text(month)


def test_a_family_with_two_concerns_books_without_javascript_on_the_smallest_phone(
    plain: BrowserContext, demonstration: Demonstration
) -> None:
    page = plain.new_page()
    page.goto(f"{demonstration.url}/book/musterstadt/")
    fits(page)
    page.get_by_role("link", name="Renew a residence permit").click()
    fits(page)
    page.get_by_role("link", name="More people, or another concern").click()
    fits(page)
    page.get_by_label("For how many people?").first.select_option(label="3 people")
    page.get_by_role("button", name="Add:").last.click()
    expect(page.get_by_role("heading", name="Your visit")).to_be_visible()
    expect(page.locator(".visit__item")).to_have_count(2)
    assert page.get_by_label("For how many people?").first.input_value().endswith(":3")
    fits(page)
    page.get_by_role("button", name="Show free times").click()
    assert "(3 people)" in page.locator(".what-for").inner_text()
    page.locator("a.month__day--free").first.click()
    page.locator("button.slot").first.click()
    fits(page)
    fill_in(page, "Rana Ohneskript", "rana@mail.example")
    code(page)
    fits(page)
    assert "Each person needs their own." in page.locator("main").inner_text()


def test_moving_and_cancelling_without_javascript(
    plain: BrowserContext, demonstration: Demonstration
) -> None:
    page = plain.new_page()
    page.goto(demonstration.url + RENEWAL)
    page.locator("button.slot").last.click()
    fill_in(page, "Sami Umzug", "sami@mail.example")
    booked, before = code(page), page.locator("main").inner_text()
    page.get_by_role("link", name="Choose another time").click()
    fits(page)
    page.locator("a.month__day--free").last.click()
    page.locator("button.slot").first.click()
    fits(page)
    expect(page.get_by_role("heading", name="Move this appointment?")).to_be_visible()
    page.get_by_role("button", name="Yes, move it").click()
    assert code(page) == booked
    expect(page.get_by_role("status")).to_contain_text("Your appointment is moved.")
    assert page.locator("main").inner_text() != before
    page.get_by_role("link", name="Cancel this appointment").click()
    fits(page)
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.get_by_role("heading", name="Your appointment is cancelled")).to_be_visible()


def test_a_time_is_counted_down_and_said_at_few_moments(
    visitor: BrowserContext, demonstration: Demonstration
) -> None:
    page = visitor.new_page()
    page.goto(demonstration.url + RENEWAL)
    page.locator("button.slot").first.click()
    expect(page.get_by_role("heading", name="Your details")).to_be_visible()
    page.clock.install()
    page.reload()
    clock, said = page.locator(".hold__clock"), page.locator(".hold [role=status]")
    expect(clock).to_have_text(re.compile(r"^(9|10):\d\d$"))
    assert said.inner_text() == ""
    heard = set()
    for _ in range(62):
        page.clock.run_for(10_000)
        heard.add(said.inner_text())
    assert heard == {
        "",
        *(
            f"We keep this time for you for another {left}."
            for left in ("5 minutes", "2 minutes", "1 minute", "30 seconds")
        ),
        "This time is no longer kept for you. Please choose a time again.",
    }
    page.get_by_role("button", name=re.compile("minutes longer")).click()
    expect(page.get_by_text("We keep this time longer for you.")).to_be_visible()
    page.get_by_role("button", name="Give the time back").click()
    expect(page.get_by_text("You have given the time back.")).to_be_visible()


def test_the_browser_proves_that_it_has_worked_without_anybody_noticing(
    visitor: BrowserContext, demonstration: Demonstration
) -> None:
    page = visitor.new_page()
    for number in range(12):  # more than may go without a proof
        page.goto(demonstration.url + RENEWAL)
        proof = page.locator("form.slots [name=proof]").first
        expect(proof).not_to_have_value("", timeout=30_000)
        page.locator("button.slot").nth(number % 3).click()
        expect(page.get_by_role("heading", name="Your details")).to_be_visible()
