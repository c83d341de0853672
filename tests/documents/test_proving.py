"""A contact is proven by the code that was sent there, and by nothing else."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from frontoffice.booking.refusals import ProofMissing
from frontoffice.config import Fairness
from frontoffice.db import Database
from frontoffice.documents import proving
from frontoffice.documents.proving import Reach, TicketOver, WrongCode
from frontoffice.errors import Invalid, TooMany
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import Medium, Message
from frontoffice.offices.models import Office

OLENA = Reach(Medium.MAIL, "olena@example.org")
OPEN = Fairness(captcha="off")


def ask(database: Database, office: Office, now: datetime, to: Reach = OLENA, about: object = "this") -> str:
    """Let a code be sent; gives the ticket."""
    with database.write() as session:
        proving.count(session, to, now, network="net", address="192.0.2.1", proof=None, rules=OPEN)
    with database.write() as session:
        return proving.ask(session, session.get_one(Office, office.id), to, "test", about, "de", now)


def code_sent(database: Database) -> str:
    """The code of the last message."""
    with database.read() as session:
        message = session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
        envelope = unseal(database.vault, message.envelope)
        assert envelope is not None
        return envelope.parameters["code"]


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_the_code_opens_what_was_asked_for(database: Database, office: Office, now: datetime) -> None:
    ticket = ask(database, office, now, about={"day": "2027-05-01"})
    typed = f" {code_sent(database)[:3]} {code_sent(database)[3:]}"
    asked = proving.prove(database, ticket, typed, "test", now + timedelta(minutes=29), network="net")
    assert (asked.reach, asked.about, asked.language) == (OLENA, {"day": "2027-05-01"}, "de")


@pytest.mark.parametrize("what_for", ["watch", ""])
def test_a_ticket_is_good_for_one_purpose(
    database: Database, office: Office, now: datetime, what_for: str
) -> None:
    ticket = ask(database, office, now)
    with pytest.raises(TicketOver):
        proving.prove(database, ticket, code_sent(database), what_for, now, network="net")


def test_a_ticket_ends(database: Database, office: Office, now: datetime) -> None:
    ticket = ask(database, office, now)
    with pytest.raises(TicketOver):
        proving.prove(database, ticket, code_sent(database), "test", now + proving.GOOD_FOR, network="net")


def test_what_is_no_ticket_opens_nothing(database: Database, now: datetime) -> None:
    for ticket in ("", "x" * 9000, "ä", database.vault.seal(["a list"]).decode()):
        with pytest.raises(TicketOver):
            proving.look(database.vault, ticket, "test", now)


def test_codes_cannot_be_tried_out(database: Database, office: Office, now: datetime) -> None:
    ticket = ask(database, office, now)
    code = code_sent(database)
    for _ in range(proving.TRIES):
        with pytest.raises(WrongCode):
            proving.prove(database, ticket, other_than(code), "test", now, network="net")
    with pytest.raises(TooMany):  # also the right one
        proving.prove(database, ticket, code, "test", now, network="net")


def test_the_code_of_an_earlier_ticket_is_none_for_a_later_one(
    database: Database, office: Office, now: datetime
) -> None:
    ask(database, office, now)
    earlier = code_sent(database)
    ticket = ask(database, office, now)
    with pytest.raises(WrongCode):
        proving.prove(database, ticket, earlier, "test", now, network="net")


def test_nobody_is_flooded_with_codes(database: Database, office: Office, now: datetime) -> None:
    for _ in range(proving.CODES_TO_CONTACT):
        ask(database, office, now)
    with pytest.raises(TooMany):
        ask(database, office, now, Reach(Medium.MAIL, "OLENA@example.org"))
    ask(database, office, now, Reach(Medium.SMS, "+4915123456789"))


def test_without_a_proof_of_work_only_some_codes_leave(
    database: Database, office: Office, now: datetime
) -> None:
    rules = Fairness(holds_without_proof=2)
    with pytest.raises(ProofMissing), database.write() as session:
        for number in range(3):
            to = Reach(Medium.MAIL, f"{number}@example.org")
            proving.count(session, to, now, network="net", address=None, proof="", rules=rules)


def test_one_field_takes_mail_and_phone() -> None:
    assert proving.reach(" a@Example.org ") == Reach(Medium.MAIL, "a@example.org")
    assert proving.reach("0151 23456789") == Reach(Medium.SMS, "+4915123456789")
    for typed in ("", "a@b@", "12"):
        with pytest.raises(Invalid) as caught:
            proving.reach(typed)
        assert caught.value.field == "contact"


def test_nothing_is_stored_but_the_message(database: Database, office: Office, now: datetime) -> None:
    ask(database, office, now, about="secret")
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 1
        message = session.scalars(select(Message)).one()
        assert b"secret" not in (message.envelope or b"")
        assert (message.kind, message.expires_at) == ("contact_code", now + proving.GOOD_FOR)
