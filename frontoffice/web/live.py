"""The live feed over server-sent events: which numbers are called, for screens, desks and phones.

A browser that comes back says which event it had last (`Last-Event-ID`) and gets all that it missed. The request ends
soon: its connection is handed to the crowd (`crowd.py`), which writes to all who follow.
"""

import errno
import json
import re
import resource
import socket
from collections.abc import Callable, Iterator
from typing import cast

from flask import Blueprint, Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from frontoffice import events
from frontoffice.events import Event
from frontoffice.offices import finding
from frontoffice.web import access, problems
from frontoffice.web.context import config, database
from frontoffice.web.crowd import Crowd, NoSeatLeft, Seat
from frontoffice.web.feed import Told
from frontoffice.web.needs import Kind, all_need

pages = Blueprint("live", __name__)
all_need(pages, Kind.PUBLIC)

KEY = "frontoffice.crowd"
TAKE_CONNECTION = "frontoffice.take_connection"  # in the WSGI environment: gives the socket away, for ever
RETRY_MILLISECONDS = 2000
SELDOM = 10  # seconds: the longest that a follower can have events bundled for
SPARE_FILES = 400  # for requests, connections to the database, templates
# Who missed more than this is better served by the board: nobody wants to hear of all calls since yesterday.
CATCH_UP = 1000

# What everybody may know, and of it only this.
PUBLIC = {
    "ticket.issued": ("ticket",),
    "ticket.called": ("ticket", "counter", "call", "room", "language"),
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
    "counter.answered": (),
    "counter.settled": (),
    "counter.changed": ("counter",),
    "office.closing_early": (),
    "device.printer": (),
    "device.doubled": (),
    "device.revoked": (),
    "channel.stopped": (),
    "channel.resumed": (),
    "office.closing_as_usual": (),
}
# Desks look these up; whoever listens from outside must not learn that somebody is in danger, or where.
VEILED = {
    "counter.help": "counter.news",
    "counter.alarm": "counter.news",
    "counter.answered": "counter.news",
    "counter.settled": "counter.news",
    "device.printer": "counter.news",
    "device.doubled": "counter.news",
    "device.revoked": "counter.news",
    "channel.stopped": "counter.news",
    "channel.resumed": "counter.news",
}


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
    number = last if begins_anew else after
    crowd = _crowd()
    try:
        seat = crowd.seat(found.id, access.network())
    except NoSeatLeft:
        return _too_many()
    try:
        # After the seat was taken: what happens from then on is kept for those who sit, and often what was before.
        told = crowd.feed.read(found.id, number) if seat.latest.after(number) is None else []
    except BaseException:
        crowd.give_back(seat)
        raise
    stream = _Stream(crowd, seat, number, told, begins_anew=begins_anew)
    answer = Response(iter(stream), mimetype="text/event-stream")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"  # nginx would hold the text back until there is more
    answer.call_on_close(stream.close)
    return answer


def stop(app: Flask) -> None:
    """End all streams of this process, so that it need not wait for them when it ends."""
    crowd = app.extensions.get(KEY)
    if crowd is not None:
        cast(Crowd, crowd).stop()


def followers(app: Flask) -> int:
    """How many follow in this process."""
    crowd = app.extensions.get(KEY)
    return cast(Crowd, crowd).taken() if crowd is not None else 0


class HandedOver(ConnectionResetError):
    """The connection is not the server's any more. It takes this for a client that has gone, and says no more."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "handed over to the crowd")


class _Stream:
    """The answer: its first lines come from the server's thread, all others from the crowd."""

    def __init__(self, crowd: Crowd, seat: Seat, number: int, told: list[Told], *, begins_anew: bool) -> None:
        self._crowd = crowd
        self._seat: Seat | None = seat
        self._number = number
        self._told = told
        self._reset = b"event: reset\ndata: {}\n\n" if begins_anew else b""
        self._every = float(min(_number(request.args.get("every")) or 0, SELDOM))
        self._take: Callable[[], socket.socket] | None = request.environ.get(TAKE_CONNECTION)
        self._chunked = request.environ.get("SERVER_PROTOCOL") == "HTTP/1.1"

    def __iter__(self) -> Iterator[bytes]:
        yield f"retry: {RETRY_MILLISECONDS}\nid: {self._number}\n\n".encode() + self._reset
        if self._take is not None:
            self._join(self._take(), chunked=self._chunked)
            raise HandedOver
        # A server that keeps its connections (tests, development): its thread passes on what the crowd writes.
        mine, theirs = socket.socketpair()
        self._join(theirs, chunked=False)
        with mine:
            while text := mine.recv(65536):
                yield text

    def close(self) -> None:
        """Give the seat back where nobody has sat down on it."""
        seat, self._seat = self._seat, None
        if seat is not None:
            self._crowd.give_back(seat)

    def _join(self, connection: socket.socket, *, chunked: bool) -> None:
        seat, self._seat = self._seat, None
        assert seat is not None
        self._crowd.join(seat, connection, self._number, self._told, chunked=chunked, every=self._every)


def _too_many() -> Response:
    sentence = _(
        "Too many screens are connected at the moment. They go on showing what is called, a little later."
    )
    answer = problems.page(503, _("Please try again in a minute"), sentence)
    answer.headers["Retry-After"] = "30"
    return answer


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,15}", text) else None


def _crowd() -> Crowd:
    app = current_app
    if KEY not in app.extensions:
        web = config().web
        free = seats(web.followers, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        # Two first followers at once: setdefault() keeps one, and the other never starts its thread.
        app.extensions.setdefault(KEY, Crowd(database(), tell, free, web.followers_per_network))
    return cast(Crowd, app.extensions[KEY])


def seats(wanted: int, files: int) -> int:
    """How many may follow at once: each keeps a file open, and others are needed too."""
    return wanted if files < 0 else max(1, min(wanted, files - SPARE_FILES))
