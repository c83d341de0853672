"""Limits that protect something (guessing, signing in): counted in the database, so that they hold across processes."""

import math
from datetime import datetime, timedelta

from sqlalchemy import Index, String, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from frontoffice.db import Base
from frontoffice.errors import TooMany


class Tally(Base):
    """How often somebody did something in one window of time. `who` is a keyed hash, never an address or a name."""

    __tablename__ = "tally"
    __table_args__ = (Index("ix_tally_until", "until"),)

    what: Mapped[str] = mapped_column(String(40), primary_key=True)
    who: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]


def hit(session: Session, what: str, who: str, limit: int, per: timedelta, now: datetime) -> None:
    """Count one more `what` by `who`; raise TooMany beyond `limit` in the running window of length `per`.

    Windows start at multiples of `per`. The count is taken even when the limit is passed, so the caller must let it be
    committed: count in a transaction of its own, before the work that the limit protects.
    """
    seconds = per.total_seconds()
    until = datetime.fromtimestamp((now.timestamp() // seconds + 1) * seconds, tz=now.tzinfo)
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    count: int = session.execute(
        dialect.insert(Tally)
        .values(what=what, who=who, until=until, count=1)
        .on_conflict_do_update(index_elements=["what", "who", "until"], set_={"count": Tally.count + 1})
        .returning(Tally.count)
    ).scalar_one()
    if count > limit:
        raise TooMany(minutes=max(1, math.ceil((until - now).total_seconds() / 60)))


def forget(session: Session, now: datetime) -> None:
    """Drop the windows that are over."""
    session.execute(delete(Tally).where(Tally.until <= now))
