"""Finding a seat on locked day sheets: which ones somebody may take, and the sheets as they are then. Pure."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from frontoffice.booking import gates, sheet
from frontoffice.booking.choosing import Place
from frontoffice.booking.daybook import Page
from frontoffice.booking.models import Channel, Share
from frontoffice.booking.refusals import NotOffered
from frontoffice.config import Booking

FURTHEST = 800  # days: no sheet is planned so far ahead


class Seat(NamedTuple):
    """Ticks of one share on a sheet: what a hold or an appointment occupies."""

    sheet_id: int
    share: Share
    first_tick: int
    ticks: int


class Wish(NamedTuple):
    """When somebody wants to come, and what their door lets them take; `beyond`: past the configured horizon."""

    day: date
    first_tick: int
    ticks: int
    channel: Channel
    shares: Collection[Share] | None
    beyond: bool


class Seating(NamedTuple):
    """A seat that was found, and the sheets that change with it, which are not written yet."""

    seat: Seat
    changed: dict[int, Page]


def wish(
    place: Place,
    start: datetime,
    ticks: int,
    now: datetime,
    *,
    rules: Booking,
    channel: Channel,
    shares: Collection[Share] | None,
) -> Wish:
    """What has to be looked for. Raises NotOffered for a time that no sheet can have, or that is too soon."""
    lead = timedelta(0) if shares is not None else timedelta(minutes=rules.lead_minutes)
    # Compared first: the ends of the calendar can be compared, but not converted.
    if not now + lead <= start < now + timedelta(days=FURTHEST) or start <= now:
        raise NotOffered
    day = sheet.day_of(start, place.time_zone)
    tick = sheet.tick_of(start, day, place.time_zone)
    if tick is None:
        raise NotOffered
    beyond = day >= sheet.day_of(now, place.time_zone) + timedelta(days=rules.horizon_days)
    return Wish(day, tick, ticks, channel, shares, beyond)


def choices(pages: Iterable[Page], wanted: Wish, now: datetime) -> list[tuple[int, Share]]:
    """The sheets and shares, the first to be tried first, that have seats for the wish, free or taken."""
    found = [
        (rank, page.id, share)
        for page in pages
        for rank, (share, bits) in enumerate(
            gates.usable(page.gates, wanted.channel, now, wanted.shares, beyond=wanted.beyond)
        )
        if sheet.exists(page.capacity, page.free, share, wanted.first_tick, wanted.ticks, bits)
    ]
    found.sort(key=lambda each: each[0])
    return [(sheet_id, share) for _, sheet_id, share in found]


def is_open(
    page: Page, seat: Seat, channel: Channel, now: datetime, shares: Collection[Share] | None
) -> bool:
    """Whether a door may take that seat now, if it is free."""
    ticks = sheet.from_bit(sheet.below(seat.first_tick + seat.ticks), seat.first_tick)
    usable = gates.usable(page.gates, channel, now, shares)
    return any(share is seat.share and bits & ticks == ticks for share, bits in usable)


def seated(
    pages: Sequence[Page], tried: Iterable[tuple[int, Share]], wanted: Wish, left: Seat | None = None
) -> Seating | None:
    """The first seat that is free; None if all are taken. `left` is a seat that is given up for it."""
    known = {page.id: page for page in pages}
    changed = {}
    if left is not None:
        changed[left.sheet_id] = known[left.sheet_id] = without(known[left.sheet_id], left)
    for sheet_id, share in tried:
        seat = Seat(sheet_id, share, wanted.first_tick, wanted.ticks)
        page = with_(known[sheet_id], seat)
        if page is not None:
            return Seating(seat, {**changed, sheet_id: page})
    return None


def with_(page: Page, seat: Seat) -> Page | None:
    """The sheet with that seat taken; None where it is not free."""
    try:
        return page._replace(
            taken=sheet.take(page.capacity, page.taken, seat.share, seat.first_tick, seat.ticks)
        )
    except sheet.Full:
        return None


def without(page: Page, seat: Seat) -> Page:
    """The sheet with that seat given back."""
    return page._replace(taken=sheet.give_back(page.taken, seat.share, seat.first_tick, seat.ticks))
