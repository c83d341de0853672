"""Everything that pages, messages and kiosks say is there in every language offered, whole and well set."""

import re
import shutil
import tomllib
from collections import Counter
from collections.abc import Iterator
from gettext import c2py
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask
from flask_babel import gettext

from frontoffice import languages
from frontoffice.paths import TRANSLATIONS
from frontoffice.web.context import in_language
from tools import texts
from tools.texts import PUBLIC, STAFF, Sentence

ROOT = Path(__file__).parents[1]
OFFICE_TEXTS = ROOT / "frontoffice" / "offices" / "texts"

# A lone per cent sign counts too: filling in the values would stumble over it.
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%|\{\w*\}")
COUNT = frozenset({"%(num)s", "%(num)d", "%(most)s", "%(quota)s"})
MARK = re.compile(r"(?<![\w.])(?:NP?_|_|n?gettext)\(\s*[\"']")
TEMPLATE_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)

# What counts in a language. How many plural forms: https://cldr.unicode.org/index/cldr-spec/plural-rules
FORMS = {"de": 2, "de-simple": 2, "uk": 3, "ru": 3, "ar": 6, "tr": 1, "fa": 1, "fr": 2, "es": 2}
QUOTES = {
    "de": ("„", "“"),
    "de-simple": ("„", "“"),
    "uk": ("«", "»"),
    "ru": ("«", "»"),
    "ar": ("«", "»"),
    "tr": ("“", "”"),
    "fa": ("«", "»"),
    "fr": ("«", "»"),
    "es": ("«", "»"),
}
SCRIPTS = {"uk": "[\u0400-\u04ff]", "ru": "[\u0400-\u04ff]", "ar": "[\u0600-\u06ff]", "fa": "[\u0600-\u06ff]"}

KEPT = [(domain, code) for domain in (PUBLIC, STAFF) for code in texts.spoken(domain)]
WHOLE = [(domain, code) for domain, code in KEPT if code in languages.SUPPORTED]

every_whole_one = pytest.mark.parametrize(("domain", "code"), WHOLE)
every_one = pytest.mark.parametrize(("domain", "code"), KEPT)


@pytest.fixture(scope="module")
def found() -> list[tuple[str, Sentence]]:
    """What the extraction finds in the sources now: the file, and the sentence or both its forms."""
    return texts.found()


@pytest.fixture(scope="module")
def wanted(found: list) -> dict[str, set[Sentence]]:
    """The sentences that each catalogue has to have."""
    return texts.by_domain(found)


@pytest.fixture
def catalogue(domain: str, code: str) -> Catalog:
    """A catalogue as it is kept."""
    with texts.catalogue(domain, code).open("rb") as file:
        return read_po(file, abort_invalid=True)


@every_whole_one
def test_every_sentence_in_the_sources_is_translated(domain: str, wanted: dict, catalogue: Catalog) -> None:
    translated = {message.id for message in _messages(catalogue) if all(_texts(message))}
    missing = wanted[domain] - translated
    assert missing == set(), "make texts brings them into the catalogue; then translate them"


@every_one
def test_a_catalogue_has_just_the_sentences_that_are_said(
    domain: str, wanted: dict, catalogue: Catalog
) -> None:
    assert {message.id for message in _messages(catalogue)} == wanted[domain], "make texts"
    assert list(catalogue.obsolete) == []


def test_a_sentence_stands_in_one_catalogue_only(wanted: dict) -> None:
    assert wanted[PUBLIC] & wanted[STAFF] == set()
    assert wanted[PUBLIC]
    assert wanted[STAFF]


def test_every_language_that_is_spoken_of_has_its_catalogue_and_no_other_is_there() -> None:
    codes = {*languages.SUPPORTED, *languages.COMING} - {languages.SOURCE}
    assert {folder.name for folder in TRANSLATIONS.iterdir() if folder.is_dir()} == {
        languages.folder_of(code) for code in codes
    }
    assert set(languages.SUPPORTED) & set(languages.COMING) == set()
    assert set(languages.STAFF) <= set(languages.SUPPORTED)


@pytest.mark.parametrize("folder", ["frontoffice", "kiosk", "templates"])
def test_the_extraction_finds_every_mark(folder: str, found: list) -> None:
    found_in = Counter(place for place, _sentence in found if place.startswith(f"{folder}/"))
    marked_in = Counter({place: marks for place, marks in _marks(ROOT / folder) if marks})
    assert found_in == marked_in
    assert found_in.total() > 0


