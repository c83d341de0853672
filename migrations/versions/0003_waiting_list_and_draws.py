"""The waiting list and draws."""

import sqlalchemy as sa
from alembic import op

import frontoffice.db

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "draw",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("office_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("service_ids", sa.JSON(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("opens_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("closes_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column(
            "weights",
            sa.Enum("equal", "expiry", name="weights", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("confirm_hours", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "planned", "drawn", "settled", "cancelled", name="drawstate", native_enum=False, length=24
            ),
            nullable=False,
        ),
        sa.Column("seed", sa.LargeBinary(), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("list_digest", sa.String(length=64), nullable=True),
        sa.Column("revealed", sa.String(length=64), nullable=True),
        sa.Column("drawn_at", frontoffice.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("settled_at", frontoffice.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("created_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=60), nullable=False),
        sa.CheckConstraint("confirm_hours BETWEEN 1 AND 336", name=op.f("ck_draw_confirm_hours")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_draw_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw")),
        sa.UniqueConstraint("code", name=op.f("uq_draw_code")),
    )
    with op.batch_alter_table("draw", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_draw_office_id"), ["office_id"], unique=False)
        batch_op.create_index("ix_draw_state_closes_at", ["state", "closes_at"], unique=False)

    op.create_table(
        "draw_schedule",
        sa.Column("draw_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("schedule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_schedule_draw_id_draw")),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedule.id"], name=op.f("fk_draw_schedule_schedule_id_schedule")
        ),
        sa.PrimaryKeyConstraint("draw_id", "schedule_id", name=op.f("pk_draw_schedule")),
    )
    with op.batch_alter_table("draw_schedule", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_draw_schedule_schedule_id"), ["schedule_id"], unique=False)

    op.create_table(
        "withheld",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("schedule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedule.id"], name=op.f("fk_withheld_schedule_id_schedule")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withheld")),
    )
    with op.batch_alter_table("withheld", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_withheld_reason"), ["reason"], unique=False)
        batch_op.create_index(batch_op.f("ix_withheld_schedule_id"), ["schedule_id"], unique=False)

    op.create_table(
        "waitlist_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.String(length=8), nullable=False),
        sa.Column("office_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("service_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("appointment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "unproven",
                "waiting",
                "offered",
                "taken",
                "left",
                "missed",
                "over",
                "needless",
                name="entrystate",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("weekdays", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.Time(), nullable=True),
        sa.Column("before", sa.Time(), nullable=True),
        sa.Column("notice_hours", sa.Integer(), nullable=False),
        sa.Column("ends_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=True),
        sa.Column("person_digest", sa.String(length=64), nullable=True),
        sa.Column("mail_digest", sa.String(length=64), nullable=True),
        sa.Column("phone_digest", sa.String(length=64), nullable=True),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("created_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("joined_at", frontoffice.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("changed_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", frontoffice.db.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("weekdays BETWEEN 1 AND 127", name=op.f("ck_waitlist_entry_weekdays")),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_waitlist_entry_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_waitlist_entry_office_id_office")
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name=op.f("fk_waitlist_entry_service_id_service")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_entry")),
        sa.UniqueConstraint("reference", name=op.f("uq_waitlist_entry_reference")),
    )
    with op.batch_alter_table("waitlist_entry", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_waitlist_entry_appointment_id"), ["appointment_id"], unique=False
        )
        batch_op.create_index("ix_waitlist_entry_mail_digest", ["mail_digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_waitlist_entry_office_id"), ["office_id"], unique=False)
        batch_op.create_index("ix_waitlist_entry_phone_digest", ["phone_digest"], unique=False)
        batch_op.create_index("ix_waitlist_entry_state_joined_at", ["state", "joined_at"], unique=False)
        batch_op.create_index(
            "uq_waitlist_entry_live",
            ["person_digest", "service_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('waiting', 'offered')"),
            postgresql_where=sa.text("state IN ('waiting', 'offered')"),
        )

    op.create_table(
        "draw_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("draw_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=8), nullable=False),
        sa.Column("service_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("weekdays", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.Time(), nullable=True),
        sa.Column("before", sa.Time(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "entered",
                "withdrawn",
                "won",
                "listed",
                "refused",
                name="requeststate",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("appointment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=True),
        sa.Column("person_digest", sa.String(length=64), nullable=True),
        sa.Column("mail_digest", sa.String(length=64), nullable=True),
        sa.Column("phone_digest", sa.String(length=64), nullable=True),
        sa.Column("created_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("decided_at", frontoffice.db.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("weekdays BETWEEN 1 AND 127", name=op.f("ck_draw_request_weekdays")),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_draw_request_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_request_draw_id_draw")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["waitlist_entry.id"], name=op.f("fk_draw_request_entry_id_waitlist_entry")
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name=op.f("fk_draw_request_service_id_service")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw_request")),
        sa.UniqueConstraint("draw_id", "person_digest", name=op.f("uq_draw_request_draw_id_person_digest")),
        sa.UniqueConstraint("number", name=op.f("uq_draw_request_number")),
    )
    with op.batch_alter_table("draw_request", schema=None) as batch_op:
        batch_op.create_index(
            "ix_draw_request_draw_id_state_rank", ["draw_id", "state", "rank"], unique=False
        )
        batch_op.create_index("ix_draw_request_mail_digest", ["mail_digest"], unique=False)
        batch_op.create_index("ix_draw_request_phone_digest", ["phone_digest"], unique=False)

    op.create_table(
        "waitlist_offer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("office_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sheet_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column(
            "share",
            sa.Enum("online", "phone", "on_site", "emergency", name="share", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("first_tick", sa.Integer(), nullable=False),
        sa.Column("ticks", sa.Integer(), nullable=False),
        sa.Column("start", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "open",
                "taken",
                "declined",
                "expired",
                "withdrawn",
                name="outcome",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("decided_at", frontoffice.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["waitlist_entry.id"], name=op.f("fk_waitlist_offer_entry_id_waitlist_entry")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_waitlist_offer_office_id_office")
        ),
        sa.ForeignKeyConstraint(
            ["sheet_id"], ["day_sheet.id"], name=op.f("fk_waitlist_offer_sheet_id_day_sheet")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_offer")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_waitlist_offer_fingerprint")),
    )
    with op.batch_alter_table("waitlist_offer", schema=None) as batch_op:
        batch_op.create_index(
            "ix_waitlist_offer_due",
            ["expires_at"],
            unique=False,
            sqlite_where=sa.text("outcome = 'open'"),
            postgresql_where=sa.text("outcome = 'open'"),
        )
        batch_op.create_index(batch_op.f("ix_waitlist_offer_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_waitlist_offer_sheet_id"), ["sheet_id"], unique=False)
        batch_op.create_index(
            "uq_waitlist_offer_open",
            ["entry_id"],
            unique=True,
            sqlite_where=sa.text("outcome = 'open'"),
            postgresql_where=sa.text("outcome = 'open'"),
        )

    op.create_table(
        "waitlist_place",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("office_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("schedule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["waitlist_entry.id"], name=op.f("fk_waitlist_place_entry_id_waitlist_entry")
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_waitlist_place_office_id_office")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedule.id"], name=op.f("fk_waitlist_place_schedule_id_schedule")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_place")),
    )
    with op.batch_alter_table("waitlist_place", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_waitlist_place_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_waitlist_place_office_id"), ["office_id"], unique=False)


def downgrade() -> None:
    """Undo the change."""
    with op.batch_alter_table("waitlist_place", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_waitlist_place_office_id"))
        batch_op.drop_index(batch_op.f("ix_waitlist_place_entry_id"))

    op.drop_table("waitlist_place")
    with op.batch_alter_table("waitlist_offer", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_waitlist_offer_open",
            sqlite_where=sa.text("outcome = 'open'"),
            postgresql_where=sa.text("outcome = 'open'"),
        )
        batch_op.drop_index(batch_op.f("ix_waitlist_offer_sheet_id"))
        batch_op.drop_index(batch_op.f("ix_waitlist_offer_entry_id"))
        batch_op.drop_index(
            "ix_waitlist_offer_due",
            sqlite_where=sa.text("outcome = 'open'"),
            postgresql_where=sa.text("outcome = 'open'"),
        )

    op.drop_table("waitlist_offer")
    with op.batch_alter_table("draw_request", schema=None) as batch_op:
        batch_op.drop_index("ix_draw_request_phone_digest")
        batch_op.drop_index("ix_draw_request_mail_digest")
        batch_op.drop_index("ix_draw_request_draw_id_state_rank")

    op.drop_table("draw_request")
    with op.batch_alter_table("waitlist_entry", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_waitlist_entry_live",
            sqlite_where=sa.text("state IN ('waiting', 'offered')"),
            postgresql_where=sa.text("state IN ('waiting', 'offered')"),
        )
        batch_op.drop_index("ix_waitlist_entry_state_joined_at")
        batch_op.drop_index("ix_waitlist_entry_phone_digest")
        batch_op.drop_index(batch_op.f("ix_waitlist_entry_office_id"))
        batch_op.drop_index("ix_waitlist_entry_mail_digest")
        batch_op.drop_index(batch_op.f("ix_waitlist_entry_appointment_id"))

    op.drop_table("waitlist_entry")
    with op.batch_alter_table("withheld", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_withheld_schedule_id"))
        batch_op.drop_index(batch_op.f("ix_withheld_reason"))

    op.drop_table("withheld")
    with op.batch_alter_table("draw_schedule", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_draw_schedule_schedule_id"))

    op.drop_table("draw_schedule")
    with op.batch_alter_table("draw", schema=None) as batch_op:
        batch_op.drop_index("ix_draw_state_closes_at")
        batch_op.drop_index(batch_op.f("ix_draw_office_id"))

    op.drop_table("draw")
