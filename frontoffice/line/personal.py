"""What the line knows of a person: tickets of their appointments, a phone number for "you are next", staff's notes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select, update
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import sheet
from frontoffice.config import Config
from frontoffice.errors import N_
from frontoffice.line.models import IN_HOUSE, OVER, Ticket
from frontoffice.offices.keeping import Kept, days_at
from frontoffice.offices.models import Office
from frontoffice.personal import Record, StillNeeded, Who, moment, numbers

COLUMNS = frozenset({"ticket.phone"})
# What of a ticket could tell whose it was, or lead to it.
EMPTIED = dict.fromkeys(("phone", "note", "link_fingerprint", "before", "paper"))
AT_ONCE = 500
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
        for name, value in EMPTIED.items():
            setattr(each, name, value)
    session.flush()


def forget_over(session: Session, office: Office, now: datetime, *, settings: Config) -> int:
    """Empty the same of AT_ONCE tickets, as long after the visit as bookings are anonymised; says of how many."""
    gone = session.scalars(
        update(Ticket)
        .where(Ticket.id.in_(_telling(office, now, settings).limit(AT_ONCE)))
        .values(EMPTIED)
        .returning(Ticket.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def are_over(session: Session, office: Office, now: datetime, *, settings: Config) -> bool:
    """Whether `forget_over` would find something, without keeping anybody from writing."""
    return session.scalar(_telling(office, now, settings).limit(1)) is not None


def _telling(office: Office, now: datetime, settings: Config) -> Select[int]:
    """Tickets that still tell whose they were and should not, however old: an office may keep things shorter."""
    today = sheet.day_of(now, office.time_zone)
    until = today - timedelta(days=days_at(office, Kept.BOOKINGS, settings))
    return select(Ticket.id).where(
        Ticket.office_id == office.id,
        Ticket.day <= until,
        Ticket.state.in_(OVER),
        or_(*(getattr(Ticket, name).is_not(None) for name in EMPTIED)),
    )


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
