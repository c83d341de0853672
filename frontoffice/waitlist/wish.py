"""When somebody would like to come: days, weekdays, times of the day, how soon. No database, no clock."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from frontoffice.errors import N_, Invalid

ANY_DAY = 0b1111111
MOST_NOTICE = 14 * 24  # hours


class Wish(NamedTuple):
    """The office's days from `first_day` until `until_day` (half-open), on weekdays (bit 0 is Monday).

    Starts from `not_before` until `before` (half-open) on the office's clock, empty: at any time; and at least
    `notice_hours` after the moment of the offer.
    """

    first_day: date
    until_day: date
    weekdays: int = ANY_DAY
    not_before: time | None = None
    before: time | None = None
    notice_hours: int = 0

    def allows_day(self, day: date) -> bool:
        """Whether this day is wanted."""
        return self.first_day <= day < self.until_day and bool(self.weekdays >> day.weekday() & 1)

    def allows(self, start: datetime, now: datetime, zone: str) -> bool:
        """Whether an appointment may start then, as it stands now."""
        local = start.astimezone(ZoneInfo(zone))
        if not self.allows_day(local.date()) or start < now + timedelta(hours=self.notice_hours):
            return False
        clock = local.time()
        return (self.not_before or time.min) <= clock and (self.before is None or clock < self.before)


def weekday_bits(days: Iterable[int]) -> int:
    """The bit set of these weekdays (Monday is 0); all of them where none is named."""
    bits = 0
    for each in days:
        bits |= 1 << each
    return bits or ANY_DAY


def each_weekday(bits: int) -> list[int]:
    """The weekdays of a bit set, Monday (0) first."""
    return [day for day in range(7) if bits >> day & 1]


def checked(wish: Wish, today: date, furthest: date) -> Wish:
    """The wish, with its days cut to those from `today` until `furthest` (half-open).

    Raises Invalid (field "until", "before" or "notice") for one that nothing can ever meet.
    """
    if wish.until_day <= wish.first_day:
        raise Invalid("until", N_("The last day lies before the first one. Please check both."))
    kept = wish._replace(first_day=max(wish.first_day, today), until_day=min(wish.until_day, furthest))
    if kept.until_day <= kept.first_day:
        raise Invalid("until", N_("These days are over, or too far ahead. Please choose other days."))
    if kept.not_before and kept.before and kept.before <= kept.not_before:
        raise Invalid("before", N_("This time lies before the other one. Please check both."))
    if not 0 <= kept.notice_hours <= MOST_NOTICE:
        raise Invalid("notice", N_("Please choose no more days than %(most)s."), most=MOST_NOTICE // 24)
    days = (kept.until_day - kept.first_day).days
    if not any(kept.allows_day(kept.first_day + timedelta(days=number)) for number in range(min(days, 7))):
        raise Invalid("weekdays", N_("None of these weekdays lies within these days. Please check both."))
    return kept
