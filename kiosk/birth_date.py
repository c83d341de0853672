"""A date of birth as the office keeps it: day, or day and month, may be unknown, as zeros in passports say."""

import re
from dataclasses import dataclass
from datetime import date

OLDEST = 130  # years


@dataclass(frozen=True, slots=True)
class BirthDate:
    """Year, month and day; what nobody knows is 0."""

    year: int
    month: int
    day: int

    def isoformat(self) -> str:
        """1990-03-07, 1980-00-00."""
        return f"{self.year:04}-{self.month:02}-{self.day:02}"

    def typed(self) -> str:
        """As on the keypad: 07031990."""
        return f"{self.day:02}{self.month:02}{self.year:04}"

    @classmethod
    def from_iso(cls, kept: str) -> "BirthDate":
        """What `isoformat()` gave."""
        year, month, day = map(int, kept.split("-"))
        return cls(year, month, day)


def read(typed: str, today: date) -> BirthDate | None:
    """07031990, 7.3.1990, 19900307, 1990-03-07 or 00001980 as a date that somebody alive can have been born on."""
    parts = re.findall(r"\d+", typed[:20])
    if len(parts) == 1 and len(parts[0]) == 8:
        whole = parts[0]
        year_last = today.year - OLDEST <= int(whole[4:]) <= today.year
        parts = [whole[:2], whole[2:4], whole[4:]] if year_last else [whole[:4], whole[4:6], whole[6:]]
    if len(parts) == 3 and len(parts[0]) == 4:
        parts.reverse()
    if len(parts) != 3 or len(parts[2]) != 4:
        return None
    day, month, year = map(int, parts)
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        return None
    past = today.year - OLDEST <= year and (year, month, day) <= (today.year, today.month, today.day)
    return BirthDate(year, month, day) if past and (month or not day) else None
