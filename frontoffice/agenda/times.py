"""Free times as staff see them: the next days that have some, all their times, and where to look further."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from sqlalchemy.orm import Session

from frontoffice.agenda.door import Door
from frontoffice.booking import search
from frontoffice.booking.visit import Visit
from frontoffice.config import Booking
from frontoffice.offices.models import Office

DAYS_SHOWN = 5
LOOKED_AT = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Times:
    """Some days with their free times (UTC); `later` is the first day after them, None where there is nothing more."""

    days: Mapping[date, Sequence[datetime]]
    first: date
    later: date | None


def from_day(
    session: Session,
    office: Office,
    visit: Visit,
    first: date,
    now: datetime,
    *,
    rules: Booking,
    door: Door,
    schedules: Collection[int] | None,
) -> Times:
    """The next days with free times from `first` on."""
    free = search.free_starts(
        session,
        office,
        visit,
        first,
        first + LOOKED_AT,
        now=now,
        rules=rules,
        channel=door.channel,
        shares=door.shares,
        schedules=schedules,
    )
    shown = dict(islice(free.items(), DAYS_SHOWN))
    has_more = len(free) > len(shown)
    return Times(shown, first, max(shown) + timedelta(days=1) if has_more else None)
