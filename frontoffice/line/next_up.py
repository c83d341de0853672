"""SMS to those who wait and have left a number: "you are next", and that the office closes early.

Who is near the front is looked for every few seconds, rather than at every call: how near one is changes with others'
acts as well. A message is written in the transaction that notes it at the ticket, under a key of its own.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from frontoffice import vault
from frontoffice.config import Line
from frontoffice.line import waiting_time
from frontoffice.line.forecast import Expected
from frontoffice.line.models import Ticket, TicketState
from frontoffice.line.phone import NEXT, subject
from frontoffice.messages import outbox
from frontoffice.messages.models import Medium
from frontoffice.messages.outbox import Draft
from frontoffice.offices.models import Office

CLOSING = "closing_early"
TO_TELL = (TicketState.WAITING, TicketState.CALLED)
OVER = (TicketState.DONE, TicketState.NO_SHOW, TicketState.LEFT)
# Later it would be of no use: the visitor is called, or has been.
NEXT_EXPIRES = timedelta(minutes=5)
CLOSING_EXPIRES = timedelta(minutes=30)
URGENT = 1  # priority


def offices(session: Session) -> Sequence[Office]:
    """The offices where somebody has left a number."""
    wanted = select(Ticket.office_id).where(Ticket.phone.is_not(None))
    return session.scalars(select(Office).where(Office.id.in_(wanted)).order_by(Office.id)).all()


def near(session: Session, office: Office, now: datetime, settings: Line) -> list[int]:
    """The tickets with a number, not told yet, whose turn is near or has come: to be told by `tell`."""
    found = session.scalars(
        select(Ticket)
        .where(
            Ticket.office_id == office.id,
            Ticket.phone.is_not(None),
            Ticket.next_told_at.is_(None),
            Ticket.state.in_(TO_TELL),
        )
        .order_by(Ticket.id)
    ).all()
    return [ticket.id for ticket in found if _is_near(session, ticket, now, settings)]


def tell(session: Session, tickets: Collection[int], now: datetime) -> int:
    """Write to those of the tickets who still wait or are called and were not told; says how many that were."""
    told = session.scalars(
        update(Ticket)
        .where(
            Ticket.id.in_(tickets),
            Ticket.phone.is_not(None),
            Ticket.next_told_at.is_(None),
            Ticket.state.in_(TO_TELL),
        )
        .values(next_told_at=now, notices=Ticket.notices + 1)
        .returning(Ticket)
        .execution_options(populate_existing=True)
    ).all()
    drafts = [_next(session, ticket, now) for ticket in sorted(told, key=lambda each: each.id)]
    outbox.enqueue_all(session, drafts, now)
    return len(drafts)


def forget_numbers(session: Session) -> int:
    """Forget the numbers of visits that are over; says how many those were."""
    gone = session.scalars(
        update(Ticket)
        .where(Ticket.phone.is_not(None), or_(Ticket.state.in_(OVER), Ticket.ended_at.is_not(None)))
        .values(phone=None)
        .returning(Ticket.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def tell_closing(session: Session, tickets: Iterable[Ticket], closes_at: datetime, now: datetime) -> int:
    """Tell those of the tickets who left a number that the office closes early; says how many were written to.

    Comes before the act's events. Twice for the same time writes once.
    """
    drafts = [
        Draft(
            kind=CLOSING,
            medium=Medium.SMS,
            to=vault.of(session).open(ticket.phone),
            language=ticket.language,
            office_id=ticket.office_id,
            subject=subject(ticket),
            dedupe_key=f"ticket:{ticket.id}:closing:{int(closes_at.timestamp())}:sms",
            parameters={
                "ticket": ticket.code,
                "closes_at": closes_at.isoformat(),
                "time_zone": ticket.office.time_zone,
            },
            expires_at=now + CLOSING_EXPIRES,
            priority=URGENT,
        )
        for ticket in tickets
        if ticket.phone is not None and ticket.state not in OVER
    ]
    return sum(number is not None for number in outbox.enqueue_all(session, drafts, now))


def _is_near(session: Session, ticket: Ticket, now: datetime, settings: Line) -> bool:
    if ticket.state is TicketState.CALLED:
        return True
    place: Expected = waiting_time.place_of(session, ticket, now, settings)
    if place.wait is None:  # no counter that serves it is open, so nobody is next
        return False
    return place.ahead < settings.next_people or place.wait.middle <= timedelta(minutes=settings.next_minutes)


def _next(session: Session, ticket: Ticket, now: datetime) -> Draft:
    said = {"ticket": ticket.code}
    if ticket.state is TicketState.CALLED and ticket.counter is not None:
        said["counter"] = ticket.counter.name
    return Draft(
        kind=NEXT,
        medium=Medium.SMS,
        to=vault.of(session).open(ticket.phone or b""),
        language=ticket.language,
        office_id=ticket.office_id,
        subject=subject(ticket),
        dedupe_key=f"ticket:{ticket.id}:next:{ticket.notices}:sms",
        parameters=said,
        expires_at=now + NEXT_EXPIRES,
        priority=URGENT,
    )
