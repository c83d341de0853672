"""The waiting time and the phone ticket."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply the change."""


def downgrade() -> None:
    """Take the change back."""
