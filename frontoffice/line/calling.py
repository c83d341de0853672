"""What happens at a counter: open it, call, recall, serve, finish, close.

A ticket is taken by a conditional UPDATE whose row count decides: zero rows means that somebody else was
quicker, so look again. Every verb appends its event last, because from then on the office's feed is locked.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, bindparam, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from frontoffice import events
from frontoffice.booking import sheet
from frontoffice.errors import N_, Conflict
from frontoffice.line import evening, order, seat
from frontoffice.line.models import CounterSession, Ticket, TicketState
from frontoffice.line.order import Rules, Waiting
from frontoffice.line.seat import AT_COUNTER, CounterClosed, Seat
from frontoffice.offices.models import Counter, Service, counter_service
from frontoffice.staff import roles
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission


class CounterTaken(Conflict):
    """A colleague sits there."""

    code = "counter_taken"
    sentence = N_("%(name)s has opened counter %(counter)s. Please choose another one.")


class SeatedElsewhere(Conflict):
    """Nobody serves at two counters."""

    code = "seated_elsewhere"
    sentence = N_("You have opened counter %(counter)s. Please close it first.")


class NobodyThere(Conflict):
    """The counter has no visitor for whom that can be done."""

    code = "nobody_there"
    sentence = N_("That is not possible (any more). Please look at what counter %(counter)s shows now.")


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
_WAITING = select(Ticket.id, Ticket.series, Ticket.number, Ticket.arrived_at, Ticket.due_at).where(
    Ticket.office_id == bindparam("office"),
    Ticket.day == bindparam("day"),
    Ticket.state == TicketState.WAITING,
    or_(
        Ticket.service_id.is_(None),
        Ticket.service_id.in_(
            select(counter_service.c.service_id).where(counter_service.c.counter_id == bindparam("counter"))
        ),
    ),
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
AT_A_TIME = 20  # more than counters that call in the same moment


def is_ticket(text: str) -> bool:
    """Whether it can be a ticket's number at all, such as A001."""
    return re.fullmatch(r"[A-Z][0-9]{3,6}", text, re.ASCII) is not None


def open_counter(session: Session, counter_id: int, account: Account, now: datetime) -> Counter:
    """Sit down at a counter and return it; doing so again changes nothing. Earlier days are ended first.

    Raises NotFound, NotAllowed, CounterTaken, SeatedElsewhere.
    """
    counter = seat.counter_for(session, counter_id, account)
    ended = evening.end_leftovers(session, counter.office, now)
    there = _open_session(session, CounterSession.counter_id == counter_id)
    if there is not None and there.account_id == account.id:
        evening.announce(session, counter.office_id, ended, now)
        return counter
    if there is None:
        elsewhere = _open_session(session, CounterSession.account_id == account.id)
        if elsewhere is not None:
            raise SeatedElsewhere(counter=elsewhere.counter.name)
        try:
            with session.begin_nested():
                session.add(CounterSession(counter_id=counter_id, account_id=account.id, opened_at=now))
        except IntegrityError:
            # Somebody sat down in the same moment: a colleague here, or the account itself elsewhere.
            there = _open_session(session, CounterSession.counter_id == counter_id)
            if there is None:
                raise SeatedElsewhere(counter="…") from None
    if there is not None:
        raise CounterTaken(counter=counter.name, name=there.account.name)
    evening.announce(session, counter.office_id, ended, now)
    _announce_counter(session, counter, "counter.opened", account, now)
    return counter


def close_counter(session: Session, counter_id: int, account: Account, now: datetime) -> None:
    """Leave a counter; doing so again changes nothing.

    Raises NotFound, NotAllowed, CounterBusy; CounterClosed where a colleague has it, unless the account may
    close any counter.
    """
    counter = seat.counter_for(session, counter_id, account)
    there = session.scalar(
        select(CounterSession)
        .where(CounterSession.counter_id == counter_id, CounterSession.closed_at.is_(None))
        .with_for_update()
    )
    if there is None:
        return
    if there.account_id != account.id and not roles.may(account, Permission.CLOSE_ANY_COUNTER):
        raise CounterClosed(counter=counter.name)
    seat.require_empty(session, counter_id, counter.name)
    there.closed_at = now
    session.flush()
    _announce_counter(session, counter, "counter.closed", account, now)


