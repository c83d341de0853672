"""Moving an appointment: the old time is given up in the transaction that takes the new one, and in no other."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from frontoffice.booking import appointing, choosing, daybook, freeing, holding, letters, seating
from frontoffice.booking.models import Appointment, Channel, DaySheet, Hold, Purpose, Share
from frontoffice.booking.refusals import (
    ChangedMeanwhile,
    HoldExpired,
    JustTaken,
    NotMovable,
    NotOffered,
    NotOnline,
    TooManyMoves,
)
from frontoffice.booking.seating import Seat, Seating, Wish
from frontoffice.config import Config
from frontoffice.events import Event
from frontoffice.offices.models import Schedule

MOVED = "appointment.moved"


class _Goal(NamedTuple):
    """Where an appointment goes, and for what."""

    office_id: int
    service_id: int
    items: list[list[int]]
    start: datetime
    seat: Seat


def move(
    session: Session,
    appointment: Appointment,
    start: datetime,
    now: datetime,
    *,
    settings: Config,
    actor: str = appointing.VISITOR,
    channel: Channel | None = None,
    shares: Collection[Share] | None = None,
    schedules: Collection[int] | None = None,
    note: str = "",
) -> None:
    """Move an appointment to `start`, if that is free; else it stays where it is. Twice does it once.

    `channel` (a visitor's is online, else that of the booking), `shares` and `schedules` are as in
    `holding.hold`; an appointment of a separate schedule stays with it. `note` is a sentence of the office that
    stands in the message. Raises NotMovable, TooManyMoves, NotOnline, NotOffered, JustTaken, ChangedMeanwhile.
    """
    _check(session, appointment, now, actor, settings)
    rules, visit = settings.booking, choosing.kept_visit(session, appointment)
    channel = channel or (Channel.ONLINE if actor == appointing.VISITOR else appointment.channel)
    if shares is None and channel is Channel.ONLINE and not visit.online:
        raise NotOnline
    if schedules is None:
        schedules = _separate(session, appointment)
    wish = seating.wish(
        appointment.office, start, visit.ticks, now, rules=rules, channel=channel, shares=shares
    )
    offering, others = holding.lock(session, visit, wish.day, schedules, [appointment.sheet_id])
    _look_again(session, appointment, now)
    if appointment.start == start and any(page.id == appointment.sheet_id for page in offering):
        return
    found = _find(session, [*offering, *others], seating.choices(offering, wish, now), wish, appointment, now)
    goal = _Goal(appointment.office_id, appointment.service_id, appointment.items, start, found.seat)
    _go(session, appointment, goal, found.changed, now, settings, actor, note)


def move_to_hold(
    session: Session,
    appointment: Appointment,
    token: str,
    now: datetime,
    *,
    settings: Config,
    actor: str = appointing.VISITOR,
    note: str = "",
) -> None:
    """Move an appointment to what is held with this token, whatever office that is at. Twice does it once.

    A hold that has lapsed is good as long as its time is free, else HoldExpired is raised. Raises NotFound for
    an unknown token, NotOffered for a hold that a visitor has for something else, NotMovable, TooManyMoves,
    ChangedMeanwhile.
    """
    held = holding.find(session, token)
    is_own_choice = actor == appointing.VISITOR and held.purpose is Purpose.VISITOR
    if is_own_choice and held.items != appointment.items:
        raise NotOffered  # kept for something else: moving changes when, and not what for
    _check(session, appointment, now, actor, settings)
    pages = {
        page.id: page for page in daybook.all_locked(session, list({held.sheet_id, appointment.sheet_id}))
    }
    _look_again(session, appointment, now)
    seat = holding.seat_of(held)
    if (appointment.start, *holding.seat_of(appointment)) == (held.start, *seat):
        return
    left = holding.seat_of(appointment)
    changed = {left.sheet_id: seating.without(pages[left.sheet_id], left)}
    if held.start <= now:
        raise HoldExpired
    if not holding.claim(session, held, now):
        taken = seating.with_(changed.get(seat.sheet_id, pages[seat.sheet_id]), seat)
        if taken is None:
            raise HoldExpired
        changed[seat.sheet_id] = taken
    goal = _Goal(held.service.office_id, held.service_id, held.items, held.start, seat)
    _go(session, appointment, goal, changed, now, settings, actor, note)


def moves_left(session: Session, appointment: Appointment, settings: Config) -> int:
    """How often the visitor can still move the appointment."""
    moved = session.scalar(
        select(func.count()).where(
            Event.subject == letters.subject(appointment),
            Event.kind == MOVED,
            Event.actor == appointing.VISITOR,
        )
    )
    return max(0, settings.booking.most_moves - (moved or 0))


def _check(session: Session, appointment: Appointment, now: datetime, actor: str, settings: Config) -> None:
    if appointment.state not in appointing.AWAITED or appointment.start <= now:
        raise NotMovable
    if actor == appointing.VISITOR and not moves_left(session, appointment, settings):
        most = settings.booking.most_moves
        raise TooManyMoves(most=most) if most else NotMovable


def _separate(session: Session, appointment: Appointment) -> list[int] | None:
    """The appointment's own schedule, if its times are not pooled with others."""
    own = session.execute(
        select(Schedule.id, Schedule.pooled)
        .join(DaySheet, DaySheet.schedule_id == Schedule.id)
        .where(DaySheet.id == appointment.sheet_id)
    ).one()
    return None if own.pooled else [own.id]


def _look_again(session: Session, appointment: Appointment, now: datetime) -> None:
    """Lock the appointment, now that its sheet is locked; it must be what it was."""
    before = (appointment.sheet_id, appointment.sequence)
    appointing.refresh(session, appointment, lock=True)
    if appointment.state not in appointing.AWAITED or appointment.start <= now:
        raise NotMovable
    if (appointment.sheet_id, appointment.sequence) != before:
        raise ChangedMeanwhile


def _find(
    session: Session,
    pages: Sequence[daybook.Page],
    tried: list[tuple[int, Share]],
    wish: Wish,
    appointment: Appointment,
    now: datetime,
) -> Seating:
    if not tried:
        raise NotOffered
    left = holding.seat_of(appointment)
    found = seating.seated(pages, tried, wish, left)
    if found is None:
        pages = holding.release_on(session, pages, now, Hold.expires_at <= now)
        found = seating.seated(pages, tried, wish, left)
    if found is None:
        raise JustTaken
    return found


def _go(
    session: Session,
    appointment: Appointment,
    goal: _Goal,
    changed: dict[int, daybook.Page],
    now: datetime,
    settings: Config,
    actor: str,
    note: str,
) -> None:
    given_up, left_office = freeing.GivenUp.of(appointment), appointment.office_id
    page = changed[given_up.sheet_id]
    changed[given_up.sheet_id] = freeing.keep_back(session, page, given_up, now, settings.booking)
    for page in changed.values():
        daybook.write(session, page)
    confirm_by = appointment.confirm_by
    session.execute(
        update(Appointment)
        .where(Appointment.id == appointment.id)
        .values(
            **goal.seat._asdict(),
            office_id=goal.office_id,
            service_id=goal.service_id,
            items=goal.items,
            start=goal.start,
            confirm_by=min(confirm_by, goal.start) if confirm_by else None,
            sequence=Appointment.sequence + 1,
            changed_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    session.expire(appointment, ["office", "service", "sheet", "schedule"])
    appointing.refresh(session, appointment)
    person = appointing.person_of(session, appointment)
    letters.moved(session, appointment, person, given_up.start, now, settings, note)
    data: dict[str, Any] = {"from": given_up.start.isoformat()}
    for office_id in sorted({left_office, goal.office_id}):  # offices are locked in one order
        appointing.happened(session, MOVED, appointment, now, actor, data, office_id=office_id)
