"""A Twilio of our own with its own ledger: takes messages, lists them, and fails by a seeded plan."""

import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.messages.fake_telling import Teller, Telling

ACCOUNT = "AC" + "0" * 32
TOKEN = "a token for tests"
SENDER = "+491570000000"


class Fault(StrEnum):
    """What goes wrong with a request. `_TAKEN` means that the message leaves all the same."""

    NONE = "none"
    BUSY = "429"
    ERROR_TAKEN = "500, taken"
    ERROR_LOST = "500, not taken"
    GATEWAY = "502 with a page"
    HANG_TAKEN = "no answer, taken"
    HANG_LOST = "no answer, not taken"
    RESET_TAKEN = "reset, taken"
    RESET_LOST = "reset, not taken"
    KILL_TAKEN = "the caller is killed, taken"
    KILL_LOST = "the caller is killed, not taken"
    KILL_SOON = "the caller is killed a moment after the answer"


TAKEN = {
    Fault.NONE,
    Fault.ERROR_TAKEN,
    Fault.HANG_TAKEN,
    Fault.RESET_TAKEN,
    Fault.KILL_TAKEN,
    Fault.KILL_SOON,
}

Plan = Callable[[int], Fault]


def no_faults(_number: int) -> Fault:
    """Everything works."""
    return Fault.NONE


def seeded(seed: int, weights: Mapping[Fault, float]) -> Plan:
    """A fault for every request by its number, the same for the same seed."""
    faults, shares = [Fault.NONE, *weights], [1 - sum(weights.values()), *weights.values()]

    def plan(number: int) -> Fault:
        return random.Random(f"{seed}/{number}").choices(faults, shares)[0]

    return plan


@dataclass(frozen=True)
class Taken:
    """A message that has left."""

    sid: str
    to: str
    body: str
    sender: str
    created_at: datetime
    validity: int
    number: int = 0
    reports_to: str = ""
    taken_at: float = 0  # by a clock that is never wrong


