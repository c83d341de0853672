"""A copy of a SQLite database while it is in use: whole, checked, and readable by its owner only.

PostgreSQL has pg_dump for that. Neither copy holds the keys of the configuration: whoever finds a backup alone can
open no name and no address in it, which is why the keys are kept elsewhere (docs/security.md).
"""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from frontoffice import schema
from frontoffice.booking.models import Appointment
from frontoffice.db import Database
from frontoffice.errors import Conflict, Invalid
from frontoffice.events import Event
from frontoffice.vault import Vault

STAMP = "%Y%m%dT%H%M%SZ"
FOLDER = "backups"  # beside the database: where the timer of `deploy/systemd` puts them
NAMED = "frontoffice-*.db"  # what may be removed when there are more than to be kept

Check = Callable[[Session], Iterator[str]]


class Damaged(Conflict):
    """What was copied, or is to be put back, is not whole."""

    code = "damaged"


def backup(url: str, target: Path, now: datetime, keep: int = 0) -> Path:
    """Copy the SQLite database of `url` to `target`, and return the copy's path.

    A folder gets files named by the time, of which only the newest `keep` stay (0: all). An existing file is never
    written over. Raises Invalid, Conflict and Damaged; a copy that is not whole does not stay.
    """
    source = Path(make_url(url).database or "")
    if make_url(url).get_backend_name() != "sqlite":
        raise Invalid("database", _pg_dump(url, target))
    if not source.is_file():
        raise Invalid("database", f"There is no database {source}.")
    if keep and not target.is_dir():
        raise Invalid("keep", "To keep only so many, name a folder: the files in it are named by the time.")
    file = target / now.strftime(f"frontoffice-{STAMP}.db") if target.is_dir() else target
    if file.exists():
        raise Conflict(f"{file} is there already; name another file.")
    if not file.parent.is_dir():
        raise Invalid("file", f"There is no folder {file.parent}.")
    _copy(source, file)
    if keep:
        _forget_oldest(target, keep)
    return file


def newest(folder: Path) -> datetime | None:
    """When the newest backup in the folder was made, as its name says; None where there is none."""
    made = [_made_at(each) for each in folder.glob(NAMED)]
    return max((each for each in made if each is not None), default=None)


def _made_at(file: Path) -> datetime | None:
    try:
        return datetime.strptime(file.name, f"frontoffice-{STAMP}.db").replace(tzinfo=UTC)
    except ValueError:
        return None


def _copy(source: Path, file: Path) -> None:
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)  # of an attempt that was broken off
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with (
            contextlib.closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as original,
            contextlib.closing(sqlite3.connect(part)) as copy,
        ):
            # All pages in one go: a snapshot, which keeps nobody from writing (WAL) and never begins again.
            original.backup(copy, pages=-1)
            copy.execute(
                "PRAGMA journal_mode = DELETE"
            )  # one file, without a companion that could be forgotten
            _check(copy, file)
        _to_disk(part)
        os.link(part, file)  # unlike a rename it fails where somebody was faster
        _to_disk(file.parent)
    except FileExistsError:
        raise Conflict(f"{file} is there already; name another file.") from None
    except (sqlite3.Error, OSError) as error:
        raise Damaged(f"The backup could not be made: {error}") from None
    finally:
        part.unlink(missing_ok=True)


def _check(copy: sqlite3.Connection, file: Path) -> None:
    found = [line for (line,) in copy.execute("PRAGMA integrity_check(5)") if line != "ok"]
    found += [f"a row of {row[0]} points to a {row[2]} that is gone" for row in _astray(copy)]
    if found:
        raise Damaged(f"The database is damaged, so {file} was not written: {'; '.join(found[:5])}")


def _astray(copy: sqlite3.Connection) -> Sequence[tuple[str, int, str, int]]:
    return copy.execute("PRAGMA foreign_key_check").fetchmany(5)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _forget_oldest(folder: Path, keep: int) -> None:
    for old in sorted(folder.glob(NAMED))[:-keep]:
        old.unlink()


def _pg_dump(url: str, target: Path) -> str:
    address = make_url(url)
    shown = address.set(drivername="postgresql", password=None).render_as_string()
    return (
        "This database is on PostgreSQL, which brings its own program for that: "
        f"pg_dump --format=custom --file={target} '{shown}' (password: PGPASSWORD or ~/.pgpass)"
    )


@dataclass(frozen=True, slots=True)
class Looked:
    """What a backup is worth: its tables' revision, when something happened last, what is in it, what is wrong."""

    revision: str | None
    usable: bool
    appointments: int
    last_event: datetime | None
    found: list[str]


def look(file: Path, secret_keys: Sequence[str], checks: Sequence[Check]) -> Looked:
    """Put a backup back on trial: on a copy of it, with the present keys and all checks. Raises Damaged."""
    with tempfile.TemporaryDirectory(prefix="frontoffice-restore-") as folder:
        copy = Path(folder) / "frontoffice.db"
        shutil.copyfile(file, copy)
        copy.chmod(0o600)
        try:
            with contextlib.closing(sqlite3.connect(copy)) as opened:
                _check(opened, file)
        except sqlite3.DatabaseError as error:
            raise Damaged(f"{file} is no whole database: {error}") from None
        return _look(Database(f"sqlite:///{copy}", Vault(secret_keys)), checks)


def _look(database: Database, checks: Sequence[Check]) -> Looked:
    try:
        revision = schema.revision(database)
        if not schema.is_usable(database):
            return Looked(revision, usable=False, appointments=0, last_event=None, found=[])
        with database.read(snapshot=True) as session:
            return Looked(
                revision,
                usable=True,
                appointments=session.scalar(select(func.count()).select_from(Appointment)) or 0,
                last_event=session.scalar(select(func.max(Event.at))),
                found=[each for check in checks for each in check(session)],
            )
    finally:
        database.close()
