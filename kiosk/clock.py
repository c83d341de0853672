"""The only place of the kiosk that reads the time."""

import os
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from kiosk.entries import Since

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
UPTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # only Linux has the first


def now() -> datetime:
    """The device's time, in UTC; FRONTOFFICE_CLOCK_OFFSET_SECONDS shifts it, as it does the office's, for tests."""
    offset = os.environ.get("FRONTOFFICE_CLOCK_OFFSET_SECONDS")
    moment = datetime.now(UTC)
    return moment + timedelta(seconds=float(offset)) if offset else moment


def running() -> float:
    """Seconds by a clock that nobody sets and that no sleep stops; only differences mean anything."""
    return time.clock_gettime(UPTIME)


def since_start() -> Since | None:
    """This moment by the machine's uptime, which goes on whatever is done to its clock; None where there is none."""
    boot = _boot()
    if boot is None:
        return None
    return Since(boot, running())


def seconds_ago(since: Since | None) -> float | None:
    """How long ago a moment was; None where the machine has been started anew since."""
    present = since_start()
    if since is None or present is None or present.boot != since.boot:
        return None
    return max(0.0, present.seconds - since.seconds)


@cache
def _boot() -> str | None:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip() or None
    except OSError:
        return None
