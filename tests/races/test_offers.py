"""The waiting list from several transactions and processes at once: an offer has one outcome, a wish one offer."""

import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime, timedelta
from multiprocessing.synchronize import Barrier
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import func, select, text

from frontoffice.booking import holding, planning
from frontoffice.booking.models import Appointment, Hold, Purpose, State
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.errors import DomainError, NotFound
from frontoffice.offices.models import Office, Service
from frontoffice.vault import Vault
from frontoffice.waitlist import answering, checks, entries, joining, leaving, offering
from frontoffice.waitlist.models import EntryState, Offer, Outcome, WaitlistEntry
from frontoffice.waitlist.refusals import AlreadyWaiting, OfferGone
from tests.booking.conftest import renewal
from tests.booking.steps import at, differences
from tests.sample import sample_office
from tests.waitlist.conftest import config
from tests.waitlist.steps import ANY, LAST, book, free_a_time, fresh, join, offer_all, somebody

__all__ = ["config", "renewal"]

PATIENCE = 120  # seconds until a test that hangs fails
ROUNDS = 6

spawn = multiprocessing.get_context("spawn")


@pytest.fixture
def planned(database: Database, now: datetime) -> Office:
    """The sample office with a single seat, planned for four weeks."""
    with database.write() as session:
        office = sample_office(session, seats_online=1)
        planning.plan(session, office, date(2026, 11, 23), 28, now)
    return office


def agrees(database: Database) -> bool:
    with database.read() as session:
        return [*checks.differences(session), *differences(database)] == []


def in_processes(config: Config, now: datetime, acts: list[tuple[str, int]]) -> list[str]:
    """Do these acts at once, each in a process of its own; gives their outcomes in the order of the acts."""
    barrier, answers = spawn.Barrier(len(acts)), spawn.Queue()
    processes = [
        spawn.Process(target=_act, args=(config.model_dump_json(), now, number, act, barrier, answers))
        for number, act in enumerate(acts)
    ]
    for process in processes:
        process.start()
    found = dict(answers.get(timeout=PATIENCE) for _ in acts)
    for process in processes:
        process.join(PATIENCE)
        assert process.exitcode == 0
    return [found[number] for number in range(len(acts))]


def _act(
    settings: str, now: datetime, number: int, act: tuple[str, int], barrier: Barrier, answers: Any
) -> None:
    config = Config.model_validate_json(settings)
    database = Database(config.database.url, Vault(config.site.secret_keys))
    barrier.wait(PATIENCE)
    for _ in range(ROUNDS):
        try:
            with database.write() as session:
                said = _do(session, act, now, config)
        except DomainError as refusal:
            said = refusal.code
        if said != "again":
            break
    answers.put((number, said))
    database.close()


def _do(session: Any, act: tuple[str, int], now: datetime, config: Config) -> str:
    kind, number = act
    match kind:
        case "take":
            answering.take(session, session.get_one(WaitlistEntry, number), now, settings=config)
            return "taken"
        case "expire":
            late = now + timedelta(hours=2)
            return "again" if answering.expire_next(session, late, settings=config) else "done"
        case _:
            made = offering.offer(session, number, now, settings=config)
            return f"offered {len(made)}"


