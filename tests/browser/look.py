"""Looks at a page as everybody may need it: with axe-core, narrow, wide, with large text, and by keyboard."""

from collections.abc import Iterable
from typing import Any

from playwright.sync_api import Browser

from tests.browser.conftest import ROOT, Demonstration
from tests.browser.walk import Found

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "EN-301-549", "best-practice"]
ALL = {"type": "tag", "values": TAGS}
# Those of them whose answer depends on the place and size of things, and those that depend on words.
LAYOUT = {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]}
WORDS = {
    "type": "rule",
    "values": [
        *LAYOUT["values"],
        *("aria-dialog-name", "aria-input-field-name", "button-name", "document-title", "empty-heading"),
        *("html-has-lang", "html-lang-valid", "html-xml-lang-mismatch", "image-alt", "input-button-name"),
        *("label", "landmark-unique", "link-name", "link-in-text-block", "select-name", "summary-name"),
        *("svg-img-alt", "valid-lang"),
    ],
}
MOST_STOPS = 40  # of one page: long tables repeat themselves
NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1440, "height": 900}

RUN_AXE = """async (runOnly) => {
    const found = await axe.run(document, { runOnly, resultTypes: ["violations"], preload: false });
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

# Notes, as the keyboard moves, what has the focus and whether that can be seen. Gives the number of stops to expect.
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
            seen: looks.get(target) !== around(target), inside: box.width > 0 && box.height > 0 });
    });
    const radios = all.filter((each) => each.type === "radio");
    return all.length - radios.length + new Set(radios.map((each) => each.name)).size;
}"""

# Pages that follow the office are looked at as they stand: what moves meanwhile is looked at elsewhere.
STAND_STILL = "delete globalThis.EventSource;"


class Reader:
    """Somebody who reads pages in one language, signed in if the browser carries a state."""

    def __init__(self, browser: Browser, demo: Demonstration, code: str, state: Any = None) -> None:
        self.code = code
        # Scripts of ours are let in past the page's policy; motion is reduced, so that nothing is caught half-way.
        self._context = browser.new_context(
            locale="de-DE", storage_state=state, bypass_csp=True, reduced_motion="reduce", viewport=WIDE
        )
        self._context.add_cookies([{"name": "language", "value": code, "url": demo.url}])
        self._context.add_init_script(STAND_STILL)
        self._context.add_init_script(path=AXE)
        self.page = self._context.new_page()

    def close(self) -> None:
        """Go."""
        self._context.close()

    def look(
        self, found: Found, axe_at: Iterable[dict[str, int]] = (), *, keyboard: bool = False
    ) -> list[str]:
        """What is wrong with a page, at all sizes. axe looks at everything at these sizes, else at layout and words."""
        self.page.set_viewport_size(WIDE)
        self.page.goto(found.url)
        faults = self._by_keyboard() if keyboard else []
        for size in (WIDE, NARROW):
            self.page.set_viewport_size(size)
            faults += self._at(
                f"{size['width']} px", ALL if size in axe_at else WORDS if size is NARROW else LAYOUT
            )
        self.page.set_viewport_size(WIDE)
        self.page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
        faults += self._at("twice the size", LAYOUT)
        return [f"{found.endpoint} in {self.code}: {each}" for each in faults]

    def _at(self, size: str, rules: dict[str, Any]) -> list[str]:
        wide = [f"sticks out at {size}: {each}" for each in self.page.evaluate(STICKS_OUT)]
        return wide + [f"{each} at {size}" for each in self.page.evaluate(RUN_AXE, rules)]

    def _by_keyboard(self) -> list[str]:
        stops = min(self.page.evaluate(WATCH_FOCUS), MOST_STOPS)
        seen: list[dict[str, Any]] = []
        for _round in range(4):  # day, month and year of one field each take a press
            for _press in range(stops):
                self.page.keyboard.press("Tab")
            seen = self.page.evaluate("() => window.stops")
            if len({each["index"] for each in seen} - {-1}) >= stops:
                break
        reached = len({each["index"] for each in seen} - {-1})
        hidden = dict.fromkeys(each["what"] for each in seen if not (each["seen"] and each["inside"]))
        return [f"{reached} of {stops} can be reached by keyboard"] * (reached < stops) + [
            f"the focus is not seen on {each}" for each in hidden
        ]
