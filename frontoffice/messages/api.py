"""Where providers report what became of messages and bring what phones sent, and mail programs unsubscribe.

None of them has a browser's session, so this is exempt from CSRF protection; a signature, or the secret in the
address, says who is asking. Not part of the documented API: each provider has a form of its own.
"""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, abort, request

from frontoffice import clock
from frontoffice.messages import inbound, preferences, receipts
from frontoffice.messages.callbacks import ears
from frontoffice.messages.provider import Ear, Knock, NotSignedError, Reply, Report
from frontoffice.messages.timing import Timing
from frontoffice.web import access
from frontoffice.web.context import config, database
from frontoffice.web.needs import Kind, all_need, needs

log = structlog.get_logger(__name__)

callbacks = Blueprint("message_callbacks", __name__)
all_need(callbacks, Kind.PROVIDER)

T = TypeVar("T", Report, Reply)

NOTHING_TO_SAY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


@callbacks.post("/twilio/status/<string:message>/<string:attempt>")
def twilio_status(message: str, attempt: str) -> Response:
    """A status callback of Twilio for one attempt of a message."""
    _hear("twilio", lambda ear, knock: _report(ear, knock, f"{message}/{attempt}"))
    return Response(status=204)


@callbacks.post("/twilio/inbound")
def twilio_inbound() -> Response:
    """An SMS to our number at Twilio. The answer sends nothing: whatever leaves goes through the outbox."""
    _hear("twilio", _reply)
    return Response(NOTHING_TO_SAY, mimetype="text/xml")


@callbacks.post("/seven/events")
def seven_events() -> Response:
    """What seven.io reports, and what phones send to our number there: one address for both."""
    _hear("seven", lambda ear, knock: _report(ear, knock, None) or _reply(ear, knock))
    return Response(status=204)


@callbacks.post("/messages/<string:number>/<string:secret>/stop")
@needs(Kind.LINK)
def one_click(number: str, secret: str) -> Response:
    """A mail program's own button (RFC 8058): nothing more on the topic of that mail. Twice does it once."""
    now = clock.now()
    with preferences.counted(database(), access.network(), now), database().write() as session:
        preferences.stop_topic(session, preferences.find(session, number, secret), now)
    return Response(status=204)


def _hear(provider: str, act: Callable[[Ear, Knock], object]) -> None:
    ear = ears(config().messages, config().site.base_url).get(provider)
    if ear is None:
        abort(404)
    try:
        act(ear, _knock())
    except NotSignedError:
        log.warning("callback.not_signed", provider=provider)
        abort(403)


def _report(ear: Ear, knock: Knock, tag: str | None) -> bool:
    report = ear.report(knock, tag)
    if report is not None:
        with database().write() as session:
            receipts.receive(session, _can_be_kept(report), Timing.of(config().messages), clock.now())
    return report is not None


def _reply(ear: Ear, knock: Knock) -> bool:
    reply = ear.reply(knock)
    if reply is not None:
        with database().write() as session:
            inbound.take(session, _can_be_kept(reply), clock.now())
    return reply is not None


def _can_be_kept(said: T) -> T:
    """The same without the sign NUL, which PostgreSQL does not take in a text."""
    kept: dict[str, Any] = {
        each.name: value.replace("\0", "")
        for each in fields(said)
        if type(value := getattr(said, each.name)) is str
    }
    return replace(said, **kept)


def _knock() -> Knock:
    """The request, with the address that the provider signed: our public one, never what the Host header says."""
    base = urlsplit(config().site.base_url)
    raw = (
        request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path.rstrip("?")
    )
    if "://" in raw[:8]:
        raw = raw[raw.index("/", 8) :]
    prefix = base.path
    path = raw if prefix and raw.startswith(f"{prefix}/") else prefix + raw
    body = request.get_data(cache=True)
    headers = {name.lower(): value for name, value in request.headers}
    form = {name: request.form.getlist(name) for name in request.form}
    return Knock(f"{base.scheme}://{base.netloc}{path}", form, body, headers)
