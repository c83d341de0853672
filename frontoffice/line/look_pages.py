"""Looking before calling: everything about a ticket on one page, and what can be done with it from there."""

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import sheet
from frontoffice.errors import NotFound, NotSignedIn
from frontoffice.line import desk, looking, order, seat, shell
from frontoffice.line.models import IN_HOUSE, Ticket, TicketState
from frontoffice.line.shell import COUNTER, clock_of, expected_of, language_name, minutes_from
from frontoffice.offices.models import Counter
from frontoffice.staff import roles
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import config, database
from frontoffice.web.needs import needs

pages = Blueprint("look_pages", __name__)
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)

CODE = "<string(maxlength=7):code>"


@pages.get(f"/desk/{COUNTER}/look")
@needs(Permission.SEE_LINE)
def look_at_next(counter: int) -> ResponseReturnValue:
    """Who would be called next here; nothing happens to them by looking."""
    now = clock.now()
    with database().read() as session:
        account = access.staff_required(session, Permission.SEE_LINE, now)
        here = seat.counter_for(session, counter, account)
        shown = desk.desk(session, here, _today(here, now), now, order.rules_of(config().line))
        first = shown.waiting[0].code if shown.waiting else None
    if first is None:
        flash(_("Nobody is waiting for this counter at the moment."), "info")
        return redirect(url_for("line_pages.show_desk", counter=counter), 303)
    return redirect(url_for("look_pages.look", counter=counter, code=first), 303)


@pages.get(f"/desk/{COUNTER}/ticket/{CODE}/")
@needs(Permission.SEE_LINE)
def look(counter: int, code: str) -> ResponseReturnValue:
    """The ticket: what it is about, who it is, what has happened with it so far."""
    now = clock.now()
    with database().read() as session:
        account = access.staff_required(session, Permission.SEE_LINE, now)
        here = seat.counter_for(session, counter, account)
        ticket = looking.ticket(session, here.office_id, _today(here, now), code)
        if ticket is None:
            raise NotFound
        about = _about(session, ticket, here, account, now)
    name = None
    if about["is_mine"] and roles.may(account, Permission.SERVE) and ticket.state in IN_HOUSE:
        name = shell.name_of_visitor(ticket, account, now)
    return render_template("line/look.html", name=name, **about)


def _today(counter: Counter, now: datetime) -> Any:
    return sheet.day_of(now, counter.office.time_zone)


def _about(
    session: Session, ticket: Ticket, counter: Counter, account: Account, now: datetime
) -> dict[str, Any]:
    place = desk.place(session, counter)
    is_mine = place.session is not None and place.session.account_id == account.id
    visitor = desk.visitor_of(session, counter.id)
    stands = ticket.state in (TicketState.WAITING, TicketState.PARKED)
    return {
        "account": account,
        "counter": counter,
        "current_office": counter.office,
        "ticket": ticket,
        "is_mine": is_mine,
        "may_call": is_mine and stands and visitor is None and not desk.pauses(place),
        "may_steer": is_mine and stands,
        "services": looking.services(session, ticket),
        "steps": looking.steps(session, ticket),
        "step_words": shell.step_words,
        "reason": _(shell.PRIORITIES[ticket.priority]) if ticket.priority else "",
        "expected": expected_of(session, [ticket], now, config().line),
        "minutes_since": minutes_from(now),
        "clock_time": clock_of(counter.office),
        "language_name": language_name,
        **shell.choices(session, counter),
    }
