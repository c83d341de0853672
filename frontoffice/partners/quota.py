"""How much of a partner's quota is used, and when it renews; to be counted while the partner's row is locked."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from frontoffice.booking.models import Appointment, State
from frontoffice.partners.models import Partner, PartnerBooking, Period, Plan, PlanEntry, PlanState
from frontoffice.partners.refusals import QuotaReached

ZONE = "Europe/Berlin"  # of a partner that may not book anywhere yet
# Giving an appointment back gives the quota back.
GIVEN_BACK = (State.CANCELLED, State.EXPIRED)
TO_COME = (State.UNCONFIRMED, State.CONFIRMED)


class Usage(NamedTuple):
    """What a partner has booked in the running period, has still to come, and holds in plans.

    The period begins and ends (`renews`) at midnight of these days.
    """

    begins: date
    renews: date
    booked: int
    to_come: int
    planned: int


def locked(session: Session, partner_id: int) -> Partner:
    """The partner, locked until the transaction ends: nobody else books for it meanwhile.

    To be called before anything else is locked.
    """
    query = select(Partner).where(Partner.id == partner_id).with_for_update(key_share=True)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def usage(session: Session, partner: Partner, now: datetime) -> Usage:
    """What is used of the partner's quota."""
    zone = zone_of(partner)
    begins, renews = period(now.astimezone(ZoneInfo(zone)).date(), partner.period)
    mine = (
        select(func.count())
        .select_from(PartnerBooking)
        .join(Appointment, Appointment.id == PartnerBooking.appointment_id)
        .where(PartnerBooking.partner_id == partner.id)
    )
    booked = mine.where(
        PartnerBooking.booked_at >= _midnight(begins, zone), Appointment.state.not_in(GIVEN_BACK)
    )
    to_come = mine.where(Appointment.start > now, Appointment.state.in_(TO_COME))
    planned = (
        select(func.count())
        .select_from(PlanEntry)
        .join(Plan, Plan.id == PlanEntry.plan_id)
        .where(
            Plan.partner_id == partner.id,
            Plan.state == PlanState.HELD,
            Plan.expires_at > now,
            PlanEntry.refusal.is_(None),
        )
    )
    return Usage(begins, renews, *(session.scalar(query) or 0 for query in (booked, to_come, planned)))


def left(partner: Partner, used: Usage) -> int | None:
    """How many more appointments the partner may book now; None for any number."""
    limits = [
        most - taken - used.planned
        for most, taken in ((partner.quota, used.booked), (partner.most_open, used.to_come))
        if most is not None
    ]
    return max(0, min(limits)) if limits else None


def refusal(partner: Partner, used: Usage) -> QuotaReached:
    """Why nothing more can be booked, when nothing is left."""
    if partner.quota is not None and used.booked + used.planned >= partner.quota:
        named = QuotaReached.per_week if partner.period is Period.WEEK else QuotaReached.per_month
        return named(partner.quota, used.renews)
    return QuotaReached.at_once(partner.most_open or 0)


def require(session: Session, partner: Partner, now: datetime) -> None:
    """Raise QuotaReached unless the partner, whose row is locked, may book one more appointment."""
    used = usage(session, partner, now)
    if left(partner, used) == 0:
        raise refusal(partner, used)


def period(today: date, kind: Period) -> tuple[date, date]:
    """The calendar week (from Monday) or the month of a day: its first day, and that of the next one."""
    if kind is Period.WEEK:
        begins = today - timedelta(days=today.weekday())
        return begins, begins + timedelta(days=7)
    begins = today.replace(day=1)
    return begins, (begins + timedelta(days=31)).replace(day=1)


def zone_of(partner: Partner) -> str:
    """By which clock the partner's weeks begin: that of the first office it may book at."""
    return partner.grants[0].office.time_zone if partner.grants else ZONE


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
