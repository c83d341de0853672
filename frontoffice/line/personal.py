"""What the line knows of a person: tickets of their appointments, a phone number for "you are next", staff's notes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.errors import N_
from frontoffice.line.models import IN_HOUSE, Ticket
from frontoffice.personal import Record, StillNeeded, Who, moment, numbers

COLUMNS = frozenset({"ticket.phone"})
IN_LINE = N_("This cannot be deleted yet: the visit is not over. Please try again when it is.")


def find(session: Session, who: Who) -> list[Record]:
    """Tickets of the appointments, and those with the phone number, which are few: it goes when the visit ends."""
    mine = or_(Ticket.appointment_id.in_(who.numbers("appointment")), Ticket.id.in_(who.numbers("ticket")))
    rows = {each.id: each for each in session.scalars(select(Ticket).where(mine))}
    if who.phone:
        for each in session.scalars(select(Ticket).where(Ticket.phone.is_not(None))):
            if _phone(session, each) == who.phone:
                rows[each.id] = each
    return [_record(session, rows[number]) for number in sorted(rows)]


def forget(session: Session, records: Sequence[Record], now: datetime) -> None:  # noqa: ARG001 (as all wings do)
    """Empty phone, notes and link. Raises StillNeeded during the visit."""
    query = (
        select(Ticket)
        .where(Ticket.id.in_(numbers(records, "ticket")))
        .order_by(Ticket.id)
        .with_for_update(of=Ticket)
    )
    for each in session.scalars(query, execution_options={"populate_existing": True}):
        if each.state in IN_HOUSE:
            raise StillNeeded(IN_LINE)
        each.phone = each.note = each.link_fingerprint = each.before = each.paper = None
    session.flush()


def _phone(session: Session, ticket: Ticket) -> str | None:
    return str(vaults.of(session).open(ticket.phone)) if ticket.phone else None


def _record(session: Session, each: Ticket) -> Record:
    return Record(
        "ticket",
        f"ticket:{each.id}",
        each.office_id,
        {
            "number": each.code,
            "day": moment(each.day),
            "state": each.state.value,
            "language": each.language,
            "arrived_at": moment(each.arrived_at),
            "called_at": moment(each.called_at),
            "ended_at": moment(each.ended_at),
            "went_first_because": each.priority.value if each.priority else None,
            "note": each.note,
            "phone": _phone(session, each),
        },
    )
