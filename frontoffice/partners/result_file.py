"""The result of a plan as a file for spreadsheets. Pure."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence

# A cell that begins like this is worked out as a formula, wherever it came from.
FORMULA = ("=", "+", "-", "@")


def write(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A table with semicolons in UTF-8 that says so, as spreadsheets in Germany expect it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for row in (headings, *rows):
        writer.writerow([harmless(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def harmless(cell: str) -> str:
    """The cell as it is shown, and never as a formula: with an apostrophe before what could become one."""
    plain = unicodedata.normalize(
        "NFKC", cell
    ).lstrip()  # wide signs, and spaces before, deceive some programs
    risky = plain.startswith(FORMULA) or cell[:1] in ("\t", "\r", "\n", "\x00")
    return f"'{cell}" if risky else cell
