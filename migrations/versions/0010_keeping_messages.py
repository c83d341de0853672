"""Keeping and following messages."""

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Apply the change."""


def downgrade() -> None:
    """Take the change back."""
