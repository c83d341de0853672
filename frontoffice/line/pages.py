"""Pages of the line wing: the desk of staff, and the waiting-room screen."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, format_time, get_locale
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import sheet
from frontoffice.errors import N_, Conflict, NotFound, NotSignedIn
from frontoffice.line import arriving, board, calling, desk, order, seat, staffing
from frontoffice.line.calling import Visit
from frontoffice.line.forms import TicketForm
from frontoffice.line.models import Priority, Ticket
from frontoffice.offices import finding
from frontoffice.offices.models import Counter, Office, Service
from frontoffice.staff import roles
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import config, database, in_own_language, language_of, say

pages = Blueprint("line_pages", __name__)
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)

COUNTER = "<int(max=2147483647):counter>"  # the largest id that every database knows

PRIORITIES = {
    Priority.CHILDREN: N_("small children"),
    Priority.PREGNANT: N_("pregnant"),
    Priority.FRAIL: N_("ill, disabled or frail"),
    Priority.DEADLINE: N_("a deadline today"),
    Priority.OTHER: N_("another reason"),
}

Act = Callable[[Session, Account, datetime], Visit | None]
STEPS: dict[str, Callable[..., Visit]] = {
    "recall": calling.recall,
    "start": calling.start,
    "finish": calling.finish,
    "no-show": calling.no_show,
}


@pages.get("/desk/")
def desks() -> ResponseReturnValue:
    """Who sits where, and which counters are free."""
    with database().read() as session:
        account = access.staff_required(session, Permission.SEE_LINE, clock.now())
        offices = _offices(session, account)
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
            clock_time=_clock_of(office),
        )


@pages.get(f"/desk/{COUNTER}/")
def show_desk(counter: int) -> ResponseReturnValue:
    """The desk: who is here, who is next, and what can be done."""
    now = clock.now()
    with database().read() as session:
        account = access.staff_required(session, Permission.SEE_LINE, now)
        here = seat.counter_for(session, counter, account)
        shown = _shown(session, here, now)
        about = _about(session, shown, here, account, now)
        form = _ticket_form(session, here.office)
    name = None
    if shown.current is not None and about["is_mine"] and roles.may(account, Permission.SERVE):
        name = _name_of_visitor(shown.current, account, now)
    return render_template(
        "line/desk.html",
        account=account,
        counter=here,
        current_office=here.office,
        may_issue=roles.may(account, Permission.ISSUE_TICKETS),
        name=name,
        form=form,
        **about,
    )


@pages.get(f"/desk/{COUNTER}/line")
def show_line(counter: int) -> ResponseReturnValue:
    """The part of the desk that changes by itself: who waits."""
    now = clock.now()
    with database().read() as session:
        account = access.staff_required(session, Permission.SEE_LINE, now)
        here = seat.counter_for(session, counter, account)
        about = _about(session, _shown(session, here, now), here, account, now)
    return render_template("line/_waiting.html", counter=here, **about)


@pages.post(f"/desk/{COUNTER}/open")
def open_counter(counter: int) -> ResponseReturnValue:
    """Sit down."""

    def act(session: Session, account: Account, now: datetime) -> None:
        staffing.open_counter(session, counter, account, now)

    done = _act(act, Permission.SERVE)
    return redirect(_desk_of(counter) if done else url_for("line_pages.desks"), 303)


@pages.post(f"/desk/{COUNTER}/close")
def close_counter(counter: int) -> ResponseReturnValue:
    """Leave the counter, or close one that was left open."""

    def act(session: Session, account: Account, now: datetime) -> None:
        staffing.close_counter(session, counter, account, now)

    done = _act(act, Permission.SEE_LINE)
    return redirect(url_for("line_pages.desks") if done else _desk_of(counter), 303)


@pages.post(f"/desk/{COUNTER}/call-next")
def call_next(counter: int) -> ResponseReturnValue:
    """Call the next one, or say that nobody waits."""

    def act(session: Session, account: Account, now: datetime) -> None:
        if calling.call_next(session, counter, account, now, order.rules_of(config().line)) is None:
            flash(_("Nobody is waiting for this counter at the moment."), "info")

    _act(act, Permission.SERVE)
    return redirect(_desk_of(counter), 303)


@pages.post(f"/desk/{COUNTER}/<any({','.join(repr(step) for step in STEPS)}):step>")
def take_step(counter: int, step: str) -> ResponseReturnValue:
    """Recall, start, finish, or note that nobody came; for the visitor that the page showed."""
    ticket = request.form.get("ticket", "")

    def act(session: Session, account: Account, now: datetime) -> None:
        STEPS[step](session, counter, account, now, ticket if calling.is_ticket(ticket) else None)

    _act(act, Permission.SERVE)
    return redirect(_desk_of(counter), 303)


@pages.post(f"/desk/{COUNTER}/ticket")
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

    _act(act, Permission.ISSUE_TICKETS)
    return redirect(_desk_of(counter), 303)


@pages.get("/screen/<slug>/")
def screen(slug: str) -> ResponseReturnValue:
    """The waiting-room screen; right without scripts too, only a little later."""
    now = clock.now()
    with database().read() as session:
        found = finding.office(session, slug)
        shown = board.board(session, found.id, sheet.day_of(now, found.time_zone))
    return render_template(
        "line/screen.html",
        office=found,
        board=shown,
        calls=[
            {
                "ticket": call.ticket,
                "counter": call.counter,
                "call": call.call,
                "at": call.called_at.isoformat(),
            }
            for call in shown.calls
        ],
        labels=_labels(found),
        now=now,
        clock_time=_clock_of(found),
    )


def _act(act: Callable[[Session, Account, datetime], None], permission: Permission) -> bool:
    """Do it in one transaction; says whether it could be done, and the visitor's page says why not."""
    now = clock.now()
    try:
        with database().write() as session:
            act(session, access.staff_required(session, permission, now), now)
    except Conflict as error:
        flash(say(error), "warning")
        return False
    return True


