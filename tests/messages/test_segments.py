"""How many parts an SMS takes."""

import pytest

from frontoffice.messages.segments import plainer, segments


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("äöüßÄÖÜ@£_" * 16, 1),
        ("€" * 80, 1),
        ("€" * 80 + "a", 2),
        (
            "a" * 152 + "€" * 77,
            3,
        ),  # the € does not fit into the last place of the first part, nor of the second
        ("я" * 70, 1),
        ("я" * 71, 2),
        ("я" * 134, 2),
        ("я" * 135, 3),
        ("a" * 70 + "–", 2),  # one dash, and everything takes twice the room
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("`", 1),
        ("`" + "a" * 70, 2),  # the backtick is not in the alphabet
    ],
)
def test_parts_are_counted_as_networks_do(text: str, parts: int) -> None:
    assert segments(text) == parts


def test_typographic_characters_are_made_plain() -> None:
    text = plainer("8:30\u202fAM – „Termin“\nso\u00a0bald …")
    assert text == '8:30 AM - "Termin" so bald ...'
    assert segments(text * 4) == 1


def test_accents_that_no_sms_can_carry_are_left_out_where_that_helps() -> None:
    assert plainer("9 ağustos 11:30, gişe Ç ı İ") == "9 agustos 11:30, gise Ç i I"
    assert plainer("el miércoles, «cita»") == 'el miércoles, "cita"'
    assert plainer("août, cœur, être") == "aout, coeur, etre"
    # Other scripts take twice the room in any case, and keep what they have.
    assert plainer("Ваш код, être: їжак") == "Ваш код, être: їжак"
    assert plainer("رمزك أ: être") == "رمزك أ: être"
