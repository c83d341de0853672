"""Migrations that run while the version before still serves."""

import ast
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Time,
    insert,
    text,
)
from sqlalchemy.exc import OperationalError

from frontoffice import schema, serving
from frontoffice.config import Config, ConfigError
from frontoffice.db import Database
from frontoffice.vault import Vault
from tests.conftest import KEY, _administer

FIRST_UNDER_THE_RULE = "0013"  # before it nobody served while migrations ran
TAKES_AWAY = {"drop_column", "drop_table", "drop_constraint", "rename_table", "drop_index"}


def scripts() -> list[Any]:
    """The migrations the rule holds for, oldest first."""
    found = list(ScriptDirectory.from_config(schema.settings()).walk_revisions())
    return [script for script in reversed(found) if script.revision >= FIRST_UNDER_THE_RULE]


def taken_away(path: Path) -> list[str]:
    """What a migration's upgrade does that an older version may stumble over."""
    [upgrade] = [
        node
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    ]
    return [line for node in ast.walk(upgrade) if isinstance(node, ast.Call) for line in _stumbles(node)]


def _stumbles(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    given = {word.arg: word.value for word in call.keywords}
    if name in TAKES_AWAY - {"drop_index"}:
        yield name
    if name == "alter_column" and {"new_column_name", "type_"} & set(given):
        yield "alter_column: another name or type"
    if name == "alter_column" and _is(given.get("nullable"), False):
        yield "alter_column: not null"
    if name == "add_column":
        column = next((each for each in call.args if isinstance(each, ast.Call)), None)
        words = {word.arg: word.value for word in column.keywords} if column else {}
        if _is(words.get("nullable"), False) and "server_default" not in words:
            yield "add_column: not null, no default"


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def test_a_migration_that_takes_something_away_says_so() -> None:
    wrong = [
        f"{script.revision}: {', '.join(lines)}"
        for script in scripts()
        if (lines := taken_away(Path(script.path))) and not getattr(script.module, "contracts", False)
    ]
    assert not wrong, "Say `contracts = True` there, and read “Upgrade” in docs/operations.md:\n" + "\n".join(
        wrong
    )


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("op.drop_column('office', 'name')", ["drop_column"]),
        (
            "op.alter_column('office', 'name', new_column_name='title')",
            ["alter_column: another name or type"],
        ),
        (
            "op.add_column('a', sa.Column('b', sa.String(), nullable=False))",
            ["add_column: not null, no default"],
        ),
        ("op.add_column('a', sa.Column('b', sa.String(), nullable=False, server_default=''))", []),
        ("op.add_column('a', sa.Column('b', sa.String()))", []),
        ("op.create_table('a', sa.Column('b', sa.String(), nullable=False))", []),
    ],
)
def test_what_takes_away_is_seen(tmp_path: Path, line: str, found: list[str]) -> None:
    file = tmp_path / "migration.py"
    file.write_text(f"def upgrade():\n    {line}\n\ndef downgrade():\n    op.drop_column('office', 'name')\n")
    assert taken_away(file) == found


def test_what_the_version_before_writes_can_still_be_written(database: Database) -> None:
    """Each row of each table, with the columns the version before knows and no others, before and after."""
    expanding = [script for script in scripts() if not getattr(script.module, "contracts", False)]
    for script in reversed(expanding):
        if script.revision == schema.revision(database):
            schema.downgrade(database, script.down_revision)
            break
    else:
        pytest.skip("the newest migration takes something away, and says so")
    before = MetaData()
    before.reflect(database.engine)
    known = [table for table in before.sorted_tables if _can_be_written(database, table)]
    assert len(known) > 30
    schema.upgrade(database)
    refused = [table.name for table in known if not _can_be_written(database, table)]
    assert refused == []


def _can_be_written(database: Database, table: Table) -> bool:
    """Whether a row with something in each column is taken. Rows it points to need not be there."""
    off = (
        "PRAGMA defer_foreign_keys = ON"
        if database.is_sqlite
        else "SET LOCAL session_replication_role = replica"
    )

    class Undone(Exception):
        pass

    try:
        with database.write() as session:
            session.execute(text(off))
            session.execute(insert(table), {column.name: _something(column) for column in table.columns})
            raise Undone
    except Undone:
        return True
    except Exception:
        return False


