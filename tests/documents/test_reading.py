"""Rows are read from whatever other systems write, and one that is broken costs no other."""

import io
import json
import tracemalloc
from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import Any

import pytest

from frontoffice.documents.reading import Bad, Layout, Reading, Row, Unusable
from frontoffice.documents.values import day
from frontoffice.errors import Invalid

LAYOUT = Layout(
    "things",
    {"id": ("external_id", "kennung"), "expires": ("expires_on", "gueltig_bis"), "note": ()},
    frozenset({"id", "expires"}),
)


def read(data: bytes | str, **how: Any) -> tuple[list[tuple[int, str]], list[Bad], bool]:
    """Line and id of the good rows, the bad ones, and whether the file was whole."""
    reading = Reading(io.BytesIO(data.encode() if isinstance(data, str) else data), LAYOUT, **how)
    rows = list(reading)
    good = [(each.line, each.values["id"]) for each in rows if isinstance(each, Row)]
    return good, [each for each in rows if isinstance(each, Bad)], reading.is_whole


def values(data: bytes) -> list[dict[str, str]]:
    """What stood in the good rows."""
    return [each.values for each in Reading(io.BytesIO(data), LAYOUT) if isinstance(each, Row)]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_usual_delimiter_and_line_end(delimiter: str, end: str) -> None:
    rows = (
        ("Kennung", "Name", "gültig bis".replace("ü", "ue")),
        ("a1", "Zoë", "2027-01-01"),
        ("a2", "", "x"),
    )
    data = "".join(delimiter.join(row) + end for row in rows)
    assert read(data) == ([(2, "a1"), (3, "a2")], [], True)
    assert values(data.encode())[0] == {"id": "a1", "expires": "2027-01-01"}, "other columns are dropped"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
def test_any_usual_encoding(encoding: str) -> None:
    data = "id;expires;note\nä1;2027-01-01;Müller € “x”\n".encode(encoding)
    assert values(data) == [{"id": "ä1", "expires": "2027-01-01", "note": "Müller € “x”"}]


def test_a_row_that_is_in_two_encodings_is_read_and_one_in_none_is_bad() -> None:
    data = "id;expires;note\n1;x;ü".encode() + b"\xfc\n2;x;\x81\x8d\n3;x;\0\n4;x;fine\n"
    good, bad, whole = read(data)
    assert (good, whole) == ([(2, "1"), (5, "4")], True)
    assert [each.line for each in bad] == [3, 4]
    assert "cannot be read" in bad[0].reason


def test_a_quoted_line_break_belongs_to_its_row() -> None:
    good, bad, _ = read('id;expires;note\n1;x;"two\nlines; and ""more"""\n2;x;y\n')
    assert (good, bad) == ([(2, "1"), (4, "2")], [])


@pytest.mark.parametrize("after", [3, 100])
def test_an_open_quotation_mark_costs_only_its_own_row(after: int) -> None:
    data = 'id;expires;note\n1;x;y\n2;x;"open\n' + "".join(
        f"{number};x;y\n" for number in range(3, 3 + after)
    )
    good, bad, _ = read(data)
    assert [name for _, name in good] == ["1", *(str(number) for number in range(3, 3 + after))]
    assert [each.line for each in bad] == [3]


def test_a_line_of_a_million_characters_costs_only_itself() -> None:
    good, bad, _ = read("id;expires\n1;x\n2;" + "z" * 10**6 + "\n3;x\n")
    assert good == [(2, "1"), (4, "3")]
    assert [(each.line, each.reason) for each in bad] == [(3, "The line is too long.")]


def test_a_last_row_that_may_be_cut_off_is_taken_only_where_somebody_knows_better() -> None:
    data = "id;expires\n1;2027-01-01\n2;2027-01-0"
    good, bad, whole = read(data)
    assert (good, [each.line for each in bad], whole) == ([(2, "1")], [3], False)
    assert "cut off" in bad[0].reason
    assert read(data, rows=3)[2] is False
    for how in ({"rows": 2}, {"sure": True}):
        assert read(data, **how) == ([(2, "1"), (3, "2")], [], True)
    assert read(data + "\n;") == ([(2, "1"), (3, "2")], [], False), "what is cut off is behind it"
    assert read(data + "\n", rows=5)[2] is False, "some are missing"


