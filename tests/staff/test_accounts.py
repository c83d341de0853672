"""Accounts: who can be added, and how passwords are kept."""

from datetime import datetime

import pytest
from argon2 import PasswordHasher

from frontoffice.db import Database
from frontoffice.errors import Invalid
from frontoffice.offices.models import Office
from frontoffice.staff import accounts, passwords
from frontoffice.staff.models import Role

PASSWORD = "a long enough password"


def test_an_account_is_found_whatever_the_capitals(database: Database, office: Office, now: datetime) -> None:
    with database.write() as session:
        added = accounts.add(session, " Miriam ", "Miriam  Beispiel", PASSWORD, Role.FRONT_DESK, office, now)
    with database.read() as session:
        found = accounts.find(session, "MIRIAM")
        assert found is not None
        assert (found.id, found.name, found.role, found.office_ids) == (
            added.id,
            "Miriam Beispiel",
            Role.FRONT_DESK,
            {office.id},
        )


def test_the_password_is_kept_as_an_argon2id_hash_only(database: Database, now: datetime) -> None:
    with database.write() as session:
        added = accounts.add(session, "miriam", "Miriam", PASSWORD, Role.FRONT_DESK, None, now)
    assert added.password_hash.startswith("$argon2id$")
    assert PASSWORD not in added.password_hash
    assert passwords.matches(added.password_hash, PASSWORD)
    assert not passwords.matches(added.password_hash, PASSWORD + "!")


def test_a_hash_costs_an_attacker_memory_and_time(real_hasher: PasswordHasher) -> None:
    assert (real_hasher.memory_cost, real_hasher.time_cost) == (64 * 1024, 3)
    assert real_hasher.hash(PASSWORD).startswith("$argon2id$")


def test_a_user_name_is_given_once(database: Database, now: datetime) -> None:
    with database.write() as session:
        accounts.add(session, "miriam", "Miriam", PASSWORD, Role.FRONT_DESK, None, now)
    with pytest.raises(accounts.UsernameTaken), database.write() as session:
        accounts.add(session, "Miriam", "Another", PASSWORD, Role.CASEWORKER, None, now)


@pytest.mark.parametrize(
    ("username", "name", "password", "field"),
    [
        ("m", "Miriam", PASSWORD, "username"),
        ("miriam beispiel", "Miriam", PASSWORD, "username"),
        ("miriam\x00", "Miriam", PASSWORD, "username"),
        ("m" * 61, "Miriam", PASSWORD, "username"),
        ("miriam", " ", PASSWORD, "name"),
        ("miriam", "Miriam\x00", PASSWORD, "name"),
        ("miriam", "M" * 121, PASSWORD, "name"),
        ("miriam", "Miriam", "eleven char", "password"),
        ("miriam", "Miriam", "x" * 201, "password"),
    ],
)
def test_what_cannot_be_used_is_named(
    database: Database, now: datetime, username: str, name: str, password: str, field: str
) -> None:
    with pytest.raises(Invalid) as refusal, database.write() as session:
        accounts.add(session, username, name, password, Role.FRONT_DESK, None, now)
    assert refusal.value.field == field
    with database.read() as session:
        assert accounts.find(session, "miriam") is None
