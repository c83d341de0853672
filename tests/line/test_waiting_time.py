"""The expected wait of a real line: what the tables know, what was learned, and what is said."""

import random
from datetime import datetime, timedelta
from math import exp

import pytest
from sqlalchemy import select

from frontoffice import events
from frontoffice.booking.models import State
from frontoffice.config import Line
from frontoffice.db import Database
from frontoffice.line import calling, learning, order, picture, staffing, waiting_time
from frontoffice.line.expected import Range
from frontoffice.line.forecast import Outlook
from frontoffice.line.models import ExpectedWait, LineExperience, Priority, Ticket, TicketState
from frontoffice.offices.models import Office
from frontoffice.staff.models import Account, Role
from tests.line import parts

LINE = Line()
MINUTE = timedelta(minutes=1)


def looked(database: Database, office: Office, now: datetime) -> Outlook:
    with database.read() as session:
        return waiting_time.of_office(session, session.get_one(Office, office.id), now, LINE)


def middles(outlook: Outlook) -> dict[int, tuple[int, int | None]]:
    return {
        ticket: (each.ahead, round(each.wait.middle / MINUTE) if each.wait else None)
        for ticket, each in outlook.tickets.items()
    }


def open_counters(database: Database, office: Office, now: datetime, *numbers: int) -> list[int]:
    with database.write() as session:
        for number in numbers:
            who = parts.account(session, f"staff{number}", Role.CASEWORKER)
            staffing.open_counter(session, office.counters[number - 1].id, who, now)
        return [office.counters[number - 1].id for number in numbers]


def test_the_wait_follows_what_happens_in_the_line(database: Database, office: Office, now: datetime) -> None:
    with database.write() as session:
        found = session.get_one(Office, office.id)
        first, second, third = (
            parts.ticket(session, found, number, now, arrived_at=now - (9 - number) * MINUTE)
            for number in (1, 2, 3)
        )
    closed = looked(database, office, now)
    assert middles(closed) == {first.id: (0, None), second.id: (1, None), third.id: (2, None)}

    open_counters(database, office, now, 1)
    one = middles(looked(database, office, now))
    assert one[first.id] == (0, 0)
    assert one[third.id][0] == 2
    assert 12 <= (one[third.id][1] or 0) <= 25  # two visits of about ten minutes, with notes and a stamp

    open_counters(database, office, now, 2)
    two = middles(looked(database, office, now))
    assert two[second.id] == (1, 0)
    assert (two[third.id][1] or 0) < (one[third.id][1] or 0)

    with database.write() as session:
        staff = session.scalars(select(Account).where(Account.username == "staff1")).one()
        assert calling.call_next(session, office.counters[0].id, staff, now, parts.RULES)
    called = looked(database, office, now + MINUTE)
    assert middles(called)[second.id] == (0, 0)
    assert first.id not in called.tickets
    with database.read() as session:
        waits = session.get_one(Ticket, third.id)
        gone = session.get_one(Ticket, first.id)
        assert waiting_time.of_ticket(session, gone, now + MINUTE, LINE) is None
        place = waiting_time.place_of(session, waits, now + MINUTE, LINE)
        assert (place.ahead, waiting_time.where(session, waits)) == (1, "Wartezone A")
        # Nothing has happened since, but time has passed.
        assert looked(database, office, now + MINUTE) is called
        later = waiting_time.of_ticket(session, waits, now + MINUTE + timedelta(seconds=15), LINE)
        assert later is not None
        assert place.wait is not None
        assert place.wait.high - later.high == timedelta(seconds=15)
        assert looked(database, office, now + 2 * MINUTE) is not called


