"""The worker: sends messages and tidies up, at regular ticks (APScheduler).

A tick is only a nudge. What must be right is right in the database, so a missed or doubled tick does no harm,
and any number of workers may run.
"""

import logging
import os
import secrets
import signal
import socket
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import NamedTuple

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from frontoffice import clock, events, limits, pulse
from frontoffice.booking import blocking, confirming, holding, planning, reminding
from frontoffice.booking import retention as bookings
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import card_pace, card_telling, card_upkeep, looking_up, watch_sweep, watch_upkeep
from frontoffice.draw import drawing, settling
from frontoffice.insight import keeping, promise
from frontoffice.line import end_of_day, evening, journal, learning, next_up, parking
from frontoffice.line import personal as tickets
from frontoffice.messages import channels, outbox, receipts, retention, sweep
from frontoffice.messages import personal as forgetting
from frontoffice.messages.dispatch import Delivery, deliver_due
from frontoffice.messages.models import JobLease
from frontoffice.messages.reconcile import clarify
from frontoffice.messages.timing import Timing
from frontoffice.offices.models import Office
from frontoffice.partners import tidying
from frontoffice.staff import signing_in
from frontoffice.waitlist import answering, leaving, offering

log = structlog.get_logger(__name__)

ENDING = {signal.SIGTERM, signal.SIGINT}


class Pulse:
    """What this worker has done since it was written down last; threads of several jobs count in it."""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()[:40]}/{os.getpid()}-{secrets.token_hex(4)}"
        self.started_at = clock.now()
        self._guard = threading.Lock()
        self._tallies: dict[str, pulse.Tally] = {}

    def count(self, job: str, seconds: float, error: str | None = None) -> None:
        """A run of a job has ended."""
        with self._guard:
            self._tallies.setdefault(job, pulse.Tally()).count(seconds, clock.now(), error)

    def beat(self, database: Database) -> None:
        """Write it down."""
        with self._guard:
            tallies, self._tallies = self._tallies, {}
        with database.write() as session:
            pulse.beat(session, self.name, self.started_at, tallies, clock.now())

    def end(self, database: Database) -> None:
        """The last beat: what is left to write down, and that no other will come."""
        self.beat(database)
        with database.write() as session:
            pulse.end(session, self.name)


@dataclass(frozen=True, slots=True)
class Context:
    """What jobs are given. A long job asks `stopping()` now and then, and ends early."""

    config: Config
    database: Database
    delivery: Delivery
    stopping: Callable[[], bool]
    pulse: Pulse = field(default_factory=Pulse)


class Job(NamedTuple):
    """Something done every so many seconds: by each worker, or by `one_worker` at a time."""

    name: str
    every_seconds: float
    run: Callable[[Context], object]
    one_worker: bool = True


def _dispatch(context: Context) -> None:
    deliver_due(context.delivery, context.stopping)


def _beat(context: Context) -> None:
    context.pulse.beat(context.database)


def _reconcile(context: Context) -> None:
    clarify(context.delivery)


def _lapse(context: Context) -> None:
    with context.database.write() as session:
        sweep.lapse(session, context.delivery.timing, clock.now())


def _expire(context: Context) -> None:
    with context.database.write() as session:
        sweep.expire(session, clock.now())


def _while(context: Context, more: Callable[[Session], bool]) -> None:
    """One transaction after the other, while `more` says that there is more to do and the worker is not to stop."""
    while not context.stopping():
        with context.database.write() as session:
            if not more(session):
                return


def _forget_events(context: Context) -> None:
    keep = timedelta(days=context.config.audit.keep_days)
    _while(context, lambda session: events.forget(session, clock.now() - keep) >= events.AT_ONCE)


def _redact(context: Context) -> None:
    keep = context.delivery.timing.keep
    _while(context, lambda session: forgetting.finish(session, clock.now()) >= forgetting.AT_ONCE)
    _while(context, lambda session: retention.redact(session, keep, clock.now()) >= retention.AT_ONCE)


def _forget_messages(context: Context) -> None:
    keep = timedelta(days=context.config.messages.forget_days)
    _while(context, lambda session: retention.forget(session, keep, clock.now()) >= retention.AT_ONCE)


def _catch_up(context: Context) -> None:
    with context.database.write() as session:
        receipts.catch_up(session, context.delivery.timing, clock.now())
        receipts.mail_too(session, context.delivery.timing, clock.now())


