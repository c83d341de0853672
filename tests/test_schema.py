"""Migrations: head equals the models, and each can be applied and undone."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from frontoffice import schema
from frontoffice.db import Base, Database


def test_the_migrated_tables_are_those_of_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_every_migration_can_be_undone_and_applied_again(database: Database) -> None:
    schema.downgrade(database, "base")
    assert not schema.is_current(database)
    schema.upgrade(database)
    assert schema.is_current(database)
