"""What partners' bookings know of a person: people of plans and invitations, and partners' own references.

What is sealed here has no hash to be found by: it is opened and looked at. There is little of it, because it is
emptied when a plan or an invitation is over.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import personal as booked
from frontoffice.booking.person import Person
from frontoffice.errors import N_
from frontoffice.partners import invitation_letters
from frontoffice.partners.models import (
    Invitation,
    InvitationState,
    PartnerBooking,
    Plan,
    PlanEntry,
    PlanState,
)
from frontoffice.personal import Record, StillNeeded, Who, moment, numbers

COLUMNS = frozenset(
    {
        "partner_plan_entry.content",
        "partner_booking.own_reference",
        "invitation.person",
        "invitation.reference",
        "invitation.reference_digest",
    }
)
IN_A_PLAN = N_(
    "This cannot be deleted yet: it is part of a plan that a partner has not decided on. Please try again in an hour."
)
INVITED = N_(
    "This cannot be deleted yet: there is an open invitation. Please decline it first, or wait until it ends."
)


def find(session: Session, who: Who) -> list[Record]:
    """Plans, bookings and invitations."""
    return [*_plans(session, who), *_bookings(session, who), *_invitations(session, who)]


def forget(session: Session, records: Sequence[Record], now: datetime) -> None:
    """Empty what is sealed. Raises StillNeeded for a plan or an invitation that is open."""
    entries = (
        select(PlanEntry)
        .where(PlanEntry.id.in_(numbers(records, "plan_entry")))
        .with_for_update(of=PlanEntry)
    )
    for entry in session.scalars(entries):
        plan = session.get_one(Plan, entry.plan_id)
        if plan.state is PlanState.HELD and plan.expires_at > now:
            raise StillNeeded(IN_A_PLAN)
        entry.content = None
    kept = select(PartnerBooking).where(
        PartnerBooking.appointment_id.in_(numbers(records, "partner_booking"))
    )
    for booking in session.scalars(kept.with_for_update(of=PartnerBooking)):
        booking.own_reference = None
    invitations = select(Invitation).where(Invitation.id.in_(numbers(records, "invitation")))
    for invitation in session.scalars(invitations.with_for_update(of=Invitation)):
        if invitation.state is InvitationState.OPEN and invitation.latest > now:
            raise StillNeeded(INVITED)
        invitation.person = invitation.reference = invitation.reference_digest = None
    session.flush()


def _plans(session: Session, who: Who) -> list[Record]:
    found = []
    for entry in session.scalars(
        select(PlanEntry).where(PlanEntry.content.is_not(None)).order_by(PlanEntry.id)
    ):
        content = vaults.of(session).open(entry.content or b"")
        person = Person.from_sealed(content["person"])
        if booked.is_meant(who, person) or f"appointment:{entry.appointment_id}" in who.subjects:
            data = {"partners_reference": content["own_reference"], "language": entry.language}
            found.append(
                Record("plan_entry", f"plan-entry:{entry.id}", None, {**data, **booked.person_data(person)})
            )
    return found


def _bookings(session: Session, who: Who) -> list[Record]:
    query = select(PartnerBooking).where(
        PartnerBooking.appointment_id.in_(who.numbers("appointment")),
        PartnerBooking.own_reference.is_not(None),
    )
    return [
        Record(
            "partner_booking",
            f"partner-booking:{each.appointment_id}",
            None,
            {
                "booked_at": moment(each.booked_at),
                "partners_reference": vaults.of(session).open(each.own_reference or b""),
            },
        )
        for each in session.scalars(query)
    ]


def _invitations(session: Session, who: Who) -> list[Record]:
    query = select(Invitation).where(or_(Invitation.person.is_not(None), Invitation.reference.is_not(None)))
    found = []
    for each in session.scalars(query.order_by(Invitation.id)):
        known = vaults.of(session).open(each.person) if each.person else {}
        mine = {f"appointment:{each.appointment_id}", invitation_letters.subject(each)} & who.subjects
        if not mine and not _is_meant(who, known):
            continue
        reference = vaults.of(session).open(each.reference) if each.reference else None
        data = {"state": each.state.value, "from": moment(each.earliest), "until": moment(each.latest)}
        related = (f"appointment:{each.appointment_id}",) if each.appointment_id else ()
        found.append(
            Record(
                "invitation",
                invitation_letters.subject(each),
                each.office_id,
                {**data, "systems_reference": reference, **known},
                related,
            )
        )
    return found


def _is_meant(who: Who, known: dict[str, Any]) -> bool:
    """An invitation may know only some of it."""
    born = known.get("born")
    person = Person(
        known.get("name") or "?",
        date.fromisoformat(born) if born else booked.NOBODY.born,
        known.get("mail"),
        known.get("phone"),
    )
    return booked.is_meant(who, person)
