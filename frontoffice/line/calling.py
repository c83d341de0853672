"""What happens at a counter: call, recall, serve, finish, note that nobody came.

A ticket is taken by a conditional UPDATE whose row count decides: zero rows means that somebody else was
quicker, so look again. Every verb appends its event last, because from then on the office's feed is locked.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, case, exists, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from frontoffice import events
from frontoffice.booking import sheet
from frontoffice.errors import N_, Conflict, Invalid
from frontoffice.line import evening, order, seat, undoing, wishes
from frontoffice.line.models import Ticket, TicketState
from frontoffice.line.order import Rules, Waiting
from frontoffice.line.seat import AT_COUNTER, Seat
from frontoffice.offices.models import Service
from frontoffice.staff.models import Account


class NobodyThere(Conflict):
    """The counter has no visitor for whom that can be done."""

    code = "nobody_there"
    sentence = N_("That is not possible (any more). Please look at what counter %(counter)s shows now.")


class NotWaiting(Conflict):
    """The ticket was called in the meantime, has left, or never was."""

    code = "not_waiting"
    sentence = N_("Number %(ticket)s is not waiting any more. Please look at the list again.")


class CalledOften(Conflict):
    """Everybody has heard it by now."""

    code = "called_often"
    sentence = N_("Number %(ticket)s has been called often enough. Please note that nobody came, or park it.")


@dataclass(frozen=True, slots=True)
class Visit:
    """A ticket as its counter sees it. Without a service the concern is to be clarified there."""

    id: int
    series: str
    number: int
    state: TicketState
    service: str | None  # its slug
    appointment_id: int | None
    language: str
    arrived_at: datetime
    due_at: datetime | None
    called_at: datetime
    call: int

    @classmethod
    def of(cls, ticket: Ticket) -> "Visit":
        """What the counter sees of a ticket that it has called."""
        assert ticket.called_at is not None
        return cls(
            ticket.id,
            ticket.series,
            ticket.number,
            ticket.state,
            ticket.service.slug if ticket.service else None,
            ticket.appointment_id,
            ticket.language,
            ticket.arrived_at,
            ticket.due_at,
            ticket.called_at,
            ticket.calls,
        )

    @property
    def ticket(self) -> str:
        """The number as printed and called: A001."""
        return f"{self.series}{self.number:03d}"


_VISIT = (
    Ticket.id,
    Ticket.series,
    Ticket.number,
    Ticket.state,
    select(Service.slug).where(Service.id == Ticket.service_id).scalar_subquery(),
    Ticket.appointment_id,
    Ticket.language,
    Ticket.arrived_at,
    Ticket.due_at,
    Ticket.called_at,
    Ticket.calls,
)

# Built once: putting a statement together takes longer than running it.
WAITING = (
    Ticket.id,
    Ticket.series,
    Ticket.number,
    Ticket.arrived_at,
    Ticket.due_at,
    case((Ticket.returns, Ticket.wake_at)),
    Ticket.priority_at,
)
_WAITING = select(*WAITING).where(
    Ticket.office_id == bindparam("office"),
    Ticket.day == bindparam("day"),
    Ticket.state == TicketState.WAITING,
    *wishes.callable_by(bindparam("counter"), bindparam("account"), bindparam("spoken", expanding=True)),
)
_HERE = aliased(Ticket)
_CALL = (
    update(Ticket)
    .where(
        Ticket.state == TicketState.WAITING,
        ~exists().where(_HERE.counter_id == bindparam("counter"), _HERE.state.in_(AT_COUNTER)),
    )
    .values(
        state=TicketState.CALLED,
        counter_id=bindparam("counter"),
        called_at=bindparam("now"),
        calls=Ticket.calls + 1,
        step_at=bindparam("now"),
        step_counter_id=bindparam("counter"),
        before=undoing.BEFORE_CALL,
    )
    .returning(*_VISIT)
)
_TAKE = _CALL.where(Ticket.id == bindparam("ticket"))
# PostgreSQL: the first that no other counter is just taking. Without it all counters would queue for the same one.
_FIRST = bindparam("first", type_=ARRAY(BigInteger))
_TAKE_FREE = _CALL.where(
    Ticket.id
    == select(Ticket.id)
    .where(Ticket.id == func.any(_FIRST), Ticket.state == TicketState.WAITING)
    .order_by(func.array_position(_FIRST, Ticket.id))
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
MOST_CALLS = 3
AT_A_TIME = 20  # more than counters that call in the same moment


def is_ticket(text: str) -> bool:
    """Whether it can be a ticket's number at all, such as A001."""
    return re.fullmatch(r"[A-Z][0-9]{3,6}", text, re.ASCII) is not None


