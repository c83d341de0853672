"""Joining the line: checking in with an appointment, or coming without one. Every arrival becomes a ticket.

Numbers belong to a series: a kiosk brings its own, staff give those of series S. Within an office numbers are
given one transaction at a time (`lock_numbers`): a clash is seen, and the next free number given instead.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, and_, bindparam, case, exists, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from frontoffice import events, memory
from frontoffice.booking import rows, sheet
from frontoffice.booking.models import Appointment, State
from frontoffice.line import numbers, phone, seeking
from frontoffice.line.models import Ticket, TicketState, code_of
from frontoffice.line.refusals import (
    REFUSALS,
    AlreadyCheckedIn,
    Cancelled,
    NoWalkIn,
    Refusal,
    TooEarly,
    TooLate,
    UnknownCode,
    UnknownService,
    WrongDay,
    WrongOffice,
)
from frontoffice.line.seeking import Sought
from frontoffice.offices.models import Office, Service
from frontoffice.quick import Quick, made
from frontoffice.staff.devices import STAFF_SERIES
from frontoffice.staff.models import Account

__all__ = [
    "REFUSALS",
    "AlreadyCheckedIn",
    "Arrival",
    "Cancelled",
    "NoWalkIn",
    "Refusal",
    "Rules",
    "TooEarly",
    "TooLate",
    "UnknownCode",
    "UnknownService",
    "WrongDay",
    "WrongOffice",
    "accept_check_in",
    "accept_walk_in",
    "announce",
    "check_in",
    "lock_numbers",
    "walk_in",
]

_TICKETS = cast(Table, Ticket.__table__)
_BLANK = dict.fromkeys(_TICKETS.columns.keys())
_LOCK = Quick(select(Office.id).where(Office.id == bindparam("office")).with_for_update(key_share=True))
_ADDED = (
    "office_id",
    "day",
    "series",
    "service_id",
    "appointment_id",
    "language",
    "state",
    "arrived_at",
    "due_at",
    "ended_at",
    "calls",
    "returns",
    "notices",
    "link_fingerprint",
)


def _new() -> Quick:
    """The ticket with the number that is wanted, or, if somebody has that, with the next free one of the series."""
    new = {name: bindparam(f"new_{name}", type_=_TICKETS.c[name].type) for name in _ADDED}
    wanted, paper, shown = (
        bindparam(name, type_=_TICKETS.c[column].type)
        for name, column in (("wanted", "number"), ("paper", "paper"), ("shown", "paper"))
    )
    others = aliased(_TICKETS)
    series = [others.c[name] == new[name] for name in ("office_id", "day", "series")]
    highest = select(func.coalesce(func.max(others.c.number), 0)).where(*series).scalar_subquery()
    is_free = and_(wanted.is_not(None), ~exists().where(*series, others.c.number == wanted))
    free = select(case((is_free, wanted), else_=highest + 1).label("number")).subquery("free")
    # Two devices with one letter: the visitor holds a number that somebody else had before.
    on_paper = case((free.c.number == wanted, paper), else_=shown)
    return Quick(
        insert(_TICKETS)
        .from_select(
            [*_ADDED, "number", "paper"],
            select(*new.values(), free.c.number, on_paper),
            include_defaults=False,
        )
        .returning(_TICKETS.c.id, _TICKETS.c.number, _TICKETS.c.paper)
    )


_NEW = _new()


@dataclass(frozen=True)
class Rules:
    """From how long before the time until how long after it people can check in; without `late` all day."""

    early: timedelta
    late: timedelta | None = None


@dataclass(frozen=True)
class Arrival:
    """Somebody is there. Without `number` the next one of the series is given.

    `waits` is false when the arrival is only recorded, as its day is over. `handed_out`: the visitor holds
    the number already, so that the arrival cannot be refused any more. `late_ok`: the visitor knows to be late.
    `token` is the secret of the phone ticket, where the device has made one, `shown` the number as the visitor has it.
    `language_chosen`: somebody pressed the `language`; else it is only what everybody finds, and gives way to the
    booking's.
    """

    office: Office
    day: date
    at: datetime
    language: str
    series: str
    number: int | None = None
    waits: bool = True
    handed_out: bool = False
    late_ok: bool = False
    token: str | None = None
    shown: str | None = None
    language_chosen: bool = True

    def spoken(self, appointment: Appointment | None) -> str:
        """The language to speak to the visitor in."""
        return self.language if appointment is None or self.language_chosen else appointment.language


def check_in(
    session: Session,
    office: Office,
    account: Account,
    code: str,
    *,
    language: str,
    early: timedelta,
    now: datetime,
) -> Ticket:
    """Staff check somebody in; `early` is how long before the time that is possible. Raises a Refusal.

    The office's first language is what the form has before anybody chooses: it gives way to the booking's.
    """
    lock_numbers(session, office.id)
    arrival = _at_the_desk(office, language, now)
    ticket = accept_check_in(session, arrival, Sought(code), Rules(early), now)
    announce(session, [ticket], f"account:{account.id}", now)
    return ticket


def walk_in(
    session: Session,
    office: Office,
    account: Account,
    service_id: int | None,
    *,
    language: str,
    now: datetime,
) -> Ticket:
    """Staff give a number; without a service the concern is clarified at a counter. Raises UnknownService."""
    lock_numbers(session, office.id)
    if service_id is not None:
        service = session.get(Service, service_id)
        if service is None or service.office_id != office.id or not service.active:
            raise UnknownService
    ticket = _add(session, _at_the_desk(office, language, now), service_id, None, now)
    announce(session, [ticket], f"account:{account.id}", now)
    return ticket


def lock_numbers(session: Session, office_id: int) -> None:
    """Until the commit nobody else gives numbers at the office. Comes before an arrival's other locks."""
    _LOCK.run(session, {"office": office_id})


