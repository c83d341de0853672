"""Whose bookings were is forgotten in time; what is counted, checked and shown of them stays as it was."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from frontoffice.booking import appointing, fairness, personal, planning, retention
from frontoffice.booking import checks as book_checks
from frontoffice.booking.models import Appointment, DaySheet, State
from frontoffice.booking.visit import visit
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.insight import counting
from frontoffice.line import checks as line_checks
from frontoffice.line import personal as tickets
from frontoffice.line.models import Ticket, TicketState
from frontoffice.offices.models import Office
from frontoffice.partners import tidying
from frontoffice.partners.models import Partner, PartnerBooking, PartnerKind, Period
from frontoffice.staff.models import Role
from frontoffice.vault import Vault
from tests.insight.conftest import SignIn
from tests.insight.parts import add_appointment, add_ticket, service
from tests.insight.test_people import RAHIMI
from tests.sample import RENEWAL

MONDAY, DAY = date(2026, 11, 23), timedelta(days=1)
NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
CODES = {state: f"KNWN{number:04}" for number, state in enumerate(State)}


@pytest.fixture
def book(database: Database, office: Office, vault: Vault) -> None:
    """An appointment in each state, all on Monday at nine and changed last on the day before."""
    with database.write() as session:
        place = session.get_one(Office, office.id)
        planning.plan(session, place, MONDAY, 7, NINE - 30 * DAY)
        page = session.scalars(select(DaySheet).where(DaySheet.day == MONDAY)).one()
        digests = fairness.digests(vault, RAHIMI)
        for state, code in CODES.items():
            one = add_appointment(
                session, page, place, service(session, RENEWAL), NINE, state, reference=code,
                person_digest=digests.person, mail_digest=digests.mail, phone_digest=digests.phone,
            )  # fmt: skip
            one.person, one.changed_at = vault.seal(RAHIMI.to_seal()), NINE - DAY


def anonymise(database: Database, now: datetime, config: Config) -> int:
    with database.write() as session:
        return retention.anonymise(session, now, settings=config)


def known(database: Database) -> set[State]:
    """Of the appointments in which states it is known whose they are; the others are nobody's throughout."""
    with database.read() as session:
        rows = session.scalars(select(Appointment)).all()
        for each in rows:
            gone = each.person_digest is None
            assert gone == (appointing.person_of(session, each) == personal.NOBODY)
            assert gone == (each.mail_digest is None) == (each.phone_digest is None)
            assert gone == (each.reference not in CODES.values())
        return {each.state for each in rows if each.person_digest}


LAPSED, GIVEN_UP = {State.EXPIRED}, {State.EXPIRED, State.CANCELLED}
ALL = set(State)


def test_bookings_are_forgotten_in_time_and_never_while_somebody_is_there(
    database: Database, config: Config, book: None
) -> None:
    second = timedelta(seconds=1)
    for now, left in (
        (NINE - second, ALL),
        (NINE, ALL - LAPSED),  # a day after it lapsed
        (NINE + 29 * DAY - second, ALL - LAPSED),
        (NINE + 29 * DAY, ALL - GIVEN_UP),  # thirty days after it was cancelled
        (NINE + 30 * DAY - second, ALL - GIVEN_UP),
        (NINE + 30 * DAY, {State.CHECKED_IN}),
        (NINE + 300 * DAY, {State.CHECKED_IN}),
    ):
        anonymise(database, now, config)
        assert known(database) == left, now
    assert anonymise(database, NINE + 300 * DAY, config) == 0


def test_an_office_can_forget_earlier_and_never_later(
    database: Database, config: Config, office: Office, book: None
) -> None:
    for days in (90, 2):
        with database.write() as session:
            session.get_one(Office, office.id).keep_days = {"bookings": days}
        anonymise(database, NINE + 2 * DAY, config)
        assert known(database) == (ALL - LAPSED if days == 90 else {State.CHECKED_IN})
    assert anonymise(database, NINE + 300 * DAY, config) == 0


def test_many_are_forgotten_some_at_a_time(
    database: Database, config: Config, book: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 4)
    assert [anonymise(database, NINE + 40 * DAY, config) for _ in range(3)] == [4, 2, 0]


def facts(database: Database, office: Office) -> dict[str, Any]:
    """What is counted, what the doctor finds, and what stands of the appointments for good."""
    with database.write() as session:
        place = session.get_one(Office, office.id)
        return {
            "counts": counting.count(session, place, MONDAY, NINE + 60 * DAY),
            "doctor": [  # which calls appointments by their codes
                re.sub("appointment [A-Z2-9]{8}|appointment KNWN....", "…", each)
                for each in (*book_checks.differences(session), *line_checks.differences(session))
            ],
            "stays": [
                (each.id, each.state, each.start, each.items, each.channel, each.changed_at, each.sequence)
                for each in session.scalars(select(Appointment).order_by(Appointment.id))
            ],
        }


