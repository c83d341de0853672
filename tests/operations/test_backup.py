"""Backups: whole while others write, never over another file, for the owner only, tried before they are needed."""

import sqlite3
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from frontoffice import cli, events
from frontoffice.db import Database
from frontoffice.errors import Conflict, Invalid
from frontoffice.operations import backup
from frontoffice.vault import Vault
from tests.conftest import KEY
from tests.sample import sample_office

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


@pytest.fixture
def house(sqlite_template: Path, tmp_path: Path, vault: Vault) -> Database:
    """A database with an office, on SQLite."""
    file = tmp_path / "frontoffice.db"
    file.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{file}", vault)
    with database.write() as session:
        sample_office(session)
    return database


@pytest.fixture
def url(house: Database) -> str:
    return str(house.engine.url)


def test_a_copy_is_one_whole_private_file(house: Database, url: str, tmp_path: Path) -> None:
    with house.write() as session:  # what a writer has not committed is not in it, and does not hinder it
        session.execute(text("UPDATE office SET name = 'Not yet'"))
        file = backup.backup(url, tmp_path / "copy.db", NOW)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {each.name for each in tmp_path.glob("*copy*")} == {"copy.db"}
    looked = backup.look(file, [KEY], cli.CHECKS)
    assert (looked.usable, looked.found) == (True, [])
    with sqlite3.connect(file) as copy:
        assert copy.execute("SELECT name FROM office").fetchall() == [("Ausländerbehörde Musterstadt",)]


def test_copies_made_while_events_are_written_have_no_gaps(house: Database, url: str, tmp_path: Path) -> None:
    stop, written = threading.Event(), list[int]()

    def write() -> None:
        while not stop.is_set():
            with house.write() as session:
                events.append(session, 1, "ticket.called", NOW, actor="test", subject="ticket:1")
            written.append(1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        files = [backup.backup(url, tmp_path / f"{number}.db", NOW) for number in range(5)]
    finally:
        stop.set()
        writer.join()
    assert [backup.look(file, [KEY], cli.CHECKS).found for file in files] == [[]] * 5
    assert written


def test_nothing_is_ever_written_over(url: str, tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    there.write_text("precious")
    with pytest.raises(Conflict):
        backup.backup(url, there, NOW)
    assert there.read_text() == "precious"


def test_of_a_folder_only_the_newest_are_kept_and_nothing_else_is_touched(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "other.db").touch()
    for day in range(5):
        backup.backup(url, folder, NOW + timedelta(days=day), keep=2)
    names = sorted(each.name for each in folder.iterdir())
    assert names == ["frontoffice-20261126T070000Z.db", "frontoffice-20261127T070000Z.db", "other.db"]
    with pytest.raises(Invalid, match="folder"):
        backup.backup(url, tmp_path / "one.db", NOW, keep=2)


def test_a_damaged_database_gives_no_backup(house: Database, url: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "frontoffice.db") as raw:
        raw.execute("INSERT INTO counter (office_id, name, room) VALUES (99, '1', '')")
    with pytest.raises(backup.Damaged, match="office that is gone"):
        backup.backup(url, tmp_path / "copy.db", NOW)
    assert list(tmp_path.glob("*copy*")) == []


def test_postgresql_is_told_its_own_way_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="pg_dump --format=custom") as told:
        backup.backup("postgresql://amt:geheim@db/frontoffice", tmp_path / "copy", NOW)
    assert "geheim" not in str(told.value)


def test_a_backup_is_tried_with_the_present_keys(house: Database, url: str, tmp_path: Path) -> None:
    with house.write() as session:
        session.execute(
            text(
                "INSERT INTO message (dedupe_key, kind, medium, subject, office_id, recipient, envelope, "
                "template_version, language, priority, state, not_before, expires_at, attempts, unknowns, created_at) "
                "VALUES ('a', 'booked', 'sms', 'appointment:1', 1, 'x', :sealed, 1, 'de', 5, 'pending', "
                "'2026-11-23', '2026-11-24', 0, 0, '2026-11-23')"
            ),
            {"sealed": house.vault.seal({"to": "+49"})},
        )
    file = backup.backup(url, tmp_path / "copy.db", NOW)
    assert backup.look(file, [KEY], cli.CHECKS).found == []
    [line] = backup.look(file, ["another key that is long enough to be one"], cli.CHECKS).found
    assert "message.envelope can be opened with none" in line


def test_half_a_backup_is_found_out(url: str, tmp_path: Path) -> None:
    file = backup.backup(url, tmp_path / "copy.db", NOW)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(backup.Damaged):
        backup.look(file, [KEY], cli.CHECKS)


def test_the_commands_say_what_they_did(url: str, tmp_path: Path) -> None:
    environment = {
        "FRONTOFFICE_SITE__BASE_URL": "http://localhost",
        "FRONTOFFICE_SITE__SECRET_KEYS": f'["{KEY}"]',
        "FRONTOFFICE_DATABASE__URL": url,
        "FRONTOFFICE_CONFIG": "",
    }
    run = CliRunner(env=environment).invoke
    file = str(tmp_path / "today.db")
    made = run(cli.main, ["backup", file])
    assert (made.exit_code, made.output) == (0, f"Wrote {file}\n")
    tried = run(cli.main, ["restore-check", file])
    assert tried.output.startswith("It can be put back: 0 appointments")
    assert "there already" in run(cli.main, ["backup", file]).output
    assert run(cli.main, ["ready"]).exit_code == 0
    assert run(cli.main, ["ready", "--worker"]).exit_code == 1
