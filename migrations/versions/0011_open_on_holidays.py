"""Public holidays on which an office opens all the same."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Apply the change."""
    op.add_column("office", sa.Column("open_on", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("office") as batch_op:
        batch_op.drop_column("open_on")
