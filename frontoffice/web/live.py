"""The live feed over server-sent events: which numbers are called, for screens and desks.

A browser that comes back says which event it had last (`Last-Event-ID`) and gets all that it missed.
"""

import json
import re
from collections.abc import Iterator
from typing import cast

from flask import Blueprint, Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from frontoffice import events
from frontoffice.events import Event
from frontoffice.offices import finding
from frontoffice.web import problems
from frontoffice.web.context import config, database
from frontoffice.web.feed import Feed, Following, NoSeatLeft

pages = Blueprint("live", __name__)

KEY = "frontoffice.feed"
HEARTBEAT = 15.0  # seconds: proxies close connections that stay silent for a minute
RETRY_MILLISECONDS = 2000
# Who missed more than this is better served by the board: nobody wants to hear of all calls since yesterday.
CATCH_UP = 1000

# What everybody may know, and of it only this.
PUBLIC = {
    "ticket.issued": ("ticket",),
    "ticket.called": ("ticket", "counter", "call"),
    "ticket.serving": ("ticket", "counter"),
    "ticket.done": ("ticket", "counter"),
    "ticket.no_show": ("ticket", "counter"),
    "ticket.left": ("ticket",),
    "ticket.waiting": ("ticket",),
    "ticket.parked": ("ticket",),
    "ticket.transferred": ("ticket",),
    "ticket.favoured": (),
    "ticket.undone": ("ticket",),
    "counter.opened": ("counter",),
    "counter.closed": ("counter",),
    "counter.paused": ("counter",),
    "counter.help": (),
    "counter.alarm": (),
}
# Desks look these up; whoever listens from outside must not learn that somebody is in danger, or where.
VEILED = {"counter.help": "counter.news", "counter.alarm": "counter.news"}


def tell(event: Event) -> bytes:
    """The event as server-sent text; empty where it is not public."""
    names = PUBLIC.get(event.kind)
    if names is None:
        return b""
    data = {name: event.data[name] for name in names if name in event.data}
    data["at"] = event.at.isoformat()
    kind = VEILED.get(event.kind, event.kind)
    return f"id: {event.number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode()


@pages.get("/live/<office>")
def follow(office: str) -> ResponseReturnValue:
    """Everything public that happens at the office from now on, or from after the event `after`."""
    with database().read() as session:
        found = finding.office(session, office)
        last = events.last_number(session, found.id)
    wanted = _number(request.headers.get("Last-Event-ID"))
    after = _number(request.args.get("after")) if wanted is None else wanted
    after = last if after is None else after
    # Beyond the last: the database is another one than this browser knows, such as a backup put back.
    begins_anew = after > last or last - after > CATCH_UP
    try:
        following = _feed().follow(found.id, last if begins_anew else after)
    except NoSeatLeft:
        return _too_many()
    answer = Response(_stream(following, begins_anew), mimetype="text/event-stream")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"  # nginx would hold the text back until there is more
    answer.call_on_close(following.close)
    return answer


def stop(app: Flask) -> None:
    """End all streams of this process, so that it need not wait for them when it ends."""
    feed = app.extensions.get(KEY)
    if feed is not None:
        cast(Feed, feed).stop()


def _stream(following: Following, begins_anew: bool) -> Iterator[bytes]:
    yield f"retry: {RETRY_MILLISECONDS}\nid: {following.number}\n\n".encode()
    if begins_anew:
        yield b"event: reset\ndata: {}\n\n"
    while (text := following.wait(HEARTBEAT)) is not None:
        # A line with only an id is no event, but where the browser begins again after a drop.
        yield text or f": still here\nid: {following.number}\n\n".encode()


def _too_many() -> Response:
    sentence = _(
        "Too many screens are connected at the moment. They go on showing what is called, a little later."
    )
    answer = problems.page(503, _("Please try again in a minute"), sentence)
    answer.headers["Retry-After"] = "30"
    return answer


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,15}", text) else None


def _feed() -> Feed:
    app = current_app
    if KEY not in app.extensions:
        # Two first followers at once: setdefault() keeps one, and the other never starts its thread.
        app.extensions.setdefault(KEY, Feed(database(), tell, seats=seats(config().web.threads)))
    return cast(Feed, app.extensions[KEY])


def seats(threads: int) -> int:
    """How many may follow, of so many threads that serve: a follower keeps one busy for as long as it stays."""
    return max(1, threads * 3 // 4)
