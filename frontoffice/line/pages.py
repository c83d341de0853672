"""The desk of staff: who waits, who is here, and the buttons that call, serve and finish."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import sheet
from frontoffice.errors import NotFound, NotSignedIn
from frontoffice.languages import language_of
from frontoffice.line import (
    arriving,
    board,
    calling,
    desk,
    looking,
    machines,
    order,
    seat,
    shell,
    staffing,
    team,
)
from frontoffice.line.calling import Visit
from frontoffice.line.forms import TicketForm
from frontoffice.line.models import Ticket, TicketState
from frontoffice.line.shell import (
    COUNTER,
    clock_of,
    expected_of,
    language_name,
    minutes_from,
    offices_of,
)
from frontoffice.messages import failover
from frontoffice.offices.models import Counter, Office, Service
from frontoffice.staff import roles
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import config, database, in_own_language
from frontoffice.web.needs import needs

pages = Blueprint("line_pages", __name__)
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)

SHOWN = 30  # of those who wait
STEPS: dict[str, Callable[..., Visit]] = {
    "recall": calling.recall,
    "start": calling.start,
    "finish": calling.finish,
    "no-show": calling.no_show,
}


@pages.get("/desk/")
@needs(Permission.SEE_LINE)
def desks() -> ResponseReturnValue:
    """Who sits where, and which counters are free."""
    now = clock.now()
    with database().read() as session:
        account = access.staff_required(session, Permission.SEE_LINE, now)
        offices = offices_of(session, account)
        chosen = request.args.get("office")
        office = next((each for each in offices if each.slug == chosen), offices[0] if offices else None)
        if office is None:
            raise NotFound
        return render_template(
            "line/counters.html",
            account=account,
            may_serve=roles.may(account, Permission.SERVE),
            may_close=roles.may(account, Permission.CLOSE_ANY_COUNTER),
            offices=offices,
            current_office=office,
            places=desk.places(session, office.id),
            seat=desk.seat_of(session, account.id),
            clock_time=clock_of(office),
        )


@pages.get(f"/desk/{COUNTER}/")
@needs(Permission.SEE_LINE)
def show_desk(counter: int) -> ResponseReturnValue:
    """The desk: who is here, who is next, and what can be done."""
    now = clock.now()
    with database().read() as session:
        account = access.staff_required(session, Permission.SEE_LINE, now)
        here = seat.counter_for(session, counter, account)
        shown = _shown(session, here, now)
        about = _about(session, shown, here, account, now)
        form = _ticket_form(session, here.office)
        papers = _papers(shown.current, here.office, account) if about["is_mine"] else []
    name = None
    if shown.current is not None and about["is_mine"] and roles.may(account, Permission.SERVE):
        name = shell.name_of_visitor(shown.current, account, now)
    return render_template(
        "line/desk.html",
        account=account,
        counter=here,
        current_office=here.office,
        may_issue=roles.may(account, Permission.ISSUE_TICKETS),
        name=name,
        papers=papers,
        form=form,
        **about,
    )


@pages.get(f"/desk/{COUNTER}/line")
@needs(Permission.SEE_LINE)
def show_line(counter: int) -> ResponseReturnValue:
    """The part of the desk that changes by itself: who waits."""
    now = clock.now()
    with database().read() as session:
        account = access.staff_required(session, Permission.SEE_LINE, now)
        here = seat.counter_for(session, counter, account)
        about = _about(session, _shown(session, here, now), here, account, now)
    return render_template(
        "line/_waiting.html", account=account, counter=here, current_office=here.office, **about
    )


@pages.post(f"/desk/{COUNTER}/open")
@needs(Permission.SERVE)
def open_counter(counter: int) -> ResponseReturnValue:
    """Sit down."""

    def act(session: Session, account: Account, now: datetime) -> None:
        staffing.open_counter(session, counter, account, now)

    done = shell.act(act, Permission.SERVE)
    return redirect(_desk_of(counter) if done else url_for("line_pages.desks"), 303)


@pages.post(f"/desk/{COUNTER}/close")
@needs(Permission.SEE_LINE)
def close_counter(counter: int) -> ResponseReturnValue:
    """Leave the counter, or close one that was left open."""

    def act(session: Session, account: Account, now: datetime) -> None:
        staffing.close_counter(session, counter, account, now)

    done = shell.act(act, Permission.SEE_LINE)
    return redirect(url_for("line_pages.desks") if done else _desk_of(counter), 303)


@pages.post(f"/desk/{COUNTER}/call-next")
@needs(Permission.SERVE)
def call_next(counter: int) -> ResponseReturnValue:
    """Call the next one, or say that nobody waits."""

    def act(session: Session, account: Account, now: datetime) -> None:
        if calling.call_next(session, counter, account, now, order.rules_of(config().line)) is None:
            flash(_("Nobody is waiting for this counter at the moment."), "info")

    shell.act(act, Permission.SERVE)
    return redirect(_desk_of(counter), 303)


@pages.post(f"/desk/{COUNTER}/<any({','.join(repr(step) for step in STEPS)}):step>")
@needs(Permission.SERVE)
def take_step(counter: int, step: str) -> ResponseReturnValue:
    """Recall, start, finish, or note that nobody came; for the visitor that the page showed."""
    form = request.form
    ticket = form.get("ticket", "")
    done = [
        int(each) for each in form.getlist("done") if each.isascii() and each.isdigit() and len(each) < 10
    ]

    def act(session: Session, account: Account, now: datetime) -> None:
        more = {"done": done} if step == "finish" else {}
        STEPS[step](session, counter, account, now, ticket if calling.is_ticket(ticket) else None, **more)

    shell.act(act, Permission.SERVE)
    return redirect(_desk_of(counter), 303)


@pages.post(f"/desk/{COUNTER}/ticket")
@needs(Permission.ISSUE_TICKETS)
def issue_ticket(counter: int) -> ResponseReturnValue:
    """Give a number to somebody at the desk."""

    def act(session: Session, account: Account, now: datetime) -> None:
        office = seat.counter_for(session, counter, account).office
        form = TicketForm(request.form)
        spoken = form.language.data if form.language.data in office.languages else office.languages[0]
        if code := (form.code.data or "").strip():
            early = timedelta(minutes=config().line.early_minutes)
            ticket = arriving.check_in(session, office, account, code, language=spoken, early=early, now=now)
        else:
            ticket = arriving.walk_in(session, office, account, form.service_id, language=spoken, now=now)
        flash(
            _("The number is %(ticket)s. Please tell the visitor, or write it down.", ticket=ticket.code),
            "success",
        )

    shell.act(act, Permission.ISSUE_TICKETS)
    return redirect(_desk_of(counter), 303)


def _desk_of(counter: int) -> str:
    return url_for("line_pages.show_desk", counter=counter)


def _papers(current: Ticket | None, office: Office, account: Account) -> list[tuple[str, str]]:
    """Pages about the documents of who is at the counter, each with its words: one tap, while they are there."""
    if current is None or current.state is not TicketState.SERVING:
        return []
    links = []
    if roles.may(account, Permission.MIND_WATCHES):
        booked = current.appointment
        page = "watch_desk.of_appointment" if booked else "watch_desk.watches"
        address = url_for(page, slug=office.slug, reference=booked.reference if booked else None)
        links.append((_("Remind of the end of a document"), address))
    if roles.may(account, Permission.MIND_CARDS):
        links.append((_("Hand over a card"), url_for("card_desk.cards", slug=office.slug, mode="open")))
    return links


def _shown(session: Session, counter: Counter, now: datetime) -> desk.Desk:
    today = sheet.day_of(now, counter.office.time_zone)
    return desk.desk(session, counter, today, now, order.rules_of(config().line))


def _about(
    session: Session, shown: desk.Desk, counter: Counter, account: Account, now: datetime
) -> dict[str, Any]:
    place = desk.place(session, counter)
    today = sheet.day_of(now, counter.office.time_zone)
    return {
        "shown": shown,
        "place": place,
        "is_mine": place.session is not None and place.session.account_id == account.id,
        "machines": machines.troubled(session, counter.office_id, now),
        "channels": failover.silent(session, config().messages),
        "closes_at": board.closing_early(session, counter.office_id, today),
        "done_here": looking.services(session, shown.current) if shown.current else [],
        "most_calls": calling.MOST_CALLS,
        "is_too_long": lambda ticket: team.is_too_long(ticket, counter.office, now),
        "most_shown": SHOWN,
        "minutes_since": minutes_from(now),
        "expected": expected_of(session, shown.waiting[:SHOWN], now, config().line),
        "clock_time": clock_of(counter.office),
        "language_name": language_name,
        **shell.choices(session, counter),
    }


def _ticket_form(session: Session, office: Office) -> TicketForm:
    services = session.scalars(
        select(Service).where(Service.office_id == office.id, Service.active).order_by(Service.position)
    )
    form = TicketForm()
    form.offer(
        [(each.id, in_own_language(each.names)) for each in services],
        [(code, language_of(code).name) for code in office.languages],
        _("To be clarified"),
    )
    return form
