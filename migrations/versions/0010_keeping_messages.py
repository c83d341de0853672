"""Keeping and following messages."""

import sqlalchemy as sa
from alembic import op

import frontoffice.db

revision = "0010"
down_revision = "0009"

MOMENT = frontoffice.db.UTCDateTime(timezone=True)
UNREACHED = sa.text("state IN ('dead', 'failed', 'undelivered', 'expired') AND attended_at IS NULL")
STAND_IN = sa.text("parent_id IS NOT NULL")
REDACTED = sa.text("redacted_at IS NOT NULL")


def upgrade() -> None:
    """Apply the change."""
    op.add_column("message", sa.Column("due_at", MOMENT))
    op.add_column("message", sa.Column("attended_at", MOMENT))
    op.add_column("message", sa.Column("attended_by", sa.String(40)))
    op.create_index(
        "ix_message_unreached",
        "message",
        ["office_id", "final_at"],
        sqlite_where=UNREACHED,
        postgresql_where=UNREACHED,
    )
    op.create_index(
        "ix_message_stand_in", "message", ["parent_id"], sqlite_where=STAND_IN, postgresql_where=STAND_IN
    )
    op.create_index(
        "ix_message_kept", "message", ["redacted_at"], sqlite_where=REDACTED, postgresql_where=REDACTED
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_message_kept", "message")
    op.drop_index("ix_message_stand_in", "message")
    op.drop_index("ix_message_unreached", "message")
    with op.batch_alter_table("message") as table:
        for column in ("attended_by", "attended_at", "due_at"):
            table.drop_column(column)
