"""The journal of a kiosk: every entry once, whatever happens to the deliveries."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

import pytest
import time_machine
from sqlalchemy import select
from structlog.testing import capture_logs

from frontoffice import schema, worker
from frontoffice.booking import sheet
from frontoffice.booking.models import Appointment, State
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.errors import NotAllowed, NotSignedIn
from frontoffice.line import checks, journal, phone
from frontoffice.line.journal import Entry, Kind, Result
from frontoffice.line.models import JournalEntry, Ticket, TicketState
from frontoffice.offices.models import Office
from frontoffice.staff import devices
from frontoffice.staff.models import Device, DeviceKind
from kiosk.entries import trace_of
from tests.line.parts import EARLY, appointment, kiosk
from tests.sample import COUNSELLING, PICK_UP, RENEWAL, sample_office

MINUTE = timedelta(minutes=1)
LATE = timedelta(minutes=30)
BORN = date(1990, 3, 27)  # of everybody in `parts.appointment`


@pytest.fixture
def device(database: Database, office: Office) -> Device:
    with database.write() as session:
        return kiosk(session, office)


def entry(
    now: datetime, number: int = 1, service: str | None = PICK_UP, *, handed_out: bool = False
) -> Entry:
    """Somebody without appointment drew a number at `now`."""
    day = sheet.day_of(now, "Europe/Berlin")
    return Entry(str(uuid.uuid4()), Kind.WALK_IN, now, day, number, "en", None, service, handed_out)


def check_in(now: datetime, code: str, number: int = 1, *, handed_out: bool = False) -> Entry:
    """Somebody gave the code of an appointment at `now`."""
    return replace(entry(now, number, None, handed_out=handed_out), kind=Kind.CHECK_IN, code=code)


def by_birth(now: datetime, born: date, due: time, number: int = 1, *, handed_out: bool = False) -> Entry:
    """Somebody gave a date of birth and the time of the appointment at `now`."""
    return replace(check_in(now, "", number, handed_out=handed_out), code=None, born=born, due=due)


def take(database: Database, device: Device, *entries: Entry, now: datetime) -> list[Result]:
    with database.write() as session:
        results = journal.take(
            session, session.get_one(Device, device.id), entries, early=EARLY, late=LATE, now=now
        )
    return [results[each.id] for each in entries]


def book(database: Database, office: Office, start: datetime, state: State = State.CONFIRMED) -> Appointment:
    with database.write() as session:
        return appointment(session, session.get_one(Office, office.id), start, state=state)


def tickets(database: Database) -> list[Ticket]:
    with database.read() as session:
        return list(session.scalars(select(Ticket).order_by(Ticket.id)))


def state_of(database: Database, booked: Appointment) -> State:
    with database.read() as session:
        return session.get_one(Appointment, booked.id).state


@pytest.fixture(autouse=True)
def nothing_contradicts_itself(database: Database) -> object:
    yield
    with database.read() as session:
        assert list(checks.differences(session)) == []


def test_a_walk_in_gets_the_number_that_the_device_gave(
    database: Database, device: Device, now: datetime
) -> None:
    [result] = take(database, device, entry(now, 12), now=now)
    assert result == Result(True, "A012", PICK_UP, None, None)
    [ticket] = tickets(database)
    assert (ticket.code, ticket.state, ticket.language) == ("A012", TicketState.WAITING, "en")


def test_a_check_in_brings_the_appointment_into_the_line(
    database: Database, office: Office, device: Device, now: datetime
) -> None:
    booked = book(database, office, now + 10 * MINUTE)
    [result] = take(database, device, check_in(now, booked.reference, 3), now=now)
    assert result == Result(True, "A003", RENEWAL, "2026-11-23T07:10:00Z", None)
    assert state_of(database, booked) == State.CHECKED_IN


@pytest.mark.parametrize("handed_out", [False, True])
def test_the_language_of_the_booking_goes_before_the_one_that_the_screen_stood_in(
    database: Database, office: Office, device: Device, now: datetime, handed_out: bool
) -> None:
    booked = book(database, office, now)  # in Ukrainian
    came = replace(check_in(now, booked.reference, handed_out=handed_out), language_chosen=False)
    [result] = take(database, device, came, now=now)
    assert (result.accepted, result.language) == (True, "uk")
    # By it the number is called and the ticket on the phone is written.
    assert [ticket.language for ticket in tickets(database)] == ["uk"]


def test_a_language_that_was_pressed_goes_before_that_of_the_booking(
    database: Database, office: Office, device: Device, now: datetime
) -> None:
    booked = book(database, office, now)  # in Ukrainian
    [result] = take(database, device, check_in(now, booked.reference), now=now)
    assert (result.accepted, result.language) == (True, None)
    assert [ticket.language for ticket in tickets(database)] == ["en"]


def test_a_refusal_is_told_in_the_language_of_the_booking(
    database: Database, office: Office, device: Device, now: datetime
) -> None:
    booked = book(database, office, now, State.CANCELLED)  # in Ukrainian
    came = check_in(now, booked.reference, 1)
    [result] = take(database, device, replace(came, language_chosen=False), now=now)
    assert (result.code, result.language) == ("cancelled", "uk")
    [result] = take(database, device, check_in(now, booked.reference, 2), now=now)
    assert (result.code, result.language) == ("cancelled", None)


def test_the_same_entry_delivered_again_gets_the_same_answer_and_no_second_ticket(
    database: Database, office: Office, device: Device, now: datetime
) -> None:
    booked = book(database, office, now)
    entries = (entry(now, 1), check_in(now, booked.reference, 2), check_in(now, "nonsense", 3))
    first = take(database, device, *entries, now=now)
    again = take(database, device, *entries, now=now + 5 * MINUTE)
    assert again == first
    assert len(tickets(database)) == 2


def test_an_entry_that_comes_twice_in_one_delivery_is_taken_once(
    database: Database, device: Device, now: datetime
) -> None:
    once = entry(now)
    assert take(database, device, once, once, now=now) == [Result(True, "A001", PICK_UP, None, None)] * 2
    assert len(tickets(database)) == 1


@pytest.mark.parametrize(
    ("minutes", "state", "code"),
    [
        (90, State.CONFIRMED, "too_early"),
        (3 * 24 * 60, State.CONFIRMED, "wrong_day"),
        (-31, State.CONFIRMED, "too_late"),
        (0, State.CANCELLED, "cancelled"),
        (0, State.EXPIRED, "cancelled"),
    ],
)
def test_a_refusal_says_why_and_what_it_is_about(
    database: Database, office: Office, device: Device, now: datetime, minutes: int, state: State, code: str
) -> None:
    booked = book(database, office, now + minutes * MINUTE, state)
    [result] = take(database, device, check_in(now, booked.reference), now=now)
    assert (result.accepted, result.code, result.service, result.ticket) == (False, code, RENEWAL, None)
    assert result.due_at is not None
    assert tickets(database) == []
    assert state_of(database, booked) == state


def test_who_has_checked_in_already_is_told_the_number(
    database: Database, office: Office, device: Device, now: datetime
) -> None:
    booked = book(database, office, now)
    take(database, device, check_in(now, booked.reference, 7), now=now)
    [result] = take(database, device, check_in(now, booked.reference, 8), now=now)
    assert (result.accepted, result.code, result.ticket) == (False, "already_checked_in", "A007")


@pytest.mark.parametrize(
    ("service", "code"),
    [(RENEWAL, "no_walk_in"), ("no-such-service", "unknown_service"), (None, "unknown_service")],
)
def test_what_takes_no_walk_ins_is_refused(
    database: Database, device: Device, now: datetime, service: str | None, code: str
) -> None:
    [result] = take(database, device, entry(now, 1, service), now=now)
    assert (result.accepted, result.code) == (False, code)
    assert tickets(database) == []


def test_a_number_that_is_out_is_never_refused(
    database: Database, office: Office, device: Device, now: datetime
) -> None:
    too_early = book(database, office, now + 90 * MINUTE)
    wrong_day = book(database, office, now + timedelta(days=1))
    cancelled = book(database, office, now, State.CANCELLED)
    results = take(
        database,
        device,
        check_in(now, too_early.reference, 1, handed_out=True),
        check_in(now, wrong_day.reference, 2, handed_out=True),
        check_in(now, cancelled.reference, 3, handed_out=True),
        check_in(now, "nonsense", 4, handed_out=True),
        entry(now, 5, RENEWAL, handed_out=True),
        entry(now, 6, "no-such-service", handed_out=True),
        now=now,
    )
    assert [(each.accepted, each.ticket, each.service) for each in results] == [
        (True, "A001", RENEWAL),
        (True, "A002", RENEWAL),
        (True, "A003", RENEWAL),
        (True, "A004", None),
        (True, "A005", RENEWAL),
        (True, "A006", None),
    ]
    assert [each.appointment_id for each in tickets(database)] == [too_early.id, None, None, None, None, None]
    assert state_of(database, too_early) == State.CHECKED_IN
    assert state_of(database, wrong_day) == State.CONFIRMED


def test_two_numbers_out_for_one_appointment_are_two_tickets_and_one_check_in(
    database: Database, office: Office, device: Device, now: datetime
) -> None:
    booked = book(database, office, now)
    take(database, device, check_in(now, booked.reference, 1), now=now)
    [result] = take(database, device, check_in(now, booked.reference, 2, handed_out=True), now=now)
    assert (result.accepted, result.ticket) == (True, "A002")
    assert [each.appointment_id for each in tickets(database)] == [booked.id, None]


def test_a_refusal_turns_into_acceptance_once_the_number_is_out(
    database: Database, device: Device, now: datetime
) -> None:
    refused = check_in(now, "nonsense", 5)
    assert not take(database, device, refused, now=now)[0].accepted
    out = replace(refused, handed_out=True)
    assert take(database, device, out, now=now) == [Result(True, "A005", None, None, None)]
    assert take(database, device, refused, now=now) == [Result(True, "A005", None, None, None)]
    assert len(tickets(database)) == 1


def test_a_number_that_is_taken_is_replaced_by_the_next_free_one(
    database: Database, device: Device, now: datetime
) -> None:
    take(database, device, entry(now, 1), entry(now, 2), now=now)
    results = take(database, device, entry(now, 1), entry(now, 2), entry(now, 9), now=now)
    assert [each.ticket for each in results] == ["A003", "A004", "A009"]


def test_the_same_number_of_another_day_is_free(database: Database, device: Device, now: datetime) -> None:
    take(database, device, entry(now, 1), now=now)
    tomorrow = now + timedelta(days=1)
    assert take(database, device, entry(tomorrow, 1), now=tomorrow)[0].ticket == "A001"


def test_entries_of_another_day_are_recorded_and_nobody_is_waited_for(
    database: Database, office: Office, device: Device, now: datetime
) -> None:
    yesterday = now - timedelta(days=1)
    booked = book(database, office, yesterday)
    results = take(
        database,
        device,
        entry(yesterday, 1, handed_out=True),
        check_in(yesterday, booked.reference, 2, handed_out=True),
        now=now,
    )
    assert [each.ticket for each in results] == ["A001", "A002"]
    assert [(each.state, each.day, each.appointment_id) for each in tickets(database)] == [
        (TicketState.LEFT, yesterday.date(), None),
        (TicketState.LEFT, yesterday.date(), booked.id),
    ]
    assert state_of(database, booked) == State.CONFIRMED


def test_a_device_whose_clock_is_ahead_does_not_lose_its_visitors(
    database: Database, device: Device, now: datetime
) -> None:
    take(database, device, entry(now + timedelta(days=1), 1, handed_out=True), now=now)
    [ticket] = tickets(database)
    assert (ticket.day, ticket.state, ticket.arrived_at) == (now.date(), TicketState.WAITING, now)


def test_a_number_that_waited_for_its_delivery_keeps_its_place_in_the_line(
    database: Database, device: Device, now: datetime
) -> None:
    then = now - 40 * MINUTE
    take(database, device, entry(then, 1, handed_out=True), entry(then, 2), now=now)
    late, fresh = tickets(database)
    assert late.arrived_at == then
    assert fresh.arrived_at == now, "the office's clock is the better one where both are at hand"


@pytest.mark.parametrize("at", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)])
def test_a_clock_far_off_does_no_harm(
    database: Database, device: Device, now: datetime, at: datetime
) -> None:
    odd = replace(entry(now, handed_out=True), at=at)
    odder = replace(entry(now, 2, handed_out=True), at=at, day=date(1, 1, 1))
    assert [each.accepted for each in take(database, device, odd, odder, now=now)] == [True, True]
    today, long_ago = tickets(database)
    assert now - timedelta(hours=24) <= today.arrived_at <= now
    assert long_ago.state == TicketState.LEFT


def test_an_entry_that_cannot_be_stored_is_left_to_the_device_and_the_others_are_taken(
    database: Database, device: Device, now: datetime
) -> None:
    good, bad, also_good = entry(now, 1), entry(now, 0), entry(now, 2, COUNSELLING)
    with database.write() as session:
        results = journal.take(
            session, session.get_one(Device, device.id), [good, bad, also_good], early=EARLY, now=now
        )
    assert set(results) == {good.id, also_good.id}
    assert [each.code for each in tickets(database)] == ["A001", "A002"]
    with database.read() as session:
        assert len(session.scalars(select(JournalEntry)).all()) == 2


def test_a_device_revoked_meanwhile_hands_in_nothing(
    database: Database, device: Device, now: datetime
) -> None:
    with database.read() as session:
        before = session.get_one(Device, device.id)
    with database.write() as session:
        devices.revoke(session, device.id, now)
    with pytest.raises(NotSignedIn), database.write() as session:
        journal.take(session, before, [entry(now)], early=EARLY, now=now)
    assert tickets(database) == []


def test_a_display_gives_no_numbers(database: Database, office: Office, now: datetime) -> None:
    with database.write() as session:
        screen, _code = devices.add(
            session, session.get_one(Office, office.id), "Screen", DeviceKind.DISPLAY, now
        )
    with pytest.raises(NotAllowed):
        take(database, screen, entry(now), now=now)


def test_delivering_shows_that_the_device_is_alive(database: Database, device: Device, now: datetime) -> None:
    take(database, device, entry(now), now=now)
    with database.read() as session:
        assert session.get_one(Device, device.id).seen_at == now


def test_who_is_late_and_waits_all_the_same_is_checked_in(
    database: Database, office: Office, device: Device, now: datetime
) -> None:
    booked = book(database, office, now - 31 * MINUTE)
    in_time = book(database, office, now - 30 * MINUTE)
    late = check_in(now, booked.reference, 2)
    results = take(database, device, check_in(now, in_time.reference, 1), late, now=now)
    assert [(each.accepted, each.code) for each in results] == [(True, None), (False, "too_late")]
    again = replace(check_in(now, booked.reference, 3), late_ok=True)
    assert take(database, device, again, now=now)[0].accepted
    assert state_of(database, booked) == State.CHECKED_IN


def test_the_code_of_another_office_leads_there(
    database: Database, office: Office, device: Device, now: datetime
) -> None:
    with database.write() as session:
        other = sample_office(session, "nebenstadt")
    booked = book(database, other, now)
    [result] = take(database, device, check_in(now, booked.reference), now=now)
    assert (result.accepted, result.code, result.service) == (False, "wrong_office", None)
    assert result.office == "Ausländerbehörde Musterstadt, Rathausplatz 1, 12345 Musterstadt"


def test_a_forgotten_code_is_replaced_by_date_of_birth_and_time(
    database: Database, office: Office, device: Device, now: datetime
) -> None:
    booked = book(database, office, now + 10 * MINUTE)
    gone = book(database, office, now + 20 * MINUTE, State.CANCELLED)
    for _twin in range(2):
        book(database, office, now + 30 * MINUTE)
    results = take(
        database,
        device,
        by_birth(now, date(1990, 3, 28), time(8, 10), 1),
        by_birth(now, BORN, time(8, 15), 2),
        by_birth(now, BORN, time(8, 20), 3),
        by_birth(now, BORN, time(8, 30), 4),
        by_birth(now, BORN, time(8, 10), 5),
        by_birth(now, BORN, time(8, 10), 6),
        now=now,
    )
    assert [(each.accepted, each.code, each.ticket) for each in results] == [
        (False, "unknown_birth", None),
        (False, "unknown_birth", None),
        (False, "cancelled", None),
        (False, "ambiguous", None),
        (True, None, "A005"),
        (False, "already_checked_in", "A005"),
    ]
    assert (state_of(database, booked), state_of(database, gone)) == (State.CHECKED_IN, State.CANCELLED)


def test_dates_of_birth_cannot_be_guessed_for_long_and_codes_go_on_working(
    database: Database, office: Office, device: Device, now: datetime
) -> None:
    booked = book(database, office, now)
    guesses = [by_birth(now, date(1980, 1, 1 + n), time(8, 0), 1 + n) for n in range(journal.TRIES)]
    assert {each.code for each in take(database, device, *guesses, now=now)} == {"unknown_birth"}
    [right] = take(database, device, by_birth(now, BORN, time(8, 0), 50), now=now)
    assert right.code == "too_many_tries", "a right one must not stand out"
    out = by_birth(now, BORN, time(8, 0), 51, handed_out=True)
    assert take(database, device, out, now=now)[0].accepted, "the device had checked that one"
    assert state_of(database, booked) == State.CHECKED_IN
    later = now + journal.TRIES_PER
    assert (
        take(database, device, by_birth(later, BORN, time(8, 0), 52), now=later)[0].code
        == "already_checked_in"
    )


@pytest.mark.parametrize("hours", [-25, -1, 1, 25])
def test_however_wrong_its_clock_is_a_number_that_is_out_keeps_its_moment(
    database: Database, device: Device, now: datetime, hours: int
) -> None:
    wrong = now + timedelta(hours=hours) - 20 * MINUTE
    out = replace(entry(wrong, 1, handed_out=True), seconds_ago=20 * 60.0)
    take(database, device, out, now=now)
    [ticket] = tickets(database)
    assert (ticket.state, ticket.day, ticket.arrived_at) == (
        TicketState.WAITING,
        now.date(),
        now - 20 * MINUTE,
    )


def test_the_phone_ticket_opens_with_the_entrys_own_id(
    database: Database, device: Device, now: datetime
) -> None:
    drawn = entry(now)
    take(database, device, drawn, drawn, now=now)
    [ticket] = tickets(database)
    assert ticket.link_fingerprint == phone.fingerprint(drawn.id.replace("-", ""))


def test_a_number_on_paper_that_somebody_else_has_is_known_to_staff(
    database: Database, device: Device, now: datetime
) -> None:
    """As with two devices that were cut off with one pairing."""
    one, other = entry(now, 5, handed_out=True), entry(now, 5, handed_out=True)
    seen = entry(now, 5)
    take(database, device, one, other, seen, now=now)
    assert [(each.code, each.paper) for each in tickets(database)] == [
        ("A005", None),
        ("A006", "A005"),
        ("A007", None),  # this visitor is shown the number that the office gave
    ]


def test_a_journal_handed_in_again_after_pairing_anew_is_taken_once(
    database: Database, office: Office, device: Device, now: datetime
) -> None:
    """The connection broke after acceptance, then the device was signed off and paired as another one."""
    delivered, undelivered = (
        entry(now, 1, handed_out=True),
        replace(entry(now, 2, handed_out=True), series="A"),
    )
    take(database, device, delivered, now=now)
    with database.write() as session:
        devices.revoke(session, device.id, now)
        again = kiosk(session, session.get_one(Office, office.id), "B")
    results = take(database, again, replace(delivered, series="A"), undelivered, entry(now, 1), now=now)
    assert [each.ticket for each in results] == ["A001", "A002", "B001"]
    assert [each.code for each in tickets(database)] == ["A001", "A002", "B001"]


def test_a_letter_that_another_kiosk_has_by_now_is_not_used(
    database: Database, office: Office, device: Device, now: datetime
) -> None:
    with database.write() as session:
        other = kiosk(session, session.get_one(Office, office.id), "B")
    out = replace(entry(now, 3, handed_out=True), series="A")
    [result] = take(database, other, out, now=now)
    assert result.ticket == "B003"
    assert [each.paper for each in tickets(database)] == ["A003"]


def test_the_secret_of_the_phone_ticket_is_stored_as_a_fingerprint_only(
    database: Database, device: Device, now: datetime
) -> None:
    drawn, bad = entry(now), entry(now, 0)
    with capture_logs() as logs, database.write() as session:
        here = session.get_one(Device, device.id)
        results = journal.take(session, here, [drawn, bad], early=EARLY, now=now)
        assert list(journal.tickets_of(session, here, [drawn.id, bad.id])) == [drawn.id]
    assert list(results) == [drawn.id]
    with database.read() as session:
        stored = [str(row) for row in session.execute(select(*JournalEntry.__table__.columns))]
    for each in (drawn, bad):
        for secret in (each.id, phone.token_of_entry(each.id)):
            assert secret not in "".join(stored) + str(logs)
    assert [log["entry"] for log in logs] == [trace_of(bad.id)], "the kiosk's log has the same name for it"


def test_entries_of_before_the_fingerprints_are_known_again(
    database: Database, device: Device, now: datetime
) -> None:
    entries = [entry(now, 1), entry(now, 2, COUNSELLING)]
    first = take(database, device, *entries, now=now)
    schema.downgrade(database, "0011")
    with database.write() as session:
        for row, each in zip(
            session.scalars(select(JournalEntry).order_by(JournalEntry.id)), entries, strict=True
        ):
            row.entry = each.id
    schema.upgrade(database)
    assert take(database, device, *entries, now=now + MINUTE) == first
    schema.downgrade(database, "0011")
    schema.upgrade(database)
    assert take(database, device, *entries, now=now + MINUTE) == first
    assert len(tickets(database)) == 2


def test_what_was_handed_in_is_forgotten_after_its_time(
    database: Database, device: Device, now: datetime, config: Config
) -> None:
    days = timedelta(days=config.line.journal_days)
    take(database, device, entry(now, 1), now=now)
    take(database, device, entry(now + MINUTE, 2), now=now + MINUTE)
    counts = []
    for moment in (now + days - MINUTE, now + days, now + days):
        with database.write() as session:
            counts.append(journal.forget(session, days, moment))
    assert counts == [0, 1, 0]
    with database.read() as session:
        assert [row.received_at for row in session.scalars(select(JournalEntry))] == [now + MINUTE]
    [job] = [each for each in worker.JOBS if each.name == "line: forget journals"]
    with time_machine.travel(now + days + MINUTE):
        job.run(worker.Context(config, database, cast(Any, None), lambda: False))
    with database.read() as session:
        assert session.scalars(select(JournalEntry)).all() == []
    assert len(tickets(database)) == 2
