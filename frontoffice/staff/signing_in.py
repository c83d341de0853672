"""Signing in and out. One StaffSession serves the browser's cookie and the API's bearer token.

Checking a password takes long on purpose, so it happens outside of any write transaction: signing in is three
steps, each in a transaction of its own.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from frontoffice import limits, vault
from frontoffice.errors import N_, NotSignedIn
from frontoffice.quick import Quick, made
from frontoffice.staff import accounts
from frontoffice.staff.models import Account, StaffSession

WINDOW = timedelta(minutes=15)
# A whole office signs in at eight o'clock through one address.
ATTEMPTS_OF_A_NETWORK = 20  # times those of one user name
KEPT_AFTER_END = timedelta(days=30)


class WrongCredentials(NotSignedIn):
    """User name or password is wrong; which one is not said."""

    code = "wrong_credentials"
    sentence = N_("The user name or the password is not right. Please check both and try again.")


# Built once, because it is asked with every request of staff.
_COLUMNS = [column.key for column in Account.__table__.columns]
_SIGNED_IN = Quick(
    select(Account.__table__)
    .join(StaffSession, StaffSession.account_id == Account.id)
    .where(
        StaffSession.token_fingerprint == bindparam("fingerprint"),
        StaffSession.ended_at.is_(None),
        StaffSession.expires_at > bindparam("now"),
        Account.active,
    )
)


@dataclass(frozen=True)
class Proof:
    """Somebody knows the password. `renewed` is its hash under today's parameters, if those have changed."""

    account_id: int
    password_hash: str
    renewed: str | None


def count_attempt(session: Session, username: str, network: str, limit: int, now: datetime) -> None:
    """First step, to be committed by itself: count the attempt. Raises TooMany.

    `limit` is for one user name in a quarter of an hour; `network` is a keyed hash of where it comes from.
    """
    who = vault.of(session).digest("sign-in", accounts.normalise(username))
    limits.hit(session, "sign_in.network", network, limit * ATTEMPTS_OF_A_NETWORK, WINDOW, now)
    limits.hit(session, "sign_in.username", who, limit, WINDOW, now)


def prove(session: Session, username: str, password: str) -> Proof:
    """Second step, reading only: check the password.

    Raises WrongCredentials, after the same time whatever is wrong.
    """
    unknown = _hash_of_nobody()
    account = accounts.find(session, username)
    password_hash = account.password_hash if account else unknown
    if not accounts.matches(password_hash, password[: accounts.LONGEST_PASSWORD + 1]) or account is None:
        raise WrongCredentials
    renew = accounts.hasher.check_needs_rehash(password_hash)
    return Proof(account.id, password_hash, accounts.hasher.hash(password) if renew else None)


def begin(session: Session, proof: Proof, now: datetime, hours: int) -> tuple[str, datetime]:
    """Third step: begin a session; returns its token, of which we keep only a fingerprint, and its end."""
    if proof.renewed:
        session.execute(
            update(Account)
            .where(Account.id == proof.account_id, Account.password_hash == proof.password_hash)
            .values(password_hash=proof.renewed)
        )
    token = secrets.token_urlsafe(32)
    expires_at = now + timedelta(hours=hours)
    session.add(
        StaffSession(
            account_id=proof.account_id,
            token_fingerprint=vault.fingerprint(token),
            created_at=now,
            expires_at=expires_at,
        )
    )
    session.flush()
    return token, expires_at


def account_of(session: Session, token: str, now: datetime) -> Account | None:
    """The active account signed in with this token; None where the token is unknown, has ended or expired."""
    session.flush()
    for row in _SIGNED_IN.run(session, {"fingerprint": vault.fingerprint(token), "now": now}):
        return made(session, Account, dict(zip(_COLUMNS, row, strict=True)))
    return None


def sign_out(session: Session, token: str, now: datetime) -> None:
    """End the session of this token; does nothing where there is none."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.token_fingerprint == vault.fingerprint(token), StaffSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def forget(session: Session, now: datetime) -> None:
    """Drop the sessions that expired a month ago."""
    session.execute(delete(StaffSession).where(StaffSession.expires_at <= now - KEPT_AFTER_END))


@cache
def _hash_of_nobody() -> str:
    return accounts.hasher.hash(secrets.token_urlsafe())
