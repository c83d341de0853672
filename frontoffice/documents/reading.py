"""Reading what another system delivers: rows from CSV or JSON, one after the other, whatever the file's state.

Only a row is ever in memory. What cannot be read becomes a `Bad` with its line and the reason, and the reading goes on
behind it: one open quotation mark must not swallow the rows that follow.
"""

import codecs
import csv
import io
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import ijson

from frontoffice.errors import N_, Invalid

LONGEST_LINE = 64 * 1024  # characters; an honest row has some hundred
MOST_LINES = 20  # of one row; more, and a quotation mark was left open
UNREADABLE = "\N{REPLACEMENT CHARACTER}"
WINDOWS = "frontoffice.windows-1252"
DELIMITERS = ";,\t|"
CUT_OFF = (
    "The file ends behind this row without a line end. Was it cut off? Please end the last line, "
    "or say how many rows there are."
)


@dataclass(frozen=True, slots=True)
class Row:
    """What stands in one row: for each known column its text, without the space around it. Lines count from 1.

    In JSON, `line` is the number of the entry.
    """

    line: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that cannot be used, and why. The reason never repeats what stood in it."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a delivery, each with other headings it may have; `array` is what the list is called in JSON."""

    array: str
    columns: Mapping[str, tuple[str, ...]]
    required: frozenset[str]

    def column(self, heading: str) -> str | None:
        """The column with this heading; None where it is not one of ours."""
        tidied = "_".join(heading.casefold().replace("-", " ").split())
        return next((name for name, others in self.columns.items() if tidied in (name, *others)), None)


class Unusable(Invalid):
    """The file as a whole cannot be used. Nothing of it was taken."""

    def __init__(self, sentence: str, **params: Any) -> None:
        super().__init__("file", sentence, **params)


class Counted(io.RawIOBase):
    """A stream that tells how many bytes were read from it, as they are."""

    def __init__(self, stream: BinaryIO, tell: Callable[[int], object]) -> None:
        self._stream, self._tell = stream, tell

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As `io.RawIOBase` has it."""
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._tell(len(data))
        return len(data)


class Reading:
    """The rows of a delivery, to be gone through once.

    `is_whole` afterwards: the file did not end in the middle. Whether a CSV does without a line end, only its last row
    could say: that is taken where there are as many `rows` as its sender says, or where they are `sure` of it. Raises
    Unusable where it has no headings, or lacks a required one.
    """

    def __init__(
        self, stream: BinaryIO, layout: Layout, *, rows: int | None = None, sure: bool = False
    ) -> None:
        self.is_whole = False
        self._rows, self._sure = rows, sure
        self._layout = layout
        buffered = io.BufferedReader(Counted(stream, lambda _: None), LONGEST_LINE)
        start = buffered.peek(4)
        text = io.TextIOWrapper(buffered, _encoding(start), errors=WINDOWS, newline="")
        self._lines = _Lines(text)

    def __iter__(self) -> Iterator[Row | Bad]:
        first = self._lines.first()
        match first.lstrip()[:1]:
            case "":
                raise Unusable(N_("The file is empty."))
            case "[":
                return self._from_json("item")
            case "{" if not _is_an_entry(first):
                return self._from_json(f"{self._layout.array}.item")
            case "{":
                return self._from_json_lines()
        return self._from_csv(first)

    def _from_csv(self, first: str) -> Iterator[Row | Bad]:
        delimiter = max(DELIMITERS, key=first.count)
        known = _Records(self._lines, delimiter)
        heading = next(known)
        if isinstance(heading, Bad):
            raise Unusable(N_("The first line has to hold the headings of the columns."))
        columns = [self._layout.column(each) for each in heading.fields]
        for name in sorted(self._layout.required):
            if columns.count(name) != 1:
                raise Unusable(N_("The file needs exactly one column “%(name)s”."), name=name)
        rows, last, is_blank = 0, None, False
        for record in known:
            is_blank = isinstance(record, _Record) and not any(record.fields)
            if is_blank:
                continue
            if last is not None:
                yield last
            rows += 1
            last = record if isinstance(record, Bad) else self._row(record.line, columns, record.fields)
        is_cut = not self._lines.ended_in_line_end and not self._sure and rows != self._rows
        if last is not None:
            yield Bad(last.line, CUT_OFF) if is_cut and not is_blank and isinstance(last, Row) else last
        is_short = self._rows is not None and rows != self._rows
        self.is_whole = not (is_cut or is_short or known.was_cut_off)

    def _row(self, line: int, columns: list[str | None], fields: list[str]) -> Row | Bad:
        if len(fields) < len(columns):
            return Bad(line, f"The row has {len(fields)} of {len(columns)} columns. Was it cut off?")
        if any(fields[len(columns) :]):
            return Bad(line, f"The row has more than {len(columns)} columns.")
        return _checked(
            line, {name: value for name, value in zip(columns, fields, strict=False) if name is not None}
        )

    def _from_json(self, prefix: str) -> Iterator[Row | Bad]:
        number = 0
        try:
            for number, entry in enumerate(ijson.items(_Bytes(self._lines), prefix), start=1):
                yield self._entry(number, entry)
        except ijson.JSONError:
            yield Bad(number + 1, "From here on the file is no JSON: it is damaged, or ends in the middle.")
            return
        if not number and prefix != "item":
            raise Unusable(N_("The file needs a list “%(name)s”."), name=self._layout.array)
        self.is_whole = True

    def _from_json_lines(self) -> Iterator[Row | Bad]:
        self.is_whole = True
        for line in self._lines:
            if not line.strip():
                continue
            try:
                yield self._entry(self._lines.number, json.loads(line))
            except ValueError:
                self.is_whole = self._lines.ended_in_line_end
                yield Bad(self._lines.number, "This line is no JSON. Was it cut off?")

    def _entry(self, number: int, entry: object) -> Row | Bad:
        if not isinstance(entry, dict):
            return Bad(number, "This is no object with the values of a row.")
        values = {}
        for heading, value in entry.items():
            name = self._layout.column(heading)
            if name is None:
                continue
            if isinstance(value, dict | list):
                return Bad(number, f"“{name}” has to be a single value.")
            values[name] = "" if value is None else str(value)
        return _checked(number, values)


def _checked(line: int, values: dict[str, str]) -> Row | Bad:
    for name, value in values.items():
        if UNREADABLE in value or "\0" in value:
            return Bad(line, f"“{name}” holds characters that cannot be read. Is the file in UTF-8?")
    return Row(line, {name: " ".join(value.split()) for name, value in values.items()})


def _encoding(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start[1:2] == b"\0":
        return "utf-16-le"
    return "utf-8-sig"


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """What is no UTF-8 is what German Windows programs write; what is not that either cannot be read."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    found = error.object[error.start : error.end]
    return found.decode("cp1252" if error.encoding.startswith("utf-8") else "ascii", "replace"), error.end


