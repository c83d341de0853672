"""Partners with their tokens and quotas, plans for many people, invitations."""

import sqlalchemy as sa
from alembic import op

import frontoffice.db

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "partner",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "employer",
                "university",
                "counselling",
                "integration",
                name="partnerkind",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("quota", sa.Integer(), nullable=True),
        sa.Column(
            "period", sa.Enum("week", "month", name="period", native_enum=False, length=24), nullable=False
        ),
        sa.Column("most_open", sa.Integer(), nullable=True),
        sa.Column("link_fingerprint", sa.String(length=64), nullable=True),
        sa.Column("created_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", frontoffice.db.UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("most_open >= 0", name=op.f("ck_partner_most_open")),
        sa.CheckConstraint("quota >= 0", name=op.f("ck_partner_quota")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner")),
        sa.UniqueConstraint("link_fingerprint", name=op.f("uq_partner_link_fingerprint")),
        sa.UniqueConstraint("name", name=op.f("uq_partner_name")),
    )
    op.create_table(
        "partner_plan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("office_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "state",
            sa.Enum("held", "confirmed", "given_back", name="planstate", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("created_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_partner_plan_office_id_office")),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner.id"], name=op.f("fk_partner_plan_partner_id_partner")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_plan")),
        sa.UniqueConstraint("name", name=op.f("uq_partner_plan_name")),
        sa.UniqueConstraint("partner_id", "key", name=op.f("uq_partner_plan_partner_id_key")),
    )
    op.create_index("ix_partner_plan_partner_id_state", "partner_plan", ["partner_id", "state"], unique=False)
    op.create_table(
        "partner_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("created_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("used_at", frontoffice.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", frontoffice.db.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner.id"], name=op.f("fk_partner_token_partner_id_partner")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_token")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_partner_token_fingerprint")),
    )
    op.create_index(op.f("ix_partner_token_partner_id"), "partner_token", ["partner_id"], unique=False)
    op.create_table(
        "partner_grant",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("office_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("service_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("schedule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("shares", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_partner_grant_office_id_office")),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner.id"], name=op.f("fk_partner_grant_partner_id_partner")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedule.id"], name=op.f("fk_partner_grant_schedule_id_schedule")
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name=op.f("fk_partner_grant_service_id_service")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_grant")),
    )
    op.create_index(op.f("ix_partner_grant_partner_id"), "partner_grant", ["partner_id"], unique=False)
    op.create_table(
        "invitation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("office_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("service_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("schedule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("earliest", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("latest", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("reference", sa.LargeBinary(), nullable=True),
        sa.Column("reference_digest", sa.String(length=64), nullable=True),
        sa.Column("person", sa.LargeBinary(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "open", "taken", "declined", "withdrawn", name="invitationstate", native_enum=False, length=24
            ),
            nullable=False,
        ),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("appointment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "minutes BETWEEN 5 AND 480 AND minutes % 5 = 0", name=op.f("ck_invitation_minutes")
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_invitation_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_invitation_office_id_office")),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner.id"], name=op.f("fk_invitation_partner_id_partner")
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedule.id"], name=op.f("fk_invitation_schedule_id_schedule")
        ),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name=op.f("fk_invitation_service_id_service")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("name", name=op.f("uq_invitation_name")),
        sa.UniqueConstraint("partner_id", "key", name=op.f("uq_invitation_partner_id_key")),
    )
    op.create_index(op.f("ix_invitation_appointment_id"), "invitation", ["appointment_id"], unique=False)
    op.create_index("ix_invitation_latest", "invitation", ["latest"], unique=False)
    op.create_index(
        "ix_invitation_partner_id_reference_digest",
        "invitation",
        ["partner_id", "reference_digest"],
        unique=False,
    )
    op.create_table(
        "partner_booking",
        sa.Column(
            "appointment_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("booked_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.Column("request", sa.String(length=64), nullable=True),
        sa.Column("own_reference", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_partner_booking_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner.id"], name=op.f("fk_partner_booking_partner_id_partner")
        ),
        sa.PrimaryKeyConstraint("appointment_id", name=op.f("pk_partner_booking")),
        sa.UniqueConstraint("partner_id", "key", name=op.f("uq_partner_booking_partner_id_key")),
    )
    op.create_index(
        "ix_partner_booking_partner_id_booked_at",
        "partner_booking",
        ["partner_id", "booked_at"],
        unique=False,
    )
    op.create_table(
        "partner_plan_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("start", frontoffice.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("ticks", sa.Integer(), nullable=False),
        sa.Column("refusal", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("appointment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
            name=op.f("fk_partner_plan_entry_appointment_id_appointment"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["partner_plan.id"], name=op.f("fk_partner_plan_entry_plan_id_partner_plan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_plan_entry")),
        sa.UniqueConstraint("plan_id", "position", name=op.f("uq_partner_plan_entry_plan_id_position")),
    )
    op.create_index(
        op.f("ix_partner_plan_entry_appointment_id"), "partner_plan_entry", ["appointment_id"], unique=False
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_index(op.f("ix_partner_plan_entry_appointment_id"), table_name="partner_plan_entry")
    op.drop_table("partner_plan_entry")
    op.drop_index("ix_partner_booking_partner_id_booked_at", table_name="partner_booking")
    op.drop_table("partner_booking")
    op.drop_index("ix_invitation_partner_id_reference_digest", table_name="invitation")
    op.drop_index("ix_invitation_latest", table_name="invitation")
    op.drop_index(op.f("ix_invitation_appointment_id"), table_name="invitation")
    op.drop_table("invitation")
    op.drop_index(op.f("ix_partner_grant_partner_id"), table_name="partner_grant")
    op.drop_table("partner_grant")
    op.drop_index(op.f("ix_partner_token_partner_id"), table_name="partner_token")
    op.drop_table("partner_token")
    op.drop_index("ix_partner_plan_partner_id_state", table_name="partner_plan")
    op.drop_table("partner_plan")
    op.drop_table("partner")
