"""Watches under a new key, and what the doctor finds."""

from datetime import datetime, timedelta

from sqlalchemy import update

from frontoffice import rotation
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import watch_checks, watching
from frontoffice.documents.contact import Contact
from frontoffice.documents.models import ExpiryWatch, WatchState
from frontoffice.offices.models import Office
from frontoffice.vault import Vault
from tests.conftest import KEY
from tests.documents.parts import MAIL, deliver, rows, watches

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
