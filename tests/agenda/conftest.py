"""An office with two teams, a desk of its own, and members of staff who are signed in."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time

import pytest
import time_machine
from flask import Flask

from frontoffice import clock
from frontoffice.booking import planning
from frontoffice.db import Database
from frontoffice.offices.models import Office, OpeningHours, Schedule
from frontoffice.staff.models import Role
from frontoffice.web.access import COOKIE_KEY
from tests.line.browsing import Browser
from tests.line.parts import account, token
from tests.sample import sample_office

MONDAY = date(2026, 11, 23)

SignIn = Callable[..., Browser]


@pytest.fixture(autouse=True, name="clock")
def stopped_clock(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def office(database: Database, now: datetime) -> Office:
    """The sample office with a second team and a separate desk, planned for two weeks.

    Team Aufenthalt: 2 seats online, 1 for the phone. Team Studium: 1 online, 1 for emergencies. Both 8 to 12.
    """
    with database.write() as session:
        office = sample_office(session)
        office.schedules += [
            schedule("study", "Team Studium", office, seats_online=1, seats_emergency=1),
            schedule("campus", "Campus", office, seats_online=1, pooled=False),
        ]
        session.flush()
        planning.plan(session, office, MONDAY, 14, now)
    return office


def schedule(
    slug: str, name: str, office: Office, *, seats_online: int, seats_emergency: int = 0, pooled: bool = True
) -> Schedule:
    """A team from Monday to Friday, 8 to 12, for all services."""
    return Schedule(
        slug=slug,
        name=name,
        pooled=pooled,
        services=list(office.services),
        opening_hours=[
            OpeningHours(
                weekday=weekday,
                opens=time(8),
                closes=time(12),
                valid_from=date(2026, 1, 1),
                seats_online=seats_online,
                seats_emergency=seats_emergency,
            )
            for weekday in range(5)
        ],
    )


@pytest.fixture
def sign_in(app: Flask, database: Database, office: Office) -> SignIn:
    """Sign somebody with a role in, at the sample office unless told otherwise."""

    def signed_in(role: Role, at: Office | None = office, username: str = "") -> Browser:
        username = username or role.value.replace("_", "")
        with database.write() as session:
            signed_in_with = token(session, account(session, username, role, at), clock.now())
        browser = Browser(app)
        with browser.client.session_transaction() as kept:
            kept[COOKIE_KEY] = signed_in_with
        return browser

    return signed_in


@pytest.fixture
def clerk(sign_in: SignIn) -> Browser:
    """Somebody at the front desk."""
    return sign_in(Role.FRONT_DESK)


@pytest.fixture
def lead(sign_in: SignIn) -> Browser:
    """A team lead."""
    return sign_in(Role.TEAM_LEAD)
