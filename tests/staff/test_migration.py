"""The migration that gives accounts several offices keeps where each of them was valid, up and down."""

from datetime import datetime

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DatabaseError

from frontoffice import clock, events, schema
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.offices.models import Office
from frontoffice.staff.models import Account, AccountOffice
from tests.line.parts import LONG_AGO, account, token
from tests.sample import sample_office


def test_accounts_keep_their_offices(database: Database, office: Office, now: datetime) -> None:
    with database.write() as session:
        other = sample_office(session, "nebenstadt")
        here = account(session, "here", office=office)
        account(session, "all")
        both = account(session, "both", office=office)
        both.places.append(AccountOffice(office_id=other.id))
        account(session, "nowhere").everywhere = False
        token(session, here, now)
        events.append(session, None, "sign_in.done", now, actor="account:1", subject="account:1")
        events.append(session, office.id, "ticket.called", now, actor="account:1", subject="ticket:1")
    schema.downgrade(database, "0018")
    with database.read() as session:
        rows = session.execute(text("SELECT username, office_id, active FROM account ORDER BY id")).all()
        assert [tuple(each) for each in rows] == [
            ("here", office.id, True),
            ("all", None, True),
            ("both", office.id, True),
            ("nowhere", None, False),
        ]
        assert session.execute(text("SELECT count(*) FROM event")).scalar_one() == 1
    schema.upgrade(database)
    with database.read() as session:
        found = {each.username: each for each in session.scalars(select(Account)).unique()}
        assert (found["here"].everywhere, found["here"].office_ids) == (False, {office.id})
        assert (found["all"].everywhere, found["all"].office_ids) == (True, set())
        assert session.scalars(select(Event.kind)).all() == ["ticket.called"]


@pytest.mark.parametrize("what", ["change", "delete", "delete all"])
def test_the_database_refuses_to_change_an_event_or_to_lose_a_young_one(
    database: Database, office: Office, what: str
) -> None:
    with database.write() as session:
        events.append(session, office.id, "ticket.called", clock.now(), actor="account:1", subject="ticket:1")
    statement = {
        "change": "UPDATE event SET actor = 'somebody else'",
        "delete": "DELETE FROM event",
        "delete all": "DELETE FROM event" if database.is_sqlite else "TRUNCATE event",
    }[what]
    with pytest.raises(DatabaseError, match="events are"), database.write() as session:
        session.execute(text(statement))


def test_an_old_event_may_be_forgotten_but_not_changed(
    database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        events.append(session, office.id, "ticket.called", LONG_AGO, actor="account:1", subject="ticket:1")
    with pytest.raises(DatabaseError, match="never changed"), database.write() as session:
        session.execute(update(Event).values(actor="account:2"))
    with database.write() as session:
        assert events.forget(session, now) == 1
        assert session.scalars(select(Event)).all() == []
