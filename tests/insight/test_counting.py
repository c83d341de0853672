"""A small day, worked out by hand, and what is kept of it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from frontoffice.booking import planning, sheet
from frontoffice.booking.models import Appointment, Channel, DaySheet, State
from frontoffice.db import Database
from frontoffice.insight import counting, keeping, reading
from frontoffice.insight.models import DayCount, Figure, WorkedDay
from frontoffice.insight.span import Span
from frontoffice.insight.sums import Missed, Sent, Sums, Times, Used
from frontoffice.line.models import Ticket, TicketState
from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.offices.models import Office
from frontoffice.staff.models import Role
from tests.insight.parts import (
    add_appointment,
    add_message,
    add_ticket,
    happened,
    open_counter,
    service,
)
from tests.line.parts import account
from tests.sample import COUNSELLING, PICK_UP, RENEWAL

MONDAY = date(2026, 11, 23)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def at(hour: int, minute: int = 0, day: date = MONDAY) -> datetime:
    """By the clock of the office in winter."""
    return datetime(day.year, day.month, day.day, hour - 1, minute, tzinfo=UTC)


@pytest.fixture
def small_day(database: Database, office: Office) -> dict[str, int]:
    """The ids of the services by slug."""
    with database.write() as session:
        place = session.get_one(Office, office.id)
        planning.plan(session, place, MONDAY, 7, at(7) - 30 * DAY)
        page = session.scalars(select(DaySheet).where(DaySheet.day == MONDAY)).one()
        renewal, pick_up, counselling = (service(session, slug) for slug in (RENEWAL, PICK_UP, COUNSELLING))
        _visits(session, place, page)
        for number, (state, ahead) in enumerate(
            [
                (State.DONE, 0),
                (State.NO_SHOW, 16),
                (State.CONFIRMED, 16),
                (State.CANCELLED, 3),
                (State.EXPIRED, 1),
            ]
        ):
            add_appointment(
                session, page, place, renewal, at(9), state, ahead=ahead, reference=f"LATER{number}AA"
            )
        taken = sheet.occupy(page.taken, sheet.SHARES[0], 96, 6)  # half an hour at eight
        page.taken = taken
        clerk = account(session, "clerk", Role.CASEWORKER, None)
        open_counter(session, place, clerk, 0, at(8), at(12))
        first = f"counter:{place.counters[0].id}"
        happened(session, place, "counter.opened", first, at(8))
        happened(session, place, "counter.paused", first, at(10))
        happened(session, place, "counter.opened", first, at(10, 15))
        for key, state, more in (
            ("a", MessageState.DELIVERED, {"parts": 1}),
            ("b", MessageState.SENT, {"parts": 2}),
            ("c", MessageState.FAILED, {}),
            ("d", MessageState.PENDING, {}),
            ("e", MessageState.CANCELLED, {}),
            ("f", MessageState.SENT, {"medium": Medium.MAIL, "kind": "booked"}),
        ):
            add_message(session, place, key, state, at(11), **more)
        add_message(
            session, place, "g", MessageState.SENT, at(1, day=MONDAY + DAY) - timedelta(hours=1), parts=9
        )
        return {RENEWAL: renewal.id, PICK_UP: pick_up.id, COUNSELLING: counselling.id}


def _visits(session: Session, place: Office, page: DaySheet) -> None:
    renewal, pick_up = service(session, RENEWAL), service(session, PICK_UP)
    came = add_appointment(
        session,
        page,
        place,
        renewal,
        at(8, 30),
        State.DONE,
        ahead=16,
        reference="CAMEAAAA",
        channel=Channel.PHONE,
    )
    # Half an hour early; the wait counts from the time of the appointment.
    add_ticket(
        session,
        place,
        1,
        at(8),
        MONDAY,
        service_id=renewal.id,
        appointment_id=came.id,
        due_at=at(8, 30),
        waited=35,
        served=20,
    )
    add_ticket(session, place, 2, at(8, 10), MONDAY, service_id=pick_up.id, waited=12, served=4)
    recalled = add_ticket(session, place, 3, at(9, 10), MONDAY, service_id=pick_up.id, waited=3)
    recalled.called_at = at(9, 20)  # called again; what counts is the first time
    recalled.state, recalled.counter_id, recalled.ended_at = (
        TicketState.NO_SHOW,
        place.counters[0].id,
        at(9, 25),
    )
    undone = add_ticket(session, place, 4, at(9, 20), MONDAY, waited=1)
    happened(session, place, "ticket.undone", f"ticket:{undone.id}", at(9, 22), undone="called")
    happened(session, place, "ticket.called", f"ticket:{undone.id}", at(9, 50))
    undone.called_at, undone.state = at(9, 50), TicketState.LEFT
    add_ticket(session, place, 5, at(11, 59), MONDAY, service_id=pick_up.id)


def counted(database: Database, office: Office, day: date = MONDAY, now: datetime | None = None) -> Sums:
    with database.read() as session:
        return Sums(
            counting.count(session, session.get_one(Office, office.id), day, now or at(6, day=MONDAY + DAY))
        )


def test_a_small_day(database: Database, office: Office, small_day: dict[str, int]) -> None:
    sums, renewal, pick_up = counted(database, office), small_day[RENEWAL], small_day[PICK_UP]
    assert sums.visits() == 5
    assert sums.by_about(Figure.VISITS) == {renewal: 1, pick_up: 3, 0: 1}
    assert sums.by_part(Figure.VISITS) == {"walk_in": 4, "phone": 1}
    assert sums.by_part(Figure.VISIT_HOURS) == {"08": 2, "09": 2, "11": 1}
    assert sums.by_part(Figure.VISIT_HOURS, pick_up) == {"08": 1, "09": 1, "11": 1}
    assert sums.by_part(Figure.CHANNEL_HOURS) == {
        "08 phone": 1,
        "08 walk_in": 1,
        "09 walk_in": 2,
        "11 walk_in": 1,
    }
    assert sums.by_part(Figure.ENDS) == {"done": 2, "no_show": 1, "left": 1, "waiting": 1}
    assert sums.by_part(Figure.WAITING_DUE) == {"5": 1}
    assert sums.by_part(Figure.WAITING) == {"12": 1, "3": 1, "30": 1}
    assert sums.waiting() == Times(4, 6, 31)  # of 3, 5, 12, 30: the second and the fourth
    assert sums.serving(pick_up) == Times(1, 5, 5)
    assert sums.missed(renewal) == Missed(came=2, missed=2, cancelled=1)
    assert sums.missed(renewal, ahead=15) == Missed(came=1, missed=2, cancelled=0)
    assert sums.missed(renewal, ahead=15).percent == pytest.approx(200 / 3)
    assert sums.seats() == Used(4 * 60 * 3, 30)
    assert sums.counters() == Used(4 * 60 - 15, 5)
    assert sums.sent() == {
        ("booked", "mail"): Sent(1, 0, 0, 0),
        ("reminder", "sms"): Sent(2, 1, 1, 3),
    }


def test_a_running_day_is_counted_as_far_as_it_has_come(
    database: Database, office: Office, small_day: dict[str, int]
) -> None:
    sums = counted(database, office, now=at(9))
    assert sums.missed(small_day[RENEWAL]).missed == 0  # those of nine o'clock may still come
    assert sums.counters().all == 60


def test_who_has_not_come_yet_is_missed_when_the_day_is_over(
    database: Database, office: Office, small_day: dict[str, int]
) -> None:
    renewal = small_day[RENEWAL]
    assert counted(database, office, now=at(9, 1)).missed(renewal).missed == 1  # staff have said so
    assert counted(database, office, now=at(23, 59)).missed(renewal).missed == 1
    assert counted(database, office, now=at(23) + timedelta(hours=1)).missed(renewal).missed == 2


def test_days_ahead_are_days_of_the_calendar(database: Database, office: Office) -> None:
    with database.write() as session:
        place = session.get_one(Office, office.id)
        planning.plan(session, place, MONDAY, 7, at(7) - 30 * DAY)
        page = session.scalars(select(DaySheet).where(DaySheet.day == MONDAY)).one()
        renewal = service(session, RENEWAL)
        for reference, made in (
            ("EVENING1", at(18, day=MONDAY - DAY)),
            ("MORNING1", at(1) - timedelta(minutes=30)),
        ):
            one = add_appointment(
                session, page, place, renewal, at(9), State.DONE, ahead=0, reference=reference
            )
            one.created_at = made
    sums = counted(database, office)
    assert [sums.missed(ahead=ahead).came for ahead in (0, 1)] == [1, 1]


def test_what_was_left_behind_in_the_evening_does_not_count_as_work(
    database: Database, office: Office
) -> None:
    with database.write() as session:
        place = session.get_one(Office, office.id)
        clerk = account(session, "clerk", Role.CASEWORKER, None)
        for number, closed in ((0, at(5, day=MONDAY + DAY)), (1, None)):
            open_counter(session, place, clerk, number, at(8), closed)
        here = place.counters[0].id
        renewal = service(session, RENEWAL).id
        add_ticket(session, place, 1, at(9), MONDAY, waited=0, served=20, counter_id=here, service_id=renewal)
        left = add_ticket(
            session, place, 2, at(10), MONDAY, waited=0, served=1, counter_id=here, service_id=renewal
        )
        left.ended_at = at(5, day=MONDAY + DAY)
    sums = counted(database, office)
    assert sums.counters() == Used(80, 20)  # from eight to twenty past nine; at the other nobody was served
    assert sums.serving(renewal) == Times(1, 21, 21)
    assert sums.by_part(Figure.ENDS) == {"done": 2}


def kept(database: Database) -> dict[tuple[date, Figure, int, str], int]:
    with database.read() as session:
        rows = session.scalars(select(DayCount)).all()
    return {(each.day, each.figure, each.about, each.part): each.number for each in rows}


def sweep(database: Database, office: Office, now: datetime) -> list[date]:
    """As the worker does; gives the days."""
    with database.read() as session:
        days = keeping.due_days(session, session.get_one(Office, office.id), now)
    for day in days:
        with database.write() as session:
            keeping.work_out(session, session.get_one(Office, office.id), day, now)
    return days


def test_done_twice_is_as_if_done_once(database: Database, office: Office, small_day: dict[str, int]) -> None:
    tuesday = at(6, day=MONDAY + DAY)
    assert sweep(database, office, tuesday) == [MONDAY]
    once = kept(database)
    assert sweep(database, office, tuesday) == []
    with database.write() as session:
        keeping.work_out(session, session.get_one(Office, office.id), MONDAY, tuesday)
    assert kept(database) == once
    assert once[MONDAY, Figure.VISITS, small_day[PICK_UP], "walk_in"] == 3


def test_a_day_is_worked_out_anew_for_three_days_and_then_stays(
    database: Database, office: Office, small_day: dict[str, int]
) -> None:
    for number in range(1, 6):
        expected = [MONDAY + DAY * shift for shift in range(max(0, number - 4), number)]
        assert sweep(database, office, at(6, day=MONDAY + DAY * number)) == expected
    before = kept(database)
    with (
        database.write() as session
    ):  # after a year nothing is left that it was counted from; events are kept longest
        for table in (Ticket, Appointment, Message):
            session.execute(delete(table))
    assert sweep(database, office, at(6, day=MONDAY + 400 * DAY)) == []
    assert kept(database) == before
    with database.read() as session:
        year = Span(date(2026, 1, 1), date(2027, 1, 1))
        found = reading.sums(session, session.get_one(Office, office.id), year, at(6, day=MONDAY + 400 * DAY))
    assert found.waiting() == Times(4, 6, 31)


def test_a_receipt_that_comes_late_is_counted(
    database: Database, office: Office, small_day: dict[str, int]
) -> None:
    sweep(database, office, at(6, day=MONDAY + DAY))
    with database.write() as session:
        session.scalars(select(Message).where(Message.dedupe_key == "b")).one().state = MessageState.DELIVERED
    sweep(database, office, at(6, day=MONDAY + 2 * DAY))
    assert kept(database)[MONDAY, Figure.MESSAGES, 0, "reminder sms delivered"] == 2
    assert (MONDAY, Figure.MESSAGES, 0, "reminder sms sent") not in kept(database)


def test_days_that_were_missed_are_caught_up(
    database: Database, office: Office, small_day: dict[str, int]
) -> None:
    days = sweep(database, office, at(6, day=MONDAY + 10 * DAY))
    assert days == [MONDAY + DAY * number for number in range(10)]
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(WorkedDay)) == 10


def test_today_is_shown_but_not_kept(database: Database, office: Office, small_day: dict[str, int]) -> None:
    evening = at(18)
    assert sweep(database, office, evening) == []
    with database.write() as session:
        keeping.work_out(session, session.get_one(Office, office.id), MONDAY, evening)
    assert kept(database) == {}
    with database.read() as session:
        place = session.get_one(Office, office.id)
        assert reading.sums(session, place, Span(MONDAY, MONDAY + DAY), evening).visits() == 5
        days = [Span(MONDAY - DAY, MONDAY), Span(MONDAY, MONDAY + DAY)]
        course = reading.course(session, place, days, (Figure.VISITS,), evening)
    assert [each.visits() for each in course] == [0, 5]


@pytest.mark.parametrize(
    ("day", "hours", "moments", "expected"),
    [
        # The clock goes back at 03:00 in October: two o'clock comes twice, and both belong to the day.
        (
            date(2026, 10, 25),
            25,
            [(24, 22, 0), (25, 0, 30), (25, 1, 30), (25, 22, 59)],
            "00 02 02 23",
        ),
        # In March it goes forward: the day ends an hour of real time earlier.
        (
            date(2026, 3, 29),
            23,
            [(28, 23, 0), (29, 0, 30), (29, 1, 30), (29, 21, 59)],
            "00 01 03 23",
        ),
    ],
)
def test_days_on_which_the_clock_changes(
    database: Database,
    office: Office,
    day: date,
    hours: int,
    moments: list[tuple[int, int, int]],
    expected: str,
) -> None:
    begins, ends = counting.day_of(office, day)[2:]
    assert ends - begins == timedelta(hours=hours)
    with database.write() as session:
        place = session.get_one(Office, office.id)
        for number, (date_of, hour, minute) in enumerate(moments):
            moment = datetime(day.year, day.month, date_of, hour, minute, tzinfo=UTC)
            add_ticket(session, place, number + 1, moment, day)
            add_message(session, place, str(number), MessageState.SENT, moment)
        for number, moment in enumerate(
            (counting.day_of(place, day).begins - MINUTE, counting.day_of(place, day).ends)
        ):
            add_message(session, place, f"other{number}", MessageState.SENT, moment)
    sums = counted(database, office, day, datetime(2026, 12, 1, tzinfo=UTC))
    assert sorted(sums.by_part(Figure.VISIT_HOURS).elements()) == expected.split()
    assert sums.by_part(Figure.MESSAGES) == {"reminder sms sent": 4}
