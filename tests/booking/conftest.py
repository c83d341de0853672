"""What the tests of booking can ask for beside the office: its planned days, and the rules."""

from collections.abc import Callable, Iterator
from datetime import date, datetime

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from frontoffice.booking import planning
from frontoffice.booking.planning import Clash
from frontoffice.config import Booking, Config
from frontoffice.db import Database
from frontoffice.offices.models import Closure, Office, OpeningHours, Service
from tests.booking.visitor import Visitor
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


@pytest.fixture
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    """The clock stands at Monday, eight o'clock, until it is moved."""
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def visitor(planned: Office, client: FlaskClient, clock: time_machine.Traveller) -> Visitor:
    """Somebody who wants to book at the sample office."""
    return Visitor(client)


@pytest.fixture
def other(planned: Office, app: Flask, clock: time_machine.Traveller) -> Visitor:
    """Somebody else with a browser of their own."""
    return Visitor(app.test_client())


@pytest.fixture
def replan(database: Database, planned: Office, now: datetime) -> Callable[..., list[Clash]]:
    """Add closures or rules to the sample office (or change some), then plan its four weeks again."""

    def plan_again(
        *added: Closure | OpeningHours, change: Callable[[OpeningHours], None] | None = None
    ) -> list[Clash]:
        with database.write() as session:
            session.add_all(added)
            if change is not None:
                for tuesday in session.scalars(select(OpeningHours).where(OpeningHours.weekday == 1)):
                    change(tuesday)
            session.flush()
            return planning.plan(session, planned, MONDAY, 28, now)

    return plan_again
