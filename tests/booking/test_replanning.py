"""Planning again: what no longer fits is listed, what nobody changed stays, however far the book reaches."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, select
from sqlalchemy.orm import Session

from frontoffice.booking import holding, planning
from frontoffice.booking.models import Channel, DaySheet, Hold, Purpose
from frontoffice.booking.person import Person
from frontoffice.booking.planning import Clash
from frontoffice.booking.sheet import EMPTY
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Closure, Office, OpeningHours, Schedule, Service
from tests.booking.conftest import MONDAY
from tests.booking.planned import gated_sheets, rule, sheets
from tests.booking.steps import AMIN, at, book_it, differences, free_on, hold_it

TUESDAY = date(2026, 11, 24)


def test_a_day_is_closed_and_planned_in_one_step_and_opened_again(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    token = hold_it(database, config, renewal, at(24, "09:00"), now)[1]
    booked = book_it(database, config, token, now)
    before = sheets(database)
    with database.write() as session:
        place = session.get_one(Office, planned.id)
        closed = Closure(office_id=place.id, day=TUESDAY, closes=time(10), reason="Strom")
        session.add(closed)
        found = planning.replan(session, place, [TUESDAY], now)
    assert [clash.reference for clash in found] == [booked.reference]
    assert free_on(database, config, renewal, TUESDAY, now)[0] == "10:00"
    assert differences(database) == []
    with database.write() as session:
        session.delete(session.get_one(Closure, closed.id))
        assert planning.replan(session, session.get_one(Office, planned.id), [TUESDAY], now) == []
    assert sheets(database) == before


def test_all_that_no_longer_fits_from_today_on_is_one_list(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    days = [at(24, "09:00"), at(26, "08:00"), at(4, "11:30", month=12)]
    references = []
    for start in days:
        token = hold_it(database, config, renewal, start, now)[1]
        references.append(
            book_it(database, config, token, now, Person(f"Nr. {start}", AMIN.born, None, AMIN.phone))
        )
    with database.write() as session:
        place = session.get_one(Office, planned.id)
        session.add_all(Closure(office_id=place.id, day=start.date(), reason="Umzug") for start in days)
        planning.replan(session, place, [start.date() for start in days], now)
        found = planning.all_clashes(session, place, now)
        assert [clash.reference for clash in found] == [each.reference for each in references]
        assert [clash.start for clash in found] == days
        assert planning.all_clashes(session, place, at(24, "09:01")) == found[1:]
        assert planning.all_clashes(session, place, at(5, "08:00", month=12)) == []


def test_a_share_that_shrinks_lists_whom_it_no_longer_seats_though_others_have_room(
    database: Database, config: Config, renewal: Service, now: datetime, replan: Callable[..., list[Clash]]
) -> None:
    _, token = hold_it(database, config, renewal, at(24, "09:00"), now, channel=Channel.PHONE)
    booked = book_it(database, config, token, now)

    def no_phone(hours: OpeningHours) -> None:
        hours.seats_phone = 0

    assert [clash.reference for clash in replan(change=no_phone)] == [booked.reference]
    assert differences(database) == []


def test_what_waits_for_nobody_gives_way_to_what_somebody_counts_on(
    database: Database, config: Config, renewal: Service, now: datetime, replan: Callable[..., list[Clash]]
) -> None:
    freed, held = (hold_it(database, config, renewal, at(24, "09:00"), now) for _ in range(2))
    with database.write() as session:
        session.get_one(Hold, freed[0].id).purpose = Purpose.FREED

    def one_seat(hours: OpeningHours) -> None:
        hours.seats_online = 1

    replan(change=one_seat)
    with database.read() as session:
        assert holding.find(session, held[1]).released_at is None
        assert holding.find(session, freed[1]).released_at == now
    assert differences(database) == []


def test_the_book_reaches_as_far_as_the_configuration_or_any_rule_that_still_holds(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    def last_day() -> date:
        with database.write() as session:
            planning.plan_ahead(session, session.get_one(Office, office.id), now, config.booking)
            return max(session.scalars(select(DaySheet.day)))

    horizon = MONDAY + timedelta(days=config.booking.horizon_days)
    assert horizon - timedelta(days=3) <= last_day() < horizon
    for ends, expected in ((MONDAY, last_day()), (None, MONDAY + timedelta(days=99))):
        with database.write() as session:
            session.add(
                rule(office, weekday=2, bookable_from_days=99, valid_until=ends, valid_from=date(2026, 1, 1))
            )
        assert last_day() <= expected
    assert last_day() >= MONDAY + timedelta(days=96)


class Writes:
    """Remembers what changes rows in a transaction."""

    def __init__(self, session: Session) -> None:
        self.seen: list[str] = []
        event.listen(session.connection(), "before_cursor_execute", self._saw)

    def _saw(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.split(None, 1)[0] in ("INSERT", "UPDATE", "DELETE"):
            self.seen.append(statement)


WEEKDAY_RULES = st.fixed_dictionaries(
    {
        "weekday": st.integers(0, 6),
        "opens": st.integers(0, 11).map(time),
        "closes": st.integers(12, 24).map(lambda hour: time(hour % 24)),
        "every_weeks": st.integers(1, 3),
        "nth": st.sampled_from([None, None, 1, 4, 5, -1]),
        "seats_online": st.integers(0, 2),
        "seats_phone": st.integers(0, 1),
        "seats_on_site": st.integers(0, 1),
        "seats_emergency": st.integers(0, 1),
        "breaks": st.sampled_from([[], [["12:00", "12:30"]], [["11:58", "12:02"], ["13:00", "14:00"]]]),
        "bookable_from_days": st.sampled_from([None, 0, 14, 90]),
        "bookable_until_days": st.integers(0, 3),
        "release_time": st.sampled_from([None, time(8)]),
    }
)
CLOSURES = st.tuples(
    st.integers(0, 40), st.sampled_from([(None, None), (time(9), time(10)), (time(13), None)])
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(
    rules=st.lists(WEEKDAY_RULES, min_size=1, max_size=5),
    closures=st.lists(CLOSURES, max_size=3),
    emergency_days=st.none() | st.integers(0, 3),
    flow_hours=st.none() | st.integers(0, 72),
)
def test_whatever_the_rules_planning_again_writes_nothing_and_nothing_depends_on_what_was_before(
    database: Database,
    office: Office,
    now: datetime,
    rules: list[dict[str, Any]],
    closures: list[tuple[int, tuple[time | None, time | None]]],
    emergency_days: int | None,
    flow_hours: int | None,
) -> None:
    schedule_id = office.schedules[0].id
    with database.write() as session:
        place, schedule = session.get_one(Office, office.id), session.get_one(Schedule, schedule_id)
        session.execute(delete(OpeningHours))
        session.execute(delete(Closure))
        schedule.emergency_days, schedule.flow_hours = emergency_days, flow_hours
        session.add_all(rule(office, **each) for each in rules)
        session.add_all(
            Closure(
                office_id=office.id,
                day=MONDAY + timedelta(days=number),
                opens=part[0],
                closes=part[1],
                reason="x",
            )
            for number, part in closures
        )
        session.flush()
        planning.plan(session, place, MONDAY, 45, now)
    once = {day: stored for day, stored in gated_sheets(database).items() if stored[0] != EMPTY}
    with database.write() as session:
        writes = Writes(session)
        planning.plan(session, session.get_one(Office, office.id), MONDAY, 45, now)
        assert writes.seen == []
    with database.write() as session:
        session.execute(delete(DaySheet))
        planning.plan(session, session.get_one(Office, office.id), MONDAY, 45, now)
    assert gated_sheets(database) == once
    assert differences(database) == []


def test_a_change_of_the_gates_alone_is_planned_and_touches_no_seat(
    database: Database,
    config: Config,
    renewal: Service,
    now: datetime,
    replan: Callable[..., list[Clash]],
) -> None:
    hold_it(database, config, renewal, at(24, "09:00"), now)
    before, gates_before = sheets(database), gated_sheets(database)

    def until_the_day_before(hours: OpeningHours) -> None:
        hours.bookable_until_days = 1

    replan(change=until_the_day_before)
    assert sheets(database) == before
    changed = [day for day, stored in gated_sheets(database).items() if stored != gates_before[day]]
    assert {day.weekday() for day in changed} == {1}
    assert free_on(database, config, renewal, TUESDAY, at(24, "00:00")) == []
    assert free_on(database, config, renewal, TUESDAY, at(23, "23:59")) != []
