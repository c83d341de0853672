"""What the waiting room shows."""

from datetime import datetime, timedelta

from frontoffice import events
from frontoffice.booking import sheet
from frontoffice.db import Database
from frontoffice.line import board, calling, staffing
from frontoffice.line.board import Board
from frontoffice.offices.models import Office
from frontoffice.staff.models import Account
from tests.line.parts import RULES, account, ticket

MINUTE = timedelta(minutes=1)


def look(database: Database, office: Office, now: datetime) -> Board:
    with database.read() as session:
        return board.board(session, office.id, sheet.day_of(now, office.time_zone))


def fill(database: Database, office: Office, count: int, now: datetime) -> list[Account]:
    """So many wait, and at counters 1 and 2 somebody serves."""
    with database.write() as session:
        here = session.get_one(Office, office.id)
        for number in range(1, count + 1):
            ticket(session, here, number, now, arrived_at=now - timedelta(hours=1) + number * MINUTE)
        staff = [account(session, name) for name in ("miriam", "jonas")]
        for counter, who in zip(here.counters, staff, strict=False):
            staffing.open_counter(session, counter.id, who, now)
    return staff


def test_an_empty_morning_has_an_empty_board(database: Database, office: Office, now: datetime) -> None:
    assert look(database, office, now) == Board(0, [], 0)


def test_calls_stand_newest_first_with_how_many_wait(
    database: Database, office: Office, now: datetime
) -> None:
    miriam, jonas = fill(database, office, 5, now)
    for minute, (counter, who) in enumerate([(0, miriam), (1, jonas)]):
        with database.write() as session:
            calling.call_next(session, office.counters[counter].id, who, now + minute * MINUTE, RULES)
    shown = look(database, office, now)
    assert [(call.ticket, call.counter, call.call) for call in shown.calls] == [
        ("A002", "2", 1),
        ("A001", "1", 1),
    ]
    assert shown.waiting == 3


def test_who_is_called_again_stands_first_again(database: Database, office: Office, now: datetime) -> None:
    miriam, jonas = fill(database, office, 2, now)
    with database.write() as session:
        calling.call_next(session, office.counters[0].id, miriam, now, RULES)
    with database.write() as session:
        calling.call_next(session, office.counters[1].id, jonas, now + MINUTE, RULES)
    with database.write() as session:
        calling.recall(session, office.counters[0].id, miriam, now + 2 * MINUTE)
    first, second = look(database, office, now).calls
    assert (first.ticket, first.call, first.called_at) == ("A001", 2, now + 2 * MINUTE)
    assert second.ticket == "A002"


def test_those_who_have_gone_stay_among_the_recent_calls_and_long_lists_are_cut(
    database: Database, office: Office, now: datetime
) -> None:
    miriam, _jonas = fill(database, office, 12, now)
    counter = office.counters[0].id
    for minute in range(12):
        with database.write() as session:
            calling.call_next(session, counter, miriam, now + minute * MINUTE, RULES)
            calling.finish(session, counter, miriam, now + minute * MINUTE)
    assert [call.ticket for call in look(database, office, now).calls] == [
        f"A{n:03d}" for n in range(12, 2, -1)
    ]


def test_yesterday_is_not_shown(database: Database, office: Office, now: datetime) -> None:
    miriam, _jonas = fill(database, office, 2, now)
    with database.write() as session:
        calling.call_next(session, office.counters[0].id, miriam, now, RULES)
    tomorrow = look(database, office, now + timedelta(days=1))
    assert (list(tomorrow.calls), tomorrow.waiting) == ([], 0)


def test_the_board_says_from_which_event_to_follow(database: Database, office: Office, now: datetime) -> None:
    miriam, _jonas = fill(database, office, 1, now)
    before = look(database, office, now).as_of
    with database.write() as session:
        calling.call_next(session, office.counters[0].id, miriam, now, RULES)
    with database.read() as session:
        [news] = events.after(session, office.id, before)
    assert news.kind == "ticket.called"
    assert look(database, office, now).as_of == news.number
