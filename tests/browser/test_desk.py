"""The desk in a real browser: keys, news without reloading, and a tablet."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from frontoffice import clock
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.line import parking, staffing
from frontoffice.offices.models import Office
from frontoffice.web.app import create_app
from tests.browser.office import Served
from tests.line.desks import Desks
from tests.line.parts import PASSWORD

pytestmark = pytest.mark.browser

# No sound before the page was touched, as browsers have it; for Playwright it is touched by whatever a test looks at.
# Notes each tone, and whether it could be heard.
TONES = """
let isTouched = false;
const touch = new Promise((done) => addEventListener("click", () => { isTouched = true; done(); }, true));
globalThis.AudioContext = class extends AudioContext {
  get state() { return isTouched ? super.state : "suspended"; }
  async resume() { await touch; await super.resume(); }
  createOscillator() { noteTone(this.state); return super.createOscillator(); }
};
"""


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite is enough here: the database is not what is looked at."""
    return sqlite_url


@pytest.fixture
def house(config: Config, database: Database, office: Office) -> Iterator[Served]:
    now = clock.now()
    desks = Desks(database, office, now)
    for number in (1, 2):
        desks.wait(number, arrived_at=now - timedelta(minutes=30 - number))
    house = Served(create_app(config, database), desks)
    yield house
    house.close()


@pytest.fixture
def desk(browser: Browser, house: Served) -> Iterator[Page]:
    """Miriam's desk, counter 1, on a tablet held upright."""
    context = browser.new_context(
        locale="en-GB", viewport={"width": 820, "height": 1180}, has_touch=True, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{house.url}/staff/sign-in")
    page.fill("[name=username]", "miriam")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.goto(f"{house.url}/desk/{house.desks.ids[0]}/")
    expect(page.locator("[data-live-state]")).to_have_text("Live")
    yield page
    context.close()


def press(desk: Page, key: str) -> None:
    """Press a key of the desk, as soon as its button shows that there is one."""
    expect(desk.locator(f"[data-key={key}] .key")).to_be_visible()
    desk.keyboard.press(key)


def test_a_visit_by_keys_alone(desk: Page) -> None:
    press(desk, "l")
    expect(desk.get_by_role("heading", name="A001")).to_be_visible()
    press(desk, "c")
    expect(desk.locator(".visitor__state")).to_have_text("Called once")
    press(desk, "r")
    expect(desk.locator(".visitor__state")).to_have_text("Called 2 times")
    press(desk, "s")
    expect(desk.locator(".visitor__state")).to_have_text("At the counter")
    press(desk, "f")
    expect(desk.get_by_role("button", name="Call next")).to_be_visible()
    press(desk, "z")
    expect(desk.locator(".visitor__state")).to_have_text("At the counter")
    # Who types a note means letters, not buttons.
    desk.get_by_text("Set aside, or pass on").click()
    desk.get_by_label("Note for the colleague").press("f")
    expect(desk.get_by_label("Note for the colleague")).to_have_value("f")
    expect(desk.locator(".visitor__state")).to_have_text("At the counter")


def test_news_come_without_reloading_and_an_alarm_is_answered(desk: Page, house: Served) -> None:
    looked: list[Request] = []
    desk.on("request", lambda each: looked.append(each) if each.resource_type == "fetch" else None)
    loaded = desk.evaluate("performance.timeOrigin")
    house.desks.wait(3, arrived_at=clock.now())
    house.call(2)
    expect(desk.locator(".line tbody tr")).to_have_count(2)
    expect(desk.get_by_text("A003")).to_be_visible()
    house.act(staffing.alarm, 2)
    alarm = desk.locator("[data-alarm]")
    expect(alarm).to_contain_text("Emergency at counter 2. Please help.")
    assert desk.evaluate("performance.timeOrigin") == loaded
    assert desk.title().startswith("! ")
    assert {each.headers.get("x-background") for each in looked} == {"1"}  # so that it does not count as use
    alarm.get_by_role("button", name="I am coming").click()
    expect(desk.locator("[data-alarm]")).to_contain_text("On the way: counter 1")


def test_who_is_on_a_button_stays_on_it_when_the_line_comes_anew(desk: Page, house: Served) -> None:
    """Also where another number has a button that leads to the same place; and where it goes, focus stays near."""
    house.desks.wait(3, arrived_at=clock.now())
    for ticket in ("A001", "A002"):
        house.act(partial(parking.set_aside, reason="Form"), 1, ticket)
    expect(desk.locator(".parked__one")).to_have_count(2)
    button = desk.locator(".parked__one", has_text="A002").get_by_role("button", name="Is back")
    button.focus()
    assert house.call(2) == "A003"
    expect(desk.get_by_text("A003")).to_have_count(0)
    expect(button).to_be_focused()
    house.act(parking.is_back, 1, "A002")
    expect(desk.locator(".parked__one")).to_have_count(1)
    expect(desk.locator("[data-waiting]")).to_be_focused()


def test_an_alarm_is_heard_by_who_looks_elsewhere_and_raised_by_two_presses_of_a_key(
    desk: Page, house: Served
) -> None:
    desk.add_init_script(TONES)
    sounds: list[str] = []

    def note(state: str) -> None:
        sounds.append(state)

    desk.expose_function("noteTone", note)
    with desk.expect_response("**/team/musterstadt/alarms"):  # asked for as soon as it is connected
        desk.goto(f"{house.url}/desk/{house.desks.ids[0]}/ticket/A001/")
    alarm = desk.locator("[data-alarm]")
    expect(alarm).to_be_hidden()
    loaded = desk.evaluate("performance.timeOrigin")
    house.act(staffing.alarm, 2)
    expect(alarm).to_contain_text("Emergency at counter 2. Please help.")
    assert desk.evaluate("performance.timeOrigin") == loaded
    # This page was not touched yet: the browser allows no sound, and the alarm does not count as heard.
    button = desk.get_by_role("button", name="Turn on the sound")
    expect(button).to_be_visible()
    assert sounds == []
    assert desk.evaluate("localStorage.getItem('alarms-heard')") is None
    button.click()
    expect(button).to_be_hidden()
    assert sounds == ["running"] * 4
    # On the next page it stands, and is not heard again.
    desk.goto(f"{house.url}/team/musterstadt/")
    expect(alarm).to_contain_text("Emergency at counter 2. Please help.")
    desk.keyboard.press("e")
    expect(desk.locator("[data-emergency-form]")).to_contain_text("E again: alarm")
    expect(alarm).not_to_contain_text("counter 1")
    desk.keyboard.press("e")
    expect(alarm).to_contain_text("Emergency at counter 1. Please help.")
    desk.get_by_role("button", name="Pressed by mistake").click()
    expect(alarm).not_to_contain_text("counter 1")
    assert sounds == ["running"] * 4, "nor is one's own"


def test_on_a_tablet_nothing_is_cut_off_and_buttons_fit_a_finger(desk: Page) -> None:
    press(desk, "n")
    expect(desk.locator(".visitor__state")).to_have_text("Called once")
    for width in (820, 390):
        desk.set_viewport_size({"width": width, "height": 1180})
        assert desk.evaluate("document.documentElement.scrollWidth") <= width
    small = desk.evaluate("""[...document.querySelectorAll(".desk button, .desk .line__link, .desk summary")]
      .filter((each) => each.checkVisibility())
      .map((each) => [each.textContent.trim(), each.getBoundingClientRect()])
      .filter(([, box]) => box.height < 44 || box.width < 44).map(([text]) => text)""")
    assert small == []
