"""The expected wait of an office's line: what `forecast` works out, fed with what the tables know.

It is the same for the kiosk, the phone ticket, the desk and the team view, and is kept in the process as long as
nothing happens at the office; in a busy one, working it out takes a tenth of the time at most.
"""

import threading
from collections.abc import Collection
from datetime import datetime, timedelta
from math import ceil, floor
from time import monotonic, thread_time
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.booking import rows
from frontoffice.config import Line
from frontoffice.line import forecast, order, picture
from frontoffice.line.expected import Range
from frontoffice.line.experience import Experience
from frontoffice.line.forecast import Expected, Outlook
from frontoffice.line.models import LineExperience, Ticket, TicketState
from frontoffice.memory import MEMORY, Memory, remembered, seldom_changed
from frontoffice.offices.models import Office

# Time passes in the line without anything happening: a visit that takes longer makes the next one wait.
KEPT = timedelta(seconds=20)
# So much of the time may be spent on working it out; what takes less than a moment is always done.
SHARE = 10
MOMENT = 0.003  # seconds
ROUNDED_FROM = 15  # minutes from which on people are told five-minute steps


class _Kept(NamedTuple):
    outlook: Outlook
    number: int  # of the last event before the look
    until: float


class _Shelf:
    """What a process keeps for one database."""

    def __init__(self) -> None:
        self.kept: dict[int, _Kept] = {}
        self.locks: dict[int, threading.Lock] = {}


seldom_changed(LineExperience)

_SHELVES: WeakKeyDictionary[Memory, _Shelf] = WeakKeyDictionary()


def of_office(session: Session, office: Office, now: datetime, settings: Line) -> Outlook:
    """The place and the expected wait of everybody who waits at the office, and of who would come now."""
    return _look(session, office, now, settings).outlook


def of_ticket(session: Session, ticket: Ticket, now: datetime, settings: Line) -> Range | None:
    """How long the ticket will wait from `now` on; None where that cannot be said, or it does not wait."""
    return place_of(session, ticket, now, settings).wait


def place_of(session: Session, ticket: Ticket, now: datetime, settings: Line) -> Expected:
    """How many are called before the ticket (None: not known yet), and its wait; 0 and None where it does not wait."""
    return places_of(session, [ticket], now, settings)[ticket.id]


def places_of(
    session: Session, tickets: Collection[Ticket], now: datetime, settings: Line
) -> dict[int, Expected]:
    """The same for several tickets of one office, by id, with one look."""
    waits = next((ticket for ticket in tickets if ticket.state is TicketState.WAITING), None)
    office = rows.lasting(session, Office, waits.office_id) if waits else None
    outlook = of_office(session, office, now, settings) if office else None
    return {ticket.id: _place(ticket, outlook, now) for ticket in tickets}


def of_walk_in(
    session: Session, office: Office, service_id: int | None, now: datetime, settings: Line
) -> Range | None:
    """How long somebody without appointment would wait who came now; None where no counter serves the concern."""
    return of_office(session, office, now, settings).walk_in.get(service_id)


def where(session: Session, ticket: Ticket) -> str | None:
    """The room in which to wait for that ticket; None where that cannot be said, as it may be called from several."""
    rooms = forecast.rooms(picture.wish_of(ticket), picture.counters_of(session, ticket.office_id))
    return rooms[0] if len(rooms) == 1 else None


def in_minutes(told: Range) -> tuple[int, int]:
    """A range as it is said to people: whole minutes, rounded outwards; to five from a quarter of an hour on."""
    low, high = told.low / timedelta(minutes=1), told.high / timedelta(minutes=1)
    step = 5 if high > ROUNDED_FROM else 1
    first = floor(low / step) * step
    return first, max(ceil(high / step) * step, first + step)


def experience_of(session: Session, office_id: int) -> Experience:
    """What was learned at the office."""

    def read() -> Experience:
        row = session.get(LineExperience, office_id)
        return Experience.from_json(row.data) if row is not None else Experience()

    return remembered(session, ("line experience", office_id), read)


def _place(ticket: Ticket, outlook: Outlook | None, now: datetime) -> Expected:
    if outlook is None or ticket.state is not TicketState.WAITING:
        return Expected(0, None)
    found = outlook.tickets.get(ticket.id)
    if found is None:  # given a moment ago, after the last look
        with_time = ticket.due_at is not None and ticket.due_at <= now
        wait = (outlook.on_time if with_time else outlook.walk_in).get(ticket.service_id)
        found = Expected(None, wait)
    passed = max(now - outlook.at, timedelta())
    return found._replace(wait=found.wait and forecast.said_later(found.wait, passed))


def _look(session: Session, office: Office, now: datetime, settings: Line) -> _Kept:
    shelf = _SHELVES.setdefault(session.info[MEMORY], _Shelf())
    number = events.last_number(session, office.id)
    kept = shelf.kept.get(office.id)
    if kept is not None and _is_good(kept, number, now):
        return kept
    with shelf.locks.setdefault(office.id, threading.Lock()):
        kept = shelf.kept.get(office.id)
        if kept is None or not _is_good(kept, number, now):
            kept = shelf.kept[office.id] = _worked_out(session, office, number, now, settings)
    return kept


def _is_good(kept: _Kept, number: int, now: datetime) -> bool:
    if not timedelta() <= now - kept.outlook.at < KEPT:
        return False
    return kept.number == number or monotonic() < kept.until


def _worked_out(session: Session, office: Office, number: int, now: datetime, settings: Line) -> _Kept:
    seen = picture.of_office(session, office, now)
    experience = experience_of(session, office.id)
    began = thread_time()
    outlook = forecast.look_ahead(seen, experience, order.rules_of(settings))
    took = thread_time() - began
    rest = SHARE * took if took > MOMENT else 0.0
    return _Kept(outlook, number, monotonic() + rest)
