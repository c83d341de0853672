"""Closing a day, a part of one, or one schedule, and opening it again. No appointment is dropped: it is listed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.agenda import seeing
from frontoffice.booking import planning, sheet
from frontoffice.booking.models import Appointment, DaySheet
from frontoffice.booking.planning import AWAITED, Clash
from frontoffice.errors import N_, Invalid, NotFound
from frontoffice.offices.models import Closure, Office, Schedule
from frontoffice.printable import is_line
from frontoffice.staff.models import Account

LONGEST_REASON = 120
SOME_YEARS = 1100  # days: further ahead nobody plans, and a slip of the finger is more likely


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be closed: a day, or from `opens` to `closes` (00:00 is its end); one schedule, or all of them."""

    day: date
    schedule_id: int | None = None
    opens: time | None = None
    closes: time | None = None

    @property
    def key(self) -> str:
        """The wish in one word, to tell whether a page has spoken of this one."""
        return f"{self.day} {self.schedule_id} {self.opens} {self.closes}"


def read(day: str, opens: str, closes: str, schedule_id: int | None, today: date) -> Wish:
    """What somebody entered. Raises Invalid (field "day" or "opens")."""
    try:
        chosen = date.fromisoformat(day.strip())
    except ValueError:
        raise Invalid("day", N_("Please enter the day as a date.")) from None
    if chosen < today:
        raise Invalid("day", N_("This day is over. Please choose today or a later day."))
    if (chosen - today).days > SOME_YEARS:
        raise Invalid("day", N_("This day is very far ahead. Please check the year."))
    if not (opens.strip() or closes.strip()):
        return Wish(chosen, schedule_id)
    try:
        begins, ends = (time.fromisoformat(each.strip() or "00:00") for each in (opens, closes))
    except ValueError:
        raise Invalid("opens", N_("Please enter the times like this: 12:30.")) from None
    if any(each.minute % sheet.MINUTES or each.second or each.tzinfo for each in (begins, ends)):
        raise Invalid("opens", N_("Please enter the times in steps of five minutes, such as 12:30."))
    if ends != time() and begins >= ends:
        raise Invalid("opens", N_("The end has to be later than the beginning."))
    return Wish(chosen, schedule_id, begins, ends)


def preview(session: Session, office: Office, wish: Wish, now: datetime) -> int:
    """How many coming appointments would no longer fit. Nothing is changed."""
    begins, ends = wish.opens or time(), wish.closes or time()
    closed = sheet.open_ticks(wish.day, office.time_zone, begins, ends)
    query = (
        select(Appointment.first_tick, Appointment.ticks)
        .join(DaySheet, DaySheet.id == Appointment.sheet_id)
        .join(Schedule, Schedule.id == DaySheet.schedule_id)
        .where(Schedule.office_id == office.id, DaySheet.day == wish.day)
        .where(Appointment.state.in_(AWAITED), Appointment.start >= now)
    )
    if wish.schedule_id is not None:
        query = query.where(Schedule.id == wish.schedule_id)
    return sum(bool(closed & sheet.below(ticks) << first) for first, ticks in session.execute(query))


def close(
    session: Session, office: Office, wish: Wish, reason: str, account: Account, now: datetime
) -> list[Clash]:
    """Close what is wished; gives the coming appointments of the day that no longer fit.

    Closing the same twice is closing it once. Raises Invalid (field "reason" or "schedule").
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_REASON or not is_line(reason):
        raise Invalid(
            "reason",
            N_("Please say why, in at most %(most)s characters. Only staff see it."),
            most=LONGEST_REASON,
        )
    locked = _lock(session, office)
    if wish.schedule_id is not None and wish.schedule_id not in locked:
        raise Invalid("schedule", N_("Please choose one of the teams of this office."))
    if _existing(session, office, wish):
        return planning.clashes(session, office, wish.day, 1, now)
    closure = Closure(
        office_id=office.id,
        schedule_id=wish.schedule_id,
        day=wish.day,
        opens=wish.opens,
        closes=wish.closes,
        reason=reason,
    )
    session.add(closure)
    session.flush()
    clashes = planning.replan(session, office, [wish.day], now)
    _happened(session, "day.closed", closure, account, now, clashes=len(clashes))
    return clashes


def reopen(
    session: Session, office: Office, closure_id: int, account: Account, now: datetime
) -> Closure | None:
    """Take a closure back; None where somebody has done so before. Raises NotFound for one of another office."""
    _lock(session, office)
    closure = session.get(Closure, closure_id)
    if closure is None:
        return None
    if closure.office_id != office.id:
        raise NotFound
    session.delete(closure)
    session.flush()
    planning.replan(session, office, [closure.day], now)
    _happened(session, "day.reopened", closure, account, now)
    return closure


def coming(session: Session, office: Office, today: date) -> Sequence[Closure]:
    """The closures from today on, by day."""
    query = select(Closure).where(Closure.office_id == office.id, Closure.day >= today)
    return session.scalars(query.order_by(Closure.day, Closure.opens, Closure.id)).all()


def _lock(session: Session, office: Office) -> Sequence[int]:
    """One who closes or plans at a time, as planning does it."""
    query = select(Schedule.id).where(Schedule.office_id == office.id).order_by(Schedule.id)
    return session.scalars(query.with_for_update(key_share=True)).all()


def _existing(session: Session, office: Office, wish: Wish) -> bool:
    query = select(Closure.id).where(Closure.office_id == office.id, Closure.day == wish.day)
    for column, value in (
        (Closure.schedule_id, wish.schedule_id),
        (Closure.opens, wish.opens),
        (Closure.closes, wish.closes),
    ):
        query = query.where(column.is_(None) if value is None else column == value)
    return session.scalar(query) is not None


def _happened(
    session: Session, kind: str, closure: Closure, account: Account, now: datetime, **more: int
) -> None:
    data = {
        "day": closure.day.isoformat(),
        "schedule_id": closure.schedule_id,
        "opens": closure.opens and closure.opens.isoformat("minutes"),
        "closes": closure.closes and closure.closes.isoformat("minutes"),
        **more,
    }
    events.append(
        session,
        closure.office_id,
        kind,
        now,
        actor=seeing.actor(account),
        subject=f"closure:{closure.id}",
        data=data,
    )
