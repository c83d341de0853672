"""Who may call a ticket: a certain counter, person or team, a counter where a language is spoken.

The rules are those of `order.may_call`, written in SQL because a counter asks with every call; a test compares them.

A wish stands only as long as an open counter can fulfil it. Whoever closes or pauses takes the wishes that
depend on it with them, so that nobody waits for somebody who is not there.
"""

from collections.abc import Collection
from datetime import date
from itertools import combinations
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from frontoffice.errors import N_, Conflict
from frontoffice.line import order
from frontoffice.line.models import STANDING, CounterSession, Ticket
from frontoffice.line.order import Post, Wish
from frontoffice.line.picture import wish_of
from frontoffice.offices.models import Counter, counter_service

# What is given up first where all of it together cannot be had.
_GIVEN_UP = ("language", "account_id", "team", "counter_id")


class NobodyCan(Conflict):
    """A wish that no open counter can fulfil."""

    code = "nobody_can"
    sentence = N_("No open counter can do that at the moment. Please choose another one.")


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
    session: Session, office_id: int, *, counter_id: int | None = None, team: str | None = None
) -> None:
    """Raise NobodyCan unless one of the office's open counters is all that, whatever it serves."""
    require_callable(session, office_id, Wish(None, counter_id, None, team))


def require_callable(session: Session, office_id: int, wish: Wish) -> None:
    """Raise NobodyCan unless one of the office's open counters may call somebody with that concern and wish."""
    if not any(order.may_call(wish, post) for post in open_posts(session, office_id)):
        raise NobodyCan


def is_stranded(session: Session, ticket: Ticket) -> bool:
    """Whether no counter that is open may call the ticket."""
    posts = open_posts(session, ticket.office_id)
    return not any(order.may_call(wish_of(ticket), post) for post in posts)


def possible(wish: Wish, posts: Collection[Post]) -> Wish:
    """As much of the wish as one of the counters can fulfil; nothing of it where no counter serves the concern."""
    wanted = [name for name in _GIVEN_UP if getattr(wish, name) is not None]
    for many in range(len(wanted) + 1):
        for given_up in combinations(wanted, many):
            less = wish._replace(**dict.fromkeys(given_up))
            if any(order.may_call(less, post) for post in posts):
                return less
    return Wish(wish.service_id)


def keep(ticket: Ticket, wish: Wish) -> None:
    """Keep the ticket for whom the wish says."""
    ticket.for_counter_id, ticket.for_account_id = wish.counter_id, wish.account_id
    ticket.for_team, ticket.for_language = wish.team, wish.language


def drop_unfulfillable(session: Session, office_id: int, day: date) -> None:
    """Let those whose wish nobody can fulfil any more be called by others, and in the end by everybody."""
    kept_for_somebody = session.scalars(
        select(Ticket)
        .where(
            Ticket.office_id == office_id,
            Ticket.day == day,
            Ticket.state.in_(STANDING),
            or_(
                Ticket.for_counter_id.is_not(None),
                Ticket.for_account_id.is_not(None),
                Ticket.for_team.is_not(None),
                Ticket.for_language.is_not(None),
            ),
        )
        .order_by(Ticket.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if not kept_for_somebody:
        return
    posts = open_posts(session, office_id)
    for ticket in kept_for_somebody:
        keep(ticket, possible(wish_of(ticket), posts))
    session.flush()


def open_posts(session: Session, office_id: int) -> list[Post]:
    """The office's counters at which people are called: open, and not pausing."""
    rows = session.execute(
        select(CounterSession.counter_id, CounterSession.account_id, Counter.team, Counter.languages)
        .join(Counter, Counter.id == CounterSession.counter_id)
        .where(
            Counter.office_id == office_id,
            CounterSession.closed_at.is_(None),
            CounterSession.paused_at.is_(None),
        )
    ).all()
    served: dict[int, set[int]] = {counter: set() for counter, *_ in rows}
    for counter, service in session.execute(
        select(counter_service.c.counter_id, counter_service.c.service_id).where(
            counter_service.c.counter_id.in_(served)
        )
    ):
        served[counter].add(service)
    return [
        Post(counter, account, team, served[counter], languages) for counter, account, team, languages in rows
    ]
