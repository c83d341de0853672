"""Looks at a page as everybody may need it: with axe-core, narrow, wide, with large text, and by keyboard."""

from collections.abc import Iterable
from typing import Any

from playwright.sync_api import Browser

from tests.browser.conftest import ROOT, Demonstration
from tests.browser.walk import Found

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "EN-301-549", "best-practice"]
MOST_STOPS = 40  # of one page: long tables repeat themselves
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

# While no language from right to left is whole: the page as one would have it.
MIRROR = """async () => {
    document.documentElement.dir = "rtl";
    for (const link of document.querySelectorAll("link[href*='/kern.css']")) {
        await new Promise((resolve) => {
            link.onload = resolve;
            link.href = link.href.replace("kern.css", "kern.rtl.css");
        });
    }
}"""

# Pages that follow the office are looked at as they stand: what moves meanwhile is looked at elsewhere.
STAND_STILL = "delete globalThis.EventSource;"


class Reader:
    """Somebody who reads pages in one language, signed in if the browser carries a state. `code` may be "mirrored"."""

    def __init__(self, browser: Browser, demo: Demonstration, code: str, state: Any = None) -> None:
        self.code = code
        # Scripts of ours are let in past the page's policy; motion is reduced, so that nothing is caught half-way.
        self._context = browser.new_context(
            locale="de-DE", storage_state=state, bypass_csp=True, reduced_motion="reduce", viewport=WIDE
        )
        if code != "mirrored":
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
        """What is wrong with a page: for axe at these sizes, for its width at all sizes, and by keyboard."""
        page = self.page
        page.set_viewport_size(WIDE)
        page.goto(found.url)
        if self.code == "mirrored":
            page.evaluate(MIRROR)
        faults = self._by_keyboard() if keyboard else []
        for size in (WIDE, NARROW):
            page.set_viewport_size(size)
            faults += [f"sticks out at {size['width']} px: {each}" for each in page.evaluate(STICKS_OUT)]
            if size in axe_at:
                faults += [f"{each} at {size['width']} px" for each in page.evaluate(RUN_AXE, TAGS)]
        page.set_viewport_size(WIDE)
        page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
        faults += [f"sticks out at twice the size: {each}" for each in page.evaluate(STICKS_OUT)]
        return [f"{found.endpoint} in {self.code}: {each}" for each in faults]

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
