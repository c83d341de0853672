"""Joining the line at the desk of staff: with an appointment, and without one."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from frontoffice.booking.models import Appointment, State
from frontoffice.db import Database
from frontoffice.errors import DomainError
from frontoffice.events import Event
from frontoffice.line import arriving
from frontoffice.line.arriving import (
    AlreadyCheckedIn,
    Cancelled,
    TooEarly,
    UnknownCode,
    UnknownService,
    WrongDay,
    WrongOffice,
)
from frontoffice.line.models import Ticket, TicketState
from frontoffice.offices.models import Office
from frontoffice.staff.models import Account
from tests.line.parts import EARLY, account, appointment
from tests.sample import sample_office

MINUTE = timedelta(minutes=1)


@pytest.fixture
def miriam(database: Database) -> Account:
    with database.write() as session:
        return account(session)


def book(database: Database, office: Office, start: datetime, state: State = State.CONFIRMED) -> Appointment:
    with database.write() as session:
        return appointment(session, session.get_one(Office, office.id), start, state=state)


def check_in(
    database: Database, office: Office, who: Account, code: str, now: datetime, language: str = "uk"
) -> Ticket:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        return arriving.check_in(session, here, who, code, language=language, early=EARLY, now=now)


def walk_in(database: Database, office: Office, who: Account, service: int | None, now: datetime) -> Ticket:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        return arriving.walk_in(session, here, who, service, language="de", now=now)


def tickets(database: Database) -> list[Ticket]:
    with database.read() as session:
        return list(session.scalars(select(Ticket).order_by(Ticket.id)))


@pytest.mark.parametrize(("in_the_form", "spoken"), [("de", "ar"), ("uk", "uk")])
def test_the_forms_first_language_gives_way_to_that_of_the_booking(
    database: Database, office: Office, miriam: Account, now: datetime, in_the_form: str, spoken: str
) -> None:
    booked = book(database, office, now)
    with database.write() as session:
        session.get_one(Appointment, booked.id).language = "ar"
    assert check_in(database, office, miriam, booked.reference, now, in_the_form).language == spoken


def test_checking_in_puts_the_appointment_into_the_line(
    database: Database, office: Office, miriam: Account, now: datetime
) -> None:
    booked = book(database, office, now + 30 * MINUTE)
    ticket = check_in(database, office, miriam, booked.reference, now)
    assert (ticket.code, ticket.state, ticket.service_id) == ("S001", TicketState.WAITING, booked.service_id)
    assert (ticket.arrived_at, ticket.due_at, ticket.language) == (now, booked.start, "uk")
    with database.read() as session:
        assert session.get_one(Appointment, booked.id).state == State.CHECKED_IN
        kinds = [
            (each.kind, each.actor, each.data)
            for each in session.scalars(select(Event).order_by(Event.number))
        ]
    assert kinds == [
        ("appointment.checked_in", f"account:{miriam.id}", {}),
        ("ticket.issued", f"account:{miriam.id}", {"ticket": "S001"}),
    ]


def test_a_code_may_be_typed_with_spaces_hyphens_and_small_letters(
    database: Database, office: Office, miriam: Account, now: datetime
) -> None:
    reference = book(database, office, now).reference
    assert (
        check_in(database, office, miriam, f" {reference[:4].lower()}-{reference[4:]} ", now).code == "S001"
    )


@pytest.mark.parametrize(
    ("minutes", "state", "refusal"),
    [
        (61, State.CONFIRMED, TooEarly),
        (24 * 60, State.CONFIRMED, WrongDay),
        (-24 * 60, State.CONFIRMED, WrongDay),
        (0, State.CANCELLED, Cancelled),
        (0, State.EXPIRED, Cancelled),
        (0, State.DONE, AlreadyCheckedIn),
        (0, State.NO_SHOW, AlreadyCheckedIn),
    ],
)
def test_who_cannot_check_in_is_told_why_and_nothing_changes(
    database: Database,
    office: Office,
    miriam: Account,
    now: datetime,
    minutes: int,
    state: State,
    refusal: type[DomainError],
) -> None:
    booked = book(database, office, now + minutes * MINUTE, state)
    with pytest.raises(refusal):
        check_in(database, office, miriam, booked.reference, now)
    assert tickets(database) == []
    with database.read() as session:
        assert session.get_one(Appointment, booked.id).state == state
        assert session.scalars(select(Event)).all() == []


@pytest.mark.parametrize("minutes", [60, 0, -200])
def test_check_in_is_open_from_an_hour_before_until_the_end_of_the_day(
    database: Database, office: Office, miriam: Account, now: datetime, minutes: int
) -> None:
    booked = book(database, office, now + minutes * MINUTE)
    assert check_in(database, office, miriam, booked.reference, now).state == TicketState.WAITING


@pytest.mark.parametrize(
    "code", ["", "K7M2PXQ", "K7M2PXQ5", "00000000", "'; DROP TABLE ticket", "\x00" * 8, "K" * 5000]
)
def test_a_code_that_is_none_is_unknown(
    database: Database, office: Office, miriam: Account, now: datetime, code: str
) -> None:
    with pytest.raises(UnknownCode):
        check_in(database, office, miriam, code, now)


def test_the_code_of_another_office_leads_there(
    database: Database, office: Office, miriam: Account, now: datetime
) -> None:
    with database.write() as session:
        other = sample_office(session, "nebenstadt")
    booked = book(database, other, now)
    with pytest.raises(WrongOffice) as refusal:
        check_in(database, office, miriam, booked.reference, now)
    assert refusal.value.office == "Ausländerbehörde Musterstadt, Rathausplatz 1, 12345 Musterstadt"
    assert refusal.value.service_id is None, "a service of another office says nothing here"


def test_checking_in_twice_tells_the_number_from_the_first_time(
    database: Database, office: Office, miriam: Account, now: datetime
) -> None:
    booked = book(database, office, now)
    first = check_in(database, office, miriam, booked.reference, now)
    with pytest.raises(AlreadyCheckedIn) as refusal:
        check_in(database, office, miriam, booked.reference, now)
    assert refusal.value.ticket == first.code
    assert len(tickets(database)) == 1


def test_staff_give_numbers_one_after_the_other_beginning_anew_each_day(
    database: Database, office: Office, miriam: Account, now: datetime
) -> None:
    service = office.services[1].id
    codes = [walk_in(database, office, miriam, service, now).code for _ in range(3)]
    assert codes == ["S001", "S002", "S003"]
    assert walk_in(database, office, miriam, service, now + timedelta(days=1)).code == "S001"


def test_the_day_of_a_number_is_that_of_the_offices_clock(
    database: Database, office: Office, miriam: Account, now: datetime
) -> None:
    late = now.replace(hour=23, minute=30)  # half past midnight in Berlin
    ticket = walk_in(database, office, miriam, None, late)
    assert ticket.day == late.date() + timedelta(days=1)


def test_a_concern_that_nobody_knows_yet_gets_a_number_without_a_service(
    database: Database, office: Office, miriam: Account, now: datetime
) -> None:
    assert walk_in(database, office, miriam, None, now).service_id is None


def test_services_of_another_office_or_out_of_use_are_not_offered(
    database: Database, office: Office, miriam: Account, now: datetime
) -> None:
    with database.write() as session:
        other = sample_office(session, "nebenstadt")
        session.get_one(Office, office.id).services[2].active = False
    for service in (other.services[0].id, office.services[2].id, 10**6):
        with pytest.raises(UnknownService):
            walk_in(database, office, miriam, service, now)
