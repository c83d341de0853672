"""The code of an appointment: how it is read, and whether it can be right at all."""

import re

from stdnum import luhn

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH = 8


def normalise(typed: str) -> str:
    """What was typed or scanned, without spaces and dashes and in capitals."""
    return re.sub(r"[\s\u2010-\u2015-]", "", typed).upper()


def is_valid(code: str) -> bool:
    """Whether a normalised code has the right length and letters and a fitting check character."""
    if len(code) != LENGTH or any(character not in ALPHABET for character in code):
        return False
    return bool(luhn.is_valid(code, ALPHABET))
