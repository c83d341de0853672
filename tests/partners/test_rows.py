"""Reading lists of people, whatever a spreadsheet makes of them, and writing files that harm nobody."""

import csv
import io
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontoffice.errors import DomainError
from frontoffice.partners import result_file, rows
from frontoffice.partners.drafting import Row, WrongRows

TODAY = date(2026, 11, 23)
CONCERNS = {
    "renew residence permit": "renewal",
    "aufenthaltserlaubnis verlängern": "renewal",
    "card": "pick-up",
}
LANGUAGES = ("de", "en", "uk")
PLAIN = "Olena Kowalenko;27.3.1991;olena@example.org;0151 23456789;uk;Card;P-1"


def read(text: str, default: str | None = "renewal") -> list[Row]:
    return rows.read(text, CONCERNS, default, LANGUAGES, TODAY)[0]


def wrong(text: str, default: str | None = "renewal") -> list[tuple[int, str]]:
    """Line and field of everything that is wrong."""
    with pytest.raises(WrongRows) as refused:
        read(text, default)
    return [(line, getattr(each, "field", "")) for line, each in refused.value.problems]


def test_a_row_is_a_person_with_contact_language_concern_and_reference() -> None:
    (row,) = read(PLAIN)
    assert (row.items, row.language, row.own_reference) == ((("pick-up", 1),), "uk", "P-1")
    assert (row.person.name, row.person.born, row.person.mail, row.person.phone) == (
        "Olena Kowalenko",
        date(1991, 3, 27),
        "olena@example.org",
        "+4915123456789",
    )


def test_a_reference_in_farsi_keeps_what_joins_its_letters_and_none_has_what_cannot_be_seen() -> None:
    (row,) = read("Olena;27.3.1991;o@example.org;;uk;Card;می\u200cخواهم")
    assert row.own_reference == "می\u200cخواهم"
    assert wrong("Olena;27.3.1991;o@example.org;;uk;Card;P\u202e1") == [(1, "reference")]


@pytest.mark.parametrize(
    "born", ["27.3.1991", "27.03.1991", "1991-03-27", "27/3/1991", "27-3-1991", "1991-03-27 00:00:00"]
)
def test_a_date_may_be_written_as_spreadsheets_do(born: str) -> None:
    assert read(f"Olena;{born};o@example.org")[0].person.born == date(1991, 3, 27)


@pytest.mark.parametrize("separator", [";", "\t", ","])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_ends_of_lines_are_found_out(separator: str, end: str) -> None:
    lines = [PLAIN.replace(";", separator), "Amin;1.12.1988;;015187654321".replace(";", separator)]
    assert [row.person.name for row in read(end.join(lines) + end)] == ["Olena Kowalenko", "Amin"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_umlauts_arrive_in_any_usual_encoding(encoding: str) -> None:
    text = "Jürgen Müßig;1.1.1980;j@example.org;;de;Aufenthaltserlaubnis verlängern"
    (row,) = read(rows.decode(text.encode(encoding)))
    assert (row.person.name, row.items) == ("Jürgen Müßig", (("renewal", 1),))


def test_a_first_line_with_headings_says_the_order_in_german_too() -> None:
    text = "Telefon;Geburtsdatum;Bemerkung;E-Mail;Name\n;1.1.1980;egal;a@example.org;Amin"
    (row,) = read(text)
    assert (row.person.name, row.person.mail) == ("Amin", "a@example.org")


def test_headings_without_a_needed_column_are_refused() -> None:
    with pytest.raises(DomainError, match="at least the columns"):
        read("name;mail\nAmin;a@example.org")


def test_quoted_cells_may_hold_separators_and_lines_are_counted_as_people_see_them() -> None:
    text = 'name;born;mail\n"Kowalenko; Olena";1.1.1980;o@example.org\n\n"a\nb";x;\nAmin;1.1.1980;nowhere\n'
    assert wrong(text) == [(4, "name"), (4, "born"), (4, "mail"), (6, "mail")]
    assert rows.read(text.partition("\n\n")[0], CONCERNS, "renewal", LANGUAGES, TODAY)[1] == [2]


def test_everything_that_is_wrong_is_told_with_its_line() -> None:
    lines = [PLAIN, "Amin;31.2.1988;a@example.org", ";1.1.1980;a@example.org", "Amin;1.1.1980;;;xx;unknown"]
    assert wrong("\n".join(lines)) == [
        (2, "born"),
        (3, "name"),
        (4, "mail"),
        (4, "concern"),
        (4, "language"),
    ]
    assert wrong("Amin;1.1.1980;a@example.org", default=None) == [(1, "concern")]


@pytest.mark.parametrize("text", ["", "\n\n", ";;;\n", "name;born\n", "\ufeff"])
def test_an_empty_list_is_none(text: str) -> None:
    with pytest.raises(DomainError, match="no people"):
        read(text)


def test_more_than_two_hundred_are_too_many() -> None:
    with pytest.raises(DomainError, match="at most 200"):
        read("Amin;1.1.1980;a@example.org\n" * 201)


@given(st.text())
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    with suppress(DomainError):
        read(text)


@given(st.lists(st.lists(st.text(), min_size=1, max_size=8), max_size=5))
def test_any_table_is_read_or_refused_in_words(table: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(table)
    with suppress(DomainError):
        read(text.getvalue())


@given(st.binary())
def test_any_file_is_some_text(data: bytes) -> None:
    assert isinstance(rows.decode(data), str)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", "\u00a0=1"])
def test_no_cell_becomes_a_formula(cell: str) -> None:
    assert result_file.harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Olena", "09:20", "24.11.2026", "K7M2-PXQ4", "O'Brien", "a=b"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert result_file.harmless(cell) == cell


def test_the_file_is_one_that_spreadsheets_in_germany_open() -> None:
    data = result_file.write(("Name", "Anliegen"), [("Jürgen; =1", 'sagt "ja"')])
    assert data == '\ufeffName;Anliegen\r\n"Jürgen; =1";"sagt ""ja"""\r\n'.encode()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_what_is_written_can_be_read_again_and_begins_no_formula(cells: list[str]) -> None:
    (row,) = csv.reader(
        io.StringIO(result_file.write(cells, []).decode("utf-8-sig"), newline=""), delimiter=";"
    )
    for cell, before in zip(row, cells, strict=True):
        assert cell.removeprefix("'") == before.removeprefix("'")
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
