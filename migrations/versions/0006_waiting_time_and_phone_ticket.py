"""The waiting time and the phone ticket: the secret link, a number for the SMS, what was told and what was learned."""

import sqlalchemy as sa
from alembic import op

import frontoffice.db

revision = "0006"
down_revision = "0005"

MOMENT = frontoffice.db.UTCDateTime(timezone=True)
WITH_PHONE = sa.text("phone IS NOT NULL")


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("ticket") as table:
        table.add_column(sa.Column("link_fingerprint", sa.String(64)))
        table.add_column(sa.Column("phone", sa.LargeBinary()))
        table.add_column(sa.Column("next_told_at", MOMENT))
        table.add_column(sa.Column("notices", sa.Integer(), server_default="0", nullable=False))
        table.add_column(sa.Column("away_at", MOMENT))
        table.create_unique_constraint(op.f("uq_ticket_link_fingerprint"), ["link_fingerprint"])
        table.create_index(
            "ix_ticket_phone", ["office_id", "day"], sqlite_where=WITH_PHONE, postgresql_where=WITH_PHONE
        )
    op.create_table(
        "expected_wait",
        sa.Column("ticket_id", frontoffice.db.Id, autoincrement=False, nullable=False),
        sa.Column("office_id", frontoffice.db.Id, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("low", "middle", "high")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_expected_wait_office_id_office")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_expected_wait")),
    )
    op.create_index("ix_expected_wait_office_id_at", "expected_wait", ["office_id", "at"])
    op.create_table(
        "line_experience",
        sa.Column("office_id", frontoffice.db.Id, autoincrement=False, nullable=False),
        sa.Column("learned_at", MOMENT, nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_line_experience_office_id_office")
        ),
        sa.PrimaryKeyConstraint("office_id", name=op.f("pk_line_experience")),
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_table("line_experience")
    op.drop_table("expected_wait")
    with op.batch_alter_table("ticket") as table:
        table.drop_index("ix_ticket_phone")
        table.drop_constraint(op.f("uq_ticket_link_fingerprint"), type_="unique")
        for column in ("away_at", "notices", "next_told_at", "phone", "link_fingerprint"):
            table.drop_column(column)
