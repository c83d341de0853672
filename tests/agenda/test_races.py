"""Staff and visitors at the same appointment at the same moment: one of them wins, and nothing is lost."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.agenda import closing, conflicts
from frontoffice.agenda.closing import Wish
from frontoffice.agenda.door import Door
from frontoffice.booking import appointing, moving, planning
from frontoffice.booking.models import Appointment, Channel, State
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.errors import Conflict, Invalid
from frontoffice.offices.models import Closure, Office
from frontoffice.staff.models import Role
from tests.agenda.parts import ALL_SEATS, all_appointments, appointment, booked, events_of, somebody
from tests.booking.steps import at, differences
from tests.line.parts import account

ROUNDS = 6
INTERNAL = Door(Channel.PHONE, ALL_SEATS)


def at_once(database: Database, *acts: Callable[[Session], object]) -> list[str]:
    """Do each in a transaction and a thread of its own, all beginning together; gives "done" or what refused."""
    barrier = threading.Barrier(len(acts))

    def one(act: Callable[[Session], object]) -> str:
        barrier.wait(30)
        try:
            with database.write() as session:
                act(session)
        except (Conflict, Invalid) as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(len(acts)) as threads:
        return [each.result(60) for each in [threads.submit(one, act) for act in acts]]


def mover(reference: str, start: datetime, config: Config, now: datetime) -> Callable[[Session], None]:
    def act(session: Session) -> None:
        found = session.scalars(select(Appointment).where(Appointment.reference == reference)).one()
        moving.move(
            session,
            found,
            start,
            now,
            settings=config,
            actor="account:1",
            channel=Channel.PHONE,
            shares=ALL_SEATS,
        )

    return act


def canceller(reference: str, config: Config, now: datetime) -> Callable[[Session], None]:
    def act(session: Session) -> None:
        found = session.scalars(select(Appointment).where(Appointment.reference == reference)).one()
        appointing.cancel(session, found, now, settings=config)

    return act


def test_a_clerk_moves_while_the_visitor_cancels(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    assert office.schedules
    for number in range(ROUNDS):
        one = booked(database, config, at(24, "9:00"), now, somebody(number))
        outcome = at_once(
            database,
            mover(one.reference, at(25, "9:00"), config, now),
            canceller(one.reference, config, now),
        )
        after = appointment(database, one.reference)
        if after.state is State.CANCELLED:
            assert outcome[1] == "done"
        else:  # the cancellation was for a time that it no longer had
            assert (after.state, after.start) == (State.CONFIRMED, at(25, "9:00"))
            assert outcome == ["done", "changed_meanwhile"]
            with database.write() as session:
                canceller(one.reference, config, now)(session)
        assert differences(database) == []


def test_two_clerks_move_two_appointments_to_the_last_seat(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    assert office.schedules
    for number in range(3):  # four seats outside the emergency share
        booked(database, config, at(26, "9:00"), now, somebody(number))
    pair = [booked(database, config, at(24, "9:00"), now, somebody(number)) for number in (10, 11)]
    outcome = at_once(database, *(mover(each.reference, at(26, "9:00"), config, now) for each in pair))
    assert sorted(outcome) == ["done", "just_taken"]
    starts = [appointment(database, each.reference).start for each in pair]
    assert sorted(starts) == [at(24, "9:00"), at(26, "9:00")]
    assert differences(database) == []


def test_two_leads_settle_the_same_list_at_once_and_each_appointment_moves_once(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    listed = [
        booked(database, config, at(25, f"{8 + number}:00"), now, somebody(number)) for number in range(3)
    ]
    with database.write() as session:
        session.add(Closure(office_id=office.id, day=date(2026, 11, 25), reason="Strike"))
        session.flush()
        planning.plan(session, session.get_one(Office, office.id), date(2026, 11, 25), 1, now)
    sequences = {each.reference: each.sequence for each in listed}
    barrier = threading.Barrier(2)

    def settle() -> conflicts.Done:
        barrier.wait(30)
        return conflicts.move_all(
            database, office.id, sequences, now, settings=config, door=INTERNAL, actor="account:1"
        )

    with ThreadPoolExecutor(2) as threads:
        done = [each.result(60) for each in [threads.submit(settle) for _ in range(2)]]
    assert sum(each.done for each in done) == 3
    assert len(events_of(database, "appointment.moved")) == 3
    assert {each.start.day for each in all_appointments(database)} <= {26, 27}
    assert differences(database) == []


def test_a_day_is_closed_while_an_appointment_moves_to_it_and_it_is_on_the_list(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    with database.write() as session:
        lead = account(session, "somelead", Role.TEAM_LEAD)
    for number in range(ROUNDS):
        day = 30 if number % 2 else 25
        one = booked(database, config, at(24, "9:00"), now, somebody(number))

        def close(session: Session, day: int = day) -> None:
            here = session.get_one(Office, office.id)
            closing.close(session, here, Wish(date(2026, 11, day)), "Strike", lead, now)

        at_once(database, mover(one.reference, at(day, "9:00"), config, now), close)
        with database.read() as session:
            here = session.get_one(Office, office.id)
            misfits = {each.reference for each in planning.all_clashes(session, here, now)}
        after = appointment(database, one.reference)
        assert after.state is State.CONFIRMED
        assert (one.reference in misfits) == (after.start.day == day)
        assert differences(database) == []
        with database.write() as session:
            canceller(one.reference, config, now)(session)
            here = session.get_one(Office, office.id)
            for closure in session.scalars(select(Closure)).all():
                closing.reopen(session, here, closure.id, lead, now)


def test_two_leads_close_the_same_day_at_once_and_it_is_closed_once(
    database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        lead = account(session, "somelead", Role.TEAM_LEAD)
    for number in range(ROUNDS):
        wish = Wish(date(2026, 11, 24 + number % 3), None, time(8 + number // 3), time(10))

        def close(session: Session, wish: Wish = wish) -> None:
            closing.close(session, session.get_one(Office, office.id), wish, "Strike", lead, now)

        assert at_once(database, *[close] * 4) == ["done"] * 4
        with database.read() as session:
            assert len(session.scalars(select(Closure)).all()) == number + 1


def test_a_misfit_gets_the_last_seat_of_another_team_or_stays(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    pair = [
        booked(database, config, at(25, "9:00"), now, somebody(number), team="main") for number in range(2)
    ]
    with database.write() as session:
        session.add(
            Closure(
                office_id=office.id,
                schedule_id=office.schedules[0].id,
                day=date(2026, 11, 25),
                reason="Strike",
            )
        )
        session.flush()
        planning.plan(session, session.get_one(Office, office.id), date(2026, 11, 25), 1, now)

    def reseat(reference: str) -> Callable[[Session], None]:
        def act(session: Session) -> None:
            found = session.scalars(select(Appointment).where(Appointment.reference == reference)).one()
            worked = conflicts.move_one(
                session, found, found.start, now, settings=config, door=INTERNAL, actor="account:1"
            )
            if not worked:
                raise Conflict

        return act

    outcome = at_once(database, *(reseat(each.reference) for each in pair))
    assert sorted(outcome) == ["conflict", "done"]
    with database.read() as session:
        misfits = planning.all_clashes(session, session.get_one(Office, office.id), now)
    assert len(misfits) == 1
    assert differences(database) == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_moving_and_cancelling_one_after_the_other_is_refused_politely(
    database: Database, config: Config, office: Office, now: datetime, order: tuple[int, int]
) -> None:
    assert office.schedules
    one = booked(database, config, at(24, "9:00"), now)
    acts = [mover(one.reference, at(25, "9:00"), config, now), canceller(one.reference, config, now)]
    outcome = [at_once(database, acts[number])[0] for number in order]
    assert outcome == (["done", "done"] if order == (0, 1) else ["done", "not_movable"])
    assert appointment(database, one.reference).state is State.CANCELLED
