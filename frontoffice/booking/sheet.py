"""The arithmetic of a day sheet: five-minute ticks, seats, free runs. No database, no clock.

A tick is five minutes of real time, counted in UTC from the office's midnight, so that a day of 23 or 25
hours has 276 or 300 of them and no moment has two ticks. Intervals are half-open: an appointment on `ticks`
ticks from tick `first` leaves tick `first + ticks` to the next one.

`capacity` and `taken` hold one byte per tick for each share, the shares in the order of `Share`. `free` holds a
bit set for each share (bit t: a seat is left at tick t), and after them the openings: the ticks at which the
schedule opens, with whatever share. All three have a fixed length.

Appointments of a service start at an opening, and then every so many minutes as the service takes. So one
sort of appointment leaves no gap, a mixture leaves small ones (no rule that was tried left smaller ones), and
which times exist does not depend on what is booked already.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from operator import gt
from zoneinfo import ZoneInfo

from frontoffice.booking.models import Share

MINUTES = 5
TICK = timedelta(minutes=MINUTES)
TICKS = 300  # a day of 25 hours
SET = (TICKS + 7) // 8  # bytes of a bit set
MOST = 255  # seats that fit into a byte

ALL = (1 << TICKS) - 1  # the bit set of all ticks

SHARES = tuple(Share)
EMPTY = bytes(TICKS * len(SHARES))
_FIRST_BYTE = {share: place * TICKS for place, share in enumerate(SHARES)}
_FIRST_SET = {share: place * SET for place, share in enumerate(SHARES)}

_AS_DIGITS = bytes.maketrans(b"\x00\x01", b"01")


class Full(Exception):
    """A seat is missing on at least one of the ticks. Visitors never see this; the verbs make words of it."""


@lru_cache(maxsize=1024)
def midnight(day: date, zone: str) -> datetime:
    """The first moment of `day` in the time zone called `zone`, in UTC. OverflowError where there is none."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def day_of(moment: datetime, zone: str) -> date:
    """The office's date at an aware `moment`."""
    return moment.astimezone(ZoneInfo(zone)).date()


def length(day: date, zone: str) -> int:
    """How many ticks `day` has."""
    return (midnight(day + timedelta(days=1), zone) - midnight(day, zone)) // TICK


def tick_of(moment: datetime, day: date, zone: str) -> int | None:
    """The tick that begins at `moment`; None where none does."""
    tick, rest = divmod(moment - midnight(day, zone), TICK)
    return tick if not rest and 0 <= tick < length(day, zone) else None


def moment_of(tick: int, day: date, zone: str) -> datetime:
    """When a tick begins, in UTC."""
    return midnight(day, zone) + tick * TICK


