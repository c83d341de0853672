"""Booking codes: readable, typed back in any form, safe against one slip of the finger."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontoffice.booking import references
from frontoffice.booking.references import ALPHABET

CODES = st.builds(references.new)


def test_codes_differ_and_use_no_letters_that_look_alike() -> None:
    codes = {references.new() for _ in range(500)}
    assert len(codes) == 500
    assert not set("".join(codes)) & set("01IO")


@given(CODES)
def test_a_code_is_read_as_it_is_shown(code: str) -> None:
    assert len(code) == 8
    assert references.tidy(references.shown(code)) == code
    assert references.tidy(f" {code[:3].lower()} {code[3:]}–") == code


@given(CODES, st.integers(0, 7), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(code: str, place: int, other: str) -> None:
    typed = code[:place] + other + code[place + 1 :]
    assert references.tidy(typed) == (code if typed == code else None)


@pytest.mark.parametrize(
    "typed", ["", "K7M2", "K7M2PXQ", "K7M2-PXQ40", "O0I1-O0I1", "\x00" * 8, "ẞ" * 8, "7" * 10_000]
)
def test_what_is_no_code_is_not_read(typed: str) -> None:
    assert references.tidy(typed) is None


def test_the_check_character_is_that_of_the_kiosk() -> None:
    assert references.tidy("k7m2-pxqw") == "K7M2PXQW"
    assert references.tidy("k7m2-pxq4") is None