def call_next(
    session: Session, counter_id: int, account: Account, now: datetime, rules: Rules
) -> Visit | None:
    """Call the best waiting ticket that this counter serves; None where nobody is waiting for it.

    Raises NotFound, NotAllowed, CounterClosed, CounterBusy.
    """
    here = seat.ready(session, counter_id, account)
    today = sheet.day_of(now, here.time_zone)
    while waiting := _waiting(session, here, today):
        visit = _take(session, here, [each.id for each in order.in_order(waiting, now, rules)], now)
        if visit is not None:
            _announce(session, here, visit, "ticket.called", now)
            return visit
        seat.require_empty(session, counter_id, here.counter)
    seat.require_empty(session, counter_id, here.counter)
    return None


def pick(session: Session, counter_id: int, account: Account, now: datetime, ticket: str) -> Visit:
    """Call a certain ticket that waits or is parked, whatever its place and its service.

    Raises NotFound, NotAllowed, CounterClosed, CounterPaused, CounterBusy; NotWaiting where it was called since.
    """
    here = seat.ready(session, counter_id, account)
    seat.require_empty(session, counter_id, here.counter)
    found = named(session, here, ticket, (TicketState.WAITING, TicketState.PARKED), now)
    undoing.remember(found, here.counter_id, now)
    found.state, found.counter_id, found.called_at = TicketState.CALLED, here.counter_id, now
    found.calls += 1
    return _announced(session, here, found, "ticket.called", now)


def recall(
    session: Session,
    counter_id: int,
    account: Account,
    now: datetime,
    ticket: str | None = None,
    *,
    most: int = MOST_CALLS,
) -> Visit:
    """Call the visitor of this counter once more, `most` times in all.

    `ticket` (A001), here and below: only if it is this one that the counter has, and not one called since.
    Raises, as the verbs below, NotFound, NotAllowed, CounterClosed, NobodyThere; CalledOften.
    """
    here = seat.take(session, counter_id, account)
    visitor = there(session, here, ticket, (TicketState.CALLED,))
    if visitor.calls >= most:
        raise CalledOften(ticket=visitor.code)
    visitor.calls += 1
    visitor.called_at = now
    return _announced(session, here, visitor, "ticket.called", now)


def start(
    session: Session, counter_id: int, account: Account, now: datetime, ticket: str | None = None
) -> Visit:
    """The visitor has come."""
    here = seat.take(session, counter_id, account)
    visitor = there(session, here, ticket, (TicketState.CALLED,))
    undoing.remember(visitor, here.counter_id, now)
    visitor.state, visitor.serving_at = TicketState.SERVING, now
    return _announced(session, here, visitor, "ticket.serving", now)


def finish(
    session: Session,
    counter_id: int,
    account: Account,
    now: datetime,
    ticket: str | None = None,
    done: Collection[int] | None = None,
) -> Visit:
    """The visit is over, the appointment too. `done`: the ids of the services that were really done.

    Raises Invalid for a service that the office does not have.
    """
    here = seat.take(session, counter_id, account)
    visitor = there(session, here, ticket, AT_COUNTER)
    undoing.remember(visitor, here.counter_id, now)
    visitor.state, visitor.ended_at = TicketState.DONE, now
    # Who finishes without having started began, as far as anyone knows, when the visitor was called.
    visitor.serving_at = visitor.serving_at or visitor.called_at
    visitor.done = _offered(session, here, done) if done else None
    return _end(session, here, visitor, now)


