"""Receipts, opt-outs and failover."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Apply the change."""


def downgrade() -> None:
    """Take the change back."""
