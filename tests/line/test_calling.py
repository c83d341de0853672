"""What happens at a counter."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from frontoffice.booking.models import Appointment, State
from frontoffice.db import Database
from frontoffice.errors import NotAllowed, NotFound
from frontoffice.events import Event
from frontoffice.line import arriving, calling, checks, order, staffing
from frontoffice.line.calling import NobodyThere, Visit
from frontoffice.line.models import CounterSession, Ticket, TicketState
from frontoffice.line.seat import CounterBusy, CounterClosed
from frontoffice.line.staffing import CounterTaken, SeatedElsewhere
from frontoffice.offices.models import Office
from frontoffice.staff.models import Account, Role
from tests.line.parts import EARLY, RULES, account, appointment, ticket
from tests.sample import sample_office

MINUTE = timedelta(minutes=1)
ROOM = {"room": "Wartezone A", "language": None}  # besides: German is spoken anyway


class Counters:
    """The counters of the office, as staff use them: each verb in a transaction of its own."""

    def __init__(self, database: Database, office: Office, now: datetime) -> None:
        self.database = database
        self.ids = [counter.id for counter in office.counters]
        self.now = now

    def do(self, verb: Callable[..., Any], counter: int, who: Account, *more: Any) -> Any:
        with self.database.write() as session:
            return verb(session, self.ids[counter - 1], who, self.now, *more)

    def open(self, counter: int, who: Account) -> None:
        self.do(staffing.open_counter, counter, who)

    def next(self, counter: int, who: Account) -> Visit | None:
        visit: Visit | None = self.do(calling.call_next, counter, who, RULES)
        return visit

    def events(self, *kinds: str) -> list[tuple[str, str, dict[str, Any]]]:
        with self.database.read() as session:
            found = session.scalars(select(Event).order_by(Event.number)).all()
        return [(each.kind, each.actor, each.data) for each in found if not kinds or each.kind in kinds]


@pytest.fixture
def counters(database: Database, office: Office, now: datetime) -> Counters:
    return Counters(database, office, now)


@pytest.fixture
def miriam(database: Database) -> Account:
    with database.write() as session:
        return account(session, "miriam")


@pytest.fixture
def jonas(database: Database) -> Account:
    with database.write() as session:
        return account(session, "jonas", Role.CASEWORKER)


@pytest.fixture(autouse=True)
def nothing_contradicts_itself(database: Database) -> object:
    yield
    with database.read() as session:
        assert list(checks.differences(session)) == []


def wait(database: Database, office: Office, number: int, now: datetime, **more: Any) -> Ticket:
    with database.write() as session:
        return ticket(session, session.get_one(Office, office.id), number, now, **more)


def state_of(database: Database, waiting: Ticket) -> TicketState:
    with database.read() as session:
        return session.get_one(Ticket, waiting.id).state


def test_calling_takes_the_first_of_the_line_to_the_counter(
    database: Database, office: Office, counters: Counters, miriam: Account, now: datetime
) -> None:
    wait(database, office, 1, now, arrived_at=now - 10 * MINUTE)
    wait(database, office, 2, now, arrived_at=now - 30 * MINUTE)
    counters.open(3, miriam)
    visit = counters.next(3, miriam)
    assert visit is not None
    assert (visit.ticket, visit.state, visit.call, visit.called_at) == ("A002", TicketState.CALLED, 1, now)
    assert (visit.service, visit.language, visit.due_at) == ("eat-pick-up", "de", None)
    called = ("ticket.called", f"account:{miriam.id}", {"ticket": "A002", "counter": "3", "call": 1} | ROOM)
    assert counters.events("ticket.called") == [called]


@pytest.mark.parametrize(
    ("number", "language", "spoken"),
    [(7, "de", None), (42, "uk", "uk"), (1234, "FA-Arab", "fa"), (999, "xx", None)],
)
def test_a_call_is_told_like_one_that_is_repeated(
    database: Database,
    office: Office,
    counters: Counters,
    miriam: Account,
    now: datetime,
    number: int,
    language: str,
    spoken: str | None,
) -> None:
    # On PostgreSQL the first is written by the statement that takes the ticket, the second as everywhere.
    with database.write() as session:
        ticket(session, session.get_one(Office, office.id), number, now).language = language
    counters.open(1, miriam)
    counters.next(1, miriam)
    counters.do(calling.recall, 1, miriam)
    first, second = counters.events("ticket.called")
    told = {"ticket": f"A{number:03d}", "counter": "1", "room": "Wartezone A", "language": spoken}
    assert first == ("ticket.called", f"account:{miriam.id}", told | {"call": 1})
    assert second == ("ticket.called", f"account:{miriam.id}", told | {"call": 2})


def test_in_a_long_line_everybody_is_called_in_their_order(
    database: Database, office: Office, counters: Counters, miriam: Account, now: datetime
) -> None:
    # More people than are read at once, and among them, wherever they stand, those who go before.
    many = 2 * calling.AT_A_TIME
    with database.write() as session:
        here = session.get_one(Office, office.id)
        for number in range(1, many + 1):
            ticket(session, here, number, now, arrived_at=now - timedelta(minutes=(number * 7) % many))
        ticket(session, here, many + 1, now, arrived_at=now).priority_at = now
        ticket(session, here, many + 2, now, arrived_at=now).due_at = now - 60 * MINUTE
        waiting = session.scalars(select(Ticket)).all()
        expected = [
            each.id
            for each in order.in_order(
                [
                    order.Waiting(
                        each.id,
                        each.series,
                        each.number,
                        each.arrived_at,
                        each.due_at,
                        None,
                        each.priority_at,
                    )
                    for each in waiting
                ],
                now,
                RULES,
            )
        ]
    counters.open(3, miriam)
    called = []
    while (visit := counters.next(3, miriam)) is not None:
        called.append(visit.id)
        counters.do(calling.finish, 3, miriam)
    assert called == expected


def test_when_nobody_waits_nobody_is_called_and_nothing_is_told(counters: Counters, miriam: Account) -> None:
    counters.open(1, miriam)
    assert counters.next(1, miriam) is None
    assert [kind for kind, _actor, _data in counters.events()] == ["counter.opened"]


def test_a_counter_calls_only_what_it_serves_and_those_whose_concern_is_unknown(
    database: Database, office: Office, counters: Counters, miriam: Account, now: datetime
) -> None:
    with database.write() as session:
        own = session.get_one(Office, office.id)
        own.counters[0].services = [own.services[0]]
    wait(database, office, 1, now, service=1)
    wait(database, office, 2, now, service=None)
    wait(database, office, 3, now, service=0)
    counters.open(1, miriam)
    called = []
    while visit := counters.next(1, miriam):
        called.append(visit.ticket)
        counters.do(calling.finish, 1, miriam)
    assert called == ["A002", "A003"]


def test_only_those_who_wait_here_today_are_called(
    database: Database, office: Office, counters: Counters, miriam: Account, now: datetime
) -> None:
    with database.write() as session:
        other = sample_office(session, "nebenstadt")
    wait(database, other, 1, now)
    with database.write() as session:
        for number, state in enumerate((TicketState.DONE, TicketState.LEFT, TicketState.NO_SHOW), start=2):
            gone = ticket(session, session.get_one(Office, office.id), number, now)
            gone.state, gone.ended_at = state, now
        parked = ticket(session, session.get_one(Office, office.id), 9, now)
        parked.state = TicketState.PARKED
    counters.open(1, miriam)
    assert counters.next(1, miriam) is None


def test_a_whole_visit(
    database: Database, office: Office, counters: Counters, miriam: Account, now: datetime
) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        booked = appointment(session, here, now)
        arriving.check_in(session, here, miriam, booked.reference, language="uk", early=EARLY, now=now)
    counters.open(1, miriam)
    counters.next(1, miriam)
    counters.now += MINUTE
    assert counters.do(calling.recall, 1, miriam).call == 2
    counters.now += MINUTE
    assert counters.do(calling.start, 1, miriam).state == TicketState.SERVING
    counters.now += 20 * MINUTE
    assert counters.do(calling.finish, 1, miriam).state == TicketState.DONE
    with database.read() as session:
        visited = session.scalars(select(Ticket)).one()
        assert session.get_one(Appointment, booked.id).state == State.DONE
    times = (visited.called_at, visited.serving_at, visited.ended_at)
    assert times == (now + MINUTE, now + 2 * MINUTE, now + 22 * MINUTE)
    told = [(kind, data) for kind, _actor, data in counters.events() if kind.startswith("ticket.")]
    assert told == [
        ("ticket.issued", {"ticket": "S001"}),
        ("ticket.called", {"ticket": "S001", "counter": "1", "call": 1} | ROOM | {"language": "uk"}),
        ("ticket.called", {"ticket": "S001", "counter": "1", "call": 2} | ROOM | {"language": "uk"}),
        ("ticket.serving", {"ticket": "S001", "counter": "1"}),
        ("ticket.done", {"ticket": "S001", "counter": "1"}),
    ]


def test_who_does_not_come_is_noted_and_so_is_the_appointment(
    database: Database, office: Office, counters: Counters, miriam: Account, now: datetime
) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        booked = appointment(session, here, now)
        arriving.check_in(session, here, miriam, booked.reference, language="uk", early=EARLY, now=now)
    counters.open(1, miriam)
    counters.next(1, miriam)
    assert counters.do(calling.no_show, 1, miriam).state == TicketState.NO_SHOW
    with database.read() as session:
        assert session.get_one(Appointment, booked.id).state == State.NO_SHOW


def test_finishing_without_starting_counts_from_the_call(
    database: Database, office: Office, counters: Counters, miriam: Account, now: datetime
) -> None:
    waiting = wait(database, office, 1, now)
    counters.open(1, miriam)
    counters.next(1, miriam)
    counters.now += 5 * MINUTE
    counters.do(calling.finish, 1, miriam)
    with database.read() as session:
        assert session.get_one(Ticket, waiting.id).serving_at == now


def test_a_counter_has_one_visitor_at_a_time(
    database: Database, office: Office, counters: Counters, miriam: Account, now: datetime
) -> None:
    wait(database, office, 1, now)
    second = wait(database, office, 2, now)
    counters.open(1, miriam)
    counters.next(1, miriam)
    for step in (None, calling.start):
        if step:
            counters.do(step, 1, miriam)
        with pytest.raises(CounterBusy):
            counters.next(1, miriam)
    assert state_of(database, second) == TicketState.WAITING
    counters.do(calling.finish, 1, miriam)
    assert counters.next(1, miriam) is not None


@pytest.mark.parametrize("verb", [calling.recall, calling.start, calling.finish, calling.no_show])
def test_a_counter_that_is_not_open_can_do_nothing(
    database: Database,
    office: Office,
    counters: Counters,
    miriam: Account,
    jonas: Account,
    now: datetime,
    verb: Callable[..., Visit],
) -> None:
    waiting = wait(database, office, 1, now)
    with pytest.raises(CounterClosed):
        counters.next(1, miriam)
    counters.open(1, jonas)
    counters.next(1, jonas)
    with pytest.raises(CounterClosed):
        counters.do(verb, 1, miriam)
    assert state_of(database, waiting) == TicketState.CALLED


@pytest.mark.parametrize("verb", [calling.recall, calling.start, calling.finish, calling.no_show])
def test_without_a_visitor_there_is_nothing_to_do(
    counters: Counters, miriam: Account, verb: Callable[..., Visit]
) -> None:
    counters.open(1, miriam)
    with pytest.raises(NobodyThere):
        counters.do(verb, 1, miriam)


def test_what_was_served_cannot_be_called_again_or_marked_as_missing(
    database: Database, office: Office, counters: Counters, miriam: Account, now: datetime
) -> None:
    waiting = wait(database, office, 1, now)
    counters.open(1, miriam)
    counters.next(1, miriam)
    counters.do(calling.start, 1, miriam)
    for verb in (calling.recall, calling.start, calling.no_show):
        with pytest.raises(NobodyThere):
            counters.do(verb, 1, miriam)
    assert state_of(database, waiting) == TicketState.SERVING


def test_a_page_that_still_shows_the_last_visitor_does_nothing_to_the_next_one(
    database: Database, office: Office, counters: Counters, miriam: Account, now: datetime
) -> None:
    wait(database, office, 1, now)
    second = wait(database, office, 2, now)
    counters.open(1, miriam)
    counters.next(1, miriam)
    counters.do(calling.finish, 1, miriam, "A001")
    counters.next(1, miriam)
    with pytest.raises(NobodyThere):
        counters.do(calling.finish, 1, miriam, "A001")
    assert state_of(database, second) == TicketState.CALLED


def test_opening_again_changes_nothing_and_closing_again_neither(counters: Counters, miriam: Account) -> None:
    counters.open(1, miriam)
    counters.open(1, miriam)
    counters.do(staffing.close_counter, 1, miriam)
    counters.do(staffing.close_counter, 1, miriam)
    assert [kind for kind, _actor, _data in counters.events()] == ["counter.opened", "counter.closed"]


def test_two_people_do_not_share_a_counter_and_nobody_sits_at_two(
    counters: Counters, miriam: Account, jonas: Account
) -> None:
    counters.open(1, miriam)
    with pytest.raises(CounterTaken, match="Miriam"):
        counters.open(1, jonas)
    with pytest.raises(SeatedElsewhere, match="1"):
        counters.open(2, miriam)
    counters.do(staffing.close_counter, 1, miriam)
    counters.open(1, jonas)
    counters.open(2, miriam)


def test_nobody_leaves_while_a_visitor_is_there(
    database: Database, office: Office, counters: Counters, miriam: Account, now: datetime
) -> None:
    wait(database, office, 1, now)
    counters.open(1, miriam)
    counters.next(1, miriam)
    with pytest.raises(CounterBusy):
        counters.do(staffing.close_counter, 1, miriam)
    counters.do(calling.finish, 1, miriam)
    counters.do(staffing.close_counter, 1, miriam)


def test_a_colleagues_counter_is_closed_by_a_lead_only(
    database: Database, counters: Counters, miriam: Account, jonas: Account
) -> None:
    with database.write() as session:
        lead = account(session, "aylin", Role.TEAM_LEAD)
    counters.open(1, jonas)
    with pytest.raises(CounterClosed):
        counters.do(staffing.close_counter, 1, miriam)
    counters.do(staffing.close_counter, 1, lead)
    with pytest.raises(CounterClosed):
        counters.next(1, jonas)


def test_a_counter_left_open_yesterday_is_free_today(
    database: Database, office: Office, counters: Counters, miriam: Account, jonas: Account, now: datetime
) -> None:
    left = wait(database, office, 1, now)
    counters.open(1, jonas)
    counters.next(1, jonas)
    counters.now += timedelta(days=1)
    counters.open(1, miriam)
    assert state_of(database, left) == TicketState.NO_SHOW
    with database.read() as session:
        there = session.scalars(select(CounterSession).where(CounterSession.closed_at.is_(None))).one()
    assert there.account_id == miriam.id
    counters.open(2, jonas)


def test_staff_of_another_office_are_not_let_in(
    database: Database, office: Office, counters: Counters, now: datetime
) -> None:
    with database.write() as session:
        stranger = account(session, "stranger", office=sample_office(session, "nebenstadt"))
    wait(database, office, 1, now)
    for verb in (staffing.open_counter, staffing.close_counter, calling.recall, calling.finish):
        with pytest.raises(NotAllowed):
            counters.do(verb, 1, stranger)
    with pytest.raises(NotAllowed):
        counters.next(1, stranger)


def test_a_counter_that_does_not_exist_is_not_found(counters: Counters, miriam: Account) -> None:
    counters.ids[0] = 10**6
    with pytest.raises(NotFound):
        counters.open(1, miriam)
    with pytest.raises(NotFound):
        counters.next(1, miriam)
