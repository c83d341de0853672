"""How this visitor wants the screen: larger, more contrast, controls low, read aloud, by numbers.

Kept in the browser's session and forgotten at the start screen, so that the next visitor finds it as it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import session

KEPT_AS = "display"


@dataclass(frozen=True)
class Switch:
    """One way to change the screen; `style` is the class the page gets."""

    name: str
    style: str
    has_button: bool = True


# The order is that of the buttons; the numeric keypad has 91, 92 … for them.
SWITCHES = (
    Switch("large", "kiosk--large"),
    Switch("contrast", "kiosk--contrast"),
    Switch("low", "kiosk--low"),
    Switch("aloud", "kiosk--aloud"),
    Switch("keys", "kiosk--keys", has_button=False),  # turned on by the first key
)
NAMES = frozenset(switch.name for switch in SWITCHES)


def chosen() -> frozenset[str]:
    """The names of what is switched on."""
    kept = session.get(KEPT_AS)
    return frozenset(kept) & NAMES if isinstance(kept, list) else frozenset()


def switch(name: str) -> bool:
    """Turn it on or off; says whether there is such a switch."""
    if name not in NAMES:
        return False
    session[KEPT_AS] = sorted(chosen() ^ {name})
    return True


def choose(names: Iterable[str]) -> None:
    """Turn on exactly these; others are off, and names that are none are passed over."""
    session[KEPT_AS] = sorted(NAMES.intersection(names))


def forget() -> None:
    """As it was before anybody came."""
    session.pop(KEPT_AS, None)


def styles() -> str:
    """The classes of the page."""
    on = chosen()
    return " ".join(["kiosk", *(each.style for each in SWITCHES if each.name in on)])
