"""Searching free times. A search reads one short row per schedule and day, however much is booked."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from frontoffice.booking import gates, sheet
from frontoffice.booking.choosing import Place
from frontoffice.booking.daybook import SHEETS
from frontoffice.booking.models import Channel, Share
from frontoffice.booking.visit import Visit
from frontoffice.config import Booking
from frontoffice.offices.models import Schedule, schedule_service
from frontoffice.quick import Quick

NEAR = timedelta(days=14)
FURTHEST = timedelta(days=367)  # no rule lets the public book further ahead

_OFFERS = schedule_service.c


def free_starts(
    session: Session,
    place: Place,
    visit: Visit,
    first: date,
    until: date,
    *,
    now: datetime,
    rules: Booking,
    channel: Channel = Channel.ONLINE,
    shares: Collection[Share] | None = None,
    schedules: Collection[int] | None = None,
) -> dict[date, list[datetime]]:
    """The times, in UTC, at which the visit can start on the office's days from `first` until `until`.

    `until` itself is not among them. Days without free times are left out, the others are in order. Only
    schedules that offer all its services count: of `schedules`, or of those whose times are pooled. Nothing is
    offered sooner than the rules' lead or before its release, and nothing online for what cannot be booked
    online. With `shares` (staff who may) it is all that is left of these, from now on.
    """
    days = free_ticks(
        session,
        place,
        visit,
        first,
        until,
        now=now,
        rules=rules,
        channel=channel,
        shares=shares,
        schedules=schedules,
    )
    zone = place.time_zone
    return {
        day: [sheet.moment_of(tick, day, zone) for tick in sheet.each_bit(bits)] for day, bits in days.items()
    }


def free_ticks(
    session: Session,
    place: Place,
    visit: Visit,
    first: date,
    until: date,
    *,
    now: datetime,
    rules: Booking,
    channel: Channel = Channel.ONLINE,
    shares: Collection[Share] | None = None,
    schedules: Collection[int] | None = None,
) -> dict[date, int]:
    """As `free_starts`, but as bit sets of the days' ticks."""
    if shares is None and channel is Channel.ONLINE and not visit.online:
        return {}
    today = sheet.day_of(now, place.time_zone)
    first = max(first, today)
    if shares is None:
        until = min(until, today + FURTHEST)
    if first >= until:
        return {}
    ticks, horizon = visit.ticks, today + timedelta(days=rules.horizon_days)
    named = None if shares is None else frozenset(shares)
    days: dict[date, int] = {}
    minute = now.replace(second=0, microsecond=0)  # gates open and close by the minute
    for day, free, stored in _rows(session, visit, first, until, schedules):
        bits = _starts(free, stored, channel, minute, named, day >= horizon, ticks)
        if bits:
            days[day] = days.get(day, 0) | bits
    earliest = earliest_start(now, rules, shares)
    found = {}
    for day in sorted(days):
        bits = days[day]
        if sheet.midnight(day, place.time_zone) < earliest:
            bits = sheet.from_bit(bits, sheet.first_tick_from(earliest, day, place.time_zone))
        if bits:
            found[day] = bits
    return found


def earliest_start(now: datetime, rules: Booking, shares: Collection[Share] | None = None) -> datetime:
    """The first moment at which something that is booked now can start: after the lead; for staff any after now."""
    lead = timedelta(minutes=rules.lead_minutes if shares is None else 0)
    return now + max(lead, timedelta(microseconds=1))  # what begins this moment is over for booking


def next_free(
    session: Session,
    place: Place,
    visit: Visit,
    first: date,
    *,
    now: datetime,
    rules: Booking,
    channel: Channel = Channel.ONLINE,
    shares: Collection[Share] | None = None,
    schedules: Collection[int] | None = None,
) -> datetime | None:
    """The earliest free time on or after the day `first`; None where there is none."""
    days = free_ticks(
        session,
        place,
        visit,
        first,
        date.max,
        now=now,
        rules=rules,
        channel=channel,
        shares=shares,
        schedules=schedules,
    )
    return next(
        (sheet.moment_of(next(sheet.each_bit(bits)), day, place.time_zone) for day, bits in days.items()),
        None,
    )


def nearest(
    session: Session,
    place: Place,
    visit: Visit,
    start: datetime,
    *,
    now: datetime,
    rules: Booking,
    channel: Channel = Channel.ONLINE,
    shares: Collection[Share] | None = None,
    schedules: Collection[int] | None = None,
    limit: int = 6,
) -> list[datetime]:
    """Up to `limit` free times near `start`, in order: what to offer when it has just been taken."""
    day = sheet.day_of(start, place.time_zone)
    free: dict[date, list[datetime]] = {}
    for first, until in ((day - NEAR, day + NEAR), (day, date.max)):
        free = free or free_starts(
            session,
            place,
            visit,
            first,
            until,
            now=now,
            rules=rules,
            channel=channel,
            shares=shares,
            schedules=schedules,
        )
    found = sorted((each for starts in free.values() for each in starts), key=lambda each: abs(each - start))
    return sorted(islice(found, limit))


@lru_cache(maxsize=4)
def offering(several: bool, separate: bool) -> Select[tuple[int]]:
    """The ids of the schedules that offer all services of a visit; `offering_values` gives the parameters.

    Of all schedules whose times are pooled, or (`separate`) of those that are named.
    """
    found = select(_OFFERS.schedule_id).join(Schedule, Schedule.id == _OFFERS.schedule_id)
    named = Schedule.id.in_(bindparam("schedules", expanding=True))
    found = found.where(named if separate else Schedule.pooled)
    if not several:
        return found.where(_OFFERS.service_id == bindparam("service"))
    found = found.where(_OFFERS.service_id.in_(bindparam("services", expanding=True)))
    return found.group_by(_OFFERS.schedule_id).having(func.count() == bindparam("count"))


def offering_values(visit: Visit, schedules: Collection[int] | None) -> dict[str, Any]:
    """The parameters of `offering`; `schedules` None stands for the pooled ones."""
    services = visit.service_ids
    wanted: dict[str, Any] = {"service": services[0]}
    if len(services) > 1:
        wanted = {"services": services, "count": len(services)}
    return wanted if schedules is None else {**wanted, "schedules": tuple(schedules)}


@lru_cache(maxsize=16384)  # many search the same days within a minute
def _starts(
    free: bytes,
    stored: bytes,
    channel: Channel,
    minute: datetime,
    shares: frozenset[Share] | None,
    beyond: bool,
    ticks: int,
) -> int:
    bits = 0
    for share, allowed in gates.usable(stored, channel, minute, shares, beyond=beyond):
        bits |= sheet.starts(free, share, ticks, allowed)
    return bits


def _rows(
    session: Session, visit: Visit, first: date, until: date, schedules: Collection[int] | None
) -> list[tuple[Any, ...]]:
    values = {**offering_values(visit, schedules), "first": first, "until": until}
    return _free(len(visit.items) > 1, schedules is not None).run(session, values)


@lru_cache(maxsize=4)
def _free(several: bool, separate: bool) -> Quick:
    return Quick(
        select(SHEETS.c.day, SHEETS.c.free, SHEETS.c.gates).where(
            SHEETS.c.schedule_id.in_(offering(several, separate)),
            SHEETS.c.day >= bindparam("first"),
            SHEETS.c.day < bindparam("until"),
        )
    )
