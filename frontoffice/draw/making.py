"""Making a draw, and calling it off: its times are withheld from the public, its seed is fixed and its hash known."""

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice import vault as vaults
from frontoffice.booking import planning, references, sheet
from frontoffice.booking.models import Withheld
from frontoffice.draw import lottery
from frontoffice.draw.models import Draw, DrawState, Weights
from frontoffice.draw.refusals import AlreadyDrawn, Overlaps
from frontoffice.errors import N_, Invalid, NotFound
from frontoffice.offices.models import Office, Schedule, Service, Texts

MOST_DAYS = 62


class Plan(NamedTuple):
    """What a draw is to be: which times, for what, and from when until when requests are taken."""

    title: Texts
    schedules: Sequence[int]
    services: Sequence[int]
    first_day: date
    until_day: date
    opens_at: datetime
    closes_at: datetime
    weights: Weights = Weights.EQUAL
    confirm_hours: int = 48


def create(session: Session, office: Office, plan: Plan, now: datetime, *, actor: str) -> Draw:
    """Make a draw: from now on the public cannot take times of these schedules on these days.

    What is booked on them stays. Raises Invalid for what cannot be, and Overlaps.
    """
    schedules, services = _checked(office, plan, now)
    session.execute(  # one at a time for an office: two could take the same days
        select(Schedule.id).where(Schedule.office_id == office.id).order_by(Schedule.id).with_for_update()
    )
    taken = select(Withheld.id).where(
        Withheld.schedule_id.in_(plan.schedules),
        Withheld.first_day < plan.until_day,
        Withheld.until_day > plan.first_day,
    )
    if session.scalar(taken.limit(1)) is not None:
        raise Overlaps
    seed = secrets.token_hex(32)
    draw = Draw(
        code=_new_code(session),
        office=office,
        title=plan.title,
        service_ids=[service.id for service in services],
        schedules=schedules,
        first_day=plan.first_day,
        until_day=plan.until_day,
        opens_at=plan.opens_at,
        closes_at=plan.closes_at,
        weights=plan.weights,
        confirm_hours=plan.confirm_hours,
        state=DrawState.PLANNED,
        seed=vaults.of(session).seal(seed),
        commitment=lottery.commitment(seed),
        created_at=now,
        created_by=actor,
    )
    session.add(draw)
    session.flush()
    for schedule in schedules:
        session.add(
            Withheld(
                schedule_id=schedule.id,
                first_day=plan.first_day,
                until_day=plan.until_day,
                reason=subject(draw),
            )
        )
    session.flush()
    planning.plan(session, office, plan.first_day, (plan.until_day - plan.first_day).days, now)
    happened(session, "draw.created", draw, now, actor, {"commitment": draw.commitment})
    return draw


def cancel(session: Session, draw: Draw, now: datetime, *, actor: str) -> None:
    """Call a draw off before it is made: its times are public again. Twice does it once. Raises AlreadyDrawn."""
    session.refresh(draw, ["state"], with_for_update=True)
    if draw.state is DrawState.CANCELLED:
        return
    if draw.state is not DrawState.PLANNED:
        raise AlreadyDrawn
    draw.state, draw.settled_at = DrawState.CANCELLED, now
    release(session, draw, now)
    happened(session, "draw.cancelled", draw, now, actor)


def release(session: Session, draw: Draw, now: datetime) -> None:
    """Let the public take what is left of the draw's times."""
    session.execute(delete(Withheld).where(Withheld.reason == subject(draw)))
    session.flush()
    planning.plan(session, draw.office, draw.first_day, (draw.until_day - draw.first_day).days, now)


def find(session: Session, code: str) -> Draw:
    """The draw with this code. Raises NotFound."""
    known = references.tidy(code)
    found = session.scalar(select(Draw).where(Draw.code == known)) if known else None
    if found is None:
        raise NotFound
    return found


def of_office(session: Session, office_id: int) -> Sequence[Draw]:
    """All draws of an office, the latest first."""
    query = select(Draw).where(Draw.office_id == office_id).order_by(Draw.opens_at.desc(), Draw.id.desc())
    return session.scalars(query).all()


def open_soon(session: Session, office_id: int, now: datetime) -> Sequence[Draw]:
    """The draws of an office that take requests now or later, in the order in which they close."""
    query = select(Draw).where(
        Draw.office_id == office_id, Draw.state == DrawState.PLANNED, Draw.closes_at > now
    )
    return session.scalars(query.order_by(Draw.closes_at, Draw.id)).all()


def services_of(session: Session, draw: Draw) -> Sequence[Service]:
    """For which services requests can be made."""
    query = select(Service).where(Service.id.in_(draw.service_ids), Service.active)
    return session.scalars(query.order_by(Service.position)).all()


def subject(draw: Draw) -> str:
    """By what name events and withheld days refer to a draw."""
    return f"draw:{draw.id}"


def happened(
    session: Session, kind: str, draw: Draw, now: datetime, actor: str, data: dict[str, object] | None = None
) -> None:
    """Append what happened to a draw, as the last thing of a verb."""
    events.append(
        session,
        draw.office_id,
        kind,
        now,
        actor=actor,
        subject=subject(draw),
        data={"code": draw.code, **(data or {})},
    )


def _checked(office: Office, plan: Plan, now: datetime) -> tuple[list[Schedule], list[Service]]:
    if not plan.title.get("de", "").strip():
        raise Invalid("title", N_("Please enter a name, at least in German."))
    if plan.closes_at <= max(plan.opens_at, now):
        raise Invalid("closes", N_("The window must end after it begins, and in the future."))
    if plan.first_day <= sheet.day_of(plan.closes_at, office.time_zone):
        raise Invalid("first_day", N_("The first day must lie after the end of the window."))
    if not timedelta(0) < plan.until_day - plan.first_day <= timedelta(days=MOST_DAYS):
        raise Invalid(
            "until_day", N_("Please choose at least one day and at most %(most)s days."), most=MOST_DAYS
        )
    schedules = [each for each in office.schedules if each.id in plan.schedules]
    if not schedules or len(schedules) != len(set(plan.schedules)):
        raise Invalid("schedules", N_("Please choose at least one schedule of this office."))
    offered = {service.id for schedule in schedules for service in schedule.services}
    services = [each for each in office.services if each.id in plan.services]
    if not services or len(services) != len(set(plan.services)):
        raise Invalid("services", N_("Please choose at least one service of this office."))
    if any(each.id not in offered or not each.online or not each.active for each in services):
        raise Invalid(
            "services", N_("Please choose services that these schedules offer and that can be booked online.")
        )
    return schedules, services


def _new_code(session: Session) -> str:
    while True:
        code = references.new()
        if session.scalar(select(Draw.id).where(Draw.code == code)) is None:
            return code
