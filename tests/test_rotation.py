"""A new key takes over from an old one, while everything goes on."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import LargeBinary, select
from sqlalchemy.orm import Session

from frontoffice import cli, rotation
from frontoffice import vault as vaults
from frontoffice.booking import appointing, fairness
from frontoffice.booking.models import Appointment
from frontoffice.config import Config
from frontoffice.db import Base, Database
from frontoffice.messages import outbox, suppression
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.messages.suppression import Topic
from frontoffice.offices.models import Service
from frontoffice.vault import Vault
from frontoffice.waitlist import entries
from tests.booking.conftest import planned, renewal, rules
from tests.booking.steps import AMIN, OLENA, at, book_it, hold_it
from tests.conftest import KEY
from tests.waitlist.steps import join

__all__ = ["planned", "renewal", "rules"]

NEW = "the new key, long enough to be a key for anything"


@pytest.fixture
def filled(database: Database, config: Config, renewal: Service, now: datetime) -> Database:
    """What was written under the old key: appointment, wish, messages, an opt-out, a muted topic."""
    _, token = hold_it(database, config, renewal, at(24, "8:00"), now)
    book_it(database, config, token, now)
    join(database, config, AMIN, now)
    with database.write() as session:
        digests = outbox.recipient_digests(database.vault, Medium.SMS, OLENA.phone or "")
        suppression.opt_out(session, digests[0], Medium.SMS, suppression.BY_LINK, now)
        mail = outbox.recipient_digests(database.vault, Medium.MAIL, OLENA.mail or "")
        suppression.mute(session, mail[0], Topic.REMINDERS, now)
    return database


def test_afterwards_the_new_key_alone_opens_and_finds_everything(
    filled: Database, database_url: str, now: datetime
) -> None:
    both = Database(database_url, Vault([NEW, KEY]))
    done = rotation.rotate(both)
    assert {"appointment.person", "message.envelope", "waitlist_entry.person"} <= set(done.resealed)
    assert (done.unreadable, done.rehashed > 0) == (0, True)
    again = rotation.rotate(both)
    assert (again.resealed, again.unreadable, again.rehashed) == ({}, 0, 0), "there is nothing left to do"
    both.close()
    alone = Database(database_url, Vault([NEW]))
    with alone.read() as session:
        one = session.scalars(select(Appointment)).one()
        assert appointing.person_of(session, one) == OLENA
        assert one.person_digest == fairness.digests(alone.vault, OLENA).person
        [wish] = session.scalars(select(entries.WaitlistEntry))
        assert entries.person_of(session, wish) == AMIN
        for message in session.scalars(select(Message)):
            envelope = unseal(alone.vault, message.envelope)
            assert envelope is not None
            assert message.recipient == outbox.recipient_digests(alone.vault, message.medium, envelope.to)[0]
        phone, mail = (
            outbox.recipient_digests(alone.vault, medium, address or "")
            for medium, address in ((Medium.SMS, OLENA.phone), (Medium.MAIL, OLENA.mail))
        )
        assert suppression.reason(session, phone) == suppression.BY_LINK
        assert suppression.muted(session, mail) == {(mail[0], Topic.REMINDERS)}
    alone.close()


def test_what_is_in_flight_stays_the_only_one_to_its_phone(
    filled: Database, database_url: str, now: datetime
) -> None:
    with filled.write() as session:
        message = session.scalars(select(Message).where(Message.medium == Medium.SMS).limit(1)).one()
        message.state, message.lease_until = MessageState.SENDING, now + timedelta(minutes=5)
    both = Database(database_url, Vault([NEW, KEY]))
    current, older = outbox.recipient_digests(both.vault, Medium.SMS, OLENA.phone or "")
    rotation.rotate(both)
    with both.write() as session:
        after = session.get_one(Message, message.id)
        assert after.recipient == current
        assert both.vault.is_current(after.envelope or b"")
        # Another one has got in between, before the two keys were known everywhere.
        after.recipient = older
        other = enqueue_copy(session, after, now)
        other.state = MessageState.UNKNOWN
    done = rotation.rotate(both)
    assert done.rehashed == 0
    with both.write() as session:
        assert session.get_one(Message, message.id).recipient == older
        session.get_one(Message, other.id).state = MessageState.SENT
    assert rotation.rotate(both).rehashed == 1
    both.close()


def enqueue_copy(session: Session, message: Message, now: datetime) -> Message:
    """Another message to the same phone, written now."""
    envelope = unseal(vaults.of(session), message.envelope)
    assert envelope is not None
    copy = outbox.enqueue(
        session,
        kind=message.kind,
        medium=message.medium,
        to=envelope.to,
        language=message.language,
        office_id=message.office_id,
        subject=message.subject,
        dedupe_key=f"copy:{message.id}:{message.medium}",
        parameters=envelope.parameters,
        expires_at=message.expires_at,
        now=now,
    )
    assert copy is not None
    session.flush()
    return copy


def test_what_no_key_opens_is_counted_and_left(filled: Database, database_url: str, tmp_path: Path) -> None:
    with filled.write() as session:
        message = session.scalars(select(Message).limit(1)).one()
        message.envelope = b"nonsense"
    file = tmp_path / "config.toml"
    for keys, code, told in (
        ([KEY], 1, "There is one key only."),
        ([NEW, KEY], 1, "1 fields can be opened with none of the keys."),
    ):
        file.write_text(
            f'[site]\nbase_url = "http://localhost"\nsecret_keys = {keys}\n[database]\nurl = "{database_url}"\n'
        )
        answer = CliRunner().invoke(cli.main, ["--config", str(file), "keys", "rotate"])
        assert (answer.exit_code, told in answer.output) == (code, True), answer.output
    assert "appointment.person: 1 sealed anew" in answer.output


def test_no_secret_is_forgotten() -> None:
    binary = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    sealed = {(table.name, column.name) for table, column in rotation.sealed_columns()}
    assert binary - sealed == rotation.PLAIN
    assert {("ticket", "phone"), ("appointment", "person"), ("draw", "seed")} <= sealed
