"""Administrators act on accounts at the same moment, in processes: one of them always remains, a link counts once."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.staff import administering, passwords, signing_in
from frontoffice.staff.models import Account, Role
from tests.line.parts import account
from tests.races.crew import SIZE, Crew

ROUNDS = 4


def take_away(session: Session, _config: Config, number: int, now: datetime, how: str) -> str:
    """What the page does: the account loses its role, its other offices, or the right to sign in."""
    found = administering.find(session, number)
    administering.change(
        session,
        found,
        now,
        name=found.name,
        role=Role.AUDITOR if how == "role" else found.role,
        offices=[] if how == "offices" else None,
        active=how != "active",
        actor="account:0",
    )
    return "taken"


def set_anew(session: Session, _config: Config, secret: str, password: str, now: datetime) -> str:
    """What the page of a link does."""
    found = administering.account_of_link(session, secret, now, lock=True)
    signing_in.change_password(session, found, None, password, now)
    return password


@pytest.mark.parametrize("how", ["role", "active"])
def test_administrators_who_take_each_others_right_leave_one(
    crew: Crew, config: Config, database: Database, now: datetime, how: str
) -> None:
    with database.write() as session:
        everybody = [account(session, f"admin{n}", Role.ADMINISTRATOR).id for n in range(SIZE)]
    for _round in range(ROUNDS):
        with database.write() as session:
            for each in session.scalars(select(Account)).unique():
                each.role, each.active = Role.ADMINISTRATOR, True
        ring = [*everybody[1:], everybody[0]]
        [outcomes] = crew.race(config, [[(take_away, number, now, how) for number in ring]])
        assert sorted(outcomes) == ["LastAdministrator", *["taken"] * (SIZE - 1)]
        with database.read() as session:
            left = select(Account).where(Account.role == Role.ADMINISTRATOR, Account.active)
            assert len(session.scalars(left).unique().all()) == 1


def test_a_link_that_is_used_twice_at_once_sets_one_password(
    crew: Crew, config: Config, database: Database, now: datetime
) -> None:
    for number in range(ROUNDS):
        with database.write() as session:
            who = account(session, f"miriam{number}")
            secret = administering.reset_password(session, who, now, actor="account:0")
            wanted = who.id
        typed = [f"four words at random: {number} {place}" for place in range(SIZE)]
        [outcomes] = crew.race(config, [[(set_anew, secret, each, now) for each in typed]])
        assert outcomes.count("NotFound") == SIZE - 1, outcomes
        [stands] = [each for each in outcomes if each != "NotFound"]
        with database.read() as session:
            kept = session.get_one(Account, wanted).password_hash
        assert passwords.matches(kept or "", stands)
