"""The screen for those who see little, sit in a wheelchair, or have only a numeric keypad; and the camera."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect

from kiosk import qr
from kiosk.card_pages import LETTERS
from kiosk.codes import ALPHABET
from tests.kiosk.browsing import needs_browser, new_browser
from tests.kiosk.fake_office import code
from tests.kiosk.hall import Hall
from tests.kiosk.test_card import READY

CODE = code("K7M2PXQ")
PATHS = [
    "",
    "check-in",
    "check-in/without-code",
    "walk-in",
    "walk-in/stay",
    "card",
    "card/where",
    "information",
    "remind-me",
    "booking/renewal",
]

pytestmark = needs_browser

# Stands for the voices that are installed on a device, and one that would send what it reads elsewhere.
VOICES = """
window.spoken = [];
const voices = VOICES.map(([lang, localService]) => ({ lang, localService, name: lang, default: false }));
Object.defineProperty(window, "speechSynthesis", { value: {
    getVoices: () => voices, cancel: () => {}, addEventListener: () => {},
    speak: (each) => window.spoken.push([each.voice.lang, each.voice.localService, each.text]),
}});
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
"""

# Of every text that can be seen: how it stands out from what is behind it (WCAG 2.2, contrast ratio).
FAINT = """(least) => {
    const numbers = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
    const linear = (value) => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const light = (colour) => {
        const [r, g, b] = numbers(colour).map((value) => linear(value / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        for (let each = element; each; each = each.parentElement) {
            const colour = getComputedStyle(each).backgroundColor;
            if (numbers(colour)[3] !== 0) return colour;
        }
        return "rgb(255, 255, 255)";
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const faint = [];
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
        if (element.closest("[aria-disabled=true]")) continue;
        const [one, other] = [light(getComputedStyle(element).color), light(behind(element))];
        const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        if (ratio < least) faint.push(`${texts.currentNode.data.trim()}: ${ratio.toFixed(2)}`);
    }
    return faint;
}"""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the camera sees: somebody holds the QR code of a confirmation before it."""
    rows = qr.modules(CODE)
    paper = Image.new("L", (len(rows), len(rows)), 255)
    for y, row in enumerate(rows):
        for x, is_dark in enumerate(row):
            paper.putpixel((x, y), 0 if is_dark else 255)
    picture = Image.new("RGB", (640, 480), "grey")
    picture.paste(paper.resize((300, 300), Image.Resampling.NEAREST), (150, 80))
    film = tmp_path_factory.mktemp("camera") / "film.mjpeg"
    picture.save(film, "JPEG", quality=90)
    film.write_bytes(film.read_bytes() * 3)
    return film


@pytest.fixture(scope="module")
def browser(playwright: Playwright, film: Path) -> Iterator[Browser]:
    """A Chromium with a camera."""
    yield from new_browser(
        playwright,
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )


@pytest.fixture
def screen(browser: Browser, hall: Hall) -> Iterator[Page]:
    """The device's screen, lying."""
    hall.office.appointments[CODE] = {"service": "renewal", "due_at": "2026-11-23T09:30:00+00:00"}
    hall.office.appointments["1990-03-07 09:30"] = {"service": "renewal"}
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=hall.kiosk.url)
    yield context.new_page()
    context.close()


def switch(page: Page, *names: str) -> None:
    """Press the buttons of the frame."""
    page.goto("/en/walk-in")
    for name in names:
        with page.expect_response(re.compile("/display$")):
            page.locator(f"[value={name}]").click()
        expect(page.locator(f"[value={name}]")).to_have_attribute("aria-pressed", "true")


def press(page: Page, keys: str) -> None:
    """Keys of the numeric keypad, as a device without a keyboard has it."""
    names = {"*": "Multiply", "+": "Add", "-": "Subtract", "/": "Divide", ".": "Decimal", "E": "Enter"}
    for key in keys:
        name = names.get(key, key)
        page.keyboard.press(f"Numpad{name}")


@pytest.mark.parametrize(("language", "modes"), [("de", ["low"]), ("ar", ["low", "large"])])
def test_with_low_controls_all_of_them_are_in_the_lower_third(
    screen: Page, language: str, modes: list[str]
) -> None:
    switch(screen, *modes)
    for path in [*PATHS, "the ticket"]:
        if path == "the ticket":
            screen.goto(f"/{language}/check-in")
            screen.keyboard.type(CODE)
            screen.keyboard.press("Enter")
            expect(screen.locator(".kiosk-number")).to_be_visible()
        else:
            screen.goto(f"/{language}/{path}")
        for width, height in [(1080, 1920), (1280, 800), (1920, 1080)]:
            screen.set_viewport_size({"width": width, "height": height})
            screen.wait_for_function("([w, h]) => innerWidth === w && innerHeight === h", arg=[width, height])
            # Buttons to move a list come and go with the size.
            screen.evaluate(
                "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
            )
            _assert_low(screen, f"{path} {width}x{height}", height)


def _assert_low(page: Page, where: str, height: int) -> None:
    found: list[list[Any]] = page.evaluate(
        """() => [...document.querySelectorAll("a, button")].filter((e) => e.checkVisibility()).map((e) => {
            const box = e.getBoundingClientRect();
            return [e.innerText, box.top, box.bottom, !e.closest(".kiosk-controls"), Math.min(box.width, box.height)];
        })"""
    )
    assert found
    third = height * 2 / 3 - 1
    high = [name for name, top, _bottom, _frame, _size in found if top < third]
    assert high == [], f"too high on {where}"
    # A list may be longer than its place, and then has buttons to move it; the frame is always there.
    gone = [name for name, _top, bottom, frame, _size in found if bottom > height + 1 and frame]
    assert gone == [], f"below the screen on {where}"
    assert [name for name, *_rest, size in found if size < 63.5] == [], f"too small on {where}"
    hidden = any(bottom > height + 1 for _name, _top, bottom, *_rest in found)
    assert not hidden or page.locator("[data-scroll]").is_visible(), where
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), f"too wide: {where}"


