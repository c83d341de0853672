"""Reading and filling in the forms of a page, as a browser without scripts does."""

from typing import Any

import html5lib

from tests.line.browsing import Browser

XHTML = "{http://www.w3.org/1999/xhtml}"


def filled_in(browser: Browser, place: int = -1) -> dict[str, str | list[str]]:
    """What a form of the page would send as it stands (the last one), without its buttons and its token."""
    tree = html5lib.parse(browser.page.text)
    main = next(each for each in tree.iter(f"{XHTML}main"))
    form = list(main.iter(f"{XHTML}form"))[place]
    found: dict[str, Any] = {}
    for each in form.iter():
        name = each.get("name")
        if name is None or name == "csrf_token":
            continue
        for value in _values(each):
            if name in found:
                found[name] = [*([found[name]] if isinstance(found[name], str) else found[name]), value]
            else:
                found[name] = value
    return found


def _values(each: Any) -> list[str]:
    tag = each.tag.removeprefix(XHTML)
    if tag == "textarea":
        return [(each.text or "").removeprefix("\n")]
    if tag == "select":
        options = list(each.iter(f"{XHTML}option"))
        chosen = [it for it in options if it.get("selected") is not None]
        return [it.get("value", "") for it in chosen or options[:1]]
    if tag != "input" or each.get("type") == "submit":
        return []
    if each.get("type") in ("checkbox", "radio") and each.get("checked") is None:
        return []
    return [each.get("value", "")]
