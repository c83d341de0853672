"""Something that happened: the feed that screens follow, the audit trail and the statistics read the same rows.

Events are numbered per office, one after the other, under a lock that is held until commit. Without it PostgreSQL can
show a later number before an earlier one, and a follower that asks for "after my last" would lose the earlier for ever.
Because of the lock, verbs append their events as the last thing they do.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    CTE,
    JSON,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    true,
)
from sqlalchemy import cast as cast_to
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from frontoffice.db import Base, Id
from frontoffice.quick import Quick, Rider

CHANNEL = "frontoffice_events"
LEAST_KEPT_DAYS = 90
AT_ONCE = 500


class Event(Base):
    """One thing that happened at an office. `data` holds no personal data, only keys and codes.

    What belongs to no office, such as signing in, has number 0 and is followed by nobody. The database itself refuses
    to change an event, and to delete one before LEAST_KEPT_DAYS are over (migration 0019).
    """

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("office_id", "number"),
        Index("ix_event_subject", "subject"),
        Index("ix_event_office_id_at", "office_id", "at"),
        Index("ix_event_at", "at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    office_id: Mapped[int | None] = mapped_column(ForeignKey("office.id"))
    number: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(60))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class EventCount(Base):
    """The last number given to an event of an office; its row is the lock."""

    __tablename__ = "event_count"

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"), primary_key=True, autoincrement=False)
    last: Mapped[int]


_EVENTS = cast(Table, Event.__table__)
_COUNTS = cast(Table, EventCount.__table__)
_TOLD = {
    name: bindparam(name, type_=_EVENTS.c[name].type) for name in ("at", "kind", "actor", "subject", "data")
}
_OFFICE = bindparam("office", type_=_EVENTS.c.office_id.type)

_ONE_MORE: dict[str, Any] = {"index_elements": ["office_id"], "set_": {"last": _COUNTS.c.last + 1}}
_COUNT = {
    name: dialect.insert(_COUNTS)
    .values(office_id=_OFFICE, last=1)
    .on_conflict_do_update(**_ONE_MORE)
    .returning(_COUNTS.c.last)
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}
_ADD = Quick(insert(_EVENTS).values(office_id=_OFFICE, number=bindparam("number"), **_TOLD))


_RING = func.pg_notify(CHANNEL, cast_to(_OFFICE, String))


def ending(written: CTE, subject: ColumnElement[str], data: ColumnElement[Any]) -> Select[Any]:
    """On PostgreSQL: what is `written` (one row, or none), and the event about it, in one round trip.

    Gives the columns of that row, and one more. Where it is none, nothing is numbered. The parameters `office`, `at`,
    `kind` and `actor` are those of `append`. The row's own lock comes first, as always: numbering reads what it gives.
    """
    counted = (
        postgresql.insert(_COUNTS)
        .from_select(["office_id", "last"], select(_OFFICE, literal_column("1")).select_from(written))
        .on_conflict_do_update(**_ONE_MORE)
        .returning(_COUNTS.c.last)
        .cte("counted")
    )
    told = {**_TOLD, "subject": subject, "data": data}
    added = (
        insert(_EVENTS)
        .from_select(
            ["office_id", "number", *told],
            select(_OFFICE, counted.c.last, *told.values()).select_from(written.join(counted, true())),
        )
        .returning(_EVENTS.c.number)
        .cte("added")
    )
    return select(*written.c, _RING).select_from(written.join(added, true()))


def _all_in_one(rider: Any = None) -> Quick:
    """Number, event and doorbell in one round trip. Only PostgreSQL can; followers of SQLite watch its data_version.

    A rider is run when the event is written: locks are taken in the same order always.
    """
    counted = _COUNT["postgresql"].cte("counted")
    added = (
        insert(_EVENTS)
        .from_select(["office_id", "number", *_TOLD], select(_OFFICE, counted.c.last, *_TOLD.values()))
        .returning(_EVENTS.c.number)
        .cte("added")
    )
    said = select(added.c.number, _RING)
    if rider is not None:
        names = [each.name for each in rider.table.c]
        given = [bindparam(f"{rider.table.name}_{each.name}", type_=each.type) for each in rider.table.c]
        run = rider.from_select(names, select(*given).select_from(added)).cte("rider")
        said = said.add_columns(select(*run.c).scalar_subquery())
    return Quick(said)


_ON_POSTGRESQL = _all_in_one()
_WITH_RIDER = cache(_all_in_one)
_ON_SQLITE = Quick(_COUNT["sqlite"])
_LAST = Quick(select(_COUNTS.c.last).where(_COUNTS.c.office_id == _OFFICE))


def is_told(session: Session, kind: str, actor: str, subject: str, since: datetime) -> bool:
    """Whether that has happened after `since` already."""
    query = select(Event.id).where(Event.subject == subject, Event.kind == kind, Event.actor == actor)
    return session.scalar(query.where(Event.at > since).limit(1)) is not None


def append(
    session: Session,
    office_id: int | None,
    kind: str,
    now: datetime,
    *,
    actor: str,
    subject: str,
    data: dict[str, Any] | None = None,
    rider: Rider | None = None,
) -> int:
    """Add an event and return its number; without an office one that belongs to none, numbered 0.

    `kind` is like "ticket.called", `actor` like "account:3", "device:2" or "visitor", `subject` like "ticket:17".
    On PostgreSQL the `rider` is run in the same round trip, so that the office's lock is held for a shorter time.
    """
    session.flush()  # what is locked by writing it comes before the event
    about = {
        "office": office_id,
        "at": now,
        "kind": kind,
        "actor": actor,
        "subject": subject,
        "data": data or {},
    }
    number: int
    if office_id is None:
        _ADD.run(session, about | {"number": 0})
        return 0
    if session.get_bind().dialect.name == "postgresql":
        if rider is not None:
            [(number, _, value)] = _WITH_RIDER(rider.statement).run(session, {**about, **rider.values})
            rider.has_ridden(session, value)
        else:
            number = _ON_POSTGRESQL.run(session, about)[0][0]
    else:
        number = _ON_SQLITE.run(session, {"office": office_id})[0][0]
        _ADD.run(session, about | {"number": number})
    return number


def after(session: Session, office_id: int, number: int, limit: int = 500) -> Sequence[Event]:
    """The events of an office with a number above `number`, oldest first, `limit` at most."""
    query = (
        select(Event)
        .where(Event.office_id == office_id, Event.number > number)
        .order_by(Event.number)
        .limit(limit)
    )
    return session.scalars(query).all()


def last_number(session: Session, office_id: int) -> int:
    """The number of the newest event of an office; 0 where nothing has happened yet."""
    session.flush()
    rows = _LAST.run(session, {"office": office_id})
    return rows[0][0] if rows else 0


def forget(session: Session, before: datetime, limit: int = AT_ONCE) -> int:
    """Delete events from before that moment, at most `limit`, and say how many. The database refuses younger ones
    than LEAST_KEPT_DAYS.
    """
    old = select(Event.id).where(Event.at < before).order_by(Event.id).limit(limit)
    numbers = session.scalars(old).all()
    session.execute(delete(Event).where(Event.id.in_(numbers)))
    return len(numbers)
