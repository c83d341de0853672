"""Somebody decides on what is just being changed: they wait, look again, and find it as it is by then."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from frontoffice.booking import appointing, confirming, contacting, moving, reminding
from frontoffice.booking.models import Appointment, State
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.errors import DomainError
from frontoffice.offices.models import Confirmation, Office, Service
from tests.booking.conftest import planned, renewal
from tests.booking.life import asks_for, booked_on, look, messages, person
from tests.booking.steps import OLENA, at, differences

__all__ = ["planned", "renewal"]

PATIENCE = 60  # seconds until a test that hangs fails
START, OTHER, THIRD = at(26, "09:00"), at(27, "10:00"), at(27, "11:00")

Verb = Callable[[Session, Appointment], Any]


@pytest.fixture
def appointment(database: Database, config: Config, renewal: Service, now: datetime) -> Appointment:
    """An appointment of Olena's."""
    return booked_on(database, config, renewal, START, now)


def meanwhile(database: Database, appointment: Appointment, first: Verb, second: Verb) -> Any:
    """Begin the second act while the first is not committed; gives what it gave, or the name of its refusal.

    On SQLite it waits for its turn to write, on PostgreSQL for a lock that the first one has.
    """
    begun = threading.Event()

    def act() -> Any:
        begun.set()
        try:
            with database.write() as session:
                return second(session, session.get_one(Appointment, appointment.id))
        except DomainError as refusal:
            return type(refusal).__name__

    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            first(session, session.get_one(Appointment, appointment.id))
            waiting = pool.submit(act)
            assert begun.wait(PATIENCE)
            while not (database.is_sqlite or waiting.done() or somebody_waits(database)):
                pass
            assert not waiting.done()
        return waiting.result(PATIENCE)


def somebody_waits(database: Database) -> bool:
    """Whether a transaction on this PostgreSQL database waits for another one."""
    with database.read() as session:
        waits = text(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(session.scalar(waits))


def moves(config: Config, start: datetime, now: datetime) -> Verb:
    return lambda session, found: moving.move(session, found, start, now, settings=config)


def cancels(config: Config, now: datetime) -> Verb:
    return lambda session, found: appointing.cancel(session, found, now, settings=config)


def confirms(config: Config, now: datetime) -> Verb:
    return lambda session, found: confirming.confirm(session, found, now, settings=config)


def lapses(config: Config, now: datetime) -> Verb:
    return lambda session, _found: confirming.lapse(session, now, settings=config)


def checks_in(session: Session, found: Appointment) -> None:
    """As the line does it, which knows nothing of sheets."""
    session.execute(
        update(Appointment)
        .where(Appointment.id == found.id, Appointment.state.in_(appointing.AWAITED))
        .values(state=State.CHECKED_IN)
        .execution_options(synchronize_session=False)
    )


def test_who_is_just_checked_in_is_not_moved(
    database: Database, config: Config, appointment: Appointment, now: datetime
) -> None:
    assert meanwhile(database, appointment, checks_in, moves(config, OTHER, now)) == "NotMovable"
    found = look(database, appointment)
    assert (found.state, found.start) == (State.CHECKED_IN, START)
    assert differences(database) == []


def test_who_is_just_checked_in_is_not_cancelled(
    database: Database, config: Config, appointment: Appointment, now: datetime
) -> None:
    assert meanwhile(database, appointment, checks_in, cancels(config, now)) == "NotCancellable"
    assert differences(database) == []


def test_what_is_just_moved_is_not_moved_or_cancelled_without_another_look(
    database: Database, config: Config, appointment: Appointment, now: datetime
) -> None:
    # On SQLite the look itself waits, so that it sees the first move already.
    refusal = None if database.is_sqlite else "ChangedMeanwhile"
    assert meanwhile(database, appointment, moves(config, OTHER, now), moves(config, THIRD, now)) == refusal
    found = look(database, appointment)
    assert (found.start, found.sequence) == ((THIRD, 2) if database.is_sqlite else (OTHER, 1))
    assert meanwhile(database, appointment, moves(config, START, now), cancels(config, now)) == refusal
    assert look(database, appointment).state is (State.CANCELLED if database.is_sqlite else State.CONFIRMED)
    assert differences(database) == []


def test_what_is_just_cancelled_is_not_moved(
    database: Database, config: Config, appointment: Appointment, now: datetime
) -> None:
    assert meanwhile(database, appointment, cancels(config, now), moves(config, OTHER, now)) == "NotMovable"
    assert look(database, appointment).state is State.CANCELLED
    assert differences(database) == []


def test_confirming_waits_for_lapsing_and_comes_too_late(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    asks_for(database, planned, Confirmation.MAIL)
    appointment, late = booked_on(database, config, renewal, START, now), now + timedelta(hours=1)
    assert (
        meanwhile(database, appointment, lapses(config, late), confirms(config, late)) == "ConfirmedTooLate"
    )
    assert look(database, appointment).state is State.EXPIRED
    assert differences(database) == []


def test_lapsing_waits_for_confirming_and_leaves_it_alone(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    asks_for(database, planned, Confirmation.MAIL)
    appointment, late = booked_on(database, config, renewal, START, now), now + timedelta(hours=1)
    assert meanwhile(database, appointment, confirms(config, late), lapses(config, late)) == 0
    assert look(database, appointment).state is State.CONFIRMED
    assert "lapsed" not in {kind for kind, *_ in messages(database, appointment)}
    assert differences(database) == []


def test_a_reminder_waits_for_a_cancellation_and_is_not_written(
    database: Database, config: Config, appointment: Appointment, now: datetime
) -> None:
    due = START - timedelta(days=1)
    reminds: Verb = lambda session, _found: reminding.sweep(session, due, settings=config).written  # noqa: E731
    assert meanwhile(database, appointment, cancels(config, due), reminds) == 0
    assert {kind for kind, _, state in messages(database, appointment) if state == "pending"} == {"cancelled"}


def test_a_contact_that_is_changed_while_a_move_goes_on_is_not_lost(
    database: Database, config: Config, appointment: Appointment, now: datetime
) -> None:
    changes: Verb = lambda session, found: contacting.change(  # noqa: E731
        session, found, "new@example.org", "", now, settings=config
    )
    assert meanwhile(database, appointment, changes, moves(config, OTHER, now)) is None
    assert (look(database, appointment).start, person(database, appointment).mail) == (
        OTHER,
        "new@example.org",
    )
    mends: Verb = lambda session, found: contacting.change(  # noqa: E731
        session, found, str(OLENA.mail), "", now, settings=config
    )
    assert meanwhile(database, appointment, moves(config, START, now), mends) is None
    assert (look(database, appointment).start, person(database, appointment).mail) == (START, OLENA.mail)
    assert differences(database) == []
