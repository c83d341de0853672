"""Planning day sheets: opening hours less holidays and closures become seats. Nothing booked is dropped."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from frontoffice.booking import daybook, sheet
from frontoffice.booking.models import OCCUPYING, Appointment, DaySheet, Hold, Purpose, State, Withheld
from frontoffice.booking.opening import CLOSED, DAY, Opening, opening_on
from frontoffice.booking.sheet import EMPTY, Full
from frontoffice.config import Booking
from frontoffice.offices import finding
from frontoffice.offices.models import Closure, Office, OpeningHours, Schedule

AWAITED = (State.UNCONFIRMED, State.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Clash:
    """An appointment that no longer fits into its day; staff move or cancel it."""

    appointment_id: int
    reference: str
    schedule_id: int
    start: datetime


def plan_ahead(session: Session, office: Office, now: datetime, rules: Booking) -> list[Clash]:
    """Plan the office's book from today on, as far as anybody may need it; as `plan`.

    That is as far as the configuration or any rule lets the public book, and as far as there are sheets: a rule
    that has become shorter leaves none behind that are still open.
    """
    today = sheet.day_of(now, office.time_zone)
    own = OpeningHours.schedule_id.in_(select(Schedule.id).where(Schedule.office_id == office.id))
    furthest = session.scalar(
        select(func.max(OpeningHours.bookable_from_days)).where(
            own, OpeningHours.valid_until.is_(None) | (OpeningHours.valid_until > today)
        )
    )
    last = session.scalar(
        select(func.max(DaySheet.day)).join(Schedule).where(Schedule.office_id == office.id)
    )
    days = max(
        rules.horizon_days, 0 if furthest is None else furthest + 1, (last - today).days + 1 if last else 0
    )
    return plan(session, office, today, days, now)


def plan(session: Session, office: Office, first_day: date, days: int, now: datetime) -> list[Clash]:
    """Make the sheets of `days` days from `first_day` agree with opening hours, holidays and closures.

    What is taken stays taken. Gives the coming appointments on these days that no longer fit, those that were
    booked last first to go; doing it again gives them again. Holds that no longer fit are released.
    """
    last_day = first_day + timedelta(days=days)
    schedules = finding.locked_schedules(session, office)
    wanted = _wanted(session, office, schedules, first_day, last_day)
    stored = session.execute(
        select(DaySheet.id, DaySheet.schedule_id, DaySheet.day, DaySheet.capacity, DaySheet.gates)
        .where(DaySheet.schedule_id.in_(each.id for each in schedules))
        .where(DaySheet.day >= first_day, DaySheet.day < last_day)
        .order_by(DaySheet.schedule_id, DaySheet.day)
    ).all()
    there = {(row.schedule_id, row.day): row for row in stored}
    changed = {
        row.id: wanted.get(place, CLOSED)
        for place, row in there.items()
        if (row.capacity, row.gates) != wanted.get(place, CLOSED)
    }
    for page in daybook.all_locked(session, list(changed)) if changed else []:
        _change(session, page, changed[page.id], now)
    _add(session, {place: opening for place, opening in wanted.items() if place not in there})
    session.flush()
    return clashes(session, office, first_day, days, now)


def replan(session: Session, office: Office, days: Iterable[date], now: datetime) -> list[Clash]:
    """As `plan`, for single days that something was changed about, such as a closure. Past days stay as they are."""
    today = sheet.day_of(now, office.time_zone)
    return [
        clash for day in sorted(set(days)) if day >= today for clash in plan(session, office, day, 1, now)
    ]


def all_clashes(session: Session, office: Office, now: datetime) -> list[Clash]:
    """All coming appointments of the office that no longer fit, by time."""
    return clashes(session, office, sheet.day_of(now, office.time_zone), None, now)


def clashes(
    session: Session, office: Office, first_day: date, days: int | None, now: datetime
) -> list[Clash]:
    """The coming appointments of these days (None: of all days from the first) that no longer fit, by time."""
    query = (
        select(DaySheet.id, DaySheet.schedule_id, DaySheet.capacity, DaySheet.taken)
        .join(Schedule)
        .where(Schedule.office_id == office.id, DaySheet.day >= first_day, DaySheet.taken != EMPTY)
    )
    if days is not None:
        query = query.where(DaySheet.day < first_day + timedelta(days=days))
    over = {row.id: row for row in session.execute(query) if sheet.exceeds(row.taken, row.capacity)}
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


def _wanted(
    session: Session, office: Office, schedules: Sequence[Schedule], first_day: date, last_day: date
) -> dict[tuple[int, date], Opening]:
    rules = defaultdict(list)
    of_schedules = OpeningHours.schedule_id.in_(each.id for each in schedules)
    every_rule = select(OpeningHours).where(of_schedules).order_by(OpeningHours.id)
    # Read anew: what this session knows may be older than the lock.
    for rule in session.scalars(every_rule, execution_options={"populate_existing": True}):
        rules[rule.schedule_id].append(rule)
    closures = _closures(session, office, first_day, last_day)
    withheld = session.scalars(
        select(Withheld).where(Withheld.schedule_id.in_([each.id for each in schedules]))
    ).all()
    wanted = {}
    for number in range((last_day - first_day).days):
        day = first_day + number * DAY
        for schedule in schedules:
            closed = [each for each in closures.get(day, ()) if each.schedule_id in (None, schedule.id)]
            opening = opening_on(day, office, schedule, rules[schedule.id], closed)
            if any(each.schedule_id == schedule.id and each.withholds(day) for each in withheld):
                opening = opening._replace(gates=b"")
            if opening != CLOSED:
                wanted[schedule.id, day] = opening
    return wanted


def _closures(
    session: Session, office: Office, first_day: date, last_day: date
) -> Mapping[date, Sequence[Closure]]:
    closures = defaultdict(list)
    within = (Closure.office_id == office.id, Closure.day >= first_day, Closure.day < last_day)
    for closure in session.scalars(select(Closure).where(*within)):
        closures[closure.day].append(closure)
    return closures


def _add(session: Session, openings: dict[tuple[int, date], Opening]) -> None:
    rows = [
        {
            "schedule_id": schedule_id,
            "day": day,
            "capacity": opening.capacity,
            "taken": EMPTY,
            "free": sheet.free(opening.capacity, EMPTY),
            "gates": opening.gates,
        }
        for (schedule_id, day), opening in sorted(openings.items())
    ]
    if rows:
        session.execute(insert(DaySheet), rows)


def _change(session: Session, page: daybook.Page, opening: Opening, now: datetime) -> None:
    taken = page.taken
    if page.capacity != opening.capacity and sheet.exceeds(taken, opening.capacity):
        taken = _release_unseated(session, page, opening.capacity, now)
    daybook.write_plan(session, page._replace(capacity=opening.capacity, taken=taken, gates=opening.gates))


def _release_unseated(session: Session, page: daybook.Page, capacity: bytes, now: datetime) -> bytes:
    # The holds are locked first: one that is being booked just now is waited for, and is an appointment then.
    holds = session.execute(
        select(Hold.id, Hold.purpose, Hold.share, Hold.first_tick, Hold.ticks)
        .where(Hold.sheet_id == page.id, Hold.released_at.is_(None))
        .order_by(Hold.id)
        .with_for_update()
    ).all()
    seated, _ = _seat(capacity, EMPTY, _by_sheet(session, [page.id]).get(page.id, []))
    # What waits for nobody yet goes before what somebody counts on.
    _, unseated = _seat(capacity, seated, sorted(holds, key=lambda hold: hold.purpose is Purpose.FREED))
    taken = page.taken
    for hold in unseated:
        taken = sheet.give_back(taken, hold.share, hold.first_tick, hold.ticks)
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
            Appointment.share,
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
            taken = sheet.take(capacity, taken, visit.share, visit.first_tick, visit.ticks)
        except Full:
            unseated.append(visit)
    return taken, unseated
