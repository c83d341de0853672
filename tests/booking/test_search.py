"""Searching free times: what is offered to whom, from which schedules, and from when on."""

import contextlib
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from frontoffice.booking import choosing, holding, planning, search
from frontoffice.booking.models import Channel, Share
from frontoffice.booking.refusals import NotOffered, NotTogether, TooManyPeople
from frontoffice.booking.visit import Visit
from frontoffice.config import Booking
from frontoffice.db import Database
from frontoffice.errors import NotFound
from frontoffice.offices.models import Office, OpeningHours, Schedule
from tests.booking.conftest import MONDAY
from tests.booking.steps import BERLIN, at
from tests.sample import COUNSELLING, PICK_UP, RENEWAL

TUESDAY = date(2026, 11, 24)
EIGHT_TO_TWELVE = ["08:00", "08:30", "09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]


class Desk:
    """The sample office, whose rules a test changes, and searches in it."""

    def __init__(self, database: Database, office: Office, rules: Booking, now: datetime) -> None:
        self.database, self.office, self.rules, self.now = database, office, rules, now

    def change(
        self,
        rule: dict[str, Any] | None = None,
        schedule: dict[str, Any] | None = None,
        service: dict[str, Any] | None = None,
    ) -> None:
        """Change all rules of the first schedule, it itself, or the renewal; plan."""
        with self.database.write() as session:
            place = session.get_one(Office, self.office.id)
            first = place.schedules[0]
            renewal = next(each for each in place.services if each.slug == RENEWAL)
            for things, values in (
                (first.opening_hours, rule),
                ([first], schedule),
                ([renewal], service),
            ):
                for thing in things:
                    for name, value in (values or {}).items():
                        setattr(thing, name, value)
            session.flush()
            planning.plan_ahead(session, place, self.now, self.rules)

    def add(self, slug: str, services: list[str], opens: time, **values: Any) -> int:
        """Another schedule, open on Tuesdays for an hour; its number."""
        with self.database.write() as session:
            place = session.get_one(Office, self.office.id)
            chosen = [each for each in place.services if each.slug in services]
            hours = OpeningHours(
                weekday=1,
                opens=opens,
                closes=opens.replace(hour=opens.hour + 1),
                valid_from=date(2026, 1, 1),
                seats_online=1,
            )
            schedule = Schedule(
                office_id=place.id, slug=slug, name=slug, services=chosen, opening_hours=[hours], **values
            )
            session.add(schedule)
            session.flush()
            planning.plan_ahead(session, place, self.now, self.rules)
            return schedule.id

    def visit(self, *wanted: tuple[str, int]) -> Visit:
        """A visit for these services; without any, for one renewal."""
        with self.database.read() as session:
            return choosing.chosen(session, self.office.slug, wanted or [(RENEWAL, 1)])[1]

    def free(self, day: date = TUESDAY, visit: Visit | None = None, **how: Any) -> list[str]:
        """The free times of a day by the office's clock; `now` may be another moment."""
        now = how.pop("now", self.now)
        with self.database.read() as session:
            found = search.free_starts(
                session,
                self.office,
                visit or self.visit(),
                day,
                day + timedelta(days=1),
                now=now,
                rules=self.rules,
                **how,
            )
        return [each.astimezone(BERLIN).strftime("%H:%M") for each in found.get(day, [])]


@pytest.fixture
def desk(database: Database, office: Office, rules: Booking, now: datetime) -> Desk:
    desk = Desk(database, office, rules, now)
    desk.change()
    return desk


def test_each_door_sees_its_own_seats_and_what_is_open_to_all(desk: Desk) -> None:
    desk.change(rule={"seats_online": 0, "seats_on_site": 1})
    assert desk.free() == []
    assert desk.free(channel=Channel.PARTNER) == []
    assert desk.free(channel=Channel.PHONE) == EIGHT_TO_TWELVE
    assert desk.free(channel=Channel.ON_SITE) == EIGHT_TO_TWELVE
    desk.change(rule={"seats_online": 1, "seats_phone": 0, "seats_on_site": 0})
    for channel in Channel:
        assert desk.free(channel=channel) == EIGHT_TO_TWELVE


def test_a_time_is_offered_from_its_release_on(desk: Desk) -> None:
    desk.change(rule={"bookable_from_days": 4, "release_time": time(8)})
    friday = at(20, "08:00")
    assert desk.free(now=friday - timedelta(minutes=1)) == []
    assert desk.free(now=friday) == EIGHT_TO_TWELVE
    assert desk.free(now=friday - timedelta(minutes=1), channel=Channel.PHONE) == EIGHT_TO_TWELVE


def test_a_rule_may_let_book_further_ahead_than_the_configuration(desk: Desk) -> None:
    horizon = desk.rules.horizon_days
    far = MONDAY + timedelta(days=horizon + 21)
    assert desk.free(far) == []
    desk.change(rule={"bookable_from_days": horizon + 30})
    assert desk.free(far) == EIGHT_TO_TWELVE
    assert desk.free(MONDAY + timedelta(days=horizon + 31)) == []


def test_a_rule_that_became_shorter_leaves_no_times_open_far_ahead(desk: Desk) -> None:
    far = MONDAY + timedelta(days=desk.rules.horizon_days + 21)
    desk.change(rule={"bookable_from_days": desk.rules.horizon_days + 30})
    assert desk.free(far) == EIGHT_TO_TWELVE
    desk.change(rule={"bookable_from_days": 10})
    assert desk.free(far) == []


def test_emergency_seats_open_two_working_days_ahead(desk: Desk) -> None:
    desk.change(rule={"seats_online": 0, "seats_emergency": 1}, schedule={"emergency_days": 2})
    tuesday_after = date(2026, 12, 1)  # the Friday before opens it
    assert desk.free(tuesday_after, now=at(26, "23:59")) == []
    assert desk.free(tuesday_after, now=at(27, "00:00")) == EIGHT_TO_TWELVE


def test_what_the_phone_left_flows_to_the_public_the_day_before(desk: Desk) -> None:
    desk.change(rule={"seats_online": 0}, schedule={"flow_hours": 24})
    wednesday = date(2026, 11, 25)
    assert desk.free(wednesday, now=at(24, "07:00")) == []
    # All five minutes of the visit have to be open.
    assert desk.free(wednesday, now=at(24, "08:25")) == ["08:00"]
    assert desk.free(wednesday, now=at(24, "12:00")) == EIGHT_TO_TWELVE
    assert desk.free(wednesday, now=at(25, "07:00")) == EIGHT_TO_TWELVE


def test_staff_see_what_is_left_of_the_shares_they_may_use_from_now_on(desk: Desk) -> None:
    desk.change(rule={"seats_emergency": 1, "bookable_until_days": 3})
    inside = at(24, "09:00")
    assert desk.free(now=inside) == []
    assert desk.free(now=inside, shares=[Share.EMERGENCY]) == EIGHT_TO_TWELVE[3:]
    assert desk.free(now=inside, shares=[Share.ON_SITE]) == []
    counselling = desk.visit((COUNSELLING, 1))
    assert desk.free(visit=counselling) == []
    assert desk.free(visit=counselling, shares=[Share.ONLINE]) == ["08:00", "09:00", "10:00", "11:00"]


def test_pooled_schedules_are_offered_together_and_separate_ones_each_by_itself(desk: Desk) -> None:
    desk.add("evening", [RENEWAL], time(18))
    university = desk.add("university", [RENEWAL], time(14), pooled=False)
    assert desk.free() == [*EIGHT_TO_TWELVE, "18:00", "18:30"]
    assert desk.free(schedules=[university]) == ["14:00", "14:30"]
    assert desk.free(schedules=[]) == []


def test_a_visit_for_several_services_needs_a_schedule_that_offers_them_all(desk: Desk) -> None:
    desk.change(service={"minutes_together": 20})
    both = desk.add("both", [RENEWAL, PICK_UP], time(14))
    desk.add("one", [RENEWAL], time(16))
    two = desk.visit((PICK_UP, 1), (RENEWAL, 1))
    assert two.minutes == 40
    assert desk.free(visit=two) == ["08:00", "08:40", "09:20", "10:00", "10:40", "11:20", "14:00"]
    assert desk.free(visit=two, schedules=[both]) == ["14:00"]
    three = desk.visit((PICK_UP, 1), (RENEWAL, 1), (COUNSELLING, 1))
    assert desk.free(visit=three, channel=Channel.PHONE) == ["08:00", "09:30"]
    assert desk.free(visit=three) == []  # counselling cannot be booked online


def test_a_family_needs_longer_times(desk: Desk) -> None:
    desk.change(service={"minutes_next_person": 45, "most_people": 3})
    assert desk.free(visit=desk.visit((RENEWAL, 2))) == ["08:00", "09:15", "10:30"]
    assert desk.free(visit=desk.visit((RENEWAL, 3))) == ["08:00", "10:00"]


def test_a_taken_seat_is_gone_for_its_schedule_only(desk: Desk) -> None:
    desk.change(rule={"seats_online": 1, "seats_phone": 0})
    desk.add("second", [RENEWAL], time(8))
    for _ in range(2):
        assert "08:00" in desk.free()
        with desk.database.write() as session:
            holding.hold(session, desk.office, desk.visit(), at(24, "08:00"), desk.now, rules=desk.rules)
    assert desk.free()[:2] == ["08:30", "09:00"]


def test_the_next_and_the_nearest_times_keep_to_the_schedules_asked_for(desk: Desk) -> None:
    university = desk.add("university", [RENEWAL], time(14), pooled=False)
    asked = {"now": desk.now, "rules": desk.rules}
    with desk.database.read() as session:
        place, visit = desk.office, desk.visit()
        assert search.next_free(session, place, visit, TUESDAY, **asked) == at(24, "08:00")  # type: ignore[arg-type]
        there = search.next_free(session, place, visit, TUESDAY, **asked, schedules=[university])  # type: ignore[arg-type]
        assert there == at(24, "14:00")
        near = search.nearest(
            session, place, visit, at(24, "14:00"), **asked, schedules=[university], limit=3
        )  # type: ignore[arg-type]
    assert near == [at(24, "14:00"), at(24, "14:30"), at(1, "14:00", month=12)]


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        ([(RENEWAL, 2)], TooManyPeople),
        ([(RENEWAL, 1), (RENEWAL, 1)], NotTogether),
        ([(RENEWAL, 1), ("nothing", 1)], NotFound),
        ([("nothing", 1)], NotFound),
        ([("\x00", 1)], NotFound),
    ],
)
def test_only_what_is_offered_can_be_chosen(
    desk: Desk, wanted: list[tuple[str, int]], refusal: type[Exception]
) -> None:
    for choose in (choosing.chosen, choosing.in_brief):
        with pytest.raises(refusal), desk.database.read() as session:
            choose(session, desk.office.slug, wanted)


