"""Searching the record: by who acted, what it was about, what happened, where and when."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, cast, exists, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from frontoffice.booking import references
from frontoffice.booking.models import Appointment
from frontoffice.errors import N_, Invalid
from frontoffice.events import Event
from frontoffice.line.models import Ticket
from frontoffice.partners.models import Partner
from frontoffice.staff.models import Account, AccountOffice, Device

PAGE = 50
SEEN = "appointment.seen"
OF_ALL_OFFICES = ("block.set", "block.lifted", "block.seen")
_SUBJECT = re.compile(r"[a-z_]{2,20}:[\w.-]{1,40}")
_TICKET = re.compile(r"([A-Za-z])\s?-?\s?(\d{1,5})")


@dataclass(frozen=True)
class Wanted:
    """What is looked for: whatever is None does not matter. Of the time `begins` counts and `ends` does not."""

    begins: datetime
    ends: datetime
    actor: str | None = None
    subject: str | None = None
    topic: str | None = None
    office_id: int | None = None


def subject_asked_for(session: Session, typed: str) -> str | None:
    """What somebody typed: a booking code, or what the record itself calls a thing, such as ticket:17 or partner:3.

    The number of a ticket (A017) stays as it is: it is given anew every day. Raises Invalid.
    """
    typed = typed.strip()
    if not typed:
        return None
    if _SUBJECT.fullmatch(typed):
        return typed
    reference = references.tidy(typed)
    if reference is not None:
        found = session.scalar(select(Appointment.id).where(Appointment.reference == reference))
        if found is not None:
            return f"appointment:{found}"
    if _TICKET.fullmatch(typed):
        return typed
    raise Invalid(
        "about",
        N_(
            "Nothing is called that. Please enter a booking code, a ticket number, or a name such as partner:3."
        ),
    )


def search(
    session: Session,
    wanted: Wanted,
    offices: Iterable[int] | None,
    *,
    before: int | None = None,
    most: int = PAGE,
) -> Sequence[Event]:
    """What fits, newest first, at most so many, older than the event with the id `before`.

    `offices` are those whose record may be read; None is all of them, and what belongs to no office. Of the latter
    everybody reads what holds for all offices: the block list.
    """
    query = select(Event).where(Event.at >= wanted.begins, Event.at < wanted.ends)
    if offices is not None:
        of_all = and_(Event.office_id.is_(None), Event.kind.in_(OF_ALL_OFFICES))
        query = query.where(or_(Event.office_id.in_(sorted(offices)), of_all))
    if wanted.office_id is not None:
        query = query.where(Event.office_id == wanted.office_id)
    if wanted.actor is not None:
        query = query.where(Event.actor == wanted.actor)
    if wanted.topic is not None:
        query = query.where(Event.kind.startswith(f"{wanted.topic}.", autoescape=True))
    if wanted.subject is not None:
        query = query.where(_about(session, wanted))
    if before is not None:
        query = query.where(Event.id < before)
    return session.scalars(query.order_by(Event.id.desc()).limit(most)).all()


def people(session: Session, wanted: Wanted, offices: Collection[int] | None) -> Sequence[Account]:
    """Whom one can look for: of all offices (None) everybody, else who belongs to them or acted there in that time."""
    query = select(Account).order_by(Account.id)
    if offices is None:
        return session.scalars(query).all()
    acted = select(Event.actor).where(
        Event.office_id.in_(sorted(offices)), Event.at >= wanted.begins, Event.at < wanted.ends
    )
    actors = {name for name in session.scalars(acted.distinct()) if name.startswith("account:")}
    numbers = [int(number) for name in actors if (number := name.partition(":")[2]).isdecimal()]
    belongs = Account.places.any(AccountOffice.office_id.in_(sorted(offices)))
    return session.scalars(query.where(or_(belongs, Account.id.in_(sorted(numbers))))).all()


def names(session: Session, found: Sequence[Event]) -> Mapping[str, str]:
    """What the actors and subjects of these events are called, as far as they are still there."""
    ids: dict[str, set[int]] = {}
    for each in found:
        for name in (each.actor, each.subject):
            kind, _, number = name.partition(":")
            if number.isascii() and number.isdigit():
                ids.setdefault(kind, set()).add(int(number))
    called: dict[str, str] = {}
    for kind, table, text in (
        ("account", Account, Account.name),
        ("device", Device, Device.name),
        ("partner", Partner, Partner.name),
        ("appointment", Appointment, Appointment.reference),
    ):
        wanted = ids.get(kind, set())
        rows = session.execute(select(table.id, text).where(table.id.in_(wanted))) if wanted else ()
        for key, name in rows:
            called[f"{kind}:{key}"] = references.shown(name) if kind == "appointment" else name
    tickets = ids.get("ticket", set())
    for ticket in session.scalars(select(Ticket).where(Ticket.id.in_(tickets))) if tickets else ():
        called[f"ticket:{ticket.id}"] = ticket.code
    return called


def _about(session: Session, wanted: Wanted) -> ColumnElement[bool]:
    """That an event is about the subject: by name, or as one of many on a list that somebody saw."""
    subject = wanted.subject or ""
    if match := _TICKET.fullmatch(subject):
        first, last = wanted.begins.date(), wanted.ends.date()
        tickets = session.scalars(
            select(Ticket.id).where(
                Ticket.series == match[1].upper(),
                Ticket.number == int(match[2]),
                Ticket.day.between(first, last),
            )
        )
        return Event.subject.in_([f"ticket:{each}" for each in tickets])
    kind, _, number = subject.partition(":")
    if kind != "appointment" or not number.isdigit():
        return Event.subject == subject
    return or_(Event.subject == subject, and_(Event.kind == SEEN, _lists(session, int(number))))


def _lists(session: Session, appointment_id: int) -> ColumnElement[bool]:
    if session.get_bind().dialect.name == "postgresql":
        return cast(Event.data, JSONB)["appointments"].contains(cast([appointment_id], JSONB))
    listed = func.json_each(Event.data, "$.appointments").table_valued("value")
    return exists(select(1).select_from(listed).where(listed.c.value == appointment_id))
