"""The open counter that somebody acts at, and its lock: whoever calls or serves comes through here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from frontoffice.errors import N_, Conflict, NotFound
from frontoffice.line.models import AT_COUNTER, CounterSession, Ticket
from frontoffice.offices.models import Counter, Office
from frontoffice.quick import Quick, Rider
from frontoffice.staff import roles
from frontoffice.staff.models import Account


class CounterClosed(Conflict):
    """Nobody can act at a counter that they have not opened."""

    code = "counter_closed"
    sentence = N_("You have not opened counter %(counter)s. Please open it first.")


class CounterPaused(Conflict):
    """Nobody is called to a counter with the sign "back soon"."""

    code = "counter_paused"
    sentence = N_("Counter %(counter)s is pausing. Please end the pause first.")


class CounterBusy(Conflict):
    """One visitor at a time."""

    code = "counter_busy"
    sentence = N_("There is still a visitor at counter %(counter)s. Please finish, or note that nobody came.")


@dataclass(frozen=True, slots=True)
class Seat:
    """An open counter, locked until the commit."""

    account_id: int
    counter_id: int
    counter: str
    office_id: int
    time_zone: str
    languages: list[str]
    team: str
    room: str
    paused_at: datetime | None


_COLUMNS: tuple[Any, ...] = (
    CounterSession.account_id,
    Counter.id,
    Counter.name,
    Office.id,
    Office.time_zone,
    Counter.languages,
    Counter.team,
    Counter.room,
    CounterSession.paused_at,
)


def _seat(start: Select[Any]) -> Select[Any]:
    return (
        start.join(Counter, Counter.id == CounterSession.counter_id)
        .join(Office, Office.id == Counter.office_id)
        .where(CounterSession.counter_id == bindparam("counter"), CounterSession.closed_at.is_(None))
        .with_for_update(of=CounterSession)
    )


def _with_seat(signed_in: Select[Any]) -> Select[Any]:
    return _seat(
        signed_in.add_columns(*_COLUMNS).join(CounterSession, CounterSession.account_id == Account.id)
    )


# Built once: putting a statement together takes longer than running it.
_SEAT = Quick(_seat(select(*_COLUMNS).select_from(CounterSession)))
_VISITOR = select(Ticket.id).where(Ticket.counter_id == bindparam("counter"), Ticket.state.in_(AT_COUNTER))


def beside(counter_id: int) -> Rider:
    """For `signing_in.session_of`: find the counter, and lock it, in the same round trip as who is signed in.

    Only the counter that they have opened themselves.
    """
    return Rider(_with_seat, {"counter": counter_id})


def take(session: Session, counter_id: int, account: Account, beside: Rider | None = None) -> Seat:
    """The counter, locked, if the account has opened it; `beside` may have found it already.

    Raises NotFound, NotAllowed, CounterClosed.
    """
    row = beside.took(session) if beside is not None else None
    if row is None:
        rows = _SEAT.run(session, {"counter": counter_id})
        if not rows or rows[0][0] != account.id:
            raise CounterClosed(counter=counter_for(session, counter_id, account).name)
        row = rows[0]
    seat = Seat(*row)
    roles.require_office(account, seat.office_id)
    return seat


def ready(session: Session, counter_id: int, account: Account, beside: Rider | None = None) -> Seat:
    """As `take`, for calling somebody to the counter. Raises CounterPaused too."""
    here = take(session, counter_id, account, beside)
    if here.paused_at is not None:
        raise CounterPaused(counter=here.counter)
    return here


def require_empty(session: Session, counter_id: int, name: str) -> None:
    """Raise CounterBusy while there is a visitor at the counter.

    Ask after the lock was given: on PostgreSQL a statement sees only what was committed before it began.
    """
    if session.scalar(_VISITOR, {"counter": counter_id}) is not None:
        raise CounterBusy(counter=name)


def counter_for(session: Session, counter_id: int, account: Account) -> Counter:
    """The counter, not locked. Raises NotFound; NotAllowed where the account is of another office."""
    counter = session.get(Counter, counter_id)
    if counter is None:
        raise NotFound
    roles.require_office(account, counter.office_id)
    return counter
