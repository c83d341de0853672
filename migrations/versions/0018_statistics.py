"""Statistics by day, the promise of days, parts of SMS."""

import sqlalchemy as sa
from alembic import op

import frontoffice.db

revision = "0018"
down_revision = "0017"

MOMENT = frontoffice.db.UTCDateTime(timezone=True)
FIGURE = sa.Enum(
    "visits",
    "visit_hours",
    "channel_hours",
    "ends",
    "waiting",
    "waiting_due",
    "serving",
    "appointments",
    "seats",
    "counters",
    "messages",
    "segments",
    name="figure",
    native_enum=False,
    length=24,
)


def upgrade() -> None:
    """Apply the change."""
    with op.batch_alter_table("message") as table:
        table.add_column(sa.Column("parts", sa.Integer()))
    op.create_table(
        "day_count",
        sa.Column("office_id", frontoffice.db.Id, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("figure", FIGURE, nullable=False),
        sa.Column("about", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(60), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_day_count_office_id_office")),
        sa.PrimaryKeyConstraint("office_id", "day", "figure", "about", "part", name=op.f("pk_day_count")),
    )
    op.create_table(
        "worked_day",
        sa.Column("office_id", frontoffice.db.Id, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("worked_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_worked_day_office_id_office")),
        sa.PrimaryKeyConstraint("office_id", "day", name=op.f("pk_worked_day")),
    )
    op.create_table(
        "promise_day",
        sa.Column("office_id", frontoffice.db.Id, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("service_id", frontoffice.db.Id, nullable=False),
        sa.Column("days", sa.Integer()),
        sa.Column("worst", sa.Integer()),
        sa.Column("promised", sa.Integer(), nullable=False),
        sa.Column("looked_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_promise_day_office_id_office")),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name=op.f("fk_promise_day_service_id_service")
        ),
        sa.PrimaryKeyConstraint("office_id", "day", "service_id", name=op.f("pk_promise_day")),
    )
    op.create_table(
        "broken_promise",
        sa.Column("service_id", frontoffice.db.Id, nullable=False),
        sa.Column("office_id", frontoffice.db.Id, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("days", sa.Integer()),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_broken_promise_office_id_office")
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name=op.f("fk_broken_promise_service_id_service")
        ),
        sa.PrimaryKeyConstraint("service_id", name=op.f("pk_broken_promise")),
    )
    with op.batch_alter_table("broken_promise") as table:
        table.create_index("ix_broken_promise_office_id", ["office_id"])


def downgrade() -> None:
    """Take the change back."""
    for name in ("broken_promise", "promise_day", "worked_day", "day_count"):
        op.drop_table(name)
    with op.batch_alter_table("message") as table:
        table.drop_column("parts")
