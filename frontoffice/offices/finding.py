"""Finding an office by the name that stands in addresses, its schedules under their lock, its coming closures."""

import re
from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.errors import NotFound
from frontoffice.offices.models import Closure, Office, Schedule

_SLUG = re.compile(r"[a-z0-9-]{1,60}")


def office(session: Session, slug: str) -> Office:
    """The office with this slug. Raises NotFound."""
    # An address may hold anything, also characters that a database refuses to look for.
    found = session.scalar(select(Office).where(Office.slug == slug)) if _SLUG.fullmatch(slug) else None
    if found is None:
        raise NotFound
    return found


def locked_schedules(session: Session, office: Office) -> Sequence[Schedule]:
    """The schedules of an office as they are now, locked until the transaction ends.

    Who changes when an office is open, or plans its book, comes here first: one at a time for an office, because
    an earlier planner could overwrite a later one's work with older rules.
    """
    query = select(Schedule).where(Schedule.office_id == office.id).order_by(Schedule.id)
    return session.scalars(
        query.with_for_update(key_share=True, of=Schedule), execution_options={"populate_existing": True}
    ).all()


def coming_closures(session: Session, office: Office, today: date) -> Sequence[Closure]:
    """The closures of the office from today on, by day."""
    query = select(Closure).where(Closure.office_id == office.id, Closure.day >= today)
    return session.scalars(query.order_by(Closure.day, Closure.id)).all()
