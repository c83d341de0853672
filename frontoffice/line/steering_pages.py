"""The desk's other buttons: pick, park, pass on, let go first, keep for somebody, undo, pause, help, alarm."""

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from frontoffice.errors import NotSignedIn
from frontoffice.line import calling, helping, parking, seat, shell, staffing, steering, undoing, wishes
from frontoffice.line.models import Priority
from frontoffice.staff.models import Account
from frontoffice.staff.roles import Permission
from frontoffice.web import access
from frontoffice.web.needs import all_need

pages = Blueprint("steering_pages", __name__)
all_need(pages, Permission.SERVE)
pages.register_error_handler(NotSignedIn, access.ask_to_sign_in)

Form = MultiDict[str, str]
Step = Callable[[Session, int, Account, datetime, Form], object]


def _number(form: Form, name: str) -> int | None:
    """An id from the form; what is none is like nothing chosen."""
    typed = form.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else None


def _ticket(form: Form) -> str:
    return form.get("ticket", "")


def _visitor(form: Form) -> str | None:
    """The visitor that the page showed."""
    return _ticket(form) if calling.is_ticket(_ticket(form)) else None


def _pick(session: Session, counter: int, account: Account, now: datetime, form: Form) -> None:
    calling.pick(session, counter, account, now, _ticket(form))


def _wake_at(session: Session, counter: int, account: Account, now: datetime, form: Form) -> datetime | None:
    if typed := form.get("time"):
        return shell.time_of_day(typed, seat.counter_for(session, counter, account).office, now)
    minutes = _number(form, "minutes")
    return now + timedelta(minutes=minutes) if minutes else None


def _park(session: Session, counter: int, account: Account, now: datetime, form: Form) -> None:
    wake_at, reason = _wake_at(session, counter, account, now, form), form.get("reason", "")
    parking.park(session, counter, account, now, _visitor(form), reason=reason, wake_at=wake_at)


def _set_aside(session: Session, counter: int, account: Account, now: datetime, form: Form) -> None:
    wake_at, reason = _wake_at(session, counter, account, now, form), form.get("reason", "")
    parking.set_aside(session, counter, account, now, _ticket(form), reason=reason, wake_at=wake_at)


def _send_away(session: Session, counter: int, account: Account, now: datetime, form: Form) -> None:
    parking.send_away(session, counter, account, now, _visitor(form), reason=form.get("reason", ""))


def _is_back(session: Session, counter: int, account: Account, now: datetime, form: Form) -> None:
    parking.is_back(session, counter, account, now, _ticket(form))


def _transfer(session: Session, counter: int, account: Account, now: datetime, form: Form) -> None:
    passed = steering.transfer(
        session,
        counter,
        account,
        now,
        _visitor(form),
        to_counter_id=_number(form, "to_counter"),
        to_service_id=_number(form, "to_service"),
        to_team=form.get("to_team") or None,
        note=form.get("note", ""),
    )
    if wishes.is_stranded(session, passed):
        flash(
            _(
                "At the moment no open counter serves this concern. "
                "Number %(ticket)s waits until one is opened, or is passed on again.",
                ticket=passed.code,
            ),
            "warning",
        )


def _favour(session: Session, counter: int, account: Account, now: datetime, form: Form) -> None:
    chosen = form.get("reason", "")
    reason = Priority(chosen) if chosen in set(Priority) else None
    steering.favour(session, counter, account, now, _ticket(form), reason)


def _wish(session: Session, counter: int, account: Account, now: datetime, form: Form) -> None:
    steering.wish(
        session,
        counter,
        account,
        now,
        _ticket(form),
        for_counter_id=_number(form, "for_counter"),
        for_account_id=_number(form, "for_account"),
        for_language=form.get("for_language") or None,
        for_team=form.get("for_team") or None,
    )


def _leave(session: Session, counter: int, account: Account, now: datetime, form: Form) -> None:
    steering.leave(session, counter, account, now, _ticket(form))


def _undo(session: Session, counter: int, account: Account, now: datetime, form: Form) -> None:
    ticket = undoing.undo(session, counter, account, now, form.get("meant", ""))
    flash(_("The last step for number %(ticket)s is undone.", ticket=ticket.code), "success")


def _help(session: Session, counter: int, account: Account, now: datetime, form: Form) -> None:
    staffing.call_for_help(session, counter, account, now, from_counter_id=_number(form, "from_counter"))
    flash(_("Your colleagues have been asked to come."), "success")


def _alarm(session: Session, counter: int, account: Account, now: datetime, _form: Form) -> None:
    staffing.alarm(session, counter, account, now)
    flash(_("The alarm is shown at every desk."), "warning")


def _answer(session: Session, counter: int, account: Account, now: datetime, form: Form) -> None:
    helping.answer(session, counter, account, now, _number(form, "cry") or 0)
    flash(_("Your colleague sees that you are coming."), "success")


def _settle(session: Session, counter: int, account: Account, now: datetime, form: Form) -> None:
    helping.settle(session, counter, account, now, _number(form, "cry") or 0)


STEPS: dict[str, Step] = {
    "pick": _pick,
    "park": _park,
    "set-aside": _set_aside,
    "send-away": _send_away,
    "back": _is_back,
    "transfer": _transfer,
    "favour": _favour,
    "wish": _wish,
    "leave": _leave,
    "undo": _undo,
    "pause": lambda session, counter, account, now, _form: staffing.pause(session, counter, account, now),
    "resume": lambda session, counter, account, now, _form: staffing.resume(session, counter, account, now),
    "help": _help,
    "alarm": _alarm,
    "answer": _answer,
    "settle": _settle,
}


@pages.post(f"/desk/<int(max=2147483647):counter>/steer/<any({','.join(map(repr, STEPS))}):step>")
def steer(counter: int, step: str) -> ResponseReturnValue:
    """Do it, or say why not, and show the desk again."""
    form = request.form

    def work(session: Session, account: Account, now: datetime) -> None:
        STEPS[step](session, counter, account, now, form)

    shell.act(work, Permission.SERVE)
    return redirect(url_for("line_pages.show_desk", counter=counter), 303)
