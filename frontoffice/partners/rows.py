"""Reading a list of people as it comes out of a spreadsheet: whatever encoding, separator, order of columns. Pure."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import date

from frontoffice.booking import person
from frontoffice.booking.person import Person, WrongDetails
from frontoffice.errors import N_, DomainError, Invalid
from frontoffice.partners.drafting import MOST_PEOPLE, Row, WrongRows
from frontoffice.printable import is_line

COLUMNS = ("name", "born", "mail", "phone", "language", "concern", "reference")
LONGEST_REFERENCE = 60
SEPARATORS = ";\t,"

# How people head their columns, in small letters and without anything but letters.
HEADINGS = {
    **{name: name for name in COLUMNS},
    **dict.fromkeys(("fullname", "vollername", "vorundnachname", "person"), "name"),
    **dict.fromkeys(("dateofbirth", "birthdate", "geboren", "geburtsdatum", "geborenam"), "born"),
    **dict.fromkeys(("email", "emailaddress", "mailaddress", "emailadresse", "mailadresse"), "mail"),
    **dict.fromkeys(("mobile", "mobilenumber", "phonenumber", "telefon", "handy", "mobilnummer"), "phone"),
    **dict.fromkeys(("sprache", "lang"), "language"),
    **dict.fromkeys(("service", "anliegen", "dienstleistung"), "concern"),
    **dict.fromkeys(("referenz", "personalnummer", "aktenzeichen", "kennzeichen"), "reference"),
}


def decode(data: bytes) -> str:
    """The text of a file: UTF-8 or UTF-16 where it says so, else UTF-8, else what Windows writes in Europe."""
    for marks, encoding in (((b"\xef\xbb\xbf",), "utf-8-sig"), ((b"\xff\xfe", b"\xfe\xff"), "utf-16")):
        if data.startswith(marks):
            return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read(
    text: str,
    concerns: Mapping[str, str],
    default: str | None,
    languages: Sequence[str],
    today: date,
) -> tuple[list[Row], list[int]]:
    """The people of a list, and the line each of them is on.

    `concerns` are names and slugs of services in small letters, each with its slug; `default` is the slug for
    rows without a concern, and the first of `languages` the language for rows without one. Raises WrongRows with
    everything that is wrong, each with its line, and Invalid where it is no list at all.
    """
    found = _table(text.removeprefix("\ufeff"))
    if not found:
        raise Invalid("rows", N_("There are no people in this list. Please enter one person a line."))
    if len(found) > MOST_PEOPLE:
        raise Invalid(
            "rows", N_("Please ask for at most %(most)s people at the same time."), most=MOST_PEOPLE
        )
    rows: list[Row] = []
    problems: list[tuple[int, DomainError]] = []
    for line, cells in found:
        wrong: list[Invalid] = []
        row = _row(cells, concerns, default, languages, today, wrong)
        problems += [(line, each) for each in wrong]
        if row is not None:
            rows.append(row)
    if problems:
        raise WrongRows(problems)
    return rows, [line for line, _cells in found]


def _table(text: str) -> list[tuple[int, dict[str, str]]]:
    """The rows that are not empty, each with its line and its cells by column."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            tidied = [cell.strip() for cell in cells]
            if any(tidied):
                rows.append((line, tidied))
            line = reader.line_num + 1
    except csv.Error:
        raise Invalid(
            "rows",
            N_("This list cannot be read from line %(line)s on. Is a quotation mark left open?"),
            line=line,
        ) from None
    if not rows:
        return []
    columns = _columns(rows[0][1])
    if columns is None:
        columns = list(COLUMNS)
    else:
        rows = rows[1:]
    return [
        (line, {name: cell for name, cell in zip(columns, cells, strict=False) if name})
        for line, cells in rows
    ]


def _separator(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(SEPARATORS, key=first.count)


def _columns(cells: list[str]) -> list[str] | None:
    """The columns that a row of headings names; None for a row that is none."""
    named = [HEADINGS.get(re.sub(r"[^a-z]", "", cell.casefold()), "") for cell in cells]
    if not {"name", "born"} & set(named):
        return None
    if not {"name", "born"} <= set(named):
        raise Invalid("rows", N_("The list needs at least the columns name and born (date of birth)."))
    return named


def _row(
    cells: dict[str, str],
    concerns: Mapping[str, str],
    default: str | None,
    languages: Sequence[str],
    today: date,
    wrong: list[Invalid],
) -> Row | None:
    somebody: Person | None = None
    try:
        somebody = person.read(
            cells.get("name", ""),
            cells.get("born", ""),
            cells.get("mail", ""),
            cells.get("phone", ""),
            today,
        )
    except WrongDetails as problem:
        wrong += problem.problems
    typed = " ".join(cells.get("concern", "").casefold().split())
    concern = concerns.get(typed) if typed else default
    if concern is None:
        sentence = (
            N_("There is no concern of this name that you may book.")
            if typed
            else N_("Please say what the appointment is for.")
        )
        wrong.append(Invalid("concern", sentence))
    language = _language(cells.get("language", ""), languages)
    if language is None:
        sentence = N_("We have no messages in this language. We write in: %(languages)s.")
        wrong.append(Invalid("language", sentence, languages=", ".join(languages)))
    reference = cells.get("reference", "")
    if len(reference) > LONGEST_REFERENCE or not is_line(reference):
        wrong.append(
            Invalid("reference", N_("A reference has at most %(most)s characters."), most=LONGEST_REFERENCE)
        )
    if wrong or somebody is None or concern is None or language is None:
        return None
    return Row(((concern, 1),), somebody, language, reference or None)


def _language(typed: str, languages: Sequence[str]) -> str | None:
    code = typed.casefold().replace("_", "-").partition("-")[0]
    return next((each for each in languages if each == code), None) if code else languages[0]
