"""One at a time, whoever else wants to."""

from threading import Thread

import pytest

from frontoffice import alone
from frontoffice.db import Database


def tried(database: Database, what: str) -> bool:
    """Whether another thread is let in."""
    answers = []

    def enter() -> None:
        with alone.inside(database, what) as is_alone:
            answers.append(is_alone)

    thread = Thread(target=enter)
    thread.start()
    thread.join()
    return answers[0]


def test_the_second_is_told_and_let_in_afterwards(database: Database) -> None:
    with alone.inside(database, "one") as is_alone:
        assert is_alone
        assert [tried(database, "one") for _ in range(2)] == [False, False]
    assert tried(database, "one")


def test_what_fails_lets_others_in(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), alone.inside(database, "one"):
        _ = 1 / 0
    assert tried(database, "one")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one lock for everything
def test_different_things_do_not_wait_for_each_other(database: Database) -> None:
    with alone.inside(database, "one"):
        assert tried(database, "another")