def test_no_text_is_faint_and_with_more_contrast_all_of_it_is_strong(screen: Page) -> None:
    def assert_strong(where: str) -> None:
        assert screen.evaluate(FAINT, 4.5) == [], where
        screen.evaluate("document.body.classList.add('kiosk--contrast')")
        expect(screen.locator("body")).to_have_css("background-color", "rgb(0, 0, 0)")
        assert screen.evaluate(FAINT, 7) == [], where

    for path in [*PATHS, "information/renewal", "nothing"]:
        screen.goto(f"/en/{path}")
        assert_strong(path)
    for typed in (CODE, code("ABCDEFG"), "wrong"):
        screen.goto("/en/check-in")
        screen.keyboard.type(typed)
        with screen.expect_navigation():
            screen.keyboard.press("Enter")
        assert_strong(typed)


def test_large_text_is_a_third_larger(screen: Page) -> None:
    def height(selector: str) -> float:
        return float(screen.locator(selector).first.evaluate("(e) => e.getBoundingClientRect().height"))

    screen.goto("/en/information/emergency")
    before = [height(selector) for selector in ("h1", "main li")]
    switch(screen, "large")
    screen.goto("/en/information/emergency")
    after = [height(selector) for selector in ("h1", "main li")]
    assert all(new >= old * 1.3 for new, old in zip(after, before, strict=True))


def test_a_number_is_drawn_with_the_numeric_keypad_alone(screen: Page) -> None:
    screen.goto("/de/")
    with screen.expect_response(re.compile("/display$")):
        press(screen, "5")  # the first key only shows the numbers
    for keys, heading in [
        ("53", "Welcome"),
        ("2", "What is it about?"),
        ("1", "Residence"),
        ("1", "Your number"),
    ]:
        press(screen, keys)
        expect(screen.locator("h1")).to_have_text(heading)
        # The scripts of the new screen have begun.
        expect(screen.locator("[data-number]").first).to_be_attached()
    expect(screen.locator(".kiosk-number")).to_be_visible()
    press(screen, "0")
    expect(screen).to_have_url("/")
    expect(screen.locator("body")).to_have_class("kiosk")


def test_codes_and_dates_are_entered_with_the_numeric_keypad_alone(hall: Hall, screen: Page) -> None:
    screen.goto("/en/check-in")
    press(screen, "*")
    places = {character: f"{at // 8 + 1}{at % 8 + 1}" for at, character in enumerate(ALPHABET)}
    press(screen, places["X"] + "5" + places["X"] + ".")
    expect(screen.locator("#code")).to_have_value("")
    press(screen, "".join(places[character] for character in CODE))
    expect(screen.locator("#code")).to_have_value(CODE)
    press(screen, "E")
    expect(screen.locator(".kiosk-number")).to_be_visible()

    screen.goto("/en/check-in")
    press(screen, "7")
    expect(screen.locator("h1")).to_have_text("Check in without a code")
    expect(screen.locator("[data-number]").first).to_be_attached()
    screen.keyboard.type("070319900930")
    press(screen, "E")
    expect(screen.locator(".kiosk-number")).to_be_visible()
    assert (hall.latest()["born"], hall.latest()["due"]) == ("1990-03-07", "09:30")

    screen.goto("/en/walk-in")
    press(screen, "91")
    expect(screen.locator("body")).to_have_class(re.compile("kiosk--large"))
    press(screen, "/")
    expect(screen).to_have_url(re.compile("/en/$"))


def test_the_number_of_a_card_is_entered_with_the_numeric_keypad_alone(hall: Hall, screen: Page) -> None:
    hall.office.card = (200, READY)
    screen.goto("/en/card/where")
    press(screen, "*")
    places = {character: f"{at // 8 + 1}{at % 8 + 1}" for at, character in enumerate(LETTERS)}
    press(screen, places["Z"] + "6" + places["Z"] + ".")
    expect(screen.locator("#number")).to_have_value("")
    press(screen, "".join(places[character] for character in "K20AB4") + "+")
    expect(screen.locator("#number")).to_have_value("K20AB4")
    screen.keyboard.type("27031991")
    press(screen, "E")
    expect(screen.locator("h1")).to_have_text("Your card is ready")
    assert (hall.office.asked[-1]["number"], hall.office.asked[-1]["born"]) == ("K20AB4", "1991-03-27")


