"""Looks at a page as everybody may need it: with axe-core, at any size, by keyboard, and in few colours."""

from typing import Any

from playwright.sync_api import Browser

from tests.browser.conftest import ROOT, Demonstration
from tests.browser.walk import Found

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "EN-301-549", "best-practice"]
ALL: dict[str, Any] = {"runOnly": {"type": "tag", "values": TAGS}}
# Half of the work is the contrast, and colours are the same in every language.
BUT_CONTRAST = ALL | {"rules": {"color-contrast": {"enabled": False}}}
# Whose answer depends on the place and size of things.
LAYOUT = {"runOnly": {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]}}
NOTHING: dict[str, Any] = {}
MOST_STOPS = 40  # of one page: long tables repeat themselves
NARROW, WIDE = {"width": 320, "height": 640}, {"width": 1440, "height": 900}
TWICE = WIDE | {"zoom": 2}  # text of twice the size

RUN_AXE = """async (options) => {
    const found = await axe.run(document, { ...options, resultTypes: ["violations"], preload: false });
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


# Icons, choices that are made and the focus, where they cannot be told from what is around them.
UNSEEN = """() => {
    const unseen = [], CLEAR = /^rgba\\(.*, 0\\)$/;
    const ground = (element) => { for (let each = element; each; each = each.parentElement) {
        const colour = getComputedStyle(each).backgroundColor;
        if (!CLEAR.test(colour)) return colour; } return "rgb(255, 255, 255)"; };
    for (const each of document.querySelectorAll(".kern-icon"))
        if (each.checkVisibility() && getComputedStyle(each).backgroundColor === ground(each.parentElement))
            unseen.push(each.outerHTML);
    for (const each of document.querySelectorAll("input:checked"))
        if (each.checkVisibility() && getComputedStyle(each).appearance === "none") unseen.push(each.outerHTML);
    const can = "a[href],button,input,select,textarea,summary,[tabindex='0']";
    for (const each of document.querySelectorAll(can)) {
        if (!each.checkVisibility({ visibilityProperty: true }) || each.disabled) continue;
        each.focus({ focusVisible: true, preventScroll: true });
        const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(each);
        if (document.activeElement === each && (outlineStyle === "none" || parseFloat(outlineWidth) < 2
            || outlineColor === ground(each.parentElement) || CLEAR.test(outlineColor)))
            unseen.push(`focus: ${each.outerHTML}`);
    }
    return unseen.map((each) => each.slice(0, 150));
}"""

Look = tuple[dict[str, int], dict[str, Any]]


class Reader:
    """Somebody who reads pages in one language, signed in if the browser carries a state.

    The window is as the first look needs it; `more` is how the browser differs from others.
    """

    def __init__(
        self,
        browser: Browser,
        demo: Demonstration,
        code: str,
        state: Any = None,
        *,
        window: dict[str, int] = WIDE,
        **more: Any,
    ) -> None:
        self.code = code
        # Scripts of ours are let in past the page's policy; motion is reduced, so that nothing is caught half-way.
        self._context = browser.new_context(
            locale="de-DE",
            storage_state=state,
            bypass_csp=True,
            reduced_motion="reduce",
            viewport=window,
            **more,
        )
        self._context.add_cookies([{"name": "language", "value": code, "url": demo.url}])
        self._context.add_init_script(STAND_STILL)
        self._context.add_init_script(path=AXE)
        self.page = self._context.new_page()
        self._devtools = self._context.new_cdp_session(self.page)

    def close(self) -> None:
        """Go."""
        self._context.close()

    def look(self, found: Found, *looks: Look, keyboard: bool = False) -> list[str]:
        """What is wrong with a page: in each size what sticks out, and what axe finds by those rules."""
        self._resize(looks[0][0])
        self.page.goto(found.url)
        faults = self._by_keyboard() if keyboard else []
        for size, rules in looks:
            self._resize(size)
            where = f"{size['width']} px" + (" with large text" if "zoom" in size else "")
            faults += [f"sticks out at {where}: {each}" for each in self.page.evaluate(STICKS_OUT)]
            faults += [f"{each} at {where}" for each in self.page.evaluate(RUN_AXE, rules)] if rules else []
        return [f"{found.endpoint} in {self.code}: {each}" for each in faults]

    def language(self) -> str:
        """Which one the page says it is in."""
        return str(self.page.evaluate("document.documentElement.lang"))

    def unseen(self, found: Found) -> list[str]:
        """What is not seen in a theme of forced colours."""
        self.page.goto(found.url)
        return [f"{found.endpoint}: {each}" for each in self.page.evaluate(UNSEEN)]

    def _resize(self, size: dict[str, int]) -> None:
        """Like `set_viewport_size`, in one message."""
        self._devtools.send(
            "Emulation.setDeviceMetricsOverride",
            {"width": size["width"], "height": size["height"], "deviceScaleFactor": 1, "mobile": False},
        )
        if "zoom" in size:
            self.page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")

    def _by_keyboard(self) -> list[str]:
        stops = min(self.page.evaluate(WATCH_FOCUS), MOST_STOPS)
        seen: list[dict[str, Any]] = []
        reached, presses = 0, stops
        for _round in range(4):  # day, month and year of one field each take a press
            for _press in range(presses):
                self.page.keyboard.press("Tab")
            seen = self.page.evaluate("() => window.stops")
            reached, presses = len({each["index"] for each in seen} - {-1}), max(8, stops // 2)
            if reached >= stops:
                break
        hidden = dict.fromkeys(each["what"] for each in seen if not (each["seen"] and each["inside"]))
        return [f"{reached} of {stops} can be reached by keyboard"] * (reached < stops) + [
            f"the focus is not seen on {each}" for each in hidden
        ]