def test_who_is_expected_and_who_is_away_count_too(database: Database, office: Office, now: datetime) -> None:
    with database.write() as session:
        found = session.get_one(Office, office.id)
        waits = parts.ticket(session, found, 1, now)
    open_counters(database, office, now, 1)
    looks = iter(range(1, 9))

    def middle() -> timedelta:
        # Each look a while later than the one before, because nothing is told to the office's followers here.
        shown = looked(database, office, now + next(looks) * timedelta(seconds=25))
        assert set(shown.tickets) == {waits.id}
        told = shown.tickets[waits.id].wait
        assert told is not None
        return told.middle

    assert middle() == timedelta()
    with database.write() as session:
        found = session.get_one(Office, office.id)
        busy = parts.ticket(session, found, 3, now)
        busy.state, busy.counter_id = TicketState.CALLED, office.counters[0].id
        busy.called_at, busy.calls = now, 1
    with_a_visitor = middle()
    assert with_a_visitor > 4 * MINUTE
    with database.write() as session:
        away = parts.ticket(session, session.get_one(Office, office.id), 2, now, arrived_at=now - 60 * MINUTE)
        away.state, away.wake_at = TicketState.PARKED, now + 3 * MINUTE
    with_one_who_comes_back = middle()
    assert with_one_who_comes_back > with_a_visitor + 4 * MINUTE
    with database.write() as session:
        found = session.get_one(Office, office.id)
        for minutes in (2, 5, 10):
            parts.appointment(session, found, now + minutes * MINUTE)
        parts.appointment(session, found, now, state=State.CANCELLED)
    assert middle() > with_one_who_comes_back + 25 * MINUTE


def test_who_came_after_the_last_look_is_told_what_such_people_were_told(
    database: Database, office: Office, now: datetime
) -> None:
    open_counters(database, office, now, 1)
    with database.write() as session:
        found = session.get_one(Office, office.id)
        for number in (1, 2):
            parts.ticket(session, found, number, now, arrived_at=now - 5 * MINUTE)
    before = looked(database, office, now)
    with database.write() as session:
        found = session.get_one(Office, office.id)
        walks_in = parts.ticket(session, found, 3, now)
        on_time = parts.ticket(session, found, 4, now, due_at=now)
        clarified = parts.ticket(session, found, 5, now, service=None)
        assert looked(database, office, now) is before
        places = waiting_time.places_of(session, [walks_in, on_time, clarified], now, LINE)
        service = found.services[1].id
        told = waiting_time.of_walk_in(session, found, service, now, LINE)
    assert [places[each.id].wait for each in (walks_in, on_time, clarified)] == [
        told,
        before.on_time[service],
        before.walk_in[None],
    ]
    assert told is not None
    assert told.middle > 10 * MINUTE  # behind two others
    assert before.on_time[service].middle < told.middle


def test_who_is_said_to_be_next_is_called_next(database: Database, office: Office, now: datetime) -> None:
    """With wishes, teams, priorities and appointments at random, as the desk's own statement chooses."""
    chance = random.Random(4)
    with database.write() as session:
        found = session.get_one(Office, office.id)
        found.counters[1].languages = ["uk"]
        found.counters[2].team = "studies"
        found.counters[3].services = found.services[:1]
        for number in range(1, 41):
            due = now + chance.randrange(-30, 40) * MINUTE if chance.random() < 0.4 else None
            arrived = now - chance.randrange(60) * MINUTE
            each = parts.ticket(
                session,
                found,
                number,
                now,
                service=chance.choice((0, 1, 2, None)),
                due_at=due,
                arrived_at=arrived,
            )
            match chance.randrange(10):
                case 0:
                    each.for_language = "uk"
                case 1:
                    each.for_team = "studies"
                case 2:
                    each.for_counter_id = found.counters[0].id
                case 3:
                    each.priority, each.priority_at = Priority.FRAIL, now
                case 4:
                    each.returns, each.wake_at, each.for_counter_id = True, now, found.counters[1].id
    counters = open_counters(database, office, now, 1, 2, 3, 4)
    for turn in range(40):
        counter = counters[turn % 4]
        with database.read() as session:
            seen = picture.of_office(session, session.get_one(Office, office.id), now)
        [post] = [each.post for each in seen.counters if each.post.counter_id == counter]
        able = [each.ticket for each in seen.line if order.may_call(each.wish, post)]
        said = [each.id for each in order.in_order(able, now, parts.RULES)]
        with database.write() as session:
            staff = session.scalars(select(Account).where(Account.username == f"staff{turn % 4 + 1}")).one()
            visit = calling.call_next(session, counter, staff, now, parts.RULES)
            assert (visit.id if visit else None) == (said[0] if said else None)
            if visit is not None:
                calling.finish(session, counter, staff, now)


