"""What an office says in its own words, when it reminds and how long it keeps; counters that are no longer used."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Apply the change."""
    op.add_column("office", sa.Column("reminder_hours", sa.JSON(), nullable=True))
    op.add_column("office", sa.Column("notes", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("office", sa.Column("keep_days", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("counter", sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    """Take it back."""
    # Not by making the tables anew, as SQLite otherwise does: others point to them.
    op.drop_column("counter", "active")
    for name in ("keep_days", "notes", "reminder_hours"):
        op.drop_column("office", name)
