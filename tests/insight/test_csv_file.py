"""Files for a spreadsheet: they open in German Excel, and no cell is a formula."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from frontoffice.insight import csv_file

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from('=+-@\t;"'))


def read(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))


@given(st.lists(TEXTS, min_size=1))
def test_no_text_is_a_formula_and_none_is_lost(cells: list[str]) -> None:
    [_head, row] = read(csv_file.write(["a"], [cells]))
    assert [each.removeprefix("'") for each in row] == [each.removeprefix("'") for each in cells]
    assert not any(each.startswith(("=", "+", "-", "@", "\t", "\r")) for each in row)


def test_it_begins_with_a_mark_and_parts_by_semicolons() -> None:
    data = csv_file.write(["Anliegen", "Besuche"], [["Verlängerung; Ersatz", 12], ["=1+1", None]])
    assert data == '\ufeffAnliegen;Besuche\r\n"Verlängerung; Ersatz";12\r\n\'=1+1;\r\n'.encode()
