"""Several offices for an account, a second factor, sign-in through the organisation; events that stay as they are."""

import sqlalchemy as sa
from alembic import op

import frontoffice.db

revision = "0019"
down_revision = "0018"
contracts = True  # an older version would take an account of several offices for one that is valid everywhere

MOMENT = frontoffice.db.UTCDateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LEAST_KEPT_DAYS = 90

# An audit trail that can be edited proves nothing. Only what is old enough to be forgotten may go.
ON_SQLITE = (
    "CREATE TRIGGER event_stays BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are never changed'); END",
    f"""CREATE TRIGGER event_is_kept BEFORE DELETE ON event
        WHEN OLD.at > strftime('%Y-%m-%d %H:%M:%f', 'now', '-{LEAST_KEPT_DAYS} days')
        BEGIN SELECT RAISE(ABORT, 'events are kept'); END""",
)
ON_POSTGRESQL = (
    f"""CREATE FUNCTION event_stays() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF OLD.at <= now() - interval '{LEAST_KEPT_DAYS} days' THEN RETURN OLD; END IF;
                RAISE EXCEPTION 'events are kept';
            END IF;
            RAISE EXCEPTION 'events are never changed';
        END $$""",
    "CREATE TRIGGER event_stays BEFORE UPDATE OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION event_stays()",
    "CREATE TRIGGER event_is_kept BEFORE TRUNCATE ON event FOR EACH STATEMENT EXECUTE FUNCTION event_stays()",
)


def upgrade() -> None:
    """Apply the change."""
    _accounts()
    _sign_in()
    with op.batch_alter_table("event") as table:
        table.alter_column("office_id", existing_type=NUMBER, nullable=True)
        table.create_index("ix_event_at", ["at"])
    for statement in ON_SQLITE if op.get_bind().dialect.name == "sqlite" else ON_POSTGRESQL:
        op.execute(statement)


def _accounts() -> None:
    op.create_table(
        "account_office",
        sa.Column("account_id", NUMBER, nullable=False),
        sa.Column("office_id", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_account_office_account_id_account"),
        ),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_account_office_office_id_office")
        ),
        sa.PrimaryKeyConstraint("account_id", "office_id", name=op.f("pk_account_office")),
    )
    op.execute(
        "INSERT INTO account_office (account_id, office_id) "
        "SELECT id, office_id FROM account WHERE office_id IS NOT NULL"
    )
    op.add_column("account", sa.Column("everywhere", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute("UPDATE account SET everywhere = true WHERE office_id IS NULL")
    for column in (
        sa.Column("must_change_password", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("signed_in_at", MOMENT),
        sa.Column("totp", sa.LargeBinary()),
        sa.Column("totp_new", sa.LargeBinary()),
        sa.Column("totp_step", sa.Integer()),
        sa.Column("issuer", sa.String(200)),
        sa.Column("subject", sa.String(255)),
    ):
        op.add_column("account", column)
    with op.batch_alter_table("account") as table:
        table.alter_column("password_hash", existing_type=sa.String(200), nullable=True)
        table.create_unique_constraint(op.f("uq_account_issuer_subject"), ["issuer", "subject"])
        table.drop_constraint(op.f("fk_account_office_id_office"), type_="foreignkey")
        table.drop_column("office_id")


def _sign_in() -> None:
    for name in ("recovery_code", "password_link"):
        op.create_table(
            name,
            sa.Column("id", NUMBER, nullable=False),
            sa.Column("account_id", NUMBER, nullable=False),
            sa.Column("fingerprint", sa.String(64), nullable=False),
            *([sa.Column("expires_at", MOMENT, nullable=False)] if name == "password_link" else []),
            sa.Column("used_at", MOMENT),
            sa.ForeignKeyConstraint(
                ["account_id"], ["account.id"], name=op.f(f"fk_{name}_account_id_account")
            ),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
            sa.UniqueConstraint("fingerprint", name=op.f(f"uq_{name}_fingerprint")),
        )
        op.create_index(op.f(f"ix_{name}_account_id"), name, ["account_id"])
    op.create_table(
        "known_browser",
        sa.Column("account_id", NUMBER, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_known_browser_account_id_account")
        ),
        sa.PrimaryKeyConstraint("account_id", "fingerprint", name=op.f("pk_known_browser")),
    )
    op.create_index(op.f("ix_known_browser_last_at"), "known_browser", ["last_at"])
    for column in (
        sa.Column("step", sa.String(24)),
        sa.Column("wrong_codes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("idle_until", MOMENT),
        sa.Column("browser", sa.String(60)),
        sa.Column("by_oidc", sa.Boolean(), server_default=sa.false(), nullable=False),
    ):
        op.add_column("staff_session", column)
    op.execute("UPDATE staff_session SET idle_until = expires_at")
    with op.batch_alter_table("staff_session") as table:
        table.alter_column("idle_until", existing_type=MOMENT, nullable=False)


def downgrade() -> None:
    """Take it back. An account of several offices keeps one; one of none, or without a password, can do nothing."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER event_stays")
        op.execute("DROP TRIGGER event_is_kept")
    else:
        op.execute("DROP TRIGGER event_stays ON event")
        op.execute("DROP TRIGGER event_is_kept ON event")
        op.execute("DROP FUNCTION event_stays()")
    op.execute("DELETE FROM event WHERE office_id IS NULL")
    with op.batch_alter_table("event") as table:
        table.drop_index("ix_event_at")
        table.alter_column("office_id", existing_type=NUMBER, nullable=False)
    with op.batch_alter_table("staff_session") as table:
        for column in ("by_oidc", "browser", "idle_until", "wrong_codes", "step"):
            table.drop_column(column)
    for name in ("known_browser", "password_link", "recovery_code"):
        op.drop_table(name)
    _one_office()


def _one_office() -> None:
    op.add_column("account", sa.Column("office_id", NUMBER))
    op.execute(
        "UPDATE account SET office_id = (SELECT min(office_id) FROM account_office WHERE account_id = account.id) "
        "WHERE NOT everywhere"
    )
    # Without an office it would be valid everywhere.
    op.execute(
        "UPDATE account SET active = false WHERE (office_id IS NULL AND NOT everywhere) OR password_hash IS NULL"
    )
    op.execute("UPDATE account SET password_hash = '' WHERE password_hash IS NULL")
    op.drop_table("account_office")
    with op.batch_alter_table("account") as table:
        table.create_foreign_key(op.f("fk_account_office_id_office"), "office", ["office_id"], ["id"])
        table.drop_constraint(op.f("uq_account_issuer_subject"), type_="unique")
        table.alter_column("password_hash", existing_type=sa.String(200), nullable=False)
        for column in (
            "subject",
            "issuer",
            "totp_step",
            "totp_new",
            "totp",
            "signed_in_at",
            "must_change_password",
            "everywhere",
        ):
            table.drop_column(column)
