"""What the team view shows: who waits and how long, which counter serves what, and what somebody should look at."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from frontoffice.line import order
from frontoffice.line.desk import waiting_of
from frontoffice.line.models import AT_COUNTER, CounterSession, Ticket, TicketState
from frontoffice.line.order import Post, Rules, Wish
from frontoffice.offices.models import Counter, Office
from frontoffice.staff.models import Account

PARKED_LONG = timedelta(minutes=60)
CALLED_LONG = timedelta(minutes=5)


@dataclass(frozen=True)
class Manned:
    """A counter, who has opened it, and its visitor."""

    counter: Counter
    session: CounterSession | None
    visitor: Ticket | None

    @property
    def calls(self) -> bool:
        """Whether people are called there: it is open and does not pause."""
        return self.session is not None and self.session.paused_at is None


@dataclass(frozen=True)
class Here:
    """Somebody in the line: since when the wait counts, whether that is too long, and at which counters it may end."""

    ticket: Ticket
    since: datetime
    is_too_long: bool
    counters: Sequence[str]


@dataclass(frozen=True)
class Team:
    """The line of an office: `waiting` in the order of calling, `ended` today, `longest` wait until now."""

    counters: Sequence[Manned]
    waiting: Sequence[Here]
    parked: Sequence[Ticket]
    ended: int
    longest: timedelta

    @property
    def too_long(self) -> Sequence[Here]:
        """Who waits beyond the office's threshold."""
        return [each for each in self.waiting if each.is_too_long]

    @property
    def stranded(self) -> Sequence[Here]:
        """Who waits for something that no counter which calls now could do."""
        return [each for each in self.waiting if not each.counters]


def team(session: Session, office: Office, day: date, now: datetime, rules: Rules) -> Team:
    """The office's line on that day."""
    tickets = session.scalars(
        select(Ticket)
        .where(
            Ticket.office_id == office.id,
            Ticket.day == day,
            Ticket.state.in_((TicketState.WAITING, TicketState.PARKED, *AT_COUNTER)),
        )
        .options(joinedload(Ticket.service))
    ).all()
    visitors = {each.counter_id: each for each in tickets if each.state in AT_COUNTER}
    counters = _counters(session, office.id, visitors)
    posts = [_post(each) for each in counters if each.calls]
    by_id = {each.id: each for each in tickets if each.state is TicketState.WAITING}
    line = order.in_order(map(waiting_of, by_id.values()), now, rules)
    waiting = [_here(by_id[each.id], office, posts, now) for each in line]
    parked = sorted(
        (each for each in tickets if each.state is TicketState.PARKED), key=lambda each: each.arrived_at
    )
    longest = max((now - each.since for each in waiting), default=timedelta())
    longest = max(longest, timedelta())  # the wait of who is early has not begun
    return Team(counters, waiting, parked, _ended(session, office.id, day), longest)


def counts_from(ticket: Ticket) -> datetime:
    """From when on a wait counts: whoever is early for an appointment waits only from its time on."""
    return max(ticket.arrived_at, ticket.due_at) if ticket.due_at else ticket.arrived_at


def is_too_long(ticket: Ticket, office: Office, now: datetime) -> bool:
    """Whether somebody waits longer than the office lets happen without a warning."""
    most = office.appointment_warning if ticket.due_at else office.walk_in_warning
    return now - counts_from(ticket) > timedelta(minutes=most)


def called_long(counters: Collection[Manned], now: datetime) -> list[Manned]:
    """Counters to which somebody was called a while ago, and nobody has said what became of it."""
    return [
        each
        for each in counters
        if each.visitor is not None
        and each.visitor.state is TicketState.CALLED
        and each.visitor.called_at is not None
        and now - each.visitor.called_at > CALLED_LONG
    ]


def parked_long(parked: Collection[Ticket], now: datetime) -> list[Ticket]:
    """Who waits aside for long without a time at which that ends."""
    return [each for each in parked if each.wake_at is None and now - each.arrived_at > PARKED_LONG]


def _here(ticket: Ticket, office: Office, posts: Sequence[tuple[str, Post]], now: datetime) -> Here:
    wish = Wish(
        ticket.service_id,
        ticket.for_counter_id,
        ticket.for_account_id,
        ticket.for_team,
        ticket.for_language,
    )
    counters = [name for name, post in posts if order.may_call(wish, post)]
    return Here(ticket, counts_from(ticket), is_too_long(ticket, office, now), counters)


def _post(manned: Manned) -> tuple[str, Post]:
    assert manned.session is not None
    counter = manned.counter
    services = {each.id for each in counter.services}
    return counter.name, Post(
        counter.id, manned.session.account_id, counter.team, services, counter.languages
    )


def _counters(session: Session, office_id: int, visitors: dict[int | None, Ticket]) -> list[Manned]:
    counters = session.scalars(
        select(Counter)
        .where(Counter.office_id == office_id)
        .order_by(Counter.id)
        .options(selectinload(Counter.services))
    ).all()
    rows = session.scalars(
        select(CounterSession)
        .where(
            CounterSession.counter_id.in_([each.id for each in counters]), CounterSession.closed_at.is_(None)
        )
        .options(joinedload(CounterSession.account).lazyload(Account.places))
    )
    seated = {each.counter_id: each for each in rows}
    return [
        Manned(each, seated.get(each.id), visitors.get(each.id))
        for each in counters
        if each.active or each.id in seated
    ]


def _ended(session: Session, office_id: int, day: date) -> int:
    return (
        session.scalar(
            select(func.count()).where(
                Ticket.office_id == office_id, Ticket.day == day, Ticket.state == TicketState.DONE
            )
        )
        or 0
    )
