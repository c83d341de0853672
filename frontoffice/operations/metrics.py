"""Everything a monitoring system reads, as Prometheus takes it (text format 0.0.4).

What the office is like (lines, holds, messages, workers) comes from the database, so every process on every machine
tells the same. What web processes do (requests, streams, connections) is counted in each, in files that all processes
of a machine share (prometheus_client's multiprocess mode): whichever is asked adds them up. Several machines are
asked one by one, as Prometheus does with instances.
"""

import os
from collections.abc import Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from frontoffice import pulse
from frontoffice.booking.models import Appointment, Hold
from frontoffice.line.models import AT_COUNTER, CounterSession, Ticket, TicketState
from frontoffice.messages import metrics as outbox
from frontoffice.offices.models import Counter, Office
from frontoffice.web import watch

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's own


def exposition(session: Session, now: datetime) -> bytes:
    """All of it."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected([*families(session, now), *outbox.families(session, now)]))
    if FOLDER in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
    return generate_latest(registry) + generate_latest(watch.registry)


class _Collected(Collector):
    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Sequence[Metric]:
        return self._families


def families(session: Session, now: datetime) -> list[Metric]:
    """How the office and its workers are doing."""
    return [*_of_the_line(session), *_of_booking(session, now), *_of_workers(session, now)]


def _of_the_line(session: Session) -> list[Metric]:
    waiting = _gauge("tickets_waiting", "People who wait", ["office"])
    served = _gauge("tickets_at_counter", "People who are called or served", ["office"])
    opened = _gauge("counters_open", "Counters that somebody has opened", ["office"])
    rows = session.execute(
        select(
            Office.slug,
            func.count().filter(Ticket.state == TicketState.WAITING),
            func.count().filter(Ticket.state.in_(AT_COUNTER)),
        )
        .join(Ticket, Ticket.office_id == Office.id)
        .where(Ticket.state.in_([TicketState.WAITING, *AT_COUNTER]))
        .group_by(Office.slug)
    ).all()
    numbers = {slug: (in_line, at_counter) for slug, in_line, at_counter in rows}
    at_work = session.execute(
        select(Office.slug, func.count())
        .join(Counter, Counter.office_id == Office.id)
        .join(CounterSession, CounterSession.counter_id == Counter.id)
        .where(CounterSession.closed_at.is_(None))
        .group_by(Office.slug)
    )
    counters: dict[str, int] = dict(at_work.all())
    for slug in session.scalars(select(Office.slug).order_by(Office.slug)):
        in_line, at_counter = numbers.get(slug, (0, 0))
        waiting.add_metric([slug], in_line)
        served.add_metric([slug], at_counter)
        opened.add_metric([slug], counters.get(slug, 0))
    return [waiting, served, opened]


def _of_booking(session: Session, now: datetime) -> list[Metric]:
    holds = _gauge("holds", "Times that are kept for somebody", ["purpose"])
    query = select(Hold.purpose, func.count()).where(Hold.released_at.is_(None)).group_by(Hold.purpose)
    for purpose, number in session.execute(query):
        holds.add_metric([purpose], number)
    appointments = _gauge("appointments", "Appointments still to come, by state", ["state"])
    coming = select(Appointment.state, func.count()).where(Appointment.start >= now)
    for state, number in session.execute(coming.group_by(Appointment.state)):
        appointments.add_metric([state], number)
    return [holds, appointments]


def _of_workers(session: Session, now: datetime) -> list[Metric]:
    alive = _gauge("workers", "Workers that were heard of within a minute", [])
    alive.add_metric([], len(pulse.alive(session, now)))
    runs = _counter("job_runs", "Runs of a job, by all workers")
    failures = _counter("job_failures", "Runs of a job that failed")
    seconds = _counter("job_seconds", "How long the runs of a job took together")
    longest = _gauge("job_longest_seconds", "The longest of the latest runs", ["job"])
    success = _gauge("job_succeeded_timestamp_seconds", "When a job succeeded last", ["job"])
    for job in pulse.runs(session):
        runs.add_metric([job.name], job.runs)
        failures.add_metric([job.name], job.failures)
        seconds.add_metric([job.name], job.seconds)
        longest.add_metric([job.name], job.longest)
        if job.succeeded_at is not None:
            success.add_metric([job.name], job.succeeded_at.timestamp())
    return [alive, runs, failures, seconds, longest, success]


def _gauge(name: str, about: str, labels: Sequence[str]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"frontoffice_{name}", about, labels=labels)


def _counter(name: str, about: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"frontoffice_{name}", about, labels=["job"])