def call_next(
    session: Session, counter_id: int, account: Account, now: datetime, rules: Rules
) -> Visit | None:
    """Call the best waiting ticket that this counter serves; None where nobody is waiting for it.

    Raises NotFound, NotAllowed, CounterClosed, CounterBusy.
    """
    here = seat.take(session, counter_id, account)
    today = sheet.day_of(now, here.time_zone)
    while waiting := _waiting(session, here, today):
        visit = _take(session, here, [each.id for each in order.in_order(waiting, now, rules)], now)
        if visit is not None:
            _announce(session, here, visit, "ticket.called", now)
            return visit
        seat.require_empty(session, counter_id, here.counter)
    seat.require_empty(session, counter_id, here.counter)
    return None


def recall(
    session: Session, counter_id: int, account: Account, now: datetime, ticket: str | None = None
) -> Visit:
    """Call the visitor of this counter once more. Raises NotFound, NotAllowed, CounterClosed, NobodyThere.

    `ticket` (A001), here and below: only if it is this one that the counter has, and not one called since.
    """
    here = seat.take(session, counter_id, account)
    values = {"calls": Ticket.calls + 1, "called_at": now}
    visit = _change(session, here, ticket, (TicketState.CALLED,), values)
    _announce(session, here, visit, "ticket.called", now)
    return visit


def start(
    session: Session, counter_id: int, account: Account, now: datetime, ticket: str | None = None
) -> Visit:
    """The visitor has come. Raises NotFound, NotAllowed, CounterClosed, NobodyThere."""
    here = seat.take(session, counter_id, account)
    values = {"state": TicketState.SERVING, "serving_at": now}
    visit = _change(session, here, ticket, (TicketState.CALLED,), values)
    _announce(session, here, visit, "ticket.serving", now)
    return visit


def finish(
    session: Session, counter_id: int, account: Account, now: datetime, ticket: str | None = None
) -> Visit:
    """The visit is over, the appointment too. Raises NotFound, NotAllowed, CounterClosed, NobodyThere."""
    here = seat.take(session, counter_id, account)
    values = {
        "state": TicketState.DONE,
        "ended_at": now,
        # Who finishes without having started began, as far as anyone knows, when the visitor was called.
        "serving_at": func.coalesce(Ticket.serving_at, Ticket.called_at),
    }
    visit = _change(session, here, ticket, AT_COUNTER, values)
    return _end(session, here, visit, now)


def no_show(
    session: Session, counter_id: int, account: Account, now: datetime, ticket: str | None = None
) -> Visit:
    """Nobody came when called. Raises NotFound, NotAllowed, CounterClosed, NobodyThere."""
    here = seat.take(session, counter_id, account)
    values = {"state": TicketState.NO_SHOW, "ended_at": now}
    visit = _change(session, here, ticket, (TicketState.CALLED,), values)
    return _end(session, here, visit, now)


def _open_session(session: Session, whose: Any) -> CounterSession | None:
    return session.scalar(select(CounterSession).where(whose, CounterSession.closed_at.is_(None)))


def _waiting(session: Session, here: Seat, today: date) -> Sequence[Waiting]:
    parameters = {"office": here.office_id, "day": today, "counter": here.counter_id}
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


def _change(
    session: Session, here: Seat, ticket: str | None, states: tuple[TicketState, ...], values: dict[str, Any]
) -> Visit:
    wanted = [Ticket.counter_id == here.counter_id, Ticket.state.in_(states)]
    if ticket is not None:
        wanted += [Ticket.series == ticket[:1], Ticket.number == int(ticket[1:])]
    statement = update(Ticket).where(*wanted).values(**values).returning(*_VISIT)
    row: Any = session.execute(statement, execution_options={"synchronize_session": False}).one_or_none()
    if row is None:
        raise NobodyThere(counter=here.counter)
    return Visit(*row)


def _end(session: Session, here: Seat, visit: Visit, now: datetime) -> Visit:
    evening.end_appointment(session, visit.appointment_id, visit.state, now)
    _announce(session, here, visit, f"ticket.{visit.state}", now)
    return visit


def _announce(session: Session, here: Seat, visit: Visit, kind: str, now: datetime) -> None:
    data: dict[str, Any] = {"ticket": visit.ticket, "counter": here.counter}
    if kind == "ticket.called":
        data["call"] = visit.call
    actor, subject = f"account:{here.account_id}", f"ticket:{visit.id}"
    events.append(session, here.office_id, kind, now, actor=actor, subject=subject, data=data)


def _announce_counter(session: Session, counter: Counter, kind: str, account: Account, now: datetime) -> None:
    actor, subject, data = f"account:{account.id}", f"counter:{counter.id}", {"counter": counter.name}
    events.append(session, counter.office_id, kind, now, actor=actor, subject=subject, data=data)
