"""Opening and closing counters, pausing, calling a colleague for help, the alarm."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.booking import sheet
from frontoffice.errors import N_, Conflict, NotFound
from frontoffice.line import evening, seat, undoing, wishes
from frontoffice.line.models import AT_COUNTER, CounterSession, Ticket, TicketState
from frontoffice.line.seat import CounterClosed
from frontoffice.offices.models import Counter
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
        if not counter.active:
            raise NotFound
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
                elsewhere = _open_session(session, CounterSession.account_id == account.id)
                raise SeatedElsewhere(counter=elsewhere.counter.name if elsewhere else "") from None
    if there is not None:
        raise CounterTaken(counter=counter.name, name=there.account.name)
    evening.announce(session, counter.office_id, ended, now)
    _announce_counter(session, counter, "counter.opened", account, now)
    return counter


def close_counter(session: Session, counter_id: int, account: Account, now: datetime) -> None:
    """Leave a counter; doing so again changes nothing.

    Raises NotFound, NotAllowed, CounterBusy; CounterClosed where a colleague has it, unless the account may
    close any counter. Then a visitor whom the colleague has left behind waits again, in the old place.
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
    left_behind = None
    if there.account_id == account.id:
        seat.require_empty(session, counter_id, counter.name)
    else:
        left_behind = _send_back(session, counter_id)
    there.closed_at = now
    session.flush()
    wishes.drop_unfulfillable(session, counter.office_id, sheet.day_of(now, counter.office.time_zone))
    if left_behind is not None:
        actor, subject, data = (
            f"account:{account.id}",
            f"ticket:{left_behind.id}",
            {"ticket": left_behind.code},
        )
        events.append(
            session, counter.office_id, "ticket.waiting", now, actor=actor, subject=subject, data=data
        )
    _announce_counter(session, counter, "counter.closed", account, now)


def pause(session: Session, counter_id: int, account: Account, now: datetime) -> None:
    """Nobody is called here for a while, and the screen says so; doing so again changes nothing.

    Raises NotFound, NotAllowed, CounterClosed, CounterBusy.
    """
    here = seat.take(session, counter_id, account)
    seat.require_empty(session, counter_id, here.counter)
    if here.paused_at is not None:
        return
    _set_pause(session, counter_id, now)
    wishes.drop_unfulfillable(session, here.office_id, sheet.day_of(now, here.time_zone))
    _announce_counter(session, seat.counter_for(session, counter_id, account), "counter.paused", account, now)


def resume(session: Session, counter_id: int, account: Account, now: datetime) -> None:
    """The pause is over; doing so again changes nothing. Raises NotFound, NotAllowed, CounterClosed."""
    here = seat.take(session, counter_id, account)
    if here.paused_at is None:
        return
    _set_pause(session, counter_id, None)
    _announce_counter(session, seat.counter_for(session, counter_id, account), "counter.opened", account, now)


def call_for_help(
    session: Session, counter_id: int, account: Account, now: datetime, *, from_counter_id: int | None = None
) -> None:
    """Ask a colleague to come to this counter: whoever can, or the one at a certain counter.

    Raises NotFound, NotAllowed, CounterClosed; NobodyCan where the other counter is not open.
    """
    here = seat.take(session, counter_id, account)
    more = {}
    if from_counter_id is not None:
        wishes.require_open(session, here.office_id, counter_id=from_counter_id)
        more = {"asked": seat.counter_for(session, from_counter_id, account).name}
    counter = seat.counter_for(session, counter_id, account)
    _announce_counter(session, counter, "counter.help", account, now, more)


def alarm(session: Session, counter_id: int, account: Account, now: datetime) -> None:
    """Somebody at this counter is in danger: every desk of the office is told at once, whoever has it open.

    Raises NotFound, NotAllowed.
    """
    counter = seat.counter_for(session, counter_id, account)
    _announce_counter(session, counter, "counter.alarm", account, now)


def _send_back(session: Session, counter_id: int) -> Ticket | None:
    visitor = session.scalar(
        select(Ticket)
        .where(Ticket.counter_id == counter_id, Ticket.state.in_(AT_COUNTER))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if visitor is not None:
        visitor.state, visitor.counter_id, visitor.calls = TicketState.WAITING, None, 0
        visitor.called_at = visitor.serving_at = visitor.next_told_at = None
        undoing.settle(visitor)
    return visitor


def _set_pause(session: Session, counter_id: int, since: datetime | None) -> None:
    session.execute(
        update(CounterSession)
        .where(CounterSession.counter_id == counter_id, CounterSession.closed_at.is_(None))
        .values(paused_at=since)
        .execution_options(synchronize_session=False)
    )


def _open_session(session: Session, whose: Any) -> CounterSession | None:
    return session.scalar(select(CounterSession).where(whose, CounterSession.closed_at.is_(None)))


def _announce_counter(
    session: Session,
    counter: Counter,
    kind: str,
    account: Account,
    now: datetime,
    more: Mapping[str, str] = MappingProxyType({}),
) -> None:
    actor, subject = f"account:{account.id}", f"counter:{counter.id}"
    data = {"counter": counter.name, "room": counter.room, **more}
    events.append(session, counter.office_id, kind, now, actor=actor, subject=subject, data=data)
