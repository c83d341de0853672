"""Brings the catalogues up to date with the marks in sources and templates: `make texts`.

There are two: `messages`, all that the public reads, in every language; and `staff`, what is read only behind the
sign-in, in German and English. A sentence that is said in both places belongs to `messages`. Translations made on
another branch are taken over with `python -m tools.texts FILE.po …`.
"""

import io
import sys
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from frontoffice import languages
from frontoffice.paths import TRANSLATIONS

ROOT = Path(__file__).parents[1]
PUBLIC, STAFF = "messages", "staff"
KEYWORDS = {"N_": None, "_": None, "gettext": None, "ngettext": (1, 2), "NP_": (1, 2)}

NOT_KEPT = (b'"Project-Id', b'"Report-', b'"POT-', b'"PO-', b'"Last-', b'"Language-Team', b'"Generated-By')

Sentence = str | tuple[str, ...]

# Read by staff and by partners (employers, universities) alone. What is not named here is for everybody, so that a
# new page is rather translated too often than not at all.
ONLY_FOR_STAFF = (
    "frontoffice/administration/*",
    "frontoffice/agenda/*",
    "frontoffice/audit/*",
    "frontoffice/booking/blocking.py",
    "frontoffice/demo/*",
    "frontoffice/documents/card_delivery_api.py",
    "frontoffice/documents/card_desk*.py",
    "frontoffice/documents/card_import.py",
    "frontoffice/documents/card_moving.py",
    "frontoffice/documents/card_scanning.py",
    "frontoffice/documents/handing_over.py",
    "frontoffice/documents/importing.py",
    "frontoffice/documents/integrations.py",
    "frontoffice/documents/reading.py",
    "frontoffice/documents/values.py",
    "frontoffice/documents/watch_desk*.py",
    "frontoffice/documents/watch_import.py",
    "frontoffice/draw/making.py",
    "frontoffice/draw/staff_*.py",
    "frontoffice/insight/api.py",
    "frontoffice/insight/pages.py",
    "frontoffice/insight/tables.py",
    "frontoffice/line/alarm_pages.py",
    "frontoffice/line/arranging.py",
    "frontoffice/line/calling.py",
    "frontoffice/line/closing.py",
    "frontoffice/line/forms.py",
    "frontoffice/line/helping.py",
    "frontoffice/line/look_pages.py",
    "frontoffice/line/pages.py",
    "frontoffice/line/parking.py",
    "frontoffice/line/seat.py",
    "frontoffice/line/shell.py",
    "frontoffice/line/slide*.py",
    "frontoffice/line/staffing.py",
    "frontoffice/line/steering*.py",
    "frontoffice/line/team*.py",
    "frontoffice/line/undoing.py",
    "frontoffice/line/visitor.py",
    "frontoffice/line/wishes.py",
    "frontoffice/messages/following.py",
    "frontoffice/offices/*",
    "frontoffice/operations/*",
    "frontoffice/partners/*",
    "frontoffice/staff/*",
    "templates/administration/*",
    "templates/agenda/*",
    "templates/cards/desk.html",
    "templates/cards/new.html",
    "templates/cards/one.html",
    "templates/audit/*",
    "templates/demo/*",
    "templates/draw/manage.html",
    "templates/insight/_charts.html",
    "templates/insight/statistics.html",
    "templates/line/*",
    "templates/message_desk/*",
    "templates/partners/*",
    "templates/staff/*",
    "templates/watches/desk*.html",
    "templates/watches/renewals.html",
)
# Within those, what visitors read all the same.
FOR_EVERYBODY = (
    "frontoffice/offices/topics.py",
    "frontoffice/partners/invitation_pages.py",
    "frontoffice/partners/invitation_refusals.py",
    "templates/agenda/slip.html",
    "templates/line/_phone_*.html",
    "templates/line/phone_ticket.html",
    "templates/line/phone_unknown.html",
    "templates/line/screen.html",
    "templates/partners/decline.html",
    "templates/partners/invitation*.html",
)