def accept_check_in(
    session: Session, arrival: Arrival, sought: Sought, rules: Rules, now: datetime
) -> Ticket:
    """The ticket for the appointment that is sought. The caller has locked the numbers and announces it.

    Raises a Refusal, unless the number was handed out.
    """
    try:
        appointment = seeking.appointment(session, arrival.office, arrival.day, sought)
    except Refusal:
        if not arrival.handed_out:
            raise
        return _add(session, arrival, None, None, now)
    refusal = _why_not(session, appointment, arrival, rules)
    if refusal is not None and not arrival.handed_out:
        raise refusal
    # The time is no reason any more once a number is out; the others leave the appointment as it is.
    if isinstance(refusal, TooEarly | TooLate | None) and _take(session, appointment, arrival, now):
        return _add(session, arrival, appointment.service_id, appointment, now)
    if not arrival.handed_out:
        raise AlreadyCheckedIn(appointment, _ticket_of(session, appointment))
    return _add(session, arrival, appointment.service_id, None, now)


def accept_walk_in(session: Session, arrival: Arrival, slug: str | None, now: datetime) -> Ticket:
    """The ticket for somebody without appointment. The caller has locked the numbers and announces it.

    Raises UnknownService, NoWalkIn, NoNumbersYet, NoMoreNumbers.
    """
    service = _offered(session, arrival.office.id, slug)
    if not arrival.handed_out:
        if service is None:
            raise UnknownService
        if not service.walk_in:
            raise NoWalkIn
        numbers.require_given(session, arrival.office, now)
    return _add(session, arrival, service.id if service else None, None, now)


def announce(session: Session, tickets: list[Ticket], actor: str, now: datetime) -> None:
    """Append the events of new tickets: the last thing in the transaction."""
    for ticket in tickets:
        waits = ticket.state == TicketState.WAITING
        subject = f"ticket:{ticket.id}"
        if ticket.appointment_id is not None and waits:
            about = f"appointment:{ticket.appointment_id}"
            events.append(
                session, ticket.office_id, "appointment.checked_in", now, actor=actor, subject=about
            )
        kind = "ticket.issued" if waits else "ticket.recorded"
        data = {"ticket": ticket.code}
        events.append(session, ticket.office_id, kind, now, actor=actor, subject=subject, data=data)


