"""The gates of a day sheet: from when until when the public may take from which share. No database, no clock.

Planning works them out; all moments are absolute, so that a release time, an emergency share that opens some
working days ahead, and seats that flow to the public as their time comes near, are arithmetic on `now`, and
nothing has to be written when a moment passes.
"""

import struct
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from frontoffice.booking.models import Channel, Share
from frontoffice.booking.sheet import ALL, MINUTES, SET, SHARES, below

EVER = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)

_HEAD = struct.Struct(">BII")
_LENGTH = _HEAD.size + SET
_MINUTE = timedelta(minutes=1)
_LATEST = (NEVER - EVER) // _MINUTE
_ROLLING, _CONFIGURED = 0x80, 0x40  # beside the share's number
_SHARE = 0x3F

# What each door may take at all times, beside what the gates let it take.
_OWN = {
    Channel.ONLINE: (),
    Channel.PARTNER: (),
    Channel.PHONE: (Share.PHONE,),
    Channel.ON_SITE: (Share.ON_SITE, Share.PHONE),
}


class Gate(NamedTuple):
    """From `opens` to before `closes` (whole minutes, aware) the public may take from `share` on the ticks `bits`.

    A rolling gate opens tick after tick: tick 0 at `opens`, and each further one five minutes later. A
    configured gate opens no further ahead than the configuration's horizon: its rule names no day of release.
    """

    share: Share
    opens: datetime
    closes: datetime
    bits: int
    rolling: bool = False
    configured: bool = False


def write(gates: Iterable[Gate]) -> bytes:
    """The gates as a sheet keeps them, in an order of their own, so that the same gates are the same bytes."""
    return b"".join(sorted(map(_write, gates)))


@lru_cache(maxsize=4096)
def read(stored: bytes) -> tuple[Gate, ...]:
    """The gates of a sheet, by share. Raises ValueError where these are no gates."""
    return tuple(
        Gate(
            share,
            _moment(opens),
            _moment(closes),
            bits,
            rolling=bool(flags & _ROLLING),
            configured=bool(flags & _CONFIGURED),
        )
        for share, flags, opens, closes, bits in _numbers(stored)
    )


def usable(
    stored: bytes,
    channel: Channel,
    now: datetime,
    shares: Collection[Share] | None = None,
    *,
    beyond: bool = False,
) -> list[tuple[Share, int]]:
    """From which shares, in the order of taking, and on which ticks (a bit set) this door may take `now`.

    `shares`, for staff who may: exactly these, on all ticks. `beyond` says that the day lies beyond the
    configured horizon: there only gates with a release of their own are open.
    """
    if shares is not None:
        return [(share, ALL) for share in SHARES if share in shares]
    return list(_usable(stored, channel, (now - EVER) // _MINUTE, beyond))


@lru_cache(maxsize=8192)
def _usable(stored: bytes, channel: Channel, minute: int, beyond: bool) -> tuple[tuple[Share, int], ...]:
    found: dict[Share, int] = {} if beyond else dict.fromkeys(_OWN[channel], ALL)
    for share, flags, opens, closes, bits in _numbers(stored):
        if not opens <= minute < closes or (beyond and flags & _CONFIGURED):
            continue
        if flags & _ROLLING:
            bits &= below((minute - opens) // MINUTES + 1)  # noqa: PLW2901 (a gate's ticks that are open by now)
        if bits:
            found[share] = found.get(share, 0) | bits
    return tuple(found.items())


@lru_cache(maxsize=4096)
def _numbers(stored: bytes) -> tuple[tuple[Share, int, int, int, int], ...]:
    """Share, flags, minutes since 1970 from and until, ticks; of each gate."""
    if len(stored) % _LENGTH:
        raise ValueError("not a whole number of gates")
    found = []
    for place in range(0, len(stored), _LENGTH):
        head, opens, closes = _HEAD.unpack_from(stored, place)
        if head & _SHARE >= len(SHARES):
            raise ValueError("a gate of a share that does not exist")
        bits = int.from_bytes(stored[place + _HEAD.size : place + _LENGTH], "little") & ALL
        found.append((SHARES[head & _SHARE], head & ~_SHARE, opens, closes, bits))
    return tuple(sorted(found, key=lambda gate: SHARES.index(gate[0])))


def _write(gate: Gate) -> bytes:
    flags = (_ROLLING if gate.rolling else 0) | (_CONFIGURED if gate.configured else 0)
    head = _HEAD.pack(SHARES.index(gate.share) | flags, _minutes(gate.opens), _minutes(gate.closes))
    return head + gate.bits.to_bytes(SET, "little")


def _minutes(moment: datetime) -> int:
    return min(max(0, (moment - EVER) // _MINUTE), _LATEST)


def _moment(minutes: int) -> datetime:
    return EVER + min(minutes, _LATEST) * _MINUTE
