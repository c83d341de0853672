"""What staff see: who sits at which counter, who waits for this one, and who the called visitor is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, joinedload

from frontoffice import events, vault
from frontoffice.booking.models import Appointment
from frontoffice.booking.person import Person
from frontoffice.events import Event
from frontoffice.line import board, order, undoing, wishes
from frontoffice.line.models import AT_COUNTER, CounterSession, Ticket, TicketState
from frontoffice.line.order import Rules, Waiting
from frontoffice.offices.models import Counter
from frontoffice.staff.models import Account

SEEN = "appointment.seen"


@dataclass(frozen=True)
class Place:
    """A counter and who has opened it, since when."""

    counter: Counter
    session: CounterSession | None


@dataclass(frozen=True)
class Desk:
    """One counter: its visitor, and who waits for it in the order of calling; `elsewhere` wait for others.

    `parked` are those of the whole office, `undoable` the ticket whose last step here can be taken back.
    """

    current: Ticket | None
    waiting: Sequence[Ticket]
    elsewhere: int
    parked: Sequence[Ticket] = ()
    undoable: Ticket | None = None

    @property
    def undoable_step(self) -> str | None:
        """The name of that step."""
        return undoing.step_of(self.undoable) if self.undoable else None


def places(session: Session, office_id: int) -> Sequence[Place]:
    """The counters of an office in their own order; one that is no longer used only while somebody sits there."""
    counters = session.scalars(
        select(Counter).where(Counter.office_id == office_id).order_by(Counter.id)
    ).all()
    rows = session.scalars(
        select(CounterSession)
        .join(Counter, Counter.id == CounterSession.counter_id)
        .where(Counter.office_id == office_id, CounterSession.closed_at.is_(None))
        .options(joinedload(CounterSession.account).lazyload(Account.places))
    )
    taken = {row.counter_id: row for row in rows}
    return [
        Place(counter, taken.get(counter.id)) for counter in counters if counter.active or counter.id in taken
    ]


def place(session: Session, counter: Counter) -> Place:
    """The counter and who has opened it."""
    there = session.scalar(
        select(CounterSession)
        .where(CounterSession.counter_id == counter.id, CounterSession.closed_at.is_(None))
        .options(joinedload(CounterSession.account).lazyload(Account.places))
    )
    return Place(counter, there)


def pauses(place: Place) -> bool:
    """Whether the sign "back soon" is out."""
    return place.session is not None and place.session.paused_at is not None


def seat_of(session: Session, account_id: int) -> CounterSession | None:
    """Where the account sits now."""
    return session.scalar(
        select(CounterSession)
        .join(Counter, Counter.id == CounterSession.counter_id)
        .where(CounterSession.account_id == account_id, CounterSession.closed_at.is_(None))
        .options(contains_eager(CounterSession.counter))
    )


def desk(session: Session, counter: Counter, day: date, now: datetime, rules: Rules) -> Desk:
    """What the counter's desk shows."""
    current = visitor_of(session, counter.id)
    seated = place(session, counter).session
    today = select(Ticket).where(Ticket.office_id == counter.office_id, Ticket.day == day)
    today = today.options(joinedload(Ticket.service))
    tickets = session.scalars(
        today.where(
            Ticket.state == TicketState.WAITING,
            *wishes.callable_by(
                counter.id, seated.account_id if seated else None, counter.languages, counter.team
            ),
        )
    ).all()
    parked = session.scalars(today.where(Ticket.state == TicketState.PARKED).order_by(Ticket.arrived_at))
    by_id = {ticket.id: ticket for ticket in tickets}
    line = order.in_order((waiting_of(ticket) for ticket in tickets), now, rules)
    everybody = board.waiting(session, counter.office_id, day)
    elsewhere = max(0, everybody - len(tickets))
    undoable = undoing.last_step(session, counter.id, now)
    return Desk(current, [by_id[waiting.id] for waiting in line], elsewhere, parked.all(), undoable)


def visitor_of(session: Session, counter_id: int) -> Ticket | None:
    """Who is called to the counter or served there."""
    return session.scalar(
        select(Ticket)
        .where(Ticket.counter_id == counter_id, Ticket.state.in_(AT_COUNTER))
        .options(joinedload(Ticket.service), joinedload(Ticket.appointment))
    )


def name_of_visitor(session: Session, ticket: Ticket) -> str | None:
    """The name on the ticket's appointment, which is sealed. Note it (`note_seen`) before showing it."""
    if ticket.appointment_id is None:
        return None
    appointment = session.get_one(Appointment, ticket.appointment_id)
    return Person.from_sealed(vault.of(session).open(appointment.person)).name


def is_noted(session: Session, ticket: Ticket, account: Account) -> bool:
    """Whether it is on record that the account saw the appointment of this ticket since it was called."""
    query = select(Event.id).where(
        Event.subject == f"appointment:{ticket.appointment_id}",
        Event.kind == SEEN,
        Event.actor == f"account:{account.id}",
        Event.at >= (ticket.called_at or ticket.arrived_at),
    )
    return session.scalar(query.limit(1)) is not None


def note_seen(session: Session, ticket: Ticket, account: Account, now: datetime) -> None:
    """Put on record that the account sees the data of the ticket's appointment."""
    subject = f"appointment:{ticket.appointment_id}"
    events.append(session, ticket.office_id, SEEN, now, actor=f"account:{account.id}", subject=subject)


def waiting_of(ticket: Ticket) -> Waiting:
    """What counts about a ticket for its place in the line."""
    return Waiting(
        ticket.id,
        ticket.series,
        ticket.number,
        ticket.arrived_at,
        ticket.due_at,
        ticket.wake_at if ticket.returns else None,
        ticket.priority_at,
    )
