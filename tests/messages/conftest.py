"""What the tests of the messages wing can ask for: an office with an outbox."""

from datetime import datetime, timedelta

import pytest

from frontoffice.db import Database
from frontoffice.offices.models import Office
from tests.messages.parts import HandClock, Post


@pytest.fixture
def post(database: Database, now: datetime) -> Post:
    """An office in Berlin's time zone on a Monday morning at ten, with an empty outbox."""
    with database.write() as session:
        office = Office(
            slug="musterstadt",
            name="Musterstadt",
            street="Rathausplatz 1",
            postal_code="12345",
            city="Musterstadt",
            phone="+4930123456",
            mail="info@example.org",
            land="BE",
            languages=["de", "en"],
        )
        session.add(office)
        session.flush()
        return Post(database, office.id, HandClock(now + timedelta(hours=2)))
