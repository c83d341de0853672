"""Shares, gates, rules of opening; several services and people in one visit; confirming; blocks.

What is there keeps its meaning: an appointment is for one person and one service, from the share of its channel.
Sheets get an empty emergency share, and one gate that lets the public take from the online share at any time;
the next planning writes the gates that the rules ask for.
"""

import struct

import sqlalchemy as sa
from alembic import op

import frontoffice.db

revision = "0002"
down_revision = "0001"

TICKS, SET = 300, 38
SEATS = (
    "seats_online BETWEEN 0 AND 200 AND seats_phone BETWEEN 0 AND 200 "
    "AND seats_on_site BETWEEN 0 AND 200 AND seats_emergency BETWEEN 0 AND 200"
)
SEATS_BEFORE = SEATS.removesuffix(" AND seats_emergency BETWEEN 0 AND 200")
ALWAYS_ONLINE = struct.pack(">BII", 0, 0, 2**32 - 1) + b"\xff" * SET


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "blocked",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("person", "mail", "phone", "network", name="blockedkind", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("created_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("until", frontoffice.db.UTCDateTime(timezone=True), nullable=True),
        sa.Column("blocked_by", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocked")),
        sa.UniqueConstraint("kind", "digest", name=op.f("uq_blocked_kind_digest")),
    )
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("items", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(
            sa.Column(
                "share",
                sa.Enum(
                    "online", "phone", "on_site", "emergency", name="share", native_enum=False, length=24
                ),
                nullable=False,
                server_default="online",
            )
        )
        batch_op.add_column(sa.Column("person_digest", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("mail_digest", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("phone_digest", sa.String(length=64), nullable=True))
        batch_op.add_column(
            sa.Column("booked_by", sa.String(length=60), server_default="visitor", nullable=False)
        )
        batch_op.add_column(sa.Column("confirm_by", frontoffice.db.UTCDateTime(timezone=True), nullable=True))
        batch_op.create_index("ix_appointment_mail_digest", ["mail_digest"], unique=False)
        batch_op.create_index("ix_appointment_person_digest", ["person_digest"], unique=False)
        batch_op.create_index("ix_appointment_phone_digest", ["phone_digest"], unique=False)

    with op.batch_alter_table("day_sheet", schema=None) as batch_op:
        batch_op.add_column(sa.Column("gates", sa.LargeBinary(), nullable=True))

    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.add_column(sa.Column("items", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(
            sa.Column(
                "share",
                sa.Enum(
                    "online", "phone", "on_site", "emergency", name="share", native_enum=False, length=24
                ),
                nullable=False,
                server_default="online",
            )
        )
        batch_op.add_column(
            sa.Column(
                "purpose",
                sa.Enum("visitor", "freed", "offer", "plan", name="purpose", native_enum=False, length=24),
                server_default="visitor",
                nullable=False,
            )
        )
        batch_op.add_column(sa.Column("visitor", sa.String(length=64), nullable=True))
        batch_op.create_index(
            "uq_hold_visitor",
            ["visitor"],
            unique=True,
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )

    with op.batch_alter_table("office", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "confirmation",
                sa.Enum("none", "mail", "sms", "either", name="confirmation", native_enum=False, length=24),
                server_default="none",
                nullable=False,
            )
        )

    with op.batch_alter_table("opening_hours", schema=None) as batch_op:
        batch_op.add_column(sa.Column("seats_emergency", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("nth", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("breaks", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("bookable_from_days", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("bookable_until_days", sa.Integer(), server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("release_time", sa.Time(), nullable=True))
        batch_op.drop_constraint(op.f("ck_opening_hours_seats"), type_="check")
        batch_op.create_check_constraint(op.f("ck_opening_hours_seats"), SEATS)
        batch_op.create_check_constraint(op.f("ck_opening_hours_nth"), "nth IN (-1, 1, 2, 3, 4, 5)")
        batch_op.create_check_constraint(
            op.f("ck_opening_hours_bookable_from_days"), "bookable_from_days BETWEEN 0 AND 366"
        )
        batch_op.create_check_constraint(
            op.f("ck_opening_hours_bookable_until_days"), "bookable_until_days BETWEEN 0 AND 366"
        )

    with op.batch_alter_table("schedule", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pooled", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.add_column(sa.Column("place", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("emergency_days", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("flow_hours", sa.Integer(), nullable=True))
        batch_op.create_check_constraint(
            op.f("ck_schedule_emergency_days"), "emergency_days BETWEEN 0 AND 60"
        )
        batch_op.create_check_constraint(op.f("ck_schedule_flow_hours"), "flow_hours BETWEEN 0 AND 1000")

    with op.batch_alter_table("service", schema=None) as batch_op:
        batch_op.add_column(sa.Column("minutes_next_person", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("minutes_together", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("most_people", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("reminder_hours", sa.JSON(none_as_null=True), nullable=True))
        for name in ("minutes_next_person", "minutes_together"):
            batch_op.create_check_constraint(op.f(f"ck_service_{name}"), f"{name} >= 0 AND {name} % 5 = 0")
        batch_op.create_check_constraint(op.f("ck_service_most_people"), "most_people BETWEEN 1 AND 20")

    _fill_in(op.get_bind())
    for table in ("appointment", "hold"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in ("items", "share"):
                batch_op.alter_column(name, server_default=None)
    with op.batch_alter_table("day_sheet", schema=None) as batch_op:
        batch_op.alter_column("gates", existing_type=sa.LargeBinary(), nullable=False)


def _fill_in(bind: sa.Connection) -> None:
    bind.exec_driver_sql("UPDATE appointment SET share = channel")
    bind.exec_driver_sql("UPDATE hold SET share = channel")
    for name in ("appointment", "hold"):
        table = sa.table(name, sa.column("id"), sa.column("service_id"), sa.column("items", sa.JSON()))
        for number, service in bind.execute(sa.select(table.c.id, table.c.service_id)).all():
            bind.execute(table.update().where(table.c.id == number).values(items=[[service, 1]]))
    sheets = _sheets()
    for number, capacity, taken, free in bind.execute(sa.select(sheets)).all():
        values = {
            "capacity": bytes(capacity) + bytes(TICKS),
            "taken": bytes(taken) + bytes(TICKS),
            "free": bytes(free[:-SET]) + bytes(SET) + bytes(free[-SET:]),
        }
        bind.execute(sheets.update().where(sheets.c.id == number).values(**values))
    bind.execute(sa.table("day_sheet", sa.column("gates")).update().values(gates=ALWAYS_ONLINE))


def _sheets() -> sa.TableClause:
    return sa.table(
        "day_sheet",
        sa.column("id"),
        *(sa.column(name, sa.LargeBinary()) for name in ("capacity", "taken", "free")),
    )


def downgrade() -> None:
    """Undo the change."""
    _take_out(op.get_bind())
    with op.batch_alter_table("service", schema=None) as batch_op:
        for name in ("minutes_next_person", "minutes_together", "most_people"):
            batch_op.drop_constraint(op.f(f"ck_service_{name}"), type_="check")
        batch_op.drop_column("reminder_hours")
        batch_op.drop_column("most_people")
        batch_op.drop_column("minutes_together")
        batch_op.drop_column("minutes_next_person")

    with op.batch_alter_table("schedule", schema=None) as batch_op:
        for name in ("emergency_days", "flow_hours"):
            batch_op.drop_constraint(op.f(f"ck_schedule_{name}"), type_="check")
        batch_op.drop_column("flow_hours")
        batch_op.drop_column("emergency_days")
        batch_op.drop_column("place")
        batch_op.drop_column("pooled")

    with op.batch_alter_table("opening_hours", schema=None) as batch_op:
        for name in ("nth", "bookable_from_days", "bookable_until_days", "seats"):
            batch_op.drop_constraint(op.f(f"ck_opening_hours_{name}"), type_="check")
        batch_op.create_check_constraint(op.f("ck_opening_hours_seats"), SEATS_BEFORE)
        batch_op.drop_column("release_time")
        batch_op.drop_column("bookable_until_days")
        batch_op.drop_column("bookable_from_days")
        batch_op.drop_column("breaks")
        batch_op.drop_column("nth")
        batch_op.drop_column("seats_emergency")

    with op.batch_alter_table("office", schema=None) as batch_op:
        batch_op.drop_column("confirmation")

    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_hold_visitor",
            sqlite_where=sa.text("released_at IS NULL"),
            postgresql_where=sa.text("released_at IS NULL"),
        )
        batch_op.drop_column("visitor")
        batch_op.drop_column("purpose")
        batch_op.drop_column("share")
        batch_op.drop_column("items")

    with op.batch_alter_table("day_sheet", schema=None) as batch_op:
        batch_op.drop_column("gates")

    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.drop_index("ix_appointment_phone_digest")
        batch_op.drop_index("ix_appointment_person_digest")
        batch_op.drop_index("ix_appointment_mail_digest")
        batch_op.drop_column("confirm_by")
        batch_op.drop_column("booked_by")
        batch_op.drop_column("phone_digest")
        batch_op.drop_column("mail_digest")
        batch_op.drop_column("person_digest")
        batch_op.drop_column("share")
        batch_op.drop_column("items")

    op.drop_table("blocked")


def _take_out(bind: sa.Connection) -> None:
    # Who came through a door that did not exist before is counted at the desk, and seats beyond a share are lost.
    for table in ("appointment", "hold"):
        bind.exec_driver_sql(f"UPDATE {table} SET channel = 'on_site' WHERE channel = 'partner'")  # noqa: S608
    sheets = _sheets()
    for number, capacity, taken, free in bind.execute(sa.select(sheets)).all():
        values = {
            "capacity": bytes(capacity[:-TICKS]),
            "taken": bytes(taken[:-TICKS]),
            "free": bytes(free[: -2 * SET]) + bytes(free[-SET:]),
        }
        bind.execute(sheets.update().where(sheets.c.id == number).values(**values))
