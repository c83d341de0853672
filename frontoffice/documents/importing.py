"""Taking in what another system delivers: in small transactions, each of which can be done again.

A delivery that was killed in the middle is given again from the start: what is in already is found unchanged. Memory
does not grow with the file: which rows were in it is noted in a temporary file on the disk.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import BinaryIO, NamedTuple, Protocol, TypeVar

import structlog
from sqlalchemy.orm import Session

from frontoffice import alone
from frontoffice.db import Database
from frontoffice.documents.reading import Bad, Counted, Layout, Reading, Row
from frontoffice.documents.seen import Seen
from frontoffice.errors import N_, Conflict, Invalid
from frontoffice.vault import Vault

log = structlog.get_logger(__name__)

AT_ONCE = 500  # rows of one transaction
MOST_CROSSED = 5  # times that other deliveries may be quicker with rows of the same transaction
LISTED = 2000  # rows looked at in one go for what is not in a complete delivery
MOST_ENDED = 0.05  # of what there is, by a complete delivery, without a person who says that it is meant …
FEW = 20  # … unless they are no more than these

Record = TypeVar("Record")


class Crossed(Exception):
    """Another delivery has added one of the same rows meanwhile: written once more, it is a change of that."""


class Crossing(Conflict):
    """Another complete delivery is under way: each would end what only the other one holds."""

    code = "crossing_delivery"
    sentence = N_(
        "Another complete delivery is being taken in at this moment, and nothing of this one was. "
        "Please give it again when the other one is done."
    )


class Written(NamedTuple):
    """How many records were new, how many have changed, and which could not be taken, with the reason."""

    new: int
    changed: int
    refused: Sequence[Bad] = ()


class Target(Protocol[Record]):
    """What is delivered: how a row is understood, and what becomes of it.

    `unchanged` is asked first and should be cheap: the lines of those rows that say what is known already. `read`
    needs no database and raises Invalid; `write` takes what it gave, has to bear being called again with the same, and
    raises Crossed for that. The last three are for complete deliveries: `listed` gives number and digest of what is
    alive, by number, `digest` what `listed` gives for a row's id, and `end` ends. `source` is who delivers.
    """

    layout: Layout
    source: str

    def identify(self, row: Row) -> str:
        """What makes it the same row in the next delivery; empty where that is missing."""

    def unchanged(self, session: Session, rows: Sequence[Row]) -> set[int]:
        """The lines of the rows about which nothing is new."""

    def read(self, vault: Vault, row: Row, now: datetime) -> Record:
        """The row, understood and sealed. Raises Invalid."""

    def write(self, session: Session, records: Sequence[Record], now: datetime) -> Written:
        """Take them in."""

    def digest(self, vault: Vault, name: str) -> str:
        """The keyed hash that stands for an id."""

    def listed(self, session: Session, after: int, many: int) -> Sequence[tuple[int, str]]:
        """Number and digest of what is alive and was delivered by the same source, above a number."""

    def end(self, session: Session, numbers: Sequence[int], begun: datetime, now: datetime) -> int:
        """End what is no longer delivered and was not changed since the delivery has `begun`; how many that were."""


@dataclass(frozen=True, slots=True)
class Complete:
    """The delivery holds everything: what is not in it is over. `rows`: how many it should have, as its sender says.

    `is_sure`: a person has said that it is meant, whatever is missing.
    """

    rows: int | None = None
    is_sure: bool = False


@dataclass(slots=True)
class Report:
    """What became of a delivery. `not_ended` says why a complete one ended nothing, in a sentence."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    repeated: int = 0  # rows that stood in it before, word for word
    ended: int = 0
    bad: int = 0
    is_whole: bool = True
    not_ended: str | None = None
    nameless: int = field(default=0, repr=False)  # bad rows of which not even the id is known


def take(
    database: Database,
    stream: BinaryIO,
    target: Target[Record],
    clock: Callable[[], datetime],
    *,
    complete: Complete | None = None,
    rows: int | None = None,
    bad: Callable[[Bad], object] = lambda _: None,
    progress: Callable[[int], object] = lambda _: None,
) -> Report:
    """Take in a delivery; rows that cannot be used are told to `bad`, and the others go in.

    `rows`: how many it should have, as its sender says. `progress` is told the bytes that were read. `clock` gives the
    time, as a long delivery has no single moment. Raises reading.Unusable where the file as a whole is none, and
    Crossing where two complete ones come at once.
    """
    report = Report()
    with _one_at_a_time(database, target, complete), Seen() as seen:
        begun = clock()
        is_sure = complete is not None and complete.is_sure
        rows = complete.rows if complete is not None else rows
        counted = Counted(stream, progress)
        reading = Reading(counted, target.layout, rows=rows, sure=is_sure)  # type: ignore[arg-type]
        for batch in _batches(_good(database.vault, reading, target, seen, report, bad)):
            _take_batch(database, batch, target, report, bad, clock())
        report.is_whole = reading.is_whole
        if complete is not None:
            report.not_ended = _doubt(report, complete) or _end_absent(
                database, target, seen, report, complete, begun, clock
            )
    log.info(
        "import.done",
        what=target.layout.array,
        rows=report.rows,
        new=report.new,
        changed=report.changed,
        ended=report.ended,
        bad=report.bad,
    )
    return report


