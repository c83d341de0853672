"""The notice of alarms in the bar that all pages of staff share, so that nobody misses one by looking elsewhere."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import object_session

from frontoffice import clock
from frontoffice.errors import NotSignedIn
from frontoffice.line import desk, helping, shell
from frontoffice.line.helping import Cry
from frontoffice.line.models import CounterSession
from frontoffice.offices import finding
from frontoffice.offices.models import Office
from frontoffice.staff import roles
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import database
from frontoffice.web.needs import needs

pages = Blueprint("alarm_pages", __name__)
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)


class Bar(NamedTuple):
    """What the bar shows about an office: alarms and calls for help, and where the reader sits there."""

    cries: Sequence[Cry]
    seat: CounterSession | None
    clock_time: shell.Clock

    @property
    def mine(self) -> str:
        """The name of the reader's counter; empty without one."""
        return self.seat.counter.name if self.seat else ""

    @property
    def emergencies(self) -> list[Cry]:
        """The alarms."""
        return [each for each in self.cries if each.is_alarm]

    @property
    def to_hear(self) -> list[int]:
        """Alarms that sound here. The reader's own does not: it would give away who asked for help."""
        return [each.number for each in self.emergencies if each.counter != self.mine]


@pages.get("/team/<slug>/alarms")
@needs(Permission.SEE_LINE)
def part(slug: str) -> ResponseReturnValue:
    """The notice alone, for the script that keeps it up to date."""
    with database().read() as session:
        account = access.staff_required(session, Permission.SEE_LINE, clock.now())
        office = finding.office(session, slug)
        access.office_required(account, office.id)
        return render_template("line/_alarms.html", account=account, current_office=office)


def _bar(office: Office, account: Account) -> Bar:
    """Read where the page reads, and anew where the page has read everything already."""
    session = object_session(office)
    with nullcontext(session) if session and session.is_active else database().read() as reading:
        seat = desk.seat_of(reading, account.id) if roles.may(account, Permission.SERVE) else None
        here = seat if seat and seat.counter.office_id == office.id else None
        return Bar(helping.cries(reading, office.id, clock.now()), here, shell.clock_of(office))


@pages.app_context_processor
def _words() -> dict[str, Callable[..., Any]]:
    return {"staff_bar": _bar}
