"""Devices: what a kiosk tells."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply the change."""


def downgrade() -> None:
    """Take the change back."""
