"""Moving an appointment: the old time goes only when the new one is there."""

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select, update

from frontoffice.booking import appointing, holding, moving, planning
from frontoffice.booking.models import Appointment, Channel, Hold, Purpose, Share, State
from frontoffice.booking.person import Person
from frontoffice.booking.refusals import (
    ChangedMeanwhile,
    HoldExpired,
    JustTaken,
    NotMovable,
    NotOffered,
    NotOnline,
    TooManyMoves,
)
from frontoffice.booking.visit import visit
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Confirmation, Office, OpeningHours, Schedule, Service
from tests.booking.conftest import MONDAY
from tests.booking.life import (
    asks_for,
    booked_on,
    cancel,
    freed,
    happened,
    look,
    messages,
    move,
    person,
    said,
)
from tests.booking.steps import AMIN, OLENA, at, book_it, differences, fill, free_on, hold_it
from tests.sample import sample_office

THURSDAY, FRIDAY = date(2026, 11, 26), date(2026, 11, 27)
OLD, NEW = at(26, "09:00"), at(27, "10:00")


def test_a_moved_appointment_has_the_new_time_and_gives_the_old_one_back(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    fill(database, config, renewal, OLD, now, seats=1)
    appointment = booked_on(database, config, renewal, OLD, now)
    move(database, config, appointment, NEW, now)
    found = look(database, appointment)
    assert (found.start, found.state, found.sequence) == (NEW, State.CONFIRMED, 1)
    assert person(database, appointment) == OLENA
    fill(database, config, renewal, NEW, now, seats=1)
    assert "10:00" not in free_on(database, config, renewal, FRIDAY, now)
    (back,) = freed(database)
    assert (back.start, back.sheet_id) == (OLD, appointment.sheet_id)
    later = now + timedelta(hours=1, seconds=1)
    with database.write() as session:
        holding.release_expired(session, later)
    assert "09:00" in free_on(database, config, renewal, THURSDAY, later)
    assert differences(database) == []


def test_the_person_hears_of_it_and_nothing_else_leaves_any_more(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, OLD, now)
    move(database, config, appointment, NEW, now, actor="account:1", note="Der Raum ist gesperrt.")
    assert messages(database, appointment) == [
        ("booked", "mail", "cancelled"),
        ("booked", "sms", "cancelled"),
        ("moved", "mail", "pending"),
        ("moved", "sms", "pending"),
    ]
    to, words = said(database, appointment, "moved")[0]
    assert (to, words["starts_at"], words["before_at"]) == (OLENA.mail, NEW.isoformat(), OLD.isoformat())
    assert (words["sequence"], words["note"]) == ("1", "Der Raum ist gesperrt.")
    assert happened(database, renewal.office) == ["appointment.booked", "appointment.moved"]


def test_a_time_that_is_taken_leaves_the_old_one_as_it_was(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, OLD, now)
    fill(database, config, renewal, NEW, now)
    with pytest.raises(JustTaken):
        move(database, config, appointment, NEW, now)
    for start in (at(28, "09:00"), at(27, "10:05"), at(20, "09:00")):
        with pytest.raises(NotOffered):
            move(database, config, appointment, start, now)
    found = look(database, appointment)
    assert (found.start, found.sequence) == (OLD, 0)
    assert messages(database, appointment) == [("booked", "mail", "pending"), ("booked", "sms", "pending")]
    assert differences(database) == []


def test_an_expired_hold_makes_way(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, OLD, now)
    fill(database, config, renewal, NEW, now)
    move(database, config, appointment, NEW, now + timedelta(minutes=10))
    assert look(database, appointment).start == NEW
    assert differences(database) == []


def test_a_time_that_overlaps_with_the_old_one_can_be_taken(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, at(26, "10:00"), now)
    fill(database, config, renewal, at(26, "10:00"), now, seats=1)  # nobody else could get in between
    with database.write() as session:
        session.execute(update(OpeningHours).values(opens=time(8, 15)))
        planning.plan(session, planned, MONDAY, 28, now)
    move(database, config, appointment, at(26, "10:15"), now)
    found = look(database, appointment)
    assert (found.start, found.ticks, found.sheet_id) == (at(26, "10:15"), 6, appointment.sheet_id)
    assert freed(database) == []  # a part of the old time is the new one
    assert differences(database) == []


def test_moving_twice_to_the_same_time_moves_once(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, OLD, now)
    for _ in range(2):
        move(database, config, appointment, NEW, now)
    assert look(database, appointment).sequence == 1
    assert happened(database, renewal.office).count("appointment.moved") == 1
    assert differences(database) == []


def test_an_unconfirmed_appointment_stays_unconfirmed_and_is_asked_again(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    asks_for(database, planned, Confirmation.MAIL)
    appointment = booked_on(database, config, renewal, OLD, now)
    move(database, config, appointment, NEW, now + timedelta(minutes=5))
    found = look(database, appointment)
    assert (found.state, found.confirm_by) == (State.UNCONFIRMED, now + timedelta(hours=1))
    assert messages(database, appointment) == [
        ("confirm_contact", "mail", "cancelled"),
        ("confirm_contact", "mail", "pending"),
    ]
    assert said(database, appointment, "confirm_contact")[1][1]["starts_at"] == NEW.isoformat()


@pytest.mark.parametrize("state", [State.CHECKED_IN, State.DONE, State.NO_SHOW])
def test_who_is_there_or_was_moves_nothing(
    database: Database, config: Config, renewal: Service, now: datetime, state: State
) -> None:
    appointment = booked_on(database, config, renewal, OLD, now)
    with database.write() as session:
        session.get_one(Appointment, appointment.id).state = state
    with pytest.raises(NotMovable):
        move(database, config, appointment, NEW, now)


def test_what_is_over_is_not_moved(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    begun = booked_on(database, config, renewal, OLD, now)
    with pytest.raises(NotMovable):
        move(database, config, begun, NEW, OLD, actor="account:1")
    cancel(database, config, begun, now)
    with pytest.raises(NotMovable):
        move(database, config, begun, NEW, now)
    assert differences(database) == []


def test_a_visitor_moves_so_often_and_staff_as_often_as_needed(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, OLD, now)
    times = [at(27, clock) for clock in ("08:00", "08:30", "09:00", "09:30", "10:00")]
    move(database, config, appointment, times[0], now, actor="account:1")
    for start in times[1:4]:
        move(database, config, appointment, start, now)
    with pytest.raises(TooManyMoves, match=r"\(3×\)"):
        move(database, config, appointment, times[4], now)
    move(database, config, appointment, times[4], now, actor="account:1")
    assert look(database, appointment).sequence == 5


def test_what_cannot_be_booked_online_is_moved_by_staff_only(
    database: Database, config: Config, counselling: Service, now: datetime
) -> None:
    _, token = hold_it(database, config, counselling, OLD, now, channel=Channel.PHONE)
    appointment = book_it(database, config, token, now)
    with pytest.raises(NotOnline):
        move(database, config, appointment, NEW, now)
    move(database, config, appointment, NEW, now, actor="account:1")
    found = look(database, appointment)
    assert (found.start, found.share, found.channel) == (NEW, Share.PHONE, Channel.PHONE)


def test_staff_move_into_a_share_of_their_choice_however_soon_it_is(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, OLD, now)
    soon = at(23, "08:30")
    with pytest.raises(NotOffered):
        move(database, config, appointment, soon, now)
    move(database, config, appointment, soon, now, actor="account:1", shares=[Share.PHONE])
    found = look(database, appointment)
    assert (found.start, found.share) == (soon, Share.PHONE)
    assert differences(database) == []


def test_an_appointment_at_a_separate_desk_stays_at_it(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    desk = Schedule(
        office_id=office.id,
        slug="university",
        name="Hochschule",
        pooled=False,
        place="Campus 1, Raum 12",
        services=[office.services[0]],
        opening_hours=[
            OpeningHours(
                weekday=day, opens=time(9), closes=time(13), valid_from=date(2026, 11, 1), seats_online=1
            )
            for day in (3, 4)
        ],
    )
    with database.write() as session:
        session.add(desk)
        session.flush()
        planning.plan(session, office, MONDAY, 14, now)
        _, token = holding.hold(
            session,
            office,
            visit([(office.services[0], 1)]),
            OLD,
            now,
            rules=config.booking,
            schedules=[desk.id],
        )
    appointment = book_it(database, config, token, now)
    with pytest.raises(NotOffered):
        move(database, config, appointment, at(27, "08:30"), now)  # the office is open, the desk is not
    move(database, config, appointment, at(27, "12:30"), now)
    with database.read() as session:
        assert session.get_one(Appointment, appointment.id).schedule.slug == "university"
    assert said(database, appointment, "moved")[0][1]["office_address"] == "Campus 1, Raum 12"


def test_a_moved_appointment_takes_as_long_as_was_agreed(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, OLD, now)
    with database.write() as session:
        session.execute(update(Service).where(Service.id == renewal.id).values(minutes=60))
    move(database, config, appointment, at(27, "09:30"), now)
    assert look(database, appointment).ticks == 6


def test_a_family_moves_together(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    with database.write() as session:
        session.execute(
            update(Service).where(Service.id == renewal.id).values(most_people=4, minutes_next_person=15)
        )
    with database.write() as session:
        family = visit([(session.get_one(Service, renewal.id), 3)])
        _, token = holding.hold(session, planned, family, at(26, "09:00"), now, rules=config.booking)
    appointment = book_it(database, config, token, now)
    assert appointment.ticks == 12
    move(database, config, appointment, at(27, "10:00"), now)
    found = look(database, appointment)
    assert (found.items, found.ticks) == ([[renewal.id, 3]], 12)
    assert said(database, appointment, "moved")[0][1]["people"] == "3"
    assert differences(database) == []


def test_who_decided_on_an_old_page_is_asked_to_look_again(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, OLD, now)
    seen = look(database, appointment)
    move(database, config, appointment, NEW, now)
    for verb in (
        lambda session: moving.move(
            session, session.merge(seen, load=False), at(26, "10:00"), now, settings=config
        ),
        lambda session: appointing.cancel(session, session.merge(seen, load=False), now, settings=config),
    ):
        with pytest.raises(ChangedMeanwhile), database.write() as session:
            verb(session)
    assert look(database, appointment).start == NEW
    assert differences(database) == []


def to_hold(database: Database, config: Config, appointment: Appointment, token: str, now: datetime) -> None:
    """Move it to what is held."""
    with database.write() as session:
        found = session.get_one(Appointment, appointment.id)
        moving.move_to_hold(session, found, token, now, settings=config)


def test_an_appointment_takes_over_what_is_held(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, OLD, now)
    held, token = hold_it(database, config, renewal, NEW, now)
    for _ in range(2):  # a form that is sent twice moves once
        to_hold(database, config, appointment, token, now)
    found = look(database, appointment)
    assert (found.start, found.sheet_id, found.sequence) == (NEW, held.sheet_id, 1)
    assert [each.start for each in freed(database)] == [OLD]
    with database.read() as session:
        assert session.get_one(Hold, held.id).released_at == now
    assert happened(database, renewal.office).count("appointment.moved") == 1
    assert differences(database) == []


def test_a_hold_that_ran_out_is_good_while_its_time_is_free(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    mine = booked_on(database, config, renewal, OLD, now)
    tokens = fill(database, config, renewal, NEW, now)
    late = now + timedelta(minutes=20)
    with database.write() as session:
        holding.release_expired(session, late)
    fill(database, config, renewal, NEW, late, seats=1)
    to_hold(database, config, mine, tokens[0], late)
    assert look(database, mine).start == NEW
    other = booked_on(database, config, renewal, OLD, late, AMIN)
    with pytest.raises(HoldExpired):
        to_hold(database, config, other, tokens[1], late)
    assert look(database, other).start == OLD
    assert differences(database) == []


def test_an_appointment_can_move_to_another_office(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, OLD, now)
    with database.write() as session:
        other = sample_office(session, "nebenstadt")
        planning.plan(session, other, MONDAY, 14, now)
    with pytest.raises(NotOffered):  # whoever moves does not change what for
        to_hold(database, config, appointment, hold_it(database, config, other.services[0], NEW, now)[1], now)
    with database.write() as session:  # but an offer from the waiting list may be at another office
        wanted = visit([(other.services[0], 1)])
        _, token = holding.hold(session, other, wanted, NEW, now, rules=config.booking, purpose=Purpose.OFFER)
    to_hold(database, config, appointment, token, now)
    found = look(database, appointment)
    assert (found.office_id, found.service_id, found.items) == (
        other.id,
        other.services[0].id,
        [[other.services[0].id, 1]],
    )
    assert happened(database, other) == ["appointment.moved"]
    assert happened(database, renewal.office) == ["appointment.booked", "appointment.moved"]
    assert differences(database) == []


def test_an_overlapping_hold_of_the_same_day_is_taken_over(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, at(26, "10:00"), now)
    with database.write() as session:
        session.execute(update(Service).where(Service.id == renewal.id).values(minutes=15))
        quick = session.scalars(select(Service).where(Service.id == renewal.id)).one()
        assert quick.office
    _, token = hold_it(database, config, quick, at(26, "10:15"), now)
    to_hold(database, config, appointment, token, now)
    assert look(database, appointment).ticks == 3
    assert differences(database) == []


def test_the_person_stays_the_same_whoever_moves(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(
        database, config, renewal, OLD, now, Person("Bo", date(2001, 1, 1), "b@example.org", None)
    )
    sealed = look(database, appointment).person
    move(database, config, appointment, NEW, now, actor="partner:1")
    assert look(database, appointment).person == sealed
