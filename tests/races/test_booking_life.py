"""What happens to appointments at the same moment in several processes: one wins, nobody is left with nothing."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from frontoffice.booking import (
    appointing,
    confirming,
    holding,
    moving,
    planning,
    proving,
    reminding,
)
from frontoffice.booking.models import OCCUPYING, Appointment, Hold, Share, State
from frontoffice.booking.person import Person
from frontoffice.booking.visit import visit
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.messages.models import Message, MessageState
from frontoffice.offices.models import Closure, Confirmation, Office, Service
from tests.booking.life import asks_for, look
from tests.booking.steps import OLENA, at, book_it, differences, hold_it
from tests.races.crew import Act, Crew
from tests.sample import sample_office

MONDAY = date(2026, 11, 23)
CLOCKS = ("08:00", "08:30", "09:00", "09:30", "10:00", "10:30", "11:00", "11:30")


@pytest.fixture
def config(config: Config) -> Config:
    """Given-up times are free at once, and everybody may have as many appointments as the tests need."""
    booking = config.booking.model_copy(update={"return_minutes": (0, 0), "most_moves": 1000})
    fairness = config.fairness.model_copy(
        update=dict.fromkeys(
            ("appointments_per_person", "appointments_per_mail", "appointments_per_phone"), 10_000
        )
    )
    return config.model_copy(update={"booking": booking, "fairness": fairness})


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
    return one_seat.services[0]


def booked(database: Database, config: Config, service: Service, start: datetime, now: datetime) -> int:
    """The id of an appointment."""
    _, token = hold_it(database, config, service, start, now)
    return book_it(database, config, token, now).id


def found(session: Session, number: int) -> Appointment:
    """An appointment as an edge finds it."""
    return session.get_one(Appointment, number)


def do_move(session: Session, config: Config, number: int, start: datetime, now: datetime) -> str:
    moving.move(session, found(session, number), start, now, settings=config)
    return "moved"


def do_move_to_hold(session: Session, config: Config, number: int, token: str, now: datetime) -> str:
    moving.move_to_hold(session, found(session, number), token, now, settings=config)
    return "moved"


def do_cancel(session: Session, config: Config, number: int, now: datetime) -> str:
    appointing.cancel(session, found(session, number), now, settings=config)
    return "cancelled"


def do_hold(
    session: Session,
    config: Config,
    service: int,
    start: datetime,
    now: datetime,
    visitor: str | None = None,
    shares: tuple[Share, ...] | None = None,
) -> str:
    offer = session.get_one(Service, service)
    wanted = visit([(offer, 1)])
    holding.hold(
        session, offer.office, wanted, start, now, rules=config.booking, visitor=visitor, shares=shares
    )
    return "held"


def do_book(session: Session, config: Config, token: str, now: datetime, person: Person = OLENA) -> str:
    appointing.book(session, token, person, "en", now, settings=config)
    return "booked"


def do_release(session: Session, _config: Config, now: datetime) -> str:
    holding.release_expired(session, now)
    return "swept"


def do_confirm(session: Session, config: Config, number: int, proof: str, now: datetime) -> str:
    confirming.confirm_by_link(session, found(session, number), proof, now, settings=config)
    return "confirmed"


def do_lapse(session: Session, config: Config, now: datetime) -> int:
    return confirming.lapse(session, now, settings=config)


def do_check_in(session: Session, _config: Config, number: int, now: datetime) -> str:
    """As the line does it."""
    done = session.execute(
        update(Appointment)
        .where(Appointment.id == number, Appointment.state == State.CONFIRMED)
        .values(state=State.CHECKED_IN, changed_at=now)
        .returning(Appointment.id)
    ).first()
    return "checked in" if done else "NotMovable"


def do_close(session: Session, _config: Config, office: int, day: date, now: datetime) -> str:
    place = session.get_one(Office, office)
    session.add(Closure(office_id=office, day=day, reason="Streik"))
    session.flush()
    planning.plan(session, place, MONDAY, 28, now)
    return "closed"


def do_remind(session: Session, config: Config, now: datetime) -> int:
    return reminding.sweep(session, now, settings=config).written


def starts(database: Database, numbers: list[int]) -> list[datetime]:
    """When these appointments are now."""
    with database.read() as session:
        return [session.get_one(Appointment, number).start for number in numbers]


def test_two_who_want_each_others_time_both_keep_their_own(
    crew: Crew, database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    pairs = [
        (
            booked(database, config, renewal, at(25, clock), now),
            booked(database, config, renewal, at(26, clock), now),
        )
        for clock in CLOCKS
    ]
    rounds: list[list[Act]] = [
        [(do_move, one, at(26, clock), now), (do_move, other, at(25, clock), now)]
        for (one, other), clock in zip(pairs, CLOCKS, strict=True)
    ]
    assert crew.race(config, rounds) == [["JustTaken", "JustTaken"]] * len(CLOCKS)
    for (one, other), clock in zip(pairs, CLOCKS, strict=True):
        assert starts(database, [one, other]) == [at(25, clock), at(26, clock)]
    assert differences(database) == []


def test_moves_across_each_other_all_arrive(
    crew: Crew, database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    """From one day to the other and back: whoever locks in another order than everybody else waits for ever."""
    there = [booked(database, config, renewal, at(25, clock), now) for clock in CLOCKS[:2]]
    back = [booked(database, config, renewal, at(26, clock), now) for clock in CLOCKS[4:6]]
    rounds: list[list[Act]] = []
    for number in range(10):
        days = (26, 25) if number % 2 == 0 else (25, 26)
        rounds.append(
            [
                *(
                    (do_move, each, at(days[0], clock), now)
                    for each, clock in zip(there, CLOCKS[:2], strict=True)
                ),
                *(
                    (do_move, each, at(days[1], clock), now)
                    for each, clock in zip(back, CLOCKS[4:6], strict=True)
                ),
            ]
        )
    assert crew.race(config, rounds) == [["moved"] * 4] * 10
    assert starts(database, [*there, *back]) == [
        at(25, "08:00"),
        at(25, "08:30"),
        at(26, "10:00"),
        at(26, "10:30"),
    ]
    assert differences(database) == []


def test_one_of_all_who_want_the_last_seat_gets_it_and_the_others_keep_what_they_have(
    crew: Crew, database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    rounds: list[list[Act]] = []
    movers = []
    for first, second, wanted in zip(CLOCKS[:4], CLOCKS[4:], CLOCKS, strict=False):
        mine = [
            booked(database, config, renewal, at(25, first), now),
            booked(database, config, renewal, at(25, second), now),
        ]
        movers.append(mine)
        start = at(26, wanted)
        rounds.append(
            [
                (do_move, mine[0], start, now),
                (do_move, mine[1], start, now),
                (do_hold, renewal.id, start, now),
                (do_hold, renewal.id, start, now, None, (Share.ONLINE,)),
            ]
        )
    for number, outcomes in enumerate(crew.race(config, rounds)):
        assert sorted(outcomes)[:3] == ["JustTaken"] * 3, outcomes
        assert sorted(outcomes)[3] in ("held", "moved")
        old = [at(25, CLOCKS[number]), at(25, CLOCKS[number + 4])]
        for place, start in enumerate(starts(database, movers[number])):
            assert (start == at(26, CLOCKS[number])) == (outcomes[place] == "moved")
            assert start in (old[place], at(26, CLOCKS[number]))
    assert differences(database) == []


def test_a_hold_that_runs_out_goes_to_exactly_one(
    crew: Crew, database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    late = now + timedelta(minutes=10)
    rounds: list[list[Act]] = []
    for old, clock in zip((*CLOCKS[:4], *CLOCKS[4:]), CLOCKS, strict=True):
        mine = booked(database, config, renewal, at(25, old), now)
        token = hold_it(database, config, renewal, at(26, clock), now)[1]
        rounds.append(
            [
                (do_book, token, late),
                (do_hold, renewal.id, at(26, clock), late),
                (do_release, late),
                (do_move_to_hold, mine, token, late),
            ]
        )
    for outcomes in crew.race(config, rounds):
        assert outcomes[2] == "swept"
        won = [each for each in outcomes if each in ("booked", "held", "moved")]
        assert len(won) == 1, outcomes
        assert set(outcomes) - {*won, "swept"} <= {"JustTaken", "HoldExpired"}, outcomes
    assert differences(database) == []


def test_what_is_confirmed_does_not_lapse_and_what_lapsed_is_not_confirmed(
    crew: Crew, database: Database, config: Config, one_seat: Office, renewal: Service, now: datetime
) -> None:
    asks_for(database, one_seat, Confirmation.MAIL)
    late = now + timedelta(hours=1)
    numbers = [booked(database, config, renewal, at(26, clock), now) for clock in CLOCKS]
    rounds: list[list[Act]] = []
    with database.write() as session:  # they lapse one after the other, each in its own round
        for place, number in enumerate(numbers):
            found(session, number).confirm_by = late + timedelta(minutes=place)
        vault = session.info["vault"]
        for place, number in enumerate(numbers):
            proof = proving.link_proof(vault, found(session, number).reference, str(OLENA.mail))
            when = late + timedelta(minutes=place)
            confirm: Act = (do_confirm, number, proof, when)
            rounds.append([confirm, (do_lapse, when), confirm, (do_lapse, when)])
    for number, (one, first, other, second) in zip(numbers, crew.race(config, rounds), strict=True):
        state = look(database, Appointment(id=number)).state
        assert one == other
        assert (state, one, first + second) in (
            (State.CONFIRMED, "confirmed", 0),
            (State.EXPIRED, "ConfirmedTooLate", 1),
        )
        with database.read() as session:
            about = (Message.subject == f"appointment:{number}", Message.medium == "mail")
            kinds = session.scalars(select(Message.kind).where(*about).order_by(Message.id)).all()
        assert kinds == ["confirm_contact", "booked" if state is State.CONFIRMED else "lapsed"]
    assert differences(database) == []


def test_a_day_that_is_closed_while_people_come_and_go_loses_nobody(
    crew: Crew, database: Database, config: Config, one_seat: Office, renewal: Service, now: datetime
) -> None:
    rounds: list[list[Act]] = []
    for day in (24, 25, 26, 27):
        stays = booked(database, config, renewal, at(day, "08:00"), now)
        comes = booked(database, config, renewal, at(30, CLOCKS[day - 24]), now)
        token = hold_it(database, config, renewal, at(day, "09:00"), now)[1]
        rounds.append(
            [
                (do_close, one_seat.id, date(2026, 11, day), now),
                (do_book, token, now),
                (do_move, comes, at(day, "10:00"), now),
                (do_cancel, stays, now),
            ]
        )
    for outcomes in crew.race(config, rounds):
        assert outcomes[0] == "closed"
        assert outcomes[1] in ("booked", "HoldExpired")
        assert outcomes[2] in ("moved", "NotOffered")
        assert outcomes[3] == "cancelled"
    with database.write() as session:
        listed = {each.appointment_id for each in planning.plan(session, one_seat, MONDAY, 28, now)}
        closed = (Appointment.state.in_(OCCUPYING), Appointment.start < at(28, "00:00"))
        assert listed == set(session.scalars(select(Appointment.id).where(*closed)))
    assert differences(database) == []


def test_one_visitor_who_asks_from_four_windows_holds_one_time(
    crew: Crew, database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    rounds: list[list[Act]] = [
        [
            (do_hold, renewal.id, at(day, CLOCKS[(number + day) % 8]), now, f"visitor {number % 3}")
            for day in (24, 25, 26, 27)
        ]
        for number in range(12)
    ]
    outcomes = [each for answers in crew.race(config, rounds) for each in answers]
    assert set(outcomes) <= {"held", "JustTaken"}
    with database.read() as session:
        live = select(func.count()).where(Hold.released_at.is_(None))
        assert [session.scalar(live.where(Hold.visitor == f"visitor {number}")) for number in range(3)] == [
            1
        ] * 3
    assert differences(database) == []


def test_moved_cancelled_or_checked_in_but_only_one_of_them(
    crew: Crew, database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    numbers = [booked(database, config, renewal, at(25, clock), now) for clock in CLOCKS]
    rounds: list[list[Act]] = [
        [
            (do_move, number, at(26, clock), now),
            (do_cancel, number, now),
            (do_check_in, number, now),
            (do_move, number, at(27, clock), now),
        ]
        for number, clock in zip(numbers, CLOCKS, strict=True)
    ]
    ends = {"cancelled": State.CANCELLED, "checked in": State.CHECKED_IN}
    for number, outcomes in zip(numbers, crew.race(config, rounds), strict=True):
        state = look(database, Appointment(id=number)).state
        ended = [each for each in outcomes if each in ends]
        assert [ends[each] for each in ended] == ([] if state is State.CONFIRMED else [state]), outcomes
        refused = {each for each in outcomes if each not in ("moved", *ended)}
        assert refused <= {"NotMovable", "NotCancellable", "ChangedMeanwhile"}, outcomes
    assert differences(database) == []


def test_reminders_are_written_once_and_never_for_what_is_cancelled(
    crew: Crew, database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    numbers = [booked(database, config, renewal, at(26, clock), now) for clock in CLOCKS]
    with database.write() as session:
        reminding.sweep(session, now, settings=config)
    rounds: list[list[Act]] = []
    for number, clock in zip(numbers, CLOCKS, strict=True):
        due = at(25, clock)
        rounds.append([(do_remind, due), (do_cancel, number, due), (do_remind, due), (do_remind, due)])
    for number, outcomes in zip(numbers, crew.race(config, rounds), strict=True):
        assert outcomes[1] == "cancelled"
        assert sorted(each for place, each in enumerate(outcomes) if place != 1)[:2] == [0, 0], outcomes
        with database.read() as session:
            pending: Any = session.scalars(
                select(Message.kind).where(
                    Message.subject == f"appointment:{number}", Message.state == MessageState.PENDING
                )
            ).all()
        assert set(pending) == {"cancelled"}