def test_the_office_learns_from_its_own_days(database: Database, office: Office, now: datetime) -> None:
    """Visits last three times as long as planned, a second counter opens at ten, ranges were much too narrow."""
    with database.write() as session:
        found = session.get_one(Office, office.id)
        kiosk_day = now - timedelta(days=1)
        for number in range(1, 61):
            back = timedelta(days=1 + number % 5)
            called = now - back + number // 5 * 35 * MINUTE
            done = parts.ticket(
                session,
                found,
                number,
                now,
                day=(now - back).date(),
                arrived_at=called - 40 * MINUTE,
                due_at=called - 50 * MINUTE if number % 2 else None,
            )
            done.state, done.counter_id, done.calls = TicketState.DONE, found.counters[0].id, 1
            done.called_at, done.ended_at = called, called + 30 * MINUTE
            session.flush()
            said = Range(18 * MINUTE, 20 * MINUTE, 22 * MINUTE)
            learning.note(session, found.id, {done.id: said}, done.arrived_at)
        never_came = parts.appointment(session, found, kiosk_day)
        assert never_came.state is State.CONFIRMED
        for back in range(1, 6):
            for kind, hour in (("opened", 1), ("paused", 4), ("opened", 5), ("closed", 8)):
                at = now - timedelta(days=back) + timedelta(hours=hour)
                events.append(
                    session,
                    found.id,
                    f"counter.{kind}",
                    at,
                    actor="x",
                    subject=f"counter:{found.counters[0].id}",
                )
    with database.read() as session:
        there = session.get_one(Office, office.id)
        assert learning.is_due(session, there, now)
        learned = learning.gather(session, there, now, LINE)
    pick_up = there_services(office)[1]
    assert exp(learned.durations[pick_up].mean) > 20  # planned are ten
    assert learned.habits[""][18].opens == 1 / 8  # at nine, one of eight counters
    assert (learned.habits[""][24].closes, learned.habits[""][32].closes) == (1, 1)
    assert learned.lateness[5] > 0  # they came ten minutes late
    assert 0.85 < learned.turn_up < 1
    assert learned.widening > 5

    waits = open_counters(database, office, now, 1)
    with database.write() as session:
        found = session.get_one(Office, office.id)
        tickets = [
            parts.ticket(session, found, number, now, arrived_at=now - (9 - number) * MINUTE)
            for number in (1, 2)
        ]
    second = tickets[1].id
    before = looked(database, office, now).tickets[second].wait
    with database.write() as session:
        learning.keep(session, session.get_one(Office, office.id), learned, now, LINE)
    assert waits
    with database.read() as session:
        assert not learning.is_due(session, session.get_one(Office, office.id), now + timedelta(hours=5))
        assert learning.is_due(session, session.get_one(Office, office.id), now + timedelta(days=1))
        assert session.get_one(LineExperience, office.id).learned_at == now
    after = looked(database, office, now + timedelta(seconds=30)).tickets[second].wait
    assert before is not None
    assert after is not None
    assert after.middle > 1.5 * before.middle
    assert after.high - after.low > 2 * (before.high - before.low)


def test_what_is_expected_is_noted_once_and_forgotten_in_the_end(
    database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        found = session.get_one(Office, office.id)
        waits = parts.ticket(session, found, 1, now)
    open_counters(database, office, now, 1)

    def tick(at: datetime) -> int:
        with database.read() as session:
            [where] = learning.waiting_offices(session, at)
            expected = learning.expected_now(session, where, at, LINE)
        with database.write() as session:
            learning.note(session, where.id, expected, at)
        return len(expected)

    assert (tick(now), tick(now + MINUTE)) == (1, 0)
    with database.write() as session:
        learning.note(session, office.id, {waits.id: Range(MINUTE, MINUTE, MINUTE)}, now + MINUTE)
        noted = session.get_one(ExpectedWait, waits.id)
        assert (noted.at, noted.middle) == (now, 0)
        later = now + timedelta(days=LINE.learn_days + 2)
        found = session.get_one(Office, office.id)
        learning.keep(session, found, learning.gather(session, found, later, LINE), later, LINE)
        assert session.scalars(select(ExpectedWait)).all() == []


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0, 0, (0, 1)),
        (0.2, 1.4, (0, 2)),
        (3, 15, (3, 15)),
        (3, 15.1, (0, 20)),
        (22, 22.5, (20, 25)),
        (30, 30, (30, 35)),
    ],
)
def test_ranges_are_said_in_round_minutes(low: float, high: float, said: tuple[int, int]) -> None:
    assert waiting_time.in_minutes(Range(low * MINUTE, low * MINUTE, high * MINUTE)) == said


def there_services(office: Office) -> list[int]:
    return [service.id for service in office.services]
