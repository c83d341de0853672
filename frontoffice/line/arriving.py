"""Joining the line: checking in with an appointment, or coming without one. Every arrival becomes a ticket.

Numbers belong to a series: a kiosk brings its own, staff give those of series S. Within an office numbers are
given one transaction at a time (`lock_numbers`): a clash is seen, and the next free number given instead.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.booking import references, sheet
from frontoffice.booking.models import Appointment, State
from frontoffice.errors import N_, Conflict
from frontoffice.line.models import Ticket, TicketState
from frontoffice.offices.models import Office, Service
from frontoffice.staff.devices import STAFF_SERIES
from frontoffice.staff.models import Account


class Refusal(Conflict):
    """An arrival that cannot be taken, and what is known of it: service and time of the appointment.

    `ticket` is the number that the appointment has already. Nothing here needs the session, which ends with the error.
    """

    def __init__(self, appointment: Appointment | None = None, ticket: Ticket | None = None) -> None:
        super().__init__()
        self.service_id = appointment.service_id if appointment else None
        self.due_at = appointment.start if appointment else None
        self.ticket = ticket.code if ticket else None


class UnknownCode(Refusal):
    """No appointment at this office has this code."""

    code = "unknown_code"
    sentence = N_("We do not know this code. Please check it, or take a number without appointment.")


class AlreadyCheckedIn(Refusal):
    """The appointment has its ticket."""

    code = "already_checked_in"
    sentence = N_("This appointment has already been checked in. Please wait until your number is called.")


class TooEarly(Refusal):
    """It is the right day, but too long before the time."""

    code = "too_early"
    sentence = N_("It is too early to check in. Please come back shortly before your appointment.")


class WrongDay(Refusal):
    """The appointment is on another day."""

    code = "wrong_day"
    sentence = N_("Your appointment is not today. Please look at the date in your confirmation.")


class Cancelled(Refusal):
    """The appointment was cancelled, or never confirmed in time."""

    code = "cancelled"
    sentence = N_(
        "This appointment was cancelled. Please take a number without appointment, or ask at the desk."
    )


class UnknownService(Refusal):
    """The office does not offer that (any more)."""

    code = "unknown_service"
    sentence = N_("This office does not offer that service (any more). Please choose another one.")


class NoWalkIn(Refusal):
    """The service is by appointment only."""

    code = "no_walk_in"
    sentence = N_("This service is by appointment only. Please book an appointment.")


REFUSALS: tuple[type[Refusal], ...] = (
    UnknownCode,
    AlreadyCheckedIn,
    TooEarly,
    WrongDay,
    Cancelled,
    UnknownService,
    NoWalkIn,
)


@dataclass(frozen=True)
class Arrival:
    """Somebody is there. Without `number` the next one of the series is given.

    `waits` is false when the arrival is only recorded, as its day is over. `handed_out`: the visitor holds
    the number already, so that the arrival cannot be refused any more.
    """

    office: Office
    day: date
    at: datetime
    language: str
    series: str
    number: int | None = None
    waits: bool = True
    handed_out: bool = False


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
    """Staff check somebody in; `early` is how long before the time that is possible. Raises a Refusal."""
    lock_numbers(session, office.id)
    ticket = accept_check_in(session, _at_the_desk(office, language, now), code, early, now)
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
    session.execute(select(Office.id).where(Office.id == office_id).with_for_update(key_share=True))


def accept_check_in(session: Session, arrival: Arrival, code: str, early: timedelta, now: datetime) -> Ticket:
    """The ticket for an appointment's code. The caller has locked the numbers and announces it.

    Raises a Refusal, unless the number was handed out.
    """
    appointment = _appointment(session, arrival.office.id, code)
    refusal = _why_not(session, appointment, arrival, early)
    if refusal is not None and not arrival.handed_out:
        raise refusal
    if appointment is None:
        return _add(session, arrival, None, None, now)
    # Too early is no reason any more once a number is out; the others leave the appointment as it is.
    if isinstance(refusal, TooEarly | None) and _take(session, appointment, arrival, now):
        return _add(session, arrival, appointment.service_id, appointment, now)
    if not arrival.handed_out:
        raise AlreadyCheckedIn(appointment, _ticket_of(session, appointment))
    return _add(session, arrival, appointment.service_id, None, now)


def accept_walk_in(session: Session, arrival: Arrival, slug: str | None, now: datetime) -> Ticket:
    """The ticket for somebody without appointment. The caller has locked the numbers and announces it.

    Raises UnknownService, NoWalkIn.
    """
    service = session.scalar(
        select(Service).where(Service.office_id == arrival.office.id, Service.slug == slug, Service.active)
    )
    if not arrival.handed_out:
        if service is None:
            raise UnknownService
        if not service.walk_in:
            raise NoWalkIn
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
    return Arrival(office, sheet.day_of(now, office.time_zone), now, language, STAFF_SERIES)


def _appointment(session: Session, office_id: int, code: str) -> Appointment | None:
    reference = references.tidy(code)
    if reference is None:
        return None
    return session.scalar(
        select(Appointment)
        .where(Appointment.reference == reference, Appointment.office_id == office_id)
        .execution_options(populate_existing=True)
    )


def _why_not(
    session: Session, appointment: Appointment | None, arrival: Arrival, early: timedelta
) -> Refusal | None:
    if appointment is None:
        return UnknownCode()
    if appointment.state in (State.CANCELLED, State.EXPIRED):
        return Cancelled(appointment)
    ticket = _ticket_of(session, appointment)
    if ticket is not None or appointment.state not in (State.CONFIRMED, State.UNCONFIRMED):
        return AlreadyCheckedIn(appointment, ticket)
    if sheet.day_of(appointment.start, arrival.office.time_zone) != arrival.day:
        return WrongDay(appointment)
    if arrival.at < appointment.start - early:
        return TooEarly(appointment)
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


def _add(
    session: Session, arrival: Arrival, service_id: int | None, appointment: Appointment | None, now: datetime
) -> Ticket:
    ticket = Ticket(
        office_id=arrival.office.id,
        day=arrival.day,
        series=arrival.series,
        number=_free_number(session, arrival),
        service_id=service_id,
        appointment_id=appointment.id if appointment else None,
        language=arrival.language,
        state=TicketState.WAITING if arrival.waits else TicketState.LEFT,
        arrived_at=arrival.at,
        due_at=appointment.start if appointment else None,
        ended_at=None if arrival.waits else now,
    )
    session.add(ticket)
    session.flush()
    return ticket


def _free_number(session: Session, arrival: Arrival) -> int:
    given = (
        Ticket.office_id == arrival.office.id,
        Ticket.day == arrival.day,
        Ticket.series == arrival.series,
    )
    if arrival.number is not None:
        clash = session.scalar(select(Ticket.id).where(*given, Ticket.number == arrival.number))
        if clash is None:
            return arrival.number
    return (session.scalar(select(func.max(Ticket.number)).where(*given)) or 0) + 1
