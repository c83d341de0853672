"""What the tests of partners can ask for: a planned office, partners with tokens, a clock that stands still."""

from collections.abc import Iterator
from datetime import date, datetime

import pytest
import time_machine
from flask import Flask

from frontoffice.booking import planning
from frontoffice.db import Database
from frontoffice.offices.models import Office
from tests.partners.parts import Program, add_partner

MONDAY = date(2026, 11, 23)


@pytest.fixture
def planned(database: Database, office: Office, now: datetime) -> Office:
    """The sample office with day sheets for four weeks from Monday, 23 November 2026."""
    with database.write() as session:
        planning.plan(session, session.get_one(Office, office.id), MONDAY, 28, now)
    return office


@pytest.fixture
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    """The clock stands at Monday, eight o'clock, until it is moved."""
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def works(app: Flask, database: Database, planned: Office, clock: time_machine.Traveller) -> Program:
    """An employer without a quota that books at the sample office, and its program."""
    return Program(app, add_partner(database, "Werkzeugbau Muster"))
