"""Each check of the whole finds a fault that is planted, and nothing where there is none."""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from frontoffice import cli, events
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Office
from frontoffice.operations import backup, checks
from frontoffice.vault import Vault
from tests.unlocking import TRIGGERS

MESSAGE = (
    "INSERT INTO message (dedupe_key, kind, medium, subject, office_id, recipient, envelope, template_version, "
    "language, priority, state, not_before, expires_at, attempts, unknowns, created_at, final_at) VALUES "
    "('a', 'booked', 'sms', 'appointment:1', 1, 'x', :sealed, 1, 'de', 5, :state, :at, :at, 0, 0, :at, :final)"
)


def plant(database: Database, *statements: str, **values: object) -> None:
    """Do what no code of ours does; where keys forbid it, without them."""
    with database.write() as session:
        for statement in statements:
            session.execute(text(statement), values)


def without_keys(database: Database, *statements: str) -> None:
    if database.is_sqlite:
        raw = database._writer.raw_connection()
        raw.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            raw.execute(statement)
        raw.execute("PRAGMA foreign_keys = ON")
        raw.close()
        return
    with database.write() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            session.execute(text(statement))


def found(database: Database) -> list[str]:
    with database.read(snapshot=True) as session:
        return [line for check in cli.CHECKS for line in check(session)]


def test_a_sound_database_passes_all_checks(database: Database, office: Office) -> None:
    assert found(database) == []


def test_a_unique_key_that_is_missing_is_found(database: Database, office: Office) -> None:
    plant(database, "DROP INDEX uq_message_in_flight")
    assert found(database) == ["The table message lacks its unique key of recipient."]


@pytest.mark.parametrize("name", TRIGGERS)
def test_events_that_could_be_changed_are_found(database: Database, office: Office, name: str) -> None:
    plant(database, f"DROP TRIGGER {name}" + ("" if database.is_sqlite else " ON event"))
    [line] = found(database)
    assert f"the trigger {name} on the table event is gone" in line


def test_a_lock_of_events_that_is_switched_off_is_found(database: Database, office: Office) -> None:
    if database.is_sqlite:
        plant(  # what rebuilding a table comes to, as migrations do it there
            database,
            "CREATE TABLE event_new AS SELECT * FROM event",
            "DROP TABLE event",
            "ALTER TABLE event_new RENAME TO event",
        )
    else:
        plant(database, "ALTER TABLE event DISABLE TRIGGER ALL")
    assert sum("on the table event is gone or switched off" in line for line in found(database)) == len(
        TRIGGERS
    )


def test_rows_that_point_nowhere_are_found(database: Database, office: Office) -> None:
    without_keys(database, "UPDATE counter SET office_id = 77 WHERE name IN ('1', '2')")
    assert "2 rows of counter point to a office that is gone (office_id)." in found(database)


def test_tables_of_another_version_are_found(database: Database, office: Office) -> None:
    plant(database, "UPDATE alembic_version SET version_num = '0011'", "DELETE FROM schema_floor")
    assert [line[:40] for line in found(database)] == [
        "The tables are those of version 0011 and",
        "It is not noted which versions can work ",
    ]


def test_what_no_key_opens_is_found(database: Database, office: Office, now: datetime) -> None:
    sealed = Vault(["a key that was lost long ago, sadly enough"]).seal({"to": "x"})
    plant(database, MESSAGE, sealed=sealed, state="pending", at=now.isoformat(), final=None)
    [line] = found(database)
    assert line.startswith("2 of 2 fields that were tried in message.envelope")


@pytest.mark.parametrize(
    ("state", "final", "has_contents"),
    [("dead", False, True), ("pending", True, True), ("sending", False, True), ("pending", False, False)],
)
def test_messages_that_contradict_themselves_are_found(
    database: Database, office: Office, now: datetime, state: str, final: bool, has_contents: bool
) -> None:
    sealed = database.vault.seal({"to": "x"}) if has_contents else None
    ended = now.isoformat() if final else None
    plant(database, MESSAGE, sealed=sealed, state=state, at=now.isoformat(), final=ended)
    [line] = found(database)
    assert line.startswith(f"Message 1 is {state}")


def test_events_that_nobody_counts_are_found(database: Database, office: Office, now: datetime) -> None:
    with database.write() as session:
        events.append(session, office.id, "ticket.called", now, actor="test", subject="ticket:1")
    assert found(database) == []
    plant(database, "DELETE FROM event_count")
    assert found(database) == [f"Office {office.id} has events, but no count of them."]