def _release_holds(context: Context) -> None:
    _while(context, lambda session: holding.release_expired(session, clock.now()) >= holding.AT_ONCE)


def _lapse_unconfirmed(context: Context) -> None:
    config, most = context.config, confirming.AT_ONCE
    _while(context, lambda session: confirming.lapse(session, clock.now(), settings=config) >= most)


def _anonymise(context: Context) -> None:
    config = context.config
    _while(
        context,
        lambda session: bookings.anonymise(session, clock.now(), settings=config) >= bookings.AT_ONCE,
    )
    with context.database.read() as session:
        offices = session.scalars(select(Office).order_by(Office.id)).all()
    for office in offices:
        while not context.stopping():
            with context.database.read() as session:
                if not tickets.are_over(session, office, clock.now(), settings=config):
                    break
            with context.database.write() as session:
                tickets.forget_over(session, office, clock.now(), settings=config)


def _remind(context: Context) -> None:
    while not context.stopping():
        now = clock.now()
        with context.database.write() as session:
            if reminding.sweep(session, now, settings=context.config).until >= now:
                return


def _plan(context: Context) -> None:
    now = clock.now()
    with context.database.read() as session:
        offices = session.scalars(select(Office).order_by(Office.id)).all()
    for office in offices:
        with context.database.write() as session:
            place = session.get_one(Office, office.id)
            clashes = planning.plan_ahead(session, place, now, context.config.booking)
        if clashes:
            log.warning(
                "planning.clashes", office=office.slug, appointments=[each.appointment_id for each in clashes]
            )


def _serve_waiting_list(context: Context) -> None:
    config, database = context.config, context.database
    _while(context, lambda session: bool(answering.expire_next(session, clock.now(), settings=config)))
    with database.read() as session:
        sheets = offering.freed_sheets(session, clock.now())
    for sheet_id in sheets:
        with database.write() as session:
            offering.offer(session, sheet_id, clock.now(), settings=config)
        if context.stopping():
            return


def _end_wishes(context: Context) -> None:
    with context.database.write() as session:
        leaving.end_due(session, clock.now(), settings=context.config)


def _draw(context: Context) -> None:
    config = context.config
    _while(context, lambda session: bool(drawing.draw_next(session, clock.now())))
    _while(context, lambda session: bool(settling.settle_next(session, clock.now(), settings=config)))


def _wake_parked(context: Context) -> None:
    with context.database.write() as session:
        parking.wake(session, clock.now())


def _tell_who_is_next(context: Context) -> None:
    with context.database.read() as session:
        offices = next_up.offices(session)
        now = clock.now()
        tickets = [
            each for office in offices for each in next_up.near(session, office, now, context.config.line)
        ]
    if tickets:
        with context.database.write() as session:
            next_up.tell(session, tickets, clock.now())


def _forget_numbers(context: Context) -> None:
    with context.database.write() as session:
        next_up.forget_numbers(session)


def _note_expected_waits(context: Context) -> None:
    now, settings = clock.now(), context.config.line
    with context.database.read() as session:
        offices = learning.waiting_offices(session, now)
    for office in offices:
        if context.stopping():
            return
        with context.database.read() as session:
            waits = learning.expected_now(session, office, now, settings)
        if waits:
            with context.database.write() as session:
                learning.note(session, office.id, waits, now)


def _learn_waits(context: Context) -> None:
    with context.database.read() as session:
        offices = session.scalars(select(Office).order_by(Office.id)).all()
    for office in offices:
        if context.stopping():
            return
        now, settings = clock.now(), context.config.line
        with context.database.read() as session:
            learned = (
                learning.gather(session, office, now, settings)
                if learning.is_due(session, office, now)
                else None
            )
        if learned is not None:
            with context.database.write() as session:
                learning.keep(session, office, learned, now, settings)


def _forget_journals(context: Context) -> None:
    keep = timedelta(days=context.config.line.journal_days)
    _while(context, lambda session: journal.forget(session, keep, clock.now()) >= journal.AT_ONCE)


def _send_home(context: Context) -> None:
    with context.database.read() as session:
        offices = session.scalars(select(Office).order_by(Office.id)).all()
        due = [each.id for each in offices if end_of_day.is_due(session, each, clock.now())]
    for office_id in due:
        with context.database.write() as session:
            end_of_day.send_home(session, session.get_one(Office, office_id), clock.now())


