"""The doctor finds what contradicts itself in the line, and nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from frontoffice.booking.models import Appointment, State
from frontoffice.db import Database
from frontoffice.events import Event, EventCount
from frontoffice.line import arriving, calling, checks, journal, staffing
from frontoffice.line.models import CounterSession, JournalEntry, Ticket, TicketState
from frontoffice.offices.models import Office
from tests.line.parts import EARLY, RULES, account, appointment, kiosk, ticket
from tests.line.test_journal import entry
from tests.unlocking import unlock_events


@pytest.fixture
def busy_office(database: Database, office: Office, now: datetime) -> Office:
    """A morning with a bit of everything."""
    with database.write() as session:
        here = session.get_one(Office, office.id)
        miriam = account(session)
        device = kiosk(session, here)
        journal.take(session, device, [entry(now, 1), entry(now, 2, "no-such-service")], early=EARLY, now=now)
        for start in (now - timedelta(minutes=20), now, now + timedelta(minutes=10)):
            booked = appointment(session, here, start)
            arriving.check_in(session, here, miriam, booked.reference, language="de", early=EARLY, now=now)
        counter = here.counters[0].id
        staffing.open_counter(session, counter, miriam, now)
        for end in (calling.finish, calling.no_show):
            calling.call_next(session, counter, miriam, now, RULES)
            end(session, counter, miriam, now)
        calling.call_next(session, counter, miriam, now, RULES)
        ticket(session, here, 77, now)
    return office


def found(database: Database) -> list[str]:
    with database.read() as session:
        return list(checks.differences(session))


def test_a_busy_morning_agrees_with_itself(database: Database, busy_office: Office) -> None:
    assert found(database) == []


def _called_nowhere(session: Session) -> None:
    session.execute(update(Ticket).where(Ticket.state == TicketState.CALLED).values(counter_id=None))


def _done_without_end(session: Session) -> None:
    session.execute(update(Ticket).where(Ticket.state == TicketState.DONE).values(ended_at=None))


def _counter_closed_under_the_visitor(session: Session) -> None:
    session.execute(update(CounterSession).values(closed_at=CounterSession.opened_at))


def _ticket_lost(session: Session) -> None:
    session.execute(delete(Ticket).where(Ticket.state == TicketState.CALLED))


def _appointment_cancelled_while_waiting(session: Session) -> None:
    session.execute(
        update(Appointment).where(Appointment.state == State.CHECKED_IN).values(state=State.CANCELLED)
    )


def _answer_without_ticket(session: Session) -> None:
    session.execute(update(JournalEntry).values(accepted=True))


def _event_missing(session: Session) -> None:
    unlock_events(session)  # as somebody would do who wants to hide something
    session.execute(delete(Event).where(Event.number == 3))


def _count_behind(session: Session) -> None:
    session.execute(update(EventCount).values(last=EventCount.last - 1))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (_called_nowhere, "times or its counter"),
        (_done_without_end, "times or its counter"),
        (_counter_closed_under_the_visitor, "which nobody has open"),
        (_ticket_lost, "has no ticket"),
        (_appointment_cancelled_while_waiting, "but its appointment"),
        (_answer_without_ticket, "without a ticket"),
        (_event_missing, "events from"),
        (_count_behind, "events from"),
    ],
)
def test_damage_is_found(
    database: Database, busy_office: Office, damage: Callable[[Session], None], sentence: str
) -> None:
    with database.write() as session:
        damage(session)
    assert any(sentence in each for each in found(database)), found(database)
