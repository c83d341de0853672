"""What happens at a counter: call, recall, serve, finish, note that nobody came.

A ticket is taken by a conditional UPDATE whose row count decides: zero rows means that somebody else was
quicker, so look again. Every verb appends its event last, because from then on the office's feed is locked.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Integer,
    String,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from frontoffice import events
from frontoffice.booking import sheet
from frontoffice.errors import N_, Conflict, Invalid
from frontoffice.line import evening, order, picture, seat, spoken, undoing, wishes
from frontoffice.line.models import AT_COUNTER, Ticket, TicketState
from frontoffice.line.order import Rules, Waiting
from frontoffice.line.seat import Seat
from frontoffice.line.visitor import (
    NobodyThere,
    NotWaiting,
    Visit,
    announce,
    announced,
    is_ticket,
    named,
    there,
)
from frontoffice.offices.models import Service
from frontoffice.quick import Quick, Rider
from frontoffice.staff.models import Account

__all__ = [
    "CalledOften",
    "NobodyThere",
    "NotWaiting",
    "Rules",
    "Visit",
    "call_next",
    "finish",
    "is_ticket",
    "named",
    "no_show",
    "pick",
    "recall",
    "start",
    "there",
]


class CalledOften(Conflict):
    """Everybody has heard it by now."""

    code = "called_often"
    sentence = N_("Number %(ticket)s has been called often enough. Please note that nobody came, or park it.")


_VISIT = (
    Ticket.id,
    Ticket.series,
    Ticket.number,
    Ticket.state,
    select(Service.slug).where(Service.id == Ticket.service_id).scalar_subquery().label("service"),
    Ticket.appointment_id,
    Ticket.language,
    Ticket.arrived_at,
    Ticket.due_at,
    Ticket.called_at,
    Ticket.calls,
)

MOST_CALLS = 3
AT_A_TIME = 16  # more than counters that call in the same moment; who comes after them waits for the first


def _may_be_next() -> Quick:
    """Of those whom a counter may call, all that can be among the first `most` of `order.in_order`.

    Among people without an appointment or anything else of their own it is simply who came first, so a long line of
    them need not be read to its end. Languages are compared by the caller: a list would have to be put into the
    statement each time.
    """
    may_call = select(*picture.WAITING, Ticket.for_language).where(
        Ticket.office_id == bindparam("office"),
        Ticket.day == bindparam("day"),
        Ticket.state == TicketState.WAITING,
        *wishes.callable_by(bindparam("counter"), bindparam("account"), None, bindparam("team")),
    )
    plain = and_(
        Ticket.due_at.is_(None),
        Ticket.returns.is_(False),
        Ticket.priority_at.is_(None),
        Ticket.for_language.is_(None),
    )
    first = may_call.where(plain).order_by(Ticket.arrived_at, Ticket.number, Ticket.series)
    return Quick(
        union_all(may_call.where(~plain), select(first.limit(bindparam("most", type_=Integer)).subquery()))
    )


# Built once: putting a statement together takes longer than running it.
_WAITING = _may_be_next()
_HERE = aliased(Ticket)
# As words of the statement, so that it can be compiled once, and the index on just these states is used.
_AT_COUNTER: list[ColumnElement[str]] = [literal_column(f"'{state.value}'") for state in AT_COUNTER]
_CALL = (
    update(Ticket)
    .where(
        Ticket.state == TicketState.WAITING,
        ~exists().where(_HERE.counter_id == bindparam("counter"), _HERE.state.in_(_AT_COUNTER)),
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
# Once more: a colleague may have kept the ticket for somebody else since the line was read.
_STILL = (
    Ticket.state == TicketState.WAITING,
    *wishes.callable_by(bindparam("counter"), bindparam("account"), None, bindparam("team")),
)
_TAKE = Quick(_CALL.where(Ticket.id == bindparam("ticket"), *_STILL))
# PostgreSQL: the first that no other counter is just taking. Without it all counters would queue for the same one.
_FIRST = bindparam("first", type_=ARRAY(BigInteger))
_FREE = _CALL.where(
    Ticket.id
    == select(Ticket.id)
    .where(Ticket.id == func.any(_FIRST), *_STILL)
    .order_by(func.array_position(_FIRST, Ticket.id))
    .limit(literal_column("1"))
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)


def _and_tell(taken: CTE) -> Quick:
    """Take a ticket and append the event, as `announce` does it; a test compares them."""
    digits = cast(taken.c.number, String)
    spoken_in = func.lower(func.split_part(taken.c.language, literal_column("'-'"), literal_column("1")))
    told = {
        "ticket": taken.c.series + func.lpad(digits, func.greatest(3, func.length(digits)), "0"),
        "counter": bindparam("name", type_=String),
        "call": taken.c.calls,
        "room": bindparam("room", type_=String),
        "language": case((spoken_in.in_([literal_column(f"'{code}'") for code in spoken.SECOND]), spoken_in)),
    }
    data = func.json_build_object(
        *(part for name, value in told.items() for part in (literal_column(f"'{name}'"), value))
    )
    return Quick(events.ending(taken, literal_column("'ticket:'") + cast(taken.c.id, String), data))


_TAKE_FREE = _and_tell(_FREE.cte("taken"))


def call_next(
    session: Session,
    counter_id: int,
    account: Account,
    now: datetime,
    rules: Rules,
    beside: Rider | None = None,
) -> Visit | None:
    """Call the best waiting ticket that this counter serves; None where nobody is waiting for it.

    `beside`: a `seat.beside` that was asked for together with who is signed in.
    Raises NotFound, NotAllowed, CounterClosed, CounterBusy.
    """
    here = seat.ready(session, counter_id, account, beside)
    today = sheet.day_of(now, here.time_zone)
    while waiting := _waiting(session, here, today):
        visit = _take(session, here, [each.id for each in order.in_order(waiting, now, rules)], now)
        if visit is not None:
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
    return announced(session, here, found, "ticket.called", now)


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
    return announced(session, here, visitor, "ticket.called", now)


def start(
    session: Session, counter_id: int, account: Account, now: datetime, ticket: str | None = None
) -> Visit:
    """The visitor has come."""
    here = seat.take(session, counter_id, account)
    visitor = there(session, here, ticket, (TicketState.CALLED,))
    undoing.remember(visitor, here.counter_id, now)
    visitor.state, visitor.serving_at = TicketState.SERVING, now
    return announced(session, here, visitor, "ticket.serving", now)


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
        # On SQLite one counter calls after the other: whoever is first is still there.
        "most": AT_A_TIME if session.get_bind().dialect.name == "postgresql" else 1,
        "counter": here.counter_id,
        "account": here.account_id,
        "team": here.team,
    }
    languages = {None, *here.languages}
    return [Waiting._make(row[:-1]) for row in _WAITING.run(session, parameters) if row[-1] in languages]


def _take(session: Session, here: Seat, in_order: Sequence[int], now: datetime) -> Visit | None:
    """Call the first of these that is still waiting; None where the counter is busy or all of them are gone."""
    parameters: dict[str, Any] = {
        "counter": here.counter_id,
        "account": here.account_id,
        "team": here.team,
        "now": now,
    }
    if session.get_bind().dialect.name == "postgresql":
        told = {
            "office": here.office_id,
            "at": now,
            "kind": "ticket.called",
            "actor": f"account:{here.account_id}",
            "name": here.counter,
            "room": here.room,
        }
        if rows := _TAKE_FREE.run(session, {**parameters, **told, "first": in_order[:AT_A_TIME]}):
            return Visit(*rows[0][:-1])
    # Where another counter is just taking it, this waits until that is decided.
    if not (rows := _TAKE.run(session, {**parameters, "ticket": in_order[0]})):
        return None
    visit = Visit(*rows[0])
    announce(session, here, visit, "ticket.called", now)
    return visit


def _end(session: Session, here: Seat, visitor: Ticket, now: datetime) -> Visit:
    evening.end_appointment(session, visitor.appointment_id, visitor.state, now)
    return announced(session, here, visitor, f"ticket.{visitor.state}", now)
