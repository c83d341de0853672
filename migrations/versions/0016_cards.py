"""Cards on their way from order to hand-over."""

import sqlalchemy as sa
from alembic import op

import frontoffice.db

revision = "0016"
down_revision = "0015"

STATES = (
    "ordered",
    "in_production",
    "shipped",
    "checking",
    "ready",
    "in_box",
    "posted",
    "handed_over",
    "returned",
    "contact",
)
STATE = sa.Enum(*STATES, name="cardstate", native_enum=False, length=24)
MOMENT = frontoffice.db.UTCDateTime(timezone=True)
IS_OVER = sa.text("state IN ('handed_over', 'posted', 'returned')")
IS_TO_REMIND = sa.text("told_at IS NOT NULL AND reminded_at IS NULL")


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "card_order",
        sa.Column("id", frontoffice.db.Id, nullable=False),
        sa.Column("office_id", frontoffice.db.Id, nullable=False),
        sa.Column("state", STATE, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", sa.Date),
        sa.Column("serial_key", sa.BigInteger),
        sa.Column("order_key", sa.BigInteger),
        sa.Column("serial_alone", sa.BigInteger),
        sa.Column("order_alone", sa.BigInteger),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_order")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_card_order_office_id_office")),
        sa.UniqueConstraint("serial_alone", name=op.f("uq_card_order_serial_alone")),
        sa.UniqueConstraint("order_alone", name=op.f("uq_card_order_order_alone")),
    )
    op.create_index("ix_card_order_serial_key", "card_order", ["serial_key"])
    op.create_index("ix_card_order_order_key", "card_order", ["order_key"])
    op.create_index("ix_card_order_office_id_state_since", "card_order", ["office_id", "state", "since"])
    op.create_index("ix_card_order_changed_at", "card_order", ["changed_at"])
    op.create_index(
        "ix_card_order_over", "card_order", ["since"], sqlite_where=IS_OVER, postgresql_where=IS_OVER
    )
    op.create_table(
        "card_notice",
        sa.Column("id", frontoffice.db.Id, nullable=False),
        sa.Column("card_id", frontoffice.db.Id, nullable=False),
        sa.Column("recipient", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("told_at", MOMENT),
        sa.Column("reminded_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_notice")),
        sa.ForeignKeyConstraint(
            ["card_id"], ["card_order.id"], name=op.f("fk_card_notice_card_id_card_order"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("card_id", "recipient", name=op.f("uq_card_notice_card_id_recipient")),
    )
    op.create_index(
        "ix_card_notice_to_remind",
        "card_notice",
        ["told_at"],
        sqlite_where=IS_TO_REMIND,
        postgresql_where=IS_TO_REMIND,
    )
    op.create_table(
        "card_time",
        sa.Column("id", frontoffice.db.Id, nullable=False),
        sa.Column("office_id", frontoffice.db.Id, nullable=False),
        sa.Column("state", STATE, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_time")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_card_time_office_id_office")),
    )
    op.create_index("ix_card_time_office_id_state_at", "card_time", ["office_id", "state", "at"])
    op.create_table(
        "card_look",
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("hits", sa.Integer, nullable=False),
        sa.Column("misses", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("who", "until", name=op.f("pk_card_look")),
    )
    op.create_index("ix_card_look_until", "card_look", ["until"])


def downgrade() -> None:
    """Take the change back."""
    for table in ("card_look", "card_time", "card_notice", "card_order"):
        op.drop_table(table)
