"""Of a journal entry's id, the secret of a phone ticket, only a fingerprint is kept."""

import hashlib
import uuid

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

AT_ONCE = 1000


def upgrade() -> None:
    """Apply the change."""
    entries = sa.table("journal_entry", sa.column("id", sa.BigInteger), sa.column("entry", sa.String))
    oldest = sa.select(entries.c.id, entries.c.entry).order_by(entries.c.id).limit(AT_ONCE)
    this_one = entries.c.id == sa.bindparam("number")
    change = sa.update(entries).where(this_one).values(entry=sa.bindparam("kept"))
    connection, last = op.get_bind(), 0
    while rows := connection.execute(oldest.where(entries.c.id > last)).all():
        connection.execute(change, [{"number": number, "kept": _kept_as(entry)} for number, entry in rows])
        last = rows[-1].id


def downgrade() -> None:
    """A fingerprint cannot be turned back: what a kiosk hands in once more is then not known again."""


def _kept_as(entry: str) -> str:
    # Without hyphens it is a fingerprint already: the migration was undone and is applied again.
    return hashlib.sha256(uuid.UUID(entry).hex.encode()).hexdigest()[:32] if "-" in entry else entry
