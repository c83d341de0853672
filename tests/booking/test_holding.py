"""Holding a time: one seat for one visitor, given back when the time is up."""

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from frontoffice.booking import holding, planning, search
from frontoffice.booking.models import Channel, DaySheet, Hold, Purpose, Share
from frontoffice.booking.refusals import JustTaken, KeyReused, NotOffered, NotOnline
from frontoffice.booking.visit import visit
from frontoffice.config import Booking, Config
from frontoffice.db import Database
from frontoffice.errors import NotFound
from frontoffice.offices.models import Closure, Office, OpeningHours, Schedule, Service
from tests.booking.conftest import MONDAY
from tests.booking.steps import at, book_it, differences, fill, free_on, hold_it, visiting

TUESDAY = date(2026, 11, 24)
KEY = "a key that nobody guesses"


def test_a_held_seat_is_not_offered_to_others(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    start = at(24, "09:00")
    hold_it(database, config, renewal, start, now)
    assert "09:00" in free_on(database, config, renewal, TUESDAY, now)
    hold_it(database, config, renewal, start, now)
    assert "09:00" not in free_on(database, config, renewal, TUESDAY, now)
    with pytest.raises(JustTaken):
        hold_it(database, config, renewal, start, now)
    assert differences(database) == []


def test_a_shorter_service_leaves_the_rest_to_others(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    pick_up = planned.services[1]
    for _ in range(2):
        hold_it(database, config, pick_up, at(24, "09:10"), now)
    assert "09:00" not in free_on(database, config, renewal, TUESDAY, now)
    assert "09:30" in free_on(database, config, renewal, TUESDAY, now)
    with pytest.raises(JustTaken):
        hold_it(database, config, renewal, at(24, "09:00"), now)


@pytest.mark.parametrize(
    "start",
    [
        at(24, "09:05"),  # between two appointments
        at(24, "07:30"),  # before the opening
        at(24, "12:00"),  # after the last appointment
        at(28, "09:00"),  # on a Saturday
        at(23, "08:30"),  # within the lead
        at(20, "09:00"),  # last week
        at(24, "09:00") + timedelta(seconds=1),
        at(24, "09:00", month=12),  # beyond the planned days
        at(24, "09:00") + timedelta(days=365),
        datetime.max.replace(tzinfo=at(24, "09:00").tzinfo),
        datetime.min.replace(tzinfo=at(24, "09:00").tzinfo),
    ],
)
def test_a_time_that_does_not_exist_is_refused(
    database: Database, config: Config, renewal: Service, now: datetime, start: datetime
) -> None:
    with pytest.raises(NotOffered):
        hold_it(database, config, renewal, start, now)
    with database.read() as session:
        assert session.scalars(select(Hold)).all() == []


def test_a_service_that_is_not_online_is_held_at_the_desk_only(
    database: Database, config: Config, counselling: Service, now: datetime
) -> None:
    with pytest.raises(NotOnline):
        hold_it(database, config, counselling, at(24, "09:00"), now)
    held, _ = hold_it(database, config, counselling, at(24, "09:00"), now, channel=Channel.PHONE)
    assert held.ticks == 12


def test_the_telephone_has_seats_of_its_own(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    start = at(24, "09:00")
    fill(database, config, renewal, start, now)
    hold_it(database, config, renewal, start, now, channel=Channel.PHONE)
    with pytest.raises(JustTaken):
        hold_it(database, config, renewal, start, now, channel=Channel.PHONE)


def test_an_expired_hold_makes_way_for_the_next_visitor(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    start = at(24, "09:00")
    fill(database, config, renewal, start, now)
    with pytest.raises(JustTaken):
        hold_it(database, config, renewal, start, now + timedelta(minutes=9, seconds=59))
    hold_it(database, config, renewal, start, now + timedelta(minutes=10))
    assert differences(database) == []


def test_the_sweep_gives_back_what_has_expired_and_nothing_else(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    fill(database, config, renewal, at(24, "09:00"), now)
    fill(database, config, renewal, at(24, "10:00"), now + timedelta(minutes=5))
    fill(database, config, renewal, at(25, "10:00"), now)
    with database.write() as session:
        assert holding.release_expired(session, now + timedelta(minutes=10)) == 2
    free = free_on(database, config, renewal, TUESDAY, now)
    assert "09:00" in free
    assert "10:00" not in free
    assert differences(database) == []
    with database.write() as session:
        assert holding.release_expired(session, now + timedelta(minutes=10)) == 0


def test_holds_are_forgotten_after_a_day(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    _, token = hold_it(database, config, renewal, at(26, "09:00"), now)
    for later in (timedelta(minutes=11), timedelta(days=1, minutes=10)):
        with database.write() as session:
            holding.release_expired(session, now + later)
        with database.read() as session:
            assert holding.find(session, token).released_at is not None
    with database.write() as session:
        holding.release_expired(session, now + timedelta(days=1, minutes=11))
    with database.read() as session, pytest.raises(NotFound):
        holding.find(session, token)


def test_a_visitor_can_give_a_time_back_once(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    _, token = hold_it(database, config, renewal, at(24, "09:00"), now)
    with database.write() as session:
        assert holding.release(session, token, now)
    with database.write() as session:
        assert not holding.release(session, token, now)
        assert not holding.release(session, "no such token", now)
    assert differences(database) == []


def test_the_same_key_gives_the_same_hold(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    start = at(24, "09:00")
    first, token = hold_it(database, config, renewal, start, now, key=KEY)
    again, same_token = hold_it(database, config, renewal, start, now + timedelta(minutes=1), key=KEY)
    assert (again.id, same_token, again.expires_at) == (first.id, token, first.expires_at)
    hold_it(database, config, renewal, start, now)  # the second seat is still there
    full, same_token = hold_it(database, config, renewal, start, now, key=KEY)
    assert (full.id, same_token) == (first.id, token)
    assert differences(database) == []


def test_a_key_is_good_for_one_time_only(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    hold_it(database, config, renewal, at(24, "09:00"), now, key=KEY)
    with pytest.raises(KeyReused):
        hold_it(database, config, renewal, at(24, "10:00"), now, key=KEY)
    with pytest.raises(KeyReused):
        hold_it(database, config, planned.services[1], at(24, "09:00"), now, key=KEY)
    assert free_on(database, config, renewal, TUESDAY, now).count("10:00") == 1
    assert differences(database) == []


def test_a_key_whose_hold_lapsed_holds_anew(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    start = at(24, "09:00")
    first, _ = hold_it(database, config, renewal, start, now, key=KEY)
    later = now + timedelta(minutes=20)
    with database.write() as session:
        holding.release_expired(session, later)
    again, _ = hold_it(database, config, renewal, start, later, key=KEY)
    assert (again.id, again.expires_at) == (first.id, later + timedelta(minutes=10))
    assert differences(database) == []


def test_a_key_whose_hold_was_booked_takes_no_second_seat(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    start = at(24, "09:00")
    first, token = hold_it(database, config, renewal, start, now, key=KEY)
    book_it(database, config, token, now)
    again, same_token = hold_it(database, config, renewal, start, now, key=KEY)
    assert (again.id, same_token) == (first.id, token)
    hold_it(database, config, renewal, start, now)
    assert differences(database) == []


def test_several_schedules_are_tried_one_after_the_other(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    with database.write() as session:
        session.add(_monthly_desk(office))
        session.flush()
        planning.plan(session, office, MONDAY, 7, now)
    renewal = office.services[0]
    sheets = [hold_it(database, config, renewal, at(24, "09:00"), now)[0].sheet_id for _ in range(3)]
    assert len(set(sheets[:2])) == 1
    assert sheets[2] != sheets[0]
    with pytest.raises(JustTaken):
        hold_it(database, config, renewal, at(24, "09:00"), now)
    held, _ = hold_it(database, config, renewal, at(24, "12:30"), now)  # only the second one is open then
    assert held.sheet_id == sheets[2]
    assert differences(database) == []


def test_a_search_merges_schedules_and_keeps_to_lead_and_horizon(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    with database.write() as session:
        session.add(_monthly_desk(office))
        session.flush()
        planning.plan(session, office, MONDAY, 28, now)
    renewal = office.services[0]
    today = free_on(database, config, renewal, MONDAY, now)
    assert today == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    assert free_on(database, config, renewal, TUESDAY, now)[-3:] == ["11:30", "12:00", "12:30"]
    short = Booking(horizon_days=3, lead_minutes=0)
    with database.read() as session:
        found = search.free_starts(
            session, office, visiting(renewal), date.min, date.max, now=now, rules=short
        )
    assert list(found) == [MONDAY, TUESDAY, date(2026, 11, 25)]
    assert found[MONDAY][0] == at(23, "08:30")  # it is 08:00: what begins this moment cannot be held any more


def test_the_next_free_time_and_the_nearest_ones(
    database: Database, config: Config, renewal: Service, rules: Booking, now: datetime
) -> None:
    fill(database, config, renewal, at(24, "10:00"), now)
    with database.read() as session:
        office = renewal.office
        near = search.nearest(
            session, office, visiting(renewal), at(24, "10:00"), now=now, rules=rules, limit=4
        )
        first = search.next_free(session, office, visiting(renewal), TUESDAY, now=now, rules=rules)
        never = search.next_free(session, office, visiting(renewal), date(2026, 12, 21), now=now, rules=rules)
    assert near == [at(24, "09:00"), at(24, "09:30"), at(24, "10:30"), at(24, "11:00")]
    assert first == at(24, "08:00")
    assert never is None


def test_a_closed_day_has_no_times(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    with database.write() as session:
        session.add(Closure(office_id=planned.id, day=TUESDAY, reason="Personalversammlung"))
        session.flush()
        planning.plan(session, planned, MONDAY, 28, now)
    assert free_on(database, config, renewal, TUESDAY, now) == []
    with pytest.raises(NotOffered):
        hold_it(database, config, renewal, at(24, "09:00"), now)


def test_several_concerns_are_held_where_one_desk_does_them_all(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    with database.write() as session:
        session.add(_monthly_desk(office))
        session.flush()
        planning.plan(session, office, MONDAY, 7, now)
    both = visit([(office.services[0], 1), (office.services[1], 1)])
    with database.write() as session:
        held, _ = holding.hold(session, office, both, at(24, "08:00"), now, rules=config.booking)
    assert (held.ticks, held.items) == (8, [[office.services[0].id, 1], [office.services[1].id, 1]])
    with pytest.raises(NotOffered), database.write() as session:  # only the desk that lacks one is open then
        holding.hold(session, office, both, at(24, "12:20"), now, rules=config.booking)
    assert differences(database) == []


def test_a_separate_desk_is_taken_only_by_who_asks_for_it(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    with database.write() as session:
        desk = _monthly_desk(office)
        desk.pooled = False
        session.add(desk)
        session.flush()
        planning.plan(session, office, MONDAY, 7, now)
    renewal = office.services[0]
    with pytest.raises(NotOffered):
        hold_it(database, config, renewal, at(24, "12:30"), now)
    with database.write() as session:
        held, _ = holding.hold(
            session,
            office,
            visiting(renewal),
            at(24, "12:30"),
            now,
            rules=config.booking,
            schedules=[desk.id],
        )
    with database.read() as session:
        assert session.get_one(DaySheet, held.sheet_id).schedule_id == desk.id
    assert differences(database) == []


def test_staff_take_from_the_shares_they_name_and_from_no_others(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    def take(start: datetime, *shares: Share) -> Share:
        with database.write() as session:
            return holding.hold(
                session,
                renewal.office,
                visiting(renewal),
                start,
                now,
                rules=config.booking,
                channel=Channel.PHONE,
                shares=shares,
                purpose=Purpose.PLAN,
                keep_for=timedelta(hours=2),
            )[0].share

    soon = at(23, "08:30")  # within the lead of the public
    assert [take(soon, Share.PHONE, Share.ONLINE) for _ in range(3)] == [
        Share.ONLINE,
        Share.ONLINE,
        Share.PHONE,
    ]
    with pytest.raises(JustTaken):
        take(soon, Share.PHONE, Share.ONLINE)
    with pytest.raises(NotOffered):
        take(soon, Share.EMERGENCY)
    with pytest.raises(NotOffered):
        take(now, Share.PHONE)  # that has begun
    with database.read() as session:
        plans = session.scalars(select(Hold).where(Hold.purpose == Purpose.PLAN)).all()
    assert {each.expires_at for each in plans} == {now + timedelta(hours=2)}
    assert differences(database) == []


def _monthly_desk(office: Office) -> Schedule:
    return Schedule(
        office_id=office.id,
        slug="university",
        name="Hochschule",
        services=[office.services[0]],
        opening_hours=[
            OpeningHours(
                weekday=1, opens=time(9), closes=time(13), valid_from=date(2026, 11, 1), seats_online=1
            )
        ],
    )