def _at_the_desk(office: Office, language: str, now: datetime) -> Arrival:
    today, chosen = sheet.day_of(now, office.time_zone), language != office.languages[0]
    return Arrival(office, today, now, language, STAFF_SERIES, language_chosen=chosen)


def _why_not(session: Session, appointment: Appointment, arrival: Arrival, rules: Rules) -> Refusal | None:
    if appointment.state in (State.CANCELLED, State.EXPIRED):
        return Cancelled(appointment)
    ticket = _ticket_of(session, appointment)
    if ticket is not None or appointment.state not in (State.CONFIRMED, State.UNCONFIRMED):
        return AlreadyCheckedIn(appointment, ticket)
    if sheet.day_of(appointment.start, arrival.office.time_zone) != arrival.day:
        return WrongDay(appointment)
    if arrival.at < appointment.start - rules.early:
        return TooEarly(appointment)
    if rules.late is not None and not arrival.late_ok and arrival.at > appointment.start + rules.late:
        return TooLate(appointment)
    return None


def _ticket_of(session: Session, appointment: Appointment) -> Ticket | None:
    return session.scalar(select(Ticket).where(Ticket.appointment_id == appointment.id))


def _take(session: Session, appointment: Appointment, arrival: Arrival, now: datetime) -> bool:
    if not arrival.waits:
        return True  # what became of a visit of another day is not for us to say
    taken = session.execute(
        update(Appointment)
        .where(
            Appointment.id == appointment.id,
            Appointment.state.in_((State.CONFIRMED, State.UNCONFIRMED)),
            Appointment.start == appointment.start,  # it may just be moved to another day
        )
        .values(state=State.CHECKED_IN, changed_at=now)
        .returning(Appointment.id)
    )
    return taken.scalar_one_or_none() is not None


def _offered(session: Session, office_id: int, slug: str | None) -> Service | None:
    """The office's service, as it was some seconds ago at most."""

    def read() -> int | None:
        return session.scalar(
            select(Service.id).where(Service.office_id == office_id, Service.slug == slug, Service.active)
        )

    if slug is None:
        return None
    found = memory.remembered(session, ("service that is offered", office_id, slug), read)
    return rows.lasting(session, Service, found) if found is not None else None


def _add(
    session: Session, arrival: Arrival, service_id: int | None, appointment: Appointment | None, now: datetime
) -> Ticket:
    session.flush()
    values: dict[str, Any] = {
        "office_id": arrival.office.id,
        "day": arrival.day,
        "series": arrival.series,
        "service_id": service_id,
        "appointment_id": appointment.id if appointment else None,
        "language": arrival.spoken(appointment),
        "state": TicketState.WAITING if arrival.waits else TicketState.LEFT,
        "arrived_at": arrival.at,
        "due_at": appointment.start if appointment else None,
        "ended_at": None if arrival.waits else now,
        "calls": 0,
        "returns": False,
        "notices": 0,
        "link_fingerprint": phone.fingerprint(arrival.token) if arrival.token else None,
    }
    given = {f"new_{name}": value for name, value in values.items()}
    [(number, code, paper)] = _NEW.run(session, given | _wanted(arrival))
    return made(session, Ticket, {**_BLANK, **values, "id": number, "number": code, "paper": paper})


def _wanted(arrival: Arrival) -> dict[str, Any]:
    """The number that is wanted, and what is on the paper beside the code if it is given, or if another one is."""
    is_so = arrival.number is not None and arrival.shown == code_of(arrival.series, arrival.number)
    return {"wanted": arrival.number, "paper": None if is_so else arrival.shown, "shown": arrival.shown}
