"""The pulse of the workers: that they work, and what became of their jobs. Readiness and metrics read it.

A worker counts in its own memory and writes down the sums with each beat: a job that runs every second must not cost
a transaction more every second. What a killed worker had not written yet is lost, a few seconds of counting.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import BigInteger, Float, String, Table, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from frontoffice.db import Base

BEAT_SECONDS = 10
# So long after its last beat a worker counts as gone: some beats may be late while the database is busy.
GONE_AFTER = timedelta(minutes=1)
FORGOTTEN_AFTER = timedelta(days=1)


class WorkerBeat(Base):
    """A worker process. `name` is the machine's or container's name and something random."""

    __tablename__ = "worker_beat"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime]


class JobRun(Base):
    """What all workers together have made of a job since the table was made."""

    __tablename__ = "job_run"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    runs: Mapped[int] = mapped_column(BigInteger)
    failures: Mapped[int] = mapped_column(BigInteger)
    seconds: Mapped[float] = mapped_column(Float)  # that the runs took together
    longest: Mapped[float] = mapped_column(Float)  # of the runs that were written down last
    succeeded_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(80))  # what kind of error it was last


@dataclass(slots=True)
class Tally:
    """What happened to a job since the last beat."""

    runs: int = 0
    failures: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    error: str | None = None

    def count(self, seconds: float, now: datetime, error: str | None = None) -> None:
        """One run more, which took so long; `error` is the kind of error that ended it."""
        self.runs += 1
        self.seconds += seconds
        self.longest = max(self.longest, seconds)
        if error is None:
            self.succeeded_at = now
        else:
            self.failures += 1
            self.failed_at, self.error = now, error


_INSERT: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
_BEATS, _RUNS = cast(Table, WorkerBeat.__table__), cast(Table, JobRun.__table__)


def beat(
    session: Session, name: str, started_at: datetime, tallies: Mapping[str, Tally], now: datetime
) -> None:
    """The worker `name` is alive, and this is what its jobs did since it said so last."""
    insert = _INSERT[session.get_bind().dialect.name]
    session.execute(
        insert(_BEATS)
        .values(name=name, started_at=started_at, beat_at=now)
        .on_conflict_do_update(index_elements=["name"], set_={"beat_at": now})
    )
    for job, tally in sorted(tallies.items()):  # in one order, so that two workers do not wait for each other
        statement = insert(_RUNS).values(
            name=job,
            runs=tally.runs,
            failures=tally.failures,
            seconds=tally.seconds,
            longest=tally.longest,
            succeeded_at=tally.succeeded_at,
            failed_at=tally.failed_at,
            error=tally.error,
        )
        new, old = statement.excluded, _RUNS.c
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["name"],
                set_={
                    "runs": old.runs + new.runs,
                    "failures": old.failures + new.failures,
                    "seconds": old.seconds + new.seconds,
                    "longest": new.longest,
                    **{
                        each: func.coalesce(new[each], old[each])
                        for each in ("succeeded_at", "failed_at", "error")
                    },
                },
            )
        )


def end(session: Session, name: str) -> None:
    """The worker ends as it was asked to."""
    session.execute(delete(WorkerBeat).where(WorkerBeat.name == name))


def forget(session: Session, now: datetime) -> None:
    """Forget workers that ended long ago without saying so."""
    session.execute(delete(WorkerBeat).where(WorkerBeat.beat_at < now - FORGOTTEN_AFTER))


def alive(session: Session, now: datetime, machine: str = "") -> list[WorkerBeat]:
    """The workers that work; only those of a machine where its name is given."""
    query = select(WorkerBeat).where(WorkerBeat.beat_at >= now - GONE_AFTER).order_by(WorkerBeat.name)
    if machine:
        query = query.where(WorkerBeat.name.startswith(f"{machine}/", autoescape=True))
    return list(session.scalars(query))


def last_beat(session: Session) -> datetime | None:
    """When any worker was heard of last."""
    return session.scalar(select(func.max(WorkerBeat.beat_at)))


def runs(session: Session) -> list[JobRun]:
    """What became of each job."""
    return list(session.scalars(select(JobRun).order_by(JobRun.name)))
