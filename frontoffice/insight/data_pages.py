"""What is stored about a person, for the person: seen, downloaded and deleted through the link of an
appointment, of a wish on the waiting list, or of a request in a draw.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, NamedTuple

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

from frontoffice import birth_date, clock
from frontoffice.booking import appointing, dates, guessing, references, sheet
from frontoffice.draw import entering
from frontoffice.draw import letters as draw_letters
from frontoffice.errors import N_
from frontoffice.insight import people
from frontoffice.messages import kinds
from frontoffice.offices.models import Office
from frontoffice.personal import Record, StillNeeded, Who
from frontoffice.waitlist import entries
from frontoffice.waitlist import words as wish_words
from frontoffice.waitlist.models import LIVE, EntryState
from frontoffice.web import access
from frontoffice.web.context import config, database, in_its_language, in_own_language, language, say
from frontoffice.web.needs import Kind, all_need

pages = Blueprint("data", __name__)
all_need(pages, Kind.LINK)

WHAT = {
    "appointment": N_("Appointment"),
    "ticket": N_("Number in the waiting room"),
    "wish": N_("Wish for an earlier time"),
    "draw_request": N_("Request in a draw"),
    "message": N_("Message"),
    "invitation": N_("Invitation"),
    "plan_entry": N_("Booked by a partner"),
    "partner_booking": N_("Booked by a partner"),
    "opt_out": N_("Messages you do not want"),
    "block": N_("Block"),
}
STATES = {
    "unconfirmed": N_("not confirmed yet"),
    "confirmed": N_("confirmed"),
    "checked_in": N_("you are here"),
    "done": N_("over"),
    "cancelled": N_("cancelled"),
    "expired": N_("lapsed"),
    "no_show": N_("nobody came"),
    "pending": N_("still to be sent"),
    "sending": N_("being sent"),
    "unknown": N_("being sent"),
    "sent": N_("sent"),
    "delivered": N_("delivered"),
    "undelivered": N_("not delivered"),
    "failed": N_("not delivered"),
    "suppressed": N_("not sent, as you wished"),
    "dead": N_("not delivered"),
}


# What is told of each record, in this order; `_values` has the values.
ROWS = {
    "what": N_("What"),
    "code": N_("Booking code"),
    "number": N_("Number"),
    "start": N_("Time"),
    "days": N_("Days"),
    "state": N_("State"),
    "name": N_("Name"),
    "born": N_("Date of birth"),
    "mail": N_("Mail address"),
    "phone": N_("Mobile number"),
    "to": N_("Sent to"),
    "written": N_("Written"),
    "sent_at": N_("Sent"),
    "arrived_at": N_("Arrived"),
    "called_at": N_("Called"),
    "note": N_("Note"),
    "partners_reference": N_("Partner's reference"),
    "stays": N_("Stays"),
}


# What people and programs have given, in whatever script: it keeps its own direction.
AS_GIVEN = {"code", "number", "name", "mail", "phone", "to", "note", "partners_reference"}


class Link(NamedTuple):
    """What a link is of: its subject in events, its office, the code by which people know it, the way back to it.

    `before` says what happens first where it is deleted; `service` is what an appointment is for.
    """

    subject: str
    office: Office
    code: str
    back: str
    title: str
    before: str | None = None
    service: str | None = None


def show(**address: Any) -> ResponseReturnValue:
    """All that is stored, in words."""
    with _looked_up(address, writing=False) as (session, link, _now):
        cards = [
            (_(WHAT.get(each.kind, each.kind)), _rows(each, link)) for each in _records(session, link.subject)
        ]
        days = config().messages.keep_days
        return render_template("insight/data.html", cards=cards, keep_days=days, **_words(link, address))


def download(**address: Any) -> ResponseReturnValue:
    """All that is stored, as a file that other programs can read."""
    with _looked_up(address, writing=False) as (session, link, now):
        stored = people.as_json(_records(session, link.subject), now)
    answer = Response(json.dumps(stored, ensure_ascii=False, indent=2), content_type="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{references.shown(link.code)}.json"'
    return answer


def ask(**address: Any) -> ResponseReturnValue:
    """Ask whether it should really be deleted, and say what that means."""
    with _looked_up(address, writing=False) as (_session, link, _now):
        return render_template("insight/delete.html", **_words(link, address))


def delete(**address: Any) -> ResponseReturnValue:
    """Delete it; what is still to come is cancelled first, as the page has said."""
    actor = appointing.VISITOR
    try:
        with _looked_up(address, writing=True) as (session, link, now):
            people.cancel_coming(
                session, _records(session, link.subject), now, settings=config(), actor=actor
            )
            people.forget(session, _records(session, link.subject), now, actor=actor)
    except StillNeeded as refusal:
        flash(say(refusal), "warning")
        return redirect(url_for(".show", **address), 303)
    return render_template("insight/deleted.html", **_words(link, address))


@contextmanager
def _looked_up(address: Mapping[str, Any], *, writing: bool) -> Iterator[tuple[Session, Link, datetime]]:
    """What the link of the request's address is of. Raises NotFound where it is of nothing."""
    now = clock.now()
    begin = database().write if writing else database().read
    _prefix, find = LINKS[(request.blueprint or "").rpartition(".")[2]]
    with guessing.counted(database(), access.network(), now), begin() as session:
        yield session, find(session, address, now), now


