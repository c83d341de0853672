"""An office for the kiosk's tests: an HTTP server with the device's part of the API, and a ledger."""

import json
import socket
import struct
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from stdnum import luhn

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
ONE_TIME_CODE = "pair-me"
CREDENTIAL = "the-credential-of-kiosk-a"

# reset: the entries are taken and then the connection breaks. hang: nothing is taken and nothing answered.
# hotspot: a web page of somebody else's answers.
Mode = Literal["normal", "reset", "hang", "error", "hotspot", "revoked"]


def code(first_seven: str) -> str:
    """An appointment's code with its check character."""
    return first_seven + luhn.calc_check_digit(first_seven, ALPHABET)


def reserved_port() -> socket.socket:
    """A socket that keeps a free port from everybody but a server that wants exactly this one."""
    keeper = socket.socket()
    # Bound but not listening: connections are refused, and a server that reuses addresses may bind beside it.
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    keeper.bind(("127.0.0.1", 0))
    return keeper


class FakeOffice:
    """The office; `ledger` has what it took, `received` every delivery that reached it."""

    def __init__(self) -> None:
        self.mode: Mode = "normal"
        self.languages = ["de", "en"]
        self.appointments: dict[str, dict[str, Any]] = {}
        self.today: dict[str, Any] | None = None
        self.extra: dict[str, Any] = {}
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.told: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.card: tuple[int, dict[str, Any]] = (404, {"status": 404, "detail": "We found no card."})
        self.runs: list[str] = []
        self.unreadable_service: str | None = None
        self.ledger: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.received: list[list[dict[str, Any]]] = []
        self.on_delivery: Callable[[list[dict[str, Any]]], None] = lambda entries: None
        self.closing = threading.Event()
        self._keeper = reserved_port()
        self._port: int = self._keeper.getsockname()[1]
        self._server: ThreadingHTTPServer | None = None
        self.open()

    @property
    def url(self) -> str:
        """The office's address, which stays the same over an outage."""
        return f"http://127.0.0.1:{self._port}"

    def open(self) -> None:
        """Listen."""
        handler = type("Handler", (_Handler,), {"office": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Nobody listens any more: connections are refused."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def demolish(self) -> None:
        """Close for good."""
        self.closing.set()
        self.close()
        self._keeper.close()

    def setup(self) -> dict[str, Any]:
        """What a device is told."""
        return {
            "office": {
                "slug": "musterstadt",
                "name": "Ausländerbehörde Musterstadt",
                "languages": self.languages,
            },
            "device": {"name": "Kiosk A", "series": "A"},
            "time": self.clock().isoformat(),
            "time_zone": "Europe/Berlin",
            "services": [
                _service(
                    "pick-up",
                    "Kartenabholung",
                    "Card pick-up",
                    "Your card is ready and you want to have it.",
                    walk_in=True,
                ),
                _service("emergency", "Notfall", "Emergency", "It cannot wait.", walk_in=True),
                _service("renewal", "Verlängerung", "Renewal", "Your permit runs out soon.", walk_in=False),
            ],
            "booking_url": "https://office.example/book/musterstadt/",
            "remind_url": "https://office.example/remind-me/musterstadt/",
            **self.extra,
        }

    def take(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Each id once; a refusal may turn into acceptance once the number is handed out."""
        known = self.answers.get(entry["id"])
        if known is not None and (known["outcome"] == "accepted" or not entry["handed_out"]):
            return known
        answer = self._answer(entry)
        self.answers[entry["id"]] = answer
        if answer["outcome"] == "accepted":
            self.ledger[entry["id"]] = entry
        return answer

    def _answer(self, entry: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "id": entry["id"],
            "outcome": "accepted",
            "ticket": f"{entry['series']}{entry['number']:03d}",
            "service": entry["service"],
            "due_at": None,
            "code": None,
            "sentence": None,
        }
        if entry["kind"] == "walk_in":
            return answer
        appointment = self.appointments.get(entry["code"], {"refusal": "unknown_code"})
        refusal = appointment.get("refusal")
        if refusal and not entry["handed_out"]:
            return answer | {
                "outcome": "refused",
                "ticket": appointment.get("ticket"),
                "code": refusal,
                "sentence": f"The office says: {refusal}.",
                "language": None if entry["language_chosen"] else appointment.get("language"),
            }
        return answer | {
            "service": appointment.get("service"),
            "due_at": appointment.get("due_at"),
            "language": None if entry["language_chosen"] else appointment.get("language"),
        }


class _Handler(BaseHTTPRequestHandler):
    office: FakeOffice

    def do_GET(self) -> None:
        self.office.runs.append(self.headers["Kiosk-Run"] or "")
        if self._is_disturbed(lambda: None):
            return
        if not self.path.startswith("/api/v1/device/appointments"):
            self._send(200, self.office.setup())
        elif self.office.today is None or f"known={self.office.today['version']}" in self.path:
            self._send(200, {"unchanged": True})
        else:
            self._send(200, self.office.today)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/api/v1/device/pair":
            self._pair(body)
            return
        if self.path == "/api/v1/device/state":
            if not self._is_disturbed(lambda: None):
                self.office.told.append(body)
                self._send(200, {})
            return
        if self.path == "/api/v1/device/cards/status":
            if not self._is_disturbed(lambda: None):
                self.office.asked.append(body)
                self._send(*self.office.card)
            return
        entries = body["entries"]
        self.office.received.append(entries)
        self.office.on_delivery(entries)
        if self._is_disturbed(lambda: [self.office.take(entry) for entry in entries]):
            return
        if any(entry["service"] == self.office.unreadable_service for entry in entries if entry["service"]):
            self._send(422, {"title": "Malformed", "status": 422, "detail": "service: not a service"})
            return
        self._send(200, {"results": [self.office.take(entry) for entry in entries]})

    def _pair(self, body: dict[str, Any]) -> None:
        if body != {"code": ONE_TIME_CODE}:
            self._send(404, {"title": "Unknown code", "status": 404, "detail": "This code is not valid."})
            return
        device = {"name": "Kiosk A", "series": "A", "kind": "kiosk"}
        self._send(201, {"credential": CREDENTIAL, "device": device, "office": "musterstadt"})

    def _is_disturbed(self, take: Callable[[], object]) -> bool:
        mode = self.office.mode
        if mode == "hang":
            self.office.closing.wait(60)
            self.close_connection = True
        elif mode == "reset":
            take()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif mode == "error":
            self._send(500, {"title": "Internal error", "status": 500})
        elif mode == "hotspot":
            self._send(200, "<html>Please accept our terms</html>")
        elif mode == "revoked" or self.headers["Authorization"] != f"Bearer {CREDENTIAL}":
            self._send(401, {"title": "Unauthorised", "status": 401})
        else:
            return False
        return True

    def _send(self, status: int, body: object) -> None:
        is_page = isinstance(body, str)
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if is_page else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_args: object) -> None:
        """Quiet."""

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            # The connection was reset on purpose.
            self.close_connection = True


def _service(slug: str, german: str, english: str, plain: str, walk_in: bool) -> dict[str, Any]:
    return {
        "slug": slug,
        "names": {"de": german, "en": english},
        "plain": {"de": f"{german}, einfach gesagt.", "en": plain},
        "walk_in": walk_in,
    }
