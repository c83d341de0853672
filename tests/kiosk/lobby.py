"""A kiosk's process and a visitor in front of it, for the kiosk's tests."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import TypeVar

import requests
from click.testing import CliRunner

from kiosk.__main__ import main
from kiosk.office import Office, Reached
from kiosk.settings import DataDirectory, Pairing
from tests.kiosk.fake_office import ONE_TIME_CODE, FakeOffice, reserved_port

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 60.0
Found = TypeVar("Found")


def eventually(look: Callable[[], Found], what: str) -> Found:
    """What `look` finds, as soon as that is something."""
    give_up = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < give_up:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"in vain waited for {what}")


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command of the kiosk to its end, in this process, which is quicker."""
    words = [str(each) for each in arguments]
    done = CliRunner().invoke(main, words)
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


def pair(office: FakeOffice, data: Path) -> None:
    """Pair the device of this data directory, as the command does, only quicker."""
    answer = Office(office.url).pair(ONE_TIME_CODE)
    assert isinstance(answer, Reached)
    directory = DataDirectory(data)
    directory.prepare()
    directory.store_pairing(
        Pairing(office.url, answer.body["office"], "Kiosk A", "A", answer.body["credential"])
    )


class KioskProcess:
    """A kiosk as it runs on the device."""

    def __init__(self, data: Path, patience: float = 3.0) -> None:
        self.data = data
        self.patience = patience
        self._keeper = reserved_port()
        self.port: int = self._keeper.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where its screen is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, expected: int = 200) -> None:
        """Start it and wait until the start screen answers with this status."""
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "kiosk",
                "run",
                "--data",
                str(self.data),
                "--port",
                str(self.port),
                "--patience",
                str(self.patience),
            ],
            cwd=ROOT,
            start_new_session=True,
        )
        eventually(lambda: self._status() == expected, f"a start screen with status {expected}")

    def kill(self) -> None:
        """kill -9, for the process and its child."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in good order."""
        self._end(signal.SIGTERM)

    def forget_port(self) -> None:
        """Let others have the port."""
        self._keeper.close()

    def _end(self, kind: signal.Signals) -> None:
        if self._process is None:
            return
        # A group of its own, begun by start_new_session.
        os.killpg(self._process.pid, kind)
        self._process.wait(DEADLINE_SECONDS)
        self._process = None

    def _status(self) -> int | None:
        assert self._process is not None
        assert self._process.poll() is None, "the kiosk has ended"
        try:
            return Visitor(self).get("/").status_code
        except requests.RequestException:
            return None


class Visitor:
    """A browser in front of the kiosk; sees the page that was loaded last."""

    def __init__(self, kiosk: KioskProcess) -> None:
        self._url = kiosk.url
        self._session = requests.Session()
        self._session.trust_env = False
        self.page = requests.Response()

    def get(self, path: str) -> requests.Response:
        """Open a page."""
        self.page = self._session.get(self._url + path, timeout=DEADLINE_SECONDS)
        return self.page

    def post(self, path: str, **fields: str) -> requests.Response:
        """Send a form as it is, without anything added."""
        self.page = self._session.post(self._url + path, data=fields, timeout=DEADLINE_SECONDS)
        return self.page

    def form(self) -> dict[str, str]:
        """The hidden fields of the page's form."""
        return {name: self._hidden(name) for name in ("csrf_token", "entry")}

    def form_token(self) -> str:
        """The token of the page, for a form without an entry."""
        return self._hidden("csrf_token")

    def walk_in(self, service: str = "pick-up", language: str = "en") -> str:
        """Draw a number; the number shown."""
        self.get(f"/{language}/walk-in")
        self.post(f"/{language}/walk-in", service=service, **self.form())
        return self.number()

    def check_in(self, code: str, language: str = "en") -> requests.Response:
        """Check in with a code."""
        self.get(f"/{language}/check-in")
        return self.post(f"/{language}/check-in", code=code, **self.form())

    def number(self) -> str:
        """The large number on the page."""
        found = re.search(r'class="kiosk-number"><bdi dir="ltr">([^<]+)<', self.page.text)
        assert found, f"no number on {self.page.url}: {self.text()}"
        return found[1]

    def text(self) -> str:
        """The words on the page."""
        body = self.page.text.partition("<body")[2]
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", f"<body{body}")).split())

    def heading(self) -> str:
        """The page's heading."""
        found = re.search(r"<h1[^>]*>([^<]+)<", self.page.text)
        assert found, self.page.text
        return unescape(found[1])

    def _hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]+)"', self.page.text)
        assert found, f"no field {name} on {self.page.url}"
        return found[1]
