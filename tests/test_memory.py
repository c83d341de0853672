"""What seldom changes is kept for some seconds: never longer than until this process changes it."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import memory
from frontoffice.db import Database
from frontoffice.offices.models import Office
from frontoffice.vault import Vault

memory.seldom_changed(Office)


def name(session: Session) -> str:
    def read() -> str:
        return session.scalars(select(Office.name)).one()

    return memory.remembered(session, "name of the office", read)


def seen(database: Database) -> str:
    with database.read() as session:
        return name(session)


def rename(session: Session, new: str) -> None:
    session.scalars(select(Office)).one().name = new
    session.flush()


def test_what_this_process_changes_is_seen_at_once(database: Database, office: Office) -> None:
    assert seen(database) == office.name
    with database.write() as session:
        rename(session, "Another")
        assert name(session) == "Another"
    assert seen(database) == "Another"


def test_what_is_undone_was_never_seen_by_others(database: Database, office: Office) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as session:
        rename(session, "Another")
        assert name(session) == "Another"
        raise ZeroDivisionError
    assert seen(database) == office.name


def test_what_another_process_changes_is_seen_after_some_seconds(
    database: Database, database_url: str, vault: Vault, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Database(database_url, vault)
    assert seen(database) == office.name
    with elsewhere.write() as session:
        rename(session, "Another")
    elsewhere.close()
    assert seen(database) == office.name, "it is asked for again only after a while"
    moment = memory.monotonic() + memory.KEPT_SECONDS + 1
    monkeypatch.setattr("frontoffice.memory.monotonic", lambda: moment)
    assert seen(database) == "Another"


def test_it_does_not_grow_for_ever(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frontoffice.memory.MOST_KEPT", 3)
    with database.read() as session:
        for number in range(10):
            memory.remembered(session, number, lambda number=number: number)  # type: ignore[misc]
    assert len(database.memory._kept) <= 3
