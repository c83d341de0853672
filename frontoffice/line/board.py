"""What the waiting room may know: which numbers were called where, and how many wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.line.models import Ticket, TicketState
from frontoffice.offices.models import Counter

CALLS = 10


@dataclass(frozen=True)
class Call:
    """A number that was called: for the how many-eth time, when last, and to which counter."""

    ticket: str
    counter: str
    room: str
    called_at: datetime
    call: int
    state: TicketState


@dataclass(frozen=True)
class Board:
    """The latest calls of a day, newest first. `as_of` is the event to follow the feed from."""

    as_of: int
    calls: Sequence[Call]
    waiting: int


def board(session: Session, office_id: int, day: date) -> Board:
    """The office's board of that day."""
    # First of all: what happens while we look is told by the feed once more, which does no harm.
    as_of = events.last_number(session, office_id)
    rows = session.execute(
        select(Ticket, Counter.name, Counter.room)
        .join(Counter, Counter.id == Ticket.counter_id)
        .where(
            Ticket.office_id == office_id,
            Ticket.day == day,
            Ticket.state.in_(
                (TicketState.CALLED, TicketState.SERVING, TicketState.DONE, TicketState.NO_SHOW)
            ),
        )
        .order_by(Ticket.called_at.desc(), Ticket.id.desc())
        .limit(CALLS)
    )
    calls = [
        Call(ticket.code, counter, room, ticket.called_at, ticket.calls, ticket.state)
        for ticket, counter, room in rows
        if ticket.called_at is not None
    ]
    return Board(as_of, calls, waiting(session, office_id, day))


def waiting(session: Session, office_id: int, day: date) -> int:
    """How many wait to be called."""
    return (
        session.scalar(
            select(func.count()).where(
                Ticket.office_id == office_id, Ticket.day == day, Ticket.state == TicketState.WAITING
            )
        )
        or 0
    )
