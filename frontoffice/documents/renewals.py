"""How many renewals are coming in the next weeks, against the seats there are for them: arithmetic only.

Who holds a document that ends in a week needs an appointment by the end of it at the latest, and may come earlier. So
it is enough in a week if all that has come up by then fits into all the seats until then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WEEK = timedelta(days=7)
WEEKS = 26


@dataclass(frozen=True, slots=True)
class Week:
    """One week: documents that end in it, appointments there is room for, and how both have added up so far."""

    monday: date
    ending: int
    seats: int
    ending_so_far: int
    seats_so_far: int

    @property
    def is_enough(self) -> bool:
        """Whether everybody whose document has ended by then can have had an appointment."""
        return self.ending_so_far <= self.seats_so_far

    @property
    def missing(self) -> int:
        """How many appointments are missing by then."""
        return max(0, self.ending_so_far - self.seats_so_far)


def weeks(
    first: date, ending: Mapping[date, int], seats: Mapping[date, int], many: int = WEEKS
) -> list[Week]:
    """The weeks from the Monday `first` on; both mappings are by Monday."""
    found, ended, room = [], 0, 0
    for number in range(many):
        monday = first + number * WEEK
        ended, room = ended + ending.get(monday, 0), room + seats.get(monday, 0)
        found.append(Week(monday, ending.get(monday, 0), seats.get(monday, 0), ended, room))
    return found


def shortage(found: Sequence[Week]) -> Week | None:
    """The first week in which it is not enough; None where it always is."""
    return next((each for each in found if not each.is_enough), None)


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())
