"""The ticket that somebody acts on: the visitor of a counter, or a number of today, found and locked."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.booking import sheet
from frontoffice.errors import N_, Conflict
from frontoffice.line import spoken
from frontoffice.line.models import Ticket, TicketState
from frontoffice.line.seat import Seat


class NobodyThere(Conflict):
    """The counter has no visitor for whom that can be done."""

    code = "nobody_there"
    sentence = N_("That is not possible (any more). Please look at what counter %(counter)s shows now.")


class NotWaiting(Conflict):
    """The ticket was called in the meantime, has left, or never was."""

    code = "not_waiting"
    sentence = N_("Number %(ticket)s is not waiting any more. Please look at the list again.")


@dataclass(frozen=True, slots=True)
class Visit:
    """A ticket as its counter sees it. Without a service the concern is to be clarified there."""

    id: int
    series: str
    number: int
    state: TicketState
    service: str | None  # its slug
    appointment_id: int | None
    language: str
    arrived_at: datetime
    due_at: datetime | None
    called_at: datetime
    call: int

    @classmethod
    def of(cls, ticket: Ticket) -> "Visit":
        """What the counter sees of a ticket that it has called."""
        assert ticket.called_at is not None
        return cls(
            ticket.id,
            ticket.series,
            ticket.number,
            ticket.state,
            ticket.service.slug if ticket.service else None,
            ticket.appointment_id,
            ticket.language,
            ticket.arrived_at,
            ticket.due_at,
            ticket.called_at,
            ticket.calls,
        )

    @property
    def ticket(self) -> str:
        """The number as printed and called: A001."""
        return f"{self.series}{self.number:03d}"


def is_ticket(text: str) -> bool:
    """Whether it can be a ticket's number at all, such as A001."""
    return re.fullmatch(r"[A-Z][0-9]{3,6}", text, re.ASCII) is not None


def there(session: Session, here: Seat, ticket: str | None, states: Collection[TicketState]) -> Ticket:
    """The visitor of the counter, locked. Raises NobodyThere."""
    wanted = [Ticket.counter_id == here.counter_id, Ticket.state.in_(states)]
    if ticket is not None:
        wanted += [Ticket.series == ticket[:1], Ticket.number == int(ticket[1:])]
    found: Ticket | None = session.scalar(_locked(*wanted))
    if found is None:
        raise NobodyThere(counter=here.counter)
    return found


def named(
    session: Session, here: Seat, ticket: str, states: Collection[TicketState], now: datetime
) -> Ticket:
    """Today's ticket with that number (A001), locked, if it is in one of the states. Raises NotWaiting."""
    found: Ticket | None = None
    if is_ticket(ticket):
        found = session.scalar(
            _locked(
                Ticket.office_id == here.office_id,
                Ticket.day == sheet.day_of(now, here.time_zone),
                Ticket.series == ticket[0],
                Ticket.number == int(ticket[1:]),
            )
        )
    if found is None or found.state not in states:
        raise NotWaiting(ticket=ticket)
    return found


def _locked(*wanted: ColumnElement[bool]) -> Select[Any]:
    # Without what the session knows already: between reading and locking a colleague may have acted.
    return select(Ticket).where(*wanted).with_for_update().execution_options(populate_existing=True)


def announced(session: Session, here: Seat, visitor: Ticket, kind: str, now: datetime) -> Visit:
    """Flush, append the event and give the visit as the counter sees it: the last thing in the transaction."""
    session.flush()
    visit = Visit.of(visitor)
    announce(session, here, visit, kind, now)
    return visit


def announce(session: Session, here: Seat, visit: Visit, kind: str, now: datetime) -> None:
    """Append the event of a visit."""
    data: dict[str, Any] = {"ticket": visit.ticket, "counter": here.counter}
    if kind == "ticket.called":
        # The screen of the room speaks German and the visitor's language, where it can.
        data |= {"call": visit.call, "room": here.room, "language": spoken.second(visit.language)}
    actor, subject = f"account:{here.account_id}", f"ticket:{visit.id}"
    events.append(session, here.office_id, kind, now, actor=actor, subject=subject, data=data)
