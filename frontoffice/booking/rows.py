"""Objects of the ORM for rows that were read or written without it, on the way that everybody takes."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from frontoffice.db import Base

T = TypeVar("T", bound=Base)


def made(session: Session, kind: type[T], values: Mapping[str, Any]) -> T:
    """The object of the row with these values, `id` among them; what is not among them is read when asked for."""
    known: Any = session.identity_map.get(identity_key(kind, values["id"]))
    if known is not None:
        for name, value in values.items():
            set_committed_value(known, name, value)
        return known  # type: ignore[no-any-return]
    new: T = kind.__mapper__.class_manager.new_instance()
    new.__dict__.update(values)
    make_transient_to_detached(new)
    session.add(new)
    return new
