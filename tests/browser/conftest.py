"""The whole demonstration in processes of its own, and a real browser to walk through it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright

ROOT = Path(__file__).parents[2]
BERLIN = ZoneInfo("Europe/Berlin")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
SECONDS_TO_OPEN = 240


@dataclass(frozen=True)
class Demonstration:
    """A running `frontoffice demo`. `offset` is how many seconds its clock is ahead of ours."""

    url: str
    kiosk: str
    folder: Path
    offset: float

    def now(self) -> datetime:
        """The time as the demonstration knows it."""
        return datetime.now(UTC) + timedelta(seconds=self.offset)

    def environment(self, ahead: timedelta = timedelta(0)) -> dict[str, str]:
        """The environment for a further process, `ahead` of the demonstration's time."""
        return os.environ | {"FRONTOFFICE_CLOCK_OFFSET_SECONDS": str(self.offset + ahead.total_seconds())}


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """`frontoffice demo` on a Tuesday morning, whenever the test runs."""
    folder = tmp_path_factory.mktemp("demo")
    port = _free_port()
    offset = (_tuesday_morning() - datetime.now(UTC)).total_seconds()
    demo = Demonstration(f"http://localhost:{port}", f"http://localhost:{port + 100}", folder, offset)
    command = [sys.executable, "-m", "frontoffice", "demo", "--port", str(port), "--data", str(folder)]
    output = folder / "demo.out"
    with output.open("wb") as sink:
        process = subprocess.Popen(command, cwd=ROOT, stdout=sink, stderr=sink, env=demo.environment())
    try:
        _wait_until_open(process, output)
        yield demo
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Chromium without a window."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt install chromium)")
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor's phone, in English."""
    context = browser.new_context(locale="en-GB", viewport={"width": 390, "height": 844})
    yield context
    context.close()


@pytest.fixture
def clerk(browser: Browser) -> Iterator[BrowserContext]:
    """A clerk's computer, in English."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800})
    yield context
    context.close()


@pytest.fixture
def wall(browser: Browser) -> Iterator[BrowserContext]:
    """The screen on the wall of the waiting room, and a kiosk's browser."""
    context = browser.new_context(locale="en-GB", viewport={"width": 1920, "height": 1080})
    yield context
    context.close()


def _tuesday_morning() -> datetime:
    """Ten o'clock in Berlin on a coming Tuesday that is no holiday and far from any."""
    moment = datetime.now(BERLIN).replace(hour=10, minute=2, second=0, microsecond=0)
    moment += timedelta(days=(1 - moment.weekday()) % 7 or 7)
    while moment.month in (12, 1) and not 7 <= moment.day <= 10:
        moment += timedelta(days=7)
    return moment.astimezone(UTC)


def _free_port() -> int:
    """A port that is free together with the kiosk's, one hundred above."""
    while True:
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            port: int = one.getsockname()[1]
            try:
                other.bind(("127.0.0.1", port + 100))
            except OSError:
                continue
            return port


def _wait_until_open(process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_OPEN
    while not re.search("is open", output.read_text(errors="replace")):
        assert process.poll() is None, output.read_text(errors="replace")
        assert time.monotonic() < deadline, output.read_text(errors="replace")
        time.sleep(0.2)
