"""Statements that are run on the driver itself: same values in and out, same errors."""

from datetime import UTC, datetime, timedelta, timezone
from typing import cast

import pytest
from sqlalchemy import Table, bindparam, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from frontoffice.db import Database
from frontoffice.limits import Tally
from frontoffice.messages.models import MessageState
from frontoffice.offices.models import Closure, Office
from frontoffice.quick import Quick

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TALLIES = cast(Table, Tally.__table__)
ADD = Quick(insert(TALLIES))
FIND = Quick(
    select(TALLIES.c.who, TALLIES.c.until, TALLIES.c.count).where(TALLIES.c.who == bindparam("name"))
)


def tally(who: str, until: datetime = NOON) -> dict[str, object]:
    return {"what": "test", "who": who, "until": until, "count": 3}


def test_values_come_back_as_they_went_in(database: Database) -> None:
    summer = datetime(2026, 7, 1, 14, 0, 0, 250, tzinfo=timezone(timedelta(hours=2)))
    with database.write() as session:
        assert ADD.run(session, tally("a", summer)) == []
        assert FIND.run(session, {"name": "a"}) == [("a", summer, 3)]
    with database.read() as session:
        [(_, until, _)] = FIND.run(session, {"name": "a"})
        assert FIND.run(session, {"name": "nobody"}) == []
    assert until.utcoffset() == timedelta(0)


def test_words_and_lists_keep_their_types(database: Database, office: Office) -> None:
    with database.write() as session:
        session.execute(text('UPDATE office SET languages = \'["de", "ar"]\''))
    found = Quick(select(Office.languages, Office.confirmation, Office.id))
    with database.read() as session:
        [(languages, confirmation, number)] = found.run(session, {})
    assert (languages, number) == (["de", "ar"], office.id)
    assert confirmation is office.confirmation


def test_what_is_done_belongs_to_the_transaction(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as session:
        ADD.run(session, tally("a"))
        raise ZeroDivisionError
    with database.read() as session:
        assert FIND.run(session, {"name": "a"}) == []


def test_errors_are_those_of_every_statement_without_its_parameters(database: Database) -> None:
    with pytest.raises(IntegrityError) as caught, database.write() as session:
        ADD.run(session, tally("Amina Diallo"))
        ADD.run(session, tally("Amina Diallo"))
    assert "[parameters" not in str(caught.value)
    with pytest.raises(DBAPIError, match=r"(?i)read-?only"), database.read() as session:
        ADD.run(session, tally("a"))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_lost_connection_is_noticed_and_replaced(database: Database) -> None:
    with pytest.raises(OperationalError), database.write() as session:
        number = session.scalar(text("SELECT pg_backend_pid()"))
        with database.read() as other:
            other.execute(text("SELECT pg_terminate_backend(:number, 10000)"), {"number": number})
        ADD.run(session, tally("a"))
    with database.write() as session:
        ADD.run(session, tally("b"))


def test_lists_and_defaults_are_given_as_usual(database: Database, office: Office) -> None:
    lists = Quick(select(Tally.who).where(Tally.who.in_(bindparam("names", expanding=True))))
    closure = {"office_id": office.id, "day": NOON.date(), "reason": "Strike"}
    defaults = Quick(insert(Closure).returning(Closure.opens, Closure.reason))
    with database.write() as session:
        for who in ("a", "b", "c"):
            ADD.run(session, tally(who))
        assert sorted(lists.run(session, {"names": ["a", "c"]})) == [("a",), ("c",)]
        assert lists.run(session, {"names": ["b"]}) == [("b",)]
        assert defaults.run(session, closure) == [(None, "Strike")]


def test_constants_in_a_statement_are_kept(database: Database) -> None:
    change = Quick(
        update(TALLIES)
        .where(TALLIES.c.what == "test", TALLIES.c.who == bindparam("name"))
        .values(count=TALLIES.c.count + 4, what=MessageState.SENT.value)
        .returning(TALLIES.c.count, TALLIES.c.what)
    )
    with database.write() as session:
        ADD.run(session, tally("a"))
        assert change.run(session, {"name": "a"}) == [(7, "sent")]
        assert change.run(session, {"name": "a"}) == []