def test_every_control_has_a_number_and_none_hides_another(screen: Page) -> None:
    screen.goto("/en/")
    press(screen, "1")
    for path in [*PATHS, "information/topic/stay"]:
        screen.goto(f"/en/{path}")
        numbers: list[str] = screen.evaluate(
            """() => [...document.querySelectorAll("a, button")]
                .filter((e) => e.checkVisibility() && !e.closest(".kiosk-keypad--digits"))
                .map((e) => e.dataset.number)"""
        )
        assert None not in numbers, path
        assert len(set(numbers)) == len(numbers), path
        clash = [
            (one, other) for one in numbers for other in numbers if one != other and other.startswith(one)
        ]
        assert clash == [], path


def test_the_screen_is_read_aloud_with_a_voice_of_the_device_only(screen: Page) -> None:
    voices = '[["en-US", false], ["de-DE", true], ["en-GB", true]]'
    screen.add_init_script(VOICES.replace("VOICES", voices, 1))
    screen.clock.install()
    screen.goto("/en/walk-in")
    assert screen.evaluate("spoken") == []
    with screen.expect_response(re.compile("/display$")):
        press(screen, "*")
    spoken = screen.evaluate("spoken")
    assert {(lang, local) for lang, local, _text in spoken} == {("en-GB", True)}
    texts = [text for _lang, _local, text in spoken]
    assert texts[0] == "What is it about?"
    assert any(text.startswith("Press 1 for: Residence") for text in texts)
    assert "Press 0 for: Back to the start" in texts
    screen.goto("/de/")
    assert {lang for lang, _local, _text in screen.evaluate("spoken")} == {"de-DE"}
    screen.goto("/en/walk-in")
    screen.evaluate("spoken.length = 0")
    screen.clock.fast_forward(46_000)
    screen.clock.run_for(1_000)
    [[_lang, _local, warning]] = screen.evaluate("spoken")
    assert warning.startswith("This screen is about to go back to the start.")
    press(screen, "9")
    expect(screen.locator("[data-return-notice]")).to_be_hidden()
    screen.locator("[value=emergency]").click()
    expect(screen.locator(".kiosk-number")).to_be_visible()
    screen.wait_for_function(r"() => spoken.some(([, , text]) => /^A( \d){3}$/.test(text))")


def test_without_a_voice_for_the_language_the_screen_says_so_and_another_voice_where_there_is_help(
    screen: Page,
) -> None:
    screen.add_init_script(VOICES.replace("VOICES", '[["ar-SA", false], ["de-DE", true]]', 1))
    screen.goto("/de/walk-in")
    with screen.expect_response(re.compile("/display$")):
        press(screen, "*")
    assert screen.evaluate("spoken[0][2]") == "Worum geht es?"
    screen.goto("/ar/walk-in")
    expect(screen.locator("[value=aloud]")).to_be_hidden()
    expect(screen.locator("[data-no-voice]")).to_be_visible()
    help_in_german = "Dieses Gerät kann diese Sprache nicht vorlesen. Am Empfang hilft man Ihnen."
    assert screen.evaluate("spoken") == [["de-DE", True, help_in_german]]
    press(screen, "*")
    assert screen.evaluate("spoken.length") == 2
    press(screen, "+")
    assert screen.evaluate("spoken.length") == 2, "a German voice does not read Arabic"


def test_without_any_voice_of_the_device_nothing_is_promised(screen: Page) -> None:
    screen.add_init_script(VOICES.replace("VOICES", '[["en-US", false]]', 1))
    screen.goto("/en/walk-in")
    for name in ("[value=aloud]", "[data-no-voice]"):
        expect(screen.locator(name)).to_be_hidden()
    press(screen, "*")
    assert screen.evaluate("spoken") == []


@pytest.mark.parametrize("reader", ["browser", "library"])
def test_the_camera_reads_the_code(screen: Page, reader: str) -> None:
    detector = (
        """window.BarcodeDetector = class {
            static async getSupportedFormats() { return ["qr_code"]; }
            async detect(picture) { return picture.videoWidth ? [{ rawValue: "CODE" }] : []; }
        };""".replace("CODE", CODE)
        if reader == "browser"
        else "delete window.BarcodeDetector;"
    )
    screen.add_init_script(detector)
    screen.goto("/en/check-in")
    screen.get_by_role("button", name="Use the camera").click()
    expect(screen.locator(".kiosk-number")).to_be_visible(timeout=20_000)


def test_a_camera_that_may_not_be_used_is_said(screen: Page) -> None:
    screen.add_init_script("navigator.mediaDevices.getUserMedia = async () => { throw new Error(); };")
    screen.goto("/en/check-in")
    screen.get_by_role("button", name="Use the camera").click()
    expect(screen.get_by_text("The camera cannot be used. Please enter the code.")).to_be_visible()
