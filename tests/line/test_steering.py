"""Steering the line: parking, coming straight back, passing on, letting go first, wishes, pauses, undoing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from frontoffice.booking.models import Appointment, State
from frontoffice.db import Database
from frontoffice.errors import Invalid
from frontoffice.line import calling, checks, parking, seat, staffing, steering, undoing, wishes
from frontoffice.line.calling import CalledOften, NotWaiting
from frontoffice.line.models import Priority, Ticket, TicketState
from frontoffice.line.seat import CounterBusy, CounterPaused
from frontoffice.line.steering import ToItself
from frontoffice.line.undoing import NothingToUndo
from frontoffice.line.wishes import NobodyCan
from frontoffice.offices.models import Office
from frontoffice.staff.models import Account, Role
from tests.line.desks import Desks
from tests.line.parts import account, appointment, ticket
from tests.sample import sample_office

MINUTE = timedelta(minutes=1)


@pytest.fixture
def desks(database: Database, office: Office, now: datetime) -> Desks:
    with database.write() as session:
        session.get_one(Office, office.id).counters[1].languages = ["uk"]
    return Desks(database, office, now)


@pytest.fixture(autouse=True)
def nothing_contradicts_itself(database: Database) -> object:
    yield
    with database.read() as session:
        assert list(checks.differences(session)) == []


def test_a_certain_number_can_be_picked_from_the_list_only_once(desks: Desks) -> None:
    desks.wait(1, arrived_at=desks.now - 30 * MINUTE)
    desks.wait(2)
    visit = desks.do(calling.pick, 1, "A002")
    assert (visit.ticket, visit.state, visit.call) == ("A002", TicketState.CALLED, 1)
    with pytest.raises(NotWaiting):
        desks.do(calling.pick, 2, "A002")
    with pytest.raises(CounterBusy):
        desks.do(calling.pick, 1, "A001")
    assert desks.next(2) == "A001"


@pytest.mark.parametrize("number", ["A009", "nonsense", ""])
def test_what_is_no_number_of_today_cannot_be_picked(desks: Desks, number: str) -> None:
    with pytest.raises(NotWaiting):
        desks.do(calling.pick, 1, number)


def test_nobody_is_called_more_often_than_three_times(desks: Desks) -> None:
    desks.wait(1)
    desks.next(1)
    assert [desks.do(calling.recall, 1).call for _again in range(2)] == [2, 3]
    with pytest.raises(CalledOften):
        desks.do(calling.recall, 1)


def test_what_was_really_done_is_kept_with_the_visit(desks: Desks) -> None:
    number = desks.wait(1)
    desks.next(1)
    with pytest.raises(Invalid):
        desks.do(calling.finish, 1, "A001", [10**6])
    done = [service.id for service in desks.office.services[:2]]
    desks.do(calling.finish, 1, "A001", done)
    assert desks.see(number).done == done


def test_a_parked_visitor_keeps_the_place_and_waits_again_when_the_time_has_come(desks: Desks) -> None:
    parked = desks.wait(1, arrived_at=desks.now - 60 * MINUTE)
    desks.wait(2, arrived_at=desks.now - 30 * MINUTE)
    desks.next(1)
    desks.do(parking.park, 1, reason="waits for the interpreter", wake_at=desks.now + 10 * MINUTE)
    seen = desks.see(parked)
    assert (seen.state, seen.counter_id, seen.note) == (TicketState.PARKED, None, "waits for the interpreter")

    assert wake(desks) == 0
    desks.now += 10 * MINUTE
    assert wake(desks) == 1
    assert wake(desks) == 0
    assert desks.next(2) == "A001"


def wake(desks: Desks) -> int:
    with desks.database.write() as session:
        return parking.wake(session, desks.now)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "a\x00b"])
def test_parking_needs_a_reason(desks: Desks, reason: str) -> None:
    desks.wait(1)
    desks.next(1)
    with pytest.raises(Invalid):
        desks.do(parking.park, 1, reason=reason)


def test_a_parked_visitor_is_not_woken_in_the_past(desks: Desks) -> None:
    desks.wait(1)
    desks.next(1)
    with pytest.raises(Invalid):
        desks.do(parking.park, 1, reason="waits", wake_at=desks.now)


def test_who_was_sent_to_pay_comes_straight_back_to_the_same_counter(desks: Desks) -> None:
    desks.wait(1)
    desks.wait(2, arrived_at=desks.now - 90 * MINUTE)
    desks.do(calling.pick, 1, "A001")
    desks.do(parking.send_away, 1, reason="fee")
    assert desks.next(2) == "A002"
    desks.do(calling.finish, 2)
    desks.do(parking.is_back, 1, "A001")
    desks.wait(3, arrived_at=desks.now - 90 * MINUTE)
    assert desks.next(2) == "A003"
    assert desks.next(1) == "A001"


def test_who_is_let_first_is_called_first_and_the_event_does_not_say_why(desks: Desks) -> None:
    desks.wait(1, arrived_at=desks.now - 90 * MINUTE)
    desks.wait(2)
    desks.do(steering.favour, 1, "A002", Priority.FRAIL)
    assert desks.next(1) == "A002"
    desks.do(undoing.undo, 1)
    desks.do(steering.favour, 1, "A002", None)
    assert desks.next(1) == "A001"


def test_a_ticket_kept_for_a_counter_is_called_there_and_nowhere_else(desks: Desks) -> None:
    desks.wait(1)
    desks.do(steering.wish, 1, "A001", for_counter_id=desks.ids[1])
    assert desks.next(1) is None
    assert desks.next(2) == "A001"


def test_a_ticket_kept_for_a_person_is_called_by_that_person(desks: Desks) -> None:
    desks.wait(1)
    desks.do(steering.wish, 1, "A001", for_account_id=desks.staff[1].id)
    assert desks.next(1) is None
    assert desks.next(2) == "A001"


def test_a_ticket_kept_for_a_language_is_called_where_it_is_spoken(desks: Desks) -> None:
    desks.wait(1)
    desks.do(steering.wish, 1, "A001", for_language="uk")
    assert desks.next(1) is None
    assert desks.next(2) == "A001"


@pytest.mark.parametrize("wish", [{"for_language": "fa"}, {"for_account_id": 10**6}])
def test_a_wish_that_nobody_can_fulfil_is_refused(desks: Desks, wish: dict[str, Any]) -> None:
    desks.wait(1)
    with pytest.raises(NobodyCan):
        desks.do(steering.wish, 1, "A001", **wish)


@pytest.mark.parametrize("leaving", [staffing.close_counter, staffing.pause])
def test_when_the_one_they_wait_for_goes_everybody_may_call_them(
    desks: Desks, leaving: Callable[..., Any]
) -> None:
    wanted = [{"for_counter_id": desks.ids[1]}, {"for_account_id": desks.staff[1].id}, {"for_language": "uk"}]
    for number, wish in enumerate(wanted, start=1):
        desks.wait(number)
        desks.do(steering.wish, 1, f"A00{number}", **wish)
    assert desks.next(1) is None
    desks.do(leaving, 2)
    assert desks.next(1) == "A001"
    assert all(
        each.for_counter_id is each.for_account_id is each.for_language is None
        for each in map(desks.see, (1, 2, 3))
    )


def test_a_visitor_passed_on_keeps_the_place_and_brings_a_note(desks: Desks) -> None:
    passed = desks.wait(1, service=1, arrived_at=desks.now - 60 * MINUTE)
    desks.wait(2, service=2, arrived_at=desks.now - 30 * MINUTE)
    desks.do(calling.pick, 1, "A001")
    desks.do(steering.transfer, 1, to_service_id=desks.office.services[2].id, note="has the form")
    seen = desks.see(passed)
    assert (seen.state, seen.note, seen.service_id) == (
        TicketState.WAITING,
        "has the form",
        desks.office.services[2].id,
    )
    assert desks.next(2) == "A001"


def test_a_visitor_is_passed_on_to_an_open_counter_and_not_to_the_same_one(desks: Desks) -> None:
    desks.wait(1)
    desks.next(1)
    with pytest.raises(ToItself):
        desks.do(steering.transfer, 1, to_counter_id=desks.ids[0])
    with pytest.raises(NobodyCan):
        desks.do(steering.transfer, 1, to_counter_id=desks.ids[4])
    with pytest.raises(Invalid):
        desks.do(steering.transfer, 1)
    desks.do(steering.transfer, 1, to_counter_id=desks.ids[1])
    assert desks.next(1) is None
    assert desks.next(2) == "A001"


def test_a_language_is_kept_on_the_way_only_where_it_is_spoken(desks: Desks) -> None:
    passed = desks.wait(1)
    desks.do(steering.wish, 1, "A001", for_language="uk")
    assert desks.next(2) == "A001"
    desks.do(steering.transfer, 2, to_service_id=desks.office.services[2].id)
    assert desks.see(passed).for_language == "uk"
    assert desks.next(2) == "A001"
    desks.do(steering.transfer, 2, to_counter_id=desks.ids[0])
    assert desks.see(passed).for_language is None
    assert desks.next(1) == "A001"


def test_a_language_is_given_up_where_whoever_speaks_it_does_not_serve_the_concern(desks: Desks) -> None:
    with desks.database.write() as session:
        first, second, third = session.get_one(Office, desks.office.id).counters[:3]
        second.services, third.services, third.languages = first.services[1:], first.services, ["uk"]
        who = account(session, "olena")
        staffing.open_counter(session, third.id, who, desks.now)
    waiting = desks.wait(1, service=0)
    desks.do(steering.wish, 1, "A001", for_language="uk")
    with desks.database.write() as session:
        staffing.close_counter(session, third.id, who, desks.now)
    assert desks.see(waiting).for_language is None
    with pytest.raises(NobodyCan):
        desks.do(steering.wish, 1, "A001", for_language="uk")
    assert desks.next(1) == "A001"


def test_who_was_picked_and_sent_to_pay_comes_back_to_that_counter_for_whomever_they_waited(
    desks: Desks,
) -> None:
    desks.wait(1)
    desks.do(steering.wish, 2, "A001", for_account_id=desks.staff[1].id, for_language="uk")
    desks.do(calling.pick, 1, "A001")
    desks.do(parking.send_away, 1, reason="fee")
    desks.do(parking.is_back, 1, "A001")
    assert desks.next(1) == "A001"


def test_a_call_that_is_undone_after_the_one_they_waited_for_has_gone_leaves_them_to_everybody(
    desks: Desks,
) -> None:
    desks.wait(1)
    desks.do(steering.wish, 1, "A001", for_account_id=desks.staff[1].id)
    desks.do(calling.pick, 1, "A001")
    desks.do(staffing.close_counter, 2)
    desks.do(undoing.undo, 1)
    assert desks.next(1) == "A001"


def test_a_concern_that_is_not_offered_is_refused_and_one_that_nobody_serves_is_said(desks: Desks) -> None:
    with desks.database.write() as session:
        office = session.get_one(Office, desks.office.id)
        for counter in office.counters[:2]:
            counter.services = office.services[:2]
        office.services[0].active = False
    passed = desks.wait(1)
    desks.next(1)
    with pytest.raises(Invalid):
        desks.do(steering.transfer, 1, to_service_id=desks.office.services[0].id)
    with desks.database.read() as session:
        assert not wishes.is_stranded(session, session.get_one(Ticket, passed))
    desks.do(steering.transfer, 1, to_service_id=desks.office.services[2].id)
    with desks.database.read() as session:
        assert wishes.is_stranded(session, session.get_one(Ticket, passed))


def test_who_has_gone_is_taken_out_of_the_line_with_the_appointment(desks: Desks) -> None:
    with desks.database.write() as session:
        office = session.get_one(Office, desks.office.id)
        booked = appointment(session, office, desks.now, state=State.CHECKED_IN)
        waiting = ticket(session, office, 1, desks.now, service=0, due_at=booked.start)
        waiting.appointment_id = booked.id
    desks.do(steering.leave, 1, "A001")
    with desks.database.read() as session:
        assert session.get_one(Appointment, booked.id).state is State.NO_SHOW
    desks.do(undoing.undo, 1)
    with desks.database.read() as session:
        assert session.get_one(Appointment, booked.id).state is State.CHECKED_IN
    assert desks.next(1) == "A001"


def test_nobody_is_called_to_a_counter_that_pauses(desks: Desks) -> None:
    desks.wait(1)
    desks.do(staffing.pause, 1)
    desks.do(staffing.pause, 1)
    for call in (lambda: desks.next(1), lambda: desks.do(calling.pick, 1, "A001")):
        with pytest.raises(CounterPaused):
            call()
    desks.do(staffing.resume, 1)
    assert desks.next(1) == "A001"
    with pytest.raises(CounterBusy):
        desks.do(staffing.pause, 1)


STEPS: dict[str, Callable[[Desks], object]] = {
    "start": lambda desks: desks.do(calling.start, 1),
    "finish": lambda desks: desks.do(calling.finish, 1, None, [desks.office.services[1].id]),
    "no show": lambda desks: desks.do(calling.no_show, 1),
    "park": lambda desks: desks.do(parking.park, 1, reason="waits", wake_at=desks.now + MINUTE),
    "send away": lambda desks: desks.do(parking.send_away, 1, reason="fee"),
    "transfer": lambda desks: desks.do(steering.transfer, 1, to_counter_id=desks.ids[1], note="see above"),
}


@pytest.mark.parametrize("step", STEPS)
def test_each_step_can_be_undone(desks: Desks, step: str) -> None:
    visitor = desks.wait(1)
    desks.next(1)
    before = columns(desks.see(visitor))
    STEPS[step](desks)
    assert columns(desks.see(visitor)) != before
    desks.do(undoing.undo, 1)
    assert columns(desks.see(visitor)) == before


def columns(seen: Ticket) -> dict[str, Any]:
    """The ticket's columns, without what undoing keeps for itself."""
    kept = {"step_at", "step_counter_id", "before"}
    return {each.key: getattr(seen, each.key) for each in Ticket.__table__.columns if each.key not in kept}


