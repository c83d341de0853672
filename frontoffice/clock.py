"""The only place that reads the time; everything else is handed `now`."""

import os
from datetime import UTC, datetime, timedelta

OFFSET_VARIABLE = "FRONTOFFICE_CLOCK_OFFSET_SECONDS"


def now() -> datetime:
    """The present moment, aware, in UTC.

    `FRONTOFFICE_CLOCK_OFFSET_SECONDS` shifts it for rehearsals ("what leaves the day before?") and fault tests.
    """
    offset = os.environ.get(OFFSET_VARIABLE)
    moment = datetime.now(UTC)
    return moment + timedelta(seconds=float(offset)) if offset else moment
