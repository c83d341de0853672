"""The draw against others: staff who book, requests in the last second, two workers, a worker that is killed."""

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from multiprocessing.synchronize import Barrier
from typing import Any

from sqlalchemy import func, select

from frontoffice.booking import appointing, holding
from frontoffice.booking.models import Appointment, Channel, Share
from frontoffice.booking.person import Person
from frontoffice.booking.visit import visit
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.draw import drawing, entering, lottery, settling
from frontoffice.draw.models import Draw, DrawRequest, DrawState, RequestState
from frontoffice.errors import DomainError
from frontoffice.events import Event
from frontoffice.messages.models import Message
from frontoffice.offices.models import Confirmation, Office, Service
from frontoffice.vault import Vault
from frontoffice.waitlist.models import WaitlistEntry
from frontoffice.waitlist.wish import Wish
from tests.booking.conftest import planned
from tests.booking.steps import at, differences
from tests.draw.steps import CLOSES, FIRST, appointments, draw_lots, enter, make, people, requests_of, settle
from tests.races.test_offers import until_somebody_waits
from tests.sample import RENEWAL

__all__ = ["planned"]

PATIENCE = 120  # seconds until a test that hangs fails
ONE_DAY = FIRST + timedelta(days=1)
SEATS = 16

spawn = multiprocessing.get_context("spawn")


def _open(settings: str) -> tuple[Config, Database]:
    config = Config.model_validate_json(settings)
    return config, Database(config.database.url, Vault(config.site.secret_keys))


def _settle(settings: str, barrier: Barrier, answers: Any) -> None:
    config, database = _open(settings)
    barrier.wait(PATIENCE)
    steps = 0
    while True:
        with database.write() as session:
            if not settling.settle_next(session, CLOSES, settings=config):
                break
        steps += 1
    answers.put(("settled", steps))
    database.close()


