"""Booking from several processes at once: no seat is given away twice, whatever happens in between."""

import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime, timedelta
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Barrier, Event
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select, true

from frontoffice import events
from frontoffice.booking import appointing, checks, holding, planning, search
from frontoffice.booking.models import Appointment, Hold
from frontoffice.booking.refusals import HoldExpired, JustTaken, NotOffered
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.messages.models import Message
from frontoffice.offices.models import Closure, Office, Service
from frontoffice.vault import Vault
from frontoffice.web.app import create_app
from tests.booking.steps import AMIN, OLENA, at, differences, visiting
from tests.sample import RENEWAL, sample_office

CLIENTS = (13, 13, 12, 12)  # in each process
ROUNDS = 20
PATIENCE = 120  # seconds until a test that hangs fails
MONDAY = date(2026, 11, 23)

spawn = multiprocessing.get_context("spawn")


@pytest.fixture
def config(config: Config) -> Config:
    """Everybody may have as many appointments as the tests need."""
    limits = ("appointments_per_person", "appointments_per_mail", "appointments_per_phone")
    fairness = config.fairness.model_copy(update=dict.fromkeys(limits, 10_000))
    return config.model_copy(update={"fairness": fairness})


@pytest.fixture
def one_seat(database: Database, now: datetime) -> Office:
    """The sample office with a single seat, planned for four weeks."""
    with database.write() as session:
        office = sample_office(session, seats_online=1)
        planning.plan(session, office, MONDAY, 28, now)
    return office


@pytest.fixture
def renewal(one_seat: Office) -> Service:
    """A service of thirty minutes there."""
    return next(each for each in one_seat.services if each.slug == RENEWAL)


def starts_of(database: Database, service: Service, config: Config, now: datetime) -> list[datetime]:
    """All free times, in order."""
    with database.read() as session:
        days = search.free_starts(
            session,
            service.office,
            visiting(service),
            MONDAY,
            date(2026, 12, 21),
            now=now,
            rules=config.booking,
        )
    return [start for starts in days.values() for start in starts]


def race_through_the_api(
    config: Config, now: datetime, rounds: list[tuple[str, dict[str, Any]]]
) -> list[Counter[Any]]:
    """Fifty clients in four processes send each request at the same time; counts the answers of each round.

    An answer is the status, and the reference of an appointment or the token of a hold or the code of a problem.
    """
    barrier, answers = spawn.Barrier(sum(CLIENTS)), spawn.Queue()
    shared = (config.model_dump_json(), now, rounds, barrier, answers)
    processes = [spawn.Process(target=_clients, args=(clients, *shared)) for clients in CLIENTS]
    for process in processes:
        process.start()
    counted: list[Counter[Any]] = [Counter() for _ in rounds]
    for _ in range(sum(CLIENTS) * len(rounds)):
        number, *answer = answers.get(timeout=PATIENCE)
        counted[number][tuple(answer)] += 1
    for process in processes:
        process.join(PATIENCE)
        assert process.exitcode == 0
    return counted


def _clients(
    clients: int,
    settings: str,
    now: datetime,
    rounds: list[tuple[str, dict[str, Any]]],
    barrier: Barrier,
    answers: Any,
) -> None:
    config = Config.model_validate_json(settings)
    database = Database(config.database.url, Vault(config.site.secret_keys), pool_size=clients)
    app = create_app(config, database)

    def client() -> None:
        browser = app.test_client()
        for number, (address, body) in enumerate(rounds):
            barrier.wait(PATIENCE)
            answer = browser.post(address, json=body, headers=body.get("headers"))
            said = answer.get_json(force=True)
            answers.put(
                (number, answer.status_code, said.get("reference") or said.get("token") or said["code"])
            )

    with time_machine.travel(now, tick=False):
        threads = [threading.Thread(target=client) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    database.close()


def test_fifty_clients_race_for_one_seat_and_exactly_one_gets_it(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    starts = starts_of(database, renewal, config, now)[:ROUNDS]
    rounds = [
        ("/api/v1/holds", {"office": "musterstadt", "service": RENEWAL, "start": start.isoformat()})
        for start in starts
    ]
    for answers in race_through_the_api(config, now, rounds):
        by_kind = Counter(
            status if status == 201 else (status, said)
            for (status, said), n in answers.items()
            for _ in range(n)
        )
        assert by_kind == {201: 1, (409, "just_taken"): sum(CLIENTS) - 1}
    assert differences(database) == []


def test_the_same_form_sent_fifty_times_at_once_books_once(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    rounds = []
    for start in starts_of(database, renewal, config, now)[:5]:
        with database.write() as session:
            _, token = holding.hold(
                session, renewal.office, visiting(renewal), start, now, rules=config.booking
            )
        details = {"name": "Olena Kowalenko", "born": "1991-03-27", "mail": "olena@example.org"}
        rounds.append(("/api/v1/appointments", {"hold": token, **details}))
    for answers in race_through_the_api(config, now, rounds):
        assert len(answers) == 1
        assert next(iter(answers))[0] == 201
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Appointment)) == 5
    assert differences(database) == []


def in_threads(database: Database, *acts: Callable[[Any], object]) -> list[object]:
    """Do these things at once, each in a transaction of its own; gives what they gave or raised."""
    ready = threading.Barrier(len(acts))

    def one(act: Callable[[Any], object]) -> object:
        ready.wait(PATIENCE)
        with database.write() as session:
            return act(session)

    with ThreadPoolExecutor(len(acts)) as pool:
        futures: list[Future[object]] = [pool.submit(one, act) for act in acts]
        return [each.exception() or each.result() for each in futures]


def test_one_key_sent_at_once_holds_once(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    for number, start in enumerate(starts_of(database, renewal, config, now)[:10]):

        def act(session: Any, start: datetime = start, key: str = f"a key for round {number}") -> object:
            return holding.hold(
                session, renewal.office, visiting(renewal), start, now, rules=config.booking, key=key
            )[1]

        assert len(set(in_threads(database, *[act] * 8))) == 1
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Hold)) == 10
    assert differences(database) == []


