"""Whether kiosks give numbers to people without appointment: within the office's hours, until staff close early.

Breaks do not matter: who comes in one waits through it.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from frontoffice.booking import sheet
from frontoffice.line import board, office_hours
from frontoffice.line.office_hours import OpenDay
from frontoffice.line.refusals import NoMoreNumbers, NoNumbersYet
from frontoffice.memory import remembered, seldom_changed
from frontoffice.offices.models import Closure, Office, OpeningHours

# People queue at the door before it opens, and the first are not to wait for the kiosk as well.
BEFORE_OPENING = timedelta(minutes=30)

for _kind in (OpeningHours, Closure):
    seldom_changed(_kind)


def require_given(session: Session, office: Office, now: datetime) -> None:
    """Raises NoNumbersYet, NoMoreNumbers. The caller has locked the numbers, so that closing early waits for it."""
    today = sheet.day_of(now, office.time_zone)
    hours = hours_of(session, office, today)
    if hours is not None:
        begins, ends = hours
        if now >= ends:
            raise NoMoreNumbers
        if now < begins:
            raise NoNumbersYet
    early = board.closing_early(session, office.id, today)
    if early is not None and now >= early:
        raise NoMoreNumbers


def hours_of(session: Session, office: Office, today: date) -> tuple[datetime, datetime] | None:
    """From when until when numbers are given; of no length where the office is closed, None where it has no hours."""
    return remembered(session, ("hours", office.id, today), lambda: _hours(session, office, today))


def _hours(session: Session, office: Office, today: date) -> tuple[datetime, datetime] | None:
    """From when until when numbers are given on that day; None where the office has told no hours at all."""
    if not office_hours.are_known(session, office):
        return None
    (day,) = office_hours.coming(session, office, today, days=1)
    return _span(day, ZoneInfo(office.time_zone))


def _span(day: OpenDay, zone: ZoneInfo) -> tuple[datetime, datetime]:
    midnight = datetime.combine(day.day, datetime.min.time(), zone)
    if not day.spans:
        return midnight, midnight
    opens, closes = day.spans[0][0], day.spans[-1][1]
    last = day.day if closes > opens else day.day + office_hours.DAY  # 00:00 ends the day
    return datetime.combine(day.day, opens, zone) - BEFORE_OPENING, datetime.combine(last, closes, zone)
