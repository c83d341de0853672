"""The journal's SQLite file: its tables, how it is opened, and how rows become entries."""

import json
import sqlite3
from dataclasses import asdict
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from kiosk.birth_date import BirthDate
from kiosk.entries import Act, Entry, Result, Since
from kiosk.office_setup import Wait

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
    """
    ALTER TABLE entries ADD COLUMN born TEXT;
    ALTER TABLE entries ADD COLUMN due TEXT;
    ALTER TABLE entries ADD COLUMN late_ok INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE entries ADD COLUMN boot TEXT;
    ALTER TABLE entries ADD COLUMN uptime REAL;
    ALTER TABLE entries ADD COLUMN matched TEXT;
    ALTER TABLE entries ADD COLUMN print TEXT NOT NULL DEFAULT 'none';
    CREATE INDEX entries_matched ON entries (matched) WHERE matched IS NOT NULL;
    CREATE INDEX entries_print ON entries (print) WHERE print IN ('queued', 'printing');
    """,
    "ALTER TABLE entries ADD COLUMN language_chosen INTEGER NOT NULL DEFAULT 1;",
)

INSERT = (
    "INSERT INTO entries (id, at, date, office, series, number, kind, language, code, service, born, due, late_ok,"
    " language_chosen, boot, uptime, matched)"
    " VALUES (:id, :at, :date, :office, :series, :number, :kind, :language, :code, :service, :born, :due, :late_ok,"
    " :language_chosen, :boot, :uptime, :matched)"
)


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, which only this user may read, and bring its tables up to date."""
    # SQLite gives its side files the same permissions.
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    # Codes and dates of birth that are forgotten are overwritten too.
    connection.execute("PRAGMA secure_delete = ON")
    # FULL: a commit has reached the disk when it returns, so that a power cut cannot take a number back.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for number, script in enumerate(UPGRADES[version:], start=version + 1):
            # Not executescript(): that would commit first, and half an upgrade could be left behind.
            for statement in filter(str.strip, script.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def values(act: Act, number: int, matched: str | None) -> dict[str, Any]:
    """The act as a new row."""
    return {
        "id": act.id,
        "at": act.at.isoformat(),
        "date": act.date.isoformat(),
        "office": act.office,
        "series": act.series,
        "number": number,
        "kind": act.kind,
        "language": act.language,
        "code": act.code,
        "service": act.service,
        "born": act.born.isoformat() if act.born else None,
        "due": act.due.isoformat("minutes") if act.due else None,
        "late_ok": act.late_ok,
        "language_chosen": act.language_chosen,
        "boot": act.since.boot if act.since else None,
        "uptime": act.since.seconds if act.since else None,
        "matched": matched,
    }


def entry(row: sqlite3.Row) -> Entry:
    """The entry of a row."""
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
        born=BirthDate.from_iso(row["born"]) if row["born"] else None,
        due=time.fromisoformat(row["due"]) if row["due"] else None,
        late_ok=bool(row["late_ok"]),
        language_chosen=bool(row["language_chosen"]),
        since=Since(row["boot"], row["uptime"]) if row["boot"] else None,
    )
    return Entry(
        act,
        row["number"],
        bool(row["handed_out"]),
        row["outcome"],
        _result(row["result"]),
        row["print"],
        row["matched"],
    )


def result_text(result: Result) -> str:
    """The result as it is kept."""
    return json.dumps(asdict(result))


def _result(kept: str | None) -> Result:
    if not kept:
        return Result()
    fields = json.loads(kept)
    wait = fields.pop("wait", None)
    return Result(**fields, wait=Wait(**wait) if wait else None)
