"""Teams of counters, slides of the screens, thresholds of the team view, closing early."""

import sqlalchemy as sa
from alembic import op

import frontoffice.db

revision = "0007"
down_revision = "0006"

Id = frontoffice.db.Id
MOMENT = frontoffice.db.UTCDateTime(timezone=True)


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("office") as table:
        table.add_column(sa.Column("walk_in_warning", sa.Integer(), server_default="45", nullable=False))
        table.add_column(sa.Column("appointment_warning", sa.Integer(), server_default="15", nullable=False))
    with op.batch_alter_table("counter") as table:
        table.add_column(sa.Column("team", sa.String(60), server_default="", nullable=False))
    with op.batch_alter_table("ticket") as table:
        table.add_column(sa.Column("for_team", sa.String(60)))
    op.create_table(
        "slide",
        sa.Column("id", Id, primary_key=True),
        sa.Column("office_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("room", sa.String(60)),
        sa.Column("titles", sa.JSON(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("link", sa.String(300)),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date()),
        sa.Column("valid_until", sa.Date()),
        sa.CheckConstraint("seconds BETWEEN 5 AND 120", name=op.f("ck_slide_seconds")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_slide_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slide")),
    )
    op.create_index("ix_slide_office_id", "slide", ["office_id"])
    op.create_table(
        "early_closing",
        sa.Column("id", Id, primary_key=True),
        sa.Column("office_id", Id, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("closes_at", MOMENT, nullable=False),
        sa.Column("told_at", MOMENT, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_early_closing_account_id_account")
        ),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_early_closing_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_early_closing")),
        sa.UniqueConstraint("office_id", "day", name=op.f("uq_early_closing_office_id_day")),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("early_closing")
    op.drop_table("slide")
    with op.batch_alter_table("ticket") as table:
        table.drop_column("for_team")
    with op.batch_alter_table("counter") as table:
        table.drop_column("team")
    with op.batch_alter_table("office") as table:
        table.drop_column("appointment_warning")
        table.drop_column("walk_in_warning")
