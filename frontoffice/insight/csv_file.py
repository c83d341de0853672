"""Tables as files for a spreadsheet: semicolons and a byte order mark, as Excel in Germany reads them by itself."""

import csv
import io
from collections.abc import Iterable, Sequence

# A cell that begins like this is a formula for a spreadsheet, and could do anything.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int | float | None


def write(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The table as UTF-8. A number is written with a point and no thousands; None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for row in (head, *rows):
        writer.writerow([_safe(cell) for cell in row])
    return "\N{ZERO WIDTH NO-BREAK SPACE}".encode() + text.getvalue().encode()


def _safe(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell
