"""What all pages of the agenda share: who is asking about which office, the words for tables, and the frame."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, NamedTuple

from flask import Blueprint, render_template, request
from flask_babel import format_decimal
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.agenda import seeing
from frontoffice.agenda.day import Entry
from frontoffice.booking import appointing, dates, sheet
from frontoffice.booking.models import Channel, Share, State
from frontoffice.booking.person import Person
from frontoffice.errors import N_, NotSignedIn
from frontoffice.languages import name_of
from frontoffice.messages import failover, following
from frontoffice.offices import finding
from frontoffice.offices.models import Office
from frontoffice.staff import roles
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import database, in_own_language, language

pages = Blueprint("agenda", __name__)
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)

HERE = "/agenda/<slug>"
REFERENCE = "<string(length=8):reference>"

STATES = {
    State.UNCONFIRMED: ("warning", N_("Not confirmed yet")),
    State.CONFIRMED: ("info", N_("Confirmed")),
    State.CHECKED_IN: ("success", N_("Is here")),
    State.DONE: ("success", N_("Done")),
    State.CANCELLED: ("danger", N_("Cancelled")),
    State.EXPIRED: ("danger", N_("Lapsed")),
    State.NO_SHOW: ("danger", N_("Did not come")),
}
CHANNELS = {
    Channel.ONLINE: N_("Online"),
    Channel.PHONE: N_("By phone"),
    Channel.ON_SITE: N_("On site"),
    Channel.PARTNER: N_("Through a partner"),
}
SHARES = {
    Share.ONLINE: N_("Online"),
    Share.PHONE: N_("Phone"),
    Share.ON_SITE: N_("On site"),
    Share.EMERGENCY: N_("Emergencies"),
}


class View(NamedTuple):
    """Whose data is going to be shown: a subject, as `seeing` has it, and the appointments on a list."""

    subject: str
    shown: Sequence[int]


class Desk(NamedTuple):
    """Who is asking, about which office, in which transaction, when; and what has to be put on record then."""

    session: Session
    account: Account
    office: Office
    now: datetime
    views: list[View]

    @property
    def today(self) -> date:
        """The office's date."""
        return sheet.day_of(self.now, self.office.time_zone)

    @property
    def actor(self) -> str:
        """By what name events know who is asking."""
        return seeing.actor(self.account)

    def may(self, permission: Permission) -> bool:
        """Whether the account's role includes the permission."""
        return roles.may(self.account, permission)


class Minded(NamedTuple):
    """How many messages reached nobody, and whether a provider is stopped."""

    unreached: int
    is_stopped: bool


@contextmanager
def looking(slug: str, permission: Permission) -> Iterator[Desk]:
    """To read only. Raises NotSignedIn, NotAllowed, NotFound.

    Whose data is shown (`note_seen`) is put on record before the page leaves: without the record there is no page.
    """
    with database().read() as session:
        desk = _desk(session, slug, permission)
        yield desk
    if desk.views:
        with database().write() as session:
            for view in desk.views:
                seeing.note(session, desk.office.id, desk.account, view.subject, desk.now, view.shown)


@contextmanager
def acting(slug: str, permission: Permission) -> Iterator[Desk]:
    """To change something; commits at the end. Raises as `looking`."""
    with database().write() as session:
        yield _desk(session, slug, permission)


def note_seen(desk: Desk, subject: str, shown: Sequence[int] = ()) -> None:
    """The page shows whose this appointment is, or these on a list: to be put on record once for each view."""
    if not seeing.is_noted(desk.session, desk.office.id, desk.account, subject, desk.now, shown):
        desk.views.append(View(subject, shown))


def person_of(desk: Desk, entry: Entry) -> Person:
    """For whom it is, unsealed. Note it (`note_seen`) before showing it."""
    return appointing.person_of(desk.session, entry.appointment)


def people_of(desk: Desk, entries: list[Entry]) -> dict[int, Person]:
    """As `person_of`, by the ids of the appointments."""
    return {each.appointment.id: person_of(desk, each) for each in entries}


def render(desk: Desk, template: str, **words: Any) -> str:
    """A page of the agenda."""
    zone = desk.office.time_zone
    return render_template(
        template if "/" in template else f"agenda/{template}",
        account=desk.account,
        minds=_minded(desk),
        current_office=desk.office,
        office=desk.office,
        today=desk.today,
        now=desk.now,
        clock_time=lambda moment: dates.clock_time(moment, zone, language()),
        long_day=lambda day: dates.long_day(day, language()),
        day_of=lambda moment: sheet.day_of(moment, zone),
        short_day=short_day,
        language_name=language_name,
        concern=concern,
        hours=hours,
        states=STATES,
        channels=CHANNELS,
        shares=SHARES,
        **words,
    )


def concern(entry: Entry) -> str:
    """What an appointment is for, in the words of who reads the page."""
    named = [
        in_own_language(service.names) + (f" × {people}" if people > 1 and len(entry.items) > 1 else "")
        for service, people in entry.items
    ]
    return ", ".join(named)


def hours(minutes: int) -> str:
    """Minutes as hours, as tables show them: 12.5 h."""
    return str(_("%(number)s h", number=format_decimal(round(minutes / 60, 1))))


def short_day(day: date) -> str:
    """Tue 24 Nov."""
    return dates.short_day(day, language())


def language_name(code: str) -> str:
    """The language in the words of who reads the page."""
    return name_of(code, language())


def day_asked_for(desk: Desk, name: str = "day") -> date:
    """The day in the address; today where there is none, or none that anybody plans for."""
    try:
        day = date.fromisoformat(request.values.get(name, ""))
    except ValueError:
        return desk.today
    return day if 1992 <= day.year <= 2099 else desk.today  # as far as public holidays are known


def _desk(session: Session, slug: str, permission: Permission) -> Desk:
    now = clock.now()
    account = access.staff_required(session, permission, now)
    office = finding.office(session, slug)
    access.office_required(account, office.id)
    return Desk(session, account, office, now, [])


def _minded(desk: Desk) -> Minded | None:
    """What stands on the tab of the messages, for those who have it."""
    if not desk.may(Permission.MIND_MESSAGES):
        return None
    unreached = following.count_unreached(desk.session, desk.now, desk.office.id)
    return Minded(unreached, bool(failover.state(desk.session)))


def _may(account: Account, permission: str) -> bool:
    return roles.may(account, Permission(permission))


@pages.app_context_processor
def _words() -> dict[str, Callable[..., Any]]:
    return {"may": _may}
