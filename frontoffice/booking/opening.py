"""What the rules of a schedule give on one day: its seats, and the gates to them. No database, no clock."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from frontoffice.booking import gates, sheet
from frontoffice.booking.gates import Gate
from frontoffice.booking.models import Share
from frontoffice.booking.sheet import EMPTY
from frontoffice.offices import holidays
from frontoffice.offices.models import Closure, Office, OpeningHours, Schedule

DAY = timedelta(days=1)
FLOWING = (Share.PHONE, Share.ON_SITE, Share.EMERGENCY)


class Opening(NamedTuple):
    """What is planned for one schedule on one day."""

    capacity: bytes
    gates: bytes


CLOSED = Opening(EMPTY, b"")


def opening_on(
    day: date,
    office: Office,
    schedule: Schedule,
    rules: Iterable[OpeningHours],
    closures: Iterable[Closure] = (),
) -> Opening:
    """Seats and gates of a schedule on a day; rules that apply together add up.

    A holiday of the Land is closed, unless the office opens on it. Where such rules overlap on a share, it opens with
    the first of them.
    """
    if holidays.closes_on(office, day):
        return CLOSED
    zone, capacity = office.time_zone, EMPTY
    written: list[Gate] = []
    for rule in rules:
        if applies(rule, day):
            bits = _open_ticks(rule, day, zone)
            capacity = sheet.together(capacity, sheet.seats(bits, tuple(seats_of(rule).values())))
            written += _gates(rule, bits, day, office, schedule)
    for closure in closures:
        # A tick that is closed for a part of it is of no use to anybody.
        capacity = sheet.without(capacity, _touched(day, zone, closure.opens, closure.closes))
    return CLOSED if capacity == EMPTY else Opening(capacity, gates.write(_merged(written)))


def applies(rule: OpeningHours, day: date) -> bool:
    """Whether the rule holds on this day, if it is no holiday."""
    if day.weekday() != rule.weekday or day < rule.valid_from:
        return False
    if rule.valid_until is not None and day >= rule.valid_until:
        return False
    if rule.nth is not None and not _is_nth(day, rule.nth):
        return False
    first_monday = rule.valid_from - timedelta(days=rule.valid_from.weekday())
    return (day - first_monday).days // 7 % rule.every_weeks == 0


def seats_of(rule: OpeningHours) -> dict[Share, int]:
    """How many seats the rule gives each share, in the order of sheets."""
    seats = {
        Share.ONLINE: rule.seats_online,
        Share.PHONE: rule.seats_phone,
        Share.ON_SITE: rule.seats_on_site,
        Share.EMERGENCY: rule.seats_emergency,
    }
    return {share: seats[share] for share in Share}


def _is_nth(day: date, nth: int) -> bool:
    if nth == -1:
        return (day + 7 * DAY).month != day.month
    return (day.day - 1) // 7 + 1 == nth


def _open_ticks(rule: OpeningHours, day: date, zone: str) -> int:
    bits = sheet.open_ticks(day, zone, rule.opens, rule.closes)
    for begins, ends in rule.breaks:
        bits &= ~_touched(day, zone, time.fromisoformat(begins), time.fromisoformat(ends))
    return bits


def _gates(rule: OpeningHours, bits: int, day: date, office: Office, schedule: Schedule) -> Iterable[Gate]:
    """Through which gates the public comes to the seats of the rule; without seats there is no gate."""
    zone, seats = office.time_zone, seats_of(rule)
    configured = rule.bookable_from_days is None
    release = (
        gates.EVER
        if rule.bookable_from_days is None
        else _moment(day - rule.bookable_from_days * DAY, rule.release_time, zone)
    )
    closes = sheet.midnight(day - (rule.bookable_until_days - 1) * DAY, zone)
    if seats[Share.ONLINE]:
        yield Gate(Share.ONLINE, release, closes, bits, configured=configured)
    if schedule.emergency_days is not None and seats[Share.EMERGENCY]:
        # It is there for those who need to come soon, so how late others can book does not matter.
        opens = holidays.working_days_before(office, day, schedule.emergency_days)
        begins, ends = _moment(opens, rule.release_time, zone), sheet.midnight(day + DAY, zone)
        yield Gate(Share.EMERGENCY, begins, ends, bits)
    if schedule.flow_hours is not None:
        flows = sheet.midnight(day, zone) - timedelta(hours=schedule.flow_hours)
        # What would flow before its release waits for that.
        early = bits & sheet.below(max(0, -((flows - release) // sheet.TICK)))
        for share in FLOWING:
            if seats[share]:
                yield Gate(share, flows, closes, bits & ~early, rolling=True, configured=configured)
                yield Gate(share, release, closes, early, configured=configured)


def _merged(written: Iterable[Gate]) -> list[Gate]:
    merged: dict[Gate, int] = {}
    for gate in written:
        alike = gate._replace(bits=0)
        merged[alike] = merged.get(alike, 0) | gate.bits
    return [gate._replace(bits=bits) for gate, bits in merged.items() if bits and gate.opens < gate.closes]


def _touched(day: date, zone: str, begins: time | None, ends: time | None) -> int:
    """The ticks that lie between two times of the wall clock, also those that only a part of lies there."""
    return sheet.open_ticks(day, zone, _earlier(begins or time()), _later(ends or time()))


def _moment(day: date, at: time | None, zone: str) -> datetime:
    return datetime.combine(day, at or time(), ZoneInfo(zone)).astimezone(gates.EVER.tzinfo)


def _earlier(moment: time) -> time:
    return moment.replace(minute=moment.minute // sheet.MINUTES * sheet.MINUTES, second=0, microsecond=0)


def _later(moment: time) -> time:
    minute = moment.hour * 60 + moment.minute + (1 if moment.second or moment.microsecond else 0)
    hour, minute = divmod(-(-minute // sheet.MINUTES) * sheet.MINUTES, 60)
    return time(hour % 24, minute)
