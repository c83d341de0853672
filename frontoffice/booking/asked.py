"""What a visitor asks the page of free times for, as it stands in the address."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from frontoffice.booking import choice
from frontoffice.booking.choice import Choice
from frontoffice.booking.timetable import Part


class Asked(NamedTuple):
    """What for, where, at which part of the day; the month and the day to look at.

    `place` is the slug of a separate schedule, "" for the office itself. `wrong_date` says that a month or a day
    was none.
    """

    choice: Choice
    place: str = ""
    part: Part | None = None
    month: date | None = None
    day: date | None = None
    wrong_date: bool = False

    def query(self) -> dict[str, str]:
        """What of it has to stand behind the question mark of the address."""
        values = {
            "with": "" if self.choice.is_plain else str(self.choice),
            "place": self.place,
            "part": self.part or "",
            "month": f"{self.month:%Y-%m}" if self.month and not self.day else "",
            "day": self.day.isoformat() if self.day else "",
        }
        return {name: value for name, value in values.items() if value}

    def but(self, **changed: Any) -> "Asked":
        """The same with something changed."""
        return self._replace(**changed)


def read(values: Mapping[str, Sequence[str]], main: str) -> Asked:
    """What is asked for in an address or a form; `main` is the service that the address names.

    What cannot be understood is left out: an old bookmark still leads to the times.
    """
    chosen = choice.read(values.get("with", ()))
    month, day = _date(_last(values, "month"), "-01"), _date(_last(values, "day"))
    return Asked(
        choice=chosen if chosen.items else Choice(((main, 1),)),
        place=_last(values, "place"),
        part=next((part for part in Part if part == _last(values, "part")), None),
        month=month,
        day=day,
        wrong_date=any(
            _last(values, name) and found is None for name, found in (("month", month), ("day", day))
        ),
    )


def _last(values: Mapping[str, Sequence[str]], name: str) -> str:
    given = values.get(name, ())
    return given[-1] if given else ""


def _date(typed: str, rest: str = "") -> date | None:
    try:
        return date.fromisoformat(typed + rest) if len(typed + rest) == 10 else None
    except ValueError:
        return None
