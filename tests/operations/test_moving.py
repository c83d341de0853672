"""Moving from SQLite to PostgreSQL: everything comes along, and goes on from there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from frontoffice import cli, clock, schema
from frontoffice.config import Config
from frontoffice.db import Base, Database
from frontoffice.demo import sample
from frontoffice.offices.models import Office
from frontoffice.operations import moving
from frontoffice.vault import Vault
from tests.conftest import KEY, _administer


@pytest.fixture
def house(tmp_path: Path, sqlite_template: Path, vault: Vault) -> Database:
    """The sample office, with everything in it."""
    file = tmp_path / "house.db"
    file.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{file}", vault)
    settings = Config.model_validate(
        {
            "site": {"base_url": "http://localhost", "secret_keys": [KEY]},
            "database": {"url": f"sqlite:///{file}"},
            "demo": {"enabled": True},
        }
    )
    sample.prepare(database, settings, clock.now())
    return database


@pytest.fixture
def empty(postgresql_server: str, vault: Vault) -> Iterator[Database]:
    """A PostgreSQL database without any tables."""
    _administer(postgresql_server, "CREATE DATABASE new_house")
    database = Database(postgresql_server.format("new_house"), vault)
    yield database
    database.close()
    _administer(postgresql_server, "DROP DATABASE new_house WITH (FORCE)")


def contents(database: Database) -> dict[str, list[object]]:
    with database.read(snapshot=True) as session:
        return {
            table.name: [
                tuple(row) for row in session.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in Base.metadata.sorted_tables
        }


def test_everything_comes_along_and_numbers_go_on(house: Database, empty: Database) -> None:
    with house.write() as session:  # an answer that stands in for another message: it points to its own table
        rows = session.execute(text("SELECT id FROM message ORDER BY id LIMIT 2")).scalars().all()
        assert len(rows) == 2
        session.execute(
            text("UPDATE message SET parent_id = :later WHERE id = :first"),
            {"first": rows[0], "later": rows[1]},
        )
    said: list[str] = []
    moved = moving.move(house, empty, said.append)
    assert contents(empty) == contents(house)
    assert moved.rows["appointment"] > 10
    assert f"appointment: {moved.rows['appointment']}" in said
    with empty.read(snapshot=True) as session:
        assert [line for check in cli.CHECKS for line in check(session)] == []
    with empty.write() as session:
        copied = session.scalars(select(Office)).first()
        assert copied is not None
        session.add(
            Office(
                slug="new",
                name="New",
                street="",
                postal_code="12345",
                city="",
                phone="",
                mail="a@b.example",
                land="NW",
                languages=["de"],
            )
        )
        session.flush()
        assert session.scalars(select(Office.id).where(Office.slug == "new")).one() > copied.id


def test_only_an_empty_database_is_moved_to(house: Database, empty: Database) -> None:
    schema.upgrade(empty)
    with empty.write() as session:
        session.execute(text("INSERT INTO tally (what, who, until, count) VALUES ('a', 'b', now(), 1)"))
    with pytest.raises(moving.NotEmpty, match="tally"):
        moving.move(house, empty)
    with empty.read() as session:
        assert session.scalars(select(Office)).all() == []
