"""The local web application: languages, headers, protection of forms, and screens for what goes wrong."""

import logging
import sqlite3
from datetime import timedelta

from flask import Flask, Response, render_template, request
from flask_babel import Babel
from flask_wtf import CSRFProtect
from werkzeug.exceptions import HTTPException

from kiosk import (
    arriving_pages,
    card_pages,
    display,
    information_pages,
    pages,
    sentences,
    texts,
    ticket_pages,
)
from kiosk.device import Kiosk
from kiosk.fonts import folder

# Each adds its screens to the one blueprint.
SCREENS = (pages, arriving_pages, card_pages, ticket_pages, information_pages)

LARGEST_REQUEST = 64 * 1024
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # The camera reads codes (kiosk-camera.js), here and nowhere else.
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=(), serial=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
}

log = logging.getLogger(__name__)


def create_app(kiosk: Kiosk) -> Flask:
    """The application that serves this device's screen."""
    app = Flask(
        __name__,
        template_folder=folder("templates", "templates"),
        static_folder=folder("static", "assets/built"),
        static_url_path="/static",
    )
    app.config.update(
        SECRET_KEY=kiosk.session_key,
        SESSION_COOKIE_NAME="kiosk",
        SESSION_COOKIE_SAMESITE="Strict",
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        # A token as old as the browser's session is good: a screen may stand untouched for a night.
        WTF_CSRF_TIME_LIMIT=None,
        # Revalidated at each load, which costs nothing on this machine, so that an update shows at once.
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(0),
        BABEL_TRANSLATION_DIRECTORIES=str(folder("translations", "translations")),
        BABEL_DEFAULT_LOCALE="en",
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["kiosk"] = kiosk
    # Also on the loopback any page open in a browser of this machine could post here. Tokens decide and not
    # the Origin header, because they hold in every browser and do not depend on the address.
    CSRFProtect(app)
    Babel(app, locale_selector=lambda: texts.locale(pages.language()))
    app.register_blueprint(SCREENS[0].blueprint)
    app.context_processor(_everywhere)
    app.after_request(_secure)
    app.register_error_handler(HTTPException, _http_failure)
    app.register_error_handler(Exception, _failure)
    return app


def _everywhere() -> dict[str, object]:
    kiosk = pages.kiosk()
    language = pages.language()
    return {
        "language": language,
        "direction": texts.direction(language),
        "setup": kiosk.setup,
        "own_name": texts.own_name,
        "state_line": _state_line,
        "no_voice": sentences.NO_VOICE,
        "in_own_languages": texts.in_own_languages,
        "display": display.chosen(),
        "styles": display.styles(),
    }


def _state_line() -> str:
    kiosk = pages.kiosk()
    return sentences.state_line(kiosk.state(), kiosk.setup)


def _secure(response: Response) -> Response:
    response.headers.update(SECURITY_HEADERS)
    if request.endpoint != "static":
        # Nothing of a visitor may come back by the back button or from the browser's disk.
        response.headers["Cache-Control"] = "no-store"
    return response


def _http_failure(error: HTTPException) -> tuple[str, int]:
    return _screen(error.code or 500)


def _failure(error: Exception) -> tuple[str, int]:
    # Also where the journal cannot be written: a visitor must never see a number that is not on the disk.
    log.error("A page failed", exc_info=error)
    return _screen(503 if isinstance(error, sqlite3.Error) else 500)


def _screen(status: int) -> tuple[str, int]:
    return render_template("kiosk/notice.html", notice=sentences.failure(status), failed=True), status
