"""Steering the line: let somebody go first, keep a ticket for somebody, pass a visitor on, take one out."""

from datetime import datetime

from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.errors import N_, Conflict, Invalid
from frontoffice.line import evening, parking, seat, undoing, visitor, wishes
from frontoffice.line.models import AT_COUNTER, STANDING, Priority, Ticket, TicketState
from frontoffice.line.order import Wish
from frontoffice.line.seat import Seat
from frontoffice.offices.models import Service
from frontoffice.staff.models import Account


class ToItself(Conflict):
    """A visitor is passed on to where they are."""

    code = "to_itself"
    sentence = N_("The visitor is at this counter already. Please choose another counter or concern.")


def favour(
    session: Session,
    counter_id: int,
    account: Account,
    now: datetime,
    ticket: str,
    reason: Priority | None,
) -> Ticket:
    """Let a waiting person go first, for a reason; without one they wait as everybody. Raises NotWaiting.

    Here and below also NotFound, NotAllowed and CounterClosed: who steers sits at an open counter.
    """
    here = seat.take(session, counter_id, account)
    found = visitor.named(session, here, ticket, STANDING, now)
    found.priority, found.priority_at = reason, now if reason else None
    undoing.settle(found)
    # The event says that, but not why: the reason can be a matter of health, and events are kept long.
    return _steered(session, here, found, "ticket.favoured" if reason else "ticket.waiting", now)


def wish(
    session: Session,
    counter_id: int,
    account: Account,
    now: datetime,
    ticket: str,
    *,
    for_counter_id: int | None = None,
    for_account_id: int | None = None,
    for_language: str | None = None,
    for_team: str | None = None,
) -> Ticket:
    """Keep a waiting ticket for a counter, a person, a language, a team; none of them: for everybody again.

    Raises NotWaiting; NobodyCan where no open counter is all that and serves the concern.
    """
    here = seat.take(session, counter_id, account)
    found = visitor.named(session, here, ticket, STANDING, now)
    wanted = Wish(found.service_id, for_counter_id, for_account_id, for_team, for_language)
    if wanted != Wish(found.service_id):
        wishes.require_callable(session, here.office_id, wanted)
    wishes.keep(found, wanted)
    undoing.settle(found)
    return _steered(session, here, found, "ticket.waiting", now)


def transfer(
    session: Session,
    counter_id: int,
    account: Account,
    now: datetime,
    ticket: str | None = None,
    *,
    to_counter_id: int | None = None,
    to_service_id: int | None = None,
    to_team: str | None = None,
    note: str = "",
) -> Ticket:
    """Pass the visitor on to another open counter, to a team, or to all counters of another service, with a note.

    The place in the line is kept: who has waited does not start anew. So is the language, where somebody speaks it.
    Raises NobodyThere, NobodyCan, ToItself; Invalid where neither counter nor team nor service is given, or this
    office does not offer the service. Whether an open counter serves it says `wishes.is_stranded`.
    """
    if to_counter_id is None and to_service_id is None and to_team is None:
        raise Invalid("to", N_("Please choose a counter, a team or a concern."))
    here = seat.take(session, counter_id, account)
    if to_counter_id == counter_id:
        raise ToItself
    if to_counter_id is not None or to_team is not None:
        wishes.require_open(session, here.office_id, counter_id=to_counter_id, team=to_team)
    if to_service_id is not None:
        _require_service(session, here, to_service_id)
    passed = visitor.there(session, here, ticket, AT_COUNTER)
    undoing.remember(passed, counter_id, now)
    passed.state, passed.counter_id, passed.returns = TicketState.WAITING, None, False
    passed.called_at = passed.serving_at = passed.wake_at = passed.next_told_at = None
    passed.calls = 0
    passed.service_id = to_service_id or passed.service_id
    wanted = Wish(passed.service_id, to_counter_id, None, to_team, passed.for_language)
    wishes.keep(passed, wishes.possible(wanted, wishes.open_posts(session, here.office_id)))
    passed.note = parking.worded(note) if note.strip() else None
    return _steered(session, here, passed, "ticket.transferred", now)


def leave(session: Session, counter_id: int, account: Account, now: datetime, ticket: str) -> Ticket:
    """Take somebody who has gone out of the line. Raises NotWaiting."""
    here = seat.take(session, counter_id, account)
    found = visitor.named(session, here, ticket, STANDING, now)
    undoing.remember(found, counter_id, now)
    found.state, found.ended_at = TicketState.LEFT, now
    evening.end_appointment(session, found.appointment_id, found.state, now)
    return _steered(session, here, found, "ticket.left", now)


def _require_service(session: Session, here: Seat, service_id: int) -> None:
    service = session.get(Service, service_id)
    if service is None or service.office_id != here.office_id or not service.active:
        raise Invalid("to", N_("This office does not offer that service. Please choose another one."))


def _steered(session: Session, here: Seat, ticket: Ticket, kind: str, now: datetime) -> Ticket:
    session.flush()
    actor, subject = f"account:{here.account_id}", f"ticket:{ticket.id}"
    data = {"ticket": ticket.code, "counter": here.counter}
    events.append(session, here.office_id, kind, now, actor=actor, subject=subject, data=data)
    return ticket
