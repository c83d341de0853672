"""What is left of a day is ended, and what is of today is let be."""

from datetime import datetime, timedelta

from sqlalchemy import select

from frontoffice.booking.models import Appointment, State
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.line import arriving, calling, checks, evening, staffing
from frontoffice.line.models import CounterSession, Ticket, TicketState
from frontoffice.offices.models import Office
from tests.line.parts import EARLY, RULES, account, appointment, ticket

DAY = timedelta(days=1)


def test_tickets_and_counters_of_earlier_days_are_ended(
    database: Database, office: Office, now: datetime
) -> None:
    yesterday = now - DAY
    with database.write() as session:
        here = session.get_one(Office, office.id)
        staff = [account(session, name) for name in ("miriam", "jonas")]
        booked = appointment(session, here, yesterday)
        arriving.check_in(
            session, here, staff[0], booked.reference, language="de", early=EARLY, now=yesterday
        )
        for number in (1, 2, 3):
            ticket(session, here, number, yesterday, arrived_at=yesterday - number * timedelta(hours=1))
        for counter, who in zip(here.counters, staff, strict=False):
            staffing.open_counter(session, counter.id, who, yesterday)
            calling.call_next(session, counter.id, who, yesterday, RULES)
        calling.start(session, here.counters[1].id, staff[1], yesterday)
        today = ticket(session, here, 1, now)
    with database.write() as session:
        assert evening.end_earlier_days(session, session.get_one(Office, office.id), now) == 6
    with database.read() as session:
        left = {
            each.code: each.state for each in session.scalars(select(Ticket).where(Ticket.id != today.id))
        }
        assert session.get_one(Ticket, today.id).state == TicketState.WAITING
        assert session.get_one(Appointment, booked.id).state == State.NO_SHOW
        assert all(each.closed_at == now for each in session.scalars(select(CounterSession)))
        assert list(checks.differences(session)) == []
        kinds = [each.kind for each in session.scalars(select(Event).where(Event.actor == "evening"))]
    assert left == {
        "A003": TicketState.NO_SHOW,  # was called, and nobody knows of anybody coming
        "A002": TicketState.DONE,  # was at the counter
        "A001": TicketState.LEFT,
        "S001": TicketState.LEFT,
    }
    assert sorted(kinds) == sorted(
        ["ticket.no_show", "ticket.done", "ticket.left", "ticket.left", "counter.closed", "counter.closed"]
    )


def test_a_second_look_finds_nothing_to_do(database: Database, office: Office, now: datetime) -> None:
    with database.write() as session:
        ticket(session, session.get_one(Office, office.id), 1, now - DAY)
    for expected in (1, 0):
        with database.write() as session:
            assert evening.end_earlier_days(session, session.get_one(Office, office.id), now) == expected


def test_the_day_ends_at_midnight_of_the_office(database: Database, office: Office, now: datetime) -> None:
    before_midnight = now.replace(hour=22, minute=59)  # 23:59 in Berlin
    with database.write() as session:
        ticket(session, session.get_one(Office, office.id), 1, now)
    for moment, expected in ((before_midnight, 0), (before_midnight + timedelta(minutes=1), 1)):
        with database.write() as session:
            assert evening.end_earlier_days(session, session.get_one(Office, office.id), moment) == expected
