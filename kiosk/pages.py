"""The screens, one address each; the language is part of it, so that nothing of a visitor has to be kept."""

import uuid
from datetime import datetime
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from kiosk import clock, codes, qr, sentences, visit
from kiosk.device import Kiosk
from kiosk.journal import Act
from kiosk.office_setup import OfficeSetup
from kiosk.texts import OWN_LANGUAGES, _, time_of_day

Page = str | AnyResponse | tuple[str, int]

blueprint = Blueprint("pages", __name__)


def kiosk() -> Kiosk:
    """The device this application serves."""
    device: Kiosk = current_app.extensions["kiosk"]
    return device


def language() -> str:
    """The language of the address, or the office's first."""
    setup = kiosk().setup
    languages = setup.languages if setup else OWN_LANGUAGES
    wanted: str = (request.view_args or {}).get("language") or request.path.split("/")[1]
    return wanted if wanted in languages else languages[0]


@blueprint.before_request
def serve_nobody_in_trouble() -> Page | None:
    """Staff have to act first; and a language this office does not have has no pages."""
    trouble = kiosk().trouble
    if trouble is not None:
        if request.endpoint == "pages.state":
            return None
        return render_template("kiosk/notice.html", notice=sentences.trouble(trouble), waits=True), 503
    if (request.view_args or {}).get("language", language()) != language():
        abort(404)
    return None


@blueprint.get("/")
@blueprint.get("/<language>/", endpoint="start_in")
def start(**_language: str) -> Page:
    """The two doors, and the languages."""
    return render_template("kiosk/start.html", entry_id=_new_entry_id())


@blueprint.get("/<language>/check-in")
def check_in(**_language: str) -> Page:
    """Ask for the code of the appointment."""
    return _check_in_form()


@blueprint.post("/<language>/check-in", endpoint="check_in_now")
def check_in_now(**_language: str) -> Page:
    """Check in with the code that was typed or scanned."""
    entry_id = _entry_id()
    code = codes.normalise(request.form.get("code", ""))
    if not codes.is_valid(code):
        return _check_in_form(code[: codes.LENGTH * 2], _what_is_wrong(code)), 422
    now = clock.now()
    entry = visit.take(kiosk(), _act(entry_id, "check_in", now, code=code))
    if not visit.may_be_shown(entry, now):
        # A page that a visitor before left open; with a fresh one it is this visitor's own act.
        return _see("pages.check_in")
    return _see("pages.ticket", entry_id=entry_id)


@blueprint.get("/<language>/walk-in")
def walk_in(**_language: str) -> Page:
    """Ask for the concern."""
    return _walk_in_form()


@blueprint.post("/<language>/walk-in", endpoint="walk_in_now")
def walk_in_now(**_language: str) -> Page:
    """Draw a number for the concern."""
    entry_id = _entry_id()
    service = _setup().service(request.form.get("service", ""))
    if service is None:
        return _walk_in_form(_("Please choose one of these concerns.")), 422
    if not service.walk_in:
        return _see("pages.booking", service=service.slug)
    now = clock.now()
    entry = visit.take(kiosk(), _act(entry_id, "walk_in", now, service=service.slug))
    if not visit.may_be_shown(entry, now):
        return _see("pages.walk_in")
    return _see("pages.ticket", entry_id=entry_id)


@blueprint.get("/<language>/booking/")
@blueprint.get("/<language>/booking/<service>")
def booking(service: str | None = None, **_language: str) -> Page:
    """Say where an appointment is booked."""
    chosen = _setup().service(service) if service else None
    if service and chosen is None:
        abort(404)
    address = _setup().booking_address(chosen)
    return render_template(
        "kiosk/booking.html", service=chosen, address=_setup().booking_url, code=qr.picture(address)
    )


@blueprint.get("/<language>/ticket/<entry_id>")
def ticket(entry_id: str, **_language: str) -> Page:
    """Show the number, or why there is none; only for a few minutes, and then never again."""
    entry = visit.find(kiosk(), entry_id, clock.now())
    if entry is None:
        return redirect(url_for("pages.start"), 303)
    setup = _setup()
    service = setup.service(entry.result.service or entry.act.service or "")
    if not entry.has_number:
        notice = sentences.refusal(entry)
        return render_template("kiosk/refusal.html", entry=entry, service=service, notice=notice)
    due_at = entry.result.due_at
    due_time = time_of_day(datetime.fromisoformat(due_at), setup.time_zone, language()) if due_at else None
    return render_template("kiosk/ticket.html", entry=entry, service=service, due_time=due_time)


@blueprint.get("/<language>/state")
def state(**_language: str) -> Response:
    """For the page's scripts: whether visitors can be served, and the line for staff."""
    device = kiosk()
    text = sentences.state_line(device.state(), device.setup, language())
    return jsonify(ready=device.trouble is None, text=text)


def _setup() -> OfficeSetup:
    # Asked for once per request, because the refreshing thread may bring a new one in between.
    if "setup" not in g:
        g.setup = kiosk().setup
    if g.setup is None:
        abort(503)
    found: OfficeSetup = g.setup
    return found


def _act(entry_id: str, kind: str, now: datetime, **what: str) -> Act:
    setup = _setup()
    return Act(entry_id, now, setup.day(now), setup.office, setup.series, kind, language(), **what)


def _check_in_form(code: str = "", error: str | None = None) -> str:
    return render_template(
        "kiosk/check_in.html", entry_id=_new_entry_id(), code=code, error=error, alphabet=codes.ALPHABET
    )


def _walk_in_form(error: str | None = None) -> str:
    services = _setup().services
    return render_template(
        "kiosk/walk_in.html",
        entry_id=_new_entry_id(),
        error=error,
        today=[service for service in services if service.walk_in],
        by_appointment=[service for service in services if not service.walk_in],
    )


def _what_is_wrong(code: str) -> str:
    if not code:
        return _("Please enter the code of your appointment.")
    if any(character not in codes.ALPHABET for character in code):
        return _("Please check the code: it has only the letters and digits shown here, no 0, 1, I or O.")
    if len(code) != codes.LENGTH:
        return _("Please check the code: it has 8 letters and digits.")
    return _("Please check the code: one of its characters is wrong.")


def _new_entry_id() -> str:
    return str(uuid.uuid4())


def _entry_id() -> str:
    """The id the form was made with: sent twice it is one act."""
    try:
        entry_id = uuid.UUID(request.form.get("entry", ""))
    except ValueError:
        abort(400)
    if entry_id.version != 4:
        abort(400)
    return str(entry_id)


def _see(endpoint: str, **values: Any) -> AnyResponse:
    return redirect(url_for(endpoint, language=language(), **values), 303)
