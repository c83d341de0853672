"""How many seats a sheet has and how many of them are left, share by share. No database, no clock."""

from typing import NamedTuple, Self

from frontoffice.booking.models import Share
from frontoffice.booking.sheet import MINUTES, SHARES, TICKS


class Seats(NamedTuple):
    """The seats of one share in minutes: one seat for an hour is 60. More can be taken than there are."""

    share: Share
    minutes: int
    taken: int
    free: int

    @property
    def percent(self) -> int:
        """How much of it is taken, 0 to 100; what is beyond the seats is not counted."""
        return round(100 * (self.minutes - self.free) / self.minutes) if self.minutes else 0

    def __add__(self, other: object) -> Self:
        if not isinstance(other, Seats):
            return NotImplemented
        return self._replace(
            minutes=self.minutes + other.minutes, taken=self.taken + other.taken, free=self.free + other.free
        )


def count(capacity: bytes, taken: bytes, first_tick: int = 0) -> tuple[Seats, ...]:
    """The seats of each share from a tick on, in the order of the sheet."""
    return tuple(_share(share, capacity, taken, first_tick) for share in SHARES)


def _share(share: Share, capacity: bytes, taken: bytes, first_tick: int) -> Seats:
    begin = SHARES.index(share) * TICKS
    part = slice(begin + min(max(first_tick, 0), TICKS), begin + TICKS)
    there, used = capacity[part], taken[part]
    return Seats(
        share,
        minutes=MINUTES * sum(there),
        taken=MINUTES * sum(used),
        free=MINUTES * sum(one - other for one, other in zip(there, used, strict=True) if one > other),
    )