def test_statistics_and_doctor_do_not_notice(
    database: Database, config: Config, office: Office, book: None
) -> None:
    with database.write() as session:
        done = session.scalars(select(Appointment).where(Appointment.state == State.DONE)).one()
        place = session.get_one(Office, office.id)
        add_ticket(session, place, 1, NINE, MONDAY, appointment_id=done.id, waited=2, served=9)
    before = facts(database, office)
    assert before["counts"]
    assert anonymise(database, NINE + 40 * DAY, config) == len(State) - 1
    assert facts(database, office) == before


def test_who_is_forgotten_books_like_anybody_else(
    database: Database, config: Config, office: Office, book: None
) -> None:
    """A reached limit lets go: nothing that is forgotten counts against anybody."""
    anonymise(database, NINE + 40 * DAY, config)
    with database.write() as session:
        wanted = visit([(service(session, RENEWAL), 1)])
        fairness.check_person(session, RAHIMI, wanted, NINE - DAY, rules=config.fairness)


def test_tickets_lose_what_leads_to_a_person(database: Database, config: Config, office: Office) -> None:
    telling = {"note": "brings his passport", "paper": "Z017", "before": {"state": "called"}}
    with database.write() as session:
        place = session.get_one(Office, office.id)
        add_ticket(session, place, 1, NINE, MONDAY, waited=2, served=9, link_fingerprint="f" * 64, **telling)
        add_ticket(session, place, 2, NINE, MONDAY, link_fingerprint="e" * 64, state=TicketState.PARKED)
        add_ticket(session, place, 3, NINE, MONDAY + DAY, state=TicketState.LEFT, **telling)
    emptied = []
    for days in (29, 30, 30):
        with database.write() as session:
            place = session.get_one(Office, office.id)
            emptied.append(tickets.forget_over(session, place, NINE + days * DAY, settings=config))
    assert emptied == [0, 1, 0]
    with database.read() as session:
        rows = session.scalars(select(Ticket).order_by(Ticket.number)).all()
        assert [bool(each.link_fingerprint or each.note) for each in rows] == [False, True, True]
        assert {getattr(rows[0], name) for name in tickets.EMPTIED} == {None}
        assert (rows[0].state, rows[0].arrived_at) == (TicketState.DONE, NINE)


def test_tickets_are_emptied_however_old_where_things_are_kept_shorter_now(
    database: Database, config: Config, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tickets, "AT_ONCE", 2)
    with database.write() as session:
        place = session.get_one(Office, office.id)
        for number in (1, 2, 3):
            add_ticket(session, place, number, NINE, MONDAY, waited=2, served=9, note="with a child")
    emptied, more = [], []
    for days in (29, 200, 200, 200):  # nobody looked in between, because they were kept for longer
        with database.write() as session:
            place = session.get_one(Office, office.id)
            emptied.append(tickets.forget_over(session, place, NINE + days * DAY, settings=config))
            more.append(tickets.are_over(session, place, NINE + days * DAY, settings=config))
    assert emptied == [0, 2, 1, 0]
    assert more == [False, True, False, False]
    with database.read() as session:
        assert set(session.scalars(select(Ticket.note))) == {None}


def test_a_partners_own_reference_goes_with_the_person(
    database: Database, config: Config, office: Office, vault: Vault, book: None
) -> None:
    with database.write() as session:
        partner = Partner(
            name="University", kind=PartnerKind.UNIVERSITY, scopes=[], period=Period.WEEK, created_at=NINE
        )
        session.add(partner)
        session.flush()
        for each in session.scalars(select(Appointment)):
            session.add(
                PartnerBooking(
                    appointment_id=each.id, partner_id=partner.id, booked_at=NINE,
                    own_reference=vault.seal("Matrikel 4711"),
                )
            )  # fmt: skip
    anonymise(database, NINE, config)
    with database.write() as session:
        tidying.forget(session, NINE)
    with database.read() as session:
        rows = session.scalars(select(PartnerBooking)).all()
        assert {each.appointment.state for each in rows if each.own_reference} == ALL - LAPSED


def test_staff_see_that_it_is_forgotten(
    database: Database, config: Config, office: Office, sign_in: SignIn, book: None
) -> None:
    anonymise(database, NINE + 40 * DAY, config)
    with database.read() as session:
        done = session.scalars(select(Appointment.reference).where(Appointment.state == State.DONE)).one()
    with time_machine.travel(NINE + 40 * DAY, tick=False):
        browser = sign_in(Role.CASEWORKER)
        here = f"/agenda/{office.slug}"
        browser.get(f"{here}/appointments/{done}/")
        assert "It has been forgotten whose appointment this was." in browser.text
        assert "1800" not in browser.text
        assert browser.get(f"{here}/?day={MONDAY.isoformat()}").status_code == 200
