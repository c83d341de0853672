"""Forgetting what is over: people of plans and invitations that nobody needs to know any more."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from frontoffice.booking.models import Appointment
from frontoffice.partners.models import Invitation, PartnerBooking, Plan, PlanEntry

# Long enough to look at the page once more, and to download what did not fit.
KEPT_PEOPLE = timedelta(days=1)
KEPT_PLANS = timedelta(days=30)
KEPT_INVITATIONS = timedelta(days=90)


def forget(session: Session, now: datetime) -> None:
    """Empty what is sealed of plans and invitations that are over, and later drop these themselves.

    A partner's own reference goes when it is forgotten whose the appointment was.
    """
    forgotten = select(Appointment.id).where(
        Appointment.id == PartnerBooking.appointment_id, Appointment.person_digest.is_(None)
    )
    session.execute(
        update(PartnerBooking)
        .where(PartnerBooking.own_reference.is_not(None), forgotten.exists())
        .values(own_reference=None)
        .execution_options(synchronize_session=False)
    )
    over = select(Plan.id).where(Plan.expires_at <= now - KEPT_PEOPLE)
    session.execute(
        update(PlanEntry)
        .where(PlanEntry.plan_id.in_(over), PlanEntry.content.is_not(None))
        .values(content=None)
    )
    old = select(Plan.id).where(Plan.expires_at <= now - KEPT_PLANS)
    session.execute(delete(PlanEntry).where(PlanEntry.plan_id.in_(old)))
    session.execute(delete(Plan).where(Plan.expires_at <= now - KEPT_PLANS))
    session.execute(
        update(Invitation).where(Invitation.latest <= now, Invitation.person.is_not(None)).values(person=None)
    )
    session.execute(delete(Invitation).where(Invitation.latest <= now - KEPT_INVITATIONS))