def test_a_gap_in_the_numbers_of_events_is_found(database: Database, office: Office, now: datetime) -> None:
    long_ago = now - timedelta(days=400)  # younger ones cannot be taken away at all
    with database.write() as session:
        for _ in range(3):
            events.append(session, office.id, "ticket.called", long_ago, actor="test", subject="ticket:1")
    plant(database, "DELETE FROM event WHERE number = 2")
    assert found(database) == [f"Office {office.id} has 2 events from 1 to 3, but counted 3."]


def test_an_index_that_was_never_finished_is_found(database: Database, office: Office) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite makes an index whole or not at all")
    plant(
        database,
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_message_subject'::regclass",
    )
    assert found(database) == [
        "The index ix_message_subject was never finished; drop it and run `frontoffice upgrade`."
    ]


Around = Callable[[], list[str]]


@pytest.fixture
def around(config: Config, database: Database, now: datetime, tmp_path: Path) -> Around:
    """What is said of the machine; the clock stands at the time that the database tells where it has one."""
    file = tmp_path / "config.toml"
    file.touch(mode=0o600)
    if database.is_sqlite:
        (tmp_path / "frontoffice.db").chmod(0o600)
    else:
        with database.read() as session:
            now = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return lambda: list(checks.surroundings(config, file, database, now))


def test_a_sound_machine_passes(around: Around) -> None:
    assert around() == []


def test_files_that_everybody_can_read_are_found(around: Around, database: Database, tmp_path: Path) -> None:
    (tmp_path / "config.toml").chmod(0o644)
    if database.is_sqlite:
        (tmp_path / "frontoffice.db").chmod(0o604)
    assert [line.split(" can be")[0] for line in around()] == [
        str(tmp_path / name) for name in ("config.toml", "frontoffice.db")[: 1 + database.is_sqlite]
    ]


def test_something_that_happens_after_now_is_found(
    around: Around, database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        events.append(
            session, office.id, "ticket.called", now + timedelta(days=9999), actor="test", subject="ticket:1"
        )
    [line] = around()
    assert "the clock of this machine is or was wrong" in line


def test_clocks_that_differ_are_found(config: Config, database: Database, now: datetime) -> None:
    if database.is_sqlite:
        pytest.skip("there is only one machine")
    [line] = checks.surroundings(config, None, database, now - timedelta(days=9999))
    assert "use NTP on both" in line


def test_a_full_disk_is_found(around: Around, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL's disk is on another machine")
    usage = shutil.disk_usage("/")._replace(free=300 * 1024**2)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    [line] = around()
    assert line.endswith("only 300 MB are free.")


@pytest.mark.parametrize(
    ("ages", "said"),
    [([], "There is no backup in"), ([72, 49], "The newest backup in"), ([72, 47], None), ([-1], None)],
)
def test_backups_that_stay_away_are_found(
    config: Config, database: Database, now: datetime, tmp_path: Path, ages: list[int], said: str | None
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL is copied by pg_dump, wherever its people want")
    (tmp_path / "frontoffice.db").chmod(0o600)
    folder = tmp_path / backup.FOLDER
    folder.mkdir()
    (folder / "frontoffice-old.db").touch()  # somebody's own
    for hours in ages:
        made = now - timedelta(hours=hours)
        (folder / f"frontoffice-{made:{backup.STAMP}}.db").touch()
    found = list(checks.surroundings(config, None, database, now))
    assert [line[: len(said or "")] for line in found] == ([said] if said else [])


def test_sample_passwords_are_found(config: Config, database: Database, now: datetime) -> None:
    demo = config.model_copy(update={"demo": config.demo.model_copy(update={"enabled": True})})
    assert any("sample passwords" in line for line in checks.surroundings(demo, None, database, now))


@pytest.mark.parametrize("command", ["upgrade", "doctor"])
@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite:///{folder}/nowhere/frontoffice.db", "unable to open database file; does its folder exist"),
        ("postgresql://frontoffice@127.0.0.1:1/frontoffice", "Connection refused"),
    ],
)
def test_a_database_that_cannot_be_reached_is_named_in_one_line(
    tmp_path: Path, command: str, url: str, told: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        f'[site]\nbase_url = "http://localhost"\nsecret_keys = ["{"k" * 40}"]\n'
        f'[database]\nurl = "{url.format(folder=tmp_path)}"\n'
    )
    answer = CliRunner().invoke(cli.main, ["--config", str(file), command])
    assert answer.exit_code == 1
    assert answer.output.startswith("Error: database.url: ")
    assert told in answer.output