def test_what_is_chosen_in_brief_is_the_same_visit(desk: Desk) -> None:
    desk.change(service={"minutes_next_person": 5, "minutes_together": 10, "most_people": 4})
    for wanted in ([(RENEWAL, 3)], [(PICK_UP, 1), (RENEWAL, 2)]):
        with desk.database.read() as session:
            place, brief = choosing.in_brief(session, desk.office.slug, wanted)
            whole, visit = choosing.chosen(session, desk.office.slug, wanted)
            again = choosing.visit_of(session, visit.stored)
        assert (brief.stored, brief.minutes, brief.people, brief.online) == (
            visit.stored,
            visit.minutes,
            visit.people,
            visit.online,
        )
        assert (again.stored, again.minutes) == (visit.stored, visit.minutes)
        assert place.time_zone == whole.time_zone


def test_a_service_out_of_use_cannot_be_chosen_but_its_appointments_stay_readable(desk: Desk) -> None:
    stored = desk.visit().stored
    desk.change(service={"active": False})
    with pytest.raises(NotFound):
        desk.visit()
    with desk.database.read() as session:
        assert choosing.visit_of(session, stored).minutes == 30
        with pytest.raises(NotFound):
            choosing.visit_of(session, [[10**6, 1]])


def test_the_search_agrees_with_what_can_be_held(desk: Desk) -> None:
    desk.change(
        rule={"seats_online": 1, "bookable_from_days": 3, "release_time": time(9)},
        schedule={"flow_hours": 20, "emergency_days": 1},
    )
    visit = desk.visit()
    for day in (MONDAY + timedelta(days=number) for number in range(5)):
        held = []
        for clock in ["07:30", *EIGHT_TO_TWELVE, "12:00"]:
            with desk.database.write() as session, contextlib.suppress(NotOffered):
                holding.hold(session, desk.office, visit, at(day.day, clock), desk.now, rules=desk.rules)
                held.append(clock)
                session.rollback()
        assert desk.free(day) == held, day
