"""Limits that protect something (guessing, signing in): counted in the database, so that they hold across processes."""

import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Index, String, Table, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from frontoffice.db import Base, Database
from frontoffice.errors import DomainError, TooMany
from frontoffice.quick import Quick, Rider


class Tally(Base):
    """How often somebody did something in one window of time. `who` is a keyed hash, never an address or a name."""

    __tablename__ = "tally"
    __table_args__ = (Index("ix_tally_until", "until"),)

    what: Mapped[str] = mapped_column(String(40), primary_key=True)
    who: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]


_TALLIES = cast(Table, Tally.__table__)
_HIT = {
    name: Quick(
        dialect.insert(_TALLIES)
        .on_conflict_do_update(index_elements=["what", "who", "until"], set_={"count": _TALLIES.c.count + 1})
        .returning(_TALLIES.c.count)
    )
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}
_AS_RIDER = (
    postgresql.insert(_TALLIES)
    .on_conflict_do_update(index_elements=["what", "who", "until"], set_={"count": _TALLIES.c.count + 1})
    .returning(_TALLIES.c.count)
)


# Which limits have refused somebody in this process, until somebody counts them (`web/watch.py`).
refused: deque[str] = deque(maxlen=10_000)


def rider(what: str, who: str, per: timedelta, now: datetime) -> Rider:
    """What `hit` counts, as a statement that may ride along with an event (see `events.append`)."""
    given = {"what": what, "who": who, "until": _end_of_window(per, now), "count": 1}
    return Rider(_AS_RIDER, {f"tally_{name}": value for name, value in given.items()})


def hit(
    session: Session,
    what: str,
    who: str,
    limit: int,
    per: timedelta,
    now: datetime,
    ridden: Rider | None = None,
) -> None:
    """Count one more `what` by `who`; raise TooMany beyond `limit` in the running window of length `per`.

    Windows start at multiples of `per`. The count is taken even when the limit is passed, so the caller must let it be
    committed: count in a transaction of its own, before the work that the limit protects. What has `ridden` along
    with an event of this transaction is not counted again.
    """
    until = _end_of_window(per, now)
    count: int | None = ridden.took(session) if ridden else None
    if count is None:
        given = {"what": what, "who": who, "until": until, "count": 1}
        count = cast(int, _HIT[session.get_bind().dialect.name].run(session, given)[0][0])
    if count > limit:
        refused.append(what)
        raise TooMany(minutes=max(1, math.ceil((until - now).total_seconds() / 60)))


def _end_of_window(per: timedelta, now: datetime) -> datetime:
    seconds = per.total_seconds()
    return datetime.fromtimestamp((now.timestamp() // seconds + 1) * seconds, tz=now.tzinfo)


@contextmanager
def counted(database: Database, count: Callable[[Session], None]) -> Iterator[Session]:
    """A transaction that does something and counts it, once, whether it succeeds or is refused.

    `count` comes last, so that its rows are locked for a moment only, and one COMMIT is enough for both. Where it
    raises, all is undone. Where the block raises a domain error, that is undone, and counted by itself.
    """
    counting = False
    try:
        with database.write() as session:
            yield session
            counting = True
            count(session)
    except DomainError:
        if not counting:
            with database.write() as session:
                count(session)
        raise


def forget(session: Session, now: datetime) -> None:
    """Drop the windows that are over."""
    session.execute(delete(Tally).where(Tally.until <= now))
