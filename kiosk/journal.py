"""The device's journal: every act is committed here, with its number, before anything else happens with it.

An entry is open until the office has answered it (`outcome` is None). Open entries are delivered in the order
they were written, also after a restart, but only under the pairing they were written under: the number that a
visitor was shown carries the series letter of that time.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

# accepted, refused: the office's answers. unfit: the office cannot take it. abandoned: nobody waits for it.
Outcome = Literal["accepted", "refused", "unfit", "abandoned"]

# Each script raises `user_version` by one; add new ones at the end, never change one that has been shipped.
UPGRADES = (
    """
    CREATE TABLE entries (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        at TEXT NOT NULL,
        date TEXT NOT NULL,
        office TEXT NOT NULL,
        series TEXT NOT NULL,
        number INTEGER NOT NULL,
        kind TEXT NOT NULL,
        language TEXT NOT NULL,
        code TEXT,
        service TEXT,
        handed_out INTEGER NOT NULL DEFAULT 0,
        outcome TEXT,
        result TEXT,
        UNIQUE (office, series, date, number)
    );
    CREATE INDEX entries_open ON entries (office, series, position) WHERE outcome IS NULL;
    CREATE TABLE numbers (
        office TEXT NOT NULL,
        series TEXT NOT NULL,
        date TEXT NOT NULL,
        last INTEGER NOT NULL,
        PRIMARY KEY (office, series, date)
    ) WITHOUT ROWID;
    """,
)


@dataclass(frozen=True)
class Act:
    """What a visitor did: `kind` is "check_in" with a `code` or "walk_in" with a `service`; `at` in UTC."""

    id: str
    at: datetime
    date: date
    office: str
    series: str
    kind: str
    language: str
    code: str | None = None
    service: str | None = None


@dataclass(frozen=True)
class Result:
    """The office's answer to an entry; `code` names the reason of a refusal."""

    ticket: str | None = None
    service: str | None = None
    due_at: str | None = None
    code: str | None = None
    sentence: str | None = None


@dataclass(frozen=True)
class Entry:
    """An act with its number and what became of it."""

    act: Act
    number: int
    handed_out: bool
    outcome: Outcome | None
    result: Result

    @property
    def has_number(self) -> bool:
        """Whether the visitor gets a number to wait with."""
        return self.handed_out or self.outcome == "accepted"

    @property
    def ticket(self) -> str:
        """The ticket to show; a number that was handed out stays, whatever the office answers later."""
        own = f"{self.act.series}{self.number:03d}"
        return own if self.handed_out else self.result.ticket or own


