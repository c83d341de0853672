"""Limits on guessing: how often somebody may be wrong about an appointment before they have to wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from frontoffice import limits
from frontoffice.db import Database
from frontoffice.errors import NotFound

HOUR = timedelta(hours=1)
SECRETS_PER_NETWORK = 60
BIRTHS_PER_REFERENCE = 6  # a date of birth is one of about 30,000
BIRTHS_PER_NETWORK = 120  # a shelter, a library or a mobile carrier is one network


@contextmanager
def counted(database: Database, network: str, now: datetime) -> Iterator[None]:
    """Count it when the block raises NotFound; TooMany instead when it happens too often from that network.

    The right secret always opens: it cannot be guessed, and its owner may share an address with a guesser.
    """
    try:
        yield
    except NotFound:
        with database.write() as session:
            limits.hit(session, "appointment secret", network, SECRETS_PER_NETWORK, HOUR, now)
        raise


def count_birth(database: Database, reference: str, network: str, now: datetime) -> None:
    """Count an attempt to open an appointment by a date of birth, before it is made. Raises TooMany."""
    who = database.vault.digest("reference", reference)
    with database.write() as session:
        limits.hit(session, "appointment birth of one", who, BIRTHS_PER_REFERENCE, HOUR, now)
    with database.write() as session:
        limits.hit(session, "appointment birth", network, BIRTHS_PER_NETWORK, HOUR, now)
