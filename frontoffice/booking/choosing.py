"""Choosing an office and a service, by their names in the address or by words somebody types."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, contains_eager, selectinload

from frontoffice.errors import NotFound
from frontoffice.offices.models import Office, Service


class Place(Protocol):
    """What searching and holding need to know of an office."""

    @property
    def time_zone(self) -> str: ...


class Offer(Protocol):
    """What searching and holding need to know of a service."""

    @property
    def id(self) -> int: ...
    @property
    def minutes(self) -> int: ...
    @property
    def online(self) -> bool: ...
    @property
    def active(self) -> bool: ...


class BriefPlace(NamedTuple):
    """An office in brief."""

    time_zone: str


class BriefOffer(NamedTuple):
    """A service in brief."""

    id: int
    minutes: int
    online: bool
    active: bool


_BY_SLUGS = (Office.slug == bindparam("office"), Service.slug == bindparam("service"), Service.active)
_SERVICE = select(Service).join(Service.office).where(*_BY_SLUGS).options(contains_eager(Service.office))
_BRIEF = (
    select(Office.time_zone, Service.id, Service.minutes, Service.online, Service.active)
    .join(Service, Service.office_id == Office.id)
    .where(*_BY_SLUGS)
)


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


def in_brief(session: Session, office_slug: str, slug: str) -> tuple[BriefPlace, BriefOffer]:
    """As `service`, but only what searching and holding need, for programs that ask often. Raises NotFound."""
    found = session.connection().execute(_BRIEF, {"office": office_slug, "service": slug}).one_or_none()
    if found is None:
        raise NotFound
    return BriefPlace(found[0]), BriefOffer(*found[1:])


def matching(services: Iterable[Service], typed: str) -> list[Service]:
    """The services in use that have all the typed words in their names or descriptions, in any language."""
    words = typed[:100].casefold().split()
    return [each for each in services if each.active and all(word in _text(each) for word in words)]


def _can_be_asked_for(text: str) -> bool:
    return text.isprintable()  # PostgreSQL takes no NUL characters


def _text(each: Service) -> str:
    return " ".join([*each.names.values(), *each.plain.values(), each.legal_basis]).casefold()
