"""Worker processes of our own: started, killed and stopped by their own handle only."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from tests.conftest import KEY
from tests.messages.fake_twilio import ACCOUNT, SENDER, TOKEN, FakeTwilio

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("run_worker.py")

# Tests run at any hour, so there are no quiet hours here.
CONFIGURATION = """
[site]
base_url = "{public}"
secret_keys = ["{key}"]

[database]
url = "{database}"

[messages]
sms = "twilio"
quiet_from = 0
quiet_until = 0
sms_gap_seconds = 0
sms_per_day = 0
segments_per_second = 0
out_of_reach_seconds = 1

[messages.twilio]
account_sid = "{account}"
auth_token = "{token}"
sender = "{sender}"
base_url = "{twilio}"
"""


@dataclass
class Workers:
    """Workers by name; whatever still runs at the end of the `with` block is ended."""

    folder: Path
    database_url: str
    fake: FakeTwilio
    public_url: str = "https://termin.example.org/amt"
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    log_files: dict[str, Path] = field(default_factory=dict)
    starts: int = 0
    kills: int = 0

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start a worker; the provider knows it by its name."""
        configuration = self.configuration(name)
        self.starts += 1
        self.log_files[name] = self.folder / f"{self.starts}-{name}.log"
        with self.log_files[name].open("wb") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, str(SCRIPT), str(configuration)],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )
        return self.running[name]

    def configuration(self, name: str) -> Path:
        """Settings for a process of that name."""
        path = self.folder / f"{name}.toml"
        path.write_text(
            CONFIGURATION.format(
                key=KEY,
                public=self.public_url,
                database=self.database_url,
                account=ACCOUNT,
                token=TOKEN,
                sender=SENDER,
                twilio=self.fake.url(name),
            )
        )
        return path

    def kill(self, name: str) -> None:
        """kill -9."""
        self.kills += 1
        self.running[name].kill()

    def logs(self) -> str:
        """What all of them have written, from the first start on."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def has_begun(self, name: str) -> bool:
        """Whether a worker is past its start."""
        return "worker.started" in self.log_files[name].read_text()

    def stop(self) -> list[int]:
        """Ask all to stop; gives their exit codes."""
        for name, process in self.running.items():
            wait_until(lambda name=name: self.has_begun(name), 60, self.logs)  # type: ignore[misc]
            process.terminate()
        wait_until(lambda: all(each.poll() is not None for each in self.running.values()), 30, self.logs)
        return [each.returncode for each in self.running.values()]


def wait_until(true: Callable[[], bool], seconds: float, tell: Callable[[], str]) -> None:
    """Wait for something to become true; fail after so many seconds, and tell what can help to find out why."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s\n{tell()}"
        time.sleep(0.05)