@pytest.mark.parametrize(
    "called", [lambda desks: desks.next(1), lambda desks: desks.do(calling.pick, 1, "A001")]
)
def test_a_call_that_is_undone_leaves_the_ticket_as_it_waited(
    desks: Desks, called: Callable[[Desks], object]
) -> None:
    visitor = desks.wait(1)
    before = columns(desks.see(visitor))
    called(desks)
    desks.do(undoing.undo, 1)
    assert columns(desks.see(visitor)) == before
    assert desks.next(2) == "A001"


def test_a_step_can_be_undone_for_a_minute_and_once(desks: Desks) -> None:
    desks.wait(1)
    desks.next(1)
    desks.now += 2 * MINUTE
    with pytest.raises(NothingToUndo):
        desks.do(undoing.undo, 1)
    desks.do(calling.start, 1)
    desks.do(undoing.undo, 1)
    with pytest.raises(NothingToUndo):
        desks.do(undoing.undo, 1)


@pytest.mark.parametrize("since", ["favour", "wish"])
def test_what_a_colleague_has_steered_since_is_not_undone(desks: Desks, since: str) -> None:
    passed = desks.wait(1)
    desks.next(1)
    desks.do(steering.transfer, 1, to_counter_id=desks.ids[1])
    if since == "favour":
        desks.do(steering.favour, 2, "A001", Priority.FRAIL)
    else:
        desks.do(steering.wish, 2, "A001", for_account_id=desks.staff[1].id)
    with pytest.raises(NothingToUndo):
        desks.do(undoing.undo, 1)
    assert desks.see(passed).state is TicketState.WAITING