def _something(column: Any) -> object:
    kinds: list[tuple[Any, object]] = [
        (Boolean, True),
        (Integer, 77),
        ((Float, Numeric), 1.5),
        (DateTime, datetime(2026, 11, 23, tzinfo=UTC)),
        (Date, date(2026, 11, 23)),
        (Time, time(8)),
        (LargeBinary, b"x"),
        (JSON, {}),
    ]
    for kind, value in kinds:
        if isinstance(column.type, kind):
            return value
    return uuid4().hex[: getattr(column.type, "length", None) or 32]


def test_the_version_before_goes_on_writing_while_the_tables_change(database: Database) -> None:
    schema.downgrade(database, "0012")
    stop, written, failed = threading.Event(), list[int](), list[Exception]()

    def serve() -> None:
        while not stop.is_set():
            try:
                with database.write() as session:
                    session.execute(
                        text(
                            "INSERT INTO tally (what, who, until, count) VALUES ('a', :who, '2026-11-23', 1)"
                        ),
                        {"who": uuid4().hex},
                    )
                written.append(1)
            except Exception as error:
                failed.append(error)
                return

    servers = [threading.Thread(target=serve) for _ in range(3)]
    for each in servers:
        each.start()
    try:
        schema.upgrade(database)
    finally:
        stop.set()
        for each in servers:
            each.join()
    assert failed == []
    assert written
    assert schema.is_current(database)


def test_two_upgrades_at_once_do_not_meet(database: Database) -> None:
    schema.downgrade(database, "0012")
    failed: list[Exception] = []

    def upgrade() -> None:
        try:
            schema.upgrade(database)
        except Exception as error:
            failed.append(error)

    both = [threading.Thread(target=upgrade) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join(60)
    assert failed == []
    assert schema.is_current(database)


@pytest.fixture
def postgresql(postgresql_server: str, postgresql_template: str, vault: Vault) -> Iterator[Database]:
    """A database on PostgreSQL, whose tables can be locked."""
    _administer(postgresql_server, f"CREATE DATABASE living TEMPLATE {postgresql_template}")
    database = Database(postgresql_server.format("living"), vault)
    yield database
    database.close()
    _administer(postgresql_server, "DROP DATABASE living WITH (FORCE)")


def test_a_change_waits_for_a_table_only_briefly_and_tries_again(
    postgresql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema.downgrade(postgresql, "0012")
    monkeypatch.setattr(schema, "LOCK_SECONDS", 0.1)
    monkeypatch.setattr(schema, "PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(schema, "TRIES", 2)
    with postgresql.write() as session:  # somebody looks at the list of versions, and does not end
        session.execute(text("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(OperationalError, match="LockNotAvailable"):
            schema.upgrade(postgresql)
    schema.upgrade(postgresql)
    assert schema.is_current(postgresql)


def settings(database: Database) -> Config:
    url = database.engine.url.set(drivername="postgresql" if not database.is_sqlite else "sqlite")
    return Config.model_validate(
        {
            "site": {"base_url": "http://localhost", "secret_keys": [KEY]},
            "database": {"url": url.render_as_string(hide_password=False)},
        }
    )


def test_newer_tables_are_used_as_long_as_they_have_what_this_version_needs(database: Database) -> None:
    assert schema.is_usable(database)
    _is_at(database, "9999", floor=schema.head())
    assert (schema.is_current(database), schema.is_usable(database)) == (False, True)
    serving.open_database(settings(database)).close()


def test_newer_tables_that_lack_something_are_refused_with_what_to_do(database: Database) -> None:
    _is_at(database, "9999", floor="9998")
    with pytest.raises(ConfigError, match=r"newer version \(9999\).*start the newer version"):
        serving.open_database(settings(database))


def test_older_tables_are_refused_with_what_to_do(database: Database) -> None:
    schema.downgrade(database, "0012")
    with pytest.raises(ConfigError, match=r"\(0012 instead of .*run `frontoffice upgrade`"):
        serving.open_database(settings(database))


def _is_at(database: Database, revision: str, floor: str) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :at"), {"at": revision})
        session.execute(text("UPDATE schema_floor SET revision = :at"), {"at": floor})


def test_an_index_is_built_beside_the_work_and_anew_after_a_broken_attempt(postgresql: Database) -> None:
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    for _ in range(2):
        with postgresql.apart() as connection:
            context = MigrationContext.configure(connection, opts={"transaction_per_migration": True})
            with context.begin_transaction(_per_migration=True), Operations.context(context):
                schema.add_index("ix_office_city", "office", ["city"])
    with postgresql.read() as session:
        built = text("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_office_city'::regclass")
        assert session.scalar(built) is True
