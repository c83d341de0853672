"""Choosing an office and services, by their names in the address or by words somebody types."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, contains_eager, selectinload

from frontoffice import memory
from frontoffice.booking import rows
from frontoffice.booking.sheet import MINUTES
from frontoffice.booking.visit import Item, Offer, Visit, visit
from frontoffice.errors import NotFound
from frontoffice.offices.models import Office, Service

__all__ = ["BriefOffer", "BriefPlace", "Kept", "Offer", "Place"]


class Place(Protocol):
    """What searching and holding need to know of an office."""

    @property
    def time_zone(self) -> str: ...


class Kept(Protocol):
    """A hold or an appointment, as far as it tells what somebody comes for."""

    @property
    def items(self) -> list[list[int]]: ...
    @property
    def ticks(self) -> int: ...


class BriefPlace(NamedTuple):
    """An office in brief."""

    time_zone: str


class BriefOffer(NamedTuple):
    """A service in brief."""

    id: int
    minutes: int
    minutes_next_person: int | None
    minutes_together: int | None
    most_people: int
    online: bool
    active: bool


_SERVICE = (
    select(Service)
    .join(Service.office)
    .where(Office.slug == bindparam("office"), Service.slug == bindparam("service"), Service.active)
    .options(contains_eager(Service.office))
)
_OFFERS = (
    select(Service)
    .join(Service.office)
    .where(
        Office.slug == bindparam("office"),
        Service.slug.in_(bindparam("services", expanding=True)),
        Service.active,
    )
    .options(contains_eager(Service.office))
)
_BRIEF = (
    select(Office.time_zone, Service.slug, *(getattr(Service, name) for name in BriefOffer._fields))
    .join(Service, Service.office_id == Office.id)
    .where(Office.slug == bindparam("office"), Service.active)
)
_BRIEF_ONE = _BRIEF.where(Service.slug == bindparam("service"))
_BRIEF_SEVERAL = _BRIEF.where(Service.slug.in_(bindparam("services", expanding=True)))


def office(session: Session, slug: str) -> Office:
    """The office with this slug and its services. Raises NotFound."""
    query = select(Office).where(Office.slug == slug).options(selectinload(Office.services))
    found = session.scalar(query) if _can_be_asked_for(slug) else None
    if found is None:
        raise NotFound
    return found


def service(session: Session, office_slug: str, slug: str) -> Service:
    """The service with this slug, which is in use, and its office. Raises NotFound."""
    names = {"office": office_slug, "service": slug}
    found = session.scalar(_SERVICE, names) if all(map(_can_be_asked_for, names.values())) else None
    if found is None:
        raise NotFound
    return found


def chosen(session: Session, office_slug: str, wanted: Sequence[tuple[str, int]]) -> tuple[Office, Visit]:
    """The office, and the visit for the services with these slugs, each for so many people.

    Raises NotFound where one does not exist or is not in use, and what `visit` raises.
    """
    slugs = _askable(office_slug, wanted)
    found = session.scalars(_OFFERS, {"office": office_slug, "services": slugs}).all()
    offers = {each.slug: each for each in found}
    if not offers or any(slug not in offers for slug in slugs):
        raise NotFound
    return found[0].office, visit((offers[slug], people) for slug, people in wanted)


def in_brief(
    session: Session, office_slug: str, wanted: Sequence[tuple[str, int]]
) -> tuple[BriefPlace, Visit]:
    """As `chosen`, but only what searching and holding need, for programs that ask often."""
    slugs = _askable(office_slug, wanted)
    key = ("in brief", office_slug, *wanted)
    return memory.remembered(session, key, lambda: _in_brief(session, office_slug, slugs, wanted))


def visit_of(session: Session, stored_items: Sequence[Sequence[int]]) -> Visit:
    """The visit of stored items, also when the office has changed its limits since."""
    numbers = [number for number, _ in stored_items]
    services = [rows.lasting(session, Service, number) for number in numbers]
    items = zip(services, (people for _, people in stored_items), strict=True)
    known = tuple(Item(service, people) for service, people in items if service is not None)
    if len(known) < len(services):
        raise NotFound
    return Visit(known)


def matching(services: Iterable[Service], typed: str) -> list[Service]:
    """The services in use that have all the typed words in their names or descriptions, in any language."""
    words = typed[:100].casefold().split()
    return [each for each in services if each.active and all(word in _text(each) for word in words)]


def _in_brief(
    session: Session, office_slug: str, slugs: Sequence[str], wanted: Sequence[tuple[str, int]]
) -> tuple[BriefPlace, Visit]:
    connection = session.connection()
    if len(slugs) == 1:
        found = connection.execute(_BRIEF_ONE, {"office": office_slug, "service": slugs[0]}).all()
    else:
        found = connection.execute(_BRIEF_SEVERAL, {"office": office_slug, "services": slugs}).all()
    offers = {slug: BriefOffer(*rest) for _, slug, *rest in found}
    if not offers or any(slug not in offers for slug in slugs):
        raise NotFound
    return BriefPlace(found[0][0]), visit((offers[slug], people) for slug, people in wanted)


def kept_visit(session: Session, kept: Kept) -> Visit:
    """The visit of a hold or an appointment, as long as it was agreed to be."""
    return visit_of(session, kept.items)._replace(agreed=kept.ticks * MINUTES)


def _askable(office_slug: str, wanted: Sequence[tuple[str, int]]) -> list[str]:
    slugs = [slug for slug, _ in wanted]
    if not all(map(_can_be_asked_for, [office_slug, *slugs])):
        raise NotFound
    return slugs


def _can_be_asked_for(text: str) -> bool:
    return text.isprintable()  # PostgreSQL takes no NUL characters


def _text(each: Service) -> str:
    return " ".join([*each.names.values(), *each.plain.values(), each.legal_basis]).casefold()
