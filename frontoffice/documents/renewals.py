"""How many renewals are coming in the next weeks, against the seats there are for them: arithmetic only.

Who holds a document that ends in a week needs an appointment by the end of it, and comes once reminded: at most a
quarter of a year before. Seats go to those whose document ends first; it is not enough in a week when somebody whose
document ends in it has had no seat by then, even so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WEEK = timedelta(days=7)
WEEKS = 26
AHEAD = 13  # so many weeks before the end people come at the earliest


@dataclass(frozen=True, slots=True)
class Week:
    """One week: documents that end in it, appointments there is room for, and how many of the former find none."""

    monday: date
    ending: int
    seats: int
    missing: int

    @property
    def is_enough(self) -> bool:
        """Whether everybody whose document ends in it can have had an appointment by then."""
        return not self.missing


def weeks(
    first: date, ending: Mapping[date, int], seats: Mapping[date, int], many: int = WEEKS
) -> list[Week]:
    """The weeks from the Monday `first` on; both mappings are by Monday."""
    found, left = [], dict(ending)
    for number in range(many):
        monday = first + number * WEEK
        room = seats.get(monday, 0)
        for end in sorted(each for each in left if monday <= each <= monday + AHEAD * WEEK):
            served = min(room, left[end])
            left[end], room = left[end] - served, room - served
        found.append(Week(monday, ending.get(monday, 0), seats.get(monday, 0), left.get(monday, 0)))
    return found


def shortage(found: Sequence[Week]) -> Week | None:
    """The first week in which it is not enough; None where it always is."""
    return next((each for each in found if not each.is_enough), None)


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())
