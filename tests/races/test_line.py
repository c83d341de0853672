"""Counters, a kiosk, phones and the worker act on the same visit at once, in processes: one outcome, told to all."""

import time
from collections import Counter as Count
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.line import calling, checks, journal, parking, phone, steering, undoing
from frontoffice.line.models import Ticket, TicketState
from frontoffice.line.order import rules_of
from frontoffice.offices.models import Office
from frontoffice.staff.models import Account, Device
from tests.line.parts import EARLY, appointment, kiosk, ticket
from tests.line.test_journal import check_in, entry
from tests.races.crew import Act, Crew
from tests.races.test_calling import staffed

ROUNDS = 6
NUMBERS = [f"A{number:03d}" for number in range(1, ROUNDS + 1)]
MINUTE = timedelta(minutes=1)
Seat = tuple[int, int]  # counter and account


# What the processes do.


def call_next(session: Session, config: Config, seat: Seat, now: datetime) -> str | None:
    visit = calling.call_next(session, *_who(session, seat), now, rules_of(config.line))
    return visit.ticket if visit else None


def pick(session: Session, _config: Config, seat: Seat, now: datetime, number: str) -> str:
    return calling.pick(session, *_who(session, seat), now, number).ticket


def at_counter(session: Session, _config: Config, verb: str, seat: Seat, now: datetime) -> str:
    counter, account = _who(session, seat)
    match verb:
        case "finish":
            return str(calling.finish(session, counter, account, now).state)
        case "park":
            return str(parking.park(session, counter, account, now, reason="holt etwas").state)
        case "transfer":
            service = session.get_one(Office, session.get_one(Ticket, 1).office_id).services[2]
            return str(steering.transfer(session, counter, account, now, to_service_id=service.id).state)
        case "undo":
            return f"undone {undoing.undo(session, counter, account, now).state}"
        case _:
            return str(calling.no_show(session, counter, account, now).state)


def deliver(
    session: Session, _config: Config, device: int, entries: list[journal.Entry], now: datetime
) -> list[str | None]:
    results = journal.take(
        session, session.get_one(Device, device), entries, early=EARLY, now=now, apart=False
    )
    return [results[each.id].ticket for each in entries]


def leave(session: Session, _config: Config, number: str, now: datetime) -> str:
    phone.leave(session, _visit(session, number), now)
    return "left"


def go_away(session: Session, config: Config, number: str, now: datetime) -> str:
    phone.go_away(session, _visit(session, number), now, now + MINUTE, config.line)
    return "away"


def come_back(session: Session, _config: Config, number: str, now: datetime) -> str:
    phone.come_back(session, _visit(session, number), now)
    return "back"


def wake(session: Session, _config: Config, now: datetime) -> str:
    return f"woken {parking.wake(session, now)}"


def arrive(session: Session, _config: Config, office: int, number: int, now: datetime) -> str:
    return ticket(session, session.get_one(Office, office), number, now).code


def _visit(session: Session, number: str) -> Ticket:
    return session.scalars(select(Ticket).where(Ticket.number == int(number[1:]))).one()


def _who(session: Session, seat: Seat) -> tuple[int, Account]:
    return seat[0], session.get_one(Account, seat[1])


# What became of it.


def states(database: Database) -> dict[str, TicketState]:
    with database.read() as session:
        return {each.code: each.state for each in session.scalars(select(Ticket))}


def told(database: Database, *kinds: str) -> Count[tuple[str, str]]:
    """How often each of these was told of each ticket."""
    with database.read() as session:
        rows = session.scalars(select(Event).where(Event.kind.in_(kinds)))
        return Count((each.data["ticket"], each.kind.removeprefix("ticket.")) for each in rows)


def agrees(database: Database) -> bool:
    with database.read() as session:
        return list(checks.differences(session)) == []


def batches(is_enough: Callable[[], bool], most: int = 10) -> Iterator[range]:
    """The numbers of one batch of rounds after the other, until each side has won, or never does."""
    for batch in range(most):
        yield range(batch * ROUNDS + 1, (batch + 1) * ROUNDS + 1)
        if is_enough():
            return


def clear(now: datetime, *seats: Seat) -> list[Act]:
    """A round in which whoever has a visitor is done with them."""
    return [(at_counter, "finish", seat, now) for seat in seats]


