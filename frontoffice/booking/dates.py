"""Days and times in words, in the visitor's language and by the office's clock."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, get_day_names

from frontoffice.languages import writing_of


def long_day(day: date, language: str) -> str:
    """Tuesday, 24 November 2026."""
    return format_date(day, "full", writing_of(language))


def short_day(day: date, language: str) -> str:
    """Tue 24 Nov."""
    # Babel takes datetimes only here; of this one nothing is used but the day.
    return format_skeleton("MMMEd", datetime(day.year, day.month, day.day), locale=writing_of(language))  # noqa: DTZ001


def medium_day(day: date, language: str) -> str:
    """24 Nov 2026."""
    return format_date(day, "medium", writing_of(language))


def month_name(day: date, language: str) -> str:
    """November 2026."""
    return format_skeleton("yMMMM", datetime(day.year, day.month, 1), locale=writing_of(language))  # noqa: DTZ001 (a date)


def weekdays(language: str) -> list[tuple[str, str]]:
    """The days of the week from Monday on, short as in the head of a calendar, and in full."""
    short, full = (
        get_day_names(width, context="stand-alone", locale=writing_of(language))
        for width in ("short", "wide")
    )
    return [(short[number].rstrip("."), full[number]) for number in range(7)]


def clock_time(moment: datetime, zone: str, language: str) -> str:
    """09:40."""
    return format_skeleton("Hm", moment, ZoneInfo(zone), locale=writing_of(language))
