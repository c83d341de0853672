"""Room for the code of a variant of a language, such as de-simple."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

COLUMNS = (
    ("appointment", "language"),
    ("waitlist_entry", "language"),
    ("draw_request", "language"),
    ("partner_plan_entry", "language"),
    ("invitation", "language"),
    ("message", "language"),
    ("ticket", "language"),
    ("ticket", "for_language"),
)


def upgrade() -> None:
    """Apply the change."""
    _change(8, 12)


def downgrade() -> None:
    """Take it back. What has a longer code becomes German, of which it is a variant."""
    for table, column in COLUMNS:
        kept = sa.table(table, sa.column(column))
        op.execute(sa.update(kept).where(sa.func.length(kept.c[column]) > 8).values({column: "de"}))
    _change(12, 8)


def _change(old: int, new: int) -> None:
    if op.get_bind().dialect.name != "sqlite":
        for table, column in COLUMNS:
            op.alter_column(table, column, type_=sa.String(new), existing_type=sa.String(old))
        return
    # SQLite keeps no lengths, only the words of the definition: it is these that change, and no row is copied.
    # https://www.sqlite.org/lang_altertable.html#otheralter
    op.execute("PRAGMA writable_schema = ON")
    schema = sa.table("sqlite_master", sa.column("sql"), sa.column("type"), sa.column("name"))
    for table, column in COLUMNS:
        this_one = (schema.c.type == "table") & (schema.c.name == table)
        written = op.get_bind().execute(sa.select(schema.c.sql).where(this_one)).scalar_one()
        changed = re.sub(rf"(?<!\w){column} VARCHAR\({old}\)", f"{column} VARCHAR({new})", written)
        op.execute(sa.update(schema).where(this_one).values(sql=changed))
    version = op.get_bind().execute(sa.text("PRAGMA schema_version")).scalar_one()
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")
