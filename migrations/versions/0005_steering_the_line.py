"""Steering the line: priority, wishes, parking, undoing; languages of counters, pauses."""

import sqlalchemy as sa
from alembic import op

import frontoffice.db

revision = "0005"
down_revision = "0004"

PRIORITY = sa.Enum(
    "children", "pregnant", "frail", "deadline", "other", name="priority", native_enum=False, length=24
)


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("counter") as table:
        table.add_column(sa.Column("languages", sa.JSON(), server_default="[]", nullable=False))
    with op.batch_alter_table("counter_session") as table:
        table.add_column(sa.Column("paused_at", frontoffice.db.UTCDateTime(timezone=True)))
    with op.batch_alter_table("ticket") as table:
        table.add_column(sa.Column("priority", PRIORITY))
        table.add_column(sa.Column("priority_at", frontoffice.db.UTCDateTime(timezone=True)))
        table.add_column(sa.Column("for_counter_id", frontoffice.db.Id))
        table.add_column(sa.Column("for_account_id", frontoffice.db.Id))
        table.add_column(sa.Column("for_language", sa.String(8)))
        table.add_column(sa.Column("returns", sa.Boolean(), server_default=sa.false(), nullable=False))
        table.add_column(sa.Column("wake_at", frontoffice.db.UTCDateTime(timezone=True)))
        table.add_column(sa.Column("note", sa.String(200)))
        table.add_column(sa.Column("done", sa.JSON(none_as_null=True)))
        table.add_column(sa.Column("step_at", frontoffice.db.UTCDateTime(timezone=True)))
        table.add_column(sa.Column("step_counter_id", frontoffice.db.Id))
        table.add_column(sa.Column("before", sa.JSON(none_as_null=True)))
        for column, other in (
            ("for_counter_id", "counter"),
            ("for_account_id", "account"),
            ("step_counter_id", "counter"),
        ):
            table.create_foreign_key(op.f(f"fk_ticket_{column}_{other}"), other, [column], ["id"])
        table.create_index("ix_ticket_step_counter_id", ["step_counter_id"])


def downgrade() -> None:
    """Undo the change."""
    with op.batch_alter_table("ticket") as table:
        table.drop_index("ix_ticket_step_counter_id")
        for column, other in (
            ("for_counter_id", "counter"),
            ("for_account_id", "account"),
            ("step_counter_id", "counter"),
        ):
            table.drop_constraint(op.f(f"fk_ticket_{column}_{other}"), type_="foreignkey")
            table.drop_column(column)
        for column in ("before", "step_at", "done", "note", "wake_at", "returns", "for_language"):
            table.drop_column(column)
        for column in ("priority_at", "priority"):
            table.drop_column(column)
    with op.batch_alter_table("counter_session") as table:
        table.drop_column("paused_at")
    with op.batch_alter_table("counter") as table:
        table.drop_column("languages")
