"""Real processes: they end orderly when asked, and count together."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from frontoffice.db import Database
from frontoffice.offices.models import Office
from tests.conftest import KEY
from tests.races.test_web_killed import PATIENCE, ROOT, wait_for

TOKEN = "a token of the monitoring system, long enough"
Serve = Callable[..., tuple[subprocess.Popen[bytes], int]]


@pytest.fixture
def serve(database_url: str, tmp_path: Path) -> Iterator[Serve]:
    """Start a server on a free port; it is ended afterwards where the test has not done so."""
    started: list[subprocess.Popen[bytes]] = []

    def start(**more: str) -> tuple[subprocess.Popen[bytes], int]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = os.environ | {
            "FRONTOFFICE_CONFIG": "",
            "FRONTOFFICE_SITE__BASE_URL": f"http://127.0.0.1:{port}",
            "FRONTOFFICE_SITE__SECRET_KEYS": json.dumps([KEY]),
            "FRONTOFFICE_DATABASE__URL": database_url,
            "FRONTOFFICE_WEB__PORT": str(port),
            "FRONTOFFICE_WEB__PROCESSES": "1",  # each takes seconds to begin
            "FRONTOFFICE_MESSAGES__METRICS__TOKEN": TOKEN,
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(tmp_path),
            **more,
        }
        with (tmp_path / "web.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "frontoffice", "serve"],
                cwd=tmp_path,
                env=environment,
                stderr=log,
                start_new_session=True,
            )
        started.append(process)
        wait_for(f"http://127.0.0.1:{port}/readyz")
        return process, port

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # the server and its processes: the group is their own
            process.wait(PATIENCE)


def test_whoever_is_being_served_is_served_to_the_end_and_screens_are_let_go(
    serve: Serve, office: Office, tmp_path: Path
) -> None:
    process, port = serve()
    body = json.dumps({"username": "nobody", "password": "wrong-but-long-enough"}).encode()
    head = (
        f"POST /api/v1/staff/sessions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode()
    with (
        requests.get(f"http://127.0.0.1:{port}/live/musterstadt", stream=True, timeout=PATIENCE) as stream,
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as slow,
    ):
        lines = stream.iter_lines()
        assert next(lines).startswith(b"retry:")
        slow.sendall(head + body[:10])
        # Asked and answered after it, so by now the slow one is with a thread.
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE).ok
        process.send_signal(signal.SIGTERM)
        assert list(lines) is not None  # it ends, instead of going on for ever
        slow.sendall(body[10:])
        answer = b"".join(iter(lambda: slow.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 401"), answer[:200]
    assert process.wait(PATIENCE) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    written = (tmp_path / "web.log").read_text()
    assert all(json.loads(line) for line in written.splitlines()), "each line is JSON"
    assert list(tmp_path.glob("frontoffice-metrics-*")) == [], "what it counted with is tidied away"


def test_what_several_processes_count_is_told_as_one(
    serve: Serve, database: Database, office: Office, tmp_path: Path
) -> None:
    if database.is_sqlite:
        pytest.skip("on SQLite there is one process")
    _process, port = serve(FRONTOFFICE_WEB__PROCESSES="2")
    url = f"http://127.0.0.1:{port}"

    def counted() -> int:
        told = requests.get(f"{url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=PATIENCE)
        found = re.search(
            r'frontoffice_requests_total\{area="start",method="read",status="2xx"\} (\S+)', told.text
        )
        return int(float(found[1])) if found else 0

    sent = 0
    # Until both have been asked: the system chooses who gets a connection.
    while len(list(tmp_path.glob("frontoffice-metrics-*/counter_*.db"))) < 2 or sent < 20:
        assert requests.get(url, timeout=PATIENCE).ok
        sent += 1
        assert sent < 500, "one of them never answers"
    assert [counted() for _ in range(4)] == [sent] * 4


def test_what_a_browser_cannot_say_is_logged_without_saying_who(serve: Serve, tmp_path: Path) -> None:
    _process, port = serve()
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        client.sendall(b"GET /appointments/ABCD2345/secretsecret\x01 HTTP/1.1 zoe@mail.example\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 400")
    wait_for(f"http://127.0.0.1:{port}/healthz")
    written = (tmp_path / "web.log").read_text()
    assert "Invalid request" in written
    for word in ("secretsecret", "zoe", "127.0.0.1"):
        assert word not in written