@dataclass
class FakeTwilio:
    """The server; use it in a `with` block. `clock_ahead` is how wrong its clock is."""

    plan: Plan = no_faults
    hang: float = 1.0
    clock_ahead: timedelta = timedelta(0)
    refuse: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)  # by recipient
    listed_status: str = "delivered"
    listed_error: int | None = None
    list_fails: Callable[[int], bool] = lambda _number: False
    on_kill: Callable[[str], None] = lambda _caller: None
    before_answer: Callable[[], None] = lambda: None
    lag: float = 0  # seconds until a message is listed
    silent_after: frozenset[Fault] = (
        frozenset()
    )  # of what came to this nothing is reported: the list alone knows it
    teller: Teller = field(default_factory=lambda: Teller(TOKEN))
    ledger: list[Taken] = field(default_factory=list)
    met: list[Fault] = field(default_factory=list)
    lists: int = 0
    port: int = 0
    page: Callable[[], str] = lambda: ""  # what people see at "/", and can send from there
    reply: Callable[[str], int] = lambda _form: 404
    salt: str = "00"  # tells the ledgers of two runs apart

    def __enter__(self) -> "FakeTwilio":
        self._guard = threading.Lock()
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.fake = self
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.teller.close()
        self._server.shutdown()
        self._server.server_close()

    def wait(self) -> None:
        """Serve until interrupted."""
        with suppress(KeyboardInterrupt):
            threading.Event().wait()

    def url(self, caller: str = "caller") -> str:
        """Where it listens. The path tells who is calling, so that the right one can be killed."""
        return f"http://127.0.0.1:{self._server.server_port}/{caller}"

    def now(self) -> datetime:
        """The server's own idea of the time, in whole seconds."""
        return (datetime.now(UTC) + self.clock_ahead).replace(microsecond=0)

    def next_fault(self) -> Fault:
        """What happens to this request."""
        with self._guard:
            self.met.append(self.plan(len(self.met)))
            return self.met[-1]

    def take(self, form: Mapping[str, str]) -> Taken:
        """Write a message into the ledger."""
        with self._guard:
            number = len(self.ledger)
            taken = Taken(
                sid=f"SM{self.salt}{number:030x}",
                to=form["To"],
                body=form["Body"],
                sender=form.get("From") or form["MessagingServiceSid"],
                created_at=self.now(),
                validity=int(form["ValidityPeriod"]),
                number=number,
                reports_to=form.get("StatusCallback", ""),
                taken_at=time.monotonic(),
            )
            self.ledger.append(taken)
            return taken

    def arrived(self) -> list[Taken]:
        """The messages that have reached a phone."""
        return [
            each
            for each in self.ledger
            if not each.reports_to or self.teller.way_of(each.number) is not Telling.NOT_DELIVERED
        ]

    def status_of(self, taken: Taken) -> tuple[str, int | None]:
        """What the list tells of a message."""
        if taken.reports_to and self.teller.way_of(taken.number) is Telling.NOT_DELIVERED:
            return "undelivered", 30003
        return self.listed_status, self.listed_error

    def as_json(self, taken: Taken, status: str, error_code: int | None = None) -> dict[str, Any]:
        """A message as the API tells it."""
        return {
            "sid": taken.sid,
            "to": taken.to,
            "from": taken.sender,
            "body": taken.body,
            "direction": "outbound-api",
            "status": status,
            "error_code": error_code,
            "messaging_service_sid": None,
            "date_created": format_datetime(taken.created_at),
            "date_sent": None,
        }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: FakeTwilio


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        raw = self.rfile.read(length).decode()
        if len(raw.encode()) < length:
            return self._reset()  # whoever was about to say it has been killed
        if self.path == "/reply":
            answer = self.server.fake.reply(raw)
            return self._answer(303, "", {"Location": "/", "X-Answer": str(answer)})
        form = {name: values[0] for name, values in parse_qs(raw).items()}
        if form["To"] in self.server.fake.refuse:
            status, problem = self.server.fake.refuse[form["To"]]
            return self._answer(status, json.dumps(problem))
        fault = self.server.fake.next_fault()
        taken = self.server.fake.take(form) if fault in TAKEN else None
        self.server.fake.before_answer()
        is_told = taken is not None and fault not in self.server.fake.silent_after
        if taken is not None and is_told:
            self.server.fake.teller.before_answer(taken.number, taken.reports_to, taken.sid)
        self._react(fault, taken)
        if taken is not None and is_told:
            self.server.fake.teller.after_answer(taken.number, taken.reports_to, taken.sid)
        return None

    def _react(self, fault: Fault, taken: Taken | None) -> None:
        caller = urlsplit(self.path).path.split("/")[1]
        match fault:
            case Fault.NONE | Fault.KILL_SOON:
                assert taken is not None
                self._answer(201, json.dumps(self.server.fake.as_json(taken, "queued")))
                if fault is Fault.KILL_SOON:
                    self.server.fake.on_kill(caller)
            case Fault.BUSY:
                problem = {"code": 20429, "message": "Too many requests", "status": 429}
                self._answer(429, json.dumps(problem), {"Retry-After": "7"})
            case Fault.ERROR_TAKEN | Fault.ERROR_LOST:
                self._answer(500, json.dumps({"code": 20500, "message": "Internal", "status": 500}))
            case Fault.GATEWAY:
                self._answer(502, "<html><body>Bad gateway</body></html>")
            case Fault.HANG_TAKEN | Fault.HANG_LOST:
                time.sleep(self.server.fake.hang)
                self.close_connection = True
            case Fault.RESET_TAKEN | Fault.RESET_LOST:
                self._reset()
            case Fault.KILL_TAKEN | Fault.KILL_LOST:
                self.server.fake.on_kill(caller)
                self._reset()

    def do_GET(self) -> None:
        if self.path == "/":
            html = {"Content-Type": "text/html; charset=utf-8"}
            return self._answer(200, self.server.fake.page(), html)
        self.server.fake.lists += 1
        if self.server.fake.list_fails(self.server.fake.lists):
            return self._answer(503, "<html>Unavailable</html>")
        to = parse_qs(urlsplit(self.path).query)["To"][0]
        listed_until = time.monotonic() - self.server.fake.lag
        found = [
            taken
            for taken in reversed(self.server.fake.ledger)
            if taken.to == to and taken.taken_at <= listed_until
        ]
        messages = [self.server.fake.as_json(taken, *self.server.fake.status_of(taken)) for taken in found]
        return self._answer(200, json.dumps({"messages": messages, "next_page_uri": None, "page": 0}))

    def _answer(self, status: int, body: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body.encode())))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(self.server.fake.now(), usegmt=True)

    def _reset(self) -> None:
        # Without lingering, closing sends a reset instead of an end.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class calls it so)
        pass

    def handle(self) -> None:
        with suppress(ConnectionError, ValueError):  # the caller is gone, or we have hung up on it
            super().handle()

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()