def test_whom_a_lead_has_sent_back_is_not_fetched_by_undoing(desks: Desks) -> None:
    waits = desks.wait(1)
    desks.next(1)
    desks.do(calling.start, 1)
    with desks.database.write() as session:
        lead = account(session, "aylin", Role.TEAM_LEAD)
        staffing.close_counter(session, desks.ids[0], lead, desks.now)
    desks.do(staffing.open_counter, 1)
    with pytest.raises(NothingToUndo):
        desks.do(undoing.undo, 1)
    assert desks.see(waits).state is TicketState.WAITING


@pytest.mark.parametrize("wish", ["counter", "account"])
def test_who_was_kept_for_somebody_else_after_the_line_was_read_is_not_taken(desks: Desks, wish: str) -> None:
    kept, free = desks.wait(1), desks.wait(2)
    named = {"for_counter_id": desks.ids[1]} if wish == "counter" else {"for_account_id": desks.staff[1].id}
    desks.do(steering.wish, 2, "A001", **named)
    with desks.database.write() as session:
        here = seat.ready(session, desks.ids[0], desks.staff[0])
        taken = calling._take(session, here, [kept, free], desks.now)
    if desks.database.is_sqlite:  # where one write comes after the other, only the first is tried
        assert taken is None
    else:
        assert taken is not None
        assert taken.id == free


