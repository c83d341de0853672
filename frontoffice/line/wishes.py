"""Who may call a ticket: a certain counter, person or team, a counter where a language is spoken.

The rules are those of `order.may_call`, written in SQL because a counter asks with every call; a test compares them.

A wish stands only as long as an open counter can fulfil it. Whoever closes or pauses takes the wishes that
depend on it with them, so that nobody waits for somebody who is not there.
"""

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from frontoffice.errors import N_, Conflict
from frontoffice.line.models import CounterSession, Ticket, TicketState
from frontoffice.offices.models import Counter, counter_service

STANDING = (TicketState.WAITING, TicketState.PARKED)


class NobodyCan(Conflict):
    """A wish that no open counter can fulfil."""

    code = "nobody_can"
    sentence = N_("No open counter can do that at the moment. Please choose another one.")


class _Seat(NamedTuple):
    counter_id: int
    account_id: int
    languages: list[str]
    team: str


def callable_by(counter: Any, account: Any, spoken: Any, team: Any = "") -> list[ColumnElement[bool]]:
    """Which tickets somebody at a counter may call: by what the counter serves, and by the tickets' wishes.

    `counter` and `account` are ids or bound parameters, `team` the counter's team or one for it, `spoken` the counter's
    languages; None leaves them to the caller. Who was passed on to a counter or team is taken there for any concern.
    """
    served = select(counter_service.c.service_id).where(counter_service.c.counter_id == counter)
    return [
        or_(
            Ticket.service_id.is_(None),
            Ticket.service_id.in_(served),
            Ticket.for_counter_id == counter,
            Ticket.for_team == team,
        ),
        or_(Ticket.for_counter_id.is_(None), Ticket.for_counter_id == counter),
        or_(Ticket.for_account_id.is_(None), Ticket.for_account_id == account),
        or_(Ticket.for_team.is_(None), Ticket.for_team == team),
        *([] if spoken is None else [or_(Ticket.for_language.is_(None), Ticket.for_language.in_(spoken))]),
    ]


def require_open(
    session: Session,
    office_id: int,
    *,
    counter_id: int | None = None,
    account_id: int | None = None,
    language: str | None = None,
    team: str | None = None,
) -> None:
    """Raise NobodyCan unless one of the office's open counters is all that."""
    for seat in _open(session, office_id):
        if (
            counter_id in (None, seat.counter_id)
            and account_id in (None, seat.account_id)
            and (language is None or language in seat.languages)
            and team in (None, seat.team)
        ):
            return
    raise NobodyCan


def drop_unfulfillable(session: Session, office_id: int, day: date) -> None:
    """Let those whose wish nobody can fulfil any more be called by everybody."""
    seats = _open(session, office_id)
    standing = (Ticket.office_id == office_id, Ticket.day == day, Ticket.state.in_(STANDING))
    for column, there in (
        (Ticket.for_counter_id, {seat.counter_id for seat in seats}),
        (Ticket.for_account_id, {seat.account_id for seat in seats}),
        (Ticket.for_team, {seat.team for seat in seats}),
        (Ticket.for_language, {language for seat in seats for language in seat.languages}),
    ):
        session.execute(
            update(Ticket)
            .where(*standing, column.is_not(None), column.not_in(there))
            .values({column: None})
            .execution_options(synchronize_session=False)
        )


def _open(session: Session, office_id: int) -> list[_Seat]:
    rows = session.execute(
        select(CounterSession.counter_id, CounterSession.account_id, Counter.languages, Counter.team)
        .join(Counter, Counter.id == CounterSession.counter_id)
        .where(
            Counter.office_id == office_id,
            CounterSession.closed_at.is_(None),
            CounterSession.paused_at.is_(None),
        )
    )
    return [_Seat(*row) for row in rows]
