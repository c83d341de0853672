"""The web process is killed in the middle of bookings; afterwards `frontoffice doctor` finds no difference."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from frontoffice.booking import planning
from frontoffice.db import Database
from frontoffice.offices.models import Office
from tests.conftest import KEY
from tests.sample import RENEWAL

ROOT = Path(__file__).parents[2]
PATIENCE = 180  # seconds; a busy machine needs many to start a server


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    """The settings of a server on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return os.environ | {
        "FRONTOFFICE_CONFIG": "",
        "FRONTOFFICE_SITE__BASE_URL": f"http://127.0.0.1:{port}",
        "FRONTOFFICE_SITE__SECRET_KEYS": json.dumps([KEY]),
        "FRONTOFFICE_DATABASE__URL": database_url,
        "FRONTOFFICE_WEB__PORT": str(port),
    }


def frontoffice(*arguments: str, environment: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "frontoffice", *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=environment | {"PYTHONPATH": str(ROOT)}, start_new_session=True
    )


def book_until_refused(api: str, starts: list[str], answered: list[str]) -> None:
    """Book one time after the other, until the server is gone."""
    with requests.Session() as session:
        for start in starts:
            try:
                wish = {"office": "musterstadt", "service": RENEWAL, "start": start}
                hold = session.post(f"{api}/holds", json=wish, timeout=PATIENCE)
                if hold.status_code != 201:
                    continue
                body = {
                    "hold": hold.json()["token"],
                    "name": "Amina",
                    "born": "1991-03-12",
                    "mail": "a@mail.example",
                }
                session.post(f"{api}/appointments", json=body, timeout=PATIENCE)
                answered.append(start)
            except requests.RequestException:
                return


def test_doctor_finds_no_difference_after_the_web_was_killed(
    database: Database, office: Office, environment: dict[str, str], tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    with database.write() as session:
        planning.plan(session, session.get_one(Office, office.id), now.date(), 40, now)
    api = environment["FRONTOFFICE_SITE__BASE_URL"] + "/api/v1"
    server = frontoffice("serve", environment=environment, folder=tmp_path)
    try:
        wait_for(f"{api}/offices")
        until = (now + timedelta(days=40)).date()
        window = f"service={RENEWAL}&from={now.date() + timedelta(days=1)}&to={until}"
        days = requests.get(f"{api}/offices/musterstadt/slots?{window}", timeout=PATIENCE).json()["days"]
        starts, answered = [start for day in days for start in day["starts"]], list[str]()
        clients = [
            threading.Thread(target=book_until_refused, args=(api, starts[number::4], answered))
            for number in range(4)
        ]
        for client in clients:
            client.start()
        deadline = time.monotonic() + PATIENCE
        while len(answered) < 8:
            assert time.monotonic() < deadline, "no bookings"
            time.sleep(0.01)
    finally:
        os.killpg(server.pid, signal.SIGKILL)  # the server and its processes: the group is their own
        server.wait(PATIENCE)
    for client in clients:
        client.join(PATIENCE)
    assert len(answered) < len(starts), "it was not in the middle"
    doctor = frontoffice("doctor", environment=environment, folder=tmp_path)
    assert doctor.wait(PATIENCE) == 0


def wait_for(url: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if requests.get(url, timeout=5).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.05)
