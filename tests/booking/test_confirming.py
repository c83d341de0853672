"""Confirming by a link or a code, and what becomes of who does not."""

import re
from datetime import datetime, timedelta

import pytest

from frontoffice.booking import confirming, holding, proving
from frontoffice.booking.models import Appointment, State
from frontoffice.booking.person import Contact, Person, WrongDetails
from frontoffice.booking.refusals import ConfirmedTooLate, MailNeeded, PhoneNeeded
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.errors import NotFound, TooMany
from frontoffice.messages.models import Medium
from frontoffice.offices.models import Confirmation, Office, Service
from frontoffice.vault import Vault
from tests.booking.life import (
    act,
    asks_for,
    booked_on,
    cancel,
    freed,
    happened,
    lapse,
    look,
    messages,
    said,
)
from tests.booking.steps import AMIN, OLENA, at, book_it, differences, free_on, hold_it

START = at(26, "09:00")
HOUR = timedelta(hours=1)
ONLY_MAIL = Person("Maria", OLENA.born, "maria@example.org", None)


def proof_in(database: Database, appointment: Appointment, number: int = -1) -> str:
    """What stands in the link of the last mail that asks to confirm."""
    _, words = said(database, appointment, "confirm_contact")[number]
    return words["confirm_link"].rpartition("/")[2]


def code_in(database: Database, appointment: Appointment) -> str:
    """The code of the last SMS."""
    return said(database, appointment, "confirm_contact")[-1][1]["code"]


def confirm(database: Database, config: Config, appointment: Appointment, proof: str, now: datetime) -> None:
    """Press the button behind the link."""
    act(
        database,
        appointment,
        lambda session, found: confirming.confirm_by_link(session, found, proof, now, settings=config),
    )


def type_in(database: Database, config: Config, appointment: Appointment, code: str, now: datetime) -> bool:
    """Type in a code."""
    right: bool = act(
        database,
        appointment,
        lambda session, found: confirming.confirm_by_code(session, found, code, now, settings=config),
    )
    return right


