"""The worker: its ticks, its turns, and how it ends."""

import os
import signal as signals
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from frontoffice import clock, config, worker
from frontoffice.db import Database
from frontoffice.messages import channels
from frontoffice.messages.dispatch import Delivery
from frontoffice.messages.models import JobLease, MessageState
from frontoffice.messages.timing import Timing
from tests.conftest import KEY
from tests.messages.conftest import post  # noqa: F401 (a fixture)
from tests.messages.fake_twilio import FakeTwilio
from tests.messages.parts import Post
from tests.messages.processes import Workers, wait_until


@pytest.fixture
def context(database: Database) -> worker.Context:
    """What jobs are given, in an office where nothing leaves."""
    settings = config.Config.model_validate(
        {
            "site": {"base_url": "https://termin.example.org", "secret_keys": [KEY]},
            "database": {"url": "sqlite:///unused"},
        }
    )
    timing = Timing()
    delivery = Delivery(database, channels.providers(settings.messages, timing), settings.messages, timing)
    return worker.Context(settings, database, delivery, lambda: False)


def test_a_turn_is_taken_once_by_whoever_comes_first(database: Database) -> None:
    def take(slot: int) -> bool:
        with database.write() as session:
            return worker.take_turn(session, "sweep", slot)

    assert [take(7), take(7), take(8), take(8), take(7)] == [True, False, True, False, False]


def test_turns_go_on_after_the_clock_was_far_ahead(database: Database) -> None:
    def take(slot: int) -> bool:
        with database.write() as session:
            return worker.take_turn(session, "sweep", slot)

    assert [take(1000), take(10), take(10)] == [True, True, False]


def test_many_workers_at_once_take_one_turn(context: worker.Context) -> None:
    done: list[int] = []
    start = threading.Barrier(8)
    job = worker.Job("sweep", 3600, lambda _context: done.append(1))

    def work() -> None:
        start.wait()
        worker.tick(job, context)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert len(done) == 1
    with context.database.read() as session:
        assert session.scalars(select(JobLease.slot)).one() == int(clock.now().timestamp() // 3600)


def test_a_job_that_fails_does_not_keep_the_next_tick_from_trying_again(context: worker.Context) -> None:
    tries: list[int] = []

    def fails_once(_context: worker.Context) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ZeroDivisionError

    job = worker.Job("fragile", 1, fails_once, one_worker=False)
    worker.tick(job, context)
    worker.tick(job, context)
    assert len(tries) == 2


def test_every_job_of_the_worker_runs(context: worker.Context) -> None:
    for job in worker.JOBS:
        job.run(context)
    names = [job.name for job in worker.JOBS]
    assert len(set(names)) == len(names)
    assert max(len(name) for name in names) <= JobLease.name.type.length


def test_ticks_go_by_utc_and_are_never_missed_for_good(context: worker.Context) -> None:
    ran = threading.Event()
    scheduler = worker.schedule([worker.Job("now", 3600, lambda _context: ran.set())], context)
    scheduler.start()
    assert ran.wait(20)
    (job,) = scheduler.get_jobs()
    assert (job.coalesce, job.misfire_grace_time, job.max_instances) == (True, None, 1)
    # The night of 25 October 2026: two o'clock comes twice in Berlin, and every hour once in UTC.
    fired = [datetime(2026, 10, 24, 22, 0, tzinfo=UTC)]
    for _ in range(6):
        fired.append(job.trigger.get_next_fire_time(fired[-1], fired[-1]))
    assert [moment.astimezone(UTC).hour for moment in fired] == [22, 23, 0, 1, 2, 3, 4]
    scheduler.shutdown()


@pytest.mark.parametrize("signal", ["terminate", "interrupt"])
def test_a_worker_finishes_what_it_is_sending_before_it_ends(
    post: Post,  # noqa: F811
    database_url: str,
    tmp_path: Path,
    signal: str,
) -> None:
    post.clock.moment = clock.now()
    messages = [post.put(to=f"+491512345678{number}") for number in range(3)]
    being_sent, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        being_sent.set()
        go_on.wait(0.3)  # shorter than the worker's patience

    with FakeTwilio(before_answer=hold) as fake, Workers(tmp_path, database_url, fake) as workers:
        process = workers.start("only")
        assert being_sent.wait(60), workers.logs()
        process.terminate() if signal == "terminate" else process.send_signal(2)
        wait_until(lambda: process.poll() is not None, 30, workers.logs)
        assert process.returncode == 0
        assert [taken.to for taken in fake.ledger] == ["+4915123456780"]
    assert post.states(*messages) == [MessageState.SENT, MessageState.PENDING, MessageState.PENDING]


@pytest.mark.parametrize("number", [signals.SIGTERM, signals.SIGINT])
def test_a_worker_ends_whichever_of_its_threads_the_signal_reaches(
    post: Post,  # noqa: F811
    database_url: str,
    tmp_path: Path,
    number: signals.Signals,
) -> None:
    with FakeTwilio() as fake, Workers(tmp_path, database_url, fake) as workers:
        process = workers.start("only")
        wait_until(lambda: workers.has_begun("only"), 60, workers.logs)
        tasks = Path(f"/proc/{process.pid}/task")
        other = next(int(task.name) for task in tasks.iterdir() if int(task.name) != process.pid)
        os.kill(other, number)  # to the process, and to this thread of it first
        wait_until(lambda: process.poll() is not None, 30, workers.logs)
        assert process.returncode == 0


def test_a_worker_asked_twice_still_ends_orderly(
    post: Post,  # noqa: F811
    database_url: str,
    tmp_path: Path,
) -> None:
    post.clock.moment = clock.now()
    message = post.put()
    being_sent = threading.Event()
    with FakeTwilio(before_answer=being_sent.set) as fake, Workers(tmp_path, database_url, fake) as workers:
        process = workers.start("only")
        assert being_sent.wait(60), workers.logs()
        for number in (signals.SIGINT, signals.SIGTERM, signals.SIGINT):
            process.send_signal(number)
        wait_until(lambda: process.poll() is not None, 30, workers.logs)
        assert process.returncode == 0
    assert post.states(message) == [MessageState.SENT]
