"""Lines that can be shown: with the joiners of Farsi, without what only deceives."""

import pytest

from frontoffice.printable import is_line


@pytest.mark.parametrize(
    "text", ["", "Bitte Tür 3", "می\u200cخواهم", "क्\u200dष", "رقم \u200e+49 30\u200f", "🙂"]
)
def test_people_can_write_their_language(text: str) -> None:
    assert is_line(text)


@pytest.mark.parametrize("text", ["a\nb", "a\x00", "a\u2028b", "a\u202eb", "a\u2066b", "\ud800", "a\u00adb"])
def test_what_cannot_be_shown_is_refused(text: str) -> None:
    assert not is_line(text)
