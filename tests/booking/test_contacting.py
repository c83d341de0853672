"""Changing where a person is reached: never who they are, and never without proof where the office wants one."""

from datetime import datetime, timedelta

import pytest

from frontoffice.booking import appointing, confirming, contacting
from frontoffice.booking.models import Appointment, State
from frontoffice.booking.person import Contact, WrongDetails
from frontoffice.booking.refusals import MailNeeded, NotChangeable
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.errors import NotFound, TooMany
from frontoffice.messages import texts
from frontoffice.messages.models import Medium
from frontoffice.offices.models import Confirmation, Office, Service
from tests.booking.life import (
    act,
    asks_for,
    booked_on,
    cancel,
    happened,
    look,
    messages,
    move,
    person,
    said,
)
from tests.booking.steps import OLENA, at

START = at(26, "09:00")
NEW_MAIL, NEW_PHONE = "olena.neu@example.org", "+4915187654399"


def change(
    database: Database,
    config: Config,
    appointment: Appointment,
    mail: str,
    phone: str,
    now: datetime,
    actor: str = "visitor",
) -> None:
    """Change the contact."""
    act(
        database,
        appointment,
        lambda session, found: contacting.change(
            session, found, mail, phone, now, settings=config, actor=actor
        ),
    )


def confirm_last(
    database: Database, config: Config, appointment: Appointment, now: datetime, number: int = -1
) -> None:
    """Press the button behind the link in the last mail that asks to confirm."""
    proof = said(database, appointment, "confirm_contact")[number][1]["confirm_link"].rpartition("/")[2]
    act(
        database,
        appointment,
        lambda session, found: confirming.confirm_by_link(session, found, proof, now, settings=config),
    )


def test_the_new_contact_and_the_old_one_hear_of_it(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, START, now)
    before = look(database, appointment)
    change(database, config, appointment, NEW_MAIL, "0151 87654399", now)
    after = person(database, appointment)
    assert (after.name, after.born) == (OLENA.name, OLENA.born)
    assert after.contact == Contact(NEW_MAIL, NEW_PHONE)
    assert [to for to, _ in said(database, appointment, "contact_changed")] == [
        NEW_MAIL,
        NEW_PHONE,
        OLENA.mail,
        OLENA.phone,
    ]
    assert messages(database, appointment)[:2] == [
        ("booked", "mail", "cancelled"),
        ("booked", "sms", "cancelled"),
    ]
    # Only the new one is invited, as the calendar says.
    assert [("stamp" in words) for _, words in said(database, appointment, "contact_changed")] == [
        True
    ] * 2 + [False] * 2
    found = look(database, appointment)
    # The old one may be a stranger's: nothing in it leads to the appointment, in whatever form it is read.
    secret = act(database, found, appointing.secret_of)
    for address, words in said(database, appointment, "contact_changed"):
        medium = Medium.MAIL if "@" in address else Medium.SMS
        read = str(texts.render("contact_changed", medium, "en", words))
        known = (secret in read, found.reference[:4] in read)
        assert known == ((True, True) if address in (NEW_MAIL, NEW_PHONE) else (False, False))
        assert "+49 30 1234567" in read or address == NEW_PHONE
    assert (found.person_digest, found.sequence) == (before.person_digest, 0)
    assert found.mail_digest != before.mail_digest
    assert found.phone_digest != before.phone_digest
    assert happened(database, renewal.office)[-1] == "appointment.contact_changed"


def test_what_follows_goes_to_the_new_contact(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, START, now)
    change(database, config, appointment, NEW_MAIL, "", now)
    move(database, config, appointment, at(27, "09:00"), now)
    assert [to for to, _ in said(database, appointment, "moved")] == [NEW_MAIL]


def test_the_same_contact_again_changes_nothing(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, START, now)
    change(database, config, appointment, str(OLENA.mail), str(OLENA.phone), now)
    assert messages(database, appointment) == [("booked", "mail", "pending"), ("booked", "sms", "pending")]


@pytest.mark.parametrize(("mail", "phone"), [("", ""), ("nonsense", ""), ("", "12")])
def test_what_is_no_contact_is_refused(
    database: Database, config: Config, renewal: Service, now: datetime, mail: str, phone: str
) -> None:
    appointment = booked_on(database, config, renewal, START, now)
    with pytest.raises(WrongDetails):
        change(database, config, appointment, mail, phone, now)
    assert person(database, appointment) == OLENA


