"""`frontoffice demo`: prepares the sample office and runs web server, worker and kiosk as processes of their own."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

import requests

from frontoffice import clock, config, schema
from frontoffice.config import Config, ConfigError
from frontoffice.db import Database
from frontoffice.demo import sample
from frontoffice.vault import Vault

HOST = "127.0.0.1"
SECONDS_TO_START = 60
SECONDS_TO_STOP = 10

SETTINGS = """\
# Made by `frontoffice demo`. Nothing leaves the machine with these settings.
[site]
name = "Frontoffice"
base_url = "http://localhost:{port}"
secret_keys = ["{key}"]

[database]
url = "sqlite:///{folder}/frontoffice.db"

[web]
port = {port}

[booking]
lead_minutes = 0

[documents]
spread_minutes = 0

[staff]
totp_required = []

[demo]
enabled = true
kiosk_url = "http://localhost:{kiosk_port}"
"""

# A stand-in on this machine, with credentials that are none.
TWILIO = """
[messages]
sms = "twilio"

[messages.twilio]
account_sid = "AC00000000000000000000000000000000"
auth_token = "a token for tests"
sender = "+491570000000"
base_url = "{url}/demo"
"""

Say = Callable[[str], None]


@dataclass
class Child:
    """One of the demonstration's processes; what it prints goes to its own log."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


def run(folder: Path, port: int, *, reset: bool, say: Say, twilio: str | None = None) -> None:
    """Prepare and run everything until interrupted. `twilio`: where its stand-in is, if SMS are to go through one.

    Raises ConfigError where something stands in the way.
    """
    folder = folder.resolve()
    kiosk_port = port + 100
    for each in (port, kiosk_port):
        _check_free(each)
    if reset and folder.exists():
        say("Starting over …")
        shutil.rmtree(folder)
    settings = _settings(folder, port, kiosk_port, twilio)
    code = _prepare(config.load(settings, {}), folder, say)
    signal.signal(signal.SIGTERM, _interrupt)
    children: list[Child] = []
    try:
        _start(children, settings, folder, port, kiosk_port, code)
        say(f"\n  Frontoffice is open:  http://localhost:{port}/demo/\n")
        say(f"  Ctrl+C closes it. The data stays in {folder}.\n")
        _watch(children)
    except KeyboardInterrupt:
        say("Closing …")
    finally:
        _stop(children)


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        # As the servers themselves do: connections of an earlier run that are still closing are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise ConfigError(
                f"port {port} is taken; choose another with --port (or make demo PORT=…)"
            ) from None


def _settings(folder: Path, port: int, kiosk_port: int, twilio: str | None) -> Path:
    path = folder / "config.toml"
    folder.mkdir(parents=True, exist_ok=True)
    key = config.load(path, {}).site.secret_keys[0] if path.exists() else secrets.token_urlsafe(32)
    path.touch(mode=0o600)
    text = SETTINGS.format(port=port, kiosk_port=kiosk_port, key=key, folder=folder.as_posix())
    if twilio:
        text += TWILIO.format(url=twilio.rstrip("/"))
    path.write_text(text, encoding="utf-8")
    return path


def _prepare(settings: Config, folder: Path, say: Say) -> str | None:
    """Bring the sample office up to today; the kiosk's one-time code where it still has to be paired."""
    database = Database(settings.database.url, Vault(settings.site.secret_keys))
    if not schema.is_current(database):
        say("Setting up the database …")
        schema.upgrade(database)
    say("Preparing the sample office …")
    sample.prepare(database, settings, clock.now())
    code = None if _is_paired(folder) else sample.new_kiosk_code(database, clock.now())
    database.close()
    return code


def _start(
    children: list[Child], settings: Path, folder: Path, port: int, kiosk_port: int, code: str | None
) -> None:
    office = [sys.executable, "-m", "frontoffice", "--config", str(settings)]
    children.append(_spawn("web", [*office, "serve"], folder))
    children.append(_spawn("worker", [*office, "worker"], folder))
    _wait_for(f"http://{HOST}:{port}/", children)
    kiosk = [sys.executable, "-m", "kiosk"]
    data = str(folder / "kiosk")
    if code:
        pair = [*kiosk, "pair", "--data", data, "--office-url", f"http://localhost:{port}", "--code", code]
        subprocess.run(pair, check=True, stdout=subprocess.DEVNULL, env=_environment())  # noqa: S603 (our own program)
    children.append(_spawn("kiosk", [*kiosk, "run", "--data", data, "--port", str(kiosk_port)], folder))
    _wait_for(f"http://{HOST}:{kiosk_port}/", children)


def _is_paired(folder: Path) -> bool:
    status = [sys.executable, "-m", "kiosk", "status", "--data", str(folder / "kiosk")]
    return subprocess.run(status, check=False, capture_output=True, env=_environment()).returncode == 0  # noqa: S603 (our own program)


def _spawn(name: str, command: list[str], folder: Path) -> Child:
    log = folder / f"{name}.log"
    output: IO[bytes] = log.open("ab")
    with output:
        # A session of its own: Ctrl+C reaches only us, and we stop the others in order.
        process = subprocess.Popen(  # noqa: S603 (our own programs)
            command,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=_environment(),
        )
    return Child(name, process, log)


def _environment() -> dict[str, str]:
    """Ours without the settings of a real installation, which would win over those of the demonstration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(config.PREFIX)}
    offset = os.environ.get(clock.OFFSET_VARIABLE)
    return kept | {"PYTHONUNBUFFERED": "1"} | ({clock.OFFSET_VARIABLE: offset} if offset else {})


def _wait_for(url: str, children: list[Child]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        _check_alive(children)
        try:
            if requests.get(url, timeout=5).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.1)
    raise ConfigError(f"{url} does not answer; see {children[-1].log}")


def _watch(children: list[Child]) -> None:
    while True:
        _check_alive(children)
        time.sleep(0.5)


def _check_alive(children: list[Child]) -> None:
    for child in children:
        if child.process.poll() is not None:
            tail = "\n".join(child.log.read_text(errors="replace").splitlines()[-5:])
            raise ConfigError(f"the {child.name} has stopped:\n{tail}\nMore in {child.log}")


def _stop(children: list[Child]) -> None:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)  # whoever is impatient must not leave processes behind
    for child in reversed(children):
        child.process.terminate()
    for child in children:
        try:
            child.process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            child.process.kill()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
