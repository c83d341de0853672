"""Parked tickets: the visitor waits for something, or was sent away for a moment and comes straight back."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.errors import N_, Invalid
from frontoffice.line import seat, undoing, visitor, wishes
from frontoffice.line.models import AT_COUNTER, Ticket, TicketState
from frontoffice.line.picture import wish_of
from frontoffice.line.seat import Seat
from frontoffice.printable import is_line
from frontoffice.staff.models import Account

LONGEST = timedelta(hours=10)
LONGEST_NOTE = 200


def park(
    session: Session,
    counter_id: int,
    account: Account,
    now: datetime,
    ticket: str | None = None,
    *,
    reason: str,
    wake_at: datetime | None = None,
) -> Ticket:
    """Let the counter's visitor wait aside, until `wake_at` or until staff say so; the place in the line is kept.

    Raises Invalid without a reason or for a time that has passed; else as `calling.start`.
    """
    _require_later(wake_at, now)
    here = seat.take(session, counter_id, account)
    found = visitor.there(session, here, ticket, AT_COUNTER)
    undoing.remember(found, counter_id, now)
    found.wake_at = wake_at
    return _aside(session, here, found, worded(reason), now)


def set_aside(
    session: Session,
    counter_id: int,
    account: Account,
    now: datetime,
    ticket: str,
    *,
    reason: str,
    wake_at: datetime | None = None,
) -> Ticket:
    """Let somebody who waits do so aside, such as one who is not in the room just now. Raises as `park`; NotWaiting."""
    _require_later(wake_at, now)
    here = seat.take(session, counter_id, account)
    found = visitor.named(session, here, ticket, (TicketState.WAITING,), now)
    undoing.remember(found, counter_id, now)
    found.wake_at = wake_at
    return _aside(session, here, found, worded(reason), now)


def send_away(
    session: Session,
    counter_id: int,
    account: Account,
    now: datetime,
    ticket: str | None = None,
    *,
    reason: str,
) -> Ticket:
    """Send the visitor to pay or to fill in a form: who comes straight back is next at this counter."""
    here = seat.take(session, counter_id, account)
    found = visitor.there(session, here, ticket, AT_COUNTER)
    undoing.remember(found, counter_id, now)
    found.returns, found.wake_at = True, None
    # Whoever picked the number need not be for whom it was kept.
    back = wish_of(found)._replace(counter_id=counter_id)
    posts = wishes.open_posts(session, here.office_id)
    wishes.keep(found, wishes.possible(back, [post for post in posts if post.counter_id == counter_id]))
    return _aside(session, here, found, worded(reason), now)


def is_back(session: Session, counter_id: int, account: Account, now: datetime, ticket: str) -> Ticket:
    """A parked visitor is there again and waits to be called. Raises NotWaiting; else as `calling.start`."""
    here = seat.take(session, counter_id, account)
    parked = visitor.named(session, here, ticket, (TicketState.PARKED,), now)
    undoing.remember(parked, counter_id, now)
    _wake(parked, now)
    session.flush()
    _happened(session, parked, f"account:{account.id}", now)
    return parked


def wake(session: Session, now: datetime) -> int:
    """Let those wait again whose time has come, at all offices; says how many. For the worker, every few seconds."""
    due = session.scalars(
        select(Ticket)
        .where(Ticket.state == TicketState.PARKED, Ticket.wake_at <= now)
        .order_by(Ticket.office_id, Ticket.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for ticket in due:
        _wake(ticket, now)
    session.flush()
    for ticket in due:
        _happened(session, ticket, "worker", now)
    return len(due)


def worded(text: str) -> str:
    """A note or reason as it is kept, in one line. Raises Invalid where it is empty or too long."""
    tidy = " ".join(text.split())
    if not tidy or not is_line(tidy):
        raise Invalid("reason", N_("Please say why in a few words."))
    if len(tidy) > LONGEST_NOTE:
        raise Invalid("reason", N_("Please use %(most)s characters at most."), most=LONGEST_NOTE)
    return tidy


def _require_later(wake_at: datetime | None, now: datetime) -> None:
    if wake_at is not None and not now < wake_at <= now + LONGEST:
        raise Invalid("wake_at", N_("Please choose a time later today."))


def _aside(session: Session, here: Seat, parked: Ticket, reason: str, now: datetime) -> Ticket:
    parked.state, parked.counter_id, parked.note = TicketState.PARKED, None, reason
    parked.called_at = parked.serving_at = None
    parked.calls = 0
    session.flush()
    actor, subject = f"account:{here.account_id}", f"ticket:{parked.id}"
    data = {"ticket": parked.code, "counter": here.counter}
    events.append(session, here.office_id, "ticket.parked", now, actor=actor, subject=subject, data=data)
    return parked


def _wake(ticket: Ticket, now: datetime) -> None:
    ticket.state = TicketState.WAITING
    ticket.wake_at = now if ticket.returns else None
    ticket.next_told_at = None  # "you are next" is true anew


def _happened(session: Session, ticket: Ticket, actor: str, now: datetime) -> None:
    subject, data = f"ticket:{ticket.id}", {"ticket": ticket.code}
    events.append(session, ticket.office_id, "ticket.waiting", now, actor=actor, subject=subject, data=data)
