"""Documents whose end people are reminded of, and what an office does differently with reminders."""

import sqlalchemy as sa
from alembic import op

from frontoffice.db import UTCDateTime

revision = "0017"
down_revision = "0016"

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("office") as office:
        office.add_column(sa.Column("document_reminders", sa.JSON(), nullable=False, server_default="{}"))
    op.create_table(
        "expiry_watch",
        sa.Column("id", ID, nullable=False),
        sa.Column("office_id", ID, nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("contact", sa.LargeBinary()),
        sa.Column("recipient", sa.String(64)),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("external", sa.String(64)),
        sa.Column("delivered", sa.String(64)),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("next_on", sa.Date()),
        sa.Column("told_on", sa.Date()),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name="fk_expiry_watch_office_id_office"),
        sa.PrimaryKeyConstraint("id", name="pk_expiry_watch"),
        sa.UniqueConstraint("external", name="uq_expiry_watch_external"),
    )
    coming, reached = sa.text("next_on IS NOT NULL"), sa.text("recipient IS NOT NULL")
    op.create_index(
        "ix_expiry_watch_next_on",
        "expiry_watch",
        ["next_on", "id"],
        sqlite_where=coming,
        postgresql_where=coming,
    )
    op.create_index(
        "ix_expiry_watch_recipient",
        "expiry_watch",
        ["recipient"],
        sqlite_where=reached,
        postgresql_where=reached,
    )
    op.create_index("ix_expiry_watch_office_id_ends_on", "expiry_watch", ["office_id", "ends_on"])
    op.create_table(
        "ladder_in_use",
        sa.Column("office_id", ID, autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name="fk_ladder_in_use_office_id_office"),
        sa.PrimaryKeyConstraint("office_id", name="pk_ladder_in_use"),
    )


def downgrade() -> None:
    """Undo it."""
    op.drop_table("ladder_in_use")
    op.drop_table("expiry_watch")
    with op.batch_alter_table("office") as office:
        office.drop_column("document_reminders")
