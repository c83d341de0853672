"""The phone ticket: a secret link that follows a visit in the line, and what its holder can do with it.

Whoever has the link may leave the line, go away once and come back, and leave a number for one SMS. They act on the
ticket's row under its lock, as counters do: whoever comes second is told how things stand.
"""

import re
import secrets
import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import events, limits, vault
from frontoffice.booking import sheet
from frontoffice.config import Line
from frontoffice.errors import N_, Conflict, Invalid, NotFound
from frontoffice.line import evening, looking, seat, undoing
from frontoffice.line.models import AT_COUNTER, OVER, STANDING, Ticket, TicketState
from frontoffice.messages import addresses, outbox
from frontoffice.staff.models import Account

VISITOR = "visitor"
NEXT = "next"  # the kind of the SMS
NUMBERS_PER_HOUR = 4  # so often may another number be left for one ticket
HOUR = timedelta(hours=1)


class UnknownTicket(NotFound):
    """No ticket has this secret; one from a kiosk without network only has none yet."""

    code = "unknown_ticket"
    sentence = N_("We do not know this ticket (yet).")


class JustCalled(Conflict):
    """The visitor wants to go, and a counter was quicker."""

    code = "just_called"
    sentence = N_("Number %(ticket)s has just been called. Please go to counter %(counter)s.")


class VisitOver(Conflict):
    """The visit has ended in the meantime."""

    code = "visit_over"
    sentence = N_("This visit is over. If you still need something, please take a new number.")


class AwayAlready(Conflict):
    """Going away is possible once."""

    code = "away_already"
    sentence = N_("You have already left the line for a while. That is possible once for each visit.")


def token_of_entry(entry_id: str) -> str:
    """The secret of a kiosk's ticket: its journal entry's own random number (uuid4), as 32 hex digits.

    Raises ValueError for what is no UUID.
    """
    return uuid.UUID(entry_id).hex


def kept_as(entry_id: str) -> str:
    """What is stored of a journal entry's id, which is a secret: the first 128 bits of its fingerprint."""
    return fingerprint(token_of_entry(entry_id))[:32]


def fingerprint(token: str) -> str:
    """What is stored of a secret (SHA-256, 64 hex digits)."""
    return vault.fingerprint(token)


def give_link(ticket: Ticket) -> str:
    """A new secret for a ticket that is given by the server; an earlier one stops working."""
    token = secrets.token_hex(16)
    ticket.link_fingerprint = fingerprint(token)
    return token


def hand_over(
    session: Session, counter_id: int, account: Account, now: datetime, code: str
) -> tuple[Ticket, str]:
    """Staff give the link of a number of today: the ticket and its secret, which nobody is told again.

    Raises NotFound, also where the visit is over; NotAllowed where the account is of another office.
    """
    here = seat.counter_for(session, counter_id, account)
    found = looking.ticket(session, here.office_id, sheet.day_of(now, here.office.time_zone), code)
    locked = _locked(session, found) if found is not None else None
    if locked is None or locked.state in OVER:
        raise NotFound
    token = give_link(locked)
    session.flush()
    actor, data = f"account:{account.id}", {"ticket": locked.code, "counter": here.name}
    events.append(
        session, here.office_id, "ticket.linked", now, actor=actor, subject=subject(locked), data=data
    )
    return locked, token


def path(token: str) -> str:
    """Where the phone ticket is, on this site."""
    return f"/ticket/{token}"


def find(session: Session, token: str) -> Ticket:
    """The ticket with this secret. Raises UnknownTicket."""
    found = None
    if re.fullmatch(r"[0-9a-f]{32}", token, re.ASCII):
        found = session.scalar(select(Ticket).where(Ticket.link_fingerprint == fingerprint(token)))
    if found is None:
        raise UnknownTicket
    return found


def is_away(ticket: Ticket) -> bool:
    """Whether the visitor has left the line by phone, and was not put aside by staff."""
    return ticket.state is TicketState.PARKED and ticket.away_at is not None and ticket.step_at is None