def test_a_new_contact_is_used_only_once_it_is_proven(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    asks_for(database, planned, Confirmation.MAIL)
    appointment = booked_on(database, config, renewal, START, now)
    confirm_last(database, config, appointment, now)
    change(database, config, appointment, NEW_MAIL, "", now)
    assert person(database, appointment) == OLENA
    assert [to for to, _ in said(database, appointment, "confirm_contact")] == [OLENA.mail, NEW_MAIL]
    assert act(database, appointment, contacting.wanted_of) == Contact(NEW_MAIL, None)
    confirm_last(
        database, config, appointment, now, number=0
    )  # the link to the old address proves nothing new
    assert person(database, appointment) == OLENA
    for _ in range(2):
        confirm_last(database, config, appointment, now)
    assert person(database, appointment).contact == Contact(NEW_MAIL, None)
    assert [to for to, _ in said(database, appointment, "contact_changed")] == [
        NEW_MAIL,
        OLENA.mail,
        OLENA.phone,
    ]
    assert look(database, appointment).state is State.CONFIRMED
    assert act(database, appointment, contacting.wanted_of) is None


def test_a_new_phone_is_proven_by_its_code(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    asks_for(database, planned, Confirmation.SMS)
    appointment = booked_on(database, config, renewal, START, now)

    def type_in(code: str) -> bool:
        right: bool = act(
            database,
            appointment,
            lambda session, found: confirming.confirm_by_code(session, found, code, now, settings=config),
        )
        return right

    first = said(database, appointment, "confirm_contact")[0][1]["code"]
    assert type_in(first)
    change(database, config, appointment, "", NEW_PHONE, now)
    to, words = said(database, appointment, "confirm_contact")[1]
    assert (to, words["reason"]) == (NEW_PHONE, "contact")
    assert type_in(first)  # right, but of the old phone
    assert person(database, appointment).phone == OLENA.phone
    assert type_in(words["code"])
    assert person(database, appointment).phone == NEW_PHONE


def test_a_change_that_needs_no_proof_is_made_at_once(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    asks_for(database, planned, Confirmation.MAIL)
    appointment = booked_on(database, config, renewal, START, now)
    confirm_last(database, config, appointment, now)
    change(database, config, appointment, str(OLENA.mail), NEW_PHONE, now)
    assert person(database, appointment).contact == Contact(OLENA.mail, NEW_PHONE)
    with pytest.raises(WrongDetails) as refusal:
        change(database, config, appointment, "", NEW_PHONE, now)
    assert [type(each) for each in refusal.value.problems] == [MailNeeded]
    change(
        database, config, appointment, "", NEW_PHONE, now, actor="account:1"
    )  # staff know whom they talk to
    assert person(database, appointment).contact == Contact(None, NEW_PHONE)


def test_a_mistyped_address_is_mended_before_it_is_confirmed(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    asks_for(database, planned, Confirmation.MAIL)
    appointment = booked_on(database, config, renewal, START, now)
    change(database, config, appointment, NEW_MAIL, "", now)
    assert messages(database, appointment) == [
        ("confirm_contact", "mail", "cancelled"),
        ("confirm_contact", "mail", "pending"),
    ]
    with pytest.raises(NotFound):
        confirm_last(database, config, appointment, now, number=0)  # somebody else reads there
    assert look(database, appointment).state is State.UNCONFIRMED
    confirm_last(database, config, appointment, now)
    assert look(database, appointment).state is State.CONFIRMED
    assert person(database, appointment).contact == Contact(NEW_MAIL, None)


def test_an_appointment_that_is_over_has_no_new_contact(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, START, now)
    with pytest.raises(NotChangeable):
        change(database, config, appointment, NEW_MAIL, "", START)
    cancel(database, config, appointment, now)
    with pytest.raises(NotChangeable):
        change(database, config, appointment, NEW_MAIL, "", now)


def test_a_contact_is_not_changed_without_end(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, START, now)
    for number in range(5):
        change(database, config, appointment, f"a{number}@example.org", "", now + timedelta(minutes=number))
    with pytest.raises(TooMany):
        change(database, config, appointment, "last@example.org", "", now)
    change(database, config, appointment, "last@example.org", "", now, actor="account:1")


def test_neither_contact_is_readable_in_the_database(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    asks_for(database, planned, Confirmation.MAIL)
    appointment = booked_on(database, config, renewal, START, now)
    confirm_last(database, config, appointment, now)
    change(database, config, appointment, NEW_MAIL, "", now)
    assert b"example.org" not in look(database, appointment).person