def test_a_hold_that_runs_out_while_it_is_booked_goes_to_exactly_one(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    late = now + timedelta(minutes=10)
    for start in starts_of(database, renewal, config, now)[6:21]:  # none that is too soon by then
        with database.write() as session:
            _, token = holding.hold(
                session, renewal.office, visiting(renewal), start, now, rules=config.booking
            )

        def book(session: Any, token: str = token) -> object:
            return appointing.book(session, token, OLENA, "en", late, settings=config)

        def take_over(session: Any, start: datetime = start) -> object:
            return holding.hold(session, renewal.office, visiting(renewal), start, late, rules=config.booking)

        def sweep(session: Any) -> object:
            return holding.release_expired(session, late)

        booked, taken, swept = in_threads(database, book, take_over, sweep)
        assert isinstance(booked, Appointment) != isinstance(taken, tuple)
        assert isinstance(booked, (Appointment, HoldExpired))
        assert isinstance(taken, (tuple, JustTaken))
        assert not isinstance(swept, BaseException)
    assert differences(database) == []


def test_a_day_that_is_closed_while_people_book_loses_nobody(
    database: Database, config: Config, one_seat: Office, renewal: Service, now: datetime
) -> None:
    for day in range(24, 28):
        starts = [
            at(day, clock)
            for clock in ("08:00", "08:30", "09:00", "09:30", "10:00", "10:30", "11:00", "11:30")
        ]
        tokens = []
        for start in starts[:4]:
            with database.write() as session:
                tokens.append(
                    holding.hold(session, one_seat, visiting(renewal), start, now, rules=config.booking)[1]
                )

        def close(session: Any, day: int = day) -> object:
            session.add(Closure(office_id=one_seat.id, day=date(2026, 11, day), reason="Streik"))
            session.flush()
            return planning.plan(session, one_seat, MONDAY, 28, now)

        def book(token: str) -> Callable[[Any], object]:
            return lambda session: appointing.book(session, token, AMIN, "de", now, settings=config)

        def hold(start: datetime) -> Callable[[Any], object]:
            return lambda session: holding.hold(
                session, one_seat, visiting(renewal), start, now, rules=config.booking
            )

        acts = [close, *[book(token) for token in tokens], *[hold(start) for start in starts[4:]]]
        _, *outcomes = in_threads(database, *acts)
        for outcome in outcomes:
            assert isinstance(outcome, (Appointment, tuple, HoldExpired, NotOffered, JustTaken)), repr(
                outcome
            )
        booked = {each.id for each in outcomes if isinstance(each, Appointment)}
        with database.write() as session:
            listed = planning.plan(session, one_seat, date(2026, 11, day), 1, now)
        assert {clash.appointment_id for clash in listed} == booked
    assert differences(database) == []


def _book_without_end(settings: str, now: datetime, starts: list[datetime], begun: Event) -> None:
    config = Config.model_validate_json(settings)
    database = Database(config.database.url, Vault(config.site.secret_keys))
    with database.read() as session:
        service = session.scalars(select(Service).where(Service.slug == RENEWAL)).one()
        office = service.office
    for start in starts:
        with database.write() as session:
            _, token = holding.hold(session, office, visiting(service), start, now, rules=config.booking)
        with database.write() as session:
            appointing.book(session, token, OLENA, "en", now, settings=config)
        begun.set()


def test_processes_killed_in_the_middle_of_bookings_leave_nothing_half_done(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    for _ in range(2):
        starts = starts_of(database, renewal, config, now)
        begun = [spawn.Event() for _ in range(2)]
        processes: list[SpawnProcess] = [
            spawn.Process(
                target=_book_without_end, args=(config.model_dump_json(), now, starts[number::2], event)
            )
            for number, event in enumerate(begun)
        ]
        for process in processes:
            process.start()
        for event in begun:
            assert event.wait(PATIENCE)
        for process in processes:
            process.kill()
            process.join(PATIENCE)
        with database.read(snapshot=True) as session:
            assert list(checks.differences(session)) == []
            appointments, happened, written = (
                session.scalar(select(func.count()).select_from(table).where(condition))
                for table, condition in (
                    (Appointment, true()),
                    (events.Event, events.Event.kind == "appointment.booked"),
                    (Message, Message.kind == "booked"),
                )
            )
        assert appointments
        assert (happened, written) == (appointments, 2 * appointments)  # a mail and an SMS for each
