"""The start screen, how the screen looks, and what all screens share.

Each screen has one address; the language is part of it, so that nothing of a visitor has to be kept.
"""

import uuid
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
    session,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from kiosk import display, numbers, sentences
from kiosk.device import Kiosk
from kiosk.numbers import NoNumbers
from kiosk.office_setup import OfficeSetup
from kiosk.texts import OWN_LANGUAGES, speak_anew

Page = str | AnyResponse | tuple[str, int]

PRESSED = "pressed"  # in the browser's session: the language whose button was pressed last

blueprint = Blueprint("pages", __name__)


def kiosk() -> Kiosk:
    """The device this application serves."""
    device: Kiosk = current_app.extensions["kiosk"]
    return device


def language() -> str:
    """The language of the address, or the office's first; or what was settled on in this request: see `speak`."""
    if "spoken" in g:
        return str(g.spoken)
    setup = kiosk().setup
    languages = setup.languages if setup else OWN_LANGUAGES
    wanted: str = (request.view_args or {}).get("language") or request.path.split("/")[1]
    return wanted if wanted in languages else languages[0]


def speak(spoken: str | None) -> None:
    """Go on in this language, where the office has it: the one that the visitor booked in."""
    if spoken in setup().languages:
        g.spoken = spoken
        speak_anew()


def is_language_chosen() -> bool:
    """Whether the visitor wants this very language, so that the one of the booking does not go before it.

    Any but the office's first one was pressed by somebody. In the first one the screen stands for everybody: it
    counts as chosen only where its own button was pressed.
    """
    return language() != setup().default_language or session.get(PRESSED) == language()


def for_phones(address: str) -> str:
    """A public page of the office as the QR code has it: there it goes on in the language that was chosen here."""
    return f"{address}?speak={language()}" if address and is_language_chosen() else address


def setup() -> OfficeSetup:
    """The office's setup: the same one for the whole request, though a new one may come in between."""
    if "setup" not in g:
        g.setup = kiosk().setup
    if g.setup is None:
        abort(503)
    found: OfficeSetup = g.setup
    return found


def see(endpoint: str, **values: Any) -> AnyResponse:
    """Lead on to another screen in the same language."""
    return redirect(url_for(endpoint, language=language(), **values), 303)


def new_entry_id() -> str:
    """The id for what this screen's form will do."""
    return str(uuid.uuid4())


def entry_id() -> str:
    """The id the form was made with: sent twice it is one act."""
    try:
        found = uuid.UUID(request.form.get("entry", ""))
    except ValueError:
        abort(400)
    if found.version != 4:
        abort(400)
    return str(found)


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
def start() -> Page:
    """The start as the next visitor finds it: in the office's first language, nothing left of the last one."""
    display.forget()
    session.pop(PRESSED, None)
    return _start()


@blueprint.get("/<language>/")
def start_in(**_language: str) -> Page:
    """The start in the visitor's language; with `pressed`, because its button was."""
    if "pressed" in request.args:
        session[PRESSED] = language()
    return _start()


@blueprint.post("/<language>/display", endpoint="display")
def change_display(**_language: str) -> Page:
    """Switch something of the screen on or off, and show the same screen again."""
    if "quietly" in request.form:
        display.choose(request.form.getlist("on"))
        return Response(status=204)
    if not display.switch(request.form.get("switch", "")):
        abort(400)
    back = request.form.get("back", "")
    if not back.startswith(f"/{language()}/") or "\\" in back:
        back = url_for("pages.start_in", language=language())
    return redirect(back, 303)


@blueprint.get("/<language>/state")
def state(**_language: str) -> Response:
    """For the page's scripts: whether visitors can be served, and whether there are numbers, and the line for staff."""
    device = kiosk()
    text, known = sentences.state_line(device.state(), device.setup), device.setup
    given = known is None or numbers.at(known, device.now()).given
    return jsonify(ready=device.trouble is None, numbers=given, text=text)


def no_numbers() -> NoNumbers | None:
    """What to say while people without appointment get no numbers; None while they do."""
    known, now = setup(), kiosk().now()
    return numbers.words(numbers.at(known, now), known, now, language())


def _start() -> str:
    return render_template(
        "kiosk/start.html", entry_id=new_entry_id(), pick_up=setup().pick_up, no_numbers=no_numbers()
    )
