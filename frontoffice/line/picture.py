"""What the tables know about an office's line, as the picture that `forecast` looks at."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, bindparam, case, select
from sqlalchemy.orm import Session

from frontoffice.booking import sheet
from frontoffice.booking.models import Appointment, State
from frontoffice.line.experience import UNKNOWN_CONCERN
from frontoffice.line.forecast import Picture, Staffed, Visitor
from frontoffice.line.models import IN_HOUSE, CounterSession, Ticket, TicketState
from frontoffice.line.order import Post, Waiting, Wish
from frontoffice.memory import remembered
from frontoffice.offices.models import Counter, Office, Service, counter_service
from frontoffice.quick import Quick

FROM_HERE_ON = timedelta(minutes=60)  # who is later for an appointment is not expected any more
EXPECTED_WITHIN = timedelta(hours=3)
MOST_EXPECTED = 400


Here = Mapping[int, tuple[Visitor, datetime | None]]


class _Row(NamedTuple):
    """What counts about a ticket. `ticks` are those of its appointment."""

    id: int
    series: str
    number: int
    arrived_at: datetime
    due_at: datetime | None
    came_back_at: datetime | None
    priority_at: datetime | None
    service_id: int | None
    for_counter_id: int | None
    for_account_id: int | None
    for_team: str | None
    for_language: str | None
    state: TicketState
    counter_id: int | None
    called_at: datetime | None
    wake_at: datetime | None
    ticks: int | None


# The columns of `order.Waiting`.
WAITING = (
    Ticket.id,
    Ticket.series,
    Ticket.number,
    Ticket.arrived_at,
    Ticket.due_at,
    case((Ticket.returns, Ticket.wake_at)),
    Ticket.priority_at,
)
_PRESENT = (
    select(
        *WAITING,
        Ticket.service_id,
        Ticket.for_counter_id,
        Ticket.for_account_id,
        Ticket.for_team,
        Ticket.for_language,
        Ticket.state,
        Ticket.counter_id,
        Ticket.called_at,
        Ticket.wake_at,
        Appointment.ticks,
    )
    .outerjoin(Appointment, Appointment.id == Ticket.appointment_id)
    .where(
        Ticket.office_id == bindparam("office"), Ticket.day == bindparam("day"), Ticket.state.in_(IN_HOUSE)
    )
)

_COUNTERS = Quick(
    select(
        Counter.id,
        Counter.room,
        Counter.team,
        Counter.languages,
        CounterSession.account_id,
        CounterSession.paused_at,
    )
    .outerjoin(
        CounterSession,
        and_(CounterSession.counter_id == Counter.id, CounterSession.closed_at.is_(None)),
    )
    .where(Counter.office_id == bindparam("office"))
    .order_by(Counter.id)
)


def of_office(session: Session, office: Office, now: datetime) -> Picture:
    """The office's line as it is."""
    services = services_of(session, office.id)
    line, away = [], []
    here: dict[int, tuple[Visitor, datetime | None]] = {}
    for row in _present(session, office.id, sheet.day_of(now, office.time_zone)):
        visitor = _visitor(row, services)
        if row.state is TicketState.WAITING:
            line.append(visitor)
        elif row.state is TicketState.PARKED:
            away.append(visitor._replace(back_at=row.wake_at))
        elif row.counter_id is not None:
            here[row.counter_id] = (visitor, row.called_at)
    return Picture(
        now,
        office.time_zone,
        line,
        counters_of(session, office.id, here),
        away,
        _coming(session, office.id, now, services),
        services,
    )


def _present(session: Session, office_id: int, today: date) -> list[_Row]:
    rows = session.execute(_PRESENT, {"office": office_id, "day": today})
    return [_Row._make(row) for row in rows]


def _coming(session: Session, office_id: int, now: datetime, services: Mapping[int, float]) -> list[Visitor]:
    """Who has an appointment in the next hours and is not there."""
    rows = session.execute(
        select(Appointment.id, Appointment.service_id, Appointment.start, Appointment.ticks)
        .where(
            Appointment.office_id == office_id,
            Appointment.start > now - FROM_HERE_ON,
            Appointment.start < now + EXPECTED_WITHIN,
            Appointment.state.in_((State.CONFIRMED, State.UNCONFIRMED)),
        )
        .order_by(Appointment.start, Appointment.id)
        .limit(MOST_EXPECTED)
    )
    return [
        Visitor(Waiting(-number, "", 0, start, start), Wish(service), share_of(service, ticks, services))
        for number, service, start, ticks in rows
    ]


def counters_of(session: Session, office_id: int, here: Here | None = None) -> list[Staffed]:
    """The counters of the office; `here` are those who are at one now, since when."""
    session.flush()
    rows = _COUNTERS.run(session, {"office": office_id})
    served = _served(session, office_id)
    found = []
    for number, room, team, languages, account, paused_at in rows:
        # Nobody has the account 0: a closed counter can be waited for, but not a certain person there.
        post = Post(number, account or 0, team, served.get(number, frozenset()), languages)
        visitor, since = (here or {}).get(number, (None, None))
        found.append(Staffed(post, room, account is not None and paused_at is None, visitor, since))
    return found


def _served(session: Session, office_id: int) -> dict[int, frozenset[int]]:
    """The services of each counter."""

    def read() -> dict[int, frozenset[int]]:
        found: dict[int, set[int]] = {}
        pairs = select(counter_service.c.counter_id, counter_service.c.service_id).join(
            Counter, Counter.id == counter_service.c.counter_id
        )
        for counter, service in session.execute(pairs.where(Counter.office_id == office_id)):
            found.setdefault(counter, set()).add(service)
        return {counter: frozenset(services) for counter, services in found.items()}

    return remembered(session, ("services of counters", office_id), read)


def services_of(session: Session, office_id: int) -> dict[int, float]:
    """The planned minutes of each service that is offered, by its id."""

    def read() -> dict[int, float]:
        rows = session.execute(
            select(Service.id, Service.minutes).where(Service.office_id == office_id, Service.active)
        )
        return {number: float(minutes) for number, minutes in rows}

    return remembered(session, ("minutes of services", office_id), read)


def _visitor(row: _Row, services: Mapping[int, float]) -> Visitor:
    ticket = Waiting(
        row.id, row.series, row.number, row.arrived_at, row.due_at, row.came_back_at, row.priority_at
    )
    wish = Wish(row.service_id, row.for_counter_id, row.for_account_id, row.for_team, row.for_language)
    return Visitor(ticket, wish, share_of(row.service_id, row.ticks, services))


def wish_of(ticket: Ticket) -> Wish:
    """What the ticket is about, and for whom it is kept."""
    return Wish(
        ticket.service_id,
        ticket.for_counter_id,
        ticket.for_account_id,
        ticket.for_team,
        ticket.for_language,
    )


def share_of(service_id: int | None, ticks: int | None, services: Mapping[int, float]) -> float:
    """How much of the service's minutes an appointment takes, in halves: a family takes more."""
    planned = services.get(service_id or UNKNOWN_CONCERN)
    if not ticks or not planned:
        return 1.0
    return max(round(2 * ticks * sheet.MINUTES / planned) / 2, 0.5)
