"""Notices of cards in a variant of a language; watches are vacuumed by what is told in a day, not in a month."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

# A day's reminders leave dead entries at the very place of the index where each sweep begins. By default they would
# be cleared away, and the planner told of it, once a fifth of the table has changed: months later.
VACUUM = ("autovacuum_vacuum_scale_factor", "autovacuum_analyze_scale_factor")


def upgrade() -> None:
    """Apply the change."""
    _change(8, 12)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE expiry_watch SET ({', '.join(f'{name} = 0.005' for name in VACUUM)})")


def downgrade() -> None:
    """Take it back. What has a longer code becomes German, of which it is a variant."""
    kept = sa.table("card_notice", sa.column("language"))
    op.execute(sa.update(kept).where(sa.func.length(kept.c.language) > 8).values(language="de"))
    _change(12, 8)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE expiry_watch RESET ({', '.join(VACUUM)})")


def _change(old: int, new: int) -> None:
    if op.get_bind().dialect.name != "sqlite":
        kinds = {"type_": sa.String(new), "existing_type": sa.String(old)}
        op.alter_column("card_notice", "language", existing_nullable=False, **kinds)
        return
    # As in 0015: SQLite keeps no lengths, only the words of the definition.
    op.execute("PRAGMA writable_schema = ON")
    schema = sa.table("sqlite_master", sa.column("sql"), sa.column("type"), sa.column("name"))
    this_one = (schema.c.type == "table") & (schema.c.name == "card_notice")
    written = op.get_bind().execute(sa.select(schema.c.sql).where(this_one)).scalar_one()
    changed = re.sub(rf"(?<!\w)language VARCHAR\({old}\)", f"language VARCHAR({new})", written)
    op.execute(sa.update(schema).where(this_one).values(sql=changed))
    version = op.get_bind().execute(sa.text("PRAGMA schema_version")).scalar_one()
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")
