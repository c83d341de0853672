"""Spans of days, half-open, and the one before each to compare with. Pure."""

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

LONGEST_DAYS = 800
FIRST_DAY = date(2000, 1, 1)
WEEK = timedelta(days=7)


class Choice(StrEnum):
    """Which days somebody wants to see."""

    WEEK = "week"
    FOUR_WEEKS = "four_weeks"
    QUARTER = "quarter"
    OWN = "own"


class Span(NamedTuple):
    """The days from `first` until `until`, which is not among them."""

    first: date
    until: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.until - self.first).days

    @property
    def last(self) -> date:
        """The last day of it."""
        return self.until - timedelta(days=1)


def chosen(choice: Choice, today: date, first: date | None = None, last: date | None = None) -> Span:
    """The days of a choice. The four weeks end yesterday; week and quarter are the running ones up to today.

    Own days are from `first` to `last` (included), put in order, not after today and 800 days at most; where one is
    missing, it is today, or four weeks before the other.
    """
    tomorrow = today + timedelta(days=1)
    match choice:
        case Choice.WEEK:
            return Span(today - timedelta(days=today.weekday()), tomorrow)
        case Choice.QUARTER:
            return Span(date(today.year, 3 * ((today.month - 1) // 3) + 1, 1), tomorrow)
        case Choice.OWN if first or last:
            end = min(last or today, today)
            begin = first or end - 4 * WEEK
            begin, end = min(begin, end, today), min(max(begin, end), today)
            return Span(
                max(begin, end - timedelta(days=LONGEST_DAYS - 1), FIRST_DAY), end + timedelta(days=1)
            )
        case _:
            return Span(today - 4 * WEEK, today)


def before(span: Span) -> Span:
    """As many days right before; for up to eight weeks shifted by whole weeks, so that weekdays match."""
    shift = timedelta(days=span.days)
    if span.days <= 56:
        shift = WEEK * -(-span.days // 7)
    return Span(span.first - shift, span.until - shift)


def parts(span: Span) -> list[Span]:
    """The span cut for a chart over time: into days, or weeks from Monday where there are more than 35 days."""
    if span.days <= 35:
        days = (span.first + timedelta(days=number) for number in range(span.days))
        return [Span(day, day + timedelta(days=1)) for day in days]
    cut, found = span.first, []
    while cut < span.until:
        end = min(cut + timedelta(days=7 - cut.weekday()), span.until)
        found.append(Span(cut, end))
        cut = end
    return found
