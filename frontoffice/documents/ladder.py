"""The ladder of reminders: on which days before its end somebody hears of a document, and which step is due today.

Pure arithmetic on days of the office's calendar. A step is so many days before the end; a rule can move the end of
some documents, or take steps out. Spans of days include both their ends, as dates in laws do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

DAY = timedelta(days=1)
TOO_CLOSE = timedelta(days=2)  # a late step is left out where the next one comes so soon
OVER_FOR = timedelta(days=14)  # so long after its day a step behind the end still makes sense


class Tone(StrEnum):
    """What a reminder says, by how much time is left."""

    EARLY = "early"
    SOON = "soon"
    LAST = "last"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Rule:
    """What is different for documents of some kinds that end in a span of days.

    `moves_to`: they end on that day instead. `mutes`: nobody is reminded of them. `quiet_from`–`quiet_until`: no step
    falls into these days.
    """

    kinds: frozenset[str]
    expires_from: date = date.min
    expires_until: date = date.max
    moves_to: date | None = None
    mutes: bool = False
    quiet_from: date | None = None
    quiet_until: date | None = None

    def is_about(self, kind: str, expires_on: date) -> bool:
        """Whether it holds for such a document."""
        return kind in self.kinds and self.expires_from <= expires_on <= self.expires_until

    def is_quiet(self, day: date) -> bool:
        """Whether no step falls on that day."""
        if self.quiet_from is None and self.quiet_until is None:
            return False
        return (self.quiet_from or date.min) <= day <= (self.quiet_until or date.max)


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps of each kind of document, in days before its end (negative: after it), and the rules."""

    days: Mapping[str, tuple[int, ...]]
    rules: Sequence[Rule] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One reminder: `days` before the end, on the day `on`."""

    days: int
    on: date

    @property
    def name(self) -> str:
        """As it stands in keys: "T-90", "T+7"."""
        return f"T-{self.days}" if self.days >= 0 else f"T+{-self.days}"


def end_of(ladder: Ladder, kind: str, expires_on: date) -> date:
    """The day on which the document ends, by the last rule that moves it."""
    moved = [each.moves_to for each in ladder.rules if each.moves_to and each.is_about(kind, expires_on)]
    return moved[-1] if moved else expires_on


def steps(ladder: Ladder, kind: str, expires_on: date) -> list[Step]:
    """All reminders about such a document, by day."""
    rules = [each for each in ladder.rules if each.is_about(kind, expires_on)]
    if any(each.mutes for each in rules):
        return []
    end = end_of(ladder, kind, expires_on)
    found = [
        Step(days, end - timedelta(days=days))
        for days in sorted(set(ladder.days.get(kind, ())), reverse=True)
    ]
    return [step for step in found if not any(each.is_quiet(step.on) for each in rules)]


def next_day(ladder: Ladder, kind: str, expires_on: date, after: date) -> date | None:
    """The day of the first step after a day; None where there is none."""
    return next((step.on for step in steps(ladder, kind, expires_on) if step.on > after), None)


def first_day(ladder: Ladder, kind: str, expires_on: date, today: date, *, catches_up: bool) -> date | None:
    """The day of the first step of a document that becomes known today.

    Where all of them are over but the document is not, and it `catches_up`, that is the day of the last one, so that
    who has never been told is told at once.
    """
    coming = next_day(ladder, kind, expires_on, today - DAY)
    if coming is not None or not catches_up or end_of(ladder, kind, expires_on) < today:
        return coming
    over = [step.on for step in steps(ladder, kind, expires_on) if step.on < today]
    return over[-1] if over else None


def due(ladder: Ladder, kind: str, expires_on: date, since: date, today: date) -> Step | None:
    """The one step to be sent today of those that have come since a day; None where none makes sense any more.

    Of several that were missed only the last one leaves: it says what is true now.
    """
    planned = steps(ladder, kind, expires_on)
    missed = [step for step in planned if since <= step.on <= today]
    if not missed:
        return None
    step = missed[-1]
    if step.days > 0 and end_of(ladder, kind, expires_on) < today:
        return None
    if step.days <= 0 and today - step.on > OVER_FOR:
        return None
    coming = next_day(ladder, kind, expires_on, today)
    if step.on < today and coming is not None and coming - today <= TOO_CLOSE:
        return None
    return step


def tone(end: date, today: date) -> Tone:
    """What to say so many days before the end."""
    left = (end - today).days
    if left < 0:
        return Tone.OVER
    if left <= 14:
        return Tone.LAST
    return Tone.SOON if left <= 45 else Tone.EARLY
