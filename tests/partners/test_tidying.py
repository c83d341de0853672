"""What is over is forgotten: people first, later the plans and invitations themselves."""

from datetime import UTC, datetime, timedelta

import time_machine
from sqlalchemy import func, select

from frontoffice.db import Database
from frontoffice.partners import tidying
from frontoffice.partners.models import Invitation, Plan, PlanEntry
from tests.partners.parts import OLENA, Program, somebody


def tidy(database: Database) -> None:
    with database.write() as session:
        tidying.forget(session, datetime.now(UTC))


def test_people_of_a_lapsed_plan_are_forgotten_after_a_day_and_the_plan_after_a_month(
    works: Program, database: Database, clock: time_machine.Traveller
) -> None:
    works.plan([somebody(1), somebody(1)])
    clock.shift(timedelta(hours=24))
    tidy(database)
    with database.read() as session:
        assert None not in session.scalars(select(PlanEntry.content)).all()
    clock.shift(timedelta(hours=1))
    tidy(database)
    with database.read() as session:
        assert session.scalars(select(PlanEntry.content)).all() == [None, None]
    clock.shift(timedelta(days=30))
    tidy(database)
    with database.read() as session:
        counts = [session.scalar(select(func.count()).select_from(table)) for table in (Plan, PlanEntry)]
    assert counts == [0, 0]


def test_who_was_invited_is_forgotten_when_the_window_is_over(
    works: Program, database: Database, clock: time_machine.Traveller
) -> None:
    body = {"office": "musterstadt", "service": "eat-pick-up", "person": OLENA}
    window = {"earliest": "2026-11-24T08:00:00Z", "latest": "2026-11-25T09:00:00Z"}
    works.ask("POST", "/invitations", json={**body, **window})
    tidy(database)
    with database.read() as session:
        assert session.scalars(select(Invitation.person)).one() is not None
    clock.move_to(datetime(2026, 11, 25, 9, 0, tzinfo=UTC), tick=False)
    tidy(database)
    with database.read() as session:
        assert session.scalars(select(Invitation.person)).one() is None
    clock.shift(timedelta(days=90))
    tidy(database)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Invitation)) == 0