def _end_earlier_days(context: Context) -> None:
    with context.database.read() as session:
        offices = session.scalars(select(Office.id).order_by(Office.id)).all()
    for office_id in offices:
        with context.database.write() as session:
            evening.end_earlier_days(session, session.get_one(Office, office_id), clock.now())


def _remind_of_ends(context: Context) -> None:
    mark, unreadable = None, 0
    while not context.stopping():
        with context.database.write() as session:
            swept = watch_sweep.sweep(session, clock.now(), settings=context.config, after=mark)
        mark, unreadable = swept.mark, unreadable + swept.unreadable
        if mark is None:
            break
    if unreadable:
        log.error("reminders.unreadable", watches=unreadable)


def _look_after_watches(context: Context) -> None:
    config, database = context.config, context.database
    _while(context, lambda session: watch_upkeep.forget_muted(session, clock.now()) >= watch_upkeep.AT_ONCE)
    with database.read() as session:
        plans, offices = (
            watch_upkeep.outdated(session, config.documents),
            session.scalars(select(Office)).all(),
        )
    number: int | None = 0 if plans else None
    while number is not None:
        if context.stopping():
            return
        with database.write() as session:
            number = watch_upkeep.replan(session, plans, number, clock.now())
            if number is None:
                watch_upkeep.note(session, plans)
    for office in offices:
        _while(
            context,
            lambda session, place=office: (  # type: ignore[misc]
                watch_upkeep.forget(session, place, clock.now(), settings=config) >= watch_upkeep.AT_ONCE
            ),
        )


def _work_out_days(context: Context) -> None:
    with context.database.read() as session:
        offices = session.scalars(select(Office).order_by(Office.id)).all()
        due = [(each, day) for each in offices for day in keeping.due_days(session, each, clock.now())]
    for office, day in due:
        if context.stopping():
            return
        with context.database.write() as session:
            keeping.work_out(session, office, day, clock.now())


def _look_at_promises(context: Context) -> None:
    config = context.config
    with context.database.read() as session:
        offices = session.scalars(select(Office).order_by(Office.id)).all()
    for office in offices:
        if context.stopping():
            return
        now = clock.now()
        with context.database.read() as session:
            found = promise.look(session, office, now, config.booking)
        link = f"{config.site.base_url}/staff/statistics/?office={office.slug}#promise"
        to, language = config.insight.alarm_mail, config.site.languages[0]
        with context.database.write() as session:
            promise.note(session, office, found, now, promise.Alarm(to, language, link) if to else None)


def _remind_of_cards(context: Context) -> None:
    config = context.config
    _while(
        context,
        lambda session: card_telling.remind(session, clock.now(), settings=config) >= card_telling.AT_ONCE,
    )


def _forget_cards(context: Context) -> None:
    keep = context.config.cards
    _while(
        context,
        lambda session: card_upkeep.forget(session, clock.now(), settings=keep) >= card_upkeep.AT_ONCE,
    )


def _forget(context: Context) -> None:
    with context.database.write() as session:
        limits.forget(session, clock.now())
        looking_up.forget(session, clock.now())
        card_pace.forget(session, clock.now())
        pulse.forget(session, clock.now())
        blocking.forget(session, clock.now())
        signing_in.forget(session, clock.now())
        leaving.redact(session, clock.now(), settings=context.config)
        settling.redact(session, clock.now(), settings=context.config)
        tidying.forget(session, clock.now())


