"""Where a wish may be met: offices and schedules that offer what somebody comes for."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from frontoffice.booking import choosing, search
from frontoffice.booking.refusals import NotOnline
from frontoffice.booking.visit import Visit
from frontoffice.errors import N_, Invalid, NotFound
from frontoffice.offices.models import Office, OpeningHours, Schedule, Service

MOST_OFFICES = 5
POOL = ""  # stands for all pooled schedules of an office, where schedules are named by their slugs


class Spot(NamedTuple):
    """An office where a wish may be met, at any pooled schedule or at one; the services as holds keep them."""

    office_id: int
    schedule_id: int | None
    items: list[list[int]]


class Where(NamedTuple):
    """For what somebody waits, at which office first of all, and at which places it may be met."""

    office: Office
    visit: Visit
    spots: tuple[Spot, ...]


def where(
    session: Session,
    office_slug: str,
    wanted: Sequence[tuple[str, int]],
    *,
    schedules: Collection[str] = (),
    others: Collection[str] = (),
) -> Where:
    """The places for these services: at the office's pooled schedules, or at `schedules` of it.

    Schedules are named by their slugs, "" is the pool. `others` are further offices, each of which must have services
    with the same slugs. Raises NotFound, NotOnline, and Invalid (field "places") where a schedule does not offer it.
    """
    office, visit = choosing.chosen(session, office_slug, wanted)
    if not visit.online:
        raise NotOnline
    spots = _spots(session, office, visit, schedules)
    for slug in [each for each in dict.fromkeys(others) if each != office_slug][:MOST_OFFICES]:
        other, same = choosing.chosen(session, slug, wanted)
        if same.online:
            spots += _spots(session, other, same, ())
    return Where(office, visit, tuple(spots))


def other_offices(session: Session, office: Office, slugs: Collection[str]) -> Sequence[Office]:
    """Other offices that have services with these slugs, by name; as many as a wish can name."""
    offering = (
        select(Service.office_id)
        .where(Service.slug.in_(slugs), Service.active, Service.online)
        .group_by(Service.office_id)
        .having(func.count() == len(slugs))
    )
    query = select(Office).where(Office.id.in_(offering), Office.id != office.id)
    return session.scalars(query.order_by(Office.name, Office.id).limit(MOST_OFFICES)).all()


def open_weekdays(session: Session, office: Office) -> list[int]:
    """On which weekdays the office has appointments at all; Monday is 0."""
    query = select(OpeningHours.weekday).join(OpeningHours.schedule).where(Schedule.office_id == office.id)
    return sorted(set(session.scalars(query)))


def _spots(session: Session, office: Office, visit: Visit, slugs: Collection[str]) -> list[Spot]:
    found: list[Spot] = []
    several = len(visit.items) > 1
    if not slugs or POOL in slugs:
        offering, values = search.offering(several, separate=False), search.offering_values(visit, None)
        pooled = session.scalars(offering, values).all()
        found += [Spot(office.id, None, visit.stored)] if pooled else []
    named = {each for each in slugs if each != POOL}
    if named:
        query = select(Schedule.id).where(Schedule.office_id == office.id, Schedule.slug.in_(named))
        wanted = session.scalars(query.order_by(Schedule.id)).all()
        if len(wanted) != len(named):
            raise NotFound
        offering, values = search.offering(several, separate=True), search.offering_values(visit, wanted)
        offered: set[Any] = set(session.connection().execute(offering, values).scalars())
        if offered != set(wanted):
            raise Invalid("places", N_("This concern is not offered there. Please choose another place."))
        found += [Spot(office.id, each, visit.stored) for each in wanted]
    return found
