"""What workers do, and which versions can work with these tables."""

import sqlalchemy as sa
from alembic import op

import frontoffice.db

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "worker_beat",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("started_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.Column("beat_at", frontoffice.db.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker_beat")),
    )
    op.create_table(
        "job_run",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("longest", sa.Float(), nullable=False),
        sa.Column("succeeded_at", frontoffice.db.UTCDateTime(timezone=True)),
        sa.Column("failed_at", frontoffice.db.UTCDateTime(timezone=True)),
        sa.Column("error", sa.String(80)),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_run")),
    )
    op.create_table(
        "schema_floor",
        sa.Column("revision", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_schema_floor")),
    )


def downgrade() -> None:
    """Undo the change."""
    for name in ("schema_floor", "job_run", "worker_beat"):
        op.drop_table(name)
