"""Booking codes: short enough to type at a kiosk, with a check character against slips of the finger."""

import re
import secrets

from stdnum import luhn

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without 0 and O, 1 and I, which look alike
LENGTH = 8

# Hyphens and dashes of all kinds, because word processors and phones "correct" the plain one.
_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015\u2212]+")


def new() -> str:
    """A random booking code. That it is not used yet, only the database can say."""
    body = "".join(
        ALPHABET[each % len(ALPHABET)] for each in secrets.token_bytes(LENGTH - 1)
    )  # 32 letters: no bias
    return body + luhn.calc_check_digit(body, ALPHABET)


def tidy(typed: str) -> str | None:
    """The booking code somebody typed, in any case, with or without spaces and hyphens; else None."""
    code = _SEPARATORS.sub("", typed[:40]).upper()
    if len(code) != LENGTH or not set(code) <= set(ALPHABET) or not luhn.is_valid(code, ALPHABET):
        return None
    return code


def shown(reference: str) -> str:
    """A booking code as people read it: K7M2-PXQ4."""
    return f"{reference[:4]}-{reference[4:]}"
