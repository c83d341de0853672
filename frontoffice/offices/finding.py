"""Finding an office by the name that stands in addresses."""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.errors import NotFound
from frontoffice.offices.models import Office

_SLUG = re.compile(r"[a-z0-9-]{1,60}")


def office(session: Session, slug: str) -> Office:
    """The office with this slug. Raises NotFound."""
    # An address may hold anything, also characters that a database refuses to look for.
    found = session.scalar(select(Office).where(Office.slug == slug)) if _SLUG.fullmatch(slug) else None
    if found is None:
        raise NotFound
    return found