JOBS: list[Job] = [
    Job("beat", pulse.BEAT_SECONDS, _beat, one_worker=False),
    Job("booking: release holds", 15, _release_holds),
    Job("booking: lapse", 30, _lapse_unconfirmed),
    Job("booking: remind", 60, _remind),
    Job("booking: plan", 3600, _plan),
    Job("booking: anonymise", 3600, _anonymise),
    Job("waitlist: offer freed times", 15, _serve_waiting_list),
    Job("waitlist: end wishes", 300, _end_wishes),
    Job("draw: draw and settle", 15, _draw),
    Job("line: wake parked tickets", 10, _wake_parked),
    Job("line: tell who is next", 3, _tell_who_is_next, one_worker=False),
    Job("line: forget numbers", 60, _forget_numbers),
    Job("line: note expected waits", 20, _note_expected_waits),
    Job("line: learn waits", 900, _learn_waits),
    Job("line: send home", 60, _send_home),
    Job("line: end earlier days", 900, _end_earlier_days),
    Job("line: forget journals", 3600, _forget_journals),
    Job("documents: remind", 600, _remind_of_ends),
    Job("documents: look after watches", 3600, _look_after_watches),
    Job("insight: work out days", 1800, _work_out_days),
    Job("insight: look at promises", 900, _look_at_promises),
    Job("cards: remind", 600, _remind_of_cards),
    Job("cards: forget", 3600, _forget_cards),
    Job("forget", 3600, _forget),
    Job("audit: forget", 3600, _forget_events),
    Job("messages: dispatch", 1, _dispatch, one_worker=False),
    Job("messages: reconcile", 15, _reconcile),
    Job("messages: leases", 15, _lapse),
    Job("messages: receipts", 15, _catch_up),
    Job("messages: expire", 60, _expire),
    Job("messages: redact", 3600, _redact),
    Job("messages: forget", 3600, _forget_messages),
]


def run(
    config: Config, database: Database, *, jobs: Sequence[Job] | None = None, timing: Timing | None = None
) -> None:
    """Work until SIGTERM or SIGINT; what is being sent then is finished first. For the main thread only."""
    stop = threading.Event()
    # Blocked before any thread starts, then fetched. A handler would run in the main thread only, and that
    # sleeps on where the system gives the signal to another one: the worker was seen never to end.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        # It warns whenever a tick comes while the job still runs, which is as it should be.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        timing, public_url = timing or Timing.of(config.messages), config.site.base_url
        delivery = Delivery(
            database,
            channels.providers(config.messages, timing, public_url),
            config.messages,
            timing,
            backups=channels.backups(config.messages, timing, public_url),
            public_url=public_url,
        )
        with database.write() as session:
            sweep.try_anew(session, timing, clock.now())
        chosen = JOBS if jobs is None else jobs
        context = Context(config, database, delivery, stop.is_set)
        scheduler = schedule(chosen, context)
        scheduler.start()
        log.info("worker.started", jobs=len(chosen))
        log.info("worker.stopping", signal=signal.Signals(signal.sigwait(ENDING)).name)
        stop.set()
        scheduler.shutdown(wait=True)
        context.pulse.end(database)
        log.info("worker.stopped")
    finally:
        while signal.sigpending() & ENDING:  # asked twice: that is no reason to end less orderly
            signal.sigwait(ENDING)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def schedule(jobs: Sequence[Job], context: Context) -> BackgroundScheduler:
    """A scheduler for the jobs, not started yet. In memory: a shared store was seen to fire jobs twice."""
    # In UTC: local times fire twice, or hang, when the clocks change.
    scheduler = BackgroundScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
    )
    for job in jobs:
        scheduler.add_job(
            tick,
            IntervalTrigger(seconds=job.every_seconds, timezone=UTC),
            args=(job, context),
            id=job.name,
            next_run_time=datetime.now(UTC),
        )
    return scheduler


def tick(job: Job, context: Context) -> None:
    """Do a job once, if it is this worker's turn. What goes wrong is logged; the next tick tries again."""
    try:
        if context.stopping() or (job.one_worker and not _is_our_turn(job, context)):
            return
        started = perf_counter()
        job.run(context)
        context.pulse.count(job.name, perf_counter() - started)
    except Exception as error:
        context.pulse.count(job.name, 0.0, type(error).__qualname__)
        # Without the values of local variables, which some log formats add, and without what the error says:
        # both hold addresses.
        trace = "".join(traceback.format_tb(error.__traceback__))
        log.error("job.failed", job=job.name, error=type(error).__qualname__, trace=trace)


def take_turn(session: Session, name: str, slot: int) -> bool:
    """Whether this worker is the first to do `name` in the slot of time. Saves work; nothing rests on it."""
    statement = outbox.insert_for(session)(JobLease).values(name=name, slot=slot)
    mine = session.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"slot": slot},
            # Far ahead: it was taken while the clock was wrong.
            where=or_(JobLease.slot < slot, JobLease.slot > slot + 1),
        ).returning(JobLease.name)
    )
    return mine.first() is not None


def _is_our_turn(job: Job, context: Context) -> bool:
    with context.database.write() as session:
        return take_turn(session, job.name, int(clock.now().timestamp() // job.every_seconds))