@pytest.mark.parametrize("pattern", texts.ONLY_FOR_STAFF + texts.FOR_EVERYBODY)
def test_the_rules_of_what_only_staff_read_fit_the_sources(pattern: str) -> None:
    assert list(ROOT.glob(pattern)), "there is no such file any more"


@every_one
def test_no_sentence_is_only_a_guess(catalogue: Catalog) -> None:
    # The header is among them: were it marked as a guess, the whole catalogue would be left out of the build.
    assert [message.id for message in catalogue if message.fuzzy] == []


@every_one
def test_all_forms_of_a_plural_are_there(code: str, catalogue: Catalog) -> None:
    assert catalogue.num_plurals == FORMS[code]
    plurals = [message for message in _messages(catalogue) if message.pluralizable]
    assert plurals != []
    counts = {(message.id[0], len([text for text in _texts(message) if text])) for message in plurals}
    assert [each for each in counts if each[1] not in (0, FORMS[code])] == []


@every_one
def test_every_number_takes_the_form_that_the_language_has_for_it(code: str, catalogue: Catalog) -> None:
    """The forms stand in the order of the kinds of numbers that the Unicode tables know: none, one, two, few, many."""
    if FORMS[code] == 1:
        return  # Turkish and Persian: the noun does not change
    kind_of, form_of = languages.locale_of(code).plural_form, c2py(catalogue.plural_expr)
    there = {kind_of(number) for number in range(200)}
    kinds = [kind for kind in ("zero", "one", "two", "few", "many", "other") if kind in there]
    assert len(kinds) == FORMS[code]
    assert [form_of(number) for number in range(200)] == [
        kinds.index(kind_of(number)) for number in range(200)
    ]


def test_a_sentence_that_counts_is_a_plural(wanted: dict) -> None:
    """ "21 minutes" has another word than "22 minutes" in half of the languages: ngettext, or words that fit any."""
    things = (
        "minutes|hours|days|weeks|months|times|people|persons|appointments|entries|requests|numbers|messages"
    )
    counts = re.compile(rf"%\(\w+\)[sd] (?:\w+ ){{0,2}}(?:{things})\b")
    assert [each for each in wanted[PUBLIC] if isinstance(each, str) and counts.search(each)] == []


@every_one
def test_what_is_filled_in_is_the_same_in_every_language(code: str, catalogue: Catalog) -> None:
    different = [
        (english, text)
        for message in _messages(catalogue)
        for number, (english, text) in enumerate(_pairs(message, catalogue.num_plurals))
        if text and _filled_in(english, without := _without(code, number)) != _filled_in(text, without)
    ]
    assert different == []


@every_one
def test_quotation_marks_are_those_of_the_language(domain: str, code: str, catalogue: Catalog) -> None:
    opening, closing = QUOTES[code]
    wrong = [
        text
        for message in _messages(catalogue)
        for text in _texts(message)
        if set(text) & (set('"„“”«»') - {opening, closing}) or text.count(opening) != text.count(closing)
    ]
    assert wrong == []


@every_one
def test_texts_begin_and_end_as_in_the_source(catalogue: Catalog) -> None:
    """A blank or a line too many would be seen on the page, one too few as well."""
    edges = [
        (english, text)
        for message in _messages(catalogue)
        for english, text in _pairs(message, catalogue.num_plurals)
        if text
        and (text != text.strip() or "\n" in text)
        and english == english.strip()
        and "\n" not in english
    ]
    assert edges == []


@every_one
def test_a_language_is_written_in_its_own_letters(domain: str, code: str, catalogue: Catalog) -> None:
    """A sentence that was only copied stays behind in Latin letters: it would be found nowhere else."""
    letters = SCRIPTS.get(code, "")
    told = [text for message in _messages(catalogue) for text in _texts(message) if text]
    latin = [text for text in told if re.search("[a-z]{4}", PLACEHOLDER.sub("", text))]
    assert [text for text in latin if letters and not re.search(letters, text)] == []


@every_one
def test_only_what_is_the_same_in_both_languages_is_left_as_it_is(code: str, catalogue: Catalog) -> None:
    """One word may be the same in two languages; a sentence is not."""
    copied = [
        message.id
        for message in _messages(catalogue)
        for english, text in _pairs(message, catalogue.num_plurals)
        if english == text and len(re.findall(r"[^\W\d_]{2,}", PLACEHOLDER.sub("", english))) > 2
    ]
    assert copied == []


