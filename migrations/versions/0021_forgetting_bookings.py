"""Finding the appointments of which it is still known whose they are."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

IS_KNOWN = sa.text("person_digest IS NOT NULL")
IS_GIVEN_UP_AND_KNOWN = sa.text("person_digest IS NOT NULL AND state IN ('cancelled', 'expired')")


def upgrade() -> None:
    """Apply the change."""
    op.create_index(
        "ix_appointment_known", "appointment", ["start"], sqlite_where=IS_KNOWN, postgresql_where=IS_KNOWN
    )
    op.create_index(
        "ix_appointment_given_up",
        "appointment",
        ["changed_at"],
        sqlite_where=IS_GIVEN_UP_AND_KNOWN,
        postgresql_where=IS_GIVEN_UP_AND_KNOWN,
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_appointment_given_up", "appointment")
    op.drop_index("ix_appointment_known", "appointment")
