"""The waiting-room screen in a real browser: no call is lost, none that was undone is announced, old is not live."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from frontoffice import clock
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.line import calling, staffing, undoing
from frontoffice.line.models import Ticket
from frontoffice.offices.models import Office
from frontoffice.web.app import create_app
from tests.browser.office import Served
from tests.line.desks import Desks

pytestmark = pytest.mark.browser

# A browser that has voices: two of its own and one that would send the words elsewhere. It writes down what it says.
VOICES = """
globalThis.spoken = [];
const voices = [
  { lang: "uk-UA", localService: false }, { lang: "de-DE", localService: true }, { lang: "uk_UA", localService: true },
];
globalThis.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
Object.defineProperty(globalThis, "speechSynthesis", { value: {
  getVoices: () => voices,
  speak(utterance) {
    spoken.push([utterance.voice.localService, utterance.lang, utterance.text]);
    setTimeout(() => utterance.onend(), 50);
  },
  cancel() {},
} });
"""
# In this browser five seconds pass in one, so that the test need not wait for announcements to end.
HASTE = """
const now = Date.now, began = now(), later = setTimeout, often = setInterval;
Date.now = () => began + (now() - began) * 5;
globalThis.setTimeout = (work, ms, ...more) => later(work, ms / 5, ...more);
globalThis.setInterval = (work, ms, ...more) => often(work, ms / 5, ...more);
"""
# Which numbers have the screen for themselves, one after the other.
WATCH = """
addEventListener("DOMContentLoaded", () => {
  const call = document.querySelector("[data-current]");
  let last = "";
  new MutationObserver(() => {
    const number = call.classList.contains("call--new") ? call.querySelector("[data-ticket]").textContent : "";
    if (number && number !== last) noteNumber(number);
    last = number;
  }).observe(call, { subtree: true, childList: true, attributes: true, characterData: true });
});
"""

# What a screen reader would read out: a live region that was changed, or came to be seen, with what is in it then.
LISTEN = """
addEventListener("DOMContentLoaded", () => {
  for (const region of document.querySelectorAll("[aria-live], [role=alert]")) {
    new MutationObserver(() => {
      if (region.textContent.trim() && region.checkVisibility()) noteWords(region.textContent.trim());
    }).observe(region, { subtree: true, childList: true, characterData: true, attributeFilter: ["hidden"] });
  }
});
"""


# Notes whatever begins to move.
MOTION = """
window.moves = [];
for (const kind of ["animationstart", "transitionrun"])
  addEventListener(kind, (event) => moves.push(event.animationName ?? event.propertyName), true);
"""


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite is enough here: the database is not what is looked at."""
    return sqlite_url


@pytest.fixture
def wall(config: Config, database: Database, office: Office) -> Iterator[Served]:
    now = clock.now()
    with database.write() as session:
        for counter in session.get_one(Office, office.id).counters[1:]:
            counter.room = "Wartezone B"
    desks = Desks(database, office, now)
    for number in range(1, 7):
        desks.wait(number, arrived_at=now - timedelta(minutes=30 - number))
    wall = Served(create_app(config, database), desks)
    yield wall
    wall.close()


class Screen:
    """A screen on the wall. `announced` are the numbers it gave all its room to, also before it was loaded anew."""

    def __init__(self, browser: Browser, motion: Literal["reduce", "no-preference"] | None = None) -> None:
        self.announced: list[str] = []
        self.read_out: list[str] = []
        size: ViewportSize = {"width": 1920, "height": 1080}
        self.context = browser.new_context(locale="de-DE", viewport=size, reduced_motion=motion)
        self.context.expose_function("noteNumber", self._note)
        self.context.expose_function("noteWords", self._note_words)
        for script in (VOICES, HASTE, WATCH, LISTEN):
            self.context.add_init_script(script)
        self.page = self.context.new_page()
        self.state = self.page.locator("[data-state]")

    def _note(self, number: str) -> None:
        self.announced.append(number)

    def _note_words(self, words: str) -> None:
        self.read_out.append(words)

    def open(self, wall: Served, rooms: str = "") -> Page:
        """Show the office, or some of its rooms."""
        self.page.goto(f"{wall.url}/screen/musterstadt/{rooms}")
        expect(self.state).to_have_text("Aktuell")
        return self.page

    def wait(self, is_so: Callable[[], bool]) -> None:
        """Until it is so, forty seconds at most: a screen that was cut off tries again after some seconds."""
        for _turn in range(800):
            if is_so():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"it did not come to that; announced were {self.announced}")


@pytest.fixture
def screen(browser: Browser) -> Iterator[Screen]:
    screen = Screen(browser)
    yield screen
    screen.context.close()


def test_calls_of_one_moment_are_all_announced_also_by_a_screen_that_restarts_in_between(
    screen: Screen, wall: Served
) -> None:
    page = screen.open(wall)
    called = [wall.call(1), wall.call(2)]
    wall.act(calling.no_show, 1)
    called.append(wall.call(1))
    screen.wait(lambda: screen.announced == called[:1])
    page.reload()
    screen.wait(lambda: called[2] in screen.announced)
    page.wait_for_timeout(500)
    assert list(dict.fromkeys(screen.announced)) == called, "in the order of the calls"
    # What the restart has cut short is announced again, what was over is not.
    assert len(screen.announced) <= 4
    seen = list(screen.announced)
    page.reload()
    page.wait_for_timeout(1500)
    assert screen.announced == seen


