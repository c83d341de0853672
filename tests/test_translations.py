"""Everything that pages, messages and kiosks say is there in German, whole and well set."""

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import CommandLineInterface, parse_mapping_cfg
from babel.messages.pofile import read_po
from babel.support import Translations

from frontoffice.paths import TRANSLATIONS

ROOT = Path(__file__).parents[1]
GERMAN = TRANSLATIONS / "de" / "LC_MESSAGES" / "messages.po"

# A lone per cent sign counts too: filling in the values would stumble over it.
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%|\{\w*\}")
MARK = re.compile(r"(?<![\w.])(?:N_|_|n?gettext)\(\s*[\"']")
TEMPLATE_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


@pytest.fixture(scope="module")
def found() -> list[tuple[str, str | tuple[str, ...]]]:
    """What the extraction finds in the sources now: the file, and the sentence or both its forms."""
    with (TRANSLATIONS / "babel.cfg").open(encoding="utf-8") as settings:
        methods, options = parse_mapping_cfg(settings)
    return [(place, sentence) for place, _line, sentence, *_ in extract_from_dir(ROOT, methods, options)]


@pytest.fixture(scope="module")
def german() -> Catalog:
    """The German catalogue as it is kept."""
    with GERMAN.open("rb") as file:
        return read_po(file, locale="de", abort_invalid=True)


def test_every_sentence_in_the_sources_has_a_german_one(found: list, german: Catalog) -> None:
    wanted = {sentence for _place, sentence in found}
    translated = {message.id for message in _messages(german) if all(_texts(message))}
    assert wanted - translated == set(), "make texts brings them into the catalogue; then translate them"


def test_the_catalogue_has_nothing_that_is_said_nowhere(found: list, german: Catalog) -> None:
    wanted = {sentence for _place, sentence in found}
    assert {message.id for message in _messages(german)} - wanted == set()
    assert list(german.obsolete) == []


@pytest.mark.parametrize("folder", ["frontoffice", "kiosk", "templates"])
def test_the_extraction_finds_every_mark(folder: str, found: list) -> None:
    found_in = Counter(place for place, _sentence in found if place.startswith(f"{folder}/"))
    marked_in = Counter({place: marks for place, marks in _marks(ROOT / folder) if marks})
    assert found_in == marked_in
    assert found_in.total() > 0


def test_no_german_sentence_is_only_a_guess(german: Catalog) -> None:
    # The header is among them: were it marked as a guess, the whole catalogue would be left out of the build.
    assert [message.id for message in german if message.fuzzy] == []


def test_both_forms_of_a_plural_are_there(german: Catalog) -> None:
    plurals = [message for message in _messages(german) if message.pluralizable]
    assert plurals != []
    assert [message.id for message in plurals if len([text for text in _texts(message) if text]) != 2] == []


def test_what_is_filled_in_is_the_same_in_german(german: Catalog) -> None:
    different = [
        (english, text)
        for message in _messages(german)
        for english, text in zip(_sources(message), _texts(message), strict=True)
        if set(PLACEHOLDER.findall(english)) != set(PLACEHOLDER.findall(text))
    ]
    assert different == []


def test_german_quotation_marks_are_german(german: Catalog) -> None:
    texts = [text for message in _messages(german) for text in _texts(message)]
    assert any("„" in text for text in texts)
    assert [text for text in texts if '"' in text or "”" in text or text.count("„") != text.count("“")] == []


def test_the_built_catalogue_speaks_german(tmp_path: Path) -> None:
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    shutil.copy(GERMAN, folder)
    CommandLineInterface().run(["pybabel", "--quiet", "compile", "--directory", str(tmp_path)])
    built = Translations.load(tmp_path, ["de"])
    assert built.gettext("Your appointment is booked.") == "Ihr Termin ist gebucht."
    minutes = [built.ngettext("%(num)s minute ago", "%(num)s minutes ago", num) for num in (0, 1, 2)]
    assert minutes == ["vor %(num)s Minuten", "vor %(num)s Minute", "vor %(num)s Minuten"]


def _messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def _sources(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (message.id,)


def _texts(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def _marks(folder: Path) -> list[tuple[str, int]]:
    """How often a sentence is marked in each file, by a plain look at its text."""
    files = [path for path in folder.rglob("*") if path.suffix in {".py", ".html", ".txt"}]
    return [
        (
            path.relative_to(ROOT).as_posix(),
            len(MARK.findall(TEMPLATE_COMMENT.sub("", path.read_text("utf-8")))),
        )
        for path in files
    ]
