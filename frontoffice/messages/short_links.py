"""Shorter addresses of pages, for SMS only: a long host and a secret fill most of one.

They lead to the page itself, with the same secret: nothing is stored, and nothing is easier to guess.
"""

import re

PAGES = {
    "a": "appointments",
    "d": "draws",
    "i": "invitations",
    "m": "messages",
    "r": "reminders",
    "w": "waitlist",
}
# What stands behind the first part: names, numbers and a secret at the end.
REST = r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+){1,2}"

_LETTERS = {name: letter for letter, name in PAGES.items()}
_LONG = re.compile(rf"(.*/)({'|'.join(_LETTERS)})/({REST})/")


def shorten(link: str) -> str:
    """The shorter address of the same page; `link` itself where there is none."""
    found = _LONG.fullmatch(link)
    return f"{found[1]}{_LETTERS[found[2]]}/{found[3]}" if found else link


def whole(letter: str, rest: str) -> str | None:
    """The path that a shorter one stands for, without the slash at its beginning; None where it is none."""
    if letter not in PAGES or re.fullmatch(REST, rest) is None:
        return None
    return f"{PAGES[letter]}/{rest}/"
