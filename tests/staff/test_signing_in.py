"""Signing in: who gets a session, how long it lasts, and how guessing is slowed down."""

from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from frontoffice.db import Database
from frontoffice.errors import TooMany
from frontoffice.staff import passwords, signing_in
from frontoffice.staff.models import Account, StaffSession
from frontoffice.staff.signing_in import WrongCredentials
from tests.line.parts import PASSWORD, account

HOURS = 10


@pytest.fixture
def miriam(database: Database) -> Account:
    with database.write() as session:
        return account(session, "miriam")


def sign_in(database: Database, now: datetime, username: str = "miriam", password: str = PASSWORD) -> str:
    with database.read() as session:
        proof = signing_in.prove(session, username, password)
    with database.write() as session:
        return signing_in.begin(session, proof, now, HOURS)[0]


def whose(database: Database, token: str, now: datetime) -> int | None:
    with database.read() as session:
        found = signing_in.account_of(session, token, now)
        return found.id if found else None


def test_the_right_password_opens_a_session_that_ends_by_itself(
    database: Database, miriam: Account, now: datetime
) -> None:
    token = sign_in(database, now)
    end = now + timedelta(hours=HOURS)
    assert whose(database, token, now) == miriam.id
    assert whose(database, token, end - timedelta(seconds=1)) == miriam.id
    assert whose(database, token, end) is None


def test_the_token_itself_is_not_stored(database: Database, miriam: Account, now: datetime) -> None:
    token = sign_in(database, now)
    with database.read() as session:
        stored = session.scalars(select(StaffSession.token_fingerprint)).one()
    assert token not in stored
    assert whose(database, stored, now) is None


def test_signing_out_ends_this_session_and_no_other(
    database: Database, miriam: Account, now: datetime
) -> None:
    here, elsewhere = sign_in(database, now), sign_in(database, now)
    with database.write() as session:
        signing_in.sign_out(session, here, now)
    assert whose(database, here, now) is None
    assert whose(database, elsewhere, now) == miriam.id


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("miriam", "a wrong password"),
        ("nobody", PASSWORD),
        ("", ""),
        ("miriam\x00", PASSWORD),
        ("miriam", "x" * 5000),
    ],
)
def test_whatever_is_wrong_the_answer_is_the_same(
    database: Database, miriam: Account, now: datetime, username: str, password: str
) -> None:
    with pytest.raises(WrongCredentials) as refusal:
        sign_in(database, now, username, password)
    assert str(refusal.value) == WrongCredentials.sentence


def test_an_unknown_user_name_costs_the_same_work_as_a_wrong_password(
    database: Database, miriam: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    real = PasswordHasher.verify

    def counting(hasher: PasswordHasher, password_hash: str, password: str) -> bool:
        checked.append(password_hash.rsplit("$", 2)[0])
        return real(hasher, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counting)
    for username in ("miriam", "nobody"):
        with pytest.raises(WrongCredentials), database.read() as session:
            signing_in.prove(session, username, "a wrong password")
    known, unknown = checked
    assert known == unknown, "one hash each, with the same parameters"


def test_who_has_left_cannot_sign_in_and_an_open_session_ends(
    database: Database, miriam: Account, now: datetime
) -> None:
    token = sign_in(database, now)
    with database.write() as session:
        session.get_one(Account, miriam.id).active = False
    assert whose(database, token, now) is None
    with pytest.raises(WrongCredentials):
        sign_in(database, now)


def test_a_hash_with_old_parameters_is_renewed_when_its_owner_signs_in(
    database: Database, miriam: Account, now: datetime
) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with database.write() as session:
        session.get_one(Account, miriam.id).password_hash = old
    sign_in(database, now)
    with database.read() as session:
        renewed = session.get_one(Account, miriam.id).password_hash
    assert renewed != old
    assert not passwords.hasher.check_needs_rehash(renewed)
    assert sign_in(database, now)


def test_guessing_at_one_user_name_is_stopped_from_wherever_it_comes(
    database: Database, now: datetime
) -> None:
    def attempt(network: str, username: str = "miriam") -> None:
        with database.write() as session:
            signing_in.count_attempt(session, username, network, 3, now)

    for network in ("a" * 64, "b" * 64, "c" * 64):
        attempt(network)
    with pytest.raises(TooMany):
        attempt("d" * 64, "MIRIAM")
    attempt("d" * 64, "jonas")


def test_one_network_cannot_try_all_user_names_but_a_whole_office_can_sign_in(
    database: Database, now: datetime
) -> None:
    allowed = 3 * signing_in.ATTEMPTS_OF_A_NETWORK
    with pytest.raises(TooMany):
        for number in range(allowed + 1):
            with database.write() as session:
                signing_in.count_attempt(session, f"user{number}", "a" * 64, 3, now)
    assert number == allowed


def test_sessions_that_ended_long_ago_are_forgotten(
    database: Database, miriam: Account, now: datetime
) -> None:
    sign_in(database, now - timedelta(days=60))
    token = sign_in(database, now)
    with database.write() as session:
        signing_in.forget(session, now)
    with database.read() as session:
        assert len(session.scalars(select(StaffSession)).all()) == 1
    assert whose(database, token, now) == miriam.id