def test_plain_german_has_short_sentences() -> None:
    """Twelve words at most, as our glossary asks: fewer than the rules for Leichte Sprache (DIN SPEC 33429)."""
    with texts.catalogue(PUBLIC, "de-simple").open("rb") as file:
        said = [text for message in _messages(read_po(file)) for text in _texts(message) if text]
    said += _strings(tomllib.loads((OFFICE_TEXTS / "de-simple.toml").read_text(encoding="utf-8")))
    sentences = [
        each for text in said for each in re.split(r"(?<=[.!?:])\s+|\n+", PLACEHOLDER.sub("X", text))
    ]
    assert len(sentences) > 1000
    assert [each for each in sentences if len(re.findall(r"[^\W_]+(?:[-.:][^\W_]+)*", each)) > 12] == []


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("de", r"%\((?:time|until)\)s(?! Uhr)"),
        ("de-simple", r"%\((?:time|until)\)s(?! Uhr)"),
        ("de", r"[Vv]erleg[et]|Service-Tresen"),  # verschieben, Empfang: docs/glossary.md
        ("tr", r"%\((?:time|until)\)s['’]"),  # 09:30’da, 10:00’da, 11:05’te: the ending depends on the number
    ],
)
def test_times_and_things_are_called_as_they_are_in_the_language(code: str, wrong: str) -> None:
    with texts.catalogue(PUBLIC, code).open("rb") as file:
        said = [text for message in _messages(read_po(file)) for text in _texts(message)]
    assert any("%(time)s" in text for text in said)
    assert [text for text in said if re.search(wrong, text)] == []


def test_the_built_catalogues_speak(tmp_path: Path) -> None:
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    for domain in (PUBLIC, STAFF):
        shutil.copy(texts.catalogue(domain, "de"), folder)
    compiled = ["pybabel", "--quiet", "compile", "--directory", str(tmp_path), "--domain", "messages staff"]
    CommandLineInterface().run(compiled)
    built = Translations.load(tmp_path, ["de"])
    assert built.gettext("Your appointment is booked.") == "Ihr Termin ist gebucht."
    waiting = [built.ngettext("%(num)d entry waiting", "%(num)d entries waiting", num) for num in (0, 1, 2)]
    assert waiting == ["%(num)d Einträge warten", "%(num)d Eintrag wartet", "%(num)d Einträge warten"]
    assert Translations.load(tmp_path, ["de"], STAFF).gettext("Waits to leave") != "Waits to leave"


def test_pages_find_sentences_of_both_catalogues(app: Flask, wanted: dict) -> None:
    assert {"Your appointment is booked."} <= wanted[PUBLIC]
    assert {"Waits to leave"} <= wanted[STAFF]
    with app.test_request_context("/staff"), in_language("de"):
        assert gettext("Your appointment is booked.") == "Ihr Termin ist gebucht."
        assert gettext("Waits to leave") != "Waits to leave"


def test_plural_forms_are_chosen_by_the_language_of_the_page(app: Flask) -> None:
    # Of the two catalogues, the one for staff is in German and English only: it must not decide.
    for code in FORMS:
        with texts.catalogue(PUBLIC, code).open("rb") as file:
            rule = read_po(file).plural_expr
        with app.test_request_context("/"), in_language(code):
            chosen = app.extensions["babel"].instance.domain_instance.get_translations().plural
            assert [int(chosen(many)) for many in range(120)] == [_form(rule, many) for many in range(120)]


def _strings(value: object) -> Iterator[str]:
    """All texts in a table of tables."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


def _form(expression: str, n: int) -> int:
    """The form that a rule of gettext chooses, worked out by the standard library."""
    return int(c2py(expression)(n))


def _messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def _sources(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (message.id,)


def _texts(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def _pairs(message: Message, forms: int) -> Iterator[tuple[str, str]]:
    """Each text with its source: for a plural the English plural, but for the form of one where there are two."""
    one, *many = _sources(message)
    for number, text in enumerate(_texts(message)):
        yield (one if (number == 0 and forms == 2) or not many else many[0]), text


def _without(code: str, form: int) -> frozenset[str]:
    """What a form of a plural need not say: Arabic has words of their own for none, one and two."""
    return COUNT if code == "ar" and form < 3 else frozenset()


def _filled_in(text: str, without: frozenset[str]) -> set[str]:
    return set(PLACEHOLDER.findall(text)) - without


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
