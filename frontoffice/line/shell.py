"""What the pages of the line share: words for tables, times by the office's clock, and one way to act."""

from collections.abc import Callable, Iterable
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import dates, sheet
from frontoffice.config import Line
from frontoffice.errors import N_, Conflict, Invalid
from frontoffice.languages import name_of
from frontoffice.line import desk, end_of_day, waiting_time
from frontoffice.line.expected import Range
from frontoffice.line.models import Priority, Ticket
from frontoffice.offices.models import Counter, Office, Service
from frontoffice.staff import roles
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import database, in_own_language, language, say

COUNTER = "<int(max=2147483647):counter>"  # the largest id that every database knows

PRIORITIES = {
    Priority.CHILDREN: N_("small children"),
    Priority.PREGNANT: N_("pregnant"),
    Priority.FRAIL: N_("ill, disabled or frail"),
    Priority.DEADLINE: N_("a deadline today"),
    Priority.OTHER: N_("another reason"),
}

STEPS = {
    "ticket.issued": N_("Number given"),
    "ticket.called": N_("Called"),
    "ticket.serving": N_("Came to the counter"),
    "ticket.done": N_("Finished"),
    "ticket.no_show": N_("Nobody came"),
    "ticket.left": N_("Has left"),
    "ticket.waiting": N_("Waits"),
    "ticket.parked": N_("Was set aside"),
    "ticket.transferred": N_("Passed on"),
    "ticket.favoured": N_("Goes first"),
    "ticket.undone": N_("Last step undone"),
    "ticket.linked": N_("Phone ticket given"),
}

Clock = Callable[[datetime], str]


def act(work: Callable[[Session, Account, datetime], None], permission: Permission) -> bool:
    """Do it in one transaction; says whether it could be done, and the next page says why not."""
    now = clock.now()
    try:
        with database().write() as session:
            work(session, access.staff_required(session, permission, now), now)
    except (Conflict, Invalid) as error:
        flash(say(error), "warning")
        return False
    return True


def clock_of(office: Office) -> Clock:
    """How moments are written at the office: 14:05."""
    zone, spoken = office.time_zone, language()
    return lambda moment: dates.clock_time(moment, zone, spoken)


def step_words(kind: str) -> str:
    """What happened with a ticket, for staff."""
    return _(STEPS[kind]) if kind in STEPS else kind


def minutes_from(now: datetime) -> Callable[[datetime], int]:
    """How many whole minutes ago a moment is; 0 for one that is still to come."""
    return lambda moment: max(0, int((now - moment).total_seconds() // 60))


def language_name(code: str) -> str:
    """The language in the words of who reads the page; kiosks may know languages that we do not."""
    return name_of(code, language())


def offices_of(session: Session, account: Account) -> list[Office]:
    """The offices at which the account is valid."""
    return list(session.scalars(select(Office).where(roles.at_offices_of(account)).order_by(Office.name)))


def choices(session: Session, counter: Counter) -> dict[str, Any]:
    """What forms offer: open counters, staff, teams, concerns, spoken languages, reasons to go first."""
    places = [each for each in desk.places(session, counter.office_id) if each.session]
    spoken = sorted({code for each in places for code in each.counter.languages})
    services = session.scalars(
        select(Service)
        .where(Service.office_id == counter.office_id, Service.active)
        .order_by(Service.position)
    )
    named = [(each.counter.id, _("Counter %(counter)s", counter=each.counter.name)) for each in places]
    return {
        "open_counters": named,
        "other_counters": [each for each in named if each[0] != counter.id],
        "staff_here": [
            (each.session.account_id, each.session.account.name) for each in places if each.session
        ],
        "teams": [(team, team) for team in sorted({each.counter.team for each in places}) if team],
        "all_services": [(each.id, in_own_language(each.names)) for each in services],
        "spoken": [(code, language_name(code)) for code in spoken],
        "priorities": [(each.value, _(words)) for each, words in PRIORITIES.items()],
    }


def name_of_visitor(ticket: Ticket, account: Account, now: datetime) -> str | None:
    """The name on the ticket's appointment, put on record as seen by the account before it is shown."""
    if ticket.appointment_id is None:
        return None
    with database().read() as session:
        noted = desk.is_noted(session, ticket, account)
    if not noted:
        with database().write() as session:
            desk.note_seen(session, ticket, account, now)
    with database().read() as session:
        return desk.name_of_visitor(session, ticket)


def expected_of(
    session: Session, tickets: Iterable[Ticket], now: datetime, settings: Line
) -> Callable[[Ticket], str]:
    """How long each of the tickets will wait, in words: 10–25 min; empty where that cannot be said."""
    shown = list(tickets)
    places = waiting_time.places_of(session, shown, now, settings)
    closing = end_of_day.closes_at(session, shown[0].office, now) if shown else None
    words = {number: _range(place.wait) for number, place in places.items()}
    for number, place in places.items():
        if end_of_day.may_be_too_late(place.wait, closing, now):
            words[number] = _("%(wait)s, perhaps not before we close", wait=words[number])
    return lambda ticket: words.get(ticket.id, "")


def _range(told: Range | None) -> str:
    if told is None:
        return ""
    low, high = waiting_time.in_minutes(told)
    words = _("%(low)s–%(high)s min", low=low, high=high) if low < high else _("%(high)s min", high=high)
    return str(words)


def time_of_day(typed: str, office: Office, now: datetime) -> datetime:
    """What was typed as a time (14:30), today by the office's clock. Raises Invalid."""
    try:
        chosen = time.fromisoformat(typed)
    except ValueError:
        raise Invalid("closes_at", N_("Please enter a time such as 14:30.")) from None
    today = sheet.day_of(now, office.time_zone)
    return datetime.combine(today, chosen.replace(tzinfo=None), ZoneInfo(office.time_zone))