def leave(session: Session, ticket: Ticket, now: datetime) -> None:
    """The visitor goes for good; once more changes nothing. Raises JustCalled, VisitOver."""
    locked = _locked(session, ticket)
    if locked.state is TicketState.LEFT:
        return
    _require(locked, STANDING)
    locked.state, locked.ended_at = TicketState.LEFT, now
    locked.phone = None
    undoing.settle(locked)
    evening.end_appointment(session, locked.appointment_id, locked.state, now)
    outbox.cancel(session, subject(locked), now, (NEXT,))
    _happened(session, locked, "ticket.left", now)


def go_away(session: Session, ticket: Ticket, now: datetime, until: datetime | None, settings: Line) -> None:
    """The visitor goes and will be back, at `until` or when they say so; nobody calls them, the place is kept.

    Raises AwayAlready, JustCalled, VisitOver; Invalid for a time that has passed or is too late.
    """
    latest = now + timedelta(minutes=settings.away_minutes)
    if until is not None and not now < until <= latest:
        raise Invalid(
            "until",
            N_("Please choose a time within the next %(most)s min."),
            most=settings.away_minutes,
        )
    locked = _locked(session, ticket)
    if locked.away_at is not None:
        raise AwayAlready
    _require(locked, (TicketState.WAITING,))
    locked.state, locked.away_at, locked.wake_at = TicketState.PARKED, now, until
    undoing.settle(locked)
    outbox.cancel(session, subject(locked), now, (NEXT,))
    _happened(session, locked, "ticket.parked", now)


def come_back(session: Session, ticket: Ticket, now: datetime) -> None:
    """The visitor is back and waits again in the old place; twice does it once. Raises JustCalled, VisitOver."""
    locked = _locked(session, ticket)
    if locked.state is TicketState.WAITING or not is_away(locked):
        _require(locked, STANDING)
        return
    locked.state, locked.wake_at, locked.next_told_at = TicketState.WAITING, None, None
    _happened(session, locked, "ticket.waiting", now)


def leave_number(session: Session, ticket: Ticket, typed: str, now: datetime) -> None:
    """Send "you are next" to that number when it is time; it is forgotten when the visit ends.

    The attempt is counted in this transaction. Raises Invalid, TooMany, JustCalled, VisitOver.
    """
    number = addresses.phone_number(typed)
    limits.hit(session, "number for a ticket", _who(session, ticket), NUMBERS_PER_HOUR, HOUR, now)
    locked = _locked(session, ticket)
    _require(locked, STANDING)
    locked.phone = vault.of(session).seal(number)
    session.flush()


def forget_number(session: Session, ticket: Ticket, now: datetime) -> None:
    """Send nothing, after all."""
    locked = _locked(session, ticket)
    locked.phone = None
    outbox.cancel(session, subject(locked), now, (NEXT,))
    session.flush()


def number_of(session: Session, ticket: Ticket) -> str | None:
    """The number that was left (E.164), if any."""
    number: str | None = None if ticket.phone is None else vault.of(session).open(ticket.phone)
    return number


def subject(ticket: Ticket) -> str:
    """By what name messages and events refer to a ticket."""
    return f"ticket:{ticket.id}"


def _locked(session: Session, ticket: Ticket) -> Ticket:
    # Without what the session knows already: between reading and locking a counter may have acted.
    return session.scalars(
        select(Ticket)
        .where(Ticket.id == ticket.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _require(ticket: Ticket, states: tuple[TicketState, ...]) -> None:
    if ticket.state in states:
        return
    if ticket.state in AT_COUNTER and ticket.counter is not None:
        raise JustCalled(ticket=ticket.code, counter=ticket.counter.name)
    raise VisitOver


def _happened(session: Session, ticket: Ticket, kind: str, now: datetime) -> None:
    session.flush()
    data = {"ticket": ticket.code}
    events.append(session, ticket.office_id, kind, now, actor=VISITOR, subject=subject(ticket), data=data)


def _who(session: Session, ticket: Ticket) -> str:
    return vault.of(session).digest("ticket", str(ticket.id))