def test_a_file_that_ends_in_the_middle_says_so() -> None:
    good, bad, whole = read("id;note;expires\n1;y;2027-01-01\n2;y")
    assert (good, [each.line for each in bad], whole) == ([(2, "1")], [3], False)
    assert not read('id;expires\n1;"2027-01')[2]
    assert not read('[{"id": 1, "expires": "x"}, {"id": 2, "exp')[2]
    assert not read('{"id": 1, "expires": "x"}\n{"id": 2, "exp')[2]


@pytest.mark.parametrize(
    "data",
    [
        '[{"id": 1, "expires": "x"}, {"external_id": "2", "expires": null, "who": {"name": "Zoë"}}]',
        '{"made": "today", "things": [{"id": 1, "expires": "x"}, {"id": 2, "expires": ""}]}',
        '{"id": 1, "expires": "x"}\n\n{"id": 2, "expires": ""}\n',
        '\ufeff[\n{"id": 1,\n"expires": "x"},\n{"id": 2}]',
    ],
)
def test_json_as_a_list_in_an_object_or_line_by_line(data: str) -> None:
    good, bad, whole = read(data)
    assert ([name for _, name in good], bad, whole) == (["1", "2"], [], True)


def test_entries_that_are_no_rows_are_bad_and_the_next_ones_are_read() -> None:
    good, bad, whole = read('[1, {"id": ["a"]}, {"id": 3, "expires": "x"}, null]')
    assert (good, [each.line for each in bad], whole) == ([(3, "3")], [1, 2, 4], True)


def test_json_that_breaks_gives_what_stood_before() -> None:
    good, bad, whole = read('[{"id": 1, "expires": "x"}, {"id": 2, oops}, {"id": 3}]')
    assert (good, [each.line for each in bad], whole) == ([(1, "1")], [2], False)


@pytest.mark.parametrize("data", ["", "\n\n", "expires;note\n1;2\n", "id;id;expires\n", '{"others": []}'])
def test_a_file_that_is_none_is_refused_as_a_whole(data: str) -> None:
    with pytest.raises(Unusable):
        read(data)


def test_nothing_of_a_row_is_in_the_reason() -> None:
    for data in ("id;expires\nGEHEIM\n", 'id;expires\nGEHEIM;"a"b\n', "id;expires\nGEHEIM;a;b\n"):
        assert "GEHEIM" not in read(data)[1][0].reason


@pytest.mark.parametrize("form", ["csv", "one line"])
def test_memory_does_not_grow_with_the_file(form: str) -> None:
    def peak(rows: int) -> int:
        reading = Reading(_Made(form, rows), LAYOUT)  # type: ignore[arg-type]
        tracemalloc.start()
        assert sum(isinstance(each, Row) for each in reading) == rows
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(12_000) < 1.3 * peak(4_000)


@pytest.mark.parametrize("text", ["2027-03-04", "04.03.2027", "4.3.2027", "20270304", "2027-03-04T00:00:00Z"])
def test_days_are_understood_as_they_are_usually_written(text: str) -> None:
    assert day("expires", text) == date(2027, 3, 4)


@pytest.mark.parametrize("text", ["", "03/04/2027", "2027-02-30", "31.04.2027", "270304", "soon"])
def test_what_is_no_day_or_may_be_two_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        day("expires", text)
    assert refusal.value.field == "expires"


class _Made(io.RawIOBase):
    """A file that is made while it is read."""

    def __init__(self, form: str, rows: int) -> None:
        self._pieces = self._made(form, rows)
        self._rest = b""

    def _made(self, form: str, rows: int) -> Iterator[bytes]:
        yield b"id;expires;note\n" if form == "csv" else b"["
        for number in range(rows):
            if form == "csv":
                yield f"{number};2027-01-01;{'x' * 50}\n".encode()
            else:
                comma, end = "," if number else "", "\n" if form == "json" else " "
                yield f"{comma}{json.dumps({'id': number, 'expires': 'x', 'note': 'y' * 50})}{end}".encode()
        if form != "csv":
            yield b"]"

    def read(self, size: int = -1) -> bytes:
        self._rest += b"".join(islice(self._pieces, size // 100))
        given, self._rest = self._rest[:size], self._rest[size:]
        return given
