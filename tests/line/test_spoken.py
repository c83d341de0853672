"""In which languages a screen says a number: in German, and then in the visitor's own."""

import pytest

from frontoffice import languages
from frontoffice.line import spoken


@pytest.mark.parametrize("code", [*languages.SUPPORTED, *languages.COMING])
def test_there_is_a_sentence_for_every_language_that_pages_speak(code: str) -> None:
    for said in (spoken.FIRST, spoken.second(code) or spoken.FIRST):
        assert spoken.SENTENCES[said].format(ticket="A 0 1", counter="7").count("A 0 1") == 1


def test_readers_of_plain_german_hear_the_german_sentence_once() -> None:
    assert spoken.second("de-simple") is None
    assert spoken.second("de") is None


def test_a_language_is_known_also_with_its_country() -> None:
    assert spoken.second("uk-UA") == "uk"
    assert spoken.second("tlh") is None
