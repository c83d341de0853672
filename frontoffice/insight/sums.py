"""What the counts of some days say: visits, waiting, no-shows, seats, counters, messages. No database, no clock."""

from collections import Counter as Tally
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from frontoffice.insight import histogram
from frontoffice.insight.models import Figure

CHANNELS = ("online", "phone", "on_site", "partner", "walk_in")
AHEAD = (0, 1, 3, 8, 15, 29)  # at least so many days ahead: the steps of the table of no-shows


class Times(NamedTuple):
    """Of how many visits, and in less than how many minutes half and nine tenths of them; see `histogram`."""

    visits: int
    median: int | None
    most: int | None


class Missed(NamedTuple):
    """Appointments whose time has come: how many came and did not come, and how many had been cancelled."""

    came: int
    missed: int
    cancelled: int

    @property
    def percent(self) -> float | None:
        """Of a hundred that were not cancelled so many did not come; None where there were none."""
        return 100 * self.missed / (self.came + self.missed) if self.came + self.missed else None


class Used(NamedTuple):
    """How much there was and how much of it was used, in minutes."""

    all: int
    used: int

    @property
    def percent(self) -> float | None:
        """So much of a hundred was used; None where there was nothing."""
        return 100 * self.used / self.all if self.all else None


class Sent(NamedTuple):
    """Messages that left: `sent` of them all, `delivered` as far as receipts say so, `failed` reached nobody."""

    sent: int
    delivered: int
    failed: int
    parts: int

    def __add__(self, other: object) -> "Sent":
        if not isinstance(other, Sent):
            return NotImplemented
        return Sent(*(one + another for one, another in zip(self, other, strict=True)))


@dataclass(frozen=True)
class Sums:
    """The counts of a span, added up: by figure, what it is about, and part."""

    numbers: Mapping[tuple[Figure, int, str], int]

    def by_part(self, figure: Figure, about: int | None = None) -> Tally[str]:
        """The parts of a figure, of one service or of all."""
        found: Tally[str] = Tally()
        for (each, subject, part), number in self.numbers.items():
            if each is figure and about in (None, subject):
                found[part] += number
        return found

    def by_about(self, figure: Figure) -> Tally[int]:
        """What a figure is about, whatever the part."""
        found: Tally[int] = Tally()
        for (each, subject, _part), number in self.numbers.items():
            if each is figure:
                found[subject] += number
        return found

    def visits(self, service: int | None = None) -> int:
        """How many tickets were given."""
        return self.by_part(Figure.VISITS, service).total()

    def times(self, figures: Iterable[Figure], service: int | None = None) -> Times:
        """Waiting or serving times."""
        steps: Tally[int] = Tally()
        for figure in figures:
            for part, number in self.by_part(figure, service).items():
                steps[int(part)] += number
        return Times(steps.total(), histogram.share_below(steps, 0.5), histogram.share_below(steps, 0.9))

    def waiting(self, service: int | None = None) -> Times:
        """How long people waited, walk-ins from their arrival, others from the time of their appointment."""
        return self.times((Figure.WAITING, Figure.WAITING_DUE), service)

    def serving(self, service: int | None = None) -> Times:
        """How long people were served."""
        return self.times((Figure.SERVING,), service)

    def missed(self, service: int | None = None, ahead: int | None = None) -> Missed:
        """What became of appointments, of one service or all, made so long ahead or at any time."""
        found: Tally[str] = Tally()
        for part, number in self.by_part(Figure.APPOINTMENTS, service).items():
            what, step = part.split()
            if ahead in (None, int(step)):
                found[what] += number
        return Missed(found["came"], found["missed"], found["cancelled"])

    def seats(self, schedule: int | None = None) -> Used:
        """Seats of appointments, and how many of them were taken, in minutes."""
        found = self.by_part(Figure.SEATS, schedule)
        return Used(found["all"], found["taken"])

    def counters(self) -> Used:
        """How long all counters together were open (without pauses), and how long somebody was called or served."""
        found = self.by_part(Figure.COUNTERS)
        return Used(found["open"], found["busy"])

    def sent(self) -> dict[tuple[str, str], Sent]:
        """Messages by kind and medium, in the order of the alphabet."""
        found: dict[tuple[str, str], Sent] = {}
        for part, number in sorted(self.by_part(Figure.MESSAGES).items()):
            kind, medium, outcome = part.split()
            one = Sent(
                number if outcome in ("sent", "delivered") else 0,
                number if outcome == "delivered" else 0,
                number if outcome == "failed" else 0,
                0,
            )
            found[kind, medium] = found.get((kind, medium), Sent(0, 0, 0, 0)) + one
        for kind, parts in self.by_part(Figure.SEGMENTS).items():
            key = (kind, "sms")
            found[key] = found.get(key, Sent(0, 0, 0, 0))._replace(parts=parts)
        return found


def all_sent(sent: Mapping[tuple[str, str], Sent]) -> Sent:
    """All kinds together."""
    found = Sent(0, 0, 0, 0)
    for each in sent.values():
        found += each
    return found
