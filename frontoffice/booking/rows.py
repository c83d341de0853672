"""Objects of the ORM for rows that were read or written without it, on the way that everybody takes."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from frontoffice import memory
from frontoffice.db import Base
from frontoffice.offices.models import Office, Schedule, Service
from frontoffice.quick import Quick

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


def made(session: Session, kind: type[T], values: Mapping[str, Any]) -> T:
    """The object of the row with these values, `id` among them; what is not among them is read when asked for."""
    known: Any = session.identity_map.get(identity_key(kind, values["id"]))
    if known is not None:
        for name, value in values.items():
            set_committed_value(known, name, value)
        return known  # type: ignore[no-any-return]
    new = _apart(kind, values)
    session.add(new)
    return new


def lasting(session: Session, kind: type[T], number: int) -> T | None:
    """An Office, Schedule or Service, as it was some seconds ago at most; None where there is none.

    It belongs to no session and is shared: its columns can be read, relationships and changes are out of reach.
    """
    return memory.remembered(session, (kind, number), lambda: _read(session, kind, number))


def _read(session: Session, kind: type[T], number: int) -> T | None:
    names, query = _LASTING[kind]  # type: ignore[index]
    session.flush()
    for row in query.run(session, {"id": number}):
        return _apart(kind, dict(zip(names, row, strict=True)))
    return None


def _apart(kind: type[T], values: Mapping[str, Any]) -> T:
    new: T = kind.__mapper__.class_manager.new_instance()
    new.__dict__.update(values)
    make_transient_to_detached(new)
    return new
