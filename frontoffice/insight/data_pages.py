"""What is stored about a person, for the person: seen, downloaded and deleted through the link of an appointment."""

import json
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from frontoffice import clock
from frontoffice.booking import appointing, dates, guessing, references, sheet
from frontoffice.booking.models import Appointment
from frontoffice.errors import N_
from frontoffice.insight import people
from frontoffice.messages import kinds
from frontoffice.personal import Record, StillNeeded, Who
from frontoffice.web import access
from frontoffice.web.context import config, database, in_own_language, language, say
from frontoffice.web.needs import Kind, all_need

pages = Blueprint("data", __name__, url_prefix="/appointments/<reference>/<secret>/data")
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


@pages.get("/")
def show(reference: str, secret: str) -> ResponseReturnValue:
    """All that is stored, in words."""
    now = clock.now()
    with guessing.counted(database(), access.network(), now), database().read() as session:
        found = appointing.find(session, reference, secret)
        return render_template("insight/data.html", **_words(session, found, now))


@pages.get("/data.json")
def download(reference: str, secret: str) -> ResponseReturnValue:
    """All that is stored, as a file that other programs can read."""
    now = clock.now()
    with guessing.counted(database(), access.network(), now), database().read() as session:
        found = appointing.find(session, reference, secret)
        stored = people.as_json(_records(session, found), now)
    answer = Response(json.dumps(stored, ensure_ascii=False, indent=2), content_type="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{references.shown(found.reference)}.json"'
    return answer


@pages.get("/delete")
def ask(reference: str, secret: str) -> ResponseReturnValue:
    """Ask whether it should really be deleted, and say what that means."""
    now = clock.now()
    with guessing.counted(database(), access.network(), now), database().read() as session:
        found = appointing.find(session, reference, secret)
        return render_template("insight/delete.html", **_words(session, found, now))


@pages.post("/delete")
def delete(reference: str, secret: str) -> ResponseReturnValue:
    """Delete it; an appointment that is still to come is cancelled first, as the page has said."""
    now = clock.now()
    try:
        with guessing.counted(database(), access.network(), now), database().write() as session:
            found = appointing.find(session, reference, secret)
            name = found.office.name
            people.cancel_coming(
                session, _records(session, found), now, settings=config(), actor=appointing.VISITOR
            )
            people.forget(session, _records(session, found), now, actor=appointing.VISITOR)
    except StillNeeded as refusal:
        flash(say(refusal), "warning")
        return redirect(url_for(".show", reference=reference, secret=secret), 303)
    return render_template("insight/deleted.html", office_name=name)


def _records(session: Session, found: Appointment) -> list[Record]:
    return people.find(session, Who(subjects=frozenset({f"appointment:{found.id}"})))


def _is_coming(found: Appointment, now: datetime) -> bool:
    return found.state in appointing.CANCELLABLE and found.start > now


def _words(session: Session, found: Appointment, now: datetime) -> dict[str, Any]:
    zone = found.office.time_zone
    return {
        "current_office": found.office,
        "address": {"reference": found.reference, "secret": appointing.secret_of(session, found)},
        "is_coming": _is_coming(found, now),
        "cards": [
            (_(WHAT.get(each.kind, each.kind)), _rows(each, zone, found)) for each in _records(session, found)
        ],
        "keep_days": config().messages.keep_days,
    }


def _rows(record: Record, zone: str, found: Appointment) -> list[tuple[str, str]]:
    """The contents in words; what is empty is left out."""
    data = record.data
    kind, state = kinds.NAMES.get(data.get("kind", "")), STATES.get(data.get("state", ""))
    service = in_own_language(found.service.names) if record.kind == "appointment" else None
    rows = [
        (_("What"), _(kind) if kind else service),
        (_("Booking code"), data.get("code")),
        (_("Number"), data.get("number")),
        (_("Time"), _moment(data.get("start"), zone)),
        (_("State"), _(state) if state else None),
        (_("Name"), data.get("name")),
        (_("Date of birth"), data.get("born")),
        (_("Mail address"), data.get("mail")),
        (_("Mobile number"), data.get("phone")),
        (_("Sent to"), data.get("to")),
        (_("Written"), _moment(data.get("written_at") or data.get("booked_at") or data.get("since"), zone)),
        (_("Sent"), _moment(data.get("sent_at"), zone)),
        (_("Arrived"), _moment(data.get("arrived_at"), zone)),
        (_("Called"), _moment(data.get("called_at"), zone)),
        (_("Note"), data.get("note")),
        (_("Partner's reference"), data.get("partners_reference")),
        (_("Stays"), _(record.stays) if record.stays else None),
    ]
    return [(name, str(value)) for name, value in rows if value]


def _moment(text: str | None, zone: str) -> str | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    day = dates.long_day(sheet.day_of(moment, zone), language())
    return f"{day}, {dates.clock_time(moment, zone, language())}"
