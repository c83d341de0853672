"""The device's journal: every act is committed here, with its number, before anything else happens with it.

An entry is open until the office has answered it (`outcome` is None). Open entries are delivered in the order
they were written, also after a restart and after pairing anew at the same office: the number that a visitor was
shown carries the series letter of that time, and so does its entry.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from kiosk import journal_file
from kiosk.entries import SHOWN_FOR, Act, Entry, Outcome, PrintState, Result, Since

__all__ = ["Act", "Entry", "Journal", "Outcome", "PrintState", "Result", "Since"]


class Journal:
    """The journal's file. Raises sqlite3.Error where the disk fails: then no number may be shown."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = journal_file.connect(path)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def record(self, act: Act, *, after: int = 0, matched: str | None = None) -> Entry:
        """Commit the act with the next number of its day; an id that is there already gives its entry.

        The number is above `after`, the highest that the office has of the series.
        """
        with self._write() as connection:
            found = _find(connection, act.id)
            if found is not None:
                return found
            row = connection.execute(
                "INSERT INTO numbers (office, series, date, last) VALUES (?, ?, ?, ? + 1)"
                " ON CONFLICT (office, series, date) DO UPDATE SET last = max(last + 1, excluded.last)"
                " RETURNING last",
                (act.office, act.series, act.date.isoformat(), after),
            ).fetchone()
            connection.execute(journal_file.INSERT, journal_file.values(act, row["last"], matched))
        return Entry(act, row["last"], handed_out=False, outcome=None, result=Result(), matched=matched)

    def find(self, entry_id: str) -> Entry | None:
        """The entry of this id."""
        with self._lock:
            return _find(self._connection, entry_id)

    def open_entries(self, office: str, series: str, limit: int) -> list[Entry]:
        """The oldest entries that the office has not answered, at most `limit`.

        Of an earlier series these are the numbers that are out; nobody waits with another one.
        """
        return self._entries(
            "SELECT * FROM entries WHERE outcome IS NULL AND office = :office AND (series = :series OR handed_out)"
            " ORDER BY position LIMIT :limit",
            {"office": office, "series": series, "limit": limit},
        )

    def unanswered(self) -> set[str]:
        """The ids of all entries that the office has not answered, also those that nobody waits for."""
        query = "SELECT * FROM entries WHERE outcome IS NULL OR outcome = 'abandoned'"
        return {entry.act.id for entry in self._entries(query, {})}

    def count_open(self, office: str, series: str) -> int:
        """How many entries wait for delivery."""
        return self._count(
            "SELECT count(*) FROM entries"
            " WHERE outcome IS NULL AND office = :office AND (series = :series OR handed_out)",
            {"office": office, "series": series},
        )

    def count_stuck(self, office: str, day: date | None = None) -> int:
        """How many numbers (of that day) were handed out that the office has not taken: unfit, or of another office."""
        return self._count(
            "SELECT count(*) FROM entries WHERE handed_out AND date = coalesce(:day, date)"
            " AND (outcome = 'unfit' OR outcome IS NULL AND office <> :office)",
            {"office": office, "day": day.isoformat() if day else None},
        )

    def latest(self) -> datetime | None:
        """When the newest entry was written, by the clock of that time."""
        with self._lock:
            (at,) = self._connection.execute("SELECT max(at) FROM entries").fetchone()
        return datetime.fromisoformat(at) if at else None

    def holder(self, act: Act, matched: str | None) -> Entry | None:
        """The latest entry of the act's day that has a number for the same appointment, other than the act's own."""
        found = self._entries(
            "SELECT * FROM entries WHERE (handed_out OR outcome = 'accepted') AND id <> :id"
            " AND office = :office AND date = :date AND (matched = :matched OR code = :code)"
            " ORDER BY position DESC LIMIT 1",
            {
                "id": act.id,
                "office": act.office,
                "date": act.date.isoformat(),
                "matched": matched,
                "code": act.code,
            },
        )
        return found[0] if found else None

    def count_refused(self, code: str, since: str) -> int:
        """How many acts after `since` (ISO 8601) were refused for that reason."""
        return self._count(
            "SELECT count(*) FROM entries WHERE at > :since AND outcome = 'refused'"
            " AND json_extract(result, '$.code') = :code",
            {"since": since, "code": code},
        )

    def hand_out(self, entry_id: str, known: Result | None = None) -> Entry:
        """Note that the visitor gets the number without an answer; changes nothing if there is one by now.

        `known` is what the device knows of the appointment meanwhile.
        """
        with self._write() as connection:
            connection.execute(
                "UPDATE entries SET handed_out = 1, result = ? WHERE id = ? AND outcome IS NULL",
                (journal_file.result_text(known or Result()), entry_id),
            )
            return _found(connection, entry_id)

    def abandon(self, entry_id: str) -> Entry:
        """Note that the visitor was sent away without a number: delivering it later would call nobody."""
        with self._write() as connection:
            connection.execute(
                "UPDATE entries SET outcome = 'abandoned', code = NULL, born = NULL, due = NULL"
                " WHERE id = ? AND outcome IS NULL AND NOT handed_out",
                (entry_id,),
            )
            return _found(connection, entry_id)

    def abandon_left(self, now: datetime, since: Since | None) -> int:
        """Abandon entries whose visitors have left without a number, because the program ended; says how many.

        By the machine's uptime where it is known: an entry of before its start is one that nobody waits for.
        """
        with self._write() as connection:
            return connection.execute(
                "UPDATE entries SET outcome = 'abandoned', code = NULL, born = NULL, due = NULL"
                " WHERE outcome IS NULL AND NOT handed_out AND CASE"
                " WHEN :boot IS NULL OR boot IS NULL THEN at < :before"
                " WHEN boot = :boot THEN uptime < :uptime ELSE 1 END",
                {
                    "before": (now - SHOWN_FOR).isoformat(),
                    "boot": since.boot if since else None,
                    "uptime": since.seconds - SHOWN_FOR.total_seconds() if since else None,
                },
            ).rowcount

    def abandon_interrupted(self) -> int:
        """Abandon, at the start, what the program before was about to answer when it ended; says how many.

        No number was shown, and who acts again gets the next one. The browser may still send the same form once
        more: see `take_up`.
        """
        with self._write() as connection:
            return connection.execute(
                "UPDATE entries SET outcome = 'abandoned', code = NULL, born = NULL, due = NULL"
                " WHERE outcome IS NULL AND NOT handed_out"
            ).rowcount

    def take_up(self, act: Act) -> Entry:
        """Open an abandoned entry again with its number, because its visitor is there and does the same once more."""
        with self._write() as connection:
            connection.execute(
                "UPDATE entries SET outcome = NULL, at = :at, code = :code, born = :born, due = :due, boot = :boot,"
                " uptime = :uptime WHERE id = :id AND outcome = 'abandoned' AND kind = :kind",
                journal_file.values(act, 0, None),
            )
            return _found(connection, act.id)

    def settle(self, sent: Entry, outcome: Outcome, result: Result) -> bool:
        """Keep the answer to the entry as it was sent, and forget by what it was found; says whether it counts.

        A refusal does not if the number was handed out after the entry was sent: it has to be delivered once
        more, as one that cannot be refused.
        """
        with self._write() as connection:
            changed = connection.execute(
                "UPDATE entries SET outcome = :outcome, result = :result,"
                " code = CASE WHEN :outcome = 'unfit' THEN code END,"
                " born = CASE WHEN :outcome = 'unfit' THEN born END,"
                " due = CASE WHEN :outcome = 'unfit' THEN due END"
                " WHERE id = :id AND outcome IS NULL AND (:outcome = 'accepted' OR handed_out = :handed_out)",
                {
                    "id": sent.act.id,
                    "outcome": outcome,
                    "result": journal_file.result_text(result),
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

    def prune(self, before: date, office: str, after: date = date.max) -> int:
        """Delete entries of days before and after these, save those the office has not answered; says how many.

        The days' last numbers stay: with a clock that went back, numbers of that day still do not repeat.
        """
        with self._write() as connection:
            pruned = connection.execute(
                "DELETE FROM entries WHERE (date < ? OR date > ?) AND NOT (outcome IS NULL AND office = ?)",
                (before.isoformat(), after.isoformat(), office),
            ).rowcount
        with self._lock:
            # What is overwritten in the file would else stay readable in its log.
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return pruned

    def move_print(self, entry_id: str, before: PrintState, after: PrintState) -> bool:
        """Move the printing of an entry on from one state to the next; says whether it was in that state."""
        with self._write() as connection:
            changed = connection.execute(
                "UPDATE entries SET print = ? WHERE id = ? AND print = ?", (after, entry_id, before)
            )
            return changed.rowcount == 1

    def end_prints(self) -> list[Entry]:
        """At the start: what was being printed is unknown, what was queued has failed. The entries as they are now."""
        with self._write() as connection:
            moved = connection.execute(
                "UPDATE entries SET print = CASE print WHEN 'printing' THEN 'unknown' ELSE 'failed' END"
                " WHERE print IN ('queued', 'printing') RETURNING *"
            ).fetchall()
        return [journal_file.entry(row) for row in moved]

    def _entries(self, query: str, values: dict[str, Any]) -> list[Entry]:
        with self._lock:
            return [journal_file.entry(row) for row in self._connection.execute(query, values).fetchall()]

    def _count(self, query: str, values: dict[str, str | None]) -> int:
        with self._lock:
            return int(self._connection.execute(query, values).fetchone()[0])

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


def _find(connection: sqlite3.Connection, entry_id: str) -> Entry | None:
    row = connection.execute("SELECT * FROM entries WHERE id = ?", (entry_id,)).fetchone()
    return None if row is None else journal_file.entry(row)


def _found(connection: sqlite3.Connection, entry_id: str) -> Entry:
    entry = _find(connection, entry_id)
    if entry is None:
        raise KeyError(entry_id)
    return entry
