"""What tests of the agenda do and look at."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from html import unescape

from sqlalchemy import select

from frontoffice.booking import appointing, choosing, holding
from frontoffice.booking.models import Appointment, Channel, Share
from frontoffice.booking.person import Person
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.messages.models import Message
from frontoffice.offices.models import Office, Schedule
from tests.booking.steps import OLENA
from tests.line.browsing import Browser
from tests.sample import RENEWAL

HERE = "/agenda/musterstadt"
ALL_SEATS = (Share.ONLINE, Share.PHONE, Share.ON_SITE)


def booked(
    database: Database,
    config: Config,
    start: datetime,
    now: datetime,
    person: Person = OLENA,
    *,
    items: Sequence[tuple[str, int]] = ((RENEWAL, 1),),
    team: str | None = None,
    actor: str = "account:99",
    slug: str = "musterstadt",
) -> Appointment:
    """An appointment from whatever seats there are; staff book it, so that no limits of visitors count."""
    with database.write() as session:
        office, visit = choosing.chosen(session, slug, items)
        chosen = None
        if team:
            chosen = [
                session.scalars(
                    select(Schedule.id).where(Schedule.slug == team, Schedule.office_id == office.id)
                ).one()
            ]
        _, token = holding.hold(
            session,
            office,
            visit,
            start,
            now,
            rules=config.booking,
            channel=Channel.PHONE,
            shares=ALL_SEATS,
            schedules=chosen,
        )
        return appointing.book(session, token, person, "en", now, settings=config, actor=actor, proven=True)


def somebody(number: int, *, mail: bool = True) -> Person:
    """One of many people."""
    born = date(1980, 1, 1 + number % 28)
    return Person(f"Person Number{number}", born, f"person{number}@example.org" if mail else None, None)


def appointment(database: Database, reference: str) -> Appointment:
    """As the database has it now."""
    with database.read() as session:
        found = session.scalars(select(Appointment).where(Appointment.reference == reference)).one()
        _ = found.sheet.schedule_id
        return found


def all_appointments(database: Database) -> list[Appointment]:
    """Every appointment in the order of booking."""
    with database.read() as session:
        return list(session.scalars(select(Appointment).order_by(Appointment.id)))


def events_of(database: Database, kind: str) -> list[Event]:
    """The events of a kind, oldest first."""
    with database.read() as session:
        return list(session.scalars(select(Event).where(Event.kind == kind).order_by(Event.id)))


def messages(database: Database, kind: str) -> list[Message]:
    """What is in the outbox of a kind."""
    with database.read() as session:
        return list(session.scalars(select(Message).where(Message.kind == kind).order_by(Message.id)))


def said(database: Database, message: Message) -> dict[str, str]:
    """What the text of a message is made from."""
    assert message.envelope is not None
    found: dict[str, str] = database.vault.open(message.envelope)["parameters"]
    return found


def hidden(browser: Browser, name: str) -> list[str]:
    """The values of a hidden field on the page, in order."""
    found = re.findall(rf'<input type="hidden" name="{name}" value="([^"]*)"', browser.page.text)
    return [unescape(each) for each in found]


def pressable(browser: Browser, name: str) -> list[str]:
    """The values of buttons with that name."""
    found = re.findall(rf'<button[^>]* name="{name}" value="([^"]*)"', browser.page.text)
    return [unescape(each) for each in found]


def links(browser: Browser, words: str) -> list[str]:
    """Where the links go whose text has these words."""
    found = re.findall(r'<a\b[^>]*href="([^"]+)"[^>]*>(.*?)</a>', browser.page.text, re.DOTALL)
    return [unescape(to) for to, text in found if words in re.sub(r"<[^>]+>", "", text)]


def schedule_id(office: Office, slug: str) -> int:
    """The id of a team."""
    return next(each.id for each in office.schedules if each.slug == slug)
