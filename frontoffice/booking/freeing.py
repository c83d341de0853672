"""Giving back a time that somebody gave up: not to the fastest program at once, but to the waiting list first.

Such a time becomes a hold that ends after a random while. The waiting list may turn it into an offer; what nobody
wants expires like any hold, and is public again. Nobody can tell from a cancellation when to look.
"""

import random
import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import daybook, gates, holding, seating, sheet
from frontoffice.booking.models import Channel, Hold, Purpose, Share
from frontoffice.booking.seating import Seat
from frontoffice.config import Booking

CHANCE: random.Random = secrets.SystemRandom()

_NEW = insert(cast(Table, Hold.__table__))


class GivenUp(NamedTuple):
    """What was given up; a hold or an appointment has all of this, too."""

    sheet_id: int
    share: Share
    first_tick: int
    ticks: int
    start: datetime
    service_id: int
    items: list[list[int]]
    channel: Channel

    @classmethod
    def of(cls, each: Any) -> "GivenUp":
        """What a hold or an appointment would give up now."""
        return cls(*(getattr(each, name) for name in cls._fields))


def give_back_later(
    session: Session,
    page: daybook.Page,
    each: Any,
    now: datetime,
    rules: Booking,
    chance: random.Random = CHANCE,
) -> daybook.Page:
    """Give up the seat of a hold or an appointment on its locked sheet; gives the sheet to be written.

    The time becomes a FREED hold; or it is given back at once, where the configuration says so for a time so
    near, and where the public could not take it anyway.
    """
    return keep_back(session, seating.without(page, holding.seat_of(each)), each, now, rules, chance)


def keep_back(
    session: Session,
    page: daybook.Page,
    each: Any,
    now: datetime,
    rules: Booking,
    chance: random.Random = CHANCE,
) -> daybook.Page:
    """The same, where the seat is given back on the sheet already."""
    seat = holding.seat_of(each)
    shortest, longest = rules.return_minutes
    if not longest or each.start - now < timedelta(hours=rules.return_at_once_hours):
        return page
    taken = seating.with_(page, seat) if _is_public(page, seat, now) else None
    if taken is None:  # no seat is left there: the day was closed, or somebody sits on a part of it already
        return page
    after = timedelta(seconds=chance.randint(60 * shortest, 60 * longest))
    session.connection().execute(
        _NEW,
        {
            **GivenUp.of(each)._asdict(),
            "token_fingerprint": vaults.fingerprint(holding.new_token()),
            "purpose": Purpose.FREED,
            "expires_at": min(now + after, each.start),
            "created_at": now,
        },
    )
    return taken


def _is_public(page: daybook.Page, seat: Seat, now: datetime) -> bool:
    wanted = sheet.below(seat.ticks) << seat.first_tick
    return any(
        share is seat.share and bits & wanted == wanted
        for share, bits in gates.usable(page.gates, Channel.ONLINE, now)
    )
