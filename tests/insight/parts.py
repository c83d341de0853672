"""A small day of the sample office, with everything that is counted on it."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice import vault as vaults
from frontoffice.booking.models import Appointment, Channel, DaySheet, Share, State
from frontoffice.line.models import CounterSession, Ticket, TicketState
from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.offices.models import Office, Service
from frontoffice.staff.models import Account

PERSON = {"name": "Mohammad Rahimi", "born": "1990-05-17", "mail": "m@example.org", "phone": None}


def service(session: Session, slug: str) -> Service:
    return session.scalars(select(Service).where(Service.slug == slug)).one()


def add_ticket(
    session: Session, office: Office, number: int, arrived: datetime, day: date, **columns: Any
) -> Ticket:
    """A ticket of that day; `waited` and `served` are minutes."""
    waited, served = columns.pop("waited", None), columns.pop("served", None)
    state = columns.pop("state", TicketState.DONE if served is not None else TicketState.WAITING)
    ticket = Ticket(
        office_id=office.id,
        day=day,
        series="A",
        number=number,
        language="de",
        arrived_at=arrived,
        state=state,
        **columns,
    )
    if waited is not None:
        ticket.called_at = arrived + timedelta(minutes=waited)
        ticket.calls = 1
    if served is not None:
        assert ticket.called_at
        ticket.serving_at = ticket.called_at
        ticket.ended_at = ticket.called_at + timedelta(minutes=served)
    session.add(ticket)
    session.flush()
    if ticket.called_at is not None:
        happened(session, office, "ticket.called", f"ticket:{ticket.id}", ticket.called_at)
    return ticket


def add_appointment(
    session: Session,
    sheet: DaySheet,
    office: Office,
    what: Service,
    start: datetime,
    state: State,
    **columns: Any,
) -> Appointment:
    """An appointment, made so many days `ahead`."""
    made = start - timedelta(days=columns.pop("ahead", 10))
    one = Appointment(
        reference=columns.pop("reference"),
        office_id=office.id,
        sheet_id=sheet.id,
        service_id=what.id,
        items=[[what.id, 1]],
        channel=columns.pop("channel", Channel.ONLINE),
        share=Share.ONLINE,
        state=state,
        first_tick=0,
        ticks=2,
        start=start,
        language="de",
        person=vaults.of(session).seal(PERSON),
        created_at=made,
        changed_at=made,
        **columns,
    )
    session.add(one)
    session.flush()
    return one


def add_message(
    session: Session, office: Office, key: str, state: MessageState, at: datetime, **columns: Any
) -> None:
    session.add(
        Message(
            dedupe_key=key,
            kind=columns.pop("kind", "reminder"),
            medium=columns.pop("medium", Medium.SMS),
            subject="appointment:1",
            office_id=office.id,
            recipient=f"{key:0>64}",
            language="de",
            state=state,
            not_before=at,
            expires_at=at,
            created_at=at,
            **columns,
        )
    )


def open_counter(
    session: Session, office: Office, account: Account, place: int, opened: datetime, closed: datetime | None
) -> None:
    counter = office.counters[place]
    session.add(
        CounterSession(counter_id=counter.id, account_id=account.id, opened_at=opened, closed_at=closed)
    )
    session.flush()


def happened(session: Session, office: Office, kind: str, subject: str, at: datetime, **data: Any) -> None:
    events.append(session, office.id, kind, at, actor="account:1", subject=subject, data=data)
