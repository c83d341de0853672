"""Finding a watch by the mail behind its phone, and knowing for a while which cards were handed over."""

import sqlalchemy as sa
from alembic import op

from frontoffice.db import UTCDateTime

revision = "0022"
down_revision = "0021"

IS_REACHED = sa.text("fallback_recipient IS NOT NULL")


def upgrade() -> None:
    """Apply the change. `frontoffice keys rotate` fills the column for the watches that there are."""
    op.add_column("expiry_watch", sa.Column("fallback_recipient", sa.String(64)))
    op.create_index(
        "ix_expiry_watch_fallback_recipient",
        "expiry_watch",
        ["fallback_recipient"],
        sqlite_where=IS_REACHED,
        postgresql_where=IS_REACHED,
    )
    op.create_table(
        "card_closed",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_card_closed"),
    )
    op.create_index("ix_card_closed_until", "card_closed", ["until"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("card_closed")
    op.drop_index("ix_expiry_watch_fallback_recipient", "expiry_watch")
    with op.batch_alter_table("expiry_watch") as table:
        table.drop_column("fallback_recipient")
