"""Searching free times. A search reads one short row per schedule and day, however much is booked."""

from datetime import date, datetime, timedelta
from itertools import islice

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from frontoffice.booking import sheet
from frontoffice.booking.choosing import Offer, Place
from frontoffice.booking.daybook import SHEETS
from frontoffice.booking.models import Channel
from frontoffice.config import Booking
from frontoffice.offices.models import schedule_service

NEAR = timedelta(days=14)

_FREE = (
    select(SHEETS.c.day, SHEETS.c.free)
    .join(schedule_service, schedule_service.c.schedule_id == SHEETS.c.schedule_id)
    .where(
        schedule_service.c.service_id == bindparam("service"),
        SHEETS.c.day >= bindparam("first"),
        SHEETS.c.day < bindparam("until"),
    )
)


def free_starts(
    session: Session,
    office: Place,
    service: Offer,
    first: date,
    until: date,
    *,
    now: datetime,
    rules: Booking,
    channel: Channel = Channel.ONLINE,
) -> dict[date, list[datetime]]:
    """The times, in UTC, at which an appointment can start on the office's days from `first` until `until`.

    `until` itself is not among them. Days without free times are left out, the others are in order. Nothing
    is offered sooner than the rules' lead or later than their horizon, and nothing at all online for a
    service that cannot be booked online.
    """
    zone = office.time_zone
    days = free_ticks(session, office, service, first, until, now=now, rules=rules, channel=channel)
    return {
        day: [sheet.moment_of(tick, day, zone) for tick in sheet.each_bit(bits)] for day, bits in days.items()
    }


def free_ticks(
    session: Session,
    office: Place,
    service: Offer,
    first: date,
    until: date,
    *,
    now: datetime,
    rules: Booking,
    channel: Channel = Channel.ONLINE,
) -> dict[date, int]:
    """As `free_starts`, but as bit sets of the days' ticks."""
    if channel is Channel.ONLINE and not (service.online and service.active):
        return {}
    first, until = bookable_days(office, first, until, now, rules)
    if first >= until:
        return {}
    ticks = service.minutes // sheet.MINUTES
    wanted = {"service": service.id, "first": first, "until": until}
    days: dict[date, int] = {}
    for day, free in session.connection().execute(_FREE, wanted):
        days[day] = days.get(day, 0) | sheet.starts(free, channel, ticks)
    earliest = now + timedelta(minutes=rules.lead_minutes)
    found = {}
    for day in sorted(days):
        bits = days[day]
        if sheet.midnight(day, office.time_zone) < earliest:
            bits = sheet.from_bit(bits, sheet.first_tick_from(earliest, day, office.time_zone))
        if bits:
            found[day] = bits
    return found


def bookable_days(
    office: Place, first: date, until: date, now: datetime, rules: Booking
) -> tuple[date, date]:
    """The part of the days from `first` to before `until` that lies between today and the horizon."""
    today = sheet.day_of(now, office.time_zone)
    return max(first, today), min(until, today + timedelta(days=rules.horizon_days))


def next_free(
    session: Session,
    office: Place,
    service: Offer,
    first: date,
    *,
    now: datetime,
    rules: Booking,
    channel: Channel = Channel.ONLINE,
) -> datetime | None:
    """The earliest free time on or after the day `first`; None where there is none before the horizon."""
    days = free_starts(session, office, service, first, date.max, now=now, rules=rules, channel=channel)
    return next((starts[0] for starts in days.values()), None)


def nearest(
    session: Session,
    office: Place,
    service: Offer,
    start: datetime,
    *,
    now: datetime,
    rules: Booking,
    channel: Channel = Channel.ONLINE,
    limit: int = 6,
) -> list[datetime]:
    """Up to `limit` free times near `start`, in order: what to offer when it has just been taken."""
    day = sheet.day_of(start, office.time_zone)
    free: dict[date, list[datetime]] = {}
    for first, until in ((day - NEAR, day + NEAR), (day, date.max)):
        free = free or free_starts(
            session, office, service, first, until, now=now, rules=rules, channel=channel
        )
    found = sorted((each for starts in free.values() for each in starts), key=lambda each: abs(each - start))
    return sorted(islice(found, limit))
