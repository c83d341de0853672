"""What the tests of booking can ask for beside the office: its planned days, and the rules."""

from datetime import date, datetime

import pytest

from frontoffice.booking import planning
from frontoffice.config import Booking, Config
from frontoffice.db import Database
from frontoffice.offices.models import Office, Service
from tests.sample import COUNSELLING, RENEWAL

MONDAY = date(2026, 11, 23)


@pytest.fixture
def planned(database: Database, office: Office, now: datetime) -> Office:
    """The sample office with day sheets for four weeks from Monday, 23 November 2026."""
    with database.write() as session:
        planning.plan(session, office, MONDAY, 28, now)
    return office


@pytest.fixture
def rules(config: Config) -> Booking:
    """Ten minutes to fill in the form, an hour of lead, sixty days ahead."""
    return config.booking


@pytest.fixture
def renewal(planned: Office) -> Service:
    """A service of thirty minutes that can be booked online."""
    return next(each for each in planned.services if each.slug == RENEWAL)


@pytest.fixture
def counselling(planned: Office) -> Service:
    """A service of sixty minutes that cannot be booked online."""
    return next(each for each in planned.services if each.slug == COUNSELLING)