def test_a_step_that_is_named_is_undone_once_and_never_another_one(desks: Desks) -> None:
    first, second = desks.wait(1), desks.wait(2)
    desks.next(1)
    desks.do(calling.finish, 1)
    finished = undoing.step_of(desks.see(first))
    desks.now += MINUTE / 4
    desks.next(1)
    called = undoing.step_of(desks.see(second))
    with pytest.raises(NothingToUndo):
        desks.do(undoing.undo, 1, finished)  # a page from before the second call
    for _press in range(2):
        assert desks.do(undoing.undo, 1, called).id == second
        assert desks.see(second).state is TicketState.WAITING
        assert desks.see(first).state is TicketState.DONE, "a second press takes back nothing more"
    assert desks.do(undoing.undo, 1, finished).state is TicketState.CALLED
    for unknown in ("", "1", "1-1", f"{second}-1-1", f"{second + 7}-0", "9" * 18 + "-" + "9" * 17):
        with pytest.raises(NothingToUndo):
            desks.do(undoing.undo, 1, unknown)
    assert desks.see(first).state is TicketState.CALLED


def test_a_step_at_another_office_is_not_looked_up(desks: Desks) -> None:
    with desks.database.write() as session:
        there = sample_office(session, "nebenstadt")
        who = account(session, "fremd", office=there)
        counter = there.counters[0].id
        staffing.open_counter(session, counter, who, desks.now)
    visitor = desks.wait(1)
    desks.next(1)
    step = undoing.step_of(desks.see(visitor))
    desks.do(undoing.undo, 1, step)
    with pytest.raises(NothingToUndo), desks.database.write() as session:
        undoing.undo(session, counter, who, desks.now, step)


