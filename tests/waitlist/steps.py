"""The steps of the waiting list, each in a transaction of its own, as the edges take them."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from frontoffice.booking import appointing
from frontoffice.booking.models import Appointment, Hold, Purpose
from frontoffice.booking.person import Person
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.messages import texts
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import Message, MessageState
from frontoffice.offices.models import Office, Service
from frontoffice.waitlist import answering, entries, joining, offering, spots
from frontoffice.waitlist.models import Offer, WaitlistEntry
from frontoffice.waitlist.wish import Wish
from tests.booking.steps import BERLIN, book_it, hold_it
from tests.sample import RENEWAL

LAST = date(2026, 12, 18)
ANY = Wish(date(2026, 11, 23), date(2026, 12, 19))


def somebody(number: int, **changed: Any) -> Person:
    """A person like no other."""
    details: dict[str, Any] = {
        "name": f"Person {'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[number]}",
        "born": date(1990, 1, 1) + timedelta(days=number),
        "mail": f"person{number}@example.org",
        "phone": None,
    }
    return Person(**{**details, **changed})


def join(
    database: Database,
    config: Config,
    person: Person,
    now: datetime,
    wanted: Wish = ANY,
    *,
    service: str = RENEWAL,
    until: date = LAST,
    **more: Any,
) -> WaitlistEntry:
    """Put somebody on the list of the sample office."""
    with database.write() as session:
        place = spots.where(session, "musterstadt", [(service, 1)])
        return joining.join(session, place, wanted, until, person, "en", now, settings=config, **more)


def book(
    database: Database, config: Config, service: Service, start: datetime, now: datetime, person: Person
) -> Appointment:
    """Book a time for somebody."""
    _, token = hold_it(database, config, service, start, now)
    return book_it(database, config, token, now, person)


def cancel(database: Database, config: Config, appointment: Appointment, now: datetime) -> None:
    """Cancel it again, so that its time is freed."""
    with database.write() as session:
        found = session.get_one(Appointment, appointment.id)
        appointing.cancel(session, found, now, settings=config)


def free_a_time(database: Database, config: Config, service: Service, start: datetime, now: datetime) -> None:
    """Let a time be freed that somebody had."""
    cancel(database, config, book(database, config, service, start, now, somebody(25)), now)


def offer_all(database: Database, config: Config, now: datetime) -> list[Offer]:
    """What the worker does every quarter of a minute."""
    while True:
        with database.write() as session:
            if not answering.expire_next(session, now, settings=config):
                break
    with database.read() as session:
        sheets = offering.freed_sheets(session, now)
    made = []
    for sheet_id in sheets:
        with database.write() as session:
            made += offering.offer(session, sheet_id, now, settings=config)
    return made


def take(database: Database, config: Config, entry: WaitlistEntry, now: datetime) -> Appointment:
    """Take what is offered."""
    with database.write() as session:
        return answering.take(session, fresh(session, entry), now, settings=config)


def decline(database: Database, config: Config, entry: WaitlistEntry, now: datetime) -> None:
    """Decline what is offered."""
    with database.write() as session:
        answering.decline(session, fresh(session, entry), now, settings=config)


def fresh(session: Any, entry: WaitlistEntry) -> WaitlistEntry:
    """The entry as it is now."""
    found: WaitlistEntry = session.get_one(WaitlistEntry, entry.id)
    return found


def state(database: Database, entry: WaitlistEntry) -> str:
    """What has become of an entry."""
    with database.read() as session:
        return fresh(session, entry).state.value


def live_holds(database: Database, purpose: Purpose) -> list[tuple[str, int]]:
    """What is kept for a purpose: start by Berlin's clock, and ticks."""
    query = select(Hold).where(Hold.purpose == purpose, Hold.released_at.is_(None)).order_by(Hold.start)
    with database.read() as session:
        return [
            (each.start.astimezone(BERLIN).strftime("%d. %H:%M"), each.ticks)
            for each in session.scalars(query)
        ]


def said(database: Database, entry: WaitlistEntry) -> list[str]:
    """The kinds of messages about an entry that leave or have left, in order."""
    with database.read() as session:
        query = select(Message.kind).where(
            Message.subject == f"waitlist:{entry.id}", Message.state == MessageState.PENDING
        )
        return list(session.scalars(query.order_by(Message.id)))


def text_of(database: Database, subject: str, kind: str) -> texts.Rendered:
    """The text of the last message of a kind about something."""
    with database.read() as session:
        query = select(Message).where(Message.subject == subject, Message.kind == kind)
        message = session.scalars(query.order_by(Message.id.desc())).first()
        assert message is not None
        envelope = unseal(database.vault, message.envelope)
        assert envelope is not None
        return texts.render(kind, message.medium, message.language, envelope.parameters)


def office_of(database: Database) -> Office:
    """The sample office."""
    with database.read() as session:
        return session.scalars(select(Office)).one()


def find_entry(database: Database, entry: WaitlistEntry) -> WaitlistEntry:
    """The entry by its secret link."""
    with database.read() as session:
        known = fresh(session, entry)
        return entries.find(session, known.reference, entries.secret_of(session, known))
