"""Reminders: each once, at its time, for what still stands."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select, update

from frontoffice.booking import reminding
from frontoffice.booking.models import Appointment
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.messages.models import JobLease, Message
from frontoffice.offices.models import Confirmation, Office, Service
from tests.booking.life import asks_for, booked_on, cancel, messages, move, said
from tests.booking.steps import AMIN, OLENA, at

START = at(26, "09:00")
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def sweep(database: Database, config: Config, now: datetime) -> int:
    """Write all reminders that are due; says how many messages."""
    written = 0
    while True:
        with database.write() as session:
            swept = reminding.sweep(session, now, settings=config)
        written += swept.written
        if swept.until >= now:
            return written


def reminding_at(config: Config, *hours: int) -> Config:
    """The configuration with these reminders."""
    return config.model_copy(
        update={"messages": config.messages.model_copy(update={"reminder_hours": hours})}
    )


@pytest.fixture
def begun(database: Database, config: Config, now: datetime) -> None:
    """The job has run before."""
    sweep(database, config, now - HOUR)


def test_a_reminder_is_written_when_its_time_has_come_and_never_again(
    database: Database, config: Config, renewal: Service, begun: None, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, START, now)
    assert sweep(database, config, START - DAY - MINUTE) == 0
    assert sweep(database, config, START - DAY) == 2
    for later in (timedelta(0), MINUTE, 3 * MINUTE, HOUR):
        assert sweep(database, config, START - DAY + later) == 0
    assert messages(database, appointment)[2:] == [
        ("reminder", "mail", "pending"),
        ("reminder", "sms", "pending"),
    ]
    with database.read() as session:
        reminder = session.scalars(select(Message).where(Message.kind == "reminder")).first()
    assert reminder is not None
    assert (reminder.not_before, reminder.expires_at) == (START - DAY, START)


def test_a_run_that_forgot_where_it_was_writes_nothing_twice(
    database: Database, config: Config, renewal: Service, begun: None, now: datetime
) -> None:
    booked_on(database, config, renewal, START, now)
    assert sweep(database, config, START - DAY) == 2
    with database.write() as session:
        session.execute(update(JobLease).values(slot=int(now.timestamp())))
    assert sweep(database, config, START - DAY + HOUR) == 0


def test_runs_that_were_missed_are_made_up_for_but_not_after_the_event(
    database: Database, config: Config, renewal: Service, begun: None, now: datetime
) -> None:
    booked_on(database, config, renewal, START, now)
    booked_on(database, config, renewal, at(27, "09:00"), now, AMIN)
    assert sweep(database, config, START + MINUTE) == 1  # Amin's, who comes tomorrow
    with database.read() as session:
        assert session.scalars(select(Message.kind).where(Message.kind == "reminder")).all() == ["reminder"]


def test_of_several_that_are_late_only_the_last_one_leaves(
    database: Database, config: Config, renewal: Service, begun: None, now: datetime
) -> None:
    config = reminding_at(config, 48, 24, 2)
    appointment = booked_on(database, config, renewal, START, now)
    assert sweep(database, config, START - 20 * HOUR) == 2
    assert sweep(database, config, START - 2 * HOUR) == 2
    keys = [f"appointment:{appointment.id}:0:{hours}h" for hours in (24, 24, 2, 2)]
    with database.read() as session:
        written = session.scalars(
            select(Message.dedupe_key).where(Message.kind == "reminder").order_by(Message.id)
        ).all()
    assert [each.rpartition(":")[0] for each in written] == keys


def test_who_books_after_a_reminders_time_gets_none(
    database: Database, config: Config, renewal: Service, begun: None, now: datetime
) -> None:
    booked_on(database, config, renewal, at(24, "07:55") + timedelta(minutes=5), now + MINUTE)
    assert sweep(database, config, now + 2 * MINUTE) == 0


def test_a_moved_appointment_is_reminded_of_at_its_new_time(
    database: Database, config: Config, renewal: Service, begun: None, now: datetime
) -> None:
    later = at(27, "10:00")
    early = booked_on(database, config, renewal, START, now)
    move(database, config, early, later, now)
    assert sweep(database, config, START - DAY) == 0
    assert sweep(database, config, later - DAY) == 2
    assert {words["starts_at"] for _, words in said(database, early, "reminder")} == {later.isoformat()}


def test_a_move_after_the_reminder_takes_it_back_and_reminds_anew(
    database: Database, config: Config, renewal: Service, begun: None, now: datetime
) -> None:
    later = at(27, "10:00")
    appointment = booked_on(database, config, renewal, START, now)
    sweep(database, config, START - DAY)
    move(database, config, appointment, later, START - DAY + MINUTE)
    assert sweep(database, config, later - DAY) == 2
    states = [state for kind, _, state in messages(database, appointment) if kind == "reminder"]
    assert states == ["cancelled", "cancelled", "pending", "pending"]


def test_what_does_not_stand_is_not_reminded_of(
    database: Database, config: Config, planned: Office, renewal: Service, begun: None, now: datetime
) -> None:
    cancelled = booked_on(database, config, renewal, START, now)
    cancel(database, config, cancelled, now)
    asks_for(database, planned, Confirmation.MAIL)
    booked_on(database, config, renewal, at(26, "09:30"), now, OLENA)
    assert sweep(database, config, START - DAY + HOUR) == 0


def test_a_cancellation_takes_the_reminder_back(
    database: Database, config: Config, renewal: Service, begun: None, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, START, now)
    sweep(database, config, START - DAY)
    cancel(database, config, appointment, START - DAY + MINUTE)
    assert [state for kind, _, state in messages(database, appointment) if kind == "reminder"] == [
        "cancelled"
    ] * 2


def test_a_service_can_have_reminders_of_its_own(
    database: Database, config: Config, planned: Office, renewal: Service, begun: None, now: datetime
) -> None:
    pick_up = planned.services[1]
    with database.write() as session:
        session.execute(update(Service).where(Service.id == renewal.id).values(reminder_hours=[2, 48]))
    with database.write() as session:
        session.execute(update(Service).where(Service.id == pick_up.id).values(reminder_hours=[]))
    booked_on(database, config, renewal, START, now)
    booked_on(database, config, pick_up, START, now, AMIN)
    written = [sweep(database, config, START - hours * HOUR) for hours in (48, 24, 2)]
    assert written == [2, 0, 2]


def test_what_becomes_visible_late_is_not_lost(
    database: Database, config: Config, renewal: Service, begun: None, now: datetime
) -> None:
    """As if the booking's transaction had begun before the run, and ended after it."""
    assert sweep(database, config, START - DAY + timedelta(seconds=1)) == 0
    booked_on(database, config, renewal, START, START - DAY - timedelta(seconds=1))
    assert sweep(database, config, START - DAY + MINUTE) == 2


def test_a_run_looks_at_what_is_due_and_not_at_what_is_booked(
    database: Database, config: Config, renewal: Service, begun: None, now: datetime
) -> None:
    booked_on(database, config, renewal, START, now)
    booked_on(database, config, renewal, at(27, "09:00"), now, AMIN)
    looked_at = []

    def count(found: Appointment, _context: object) -> None:
        looked_at.append(found.id)

    event.listen(Appointment, "load", count)
    try:
        for hours in (30, 25, 24, 23, 22):
            sweep(database, config, START - hours * HOUR)
    finally:
        event.remove(Appointment, "load", count)
    assert len(looked_at) == 2  # the run after that overlaps a little


def test_after_the_clock_was_wrong_reminders_go_on(
    database: Database, config: Config, renewal: Service, begun: None, now: datetime
) -> None:
    booked_on(database, config, renewal, START, now)
    sweep(database, config, now + 400 * DAY)
    assert sweep(database, config, START - DAY) == 2
