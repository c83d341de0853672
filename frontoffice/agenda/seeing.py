"""Putting on record that a member of staff sees a person's data: the event `appointment.seen`.

The page of one appointment leaves an event about `appointment:17`; a list one about itself, such as
`day:2026-11-23`, with the ids of all appointments on it, which is what an audit of one appointment has to look
through as well. Opening the same again within a quarter of an hour is the same view.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.booking.models import Appointment
from frontoffice.events import Event
from frontoffice.staff.models import Account

SEEN = "appointment.seen"
ONE_VIEW = timedelta(minutes=15)


def of_day(day: date) -> str:
    """The subject of a view of a day's list."""
    return f"day:{day.isoformat()}"


def of_appointment(appointment: Appointment) -> str:
    """The subject of a view of one appointment."""
    return f"appointment:{appointment.id}"


def is_noted(
    session: Session,
    office_id: int,
    account: Account,
    subject: str,
    now: datetime,
    shown: Collection[int] = (),
) -> bool:
    """Whether this view is on record already, with everybody who is shown."""
    rows = session.scalars(
        select(Event.data).where(
            Event.office_id == office_id,
            Event.subject == subject,
            Event.kind == SEEN,
            Event.actor == actor(account),
            Event.at > now - ONE_VIEW,
        )
    ).all()
    on_record = {number for data in rows for number in data.get("appointments", ())}
    return bool(rows) and set(shown) <= on_record


def note(
    session: Session,
    office_id: int,
    account: Account,
    subject: str,
    now: datetime,
    shown: Collection[int] = (),
) -> None:
    """Put on record that the account sees these appointments, or the one that is the subject."""
    data: dict[str, Any] = {"appointments": sorted(shown)} if shown else {}
    events.append(session, office_id, SEEN, now, actor=actor(account), subject=subject, data=data)


def actor(account: Account) -> str:
    """By what name events know the account."""
    return f"account:{account.id}"


def account_id(name: str) -> int | None:
    """The account that events know by that name; None where it is none."""
    kind, _, number = name.partition(":")
    return int(number) if kind == "account" and number.isascii() and number.isdigit() else None
