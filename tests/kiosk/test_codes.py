"""The code of an appointment is checked before anybody is asked."""

import pytest

from kiosk.codes import ALPHABET, is_valid, normalise
from tests.kiosk.fake_office import code


def test_a_code_with_its_check_character_is_valid() -> None:
    assert is_valid(code("K7M2PXQ"))


@pytest.mark.parametrize("typed", ["k7m2pxqw", "K7M2-PXQW", " K7M2 PXQW ", "K7M2–PXQW\n"])
def test_case_spaces_and_dashes_do_not_matter(typed: str) -> None:
    assert normalise(typed) == code("K7M2PXQ")


def test_every_single_wrong_character_is_noticed() -> None:
    right = code("K7M2PXQ")
    wrong = [
        right[:place] + other + right[place + 1 :]
        for place in range(len(right))
        for other in ALPHABET
        if other != right[place]
    ]
    assert not [typed for typed in wrong if is_valid(typed)]


@pytest.mark.parametrize(
    "typed", ["", "K7M2PXQ", "K7M2PXQWW", "K7M2PXQ0", "K7M2PXQÄ", "K7M2\x00PXQ", "K" * 10_000]
)
def test_what_cannot_be_a_code_is_not_valid(typed: str) -> None:
    assert not is_valid(normalise(typed))
