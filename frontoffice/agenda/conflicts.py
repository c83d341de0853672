"""Appointments that no longer fit: each with times to offer, moved or cancelled one by one or all together.

An appointment stays on the list until it is moved or cancelled, or fits again: the list is worked out from the
sheets each time, and nothing takes a row off it by hand.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from frontoffice.agenda import day as days
from frontoffice.agenda import reseating
from frontoffice.agenda.day import Entry
from frontoffice.agenda.door import Door
from frontoffice.booking import appointing, choosing, moving, planning, search, sheet
from frontoffice.booking.models import Appointment
from frontoffice.booking.refusals import ChangedMeanwhile
from frontoffice.config import Booking, Config
from frontoffice.db import Database
from frontoffice.errors import Conflict, Invalid
from frontoffice.offices.models import Office

NOTICE = timedelta(days=1)  # who is moved without being asked has to hear of it in time
LOOKED_AT = timedelta(days=28)
OFFERED = 3  # times for each
TRIES = 5  # times that are tried for each before it stays on the list
SHOWN = 200  # of a long list: the others follow when these are done


@dataclass(frozen=True, slots=True)
class Misfit:
    """An appointment that no longer fits, and the times that can be offered instead, the best first."""

    entry: Entry
    times: Sequence[datetime]


class Done(NamedTuple):
    """What became of a list: how many were moved or cancelled, and how many stay on it."""

    done: int
    left: int


def entries(session: Session, office: Office, now: datetime, day: date | None = None) -> list[Entry]:
    """The coming appointments of the office (of one day) that no longer fit, by time."""
    if day is None:
        clashes = planning.all_clashes(session, office, now)
    else:
        clashes = planning.clashes(session, office, day, 1, now)
    order = {clash.appointment_id: place for place, clash in enumerate(clashes)}
    found = session.scalars(
        select(Appointment).where(Appointment.id.in_(order)).options(joinedload(Appointment.sheet))
    ).all()
    return days.with_services(session, office, sorted(found, key=lambda each: order[each.id]))


def with_times(
    session: Session, office: Office, found: Iterable[Entry], now: datetime, *, rules: Booking, door: Door
) -> list[Misfit]:
    """The appointments with times that are free now; the same time can be offered to several."""
    search_ = _Search(session, office, now, rules, door)
    return [Misfit(each, search_.best(each.appointment)[:OFFERED]) for each in found]


def in_order(free: Iterable[datetime], start: datetime, zone: str, now: datetime) -> list[datetime]:
    """Free times for an appointment that has to move, the best first.

    That is its own time with another team; then soon after it, then soon before, and its own week first. No other
    time is so soon that the person may not hear of it.
    """
    free = list(free)
    fitting = [each for each in free if each >= now + NOTICE and each != start]
    later = sorted(each for each in fitting if each > start)
    earlier = sorted((each for each in fitting if each < start), reverse=True)
    week = _week(start, zone)
    same_week = [each for each in [*later, *earlier] if _week(each, zone) == week]
    same = [each for each in free if each == start]
    return [*same, *same_week, *(each for each in [*later, *earlier] if _week(each, zone) != week)]


def of_same_week(times: Iterable[datetime], start: datetime, zone: str) -> list[datetime]:
    """Those times that lie in the week of the start, Monday to Sunday, in the same order."""
    return [each for each in times if _week(each, zone) == _week(start, zone)]


def move_all(
    database: Database,
    office_id: int,
    sequences: Mapping[str, int],
    now: datetime,
    *,
    settings: Config,
    door: Door,
    actor: str,
    note: str = "",
) -> Done:
    """Move these appointments (reference: sequence that was seen) to the next free times of their weeks.

    Commits, one transaction for each: what was moved is moved, whatever becomes of the next. What does not fit
    into its week, or was changed by somebody else meanwhile, stays as it is.
    """
    done = 0
    for reference, sequence in sequences.items():
        done += any(
            _try(database, office_id, reference, sequence, start, now, settings, door, actor, note)
            for start in _candidates(database, office_id, reference, now, settings.booking, door)
        )
    return Done(done, len(sequences) - done)


def move_one(
    session: Session,
    appointment: Appointment,
    start: datetime,
    now: datetime,
    *,
    settings: Config,
    door: Door,
    actor: str,
    note: str = "",
) -> bool:
    """Move an appointment, or seat it anew at its own time; says whether that worked. Raises as `moving.move`."""
    if start == appointment.start:
        return reseating.same_time(session, appointment, now, rules=settings.booking, door=door, actor=actor)
    schedule = appointment.schedule
    moving.move(
        session,
        appointment,
        start,
        now,
        settings=settings,
        actor=actor,
        channel=door.channel,
        shares=door.shares,
        schedules=None if schedule.pooled else (schedule.id,),
        note=note,
    )
    return True


def cancel_all(
    database: Database,
    office_id: int,
    sequences: Mapping[str, int],
    now: datetime,
    *,
    settings: Config,
    actor: str,
    note: str = "",
) -> Done:
    """Cancel these appointments, as far as they still do not fit. Commits, one transaction for each."""
    done = 0
    for reference, sequence in sequences.items():
        with database.write() as session:
            appointment = _still_misfit(session, office_id, reference, sequence, now)
            if appointment is None:
                continue
            try:
                appointing.cancel(session, appointment, now, actor, settings=settings, note=note)
            except Conflict:
                continue
        done += 1
    return Done(done, len(sequences) - done)


def unchanged(appointment: Appointment, sequence: int | None) -> None:
    """Raise ChangedMeanwhile unless the appointment is as the page showed it; None where it said nothing."""
    if sequence is not None and appointment.sequence != sequence:
        raise ChangedMeanwhile


def is_misfit(session: Session, office: Office, appointment: Appointment, now: datetime) -> bool:
    """Whether the appointment does not fit into its day."""
    clashes = planning.clashes(session, office, appointment.sheet.day, 1, now)
    return any(clash.appointment_id == appointment.id for clash in clashes)


class _Search:
    """Searches free times once for all appointments that are for the same."""

    def __init__(self, session: Session, office: Office, now: datetime, rules: Booking, door: Door) -> None:
        self._session, self._office, self._now, self._rules, self._door = session, office, now, rules, door
        self._known: dict[object, list[datetime]] = {}

    def best(self, appointment: Appointment) -> list[datetime]:
        schedule = appointment.schedule
        schedules = None if schedule.pooled else (schedule.id,)
        monday = appointment.sheet.day - timedelta(days=appointment.sheet.day.weekday())
        key = (str(appointment.items), schedules, monday)
        if key not in self._known:
            days_ = search.free_starts(
                self._session,
                self._office,
                choosing.kept_visit(self._session, appointment),
                monday,
                monday + LOOKED_AT,
                now=self._now,
                rules=self._rules,
                channel=self._door.channel,
                shares=self._door.shares,
                schedules=schedules,
            )
            self._known[key] = [start for starts in days_.values() for start in starts]
        return in_order(self._known[key], appointment.start, self._office.time_zone, self._now)


def _candidates(
    database: Database, office_id: int, reference: str, now: datetime, rules: Booking, door: Door
) -> list[datetime]:
    with database.read() as session:
        office = session.get_one(Office, office_id)
        appointment = days.find(session, office, reference).appointment
        times = _Search(session, office, now, rules, door).best(appointment)
        return of_same_week(times, appointment.start, office.time_zone)[:TRIES]


def _try(
    database: Database,
    office_id: int,
    reference: str,
    sequence: int,
    start: datetime,
    now: datetime,
    settings: Config,
    door: Door,
    actor: str,
    note: str,
) -> bool:
    try:
        with database.write() as session:
            appointment = _still_misfit(session, office_id, reference, sequence, now)
            if appointment is None:
                return False
            return move_one(
                session, appointment, start, now, settings=settings, door=door, actor=actor, note=note
            )
    except (Conflict, Invalid):
        return False  # somebody was faster, or the appointment is no longer what it was


def _still_misfit(
    session: Session, office_id: int, reference: str, sequence: int, now: datetime
) -> Appointment | None:
    """The appointment, if it is as the list showed it and still does not fit: a day may have been opened again."""
    office = session.get_one(Office, office_id)
    appointment = days.find(session, office, reference).appointment
    is_listed = is_misfit(session, office, appointment, now)
    return appointment if is_listed and appointment.sequence == sequence else None


def _week(moment: datetime, zone: str) -> tuple[int, int]:
    year, week, _ = sheet.day_of(moment, zone).isocalendar()
    return year, week