def no_show(
    session: Session, counter_id: int, account: Account, now: datetime, ticket: str | None = None
) -> Visit:
    """Nobody came when called."""
    here = seat.take(session, counter_id, account)
    visitor = there(session, here, ticket, (TicketState.CALLED,))
    undoing.remember(visitor, here.counter_id, now)
    visitor.state, visitor.ended_at = TicketState.NO_SHOW, now
    return _end(session, here, visitor, now)


def there(session: Session, here: Seat, ticket: str | None, states: Collection[TicketState]) -> Ticket:
    """The visitor of the counter, locked. Raises NobodyThere."""
    wanted = [Ticket.counter_id == here.counter_id, Ticket.state.in_(states)]
    if ticket is not None:
        wanted += [Ticket.series == ticket[:1], Ticket.number == int(ticket[1:])]
    found: Ticket | None = session.scalar(_locked(*wanted))
    if found is None:
        raise NobodyThere(counter=here.counter)
    return found


def named(
    session: Session, here: Seat, ticket: str, states: Collection[TicketState], now: datetime
) -> Ticket:
    """Today's ticket with that number (A001), locked, if it is in one of the states. Raises NotWaiting."""
    found: Ticket | None = None
    if is_ticket(ticket):
        found = session.scalar(
            _locked(
                Ticket.office_id == here.office_id,
                Ticket.day == sheet.day_of(now, here.time_zone),
                Ticket.series == ticket[0],
                Ticket.number == int(ticket[1:]),
            )
        )
    if found is None or found.state not in states:
        raise NotWaiting(ticket=ticket)
    return found


def _locked(*wanted: ColumnElement[bool]) -> Select[Any]:
    # Without what the session knows already: between reading and locking a colleague may have acted.
    return select(Ticket).where(*wanted).with_for_update().execution_options(populate_existing=True)


def _offered(session: Session, here: Seat, done: Collection[int]) -> list[int]:
    known = session.scalars(
        select(Service.id).where(Service.office_id == here.office_id, Service.id.in_(done))
    )
    found = sorted(known)
    if len(found) != len(set(done)):
        raise Invalid("done", N_("This office does not offer that service. Please choose another one."))
    return found


def _waiting(session: Session, here: Seat, today: date) -> Sequence[Waiting]:
    parameters = {
        "office": here.office_id,
        "day": today,
        "counter": here.counter_id,
        "account": here.account_id,
        "spoken": here.languages,
    }
    return [Waiting._make(row) for row in session.connection().execute(_WAITING, parameters)]


def _take(session: Session, here: Seat, in_order: Sequence[int], now: datetime) -> Visit | None:
    """The first of these that is still waiting; None where the counter is busy or all of them are gone."""
    connection = session.connection()
    parameters: dict[str, Any] = {"counter": here.counter_id, "now": now}
    row: Any = None
    if connection.dialect.name == "postgresql":
        row = connection.execute(_TAKE_FREE, {**parameters, "first": in_order[:AT_A_TIME]}).one_or_none()
    if row is None:
        # Where another counter is just taking it, this waits until that is decided.
        row = connection.execute(_TAKE, {**parameters, "ticket": in_order[0]}).one_or_none()
    return Visit(*row) if row else None


def _end(session: Session, here: Seat, visitor: Ticket, now: datetime) -> Visit:
    evening.end_appointment(session, visitor.appointment_id, visitor.state, now)
    return _announced(session, here, visitor, f"ticket.{visitor.state}", now)


def _announced(session: Session, here: Seat, visitor: Ticket, kind: str, now: datetime) -> Visit:
    session.flush()
    visit = Visit.of(visitor)
    _announce(session, here, visit, kind, now)
    return visit


def _announce(session: Session, here: Seat, visit: Visit, kind: str, now: datetime) -> None:
    data: dict[str, Any] = {"ticket": visit.ticket, "counter": here.counter}
    if kind == "ticket.called":
        data["call"] = visit.call
    actor, subject = f"account:{here.account_id}", f"ticket:{visit.id}"
    events.append(session, here.office_id, kind, now, actor=actor, subject=subject, data=data)
