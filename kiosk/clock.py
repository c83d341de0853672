"""The only place of the kiosk that reads the time."""

import os
from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """The device's time, in UTC; FRONTOFFICE_CLOCK_OFFSET_SECONDS shifts it, as it does the office's, for tests."""
    offset = os.environ.get("FRONTOFFICE_CLOCK_OFFSET_SECONDS")
    moment = datetime.now(UTC)
    return moment + timedelta(seconds=float(offset)) if offset else moment
