"""What the waiting room may know: which numbers were called where, which counters pause, and how many wait."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.line.models import CounterSession, EarlyClosing, Ticket, TicketState
from frontoffice.offices.models import Counter
from frontoffice.quick import Quick

CALLS = 10
# Asked with every number that is given.
_CLOSING = Quick(
    select(EarlyClosing.closes_at).where(
        EarlyClosing.office_id == bindparam("office"), EarlyClosing.day == bindparam("day")
    )
)
CALLED = (TicketState.CALLED, TicketState.SERVING, TicketState.DONE, TicketState.NO_SHOW)


@dataclass(frozen=True)
class Call:
    """A number that was called: for the how many-eth time, when last, and to which counter.

    `room` is where people wait for that counter, `language` the one that the visitor speaks.
    """

    ticket: str
    counter: str
    room: str
    called_at: datetime
    call: int
    state: TicketState
    language: str = "de"


@dataclass(frozen=True)
class Board:
    """The latest calls of a day, newest first. `as_of` is the event to follow the feed from.

    `pausing` are counters with the sign "back soon"; `closes_at` is set when the office closes early today.
    """

    as_of: int
    calls: Sequence[Call]
    waiting: int
    pausing: Sequence[str] = ()
    closes_at: datetime | None = None


def board(
    session: Session, office_id: int, day: date, rooms: Collection[str] = (), most: int = CALLS
) -> Board:
    """The office's board of that day: of all rooms, or of some; with `most` calls."""
    # First of all: what happens while we look is told by the feed once more, which does no harm.
    as_of = events.last_number(session, office_id)
    rows = session.execute(
        select(Ticket, Counter.name, Counter.room)
        .join(Counter, Counter.id == Ticket.counter_id)
        .where(
            Ticket.office_id == office_id,
            Ticket.day == day,
            Ticket.state.in_(CALLED),
            *([Counter.room.in_(rooms)] if rooms else []),
        )
        .order_by(Ticket.called_at.desc(), Ticket.id.desc())
        .limit(most)
    )
    calls = [
        Call(ticket.code, counter, room, ticket.called_at, ticket.calls, ticket.state, ticket.language)
        for ticket, counter, room in rows
        if ticket.called_at is not None
    ]
    return Board(
        as_of,
        calls,
        waiting(session, office_id, day),
        _pausing(session, office_id, rooms),
        closing_early(session, office_id, day),
    )


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


def rooms_of(session: Session, office_id: int) -> Sequence[str]:
    """The waiting rooms of an office, in the order of their first counters."""
    used = (Counter.office_id == office_id, Counter.active)
    found = session.scalars(select(Counter.room).where(*used).order_by(Counter.id))
    return [room for room in dict.fromkeys(found) if room]


def closing_early(session: Session, office_id: int, day: date) -> datetime | None:
    """When the office closes on that day, if that is earlier than usual."""
    session.flush()
    rows = _CLOSING.run(session, {"office": office_id, "day": day})
    return rows[0][0] if rows else None


def _pausing(session: Session, office_id: int, rooms: Collection[str]) -> Sequence[str]:
    names = session.scalars(
        select(Counter.name)
        .join(CounterSession, CounterSession.counter_id == Counter.id)
        .where(
            Counter.office_id == office_id,
            CounterSession.closed_at.is_(None),
            CounterSession.paused_at.is_not(None),
            *([Counter.room.in_(rooms)] if rooms else []),
        )
        .order_by(Counter.id)
    )
    return tuple(names)