def _desk_of(counter: int) -> str:
    return url_for("line_pages.show_desk", counter=counter)


def _shown(session: Session, counter: Counter, now: datetime) -> desk.Desk:
    today = sheet.day_of(now, counter.office.time_zone)
    return desk.desk(session, counter, today, now, order.rules_of(config().line))


def _about(
    session: Session, shown: desk.Desk, counter: Counter, account: Account, now: datetime
) -> dict[str, Any]:
    def minutes_since(moment: datetime) -> int:
        return max(0, int((now - moment).total_seconds() // 60))

    place = desk.place(session, counter)
    return {
        "shown": shown,
        "place": place,
        "is_mine": place.session is not None and place.session.account_id == account.id,
        "alarms": desk.alarms(session, counter.office_id, now),
        "minutes_since": minutes_since,
        "clock_time": _clock_of(counter.office),
        "language_name": _language_name,
        **_choices(session, counter),
    }


def _choices(session: Session, counter: Counter) -> dict[str, Any]:
    """What the forms of the desk offer: other open counters, concerns, spoken languages, reasons to go first."""
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
        "all_services": [(each.id, in_own_language(each.names)) for each in services],
        "spoken": [(code, _language_name(code)) for code in spoken],
        "priorities": [(each.value, _(words)) for each, words in PRIORITIES.items()],
    }


def _name_of_visitor(ticket: Ticket, account: Account, now: datetime) -> str | None:
    if ticket.appointment_id is None:
        return None
    with database().read() as session:
        noted = desk.is_noted(session, ticket, account)
    if not noted:
        with database().write() as session:
            desk.note_seen(session, ticket, account, now)
    with database().read() as session:
        return desk.name_of_visitor(session, ticket)


def _offices(session: Session, account: Account) -> list[Office]:
    query = select(Office).order_by(Office.name)
    if account.office_id is not None:
        query = query.where(Office.id == account.office_id)
    return list(session.scalars(query))


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


def _clock_of(office: Office) -> Callable[[datetime], str]:
    zone = ZoneInfo(office.time_zone)
    return lambda moment: str(format_time(moment.astimezone(zone), "short", rebase=False))


def _language_name(code: str) -> str:
    """The language in the words of who reads the page; kiosks may know languages that we do not."""
    try:
        return Locale.parse(code, sep="-").get_display_name(get_locale()) or code
    except (UnknownLocaleError, ValueError):
        return code


def _labels(office: Office) -> list[dict[str, str]]:
    """The few words of the screen in the office's first two languages: who waits cannot choose one."""
    known = [code for code in office.languages if code in config().site.languages]
    labels = []
    for code in known[:2] or config().site.languages[:1]:
        with force_locale(code):
            labels.append({"code": code, "number": _("Number"), "counter": _("Counter")})
    return labels