def _staff_book(settings: str, barrier: Barrier, answers: Any) -> None:
    """Book as many of the same times as possible, by phone but from the online share."""
    config, database = _open(settings)
    barrier.wait(PATIENCE)
    booked = 0
    for number in range(SEATS):
        person = Person(
            f"Caller {'abcdefghijklmnop'[number]}", date(1980, 1, 1 + number), None, "+4915123456789"
        )
        try:
            with database.write() as session:
                office = session.scalars(select(Office)).one()
                renewal = session.scalars(select(Service).where(Service.slug == RENEWAL)).one()
                start = at(7, "08:00", month=12) + timedelta(minutes=30 * (number // 2))
                _, token = holding.hold(
                    session,
                    office,
                    visit([(renewal, 1)]),
                    start,
                    CLOSES,
                    rules=config.booking,
                    channel=Channel.PHONE,
                    shares=(Share.ONLINE,),
                )
                appointing.book(
                    session, token, person, "de", CLOSES, settings=config, actor="account:1", proven=True
                )
            booked += 1
        except DomainError:
            continue
    answers.put(("staff", booked))
    database.close()


def at_once(config: Config, *acts: Any) -> dict[str, list[int]]:
    """Do these things at once, each in a process of its own; gives what they counted."""
    barrier, answers = spawn.Barrier(len(acts)), spawn.Queue()
    processes = [spawn.Process(target=act, args=(config.model_dump_json(), barrier, answers)) for act in acts]
    for process in processes:
        process.start()
    found: dict[str, list[int]] = {}
    for _ in acts:
        name, number = answers.get(timeout=PATIENCE)
        found.setdefault(name, []).append(number)
    for process in processes:
        process.join(PATIENCE)
        assert process.exitcode == 0
    return found


def test_a_draw_that_is_settled_while_staff_book_gives_no_seat_twice(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    draw = make(database, now, until_day=ONE_DAY)
    for person in people(SEATS + 2):
        enter(database, config, draw, person)
    draw_lots(database)
    found = at_once(config, _settle, _staff_book)
    [staff] = found["staff"]
    states = [each.state for each in requests_of(database, draw)]
    won = SEATS - staff
    assert states == [RequestState.WON] * won + [RequestState.LISTED] * (SEATS + 2 - won)
    assert len(appointments(database)) == SEATS
    assert differences(database) == []


def test_two_workers_settle_in_the_drawn_order_and_each_request_once(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    draw = make(database, now, until_day=ONE_DAY)
    for person in people(SEATS + 4):
        enter(database, config, draw, person)
    draw_lots(database)
    at_once(config, _settle, _settle, _settle)
    requests = requests_of(database, draw)
    assert [each.state for each in requests] == [RequestState.WON] * SEATS + [RequestState.LISTED] * 4
    assert [each.appointment_id for each in requests[:SEATS]] == [each.id for each in appointments(database)]
    with database.read() as session:
        results = session.scalar(select(func.count()).where(Message.kind == "draw_result"))
        assert results == SEATS + 4
        waiting = session.scalars(
            select(WaitlistEntry.id).order_by(WaitlistEntry.joined_at, WaitlistEntry.id)
        )
        assert list(waiting) == [each.entry_id for each in requests[SEATS:]]
        assert session.get_one(Draw, draw.id).state is DrawState.SETTLED
    assert differences(database) == []


def test_a_draw_is_closed_once_even_if_two_workers_find_nothing_left(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    make(database, now)
    draw_lots(database)

    def close() -> bool:
        with database.write() as session:
            return settling.settle_next(session, CLOSES, settings=config)

    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            settling.settle_next(session, CLOSES, settings=config)
            second = pool.submit(close)
            until_somebody_waits(database)
        second.result(PATIENCE)
    with database.read() as session:
        assert session.scalar(select(func.count()).where(Event.kind == "draw.settled")) == 1


def _settle_for_ever(settings: str, begun: Any) -> None:
    config, database = _open(settings)
    while True:
        with database.write() as session:
            if not settling.settle_next(session, CLOSES, settings=config):
                return
        begun.set()


def test_a_worker_that_is_killed_in_the_middle_leaves_nothing_half_done(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    draw = make(database, now)
    for person in people(40):
        enter(database, config, draw, person)
    draw_lots(database)
    begun = spawn.Event()
    process = spawn.Process(target=_settle_for_ever, args=(config.model_dump_json(), begun))
    process.start()
    assert begun.wait(PATIENCE)
    process.kill()
    process.join(PATIENCE)
    with database.read() as session:
        won = session.scalar(select(func.count()).where(DrawRequest.state == RequestState.WON))
        assert won == session.scalar(select(func.count()).select_from(Appointment))
        assert won == session.scalar(select(func.count()).where(Message.kind == "draw_result"))
    assert differences(database) == []
    settle(database, config)
    requests = requests_of(database, draw)
    assert [each.state for each in requests] == [RequestState.WON] * 2 * SEATS + [RequestState.LISTED] * 8
    assert [each.rank for each in requests] == list(range(1, 41))
    assert differences(database) == []


def _enter_until_refused(settings: str, barrier: Barrier, answers: Any) -> None:
    config, database = _open(settings)
    barrier.wait(PATIENCE)
    entered = 0
    for person in people(60):
        try:
            with database.write() as session:
                draw = session.scalars(select(Draw)).one()
                renewal = session.scalars(select(Service).where(Service.slug == RENEWAL)).one()
                wish = Wish(draw.first_day, draw.until_day)
                last = CLOSES - timedelta(seconds=1)  # its clock is slow: only the draw itself can refuse it
                entering.enter(
                    session, draw, visit([(renewal, 1)]), wish, None, person, "en", last, settings=config
                )
            entered += 1
        except DomainError:
            break
    answers.put(("entered", entered))
    database.close()


def _prove_until_refused(settings: str, barrier: Barrier, answers: Any) -> None:
    """Press the buttons in the mails of the last second, one after the other."""
    config, database = _open(settings)
    with database.read() as session:
        numbers = session.scalars(select(DrawRequest.id).order_by(DrawRequest.id)).all()
    barrier.wait(PATIENCE)
    proven = 0
    for number in numbers:
        try:
            with database.write() as session:
                last = CLOSES - timedelta(seconds=1)
                entering.prove(session, session.get_one(DrawRequest, number), last, settings=config)
            proven += 1
        except DomainError:
            break
    answers.put(("proven", proven))
    database.close()


def _draw(settings: str, barrier: Barrier, answers: Any) -> None:
    _, database = _open(settings)
    barrier.wait(PATIENCE)
    with database.write() as session:
        drawing.draw_next(session, CLOSES)
    answers.put(("drawn", 1))
    database.close()


def test_a_request_of_the_last_second_is_in_the_list_or_refused_but_never_lost(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    draw = make(database, now, until_day=ONE_DAY)
    found = at_once(config, _enter_until_refused, _draw)
    requests = requests_of(database, draw)
    assert len(requests) == found["entered"][0]
    assert [each.rank for each in requests] == list(range(1, len(requests) + 1))
    with database.read() as session:
        assert lottery.check(drawing.record(session, session.get_one(Draw, draw.id))) == []


def test_who_proves_the_contact_in_the_last_second_takes_part_or_is_told_that_it_is_too_late(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    with database.write() as session:
        session.get_one(Office, planned.id).confirmation = Confirmation.EITHER
    draw = make(database, now, until_day=ONE_DAY)
    for person in people(25):
        enter(database, config, draw, person)
    [proven] = at_once(config, _prove_until_refused, _draw)["proven"]
    requests = requests_of(database, draw)
    assert sorted(each.rank for each in requests if each.rank is not None) == list(range(1, proven + 1))
    left_out = [each.state for each in requests if each.rank is None]
    assert left_out == [RequestState.UNPROVEN] * (25 - proven)
