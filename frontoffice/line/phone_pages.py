"""The phone ticket: one small page that says how things stand, and the few things one can do there.

It has a frame and a stylesheet of its own, because it is opened on slow phones in crowded rooms, and works without
scripts by loading itself again. With them it follows the office's events.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import clock, qr
from frontoffice.booking import dates, sheet
from frontoffice.errors import Conflict, Invalid, NotFound, NotSignedIn, TooMany
from frontoffice.line import end_of_day, looking, phone, seat, shell, waiting_time
from frontoffice.line.models import OVER, EarlyClosing, Ticket, TicketState
from frontoffice.line.phone import UnknownTicket
from frontoffice.messages import preferences
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.context import config, database, in_its_language, language, say
from frontoffice.web.needs import Kind, all_need, needs

pages = Blueprint("phone_ticket", __name__)
all_need(pages, Kind.LINK)
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)

PLACE = "<string(length=32):token>"
DESK_PLACE = f"{shell.COUNTER}/ticket/<string(maxlength=7):code>"
GIVEN = "phone ticket"  # of the browser's session: the ticket's id and the secret, which only staff's browser keeps
# How often a page looks by itself, in seconds; what happens to its own number it is told at once.
SOON, NEAR, FAR, OTHERWISE = 3, 10, 30, 60
FEW = 4  # people ahead: it goes quickly now
AWAY_MINUTES = (10, 15, 20, 30, 45, 60, 90, 120)

Act = Callable[[Session, Ticket, datetime], None]


@pages.get(f"/ticket/{PLACE}")
def ticket(token: str) -> ResponseReturnValue:
    """How things stand, and what can be done."""
    return _page(token)


@pages.get(f"/ticket/{PLACE}/state")
def state(token: str) -> ResponseReturnValue:
    """The part of the page that changes by itself."""
    now = clock.now()
    with database().read() as session:
        try:
            found = in_its_language(phone.find(session, token))
        except UnknownTicket:
            return _unknown()
        return render_template("line/_phone_ticket.html", **_about(session, found, token, now))


@pages.post(f"/ticket/{PLACE}/leave")
def leave(token: str) -> ResponseReturnValue:
    """Leave the line for good."""
    return _do(token, phone.leave)


@pages.post(f"/ticket/{PLACE}/away")
def go_away(token: str) -> ResponseReturnValue:
    """Leave the line for a while."""
    typed = request.form.get("minutes", "")
    minutes = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else None

    def act(session: Session, found: Ticket, now: datetime) -> None:
        until = now + timedelta(minutes=minutes) if minutes is not None else None
        phone.go_away(session, found, now, until, config().line)

    return _do(token, act)


@pages.post(f"/ticket/{PLACE}/back")
def come_back(token: str) -> ResponseReturnValue:
    """Be there again."""
    return _do(token, phone.come_back)


@pages.post(f"/ticket/{PLACE}/number")
def leave_number(token: str) -> ResponseReturnValue:
    """Leave a number for the SMS, or take it back."""
    typed = request.form.get("phone", "").strip()

    def act(session: Session, found: Ticket, now: datetime) -> None:
        if "forget" in request.form:
            phone.forget_number(session, found, now)
        else:
            phone.leave_number(session, found, typed, now)

    return _do(token, act, typed)


@pages.post(f"/desk/{DESK_PLACE}/phone")
@needs(Permission.ISSUE_TICKETS)
def give(counter: int, code: str) -> ResponseReturnValue:
    """Staff give the link of a ticket, such as of one they have given; an earlier link stops working."""
    now = clock.now()
    with database().write() as session:
        account = access.staff_required(session, Permission.ISSUE_TICKETS, now)
        found, token = phone.hand_over(session, counter, account, now, code)
        cookie[GIVEN] = [found.id, token]
    return redirect(url_for("phone_ticket.show_given", counter=counter, code=code), 303)


@pages.get(f"/desk/{DESK_PLACE}/phone")
@needs(Permission.ISSUE_TICKETS)
def show_given(counter: int, code: str) -> ResponseReturnValue:
    """The link that was given last in this browser, as a QR code, as long as it works; else the way to a new one."""
    now = clock.now()
    with database().read() as session:
        account = access.staff_required(session, Permission.ISSUE_TICKETS, now)
        here = seat.counter_for(session, counter, account)
        found = looking.ticket(session, here.office_id, sheet.day_of(now, here.office.time_zone), code)
        if found is None or found.state in OVER:
            raise NotFound
        number, token = cookie.get(GIVEN) or (0, "")
        if number != found.id or found.link_fingerprint != phone.fingerprint(token):
            return redirect(url_for("look_pages.look", counter=counter, code=code), 303)
        link = config().site.base_url + phone.path(token)
        words = {"account": account, "counter": here, "current_office": here.office, "ticket": found}
        picture = Markup(qr.svg(link))  # noqa: S704 (made of numbers only)
        return render_template("line/phone_give.html", link=link, picture=picture, **words)


def _do(token: str, act: Act, typed: str = "") -> ResponseReturnValue:
    """Do it, and show how things stand then; a value that cannot be used comes back beside its field."""
    now = clock.now()
    try:
        with database().write() as session:
            act(session, in_its_language(phone.find(session, token)), now)
    except UnknownTicket:
        return _unknown()
    except Invalid as refusal:
        return _page(token, refusal, typed)
    except (Conflict, TooMany) as refusal:
        flash(say(refusal), "warning")
    return redirect(url_for("phone_ticket.ticket", token=token), 303)


def _page(token: str, refusal: Invalid | None = None, typed: str = "") -> ResponseReturnValue:
    now = clock.now()
    with database().read() as session:
        try:
            found = in_its_language(phone.find(session, token))
        except UnknownTicket:
            return _unknown()
        said = {} if refusal is None else {refusal.field: say(refusal)}
        about = _about(session, found, token, now)
        page = render_template("line/phone_ticket.html", **about | {"typed": typed, "refused": said})
    return page, 200 if refusal is None else 422


def _about(session: Session, found: Ticket, token: str, now: datetime) -> dict[str, Any]:
    """What the page says."""
    settings = config().line
    place = waiting_time.place_of(session, found, now, settings)
    zone, spoken = found.office.time_zone, language()

    def clock_time(moment: datetime) -> str:
        return dates.clock_time(moment, zone, spoken)

    waits = found.state is TicketState.WAITING
    closing = end_of_day.closes_at(session, found.office, now) if waits else None
    return {
        "token": token,
        "ticket": found,
        "office": found.office,
        "state": found.state.value,
        "is_away": phone.is_away(found),
        "is_over": found.state in OVER,
        "ahead": place.ahead,
        "wait": _wait(place.wait, now, clock_time) if place.wait else None,
        "room": waiting_time.where(session, found) if waits else None,
        "back_by": clock_time(found.wake_at) if found.wake_at and not found.returns else None,
        "closes": _closes(session, found, clock_time),
        "too_late": clock_time(closing)
        if closing and end_of_day.may_be_too_late(place.wait, closing, now)
        else None,
        "has_closed": clock_time(closing) if closing and closing <= now else None,
        "sent_home": end_of_day.was_sent_home(session, found),
        "number": _hint(phone.number_of(session, found)),
        "messages_page": preferences.of_subject(session, phone.subject(found)) if found.notices else None,
        "away_choices": [each for each in AWAY_MINUTES if each <= settings.away_minutes],
        "again": _again(found, place.ahead),
        "as_of": clock_time(now),
        "stays": "stay" in request.args,  # without scripts: somebody is filling in a form
        "refused": {},
        "typed": "",
    }


def _wait(wait: Any, now: datetime, clock_time: Callable[[datetime], str]) -> dict[str, Any]:
    low, high = waiting_time.in_minutes(wait)
    return {
        "low": low,
        "high": high,
        "from_time": clock_time(now + timedelta(minutes=low)),
        "until_time": clock_time(now + timedelta(minutes=high)),
    }


def _closes(session: Session, found: Ticket, clock_time: Callable[[datetime], str]) -> str | None:
    """When the office closes early today, if it does."""
    closes_at = session.scalar(
        select(EarlyClosing.closes_at).where(
            EarlyClosing.office_id == found.office_id, EarlyClosing.day == found.day
        )
    )
    return clock_time(closes_at) if closes_at and found.state not in OVER else None


def _again(found: Ticket, ahead: int | None) -> int:
    """After how many seconds the page looks again by itself; 0: never."""
    if found.state in OVER:
        return 0
    if found.state is not TicketState.WAITING:
        return NEAR if found.state is TicketState.CALLED else OTHERWISE
    if ahead is None:
        return SOON
    return NEAR if ahead < FEW else FAR


def _hint(number: str | None) -> str | None:
    """A number that its owner recognises, and nobody who looks over the shoulder learns."""
    # Between isolates: it runs from left to right in an Arabic sentence too.
    return (
        f"\N{LEFT-TO-RIGHT ISOLATE}{number[:3]} … {number[-3:]}\N{POP DIRECTIONAL ISOLATE}"
        if number
        else None
    )


def _unknown() -> ResponseReturnValue:
    """A wrong address; or a kiosk without network has given the number, and tells the office later."""
    return render_template("line/phone_unknown.html", sentence=_(UnknownTicket.sentence)), 404
