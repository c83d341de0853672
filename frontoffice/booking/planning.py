"""Planning day sheets: opening hours less holidays and closures become seats. Nothing booked is dropped."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from frontoffice.booking import daybook, sheet
from frontoffice.booking.models import OCCUPYING, Appointment, Channel, DaySheet, Hold, State
from frontoffice.booking.sheet import EMPTY, Full
from frontoffice.offices import holidays
from frontoffice.offices.models import Closure, Office, OpeningHours, Schedule

AWAITED = (State.UNCONFIRMED, State.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Clash:
    """An appointment that no longer fits into its day; staff move or cancel it."""

    appointment_id: int
    reference: str
    schedule_id: int
    start: datetime


def plan(session: Session, office: Office, first_day: date, days: int, now: datetime) -> list[Clash]:
    """Make the sheets of `days` days from `first_day` agree with opening hours, holidays and closures.

    What is taken stays taken. Gives the coming appointments on these days that no longer fit, those that were
    booked last first to go; doing it again gives them again. Holds that no longer fit are released.
    """
    last_day = first_day + timedelta(days=days)
    schedules = _locked_schedules(session, office)
    wanted = _wanted(session, office, schedules, first_day, last_day)
    stored = session.execute(
        select(DaySheet.id, DaySheet.schedule_id, DaySheet.day, DaySheet.capacity)
        .where(DaySheet.schedule_id.in_(schedules), DaySheet.day >= first_day, DaySheet.day < last_day)
        .order_by(DaySheet.schedule_id, DaySheet.day)
    ).all()
    there = {(row.schedule_id, row.day): row for row in stored}
    changed = {
        row.id: wanted.get(place, EMPTY)
        for place, row in there.items()
        if row.capacity != wanted.get(place, EMPTY)
    }
    for page in daybook.all_locked(session, list(changed)) if changed else []:
        _change(session, page, changed[page.id], now)
    _add(session, {place: capacity for place, capacity in wanted.items() if place not in there})
    session.flush()
    return clashes(session, office, first_day, days, now)


def clashes(session: Session, office: Office, first_day: date, days: int, now: datetime) -> list[Clash]:
    """The coming appointments of these days that no longer fit, by time."""
    rows = session.execute(
        select(DaySheet.id, DaySheet.schedule_id, DaySheet.capacity, DaySheet.taken)
        .join(Schedule)
        .where(Schedule.office_id == office.id)
        .where(DaySheet.day >= first_day, DaySheet.day < first_day + timedelta(days=days))
    )
    over = {row.id: row for row in rows if sheet.exceeds(row.taken, row.capacity)}
    found = []
    for sheet_id, appointments in _by_sheet(session, over).items():
        row = over[sheet_id]
        _, unseated = _seat(row.capacity, EMPTY, appointments)
        found += [
            Clash(each.id, each.reference, row.schedule_id, each.start)
            for each in unseated
            if each.state in AWAITED and each.start >= now
        ]
    return sorted(found, key=lambda clash: (clash.start, clash.appointment_id))


def capacity_on(day: date, zone: str, rules: Iterable[OpeningHours], closures: Iterable[Closure]) -> bytes:
    """The seats of one schedule on one day that is no holiday; rules that apply together add up."""
    capacity = EMPTY
    for rule in rules:
        if _applies(rule, day):
            bits = sheet.open_ticks(day, zone, rule.opens, rule.closes)
            per_channel = {
                Channel.ONLINE: rule.seats_online,
                Channel.PHONE: rule.seats_phone,
                Channel.ON_SITE: rule.seats_on_site,
            }
            capacity = sheet.together(capacity, sheet.seats(bits, [per_channel[each] for each in Channel]))
    for closure in closures:
        # A tick that is closed for a part of it is of no use to anybody.
        opens, closes = _earlier(closure.opens or time()), _later(closure.closes or time())
        capacity = sheet.without(capacity, sheet.open_ticks(day, zone, opens, closes))
    return capacity


def _locked_schedules(session: Session, office: Office) -> Sequence[int]:
    # One planner at a time for an office: an earlier one could overwrite a later one's work with older rules.
    query = select(Schedule.id).where(Schedule.office_id == office.id).order_by(Schedule.id)
    return session.scalars(query.with_for_update(key_share=True)).all()


def _wanted(
    session: Session, office: Office, schedules: Sequence[int], first_day: date, last_day: date
) -> dict[tuple[int, date], bytes]:
    rules = defaultdict(list)
    for rule in session.scalars(select(OpeningHours).where(OpeningHours.schedule_id.in_(schedules))):
        rules[rule.schedule_id].append(rule)
    closures = session.scalars(
        select(Closure).where(
            Closure.office_id == office.id, Closure.day >= first_day, Closure.day < last_day
        )
    ).all()
    wanted = {}
    for number in range((last_day - first_day).days):
        day = first_day + timedelta(days=number)
        if holidays.is_holiday(office.land, day):
            continue
        for schedule in schedules:
            closed = [each for each in closures if each.day == day and each.schedule_id in (None, schedule)]
            capacity = capacity_on(day, office.time_zone, rules[schedule], closed)
            if capacity != EMPTY:
                wanted[schedule, day] = capacity
    return wanted


def _applies(rule: OpeningHours, day: date) -> bool:
    if day.weekday() != rule.weekday or day < rule.valid_from:
        return False
    if rule.valid_until is not None and day >= rule.valid_until:
        return False
    first_monday = rule.valid_from - timedelta(days=rule.valid_from.weekday())
    return (day - first_monday).days // 7 % rule.every_weeks == 0


def _add(session: Session, capacities: dict[tuple[int, date], bytes]) -> None:
    rows = [
        {
            "schedule_id": schedule_id,
            "day": day,
            "capacity": capacity,
            "taken": EMPTY,
            "free": sheet.free(capacity, EMPTY),
        }
        for (schedule_id, day), capacity in sorted(capacities.items())
    ]
    if rows:
        session.execute(insert(DaySheet), rows)


def _change(session: Session, page: daybook.Page, capacity: bytes, now: datetime) -> None:
    taken = page.taken
    if sheet.exceeds(taken, capacity):
        taken = _release_unseated(session, page, capacity, now)
    daybook.write(session, page._replace(capacity=capacity, taken=taken))


def _release_unseated(session: Session, page: daybook.Page, capacity: bytes, now: datetime) -> bytes:
    # The holds are locked first: one that is being booked just now is waited for, and is an appointment then.
    holds = session.execute(
        select(Hold.id, Hold.channel, Hold.first_tick, Hold.ticks)
        .where(Hold.sheet_id == page.id, Hold.released_at.is_(None))
        .order_by(Hold.id)
        .with_for_update()
    ).all()
    seated, _ = _seat(capacity, EMPTY, _by_sheet(session, [page.id]).get(page.id, []))
    _, unseated = _seat(capacity, seated, holds)
    taken = page.taken
    for hold in unseated:
        taken = sheet.give_back(taken, hold.channel, hold.first_tick, hold.ticks)
    if unseated:
        ids = [hold.id for hold in unseated]
        session.execute(update(Hold).where(Hold.id.in_(ids)).values(released_at=now))
    return taken


def _by_sheet(session: Session, sheet_ids: Collection[int]) -> dict[int, list[Any]]:
    """What occupies these sheets, in the order of booking."""
    found = defaultdict(list)
    rows = session.execute(
        select(
            Appointment.id,
            Appointment.reference,
            Appointment.sheet_id,
            Appointment.state,
            Appointment.start,
            Appointment.channel,
            Appointment.first_tick,
            Appointment.ticks,
        )
        .where(Appointment.sheet_id.in_(sheet_ids), Appointment.state.in_(OCCUPYING))
        .order_by(Appointment.id)
    )
    for row in rows:
        found[row.sheet_id].append(row)
    return dict(found)


def _seat(capacity: bytes, taken: bytes, visits: Iterable[Any]) -> tuple[bytes, list[Any]]:
    """Seat one after the other; gives what is taken then, and those who found no seat."""
    unseated = []
    for visit in visits:
        try:
            taken = sheet.take(capacity, taken, visit.channel, visit.first_tick, visit.ticks)
        except Full:
            unseated.append(visit)
    return taken, unseated


def _earlier(moment: time) -> time:
    return moment.replace(minute=moment.minute // sheet.MINUTES * sheet.MINUTES, second=0, microsecond=0)


def _later(moment: time) -> time:
    minute = moment.hour * 60 + moment.minute + (1 if moment.second or moment.microsecond else 0)
    hour, minute = divmod(-(-minute // sheet.MINUTES) * sheet.MINUTES, 60)
    return time(hour % 24, minute)