def test_a_call_that_was_undone_is_neither_announced_nor_shown(screen: Screen, wall: Served) -> None:
    page = screen.open(wall)
    first, wrong = wall.call(1), wall.call(2)
    screen.wait(lambda: screen.announced == [first])
    expect(page.get_by_text(str(wrong), exact=True)).to_be_visible()
    wall.act(undoing.undo, 2)
    expect(page.get_by_text(str(wrong), exact=True)).to_have_count(0)
    page.wait_for_timeout(2000)
    assert screen.announced == [first]


def test_a_screen_reader_hears_each_call_once_and_nothing_when_one_is_undone(
    screen: Screen, wall: Served
) -> None:
    page = screen.open(wall)
    first, second = wall.call(1), wall.call(2)
    screen.wait(lambda: screen.announced == [first, second])
    expect(page.locator("[data-current]")).not_to_have_class(re.compile("call--new"))
    wall.act(undoing.undo, 2)
    expect(page.locator("[data-ticket]")).to_have_text(str(first))
    wall.act(calling.recall, 1)
    screen.wait(lambda: len(screen.read_out) > 2)
    expect(page.locator("[data-current]")).not_to_have_class(re.compile("call--new"))
    one, other = (
        f"Nummer {' '.join(str(ticket))}, bitte zu Schalter {counter}."
        for ticket, counter in ((first, 1), (second, 2))
    )
    assert screen.read_out == [one, other, one], "and the first once more, because it was called again"


def test_a_screen_of_one_room_announces_its_counters_only_and_shows_their_pauses(
    screen: Screen, wall: Served
) -> None:
    page = screen.open(wall, "?room=Wartezone+B")
    _elsewhere, here = wall.call(1), wall.call(2)
    screen.wait(lambda: screen.announced == [here])
    wall.act(calling.no_show, 2)
    wall.act(staffing.pause, 2)
    expect(page.locator("[data-pausing]")).to_be_visible()
    expect(page.locator("[data-pausing-names]")).to_have_text("2")
    assert screen.announced == [here]


def test_numbers_are_spoken_in_german_and_the_visitors_language_by_voices_of_the_device(
    screen: Screen, wall: Served
) -> None:
    with wall.desks.database.write() as session:
        session.get_one(Ticket, 1).language = "uk"
    page = screen.open(wall)
    wall.call(1)
    screen.wait(lambda: len(page.evaluate("spoken")) == 2)
    assert page.evaluate("spoken") == [
        [True, "de-DE", "Nummer A 0 0 1, bitte zu Schalter 1."],
        [True, "uk_UA", "Номер A 0 0 1, будь ласка, підійдіть до віконця 1."],
    ]


def test_a_screen_that_is_cut_off_says_so_and_recovers_with_all_calls(screen: Screen, wall: Served) -> None:
    page = screen.open(wall)
    # Not loaded a second time: a power cut may come in the first hour.
    page.wait_for_function("caches.match(location.href).then(Boolean)")
    page.wait_for_function("navigator.serviceWorker.ready.then((each) => each.active.state === 'activated')")
    wall.close()
    called = [wall.call(1), wall.call(2)]
    expect(screen.state).to_contain_text("Keine Verbindung", timeout=20_000)
    page.reload()
    expect(page.locator("[data-screen]")).to_be_visible()
    expect(screen.state).to_contain_text("Keine Verbindung", timeout=20_000)
    wall.open()
    screen.wait(lambda: screen.announced == called)
    expect(screen.state).to_have_text("Aktuell", timeout=20_000)


def test_it_can_be_read_from_ten_metres_on_a_screen_of_43_inches(screen: Screen, wall: Served) -> None:
    """Capitals of 3.3 cm: the distance divided by 300, as for signs. A 43-inch screen is 95 cm wide."""
    page = screen.open(wall)
    for counter in (1, 2):
        wall.call(counter)
    expect(page.locator(".recent__ticket")).to_have_count(1)
    for part in (".call__ticket", ".call__counter", ".recent__ticket", ".recent__counter"):
        # At one moment: the rows are made anew meanwhile.
        size = float(
            page.evaluate(
                "(part) => parseFloat(getComputedStyle(document.querySelector(part)).fontSize)", part
            )
        )
        assert size * 0.714 / 1920 * 95 >= 3.3, part
    overflow = page.evaluate("document.documentElement.scrollHeight - innerHeight")
    assert overflow <= 0


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 1024), (1024, 600)])
def test_no_number_is_shown_by_half(screen: Screen, wall: Served, size: tuple[int, int]) -> None:
    screen.page.set_viewport_size({"width": size[0], "height": size[1]})
    page = screen.open(wall)
    for _turn in range(6):
        wall.call(1)
        wall.act(calling.no_show, 1)
    screen.wait(lambda: len(screen.announced) == 2)
    rows = page.locator("[data-rows] tr")
    assert 2 <= rows.count() <= 5
    end = "each => each.getBoundingClientRect().bottom"
    assert rows.last.evaluate(end) <= page.locator("[data-recent]").evaluate(end) + 1


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_nothing_moves_where_less_motion_is_wanted_and_a_call_is_seen_all_the_same(
    browser: Browser, wall: Served, motion: Literal["reduce", "no-preference"]
) -> None:
    screen = Screen(browser, motion)
    screen.context.add_init_script(MOTION)
    page = screen.open(wall)
    quiet = page.locator("[data-current]").evaluate("each => getComputedStyle(each).backgroundColor")
    called = [wall.call(1), wall.call(2)]
    expect(page.locator("[data-current]")).to_have_class(re.compile("call--new"))
    shown = page.locator("[data-current]").evaluate("each => getComputedStyle(each).backgroundColor")
    screen.wait(lambda: screen.announced == called)
    expect(page.locator("[data-current]")).not_to_have_class(re.compile("call--new"))
    assert shown != quiet
    assert (page.evaluate("moves") == []) == (motion == "reduce")
    screen.context.close()
