"""Watches under a new key, and what the doctor finds."""

from datetime import date, datetime, timedelta

from click.testing import CliRunner
from sqlalchemy import select, update

from frontoffice import cli, rotation
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import personal, watch_checks, watch_sweep, watch_upkeep, watching
from frontoffice.documents.contact import Contact
from frontoffice.documents.models import ExpiryWatch, WatchState
from frontoffice.messages import outbox, preferences, suppression
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import Medium, Message
from frontoffice.messages.suppression import Topic
from frontoffice.offices.models import Office
from frontoffice.personal import Who
from frontoffice.vault import Vault
from tests.conftest import KEY
from tests.documents.parts import MAIL, PHONE, deliver, rows, settings, sweep, watches

NEW = "the new key, long enough to be a key for anything"


def test_a_new_key_alone_opens_and_finds_watches(
    database: Database, database_url: str, config: Config, office: Office, now: datetime
) -> None:
    end = now.date() + timedelta(days=90)
    deliver(database, config, rows(f"1;passport;{end};{MAIL};de"), now)
    both = Database(database_url, Vault([NEW, KEY]))
    again, _ = deliver(both, config, rows(f"1;passport;{end};{MAIL};uk"), now)
    assert (again.new, again.changed) == (0, 1), "it is known while both keys are"
    assert rotation.rotate(both).unreadable == 0
    both.close()
    alone = Database(database_url, Vault([NEW]))
    later, _ = deliver(alone, config, rows(f"1;passport;{end};{MAIL};uk"), now)
    assert (later.new, later.changed) == (0, 0)
    with alone.read() as session:
        [found] = watching.of_contact(session, Contact(mail=MAIL))
        contact = watching.contact_of(session, found)
    assert contact == Contact(mail=MAIL, external="1")
    alone.close()


HEADINGS = "id;kind;expires;phone;mail;language"


def both_ways(end: date) -> str:
    return f"{HEADINGS}\n1;passport;{end};{PHONE};{MAIL};de\n"


def test_who_has_phone_and_mail_is_known_by_either(
    database: Database, database_url: str, config: Config, office: Office, now: datetime
) -> None:
    deliver(database, config, both_ways(now.date() + timedelta(days=90)), now)
    with database.write() as session:
        for contact in (Contact(mail=MAIL), Contact(phone=PHONE), Contact(phone=PHONE, mail=MAIL)):
            assert len(watching.of_contact(session, contact)) == 1
        assert [each.kind for each in personal.find(session, Who(mail=MAIL))] == ["watch"]
        session.execute(update(ExpiryWatch).values(fallback_recipient=None))  # as before it was kept
    both = Database(database_url, Vault([NEW, KEY]))
    rotation.rotate(both)
    assert rotation.rotate(both).rehashed == 0
    both.close()
    alone = Database(database_url, Vault([NEW]))
    with alone.write() as session:
        found = personal.find(session, Who(mail=MAIL))
        personal.forget(session, found, now)
    assert [(each.contact, each.fallback_recipient) for each in watches(alone)] == [(None, None)]
    alone.close()


def test_after_the_upgrade_a_command_finds_the_mails_without_another_key(
    database: Database, database_url: str, config: Config, office: Office, now: datetime
) -> None:
    deliver(database, config, both_ways(now.date() + timedelta(days=90)), now)
    with database.write() as session:
        session.execute(update(ExpiryWatch).values(fallback_recipient=None))
    answer = CliRunner(env=settings(database_url)).invoke(cli.main, ["keys", "rotate", "--hashes"])
    assert (answer.exit_code, answer.output) == (0, "1 keyed hashes made anew\n")
    with database.read() as session:
        assert len(watching.of_contact(session, Contact(mail=MAIL))) == 1


def test_who_switches_off_the_mail_keeps_the_phone(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    deliver(database, config, both_ways(now.date() + timedelta(days=90)), now)
    with database.write() as session:
        [digest, *_] = suppression.digests_of(session, Medium.MAIL, MAIL)
        suppression.mute(session, digest, Topic.REMINDERS, now)
    assert sweep(database, config, now) == 1
    with database.write() as session:
        [message] = session.scalars(select(Message))
        envelope = unseal(database.vault, message.envelope)
        assert envelope is not None
        assert envelope.fallback_to is None
        assert watch_upkeep.forget_muted(session, now) == 1
        assert watch_upkeep.forget_muted(session, now) == 0
        [found] = watching.of_contact(session, Contact(phone=PHONE))
        assert watching.contact_of(session, found) == Contact(phone=PHONE, external="1")
        assert not watching.of_contact(session, Contact(mail=MAIL))


def test_one_click_in_the_mail_that_came_instead_ends_the_reminders(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    deliver(database, config, both_ways(now.date() + timedelta(days=90)), now)
    sweep(database, config, now)
    with database.write() as session:
        mail = outbox.fall_back(session, session.scalars(select(Message)).one(), now)
        assert mail is not None
        preferences.stop_topic(session, preferences.Holding(mail, False), now)
        watch_upkeep.forget_muted(session, now)
    assert [each.state for each in watches(database)] == [WatchState.OPTED_OUT]


def test_a_contact_that_no_key_opens_stays_due_and_is_told(
    database: Database, database_url: str, config: Config, office: Office, now: datetime
) -> None:
    end = now.date() + timedelta(days=90)
    deliver(database, config, rows(*(f"{n};passport;{end};{n}{MAIL};de" for n in range(2))), now)
    [first, second] = watches(database)
    strange = Contact(mail=MAIL).seal(Vault([NEW]))
    with database.write() as session:
        session.execute(update(ExpiryWatch).where(ExpiryWatch.id == first.id).values(contact=strange))
    with database.write() as session:
        swept = watch_sweep.sweep(session, now, settings=config)
        assert (swept.written, swept.unreadable) == (1, 1)
    [left, other] = watches(database)
    assert (left.next_on, left.told_on) == (first.next_on, None)
    assert other.next_on != second.next_on
    with database.read() as session:
        [said] = watch_checks.differences(session)
    assert f"no configured key (the first one is watch {first.id})" in said
    both = Database(database_url, Vault([KEY, NEW]))
    assert sweep(both, config, now) == 1, "once the key is there again"
    both.close()


def test_the_doctor_finds_what_contradicts_itself(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    end = now.date() + timedelta(days=90)
    deliver(database, config, rows(*(f"{n};passport;{end};{n}{MAIL};de" for n in range(3))), now)
    with database.read() as session:
        assert list(watch_checks.differences(session)) == []
    [first, second, third] = watches(database)
    with database.write() as session:
        session.execute(update(ExpiryWatch).where(ExpiryWatch.id == first.id).values(contact=None))
        for number, state in ((second.id, WatchState.APPLIED), (third.id, WatchState.OPTED_OUT)):
            session.execute(update(ExpiryWatch).where(ExpiryWatch.id == number).values(state=state))
    with database.read() as session:
        found = list(watch_checks.differences(session))
    assert len(found) == 3
    assert f"(the first one is watch {first.id})" in found[0]