class Journal:
    """The journal's file. Raises sqlite3.Error where the disk fails: then no number may be shown."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        # SQLite gives its side files the same permissions.
        path.touch(mode=0o600)
        self._connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        # FULL: a commit has reached the disk when it returns, so that a power cut cannot take a number back.
        self._connection.execute("PRAGMA synchronous = FULL")
        self._upgrade()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def record(self, act: Act) -> Entry:
        """Commit the act with the next number of its day; an id that is there already gives its entry."""
        with self._write() as connection:
            found = _find(connection, act.id)
            if found is not None:
                return found
            row = connection.execute(
                "INSERT INTO numbers (office, series, date, last) VALUES (?, ?, ?, 1)"
                " ON CONFLICT (office, series, date) DO UPDATE SET last = last + 1 RETURNING last",
                (act.office, act.series, act.date.isoformat()),
            ).fetchone()
            connection.execute(
                "INSERT INTO entries (id, at, date, office, series, number, kind, language, code, service)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    act.id,
                    act.at.isoformat(),
                    act.date.isoformat(),
                    act.office,
                    act.series,
                    row["last"],
                    act.kind,
                    act.language,
                    act.code,
                    act.service,
                ),
            )
        return Entry(act, row["last"], handed_out=False, outcome=None, result=Result())

    def find(self, entry_id: str) -> Entry | None:
        """The entry of this id."""
        with self._lock:
            return _find(self._connection, entry_id)

    def open_entries(self, office: str, series: str, limit: int) -> list[Entry]:
        """The oldest entries that the office has not answered, at most `limit`."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT * FROM entries WHERE outcome IS NULL AND office = ? AND series = ?"
                " ORDER BY position LIMIT ?",
                (office, series, limit),
            ).fetchall()
        return [_entry(row) for row in rows]

    def count_open(self, office: str, series: str) -> int:
        """How many entries wait for delivery."""
        return self._count(
            "SELECT count(*) FROM entries WHERE outcome IS NULL AND office = ? AND series = ?", office, series
        )

    def count_stuck(self, office: str, series: str) -> int:
        """How many numbers were handed out that the office has not taken: unfit, or of an earlier pairing."""
        return self._count(
            "SELECT count(*) FROM entries WHERE handed_out"
            " AND (outcome = 'unfit' OR outcome IS NULL AND (office <> ? OR series <> ?))",
            office,
            series,
        )

    def hand_out(self, entry_id: str) -> Entry:
        """Note that the visitor gets the number without an answer; changes nothing if there is one by now."""
        with self._write() as connection:
            connection.execute(
                "UPDATE entries SET handed_out = 1 WHERE id = ? AND outcome IS NULL", (entry_id,)
            )
            return _found(connection, entry_id)

    def abandon(self, entry_id: str) -> Entry:
        """Note that the visitor was sent away without a number: delivering it later would call nobody."""
        with self._write() as connection:
            connection.execute(
                "UPDATE entries SET outcome = 'abandoned', code = NULL"
                " WHERE id = ? AND outcome IS NULL AND NOT handed_out",
                (entry_id,),
            )
            return _found(connection, entry_id)

    def settle(self, sent: Entry, outcome: Outcome, result: Result) -> bool:
        """Keep the office's answer to the entry as it was sent, and forget the code; says whether it counts.

        A refusal does not if the number was handed out after the entry was sent: it has to be delivered once
        more, as one that cannot be refused.
        """
        with self._write() as connection:
            changed = connection.execute(
                "UPDATE entries SET outcome = :outcome, result = :result,"
                " code = CASE WHEN :outcome = 'unfit' THEN code END"
                " WHERE id = :id AND outcome IS NULL AND (:outcome = 'accepted' OR handed_out = :handed_out)",
                {
                    "id": sent.act.id,
                    "outcome": outcome,
                    "result": json.dumps(asdict(result)),
                    "handed_out": sent.handed_out,
                },
            )
            return changed.rowcount == 1

    def reopen_unfit(self) -> int:
        """Let handed-out entries that the office could not read be delivered again; says how many."""
        with self._write() as connection:
            return connection.execute(
                "UPDATE entries SET outcome = NULL WHERE outcome = 'unfit' AND handed_out"
            ).rowcount

    def prune(self, before: date, office: str, series: str) -> int:
        """Delete entries of days before this one, save those still open under this pairing; says how many.

        The days' last numbers stay: with a clock that went back, numbers of that day still do not repeat.
        """
        with self._write() as connection:
            return connection.execute(
                "DELETE FROM entries WHERE date < ? AND NOT (outcome IS NULL AND office = ? AND series = ?)",
                (before.isoformat(), office, series),
            ).rowcount

    def _count(self, query: str, office: str, series: str) -> int:
        with self._lock:
            return int(self._connection.execute(query, (office, series)).fetchone()[0])

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # A COMMIT that failed may have ended the transaction already.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _upgrade(self) -> None:
        with self._write() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            for number, script in enumerate(UPGRADES[version:], start=version + 1):
                # Not executescript(): that would commit first, and half an upgrade could be left behind.
                for statement in filter(str.strip, script.split(";")):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")


def _find(connection: sqlite3.Connection, entry_id: str) -> Entry | None:
    row = connection.execute("SELECT * FROM entries WHERE id = ?", (entry_id,)).fetchone()
    return None if row is None else _entry(row)


def _found(connection: sqlite3.Connection, entry_id: str) -> Entry:
    entry = _find(connection, entry_id)
    if entry is None:
        raise KeyError(entry_id)
    return entry


def _entry(row: Any) -> Entry:
    act = Act(
        id=row["id"],
        at=datetime.fromisoformat(row["at"]),
        date=date.fromisoformat(row["date"]),
        office=row["office"],
        series=row["series"],
        kind=row["kind"],
        language=row["language"],
        code=row["code"],
        service=row["service"],
    )
    result = Result(**json.loads(row["result"])) if row["result"] else Result()
    return Entry(act, row["number"], bool(row["handed_out"]), row["outcome"], result)