def test_a_finished_visit_does_not_come_back_while_another_visitor_is_there(desks: Desks) -> None:
    for number in (1, 2):
        desks.wait(number)
    desks.next(1)
    desks.do(calling.finish, 1)
    desks.now += MINUTE / 4
    desks.next(1)
    desks.do(undoing.undo, 1)  # the call of the second one
    desks.next(2)
    desks.do(calling.finish, 2)
    desks.next(1)


def test_what_another_counter_has_called_since_is_not_undone(desks: Desks) -> None:
    visitor = desks.wait(1)
    desks.next(1)
    desks.do(steering.transfer, 1, to_counter_id=desks.ids[1])
    desks.next(2)
    with pytest.raises(NothingToUndo):
        desks.do(undoing.undo, 1)
    assert desks.see(visitor).counter_id == desks.ids[1]


def test_a_visitor_left_behind_waits_again_when_the_team_lead_closes_the_counter(desks: Desks) -> None:
    visitor = desks.wait(1)
    desks.next(1)
    with desks.database.write() as session:
        lead: Account = account(session, "lead", Role.TEAM_LEAD)
        staffing.close_counter(session, desks.ids[0], lead, desks.now)
    seen = desks.see(visitor)
    assert (seen.state, seen.counter_id, seen.calls) == (TicketState.WAITING, None, 0)
    assert desks.next(2) == "A001"