def first_tick_from(moment: datetime, day: date, zone: str) -> int:
    """The first tick of `day` that does not begin before `moment`; beyond the day's end for a later one."""
    return max(0, -((midnight(day, zone) - moment) // TICK))


def open_ticks(day: date, zone: str, opens: time, closes: time) -> int:
    """The bit set of the ticks that lie between `opens` and `closes` on the wall clock; 00:00 closes the day.

    When the clock goes back, an hour is on the wall twice and counts twice; when it goes forward, what the
    clock jumps over does not exist.
    """
    start, ticks, tz = midnight(day, zone), length(day, zone), ZoneInfo(zone)
    begin = _minute(opens)
    end = _minute(closes) or 24 * 60
    if ticks == 24 * 60 // MINUTES:
        first, last = -(-begin // MINUTES), end // MINUTES
        return below(last) & ~below(first) if first < last else 0
    bits = 0
    for tick in range(ticks):
        minute = _minute((start + tick * TICK).astimezone(tz).time())
        if begin <= minute and minute + MINUTES <= end:
            bits |= 1 << tick
    return bits


@lru_cache(maxsize=1024)  # days are alike
def seats(bits: int, per_share: Sequence[int]) -> bytes:
    """So many seats for each share on the ticks of the bit set `bits`."""
    return b"".join(bytes(count if bits >> tick & 1 else 0 for tick in range(TICKS)) for count in per_share)


@lru_cache(maxsize=1024)
def together(one: bytes, other: bytes) -> bytes:
    """Two capacities at once; a tick holds 255 seats of a share at most."""
    return bytes(min(a + b, MOST) for a, b in zip(one, other, strict=True))


@lru_cache(maxsize=1024)
def without(capacity: bytes, bits: int) -> bytes:
    """The capacity without any seat on the ticks of the bit set `bits`."""
    return bytes(0 if bits >> place % TICKS & 1 else count for place, count in enumerate(capacity))


def free(capacity: bytes, taken: bytes) -> bytes:
    """The free ticks of each share and the openings, as the database keeps them for searching."""
    parts = [slice(place, place + TICKS) for place in range(0, len(EMPTY), TICKS)]
    opened = 0
    for part in parts:
        opened |= _set_of(capacity[part], EMPTY[:TICKS])
    sets = [*(_set_of(capacity[part], taken[part]) for part in parts), opened & ~(opened << 1)]
    return b"".join(each.to_bytes(SET, "little") for each in sets)


def take(capacity: bytes, taken: bytes, share: Share, first: int, ticks: int) -> bytes:
    """`taken` with one more seat of `share` on `ticks` ticks from `first`. Full where one is missing."""
    begin, end = _place(share, first, ticks)
    part = taken[begin:end]
    if not all(map(gt, capacity[begin:end], part)):
        raise Full
    return taken[:begin] + bytes(count + 1 for count in part) + taken[end:]


def occupy(taken: bytes, share: Share, first: int, ticks: int) -> bytes:
    """`taken` with one more seat, whether there is capacity or not: for working out what is taken."""
    begin, end = _place(share, first, ticks)
    return taken[:begin] + bytes(min(count + 1, MOST) for count in taken[begin:end]) + taken[end:]


def give_back(taken: bytes, share: Share, first: int, ticks: int) -> bytes:
    """`taken` with one seat less of `share` on the ticks. Raises ValueError where none was taken."""
    begin, end = _place(share, first, ticks)
    return taken[:begin] + bytes(count - 1 for count in taken[begin:end]) + taken[end:]


def exceeds(taken: bytes, capacity: bytes) -> bool:
    """Whether more is taken than there is, on any tick."""
    return any(map(gt, taken, capacity))


def starts(free_sets: bytes, share: Share, ticks: int, allowed: int = ALL) -> int:
    """The bit set of the ticks at which an appointment of `ticks` ticks can start, from a sheet's `free`.

    It lies on `allowed` ticks only.
    """
    place = _FIRST_SET[share]
    bits = int.from_bytes(free_sets[place : place + SET], "little")
    return runs(bits & allowed, ticks) & _grid(free_sets[-SET:], ticks)


def exists(
    capacity: bytes, free_sets: bytes, share: Share, first: int, ticks: int, allowed: int = ALL
) -> bool:
    """Whether there are seats for an appointment of `ticks` ticks from tick `first`, free or taken.

    All its ticks must be `allowed` ones.
    """
    if first + ticks > TICKS or ~(allowed >> first) & below(ticks):
        return False
    begin, end = _place(share, first, ticks)
    return bool(_grid(free_sets[-SET:], ticks) >> first & 1) and all(capacity[begin:end])


def runs(bits: int, ticks: int) -> int:
    """The bits from which on at least `ticks` bits in a row are set."""
    known = 1
    while known < ticks and bits:
        more = min(known, ticks - known)
        bits &= bits >> more
        known += more
    return bits


def each_bit(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set, lowest first."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def below(tick: int) -> int:
    """The bit set of all ticks before number `tick`."""
    return (1 << tick) - 1


def from_bit(bits: int, first: int) -> int:
    """Only the bits of `bits` from number `first` on."""
    return bits >> first << first


@lru_cache(maxsize=4096)
def _grid(openings: bytes, ticks: int) -> int:
    opened = list(each_bit(int.from_bytes(openings, "little")))
    bits = 0
    for begin, end in pairwise([*opened, TICKS]):
        for tick in range(begin, end, ticks):
            bits |= 1 << tick
    return bits


@lru_cache(maxsize=4096)  # one share changes at a time, and days are alike
def _set_of(capacity: bytes, taken: bytes) -> int:
    flags = bytes(map(gt, capacity, taken))
    return int(flags[::-1].translate(_AS_DIGITS), 2)


def _place(share: Share, first: int, ticks: int) -> tuple[int, int]:
    if first < 0 or ticks < 1 or first + ticks > TICKS:
        raise Full
    begin = _FIRST_BYTE[share] + first
    return begin, begin + ticks


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute
