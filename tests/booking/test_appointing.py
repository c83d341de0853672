"""From a hold to an appointment, finding it again, cancelling it."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from frontoffice import events
from frontoffice.booking import appointing, holding, references
from frontoffice.booking.models import Appointment, DaySheet, State
from frontoffice.booking.refusals import AlreadyBooked, AlreadyComing, HoldExpired, NotCancellable
from frontoffice.booking.visit import visit
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.errors import NotFound
from frontoffice.messages.models import Message
from frontoffice.offices.models import Office, Service
from tests.booking.life import booked_on, messages, said
from tests.booking.steps import AMIN, OLENA, at, book_it, differences, fill, free_on, hold_it

TUESDAY = date(2026, 11, 24)


def test_a_hold_becomes_an_appointment(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, at(26, "09:00"), now)
    assert appointment.state is State.CONFIRMED
    assert (appointment.start, appointment.ticks) == (at(26, "09:00"), 6)
    with database.read() as session:
        assert appointing.person_of(session, appointment) == OLENA
        (event,) = events.after(session, renewal.office_id, 0)
    assert (event.kind, event.actor, event.subject) == (
        "appointment.booked",
        "visitor",
        f"appointment:{appointment.id}",
    )
    assert "Olena" not in str(event.data)
    assert differences(database) == []


def test_the_person_is_not_readable_in_the_database(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, at(26, "09:00"), now)
    for part in ("Olena", "1991", "example.org", "15123456789"):
        assert part.encode() not in appointment.person


def test_a_confirmation_is_written_with_the_booking_over_all_media(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, at(26, "09:00"), now)
    assert messages(database, appointment) == [("booked", "mail", "pending"), ("booked", "sms", "pending")]
    with database.read() as session:
        first = session.scalars(select(Message)).first()
    assert first is not None
    assert (first.not_before, first.expires_at) == (now, at(26, "09:00"))


def test_somebody_without_mail_hears_by_sms_only(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    _, token = hold_it(database, config, renewal, at(23, "11:00"), now)
    appointment = book_it(database, config, token, now, AMIN)
    assert messages(database, appointment) == [("booked", "sms", "pending")]


def test_the_same_form_sent_twice_books_once(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    _, token = hold_it(database, config, renewal, at(26, "09:00"), now)
    first = book_it(database, config, token, now)
    again = book_it(database, config, token, now + timedelta(hours=2))
    assert (again.id, again.reference) == (first.id, first.reference)
    assert len(messages(database, first)) == 2
    with database.read() as session:
        assert len(events.after(session, renewal.office_id, 0)) == 1
    assert differences(database) == []


def test_another_person_cannot_book_with_the_same_hold(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    _, token = hold_it(database, config, renewal, at(26, "09:00"), now)
    book_it(database, config, token, now)
    with pytest.raises(AlreadyBooked):
        book_it(database, config, token, now, AMIN)


def test_one_hold_cannot_stand_behind_two_appointments(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, at(26, "09:00"), now)
    copied = {
        each.name: getattr(appointment, each.name)
        for each in Appointment.__table__.columns
        if each.name != "id"
    }
    with pytest.raises(IntegrityError, match="hold_fingerprint"), database.write() as session:
        session.execute(insert(Appointment).values({**copied, "reference": "22222222"}))


def test_a_late_visitor_still_books_while_nobody_else_wants_the_time(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    late = now + timedelta(minutes=30)
    untouched, swept = fill(database, config, renewal, at(26, "09:00"), now)
    assert book_it(database, config, untouched, late).state is State.CONFIRMED
    with database.write() as session:
        assert holding.release_expired(session, late) == 1
    booked = book_it(database, config, swept, late, AMIN)
    assert book_it(database, config, swept, late, AMIN).id == booked.id
    assert "09:00" not in free_on(database, config, renewal, date(2026, 11, 26), late)
    assert differences(database) == []


def test_a_late_form_does_not_take_what_was_withheld_meanwhile(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    late = now + timedelta(minutes=30)
    for_visitor, for_staff = fill(database, config, renewal, at(26, "09:00"), now)
    with database.write() as session:
        assert holding.release_expired(session, late) == 1
        session.execute(update(DaySheet).values(gates=b""))
    with pytest.raises(HoldExpired):
        book_it(database, config, for_visitor, late)
    with database.write() as session:
        appointing.book(session, for_staff, AMIN, "de", late, settings=config, actor="account:1")
    assert differences(database) == []


def test_a_late_visitor_is_told_when_the_time_is_gone(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    late = now + timedelta(minutes=30)
    tokens = fill(database, config, renewal, at(26, "09:00"), now)
    fill(database, config, renewal, at(26, "09:00"), late)
    for token in tokens:
        with pytest.raises(HoldExpired):
            book_it(database, config, token, late)
    assert differences(database) == []
    with pytest.raises(NotFound):
        book_it(database, config, "no such token", now)


def test_nothing_is_left_of_a_booking_that_fails_halfway(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    _, token = hold_it(database, config, renewal, at(26, "09:00"), now)
    with pytest.raises(RuntimeError), database.write() as session:
        appointing.book(session, token, OLENA, "en", now, settings=config)
        raise RuntimeError
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Appointment)) == 0
        assert session.scalar(select(func.count()).select_from(Message)) == 0
    assert differences(database) == []
    assert book_it(database, config, token, now).state is State.CONFIRMED


def test_reference_and_secret_open_the_appointment_however_they_are_typed(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, at(26, "09:00"), now)
    typed = f" {appointment.reference[:4].lower()}-{appointment.reference[4:]} "
    with database.read() as session:
        secret = appointing.secret_of(session, appointment)
        assert appointing.find(session, typed, secret).id == appointment.id
        assert appointing.find_by_birth(session, typed, OLENA.born).id == appointment.id


def test_unknown_and_wrong_look_the_same(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, at(26, "09:00"), now)
    with database.read() as session:
        secret = appointing.secret_of(session, appointment)
        other = "2222222" + "2"
        refused = [
            lambda: appointing.find(session, appointment.reference, secret[:-1] + "?"),
            lambda: appointing.find(session, appointment.reference, ""),
            lambda: appointing.find(session, other, secret),
            lambda: appointing.find(session, "nonsense\x00", secret),
            lambda: appointing.find_by_birth(session, appointment.reference, AMIN.born),
            lambda: appointing.find_by_birth(session, other, OLENA.born),
        ]
        said = set()
        for attempt in refused:
            with pytest.raises(NotFound) as refusal:
                attempt()
            said.add((type(refusal.value), refusal.value.sentence))
    assert len(said) == 1


def test_cancelling_gives_the_time_back_and_takes_back_what_has_not_left(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    fill(database, config, renewal, at(26, "09:00"), now, seats=1)
    appointment = booked_on(database, config, renewal, at(26, "09:00"), now)
    for _ in range(2):  # the second time changes nothing
        with database.write() as session:
            found = appointing.find_by_birth(session, appointment.reference, OLENA.born)
            appointing.cancel(session, found, now, settings=config)
    assert (found.state, found.sequence) == (State.CANCELLED, 1)
    assert messages(database, appointment) == [
        ("booked", "mail", "cancelled"),
        ("booked", "sms", "cancelled"),
        ("cancelled", "mail", "pending"),
        ("cancelled", "sms", "pending"),
    ]
    later = now + timedelta(hours=1, seconds=1)
    with database.write() as session:
        holding.release_expired(session, later)
    assert "09:00" in free_on(database, config, renewal, date(2026, 11, 26), later)
    with database.read() as session:
        kinds = [each.kind for each in events.after(session, renewal.office_id, 0)]
    assert kinds == ["appointment.booked", "appointment.cancelled"]
    assert differences(database) == []


@pytest.mark.parametrize("state", [State.CHECKED_IN, State.DONE, State.NO_SHOW])
def test_who_is_there_or_was_cannot_cancel(
    database: Database, config: Config, renewal: Service, now: datetime, state: State
) -> None:
    appointment = booked_on(database, config, renewal, at(26, "09:00"), now)
    with database.write() as session:
        found = appointing.find_by_birth(session, appointment.reference, OLENA.born)
        found.state = state
    with pytest.raises(NotCancellable), database.write() as session:
        found = appointing.find_by_birth(session, appointment.reference, OLENA.born)
        appointing.cancel(session, found, now, settings=config)
    assert differences(database) == []


def test_an_appointment_that_has_begun_cannot_be_cancelled(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, at(26, "09:00"), now)
    with pytest.raises(NotCancellable), database.write() as session:
        found = appointing.find_by_birth(session, appointment.reference, OLENA.born)
        appointing.cancel(session, found, at(26, "09:00"), settings=config)


def test_a_time_that_has_begun_is_not_booked_any_more(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    start = at(24, "09:00")
    _, token = hold_it(database, config, renewal, start, now)
    with pytest.raises(HoldExpired):
        book_it(database, config, token, start)
    assert differences(database) == []


def test_a_family_with_two_concerns_hears_all_it_needs(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    pick_up = planned.services[1]
    with database.write() as session:
        session.execute(update(Service).where(Service.id == renewal.id).values(most_people=4))
        session.execute(
            update(Service)
            .where(Service.id == pick_up.id)
            .values(documents={"de": ["Reisepass", "Alte Karte"]})
        )
    with database.write() as session:
        both = visit([(session.get_one(Service, renewal.id), 2), (session.get_one(Service, pick_up.id), 1)])
        held, token = holding.hold(session, planned, both, at(26, "08:00"), now, rules=config.booking)
    appointment = book_it(database, config, token, now, language="de")
    assert (held.items, appointment.items, appointment.ticks) == (
        [[renewal.id, 2], [pick_up.id, 1]],
        held.items,
        14,
    )
    _, words = said(database, appointment, "booked")[0]
    assert words["service"].splitlines() == ["Aufenthaltserlaubnis verlängern", "Karte abholen"]
    assert words["people"].splitlines() == ["2", "1"]
    assert words["documents"].splitlines() == ["Reisepass", "Gebühr", "Alte Karte"]
    assert words["ends_at"] == at(26, "09:10").isoformat()
    assert differences(database) == []


def test_one_concern_is_booked_once_by_a_person_and_as_often_as_needed_by_staff(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    booked_on(database, config, renewal, at(26, "09:00"), now)
    _, token = hold_it(database, config, renewal, at(27, "09:00"), now)
    with pytest.raises(AlreadyComing):
        book_it(database, config, token, now)
    with database.write() as session:
        second = appointing.book(session, token, OLENA, "en", now, settings=config, actor="account:7")
    assert second.booked_by == "account:7"
    assert differences(database) == []


def test_the_office_has_a_word_in_the_message_of_a_cancellation(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, at(26, "09:00"), now)
    with database.write() as session:
        found = session.get_one(Appointment, appointment.id)
        appointing.cancel(
            session, found, now, "account:1", settings=config, note="Wir streiken.\nBis Montag."
        )
    assert [words["note"] for _, words in said(database, appointment, "cancelled")] == [
        "Wir streiken. Bis Montag."
    ] * 2
    with database.read() as session:
        assert events.after(session, renewal.office_id, 0)[-1].actor == "account:1"


def test_a_code_that_is_used_already_is_not_given_again(
    database: Database, config: Config, renewal: Service, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = booked_on(database, config, renewal, at(26, "09:00"), now)
    codes = iter([first.reference, first.reference, "23456789"])
    monkeypatch.setattr(references, "new", lambda: next(codes))
    second = booked_on(database, config, renewal, at(27, "09:00"), now, AMIN)
    assert second.reference == "23456789"
    assert differences(database) == []