codecs.register_error(WINDOWS, _as_windows)


def _is_an_entry(line: str) -> bool:
    """Whether the line is an object by itself, as in files that have one on each line."""
    try:
        found = json.loads(line)
    except ValueError:
        return False
    return isinstance(found, dict) and not any(isinstance(value, list) for value in found.values())


class _Lines:
    """The lines of a text, each with its line end, never longer than LONGEST_LINE; some can be put back."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self._back: deque[str] = deque()
        self.number = 0  # of the line given last
        self.ended_in_line_end = True

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else self._text.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        self.ended_in_line_end = line.endswith(("\n", "\r"))
        return line

    def first(self) -> str:
        """The first line that has something in it; it will be given all the same."""
        seen: list[str] = []
        for line in self:
            seen.append(line)
            if line.strip() or len(seen) > MOST_LINES:
                break
        self.put_back(seen)
        return seen[-1] if seen else ""

    def put_back(self, lines: list[str]) -> None:
        """Give these again."""
        self._back.extendleft(reversed(lines))
        self.number -= len(lines)


class _Bytes:
    """The text as bytes in UTF-8, for a reader that wants those."""

    def __init__(self, lines: _Lines) -> None:
        self._lines = lines

    def read(self, size: int) -> bytes:
        """At most a line: what is asked for is only a hint."""
        return next(self._lines, "").encode("utf-8", "replace") if size else b""


@dataclass(frozen=True, slots=True)
class _Record:
    line: int
    fields: list[str]


class _OpenQuote(Exception):
    pass


class _Records(Iterator["_Record | Bad"]):
    """The records of a CSV text. After one that cannot be read it goes on with the line behind its first one."""

    def __init__(self, lines: _Lines, delimiter: str) -> None:
        self._lines, self._delimiter = lines, delimiter
        self._taken: list[str] = []
        self._reader = self._anew()
        self.was_cut_off = False

    def __next__(self) -> "_Record | Bad":
        self._taken.clear()
        line = self._lines.number + 1
        try:
            return _Record(line, next(self._reader))
        except (csv.Error, _OpenQuote) as error:
            self.was_cut_off |= "unexpected end" in str(error)
            self._lines.put_back(self._taken[1:])
            self._reader = self._anew()
            is_long = len(self._taken[0]) >= LONGEST_LINE if self._taken else False
            return Bad(
                line, "The line is too long." if is_long else "The quotation marks do not fit together."
            )

    def _anew(self) -> Iterator[list[str]]:
        return csv.reader(self._take(), delimiter=self._delimiter, strict=True)

    def _take(self) -> Iterator[str]:
        for line in self._lines:
            self._taken.append(line)
            if len(self._taken) > MOST_LINES:
                raise _OpenQuote
            if len(line) >= LONGEST_LINE and not line.endswith(("\n", "\r")):
                self._skip_rest()
                raise _OpenQuote
            yield line

    def _skip_rest(self) -> None:
        """The rest of a line that is too long, which has the same number."""
        for rest in self._lines:
            self._lines.number -= 1
            if rest.endswith(("\n", "\r")):
                return
