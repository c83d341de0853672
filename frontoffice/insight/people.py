"""All that is stored about one person, gathered from the wings: to be shown, handed over and forgotten."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

import frontoffice.booking.personal
import frontoffice.documents.personal
import frontoffice.draw.personal
import frontoffice.line.personal
import frontoffice.messages.personal
import frontoffice.partners.personal
import frontoffice.waitlist.personal
from frontoffice import events
from frontoffice.booking import appointing
from frontoffice.booking.models import Appointment
from frontoffice.config import Config
from frontoffice.draw import entering
from frontoffice.draw.models import DrawRequest
from frontoffice.offices.models import Office
from frontoffice.personal import Record, Who, Wing, moment, numbers
from frontoffice.waitlist import leaving
from frontoffice.waitlist.models import WaitlistEntry

# In the order in which rows are locked everywhere, as far as they have one.
WINGS = cast(
    tuple[Wing, ...],
    (
        frontoffice.partners.personal,
        frontoffice.draw.personal,
        frontoffice.waitlist.personal,
        frontoffice.booking.personal,
        frontoffice.line.personal,
        frontoffice.documents.personal,
        frontoffice.messages.personal,
    ),
)
COLUMNS = frozenset[str]().union(*(wing.COLUMNS for wing in WINGS))


def find(session: Session, who: Who) -> list[Record]:
    """What the wings know of the person, and what belongs to it: each record once, by wing."""
    while True:
        found = [record for wing in WINGS for record in wing.find(session, who)]
        wider = who.knowing(found)
        if wider == who:
            return sorted(found, key=lambda each: each.kind == "message")  # the many come last
        who = wider


def forget(session: Session, found: Sequence[Record], now: datetime, *, actor: str) -> Counter[str]:
    """Empty what was found, but what has to stay; says how much of each kind. Events come last, and name nobody.

    Raises StillNeeded where something is still to come; then nothing is forgotten.
    """
    gone = [each for each in found if not each.stays]
    for wing in WINGS:
        wing.forget(session, gone, now)
    counts = Counter(each.kind for each in gone)
    if gone:
        happened(session, "person.forgotten", gone, now, actor=actor)
    return counts


def happened(session: Session, kind: str, found: Sequence[Record], now: datetime, *, actor: str) -> None:
    """Append what was done with these records, how many of each kind, at each office that they are of."""
    offices = {each.office_id for each in found if each.office_id}
    if not offices:  # such as a notice, or nothing at all: it is put on record at the first office
        offices = set(session.scalars(select(Office.id).order_by(Office.id).limit(1)))
    for office_id in sorted(offices):
        told = Counter(each.kind for each in found if each.office_id in (None, office_id))
        events.append(session, office_id, kind, now, actor=actor, subject="person", data=dict(told))


def cancel_coming(
    session: Session, found: Sequence[Record], now: datetime, *, settings: Config, actor: str
) -> int:
    """Leave the waiting list and open draws, and cancel the appointments to come, with the usual message; says how
    many of these.
    """
    drawn = (
        select(DrawRequest).where(DrawRequest.id.in_(numbers(found, "draw_request"))).order_by(DrawRequest.id)
    )
    for request in session.scalars(drawn).all():
        if request.state in entering.WITHDRAWABLE and entering.is_open(request.draw, now):
            entering.withdraw(session, request, now)
    wishes = (
        select(WaitlistEntry).where(WaitlistEntry.id.in_(numbers(found, "wish"))).order_by(WaitlistEntry.id)
    )
    for wish in session.scalars(wishes).all():
        leaving.leave(session, wish, now, settings=settings)
    query = select(Appointment).where(
        Appointment.id.in_(numbers(found, "appointment")),
        Appointment.state.in_(appointing.CANCELLABLE),
        Appointment.start > now,
    )
    coming = session.scalars(query.order_by(Appointment.sheet_id, Appointment.id)).all()
    for each in coming:
        appointing.cancel(session, each, now, actor, settings=settings)
    return len(coming)


def as_json(found: Sequence[Record], now: datetime) -> dict[str, Any]:
    """What was found, to be handed over: what it is, and whether it stays when the rest is deleted."""
    return {
        "made_at": moment(now),
        "stored": [
            {"what": each.kind, **each.data, **({"stays_because": each.stays} if each.stays else {})}
            for each in found
        ],
    }
