"""SMS to those who wait and have left a number: "you are next", and that the office closes early.

Who is near the front is looked for every few seconds, rather than at every call: how near one is changes with others'
acts as well. A message is written in the transaction that notes it at the ticket, under a key of its own.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from frontoffice import vault
from frontoffice.booking import appointing
from frontoffice.config import Line
from frontoffice.line import waiting_time
from frontoffice.line.forecast import Expected
from frontoffice.line.models import OVER, EarlyClosing, Ticket, TicketState
from frontoffice.line.phone import NEXT, subject
from frontoffice.messages import outbox
from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.messages.outbox import Draft
from frontoffice.offices.models import Office

CLOSING = "closing_early"
NOT_TOLD = (MessageState.CANCELLED, MessageState.SUPPRESSED, MessageState.EXPIRED)
TO_TELL = (TicketState.WAITING, TicketState.CALLED)
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
    told = _locked(
        session,
        Ticket.id.in_(tickets),
        Ticket.phone.is_not(None),
        Ticket.next_told_at.is_(None),
        Ticket.state.in_(TO_TELL),
    )
    for ticket in told:
        ticket.next_told_at = now
        ticket.notices += 1
    session.flush()
    drafts = [_next(session, ticket, now) for ticket in told]
    outbox.enqueue_all(session, drafts, now)
    return len(drafts)


def forget_numbers(session: Session) -> int:
    """Forget the numbers of visits that are over; says how many those were."""
    gone = _locked(
        session, Ticket.phone.is_not(None), or_(Ticket.state.in_(OVER), Ticket.ended_at.is_not(None))
    )
    for ticket in gone:
        ticket.phone = None
    session.flush()
    return len(gone)


def tell_closing(session: Session, tickets: Iterable[Ticket], said: EarlyClosing, now: datetime) -> int:
    """Tell those of the tickets who left a number that the office closes early; says how many were written to.

    Comes before the act's events. What was written before about another time, and has not left, is taken back.
    """
    reached = [ticket for ticket in tickets if ticket.phone is not None and ticket.state not in OVER]
    for ticket in reached:
        outbox.cancel(session, subject(ticket), now, (CLOSING,))
    key = f"closing:{_stamp(said)}:{int(said.closes_at.timestamp())}"
    return _write(session, [_closing(session, each, said.closes_at, now, key) for each in reached], now)


def tell_open(
    session: Session, tickets: Iterable[Ticket], said: EarlyClosing, usual: datetime | None, now: datetime
) -> int:
    """Tell those whom the news has reached, or may have, that the office does not close early, after all."""
    reached = [ticket for ticket in tickets if ticket.phone is not None and ticket.state not in OVER]
    for ticket in reached:
        outbox.cancel(session, subject(ticket), now, (CLOSING,))
    told = session.scalars(
        select(Message.subject).where(
            Message.subject.in_([subject(ticket) for ticket in reached]),
            Message.kind == CLOSING,
            Message.state.not_in(NOT_TOLD),
        )
    ).all()
    at, key = usual or said.closes_at, f"open:{_stamp(said)}"
    drafts = [
        _closing(session, each, at, now, key, news="usual" if usual else "open")
        for each in reached
        if subject(each) in told
    ]
    return _write(session, drafts, now)


def tell_closed(session: Session, tickets: Iterable[Ticket], closed_at: datetime, now: datetime) -> int:
    """Tell those who left a number that the office has closed, and they are not called any more."""
    drafts = [
        _closing(session, ticket, closed_at, now, "closed", news="closed")
        for ticket in tickets
        if ticket.phone is not None
    ]
    return _write(session, drafts, now)


def _closing(session: Session, ticket: Ticket, at: datetime, now: datetime, key: str, **more: str) -> Draft:
    said = {"ticket": ticket.code, "closes_at": at.isoformat(), "time_zone": ticket.office.time_zone}
    return _draft(session, ticket, CLOSING, key, said | more, now + CLOSING_EXPIRES)


def _stamp(said: EarlyClosing) -> str:
    """When that was said: 14:00, then 15:00, then 14:00 again is news each time."""
    return f"{said.told_at:%Y%m%d%H%M%S%f}"


def _write(session: Session, drafts: Sequence[Draft], now: datetime) -> int:
    return sum(number is not None for number in outbox.enqueue_all(session, drafts, now))


def _locked(session: Session, *wanted: ColumnElement[bool]) -> Sequence[Ticket]:
    # In the order of their ids, as everybody locks several: who takes them as they come can meet another who does.
    return session.scalars(
        select(Ticket)
        .where(*wanted)
        .order_by(Ticket.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _mail_of(session: Session, ticket: Ticket) -> str | None:
    """Where a mail goes if the SMS fails: who has an appointment may have left an address with it."""
    if ticket.appointment is None:
        return None
    return appointing.person_of(session, ticket.appointment).mail


def _is_near(session: Session, ticket: Ticket, now: datetime, settings: Line) -> bool:
    if ticket.state is TicketState.CALLED:
        return True
    place: Expected = waiting_time.place_of(session, ticket, now, settings)
    # No counter that serves it is open, so nobody is next; or it is new, and the next look knows its place.
    if place.wait is None or place.ahead is None:
        return False
    return place.ahead < settings.next_people or place.wait.middle <= timedelta(minutes=settings.next_minutes)


def _next(session: Session, ticket: Ticket, now: datetime) -> Draft:
    said = {"ticket": ticket.code}
    if ticket.state is TicketState.CALLED and ticket.counter is not None:
        said["counter"] = ticket.counter.name
    return _draft(session, ticket, NEXT, f"next:{ticket.notices}", said, now + NEXT_EXPIRES)


def _draft(
    session: Session, ticket: Ticket, kind: str, key: str, said: dict[str, str], expires_at: datetime
) -> Draft:
    return Draft(
        kind=kind,
        medium=Medium.SMS,
        to=vault.of(session).open(ticket.phone or b""),
        language=ticket.language,
        office_id=ticket.office_id,
        subject=subject(ticket),
        dedupe_key=f"ticket:{ticket.id}:{key}:sms",
        parameters=said,
        expires_at=expires_at,
        priority=URGENT,
        fallback_to=_mail_of(session, ticket),
    )
