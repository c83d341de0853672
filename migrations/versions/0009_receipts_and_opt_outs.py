"""Receipts, opt-outs and failover."""

import sqlalchemy as sa
from alembic import op

import frontoffice.db

revision = "0009"
down_revision = "0008"

MEDIUM = sa.Enum("sms", "mail", name="medium", native_enum=False, length=24)
MOMENT = frontoffice.db.UTCDateTime(timezone=True)
RECENT = sa.text("medium = 'sms' AND accepted_at IS NOT NULL")
NOBODYS = sa.text("message_id IS NULL")


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("message") as table:
        table.add_column(sa.Column("provider", sa.String(20)))
        table.drop_constraint(op.f("uq_message_provider_id"), type_="unique")
        table.create_unique_constraint(op.f("uq_message_provider_provider_id"), ["provider", "provider_id"])
        table.create_index(
            "ix_message_recent",
            ["recipient", "accepted_at"],
            sqlite_where=RECENT,
            postgresql_where=RECENT,
        )
    op.execute("UPDATE message SET provider = 'twilio' WHERE medium = 'sms' AND provider_id IS NOT NULL")
    with op.batch_alter_table("receipt") as table:
        table.add_column(sa.Column("provider", sa.String(20), server_default="twilio", nullable=False))
        table.add_column(sa.Column("meaning", sa.String(24)))
        table.add_column(sa.Column("message_id", frontoffice.db.Id))
        table.drop_constraint(op.f("uq_receipt_provider_id_status"), type_="unique")
        table.create_unique_constraint(
            op.f("uq_receipt_provider_provider_id_status"), ["provider", "provider_id", "status"]
        )
        table.create_foreign_key(
            op.f("fk_receipt_message_id_message"), "message", ["message_id"], ["id"], ondelete="CASCADE"
        )
        table.create_index("ix_receipt_message_id", ["message_id"])
        table.create_index(
            "ix_receipt_nobodys", ["received_at"], sqlite_where=NOBODYS, postgresql_where=NOBODYS
        )
    with op.batch_alter_table("receipt") as table:
        table.alter_column("provider", server_default=None)
    op.create_table(
        "mute",
        sa.Column("recipient", sa.String(64), nullable=False),
        sa.Column("topic", sa.String(20), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("recipient", "topic", name=op.f("pk_mute")),
    )
    op.create_table(
        "pace",
        sa.Column("medium", MEDIUM, nullable=False),
        sa.Column("free_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("medium", name=op.f("pk_pace")),
    )
    _channel_stop("provider")


def downgrade() -> None:
    """Take the change back."""
    _channel_stop("medium")
    op.drop_table("pace")
    op.drop_table("mute")
    op.execute("DELETE FROM receipt WHERE provider <> 'twilio'")
    with op.batch_alter_table("receipt") as table:
        table.drop_index("ix_receipt_nobodys")
        table.drop_index("ix_receipt_message_id")
        table.drop_constraint(op.f("fk_receipt_message_id_message"), type_="foreignkey")
        table.drop_constraint(op.f("uq_receipt_provider_provider_id_status"), type_="unique")
        table.create_unique_constraint(op.f("uq_receipt_provider_id_status"), ["provider_id", "status"])
        for column in ("message_id", "meaning", "provider"):
            table.drop_column(column)
    op.execute("UPDATE message SET provider_id = NULL WHERE medium = 'sms' AND provider <> 'twilio'")
    with op.batch_alter_table("message") as table:
        table.drop_index("ix_message_recent")
        table.drop_constraint(op.f("uq_message_provider_provider_id"), type_="unique")
        table.create_unique_constraint(op.f("uq_message_provider_id"), ["provider_id"])
        table.drop_column("provider")


def _channel_stop(key: str) -> None:
    """Make the table anew: what it tells is found out again with the next message."""
    op.drop_table("channel_stop")
    provider = [sa.Column("provider", sa.String(20), nullable=False)] if key == "provider" else []
    op.create_table(
        "channel_stop",
        *provider,
        sa.Column("medium", MEDIUM, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("stopped_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint(key, name=op.f("pk_channel_stop")),
    )
