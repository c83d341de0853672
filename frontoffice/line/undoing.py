"""Taking back the last step at a counter, for a moment after it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.booking.models import Appointment, State
from frontoffice.errors import N_, Conflict
from frontoffice.events import Event
from frontoffice.line import seat, wishes
from frontoffice.line.models import AT_COUNTER, STANDING, Ticket, TicketState
from frontoffice.line.picture import wish_of
from frontoffice.staff.models import Account

FOR = timedelta(minutes=1)
UNDONE = "ticket.undone"
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)

# What steps change. Moments are kept as ISO text.
_PLAIN = (
    "counter_id",
    "service_id",
    "calls",
    "for_counter_id",
    "for_account_id",
    "for_language",
    "for_team",
    "returns",
    "note",
)
_MOMENTS = ("called_at", "serving_at", "ended_at", "wake_at", "next_told_at")

# Of a call the few things are known without looking: that saves a look at the busiest of all requests.
BEFORE_CALL: dict[str, Any] = {"state": TicketState.WAITING.value, "counter_id": None, "called_at": None}


class NothingToUndo(Conflict):
    """The last step is too long ago, or somebody has acted on the ticket since."""

    code = "nothing_to_undo"
    sentence = N_(
        "The last step can no longer be undone: it is more than a minute ago, or something has happened since."
    )


def remember(ticket: Ticket, counter_id: int, now: datetime) -> None:
    """Keep how the ticket is, before a step at the counter changes it."""
    moments = {name: getattr(ticket, name) for name in _MOMENTS}
    ticket.before = {
        "state": ticket.state.value,
        **{name: getattr(ticket, name) for name in _PLAIN},
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }
    ticket.step_at, ticket.step_counter_id = now, counter_id


def settle(ticket: Ticket) -> None:
    """What was done last with the ticket cannot be taken back any more: something has happened since."""
    ticket.step_at = ticket.step_counter_id = ticket.before = None


def step_of(ticket: Ticket) -> str | None:
    """The name of what was done last with the ticket, if that can be taken back: "17-1795417200000000"."""
    if ticket.step_at is None:
        return None
    return f"{ticket.id}-{(ticket.step_at - _EPOCH) // _MICROSECOND}"


def undo(
    session: Session, counter_id: int, account: Account, now: datetime, step: str | None = None
) -> Ticket:
    """Take back what was done last at this counter, and give the ticket as it is again.

    `step` (see `step_of`): only if it is this one that was done last. Pressed twice, it does nothing more: the
    step before is another one.
    Raises NotFound, NotAllowed, CounterClosed, NothingToUndo; CounterBusy where the ticket would come back to
    the counter, but another visitor is there.
    """
    here = seat.take(session, counter_id, account)
    ticket = session.scalar(
        _last(counter_id, now).with_for_update().execution_options(populate_existing=True)
    )
    if step is not None and (ticket is None or step_of(ticket) != step):
        return _taken_back(session, here.office_id, step)
    if ticket is None or ticket.before is None or _was_taken(ticket, counter_id):
        raise NothingToUndo
    before = TicketState(ticket.before["state"])
    if before in AT_COUNTER and ticket.state not in AT_COUNTER:
        seat.require_empty(session, counter_id, here.counter)
    undone, named = ticket.state, step_of(ticket)
    _restore(ticket)
    if ticket.state in STANDING:  # for whom it was kept may have gone since
        posts = wishes.open_posts(session, here.office_id)
        wishes.keep(ticket, wishes.possible(wish_of(ticket), posts))
    session.flush()
    _reopen_appointment(session, ticket, now)
    actor, subject = f"account:{account.id}", f"ticket:{ticket.id}"
    data = {"ticket": ticket.code, "counter": here.counter, "undone": undone, "step": named}
    events.append(session, here.office_id, UNDONE, now, actor=actor, subject=subject, data=data)
    return ticket


def last_step(session: Session, counter_id: int, now: datetime) -> Ticket | None:
    """The ticket whose last step at this counter can be taken back, as far as can be seen without a lock."""
    ticket = session.scalar(_last(counter_id, now))
    return None if ticket is None or _was_taken(ticket, counter_id) else ticket


def _taken_back(session: Session, office_id: int, step: str) -> Ticket:
    """The ticket of a step that was taken back already. Raises NothingToUndo where it was not."""
    if not re.fullmatch(r"[0-9]{1,18}-[0-9]{1,17}", step, re.ASCII):
        raise NothingToUndo
    number = int(step.split("-", maxsplit=1)[0])
    undone = session.scalars(
        select(Event.data).where(
            Event.office_id == office_id, Event.subject == f"ticket:{number}", Event.kind == UNDONE
        )
    )
    if not any(data.get("step") == step for data in undone):
        raise NothingToUndo
    return session.get_one(Ticket, number, populate_existing=True)


def _last(counter_id: int, now: datetime) -> Select[Ticket]:
    steps = select(Ticket).where(Ticket.step_counter_id == counter_id, Ticket.step_at > now - FOR)
    return steps.order_by(Ticket.step_at.desc(), Ticket.id.desc()).limit(1)


def _was_taken(ticket: Ticket, counter_id: int) -> bool:
    """Whether another counter has the ticket by now."""
    return ticket.state in AT_COUNTER and ticket.counter_id != counter_id


def _restore(ticket: Ticket) -> None:
    assert ticket.before is not None
    was_called = ticket.state in AT_COUNTER
    for name, value in ticket.before.items():
        if name == "state":
            ticket.state = TicketState(value)
        elif name in _MOMENTS:
            setattr(ticket, name, datetime.fromisoformat(value) if value else None)
        else:
            setattr(ticket, name, value)
    if ticket.state is TicketState.WAITING and ticket.called_at is None:
        ticket.calls = 0
    if ticket.state is TicketState.WAITING and was_called:
        ticket.next_told_at = None  # "you are next" is true anew
    if ticket.ended_at is None:
        ticket.done = None
    ticket.before = ticket.step_at = ticket.step_counter_id = None


def _reopen_appointment(session: Session, ticket: Ticket, now: datetime) -> None:
    if ticket.appointment_id is None or ticket.ended_at is not None:
        return
    session.execute(
        update(Appointment)
        .where(Appointment.id == ticket.appointment_id, Appointment.state.in_((State.DONE, State.NO_SHOW)))
        .values(state=State.CHECKED_IN, changed_at=now)
        .execution_options(synchronize_session=False)
    )
