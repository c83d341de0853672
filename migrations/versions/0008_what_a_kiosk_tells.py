"""What a kiosk tells of itself, the letters it had before, and a number on paper that another visitor had already."""

import sqlalchemy as sa
from alembic import op

import frontoffice.db

revision = "0008"
down_revision = "0007"

MOMENT = frontoffice.db.UTCDateTime(timezone=True)
PRINTER = sa.Enum(
    "ok", "out_of_paper", "unreachable", "off", name="printerstate", native_enum=False, length=24
)
COUNTS = ("waiting", "stuck", "interrupted", "clock_ahead")


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("device") as table:
        table.add_column(sa.Column("runs", sa.JSON(), server_default="[]", nullable=False))
        table.add_column(sa.Column("doubled_at", MOMENT))
        table.add_column(sa.Column("past_series", sa.JSON(), server_default="[]", nullable=False))
        table.add_column(sa.Column("told_at", MOMENT))
        table.add_column(sa.Column("printer", PRINTER))
        table.add_column(sa.Column("printer_since", MOMENT))
        for column in COUNTS:
            table.add_column(sa.Column(column, sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("ticket") as table:
        table.add_column(sa.Column("paper", sa.String(8)))
    op.create_index("ix_journal_entry_entry", "journal_entry", ["entry"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_journal_entry_entry", "journal_entry")
    with op.batch_alter_table("ticket") as table:
        table.drop_column("paper")
    with op.batch_alter_table("device") as table:
        for column in (*COUNTS, "printer_since", "printer", "told_at", "past_series", "doubled_at", "runs"):
            table.drop_column(column)