def test_an_offer_is_taken_or_runs_out_but_not_both(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    """The taker's clock is before the end, the worker's after it: both may be right, one wins."""
    entry = join(database, config, somebody(1), now)
    free_a_time(database, config, renewal, at(24, "09:00"), now)
    assert len(offer_all(database, config, now)) == 1
    taken, _, _ = in_processes(config, now, [("take", entry.id), ("expire", 0), ("expire", 0)])
    with database.read() as session:
        found = fresh(session, entry)
        [outcome] = session.scalars(select(Offer.outcome).where(Offer.entry_id == entry.id))
        booked = session.scalar(
            select(func.count()).where(
                Appointment.person_digest == found.person_digest, Appointment.state == State.CONFIRMED
            )
        )
    assert (taken, outcome, found.state, booked) in [
        ("taken", Outcome.TAKEN, EntryState.TAKEN, 1),
        ("offer_gone", Outcome.EXPIRED, EntryState.WAITING, 0),
    ]
    assert agrees(database)


def test_two_freed_times_on_two_days_make_one_offer_for_one_wish(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    entry = join(database, config, somebody(1), now)
    for day in (24, 25):
        free_a_time(database, config, renewal, at(day, "09:00"), now)
    with database.read() as session:
        sheets = offering.freed_sheets(session, now)
    assert len(sheets) == 2
    said = in_processes(config, now, [("offer", sheet) for sheet in sheets for _ in range(2)])
    assert Counter(said) == {"offered 1": 1, "offered 0": 3}
    with database.read() as session:
        [offer] = session.scalars(select(Offer).where(Offer.entry_id == entry.id))
        assert offer.outcome is Outcome.OPEN
        held = session.scalar(
            select(func.count()).where(Hold.purpose == Purpose.OFFER, Hold.released_at.is_(None))
        )
        assert held == 1
    assert agrees(database)


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


def test_everything_that_can_happen_to_an_offer_at_once_leaves_one_outcome(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    late = now + timedelta(hours=2)
    for number in range(ROUNDS):
        entry = join(database, config, somebody(number), now)
        second = join(database, config, somebody(number + ROUNDS), now)
        start = at(24 + number % 4, ("08:30", "10:00")[number // 4])
        free_a_time(database, config, renewal, start, now)
        [made] = offer_all(database, config, now)
        assert made.entry_id == entry.id

        def take(session: Any, entry: WaitlistEntry = entry) -> object:
            return answering.take(session, fresh(session, entry), now, settings=config)

        def decline(session: Any, entry: WaitlistEntry = entry) -> object:
            return answering.decline(session, fresh(session, entry), now, settings=config)

        def leave(session: Any, entry: WaitlistEntry = entry) -> object:
            return leaving.leave(session, fresh(session, entry), now, settings=config)

        def expire(session: Any) -> object:
            return answering.expire_next(session, late, settings=config)

        def offer(session: Any, sheet: int = made.sheet_id) -> object:
            return offering.offer(session, sheet, late, settings=config)

        outcomes = in_threads(database, take, take, decline, leave, expire, offer)
        for outcome in outcomes:
            assert not isinstance(outcome, BaseException) or isinstance(outcome, OfferGone), repr(outcome)
        with database.read() as session:
            [outcome] = session.scalars(select(Offer.outcome).where(Offer.entry_id == entry.id))
            assert outcome is not Outcome.OPEN
            state = fresh(session, entry).state
            assert (outcome is Outcome.TAKEN) == (state is EntryState.TAKEN)
            assert sum(isinstance(each, Appointment) for each in outcomes) == (outcome is Outcome.TAKEN)
        assert agrees(database)
        with database.write() as session:
            for each in (entry, second):
                leaving.leave(session, fresh(session, each), late, settings=config)
            holding.release_expired(session, late + timedelta(hours=3))  # nothing is left for the next round


def until_somebody_waits(database: Database) -> None:
    """Come back once another transaction waits for a lock; at once on SQLite, where it waits before it begins."""
    end = monotonic() + PATIENCE
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND state = 'active'"
    )
    while not database.is_sqlite and monotonic() < end:
        with database.read() as session:
            if session.scalar(waiting):
                return


@pytest.mark.parametrize("second", ["take", "decline", "leave", "expire"])
@pytest.mark.parametrize("first", ["take", "decline", "leave", "expire"])
def test_who_saw_an_offer_open_and_waits_for_its_sheet_looks_again(
    database: Database, config: Config, renewal: Service, now: datetime, first: str, second: str
) -> None:
    entry = join(database, config, somebody(1), now)
    free_a_time(database, config, renewal, at(24, "09:00"), now)
    offer_all(database, config, now)

    def act(session: Any, kind: str) -> object:
        found = fresh(session, entry)
        match kind:
            case "take":
                return answering.take(session, found, now, settings=config)
            case "decline":
                return answering.decline(session, found, now, settings=config)
            case "leave":
                return leaving.leave(session, found, now, settings=config)
        return answering.expire_next(session, now + timedelta(hours=2), settings=config)

    def afterwards() -> object:
        with database.write() as session:
            return act(session, second)

    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            act(session, first)
            late = pool.submit(afterwards)
            until_somebody_waits(database)
        assert isinstance(late.exception(PATIENCE), (OfferGone, NotFound, type(None)))
    expected = {
        "take": (Outcome.TAKEN, EntryState.TAKEN),
        "decline": (Outcome.DECLINED, EntryState.LEFT if second == "leave" else EntryState.WAITING),
        "leave": (Outcome.WITHDRAWN, EntryState.LEFT),
        "expire": (Outcome.EXPIRED, EntryState.LEFT if second == "leave" else EntryState.WAITING),
    }
    with database.read() as session:
        assert (session.scalars(select(Offer.outcome)).one(), fresh(session, entry).state) == expected[first]
    assert agrees(database)


def test_two_who_move_to_each_others_times_do_not_wait_for_each_other(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    """Each takes an offer on the day that the other leaves: the sheets are locked in one order."""
    for number in range(3):
        days = (7 + number, 14 + number)
        people = [somebody(number), somebody(number + 10)]
        mine = [
            book(database, config, renewal, at(day, "10:00", month=12), now, person)
            for day, person in zip(days, people, strict=True)
        ]
        waiting = []
        with database.write() as session:
            for each in mine:
                found = session.get_one(Appointment, each.id)
                waiting.append(joining.join_for(session, found, ANY, LAST, now, settings=config))
        for day in days:
            free_a_time(database, config, renewal, at(day, "08:00", month=12), now)
        offered = {each.entry_id: each for each in offer_all(database, config, now)}
        assert set(offered) <= {each.id for each in waiting}
        acts = [
            lambda session, entry=each: answering.take(session, fresh(session, entry), now, settings=config)
            for each in waiting
            if each.id in offered
        ]
        outcomes = in_threads(database, *acts)
        assert all(isinstance(each, Appointment) for each in outcomes), outcomes
        assert agrees(database)
        with database.write() as session:
            for each in waiting:
                leaving.leave(session, fresh(session, each), now, settings=config)


def test_a_person_who_joins_twice_at_once_is_on_the_list_once(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    from frontoffice.waitlist import spots

    def act(session: Any) -> object:
        place = spots.where(session, "musterstadt", [(renewal.slug, 1)])
        return joining.join(session, place, ANY, LAST, somebody(1), "en", now, settings=config)

    outcomes = in_threads(database, *[act] * 6)
    assert Counter(map(type, outcomes)) == {WaitlistEntry: 1, AlreadyWaiting: 5}
    with database.read() as session:
        [entry] = session.scalars(select(WaitlistEntry))
        assert entries.ahead_of(session, entry) == 0
