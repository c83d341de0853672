"""Choosing an office and a service, by their names in the address or by words somebody types."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, selectinload

from frontoffice.errors import NotFound
from frontoffice.offices.models import Office, Service


def office(session: Session, slug: str) -> Office:
    """The office with this slug and its services. Raises NotFound."""
    query = select(Office).where(Office.slug == slug).options(selectinload(Office.services))
    found = session.scalar(query) if is_slug(slug) else None
    if found is None:
        raise NotFound
    return found


def service(session: Session, office_slug: str, slug: str) -> Service:
    """The service with this slug, which is in use, and its office. Raises NotFound."""
    query = (
        select(Service)
        .join(Service.office)
        .where(Office.slug == office_slug, Service.slug == slug, Service.active)
        .options(contains_eager(Service.office))
    )
    found = session.scalar(query) if is_slug(office_slug) and is_slug(slug) else None
    if found is None:
        raise NotFound
    return found


def matching(services: Iterable[Service], typed: str) -> list[Service]:
    """The services in use that have all the typed words in their names or descriptions, in any language."""
    words = typed[:100].casefold().split()
    return [each for each in services if each.active and all(word in _text(each) for word in words)]


def is_slug(text: str) -> bool:
    """Whether a database may be asked for it: PostgreSQL takes no NUL characters."""
    return text.isprintable()


def _text(each: Service) -> str:
    return " ".join([*each.names.values(), *each.plain.values(), each.legal_basis]).casefold()
