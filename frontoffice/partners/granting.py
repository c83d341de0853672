"""What a partner may book: from what is agreed with it to schedules and shares."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.booking import choosing
from frontoffice.booking.models import Share
from frontoffice.booking.visit import Visit
from frontoffice.offices.models import Office, Schedule
from frontoffice.partners.models import Grant, Partner
from frontoffice.partners.refusals import NotGranted

# Services by their slugs, each with for how many people.
Items = tuple[tuple[str, int], ...]


class Way(NamedTuple):
    """On which schedules, and from which shares; without shares from what is open to the public."""

    schedules: frozenset[int]
    shares: tuple[Share, ...] | None


def chosen(
    session: Session, partner: Partner, office_slug: str, items: Items
) -> tuple[Office, Visit, list[Way]]:
    """The office, the visit, and how the partner may book it, in the order of trying.

    Raises NotFound for an unknown office or service, what `choosing.chosen` raises, and NotGranted.
    """
    office, visit = choosing.chosen(session, office_slug, list(items))
    return office, visit, ways(session, partner.grants, office.id, visit.service_ids)


def ways(
    session: Session, grants: Iterable[Grant], office_id: int, service_ids: Collection[int]
) -> list[Way]:
    """How these services may be booked in one visit. Raises NotGranted."""
    here = [each for each in grants if each.office_id == office_id]
    pooled = frozenset(
        session.scalars(select(Schedule.id).where(Schedule.office_id == office_id, Schedule.pooled))
    )
    by_service = [_by_shares(here, service, pooled) for service in service_ids]
    found = []
    for shares in by_service[0]:
        schedules = frozenset.intersection(*(each.get(shares, frozenset()) for each in by_service))
        if schedules:
            found.append(Way(schedules, shares))
    if not found:
        raise NotGranted
    return sorted(found, key=lambda way: (way.shares is not None, way.shares or ()))


def _by_shares(
    grants: Sequence[Grant], service: int, pooled: frozenset[int]
) -> dict[tuple[Share, ...] | None, frozenset[int]]:
    found: dict[tuple[Share, ...] | None, frozenset[int]] = defaultdict(frozenset)
    for each in grants:
        if each.service_id in (None, service):
            shares = tuple(Share(name) for name in each.shares) if each.shares else None
            found[shares] |= pooled if each.schedule_id is None else {each.schedule_id}
    return found


def restricted(ways: Iterable[Way], schedule_id: int | None) -> list[Way]:
    """The ways that lead to one schedule; None: all of them. Raises NotGranted where none does."""
    if schedule_id is None:
        return list(ways)
    found = [way._replace(schedules=frozenset({schedule_id})) for way in ways if schedule_id in way.schedules]
    if not found:
        raise NotGranted
    return found