def delayed(place: int, act: Act) -> Act:
    """The act, begun up to 40 ms after its round: swept over what an act takes, so that each side wins once."""
    return (begin_late, 5 * (place // 2 % 9), *act)


def begin_late(
    session: Session, config: Config, milliseconds: int, act: Callable[..., Any], *given: Any
) -> Any:
    time.sleep(milliseconds / 1000)
    return act(session, config, *given)


def test_two_counters_and_a_kiosk_act_on_one_ticket(
    database: Database, config: Config, crew: Crew, office: Office, now: datetime
) -> None:
    """One counter picks it, one calls whoever is next, and the kiosk brings it twice."""
    one, two, *_others = staffed(database, office, now)
    with database.write() as session:
        device = kiosk(session, session.get_one(Office, office.id)).id
    numbers: list[str] = []
    taken, won = Count[str](), set[str]()
    for batch in batches(lambda: won >= {"picked", "called"}):
        with database.write() as session:
            here = session.get_one(Office, office.id)
            booked = [appointment(session, here, now).reference for _ in batch]
        rounds: list[list[Act]] = []
        for reference, place in zip(booked, batch, strict=True):
            known = check_in(now, reference, place)
            act: Act = (deliver, device, [known], now)
            picks = delayed(place, (pick, one, now, f"A{place:03d}"))
            calls = delayed(3 * place, (call_next, two, now))
            rounds += [
                # Half of the tickets are there already, and the kiosk was only not told that they arrived.
                [act] if place % 2 else [],
                [act, act, picks, calls],
                clear(now, one, two),
            ]
        outcomes = crew.race(config, rounds)
        for place, (first, again, picked, next_one) in zip(batch, outcomes[1::3], strict=True):
            numbers.append(number := f"A{place:03d}")
            assert first == again == [number], "the kiosk is told the same both times"
            assert picked in (number, "NotWaiting")
            assert picked != next_one, "two counters have it"
            taken.update({picked, next_one} - {"NotWaiting", None})
            if place % 2:  # where it was there for both
                won.add("picked" if picked == number else "called" if next_one == number else "neither")
    assert won >= {"picked", "called"}, "one counter was always the quicker one: that was no race"
    called = told(database, "ticket.called")
    with database.read() as session:
        tickets = session.scalars(select(Ticket)).all()
        assert sorted(each.code for each in tickets) == numbers, "one ticket for each appointment"
        for each in tickets:
            # Nobody has taken it where both counters looked before the kiosk's delivery.
            was = TicketState.DONE if taken[each.code] else TicketState.WAITING
            assert (each.state, each.calls, called[each.code, "called"]) == (was, *2 * [taken[each.code]])
    assert set(called.values()) <= {1}
    assert agrees(database)


def test_a_counter_calls_while_the_visitor_leaves(
    database: Database, config: Config, crew: Crew, office: Office, now: datetime
) -> None:
    """Either the visitor is told to go to the counter, or the counter is told that nobody waits."""
    one, *_others = staffed(database, office, now)
    outcomes: dict[str, list[Any]] = {}
    won = set[str]()
    for batch in batches(lambda: won == {"left", "JustCalled"}):
        rounds: list[list[Act]] = []
        for place in batch:
            number = f"A{place:03d}"
            counter = delayed(place, (pick, one, now, number) if place % 2 else (call_next, one, now))
            leaves = delayed(3 * place, (leave, number, now))
            rounds += [
                [(arrive, office.id, place, now)],
                # Once with two taps, and once with one: whoever is two is oftener the first.
                [leaves, counter, leaves][: 3 if place % 3 else 2],
                clear(now, one),
            ]
        raced = crew.race(config, rounds)[1::3]
        outcomes |= {f"A{place:03d}": found for place, found in zip(batch, raced, strict=True)}
        won.update(found[0] for found in raced)
    assert won == {"left", "JustCalled"}, "one side was always the quicker one: that was no race"
    found, news = states(database), told(database, "ticket.called", "ticket.left")
    for number, (left, at_desk, *again) in outcomes.items():
        assert {left, *again} == {left}, "both of the visitor's taps are answered alike"
        if left == "left":
            assert at_desk != number
            assert (news[number, "left"], news[number, "called"], found[number]) == (1, 0, TicketState.LEFT)
        else:
            assert (left, at_desk) == ("JustCalled", number)
            assert (news[number, "left"], news[number, "called"]) == (0, 1)
            assert found[number] is TicketState.DONE
    assert agrees(database)


def test_a_visitor_goes_away_for_a_while_and_comes_back_while_others_act(
    database: Database, config: Config, crew: Crew, office: Office, now: datetime
) -> None:
    one, *_others = staffed(database, office, now)
    later = now + 2 * MINUTE
    rounds: list[list[Act]] = []
    for place, number in enumerate(NUMBERS, 1):
        rounds += [
            [(arrive, office.id, place, now)],
            [(go_away, number, now), (pick, one, now, number), (go_away, number, now)],
            clear(now, one),
            [(come_back, number, later), (wake, later), (wake, later), (leave, number, later)],
        ]
    outcomes = crew.race(config, rounds)
    found, news = states(database), told(database, "ticket.called", "ticket.parked", "ticket.left")
    for number, (away, picked, again), (_back, _wake, _wake_too, left) in zip(
        NUMBERS, outcomes[1::4], outcomes[3::4], strict=True
    ):
        # Staff may call who is away; who is called cannot go.
        assert picked == number
        assert [away, again].count("away") <= 1
        assert {away, again} <= {"away", "JustCalled", "AwayAlready"}
        assert (found[number], left, news[number, "called"]) == (TicketState.DONE, "VisitOver", 1)
        assert news[number, "parked"] == [away, again].count("away")
    assert agrees(database)


def test_who_is_away_is_woken_once_or_leaves(
    database: Database, config: Config, crew: Crew, office: Office, now: datetime
) -> None:
    staffed(database, office, now)
    later = now + 2 * MINUTE
    rounds: list[list[Act]] = []
    for place, number in enumerate(NUMBERS, 1):
        rounds += [
            [(arrive, office.id, place, now)],
            [(go_away, number, now)],
            [(come_back, number, later), (wake, later), (wake, later), (leave, number, later)],
        ]
    outcomes = crew.race(config, rounds)
    news = told(database, "ticket.waiting", "ticket.left")
    for code, (_back, woken, woken_too, left) in zip(NUMBERS, outcomes[2::3], strict=True):
        assert left == "left", "who wants to go may go, whether back or not"
        assert [woken, woken_too].count("woken 1") <= 1
        assert news[code, "waiting"] <= 1, "it joined the line again once"
        assert news[code, "left"] == 1
    assert set(states(database).values()) == {TicketState.LEFT}
    assert agrees(database)


def test_everything_that_a_counter_can_do_with_its_visitor_at_once_does_one_thing(
    database: Database, config: Config, crew: Crew, office: Office, now: datetime
) -> None:
    one, *_others = staffed(database, office, now)
    rounds: list[list[Act]] = []
    for place in range(1, ROUNDS + 1):
        at = now + 5 * place * MINUTE  # so that what was done in the last round cannot be undone any more
        rounds += [
            [(arrive, office.id, place, at)],
            [(call_next, one, at)],
            [(at_counter, verb, one, at + MINUTE / 2) for verb in ("park", "transfer", "finish", "no_show")],
            [(at_counter, "undo", one, at + MINUTE)] * 2,
            clear(at + MINUTE, one),
        ]
    outcomes = crew.race(config, rounds)
    for called, acts, undone in zip(*(outcomes[place::5] for place in (1, 2, 3)), strict=True):
        assert isinstance(called[0], str)
        assert acts.count("NobodyThere") == 3, acts
        assert sorted(undone) == ["NothingToUndo", "undone called"]
    assert set(states(database).values()) == {TicketState.DONE}
    kinds = told(database, "ticket.parked", "ticket.transferred", "ticket.done", "ticket.no_show")
    assert kinds.total() == 2 * ROUNDS, "each was ended once in the race and once after it was undone"
    assert agrees(database)


def test_a_number_that_two_kiosks_with_one_credential_give_is_called_once(
    database: Database, config: Config, crew: Crew, office: Office, now: datetime
) -> None:
    """Both say A001, two counters call: two tickets, each at one counter."""
    one, two, *_others = staffed(database, office, now)
    with database.write() as session:
        device = kiosk(session, session.get_one(Office, office.id)).id
    rounds: list[list[Act]] = []
    for number in range(1, ROUNDS + 1):
        rounds += [
            [
                (deliver, device, [entry(now, number)], now),
                (deliver, device, [entry(now, number)], now),
                (call_next, one, now),
                (call_next, two, now),
            ],
            clear(now, one, two),
        ]
    outcomes: list[list[Any]] = crew.race(config, rounds)
    given = [number for first, second, *_ in outcomes[::2] for number in (*first, *second)]
    assert len(set(given)) == 2 * ROUNDS
    assert set(states(database)) == set(given)
    assert set(told(database, "ticket.called").values()) <= {1}
    assert agrees(database)
