"""Many counters, kiosks and clicks at once, in several processes: one outcome each time."""

import multiprocessing
from collections import Counter as Count
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from frontoffice.booking import appointing, planning
from frontoffice.booking.models import Appointment, State
from frontoffice.booking.person import Person
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.errors import Conflict, DomainError
from frontoffice.events import Event
from frontoffice.line import arriving, calling, checks, journal, order, staffing
from frontoffice.line.models import Ticket, TicketState
from frontoffice.offices.models import Office
from frontoffice.staff import devices
from frontoffice.staff.devices import WrongCode
from frontoffice.staff.models import Account, Device, DeviceKind
from frontoffice.vault import Vault
from tests.booking import steps
from tests.conftest import KEY
from tests.line.parts import EARLY, RULES, account, appointment, kiosk, ticket
from tests.line.test_journal import check_in, entry

PROCESSES = 4
MINUTE = timedelta(minutes=1)

Job = Callable[[Database], Any]


class Broken(str):
    """What no job may meet: an error that is not a word of the domain."""

    __slots__ = ()


class Crowd:
    """Several processes that wait for jobs and then do them at the same time."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._answers = context.Queue()
        self._orders = [context.Queue() for _ in range(PROCESSES)]
        self._ready = context.Barrier(PROCESSES)
        self._processes = [
            context.Process(target=_work, args=(orders, self._ready, self._answers))
            for orders in self._orders
        ]
        for process in self._processes:
            process.start()

    def at_once(self, url: str, jobs: Sequence[Job]) -> list[Any]:
        """Do the jobs at the same time; gives what each returns, or which domain error it met, in any order."""
        for number, orders in enumerate(self._orders):
            orders.put((url, jobs[number::PROCESSES]))
        answers = [self._answers.get(timeout=120) for _ in jobs]
        assert not [answer for answer in answers if isinstance(answer, Broken)]
        return answers

    def close(self) -> None:
        """Send everybody home."""
        for orders in self._orders:
            orders.put(None)
        for process in self._processes:
            process.join(30)
            process.kill()


def _work(orders: Any, ready: Any, answers: Any) -> None:
    while order := orders.get():
        url, jobs = order
        database = Database(url, Vault([KEY]))
        ready.wait(60)
        with ThreadPoolExecutor(max(1, len(jobs))) as threads:
            for answer in threads.map(partial(_answer, database), jobs):
                answers.put(answer)
        database.close()


def _answer(database: Database, job: Job) -> Any:
    try:
        return job(database)
    except DomainError as error:
        return type(error).__name__
    except Exception as error:
        return Broken(repr(error))


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    """Processes take long to start, so they serve all tests of this module."""
    crowd = Crowd()
    yield crowd
    crowd.close()


def _call_everybody(counter: int, account_id: int, now: datetime, database: Database) -> list[str]:
    """Serve at a counter until the line is empty."""
    served = []
    while True:
        with database.write() as session:
            who = session.get_one(Account, account_id)
            visit = calling.call_next(session, counter, who, now, RULES)
        if visit is None:
            return served
        served.append(visit.ticket)
        with database.write() as session:
            calling.finish(session, counter, who, now)


def _at_counter(
    verb: Callable[..., Any], counter: int, account_id: int, now: datetime, database: Database
) -> str:
    with database.write() as session:
        visit = verb(session, counter, session.get_one(Account, account_id), now)
        return str(visit.state)


def _call(counter: int, account_id: int, now: datetime, database: Database) -> str | None:
    with database.write() as session:
        visit = calling.call_next(session, counter, session.get_one(Account, account_id), now, RULES)
        return visit.ticket if visit else None


def _close(counter: int, account_id: int, now: datetime, database: Database) -> str:
    with database.write() as session:
        staffing.close_counter(session, counter, session.get_one(Account, account_id), now)
        return "closed"


def _open(counter: int, account_id: int, now: datetime, database: Database) -> str:
    with database.write() as session:
        staffing.open_counter(session, counter, session.get_one(Account, account_id), now)
        return "opened"


def _pair(code: str, now: datetime, database: Database) -> str:
    with database.write() as session:
        return devices.pair(session, code, now)[1]


def _deliver(
    device_id: int, entries: list[journal.Entry], now: datetime, database: Database
) -> list[str | None]:
    with database.write() as session:
        results = journal.take(session, session.get_one(Device, device_id), entries, early=EARLY, now=now)
    return [results[each.id].ticket for each in entries]


def _give_number(office_id: int, account_id: int, now: datetime, database: Database) -> str:
    with database.write() as session:
        office, who = session.get_one(Office, office_id), session.get_one(Account, account_id)
        return arriving.walk_in(session, office, who, None, language="de", now=now).code


def _check_in(office_id: int, account_id: int, code: str, now: datetime, database: Database) -> str:
    with database.write() as session:
        office, who = session.get_one(Office, office_id), session.get_one(Account, account_id)
        return arriving.check_in(session, office, who, code, language="de", early=EARLY, now=now).code


def _come(office_id: int, account_id: int, code: str, now: datetime, database: Database) -> str:
    with database.write() as session:
        office, who = session.get_one(Office, office_id), session.get_one(Account, account_id)
        long_before = timedelta(hours=4)
        return arriving.check_in(session, office, who, code, language="de", early=long_before, now=now).code


def _cancel(appointment_id: int, config: Config, now: datetime, database: Database) -> str:
    with database.write() as session:
        booked = session.get_one(Appointment, appointment_id)
        appointing.cancel(session, booked, now, settings=config)
        return "cancelled"


def staffed(database: Database, office: Office, now: datetime) -> list[tuple[int, int]]:
    """All eight counters with somebody at each: pairs of counter and account."""
    with database.write() as session:
        seats = []
        for counter in session.get_one(Office, office.id).counters:
            who = account(session, f"colleague{counter.name}")
            staffing.open_counter(session, counter.id, who, now)
            seats.append((counter.id, who.id))
    return seats


def differences(database: Database) -> list[str]:
    with database.read() as session:
        return list(checks.differences(session))


def test_eight_counters_call_two_hundred_people_each_once_and_in_order(
    database: Database, database_url: str, crowd: Crowd, office: Office, now: datetime
) -> None:
    seats = staffed(database, office, now)
    with database.write() as session:
        here = session.get_one(Office, office.id)
        waiting = [
            ticket(
                session,
                here,
                number,
                now,
                service=number % 3,
                arrived_at=now - timedelta(seconds=7919 * number % 5000),
                due_at=now - (number % 60) * MINUTE if number % 3 == 0 else None,
            )
            for number in range(1, 201)
        ]
        expected = order.in_order(
            [
                order.Waiting(each.id, each.series, each.number, each.arrived_at, each.due_at)
                for each in waiting
            ],
            now,
            RULES,
        )
    served = crowd.at_once(
        database_url, [partial(_call_everybody, counter, who, now) for counter, who in seats]
    )
    calls = Count(each for tickets in served for each in tickets)
    assert len(calls) == 200, "nobody is lost"
    assert set(calls.values()) == {1}, "nobody is called by two counters"
    with database.read() as session:
        told = session.scalars(
            select(Event).where(Event.kind == "ticket.called").order_by(Event.number)
        ).all()
        states = Count(each.state for each in session.scalars(select(Ticket)))
    called = [event.data["ticket"] for event in told]
    line = [f"{each.series}{each.number:03d}" for each in expected]
    if database.is_sqlite:
        assert called == line
    for ticket_called in called:
        # Only those may be ahead whom the seven other counters are just calling.
        assert line.index(ticket_called) < len(seats)
        line.remove(ticket_called)
    assert states == {TicketState.DONE: 200}
    assert differences(database) == []


def test_a_ticket_is_finished_or_missing_but_not_both(
    database: Database, database_url: str, crowd: Crowd, office: Office, now: datetime
) -> None:
    seats = staffed(database, office, now)
    with database.write() as session:
        for number in range(1, 9):
            ticket(session, session.get_one(Office, office.id), number, now)
    for counter, who in seats:
        _call(counter, who, now, database)
    jobs = [
        partial(_at_counter, verb, *seat, now) for seat in seats for verb in (calling.finish, calling.no_show)
    ]
    answers = Count(crowd.at_once(database_url, jobs))
    assert answers["NobodyThere"] == 8
    assert answers["done"] + answers["no_show"] == 8
    with database.read() as session:
        kinds = Count(
            session.scalars(select(Event.kind).where(Event.kind.in_(("ticket.done", "ticket.no_show"))))
        )
    assert (kinds["ticket.done"], kinds["ticket.no_show"]) == (answers["done"], answers["no_show"])
    assert differences(database) == []


def test_clicking_call_next_many_times_at_once_calls_one_visitor(
    database: Database, database_url: str, crowd: Crowd, office: Office, now: datetime
) -> None:
    [seat, *_others] = staffed(database, office, now)
    with database.write() as session:
        for number in range(1, 20):
            ticket(session, session.get_one(Office, office.id), number, now)
    answers = Count(crowd.at_once(database_url, [partial(_call, *seat, now)] * 8))
    assert answers == {"A001": 1, "CounterBusy": 7}


def test_a_counter_that_closes_while_it_calls_is_left_without_a_visitor_or_stays_open(
    database: Database, database_url: str, crowd: Crowd, office: Office, now: datetime
) -> None:
    seats = staffed(database, office, now)
    with database.write() as session:
        for number in range(1, 9):
            ticket(session, session.get_one(Office, office.id), number, now)
    answers = crowd.at_once(
        database_url, [partial(verb, *seat, now) for seat in seats for verb in (_close, _call)]
    )
    assert {str(answer)[:7] for answer in answers} <= {"closed", "Counter", *(f"A00{n}" for n in range(1, 9))}
    assert differences(database) == []


def test_a_counter_is_opened_by_one_of_those_who_want_it(
    database: Database, database_url: str, crowd: Crowd, office: Office, now: datetime
) -> None:
    with database.write() as session:
        people = [account(session, f"colleague{number}").id for number in range(8)]
    counter = office.counters[0].id
    answers = Count(crowd.at_once(database_url, [partial(_open, counter, who, now) for who in people]))
    assert answers == {"opened": 1, "CounterTaken": 7}


def test_a_pairing_code_used_twice_at_once_pairs_one_device(
    database: Database, database_url: str, crowd: Crowd, office: Office, now: datetime
) -> None:
    with database.write() as session:
        kiosk_a, code = devices.add(
            session, session.get_one(Office, office.id), "Left", DeviceKind.KIOSK, now
        )
    answers = crowd.at_once(database_url, [partial(_pair, code, now)] * 8)
    credentials = [answer for answer in answers if answer != WrongCode.__name__]
    assert len(credentials) == 1
    with database.read() as session:
        found = devices.device_of(session, credentials[0])
        assert found is not None
        assert found.id == kiosk_a.id


def test_a_journal_delivered_many_times_at_once_makes_one_ticket_for_each_entry(
    database: Database, database_url: str, crowd: Crowd, office: Office, now: datetime
) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        device = kiosk(session, here)
        booked = appointment(session, here, now)
    entries = [entry(now, number) for number in range(1, 6)] + [check_in(now, booked.reference, 6)]
    answers = crowd.at_once(database_url, [partial(_deliver, device.id, entries, now)] * 8)
    assert answers == [[f"A{number:03d}" for number in range(1, 7)]] * 8
    with database.read() as session:
        assert len(session.scalars(select(Ticket)).all()) == 6
    assert differences(database) == []


def test_two_kiosks_with_one_credential_never_give_one_number_twice(
    database: Database, database_url: str, crowd: Crowd, office: Office, now: datetime
) -> None:
    with database.write() as session:
        device = kiosk(session, session.get_one(Office, office.id))
    jobs = [
        partial(_deliver, device.id, [entry(now, number) for number in range(1, 11)], now) for _ in range(4)
    ]
    given = Count(number for numbers in crowd.at_once(database_url, jobs) for number in numbers)
    assert len(given) == 40
    assert set(given.values()) == {1}


def test_one_appointment_checked_in_at_two_kiosks_and_the_desk_at_once_has_one_place_in_the_line(
    database: Database, database_url: str, crowd: Crowd, office: Office, now: datetime
) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        kiosks = [kiosk(session, here, series).id for series in "ABC"]
        who = account(session).id
        booked = appointment(session, here, now)
    jobs: list[Job] = [partial(_check_in, office.id, who, booked.reference, now)]
    for device in kiosks:
        first = check_in(now, booked.reference)
        jobs += [partial(_deliver, device, [replace(first)], now), partial(_deliver, device, [first], now)]
    crowd.at_once(database_url, jobs)
    with database.read() as session:
        [place] = session.scalars(select(Ticket)).all()
        assert place.appointment_id == booked.id
    assert differences(database) == []


def test_who_comes_while_the_appointment_is_being_cancelled_is_either_in_the_line_or_cancelled(
    database: Database, database_url: str, crowd: Crowd, office: Office, config: Config, now: datetime
) -> None:
    with database.write() as session:
        planning.plan(session, session.get_one(Office, office.id), now.date(), 1, now)
        who = account(session).id
    service = office.services[0]
    booked = []
    for clock in ("9:00", "9:30", "10:00", "10:30"):
        for _seat in range(2):
            _hold, token = steps.hold_it(database, config, service, steps.at(23, clock), now)
            person = Person(f"Nr. {len(booked)}", date(1990, 1, 1), f"nr{len(booked)}@example.org", None)
            booked.append(steps.book_it(database, config, token, now, person))
    jobs: list[Job] = []
    for each in booked:
        jobs += [partial(_come, office.id, who, each.reference, now), partial(_cancel, each.id, config, now)]
    crowd.at_once(database_url, jobs)
    with database.read() as session:
        present = set(session.scalars(select(Ticket.appointment_id)))
        states = {each.id: each.state for each in session.scalars(select(Appointment))}
    assert states == {each.id: State.CHECKED_IN if each.id in present else State.CANCELLED for each in booked}
    assert differences(database) == []
    assert steps.differences(database) == [], "the book agrees with what became of them"


def test_staff_giving_numbers_at_once_give_different_ones(
    database: Database, database_url: str, crowd: Crowd, office: Office, now: datetime
) -> None:
    with database.write() as session:
        who = account(session).id
    given = crowd.at_once(database_url, [partial(_give_number, office.id, who, now)] * 16)
    assert sorted(given) == [f"S{number:03d}" for number in range(1, 17)]


@pytest.mark.parametrize("verb", [calling.start, calling.recall])
def test_whatever_else_happens_at_once_a_visitor_who_is_gone_is_not_called_back(
    database: Database,
    database_url: str,
    crowd: Crowd,
    office: Office,
    now: datetime,
    verb: Callable[..., Any],
) -> None:
    [seat, *_others] = staffed(database, office, now)
    with database.write() as session:
        waiting = ticket(session, session.get_one(Office, office.id), 1, now)
    _call(*seat, now, database)
    crowd.at_once(
        database_url, [partial(_at_counter, each, *seat, now) for each in (verb, calling.finish) * 3]
    )
    with database.read() as session:
        assert session.get_one(Ticket, waiting.id).state == TicketState.DONE
    with pytest.raises(Conflict):
        _at_counter(verb, *seat, now, database)
    assert differences(database) == []
