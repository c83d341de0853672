"""The second provider against a server of ours: what its answers mean, and that it finds a message by our own name."""

import hashlib
import json
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from frontoffice.config import Seven
from frontoffice.messages.outcomes import Meaning
from frontoffice.messages.provider import (
    Accepted,
    LockedOutError,
    Outcome,
    Outgoing,
    Refused,
    UnreachableError,
)
from frontoffice.messages.seven_sms import SevenSms
from frontoffice.messages.timing import Timing
from tests.messages.parts import PHONE

HERE = "https://termin.example.org"
MARK = f"frontoffice-{hashlib.sha256(HERE.encode()).hexdigest()[:10]}"
SHORT = Timing(connect=timedelta(seconds=0.3), answer=timedelta(seconds=0.3))


@dataclass
class Gateway:
    """A gateway that answers as it is told."""

    status: int = 200
    answer: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    slow: bool = False
    asked: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    told = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply({name: each[0] for name, each in parse_qs(urlsplit(self.path).query).items()})

        def do_POST(self) -> None:
            self.reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def reply(self, content: dict[str, Any]) -> None:
            told.asked.append((urlsplit(self.path).path, content, self.headers["X-Api-Key"]))
            if told.slow:
                time.sleep(0.5)
            body = (told.answer if isinstance(told.answer, str) else json.dumps(told.answer)).encode()
            self.send_response(told.status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class calls it so)
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    yield told
    server.shutdown()
    server.server_close()


def provider(url: str) -> SevenSms:
    return SevenSms(Seven(api_key="secret key", sender="Amt", base_url=url), SHORT, public_url=HERE)


def send(url: str, minutes: float = 60) -> Outcome:
    return provider(url).send(
        Outgoing(PHONE, "Ihr Termin", "a:sms", "de", timedelta(minutes=minutes), tag="1f/2")
    )


def accepted(number: str = "77") -> dict[str, Any]:
    return {"success": "100", "messages": [{"id": number, "success": True, "error": None}]}


def refused(code: int) -> dict[str, Any]:
    return {"success": str(code), "messages": [{"id": None, "success": False, "error": code}]}


def test_a_message_leaves_under_our_own_name(gateway: Gateway) -> None:
    gateway.answer = accepted()
    assert send(gateway.url) == Accepted("77", "accepted")
    assert [send(gateway.url, each) for each in (0, 10**6)] == [Accepted("77", "accepted")] * 2
    path, content, key = gateway.asked[0]
    assert (path, key) == ("/api/sms", "secret key")
    assert content == {
        "to": PHONE,
        "text": "Ihr Termin",
        "from": "Amt",
        "ttl": 60,
        "foreign_id": f"{MARK}-1f-2",
    }
    assert len(content["foreign_id"]) <= 64
    assert [each["ttl"] for _, each, _ in gateway.asked[1:]] == [1, 2880]


def test_every_answer_has_its_meaning(gateway: Gateway) -> None:
    for status, answer, meaning, code in [
        (200, "900", Meaning.STOP, "900"),
        (200, 500, Meaning.STOP, "500"),
        (200, refused(202), Meaning.DEAD, "202"),
        (200, refused(201), Meaning.STOP, "201"),
        (200, refused(402), Meaning.UNKNOWN, "402"),
        (200, "<html>", Meaning.UNKNOWN, "JSONDecodeError"),
        (200, {"messages": []}, Meaning.UNKNOWN, "ValueError"),
        (401, "", Meaning.STOP, "401"),
        (500, "", Meaning.UNKNOWN, "500"),
        (502, "<html>", Meaning.UNKNOWN, "502"),
    ]:
        gateway.status, gateway.answer = status, answer
        assert send(gateway.url) == Refused(meaning, code)
    gateway.status, gateway.headers = 429, {"Retry-After": "9"}
    assert send(gateway.url) == Refused(Meaning.LATER, "429", timedelta(seconds=9))
    gateway.slow = True
    assert send(gateway.url) == Refused(Meaning.UNKNOWN, "ReadTimeout")
    assert send("http://127.0.0.1:9") == Refused(Meaning.LATER, "ConnectionError")


def test_its_logbook_says_what_became_of_which_attempt(gateway: Gateway) -> None:
    entry = {"id": "77", "to": PHONE[1:], "timestamp": "2026-11-23 10:00:00.250", "dlr": None}
    gateway.answer = [
        entry | {"foreign_id": f"{MARK}-1f-2", "dlr": "NOTDELIVERED"},
        entry | {"id": "78", "foreign_id": None, "dlr": "DELIVERED"},
        entry | {"id": "79", "foreign_id": "somebody-else"},
        entry | {"id": "80", "foreign_id": "frontoffice-0123456789-1f-2"},  # of another installation
    ]
    found = provider(gateway.url).find(PHONE)
    assert found is not None
    assert [(each.provider_id, each.status, each.tag) for each in found] == [
        ("77", "undelivered", "1f/2"),
        ("78", "delivered", ""),
        ("79", "sent", ""),
        ("80", "sent", ""),
    ]
    assert found[0].created_at == datetime(2026, 11, 23, 9, 0, 0, 250_000, UTC)
    assert (found[0].error_code, found[0].meaning) == ("NOTDELIVERED", Meaning.RETRY)
    assert gateway.asked[0][1]["to"] == PHONE[1:]
    for status, answer in ((503, []), (200, "<html>"), (200, {"error": "no"})):
        gateway.status, gateway.answer = status, answer
        with pytest.raises(UnreachableError):
            provider(gateway.url).find(PHONE)
    for status in (401, 403):
        gateway.status = status
        with pytest.raises(LockedOutError, match=str(status)):
            provider(gateway.url).find(PHONE)


def test_no_number_no_text_and_no_key_is_logged(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    gateway.answer = accepted()
    send(gateway.url)
    gateway.answer = []
    provider(gateway.url).find(PHONE)
    assert [each for each in (PHONE[1:], "Termin", "secret key") if each in caplog.text] == []