def found() -> list[tuple[str, Sentence]]:
    """What is marked in the sources: the file, and the sentence or both its forms."""
    with (TRANSLATIONS / "babel.cfg").open(encoding="utf-8") as settings:
        methods, options = parse_mapping_cfg(settings)
    marked = extract_from_dir(ROOT, methods, options, keywords=KEYWORDS)
    return [(place, sentence) for place, _line, sentence, *_ in marked]


def by_domain(marked: Iterable[tuple[str, Sentence]]) -> dict[str, set[Sentence]]:
    """The sentences of each catalogue, none in both."""
    marked = list(marked)
    public = {sentence for place, sentence in marked if not is_only_for_staff(place)}
    return {PUBLIC: public, STAFF: {sentence for _place, sentence in marked} - public}


def is_only_for_staff(place: str) -> bool:
    """Whether what this file says is read by staff alone."""
    return _any(place, ONLY_FOR_STAFF) and not _any(place, FOR_EVERYBODY)


def catalogue(domain: str, code: str) -> Path:
    """The file with the texts of a language."""
    return TRANSLATIONS / languages.folder_of(code) / "LC_MESSAGES" / f"{domain}.po"


def spoken(domain: str) -> list[str]:
    """The languages that a catalogue is kept in, besides the one of the source."""
    codes = languages.STAFF if domain == STAFF else (*languages.SUPPORTED, *languages.COMING)
    return [code for code in codes if code != languages.SOURCE]


def is_whole(domain: str, code: str) -> bool:
    """Whether a language has a text for every sentence of the catalogue."""
    kept = _read(catalogue(domain, code), code)
    return code == languages.SOURCE or all(all(_forms(each.string)) for each in kept if each.id)


def update(elsewhere: Iterable[Path] = ()) -> None:
    """Write every catalogue anew: new sentences empty, old ones gone, translations carried over between the two.

    `elsewhere`: catalogues, as of another branch, whose translations are taken over where ours has none.
    """
    renewed = [
        (catalogue(domain, code), _renewed(domain, code, sentences, elsewhere))
        for domain, sentences in by_domain(found()).items()
        for code in spoken(domain)
    ]
    for path, texts in renewed:  # all were read before the first is written
        _write(path, texts)


def _renewed(domain: str, code: str, sentences: set[Sentence], elsewhere: Iterable[Path]) -> Catalog:
    template = Catalog(fuzzy=False)
    for sentence in sentences:
        template.add(sentence)
    kept = _read(catalogue(domain, code), code)
    # A sentence that has moved from one catalogue to the other brings its translation along.
    other = catalogue(STAFF if domain == PUBLIC else PUBLIC, code)
    for more in (_read(path, code) for path in (other, *elsewhere)):
        if more.locale == kept.locale:
            _fill(kept, more)
    kept.update(template, no_fuzzy_matching=True)
    kept.obsolete.clear()
    return kept


def _fill(kept: Catalog, more: Catalog) -> None:
    for message in more:
        ours = kept.get(message.id) if message.id else message
        if ours is None:
            kept.add(message.id, message.string)
        elif message.id and not any(_forms(ours.string)):
            ours.string = message.string


def _forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return text if isinstance(text, tuple) else (text,)


def _read(path: Path, code: str) -> Catalog:
    if path.exists():
        with path.open("rb") as file:
            return read_po(file)
    return Catalog(
        languages.locale_of(code),
        header_comment=f"# {languages.locale_of(code).english_name} texts of Frontoffice.",
        fuzzy=False,
    )


def _write(path: Path, texts: Catalog) -> None:
    written = io.BytesIO()
    write_po(written, texts, sort_output=True, no_location=True, ignore_obsolete=True)
    # When and by whom it was written is in the history; here it would differ every time.
    lines = [line for line in written.getvalue().splitlines(keepends=True) if not line.startswith(NOT_KEPT)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))


def _any(place: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(place, pattern) for pattern in patterns)


if __name__ == "__main__":
    update([Path(each) for each in sys.argv[1:]])