@contextmanager
def _one_at_a_time(database: Database, target: Target[Record], complete: Complete | None) -> Iterator[None]:
    if complete is None:
        yield
        return
    with alone.inside(database, f"{target.layout.array} of {target.source}") as is_alone:
        if not is_alone:
            raise Crossing
        yield


def _good(
    vault: Vault,
    reading: Iterable[Row | Bad],
    target: Target[Record],
    seen: Seen,
    report: Report,
    bad: Callable[[Bad], object],
) -> Iterator[Row]:
    """The rows that can be told apart from each other; the others are reported."""
    for each in reading:
        report.rows += 1
        if isinstance(each, Bad):
            report.nameless += 1
            _refuse(each, report, bad)
            continue
        name = target.identify(each)
        if not name:
            report.nameless += 1
            _refuse(Bad(each.line, "The row has no id."), report, bad)
            continue
        before = seen.add(target.digest(vault, name), each)
        if before is None:
            yield each
        elif before < 0:
            report.repeated += 1
        else:
            reason = f"The id stands in line {before} already, with other values; that one counts."
            _refuse(Bad(each.line, reason), report, bad)


def _take_batch(
    database: Database,
    batch: Sequence[Row],
    target: Target[Record],
    report: Report,
    bad: Callable[[Bad], object],
    now: datetime,
) -> None:
    with database.read() as session:
        known = target.unchanged(session, batch)
    report.unchanged += len(known)
    records = []
    for row in batch:
        if row.line in known:
            continue
        try:
            records.append((row.line, target.read(database.vault, row, now)))
        except Invalid as problem:
            _refuse(Bad(row.line, f"{problem.field}: {problem}"), report, bad)
    if records:
        new, changed, refused = _write(database, target, records, now)
        report.new += new
        report.changed += changed
        report.unchanged += len(records) - new - changed - len(refused)
        for each in refused:
            _refuse(each, report, bad)


def _write(
    database: Database, target: Target[Record], records: Sequence[tuple[int, Record]], now: datetime
) -> Written:
    """Write records, each with its line."""
    crossed = 0
    while True:
        try:
            with database.write() as session:
                return target.write(session, [record for _, record in records], now)
        except Crossed:
            crossed += 1
            if crossed > MOST_CROSSED:
                return _write_apart(database, target, records, now)


def _write_apart(
    database: Database, target: Target[Record], records: Sequence[tuple[int, Record]], now: datetime
) -> Written:
    """The same in two halves, until the one row is found that nobody can add."""
    if len(records) == 1:
        return Written(0, 0, [Bad(records[0][0], "It crosses with another row or delivery: give it again.")])
    middle = len(records) // 2
    first, second = (_write(database, target, each, now) for each in (records[:middle], records[middle:]))
    return Written(first.new + second.new, first.changed + second.changed, [*first.refused, *second.refused])


def _refuse(problem: Bad, report: Report, bad: Callable[[Bad], object]) -> None:
    report.bad += 1
    bad(problem)


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, AT_ONCE)):
        yield batch


def _doubt(report: Report, complete: Complete) -> str | None:
    """Why what is missing from the delivery may be missing by mistake."""
    if complete.is_sure:
        return None
    if complete.rows is not None and complete.rows != report.rows:
        return f"Nothing was ended: the delivery should have {complete.rows} rows and has {report.rows}."
    if complete.rows is None and not report.is_whole:
        return "Nothing was ended: the file seems to end in the middle."
    if report.nameless:
        return f"Nothing was ended: {report.nameless} rows could not be read, and may be what seems to be missing."
    return None


def _end_absent(
    database: Database,
    target: Target[Record],
    seen: Seen,
    report: Report,
    complete: Complete,
    begun: datetime,
    clock: Callable[[], datetime],
) -> str | None:
    """End what was not in the delivery; the reason where that would be too much to be believed."""
    alive = absent = 0
    for listed, gone in _absent(database, target, seen):
        alive, absent = alive + listed, absent + len(gone)
    if absent > max(FEW, alive * MOST_ENDED) and not complete.is_sure:
        return (
            f"Nothing was ended: {absent} of {alive} are not in the delivery. Say that it is meant if it is."
        )
    for _, gone in _absent(database, target, seen):
        if gone:
            with database.write() as session:
                report.ended += target.end(session, gone, begun, clock())
    return None


def _absent(database: Database, target: Target[Record], seen: Seen) -> Iterator[tuple[int, list[int]]]:
    """Of what is alive, some at a time: how many were looked at, and the numbers of those not in the delivery."""
    last = 0
    while True:
        with database.read() as session:
            listed = target.listed(session, last, LISTED)
        if not listed:
            return
        yield len(listed), [number for number, known in listed if not seen.has(known)]
        last = listed[-1][0]