def _appointment(session: Session, address: Mapping[str, Any], now: datetime) -> Link:
    found = in_its_language(appointing.find(session, address["reference"], address["secret"]))
    is_coming = found.state in appointing.CANCELLABLE and found.start > now
    back = url_for("booking.appointment", **address)
    service = in_own_language(found.service.names)
    before = "cancel" if is_coming else None
    name = _("Your appointment")
    return Link(f"appointment:{found.id}", found.office, found.reference, back, name, before, service)


def _wish(session: Session, address: Mapping[str, Any], _now: datetime) -> Link:
    found = in_its_language(entries.find(session, address["reference"], address["secret"]))
    before = "leave" if found.state in (EntryState.UNPROVEN, *LIVE) else None
    back = url_for("waitlist.entry", **address)
    title = _("My entry on the waiting list")
    return Link(f"waitlist:{found.id}", found.office, found.reference, back, title, before)


def _request(session: Session, address: Mapping[str, Any], now: datetime) -> Link:
    found = in_its_language(entering.find(session, address["number"], address["secret"]))
    is_in = found.state in entering.WITHDRAWABLE and entering.is_open(found.draw, now)
    back = url_for("draw.mine", **address)
    title, subject = _("Request in a draw"), draw_letters.subject(found)
    return Link(subject, found.draw.office, found.number, back, title, "withdraw" if is_in else None)


LINKS: dict[str, tuple[str, Callable[[Session, Mapping[str, Any], datetime], Link]]] = {
    "appointment": ("/appointments/<reference>/<secret>/data", _appointment),
    "wish": ("/waitlist/<reference>/<secret>/data", _wish),
    "request": ("/draws/<code>/<number>/<secret>/data", _request),
}


def _register() -> None:
    """The same four pages beneath each kind of link."""
    for name, (prefix, _find) in LINKS.items():
        beneath = Blueprint(name, __name__, url_prefix=prefix)
        all_need(beneath, Kind.LINK)
        beneath.get("/")(show)
        beneath.get("/data.json")(download)
        beneath.get("/delete")(ask)
        beneath.post("/delete")(delete)
        pages.register_blueprint(beneath)


_register()


def _records(session: Session, subject: str) -> list[Record]:
    return people.find(session, Who(subjects=frozenset({subject})))


def _words(link: Link, address: Mapping[str, Any]) -> dict[str, Any]:
    return {"current_office": link.office, "link": link, "address": address, "office_name": link.office.name}


def _rows(record: Record, link: Link) -> list[tuple[str, str]]:
    """The contents in words; what is empty is left out."""
    values = _values(record, link)
    rows = [(key, _(name), str(values[key])) for key, name in ROWS.items() if values.get(key)]
    return [
        (name, Markup("<bdi>{}</bdi>").format(value) if key in AS_GIVEN else value)
        for key, name, value in rows
    ]


def _values(record: Record, link: Link) -> dict[str, Any]:
    data, zone = record.data, link.office.time_zone
    kind, state = kinds.NAMES.get(data.get("kind", "")), STATES.get(data.get("state", ""))
    service = link.service if record.kind == "appointment" else None
    moments = {
        name: _moment(data.get(name), zone) for name in ("start", "sent_at", "arrived_at", "called_at")
    }
    born = data.get("born")
    written = data.get("written_at") or data.get("booked_at") or data.get("since")
    return (
        data
        | moments
        | {
            "what": _(kind) if kind else service,
            "born": birth_date.written(birth_date.from_iso(born), language()) if born else None,
            "days": _days(data),
            "state": _(state) if state else None,
            "written": _moment(written, zone),
            "stays": _(record.stays) if record.stays else None,
        }
    )


def _days(data: Mapping[str, Any]) -> str | None:
    if not (data.get("from") and data.get("until")):
        return None
    return wish_words.days_words(date.fromisoformat(data["from"]), date.fromisoformat(data["until"]))


def _moment(text: str | None, zone: str) -> str | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    day = dates.long_day(sheet.day_of(moment, zone), language())
    return f"{day}, {dates.clock_time(moment, zone, language())}"
