"""Rows that last: offices, schedules and services, kept for some seconds on the way that everybody takes."""

from typing import TypeVar

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from frontoffice import memory
from frontoffice.db import Base
from frontoffice.offices.models import Office, Schedule, Service
from frontoffice.quick import Quick, apart

T = TypeVar("T", bound=Base)

_LASTING = {
    kind: (
        [column.key for column in kind.__table__.columns],
        Quick(select(kind.__table__).where(kind.__table__.c.id == bindparam("id"))),
    )
    for kind in (Office, Schedule, Service)
}
for _kind in _LASTING:
    memory.seldom_changed(_kind)


def lasting(session: Session, kind: type[T], number: int) -> T | None:
    """An Office, Schedule or Service, as it was some seconds ago at most; None where there is none.

    It belongs to no session and is shared: its columns can be read, relationships and changes are out of reach.
    """
    return memory.remembered(session, (kind, number), lambda: _read(session, kind, number))


def _read(session: Session, kind: type[T], number: int) -> T | None:
    names, query = _LASTING[kind]  # type: ignore[index]
    session.flush()
    for row in query.run(session, {"id": number}):
        return apart(kind, dict(zip(names, row, strict=True)))
    return None
