"""The office hours of the coming days, in words."""

from dataclasses import dataclass
from datetime import datetime, time

from kiosk.office_setup import OfficeSetup, OpenDay
from kiosk.texts import _, clock_time, day_name

DAYS = 7  # a week, which is what fits a screen


@dataclass(frozen=True)
class Line:
    """One day as it is written on the screen."""

    day: str
    hours: str
    is_today: bool


def lines(setup: OfficeSetup, now: datetime, language: str) -> list[Line]:
    """Today and the days after it, at most a week and for as long as the office has told."""
    today = setup.day(now)
    coming = [each for each in setup.hours if each.day >= today][:DAYS]
    return [Line(day_name(each.day, language), _hours(each), each.day == today) for each in coming]


def _hours(day: OpenDay) -> str:
    if not day.spans:
        return _("closed (public holiday)") if day.holiday else _("closed")
    # 00:00 at the end of a day is written as 24:00, as offices do.
    return ", ".join(
        f"{clock_time(opens)}–{'24:00' if closes == time(0) else clock_time(closes)}"
        for opens, closes in day.spans
    )
