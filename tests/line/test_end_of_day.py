"""When the office has closed: who still waits is told and sent home, but not while people are still being called."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from frontoffice import vault
from frontoffice.booking import sheet
from frontoffice.booking.models import Appointment, State
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.line import calling, checks, closing, end_of_day, phone, staffing
from frontoffice.line.expected import Range
from frontoffice.line.models import Ticket, TicketState
from frontoffice.messages.models import Message
from frontoffice.offices.models import Closure, Office
from frontoffice.staff.models import Role
from tests.line import parts
from tests.line.browsing import Browser
from tests.line.desks import Desks

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
CLOSES = 4 * HOUR  # after the tests' eight o'clock


@pytest.fixture
def desks(database: Database, office: Office, now: datetime) -> Desks:
    """Two counters have served one visitor each at eight, and number 5 waits since then."""
    desks = Desks(database, office, now)
    for counter in (1, 2):
        desks.wait(counter)
        desks.next(counter)
        desks.do(calling.finish, counter)
    desks.wait(5)
    return desks


def send(desks: Desks, after: timedelta) -> int:
    """What the worker does so long after the office has closed."""
    at = desks.now + CLOSES + after
    with desks.database.read() as session:
        due = end_of_day.is_due(session, session.get_one(Office, desks.office.id), at)
    with desks.database.write() as session:
        ended = end_of_day.send_home(session, session.get_one(Office, desks.office.id), at)
    assert due == (ended > 0)
    return ended


def test_who_still_waits_is_sent_home_some_minutes_after_the_office_has_closed_and_told(
    app: Flask, desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desks.database.write() as session:
        office = session.get_one(Office, desks.office.id)
        booked = parts.appointment(session, office, desks.now, state=State.CHECKED_IN)
        waits, late = parts.ticket(session, office, 6, desks.now), parts.ticket(session, office, 7, desks.now)
        waits.appointment_id, token = booked.id, phone.give_link(waits)
        waits.phone = vault.of(session).seal("+4915228817386")
        waits.state = TicketState.PARKED
        late.arrived_at = desks.now + CLOSES + MINUTE  # let in by somebody
    assert send(desks, -MINUTE) == 0
    assert send(desks, 14 * MINUTE) == 0
    assert send(desks, 15 * MINUTE) == 2
    assert send(desks, 16 * MINUTE) == 0
    with desks.database.read() as session:
        seen = session.get_one(Ticket, waits.id)
        assert (seen.state, seen.ended_at, seen.phone) == (
            TicketState.LEFT,
            desks.now + CLOSES + 15 * MINUTE,
            None,
        )
        assert session.get_one(Appointment, booked.id).state is State.NO_SHOW
        assert session.get_one(Ticket, late.id).state is TicketState.WAITING
        told = session.scalars(select(Event).where(Event.actor == end_of_day.ACTOR)).all()
        assert [each.data for each in told] == [{"ticket": "A005"}, {"ticket": "A006"}]
        assert [each.dedupe_key for each in session.scalars(select(Message))] == [
            f"ticket:{waits.id}:closed:sms"
        ]
        assert list(checks.differences(session)) == []
    monkeypatch.setattr("frontoffice.clock.now", lambda: desks.now + CLOSES + 20 * MINUTE)
    browser = Browser(app)
    browser.get(f"/ticket/{token}")
    assert "We have closed for today." in browser.text
    assert "You have left the line." not in browser.text


def test_nobody_is_sent_home_while_people_are_called(desks: Desks) -> None:
    desks.wait(6)
    desks.now += CLOSES - HOUR
    assert desks.next(1) == "A005"
    desks.now -= CLOSES - HOUR
    assert send(desks, 2 * HOUR) == 0, "a visitor is at a counter"
    desks.now += CLOSES + 20 * MINUTE
    desks.do(calling.finish, 1)
    desks.now -= CLOSES + 20 * MINUTE
    assert send(desks, 49 * MINUTE) == 0, "a counter is open that was done with one half an hour ago"
    assert send(desks, 51 * MINUTE) == 1, "it was left open"


def test_once_all_counters_are_closed_nobody_waits_for_them(desks: Desks) -> None:
    desks.now += CLOSES + 10 * MINUTE
    assert desks.next(1) == "A005"
    desks.do(calling.finish, 1)
    desks.now -= CLOSES + 10 * MINUTE
    desks.wait(6)
    assert send(desks, 20 * MINUTE) == 0
    for counter in (1, 2):
        desks.do(staffing.close_counter, counter)
    assert send(desks, 20 * MINUTE) == 1


def test_what_staff_have_said_counts_and_a_closed_day_ends_nothing(desks: Desks) -> None:
    with desks.database.write() as session:
        lead = parts.account(session, "lead", Role.TEAM_LEAD)

    def with_office(verb: Callable[..., object], *more: object) -> None:
        with desks.database.write() as session:
            verb(session, session.get_one(Office, desks.office.id), lead, *more)

    at = desks.now + CLOSES
    with_office(closing.close_early, at + HOUR, desks.now)  # "early" can be later than the hours say
    assert send(desks, 30 * MINUTE) == 0
    with_office(closing.close_early, at - HOUR, desks.now + MINUTE)
    with desks.database.read() as session:
        office = session.get_one(Office, desks.office.id)
        assert end_of_day.closes_at(session, office, desks.now) == at - HOUR
        assert end_of_day.usually_closes_at(session, office, desks.now) == at
    with_office(closing.close_as_usual, desks.now + 2 * MINUTE)
    with desks.database.write() as session:
        today = sheet.day_of(desks.now, desks.office.time_zone)
        session.add(Closure(office_id=desks.office.id, day=today, reason="Betriebsausflug"))
    with desks.database.read() as session:
        assert end_of_day.closes_at(session, session.get_one(Office, desks.office.id), at) is None
    assert send(desks, 5 * HOUR) == 0


def test_who_may_be_too_late_is_judged_by_the_longest_wait(now: datetime) -> None:
    wait = Range(MINUTE, 5 * MINUTE, 10 * MINUTE)
    assert end_of_day.may_be_too_late(wait, now + 9 * MINUTE, now)
    assert not end_of_day.may_be_too_late(wait, now + 10 * MINUTE, now)
    assert not end_of_day.may_be_too_late(None, now, now)
    assert not end_of_day.may_be_too_late(wait, None, now)
