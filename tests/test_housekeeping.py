"""What the worker tidies by itself: abandoned times come back, the book goes on, days end, counts are forgotten."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from frontoffice import limits
from frontoffice.booking import holding, planning, search
from frontoffice.booking.models import DaySheet
from frontoffice.booking.visit import visit
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.limits import Tally
from frontoffice.line.models import Ticket, TicketState
from frontoffice.messages import channels
from frontoffice.messages.dispatch import Delivery
from frontoffice.messages.timing import Timing
from frontoffice.offices.models import Office
from frontoffice.worker import JOBS, Context, tick
from tests.sample import RENEWAL

MONDAY = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


@pytest.fixture
def context(config: Config, database: Database) -> Context:
    timing = Timing()
    delivery = Delivery(database, channels.providers(config.messages, timing), config.messages, timing)
    return Context(config, database, delivery, stopping=lambda: False)


def do_all_jobs(context: Context, at: datetime) -> None:
    with time_machine.travel(at, tick=False):
        for job in JOBS:
            tick(job, context)


def free(context: Context, office: Office, at: datetime) -> list[datetime]:
    with context.database.read() as session:
        place = session.get_one(Office, office.id)
        service = next(each for each in place.services if each.slug == RENEWAL)
        days = search.free_starts(
            session,
            place,
            visit([(service, 1)]),
            at.date(),
            at.date() + timedelta(days=1),
            now=at,
            rules=context.config.booking,
        )
    return [start for starts in days.values() for start in starts]


def test_a_time_that_was_held_and_abandoned_is_offered_again(context: Context, office: Office) -> None:
    tuesday = MONDAY + timedelta(days=1)
    with context.database.write() as session:
        planning.plan(session, session.get_one(Office, office.id), MONDAY.date(), 3, MONDAY)
    offered = free(context, office, tuesday)
    with context.database.write() as session:
        place = session.get_one(Office, office.id)
        service = next(each for each in place.services if each.slug == RENEWAL)
        for start in offered * 2:  # two seats each
            wanted = visit([(service, 1)])
            holding.hold(session, place, wanted, start, MONDAY, rules=context.config.booking)
    assert offered
    assert free(context, office, tuesday) == []
    do_all_jobs(context, MONDAY + timedelta(hours=1))
    assert free(context, office, tuesday) == offered


def test_the_book_goes_on_as_the_days_pass(context: Context, office: Office) -> None:
    do_all_jobs(context, MONDAY)
    do_all_jobs(context, MONDAY + timedelta(days=10))
    with context.database.read() as session:
        first, last = session.execute(select(func.min(DaySheet.day), func.max(DaySheet.day))).one()
    assert first == MONDAY.date()
    assert last >= (MONDAY + timedelta(days=10 + context.config.booking.horizon_days - 4)).date()


def test_nobody_waits_overnight(context: Context, office: Office) -> None:
    with context.database.write() as session:
        session.add(
            Ticket(
                office_id=office.id,
                day=MONDAY.date(),
                series="A",
                number=1,
                language="de",
                state=TicketState.WAITING,
                arrived_at=MONDAY,
            )
        )
    do_all_jobs(context, MONDAY + timedelta(hours=1))
    with context.database.read() as session:
        assert session.scalars(select(Ticket.state)).one() == TicketState.WAITING
    do_all_jobs(context, MONDAY + timedelta(days=1))
    with context.database.read() as session:
        assert session.scalars(select(Ticket.state)).one() == TicketState.LEFT


def test_counts_that_are_over_are_forgotten(context: Context) -> None:
    with context.database.write() as session:
        limits.hit(session, "guess", "somebody", 3, timedelta(hours=1), MONDAY)
    do_all_jobs(context, MONDAY + timedelta(hours=2))
    with context.database.read() as session:
        assert session.scalars(select(Tally)).all() == []