def test_the_link_in_the_mail_confirms_and_only_then_the_appointment_stands(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    asks_for(database, planned, Confirmation.MAIL)
    appointment = booked_on(database, config, renewal, START, now)
    assert (appointment.state, appointment.confirm_by) == (State.UNCONFIRMED, now + HOUR)
    assert messages(database, appointment) == [("confirm_contact", "mail", "pending")]
    with pytest.raises(NotFound):
        confirm(database, config, appointment, "nonsense", now)
    for _ in range(2):  # twice does it once
        confirm(database, config, appointment, proof_in(database, appointment), now)
    found = look(database, appointment)
    assert (found.state, found.confirm_by, found.sequence) == (State.CONFIRMED, None, 0)
    assert messages(database, appointment)[1:] == [
        ("booked", "mail", "pending"),
        ("booked", "sms", "pending"),
    ]
    assert happened(database, planned) == ["appointment.booked", "appointment.confirmed"]
    assert differences(database) == []


def test_the_code_in_the_sms_confirms(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    asks_for(database, planned, Confirmation.SMS)
    appointment = booked_on(database, config, renewal, START, now)
    assert messages(database, appointment) == [("confirm_contact", "sms", "pending")]
    code = code_in(database, appointment)
    assert re.fullmatch(r"\d{6}", code)
    assert not type_in(database, config, appointment, f"{(int(code) + 1) % 10**6:06}", now)
    assert look(database, appointment).state is State.UNCONFIRMED
    assert type_in(database, config, appointment, f" {code[:3]} {code[3:]}", now)
    assert look(database, appointment).state is State.CONFIRMED


def test_codes_cannot_be_guessed(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    asks_for(database, planned, Confirmation.SMS)
    appointment = booked_on(database, config, renewal, START, now)
    code = code_in(database, appointment)
    for number in range(1, 6):
        assert not type_in(database, config, appointment, f"{(int(code) + number) % 10**6:06}", now)
    with pytest.raises(TooMany):
        type_in(database, config, appointment, code, now)
    assert look(database, appointment).state is State.UNCONFIRMED
    assert type_in(database, config, appointment, code, now + HOUR)


@pytest.mark.parametrize(
    ("confirmation", "person", "medium"),
    [
        (Confirmation.NONE, OLENA, None),
        (Confirmation.MAIL, OLENA, Medium.MAIL),
        (Confirmation.SMS, OLENA, Medium.SMS),
        (Confirmation.EITHER, OLENA, Medium.MAIL),
        (Confirmation.EITHER, AMIN, Medium.SMS),
    ],
)
def test_the_office_says_how(confirmation: Confirmation, person: Person, medium: Medium | None) -> None:
    assert proving.kind(confirmation, person.contact) is medium


@pytest.mark.parametrize(
    ("confirmation", "person", "needed"),
    [(Confirmation.MAIL, AMIN, MailNeeded), (Confirmation.SMS, ONLY_MAIL, PhoneNeeded)],
)
def test_who_did_not_give_what_is_needed_is_asked_for_it_and_keeps_the_time(
    database: Database,
    config: Config,
    planned: Office,
    renewal: Service,
    now: datetime,
    confirmation: Confirmation,
    person: Person,
    needed: type[Exception],
) -> None:
    asks_for(database, planned, confirmation)
    _, token = hold_it(database, config, renewal, START, now)
    with pytest.raises(WrongDetails) as refusal:
        book_it(database, config, token, now, person)
    assert [type(each) for each in refusal.value.problems] == [needed]
    assert book_it(database, config, token, now, OLENA).state is State.UNCONFIRMED
    assert differences(database) == []


def test_staff_who_know_the_person_need_no_proof(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    from frontoffice.booking import appointing

    asks_for(database, planned, Confirmation.MAIL)
    _, token = hold_it(database, config, renewal, START, now)
    with database.write() as session:
        booked = appointing.book(
            session, token, AMIN, "de", now, settings=config, actor="account:1", proven=True
        )
    assert (booked.state, booked.confirm_by) == (State.CONFIRMED, None)
    other = booked_on(database, config, renewal, at(27, "09:00"), now)
    act(
        database,
        other,
        lambda session, found: confirming.confirm(session, found, now, settings=config, actor="account:1"),
    )
    assert look(database, other).state is State.CONFIRMED


def test_link_and_code_belong_to_one_appointment_and_one_address(vault: Vault) -> None:
    link = proving.link_proof(vault, "K7M2PXQW", "a@example.org")
    assert proving.is_link_proof(vault, "K7M2PXQW", "a@example.org", link)
    assert not proving.is_link_proof(vault, "K7M2PXQW", "b@example.org", link)
    assert not proving.is_link_proof(vault, "23456789", "a@example.org", link)
    codes = {proving.code(vault, "K7M2PXQW", f"+49151234567{number:02}") for number in range(100)}
    assert len(codes) > 95
    old = proving.code(vault, "K7M2PXQW", "+491")
    newer = Vault(
        ["a new key, as long as it has to be, and longer", "a key for tests that is long enough to be one"]
    )
    assert proving.is_code(newer, "K7M2PXQW", "+491", old)  # also while keys are changed
    assert not proving.is_code(vault, "K7M2PXQW", "+491", "")


def test_what_is_not_confirmed_lapses_and_frees_the_time(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    asks_for(database, planned, Confirmation.EITHER)
    hold_it(database, config, renewal, START, now + HOUR)
    appointment = booked_on(database, config, renewal, START, now)
    assert lapse(database, config, now + HOUR - timedelta(seconds=1)) == 0
    assert lapse(database, config, now + HOUR) == 1
    assert lapse(database, config, now + HOUR) == 0
    found = look(database, appointment)
    assert (found.state, found.sequence) == (State.EXPIRED, 1)
    assert messages(database, appointment) == [
        ("confirm_contact", "mail", "cancelled"),
        ("lapsed", "mail", "pending"),  # and nothing to a phone that nobody proved
    ]
    assert happened(database, planned) == ["appointment.booked", "appointment.lapsed"]
    assert [each.start for each in freed(database)] == [START]
    later = now + 3 * HOUR
    with database.write() as session:
        holding.release_expired(session, later)
    assert "09:00" in free_on(database, config, renewal, START.date(), later)
    assert differences(database) == []


def test_who_confirms_too_late_is_told_so(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    asks_for(database, planned, Confirmation.MAIL)
    late = booked_on(database, config, renewal, START, now)
    confirm(database, config, late, proof_in(database, late), now + 2 * HOUR)  # nothing has happened yet
    assert look(database, late).state is State.CONFIRMED
    assert lapse(database, config, now + 2 * HOUR) == 0
    lapsed = booked_on(database, config, renewal, START, now, ONLY_MAIL)
    proof = proof_in(database, lapsed)
    lapse(database, config, now + HOUR)
    with pytest.raises(ConfirmedTooLate):
        confirm(database, config, lapsed, proof, now + HOUR)
    gone = booked_on(database, config, renewal, at(27, "09:00"), now, ONLY_MAIL)
    cancel(database, config, gone, now)
    with pytest.raises(ConfirmedTooLate):
        confirm(database, config, gone, proof_in(database, gone), now)
    assert differences(database) == []


def test_an_unconfirmed_appointment_lapses_at_its_beginning_at_the_latest(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    asks_for(database, planned, Confirmation.MAIL)
    rules = config.booking.model_copy(update={"lead_minutes": 0})
    config = config.model_copy(update={"booking": rules})
    soon = at(23, "08:30")
    appointment = booked_on(database, config, renewal, soon, now)
    assert appointment.confirm_by == soon
    with pytest.raises(ConfirmedTooLate):
        confirm(database, config, appointment, proof_in(database, appointment), soon)
    assert lapse(database, config, soon) == 1
    assert differences(database) == []


def test_link_and_code_are_sent_again_a_few_times(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    asks_for(database, planned, Confirmation.MAIL)
    appointment = booked_on(database, config, renewal, START, now)

    def again(minutes: int) -> None:
        when = now + timedelta(minutes=minutes)
        act(
            database,
            appointment,
            lambda session, found: confirming.send_again(session, found, when, settings=config),
        )

    for minutes in (1, 2, 3):
        again(minutes)
    with pytest.raises(TooMany):
        again(4)
    assert messages(database, appointment) == [("confirm_contact", "mail", "pending")] * 4
    confirm(database, config, appointment, proof_in(database, appointment, 0), now)
    again(70)  # nothing is to be proven any more
    assert [kind for kind, *_ in messages(database, appointment)].count("confirm_contact") == 4


def test_what_is_to_be_proven_can_be_asked(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    asks_for(database, planned, Confirmation.EITHER)
    appointment = booked_on(database, config, renewal, START, now, AMIN)
    assert act(database, appointment, confirming.asked) == (Medium.SMS, Contact(None, AMIN.phone))
    type_in(database, config, appointment, code_in(database, appointment), now)
    assert act(database, appointment, confirming.asked) is None
