"""The order of the line: one pure function of the waiting tickets, the time and the office's rules.

Everybody gets a place: a turn (those whose time has come go before those who are early) and, within it, a
moment to sort by. Appointments and walk-ins share this one axis of time, so that neither starves the other.
A new reason to be called sooner or later is one more function in `RULES`.

Which of them a counter may call at all is said by `may_call`, again rule by rule: what the counter serves, and for
whom a ticket is kept.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import NamedTuple

from frontoffice.config import Line


class Waiting(NamedTuple):
    """What counts about a waiting ticket. `due_at` is the time of its appointment, if it has one.

    `back_at`: when a visitor who was sent away for a moment came straight back. `favoured_at`: when staff let
    somebody go first.
    """

    id: int
    series: str
    number: int
    arrived_at: datetime
    due_at: datetime | None = None
    back_at: datetime | None = None
    favoured_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What is late, how long a walk-in stands back, and what is near the time of an appointment."""

    late: timedelta
    walk_in: timedelta
    near: timedelta = timedelta(minutes=5)


class Turn(IntEnum):
    """Who goes before whom, whatever the clock says."""

    BACK = 0
    FAVOURED = 1
    COME = 2
    EARLY = 3


Place = tuple[Turn, datetime]
Rule = Callable[[Waiting, datetime, Rules], Place | None]


def rules_of(line: Line) -> Rules:
    """The rules that the configuration sets."""
    return Rules(late=timedelta(minutes=line.late_minutes), walk_in=timedelta(minutes=line.walk_in_minutes))


def straight_back(ticket: Waiting, _now: datetime, _rules: Rules) -> Place | None:
    """Who was sent to pay or to fill in a form has waited once already, and goes on where the visit stopped."""
    return (Turn.BACK, ticket.back_at) if ticket.back_at is not None else None


def favoured(ticket: Waiting, _now: datetime, _rules: Rules) -> Place | None:
    """Whom staff let go first, with a reason, goes before everybody who can wait."""
    return (Turn.FAVOURED, ticket.favoured_at) if ticket.favoured_at is not None else None


def walk_in(ticket: Waiting, _now: datetime, rules: Rules) -> Place | None:
    """Without an appointment one stands behind appointments of the next minutes, and ages up by waiting."""
    return (Turn.COME, ticket.arrived_at + rules.walk_in) if ticket.due_at is None else None


def late(ticket: Waiting, _now: datetime, rules: Rules) -> Place | None:
    """Who comes too late loses the appointment's precedence and keeps a place: that of a walk-in."""
    if ticket.due_at is None or ticket.arrived_at <= ticket.due_at + rules.late:
        return None
    return Turn.COME, ticket.arrived_at + rules.walk_in


def early(ticket: Waiting, now: datetime, rules: Rules) -> Place | None:
    """Who is early waits for the appointment's time, but need not while nobody else is waiting."""
    if ticket.due_at is None or ticket.due_at <= now + rules.near:
        return None
    return Turn.EARLY, ticket.due_at


def due(ticket: Waiting, _now: datetime, _rules: Rules) -> Place | None:
    """Appointments that are near their time or past it are called in the order of their times."""
    return (Turn.COME, ticket.due_at) if ticket.due_at is not None else None


# The first that has something to say decides.
RULES: tuple[Rule, ...] = (straight_back, favoured, walk_in, late, early, due)


def place(ticket: Waiting, now: datetime, rules: Rules) -> Place:
    """The ticket's place; the smaller one is called first."""
    for rule in RULES:
        found = rule(ticket, now, rules)
        if found is not None:
            return found
    raise AssertionError("the last rules cover every ticket")


def changes_at(ticket: Waiting, now: datetime, rules: Rules) -> datetime | None:
    """When the ticket's place changes by itself; None where it stays as it is."""
    if place(ticket, now, rules)[0] is Turn.EARLY and ticket.due_at is not None:
        return ticket.due_at - rules.near
    return None


def in_order(tickets: Iterable[Waiting], now: datetime, rules: Rules) -> list[Waiting]:
    """The tickets as they are to be called, first one first; at the same place by arrival, then by number."""
    return sorted(
        tickets,
        key=lambda ticket: (*place(ticket, now, rules), ticket.arrived_at, ticket.number, ticket.series),
    )


class Wish(NamedTuple):
    """What a ticket is about (None: to be clarified), and for whom it is kept."""

    service_id: int | None
    counter_id: int | None = None
    account_id: int | None = None
    team: str | None = None
    language: str | None = None


class Post(NamedTuple):
    """An open counter: who sits there, for which team, what it serves and which languages are spoken."""

    counter_id: int
    account_id: int
    team: str
    services: Collection[int]
    languages: Collection[str] = ()


def served_there(wish: Wish, post: Post) -> bool:
    """The counter serves the concern; who was passed on to it or to its team is taken there whatever it is."""
    return (
        wish.service_id is None
        or wish.service_id in post.services
        or wish.counter_id == post.counter_id
        or wish.team == post.team
    )


def for_a_counter(wish: Wish, post: Post) -> bool:
    """Who is kept for a counter, such as one who was sent to pay and comes back, is called only there."""
    return wish.counter_id in (None, post.counter_id)


def for_a_person(wish: Wish, post: Post) -> bool:
    """Who is kept for a member of staff is called only where that person sits."""
    return wish.account_id in (None, post.account_id)


def for_a_team(wish: Wish, post: Post) -> bool:
    """Who was passed on to a team is called by whoever of it is free first."""
    return wish.team in (None, post.team)


def for_a_language(wish: Wish, post: Post) -> bool:
    """Who needs a language is called only where it is spoken."""
    return wish.language is None or wish.language in post.languages


MAY_CALL: tuple[Callable[[Wish, Post], bool], ...] = (
    served_there,
    for_a_counter,
    for_a_person,
    for_a_team,
    for_a_language,
)


def may_call(wish: Wish, post: Post) -> bool:
    """Whether the counter may call the ticket: every rule says so."""
    return all(rule(wish, post) for rule in MAY_CALL)
