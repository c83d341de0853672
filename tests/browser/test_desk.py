"""The desk in a real browser: keys, news without reloading, and a tablet."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from frontoffice import clock
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.line import staffing
from frontoffice.offices.models import Office
from frontoffice.web.app import create_app
from tests.browser.office import Served
from tests.line.desks import Desks
from tests.line.parts import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Any) -> str:
    """SQLite is enough here: the database is not what is looked at."""
    template: Any = request.getfixturevalue("sqlite_template")
    path = tmp_path / "frontoffice.db"
    path.write_bytes(template.read_bytes())
    return f"sqlite:///{path}"


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


def test_a_visit_by_keys_alone(desk: Page) -> None:
    desk.keyboard.press("l")
    expect(desk.get_by_role("heading", name="A001")).to_be_visible()
    desk.keyboard.press("c")
    expect(desk.locator(".visitor__state")).to_have_text("Called once")
    desk.keyboard.press("r")
    expect(desk.locator(".visitor__state")).to_have_text("Called 2 times")
    desk.keyboard.press("s")
    expect(desk.locator(".visitor__state")).to_have_text("At the counter")
    desk.keyboard.press("f")
    expect(desk.get_by_role("button", name="Call next")).to_be_visible()
    desk.keyboard.press("z")
    expect(desk.locator(".visitor__state")).to_have_text("At the counter")
    # Who types a note means letters, not buttons.
    desk.get_by_text("Wait aside, or pass on").click()
    desk.get_by_label("Note for the colleague").press("f")
    expect(desk.get_by_label("Note for the colleague")).to_have_value("f")
    expect(desk.locator(".visitor__state")).to_have_text("At the counter")


def test_news_come_without_reloading_and_an_alarm_is_answered(desk: Page, house: Served) -> None:
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
    alarm.get_by_role("button", name="I am coming").click()
    expect(desk.locator("[data-alarm]")).to_contain_text("On the way: counter 1")


def test_on_a_tablet_nothing_is_cut_off_and_buttons_fit_a_finger(desk: Page) -> None:
    desk.keyboard.press("n")
    expect(desk.locator(".visitor__state")).to_have_text("Called once")
    for width in (820, 390):
        desk.set_viewport_size({"width": width, "height": 1180})
        assert desk.evaluate("document.documentElement.scrollWidth") <= width
    small = desk.evaluate("""[...document.querySelectorAll(".desk button, .desk .line__link, .desk summary")]
      .filter((each) => each.checkVisibility())
      .map((each) => [each.textContent.trim(), each.getBoundingClientRect()])
      .filter(([, box]) => box.height < 44 || box.width < 44).map(([text]) => text)""")
    assert small == []
