"""Signing in and out. One StaffSession serves the browser's cookie and the API's bearer token.

Checking a password takes long on purpose, so it happens outside of any write transaction: signing in is three
steps, each in a transaction of its own. Where more than the password is needed (`Step`), the session opens nothing
but that until it has come.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from frontoffice import events, limits, vault
from frontoffice.errors import N_, Invalid, NotSignedIn, TooMany
from frontoffice.quick import Quick, Rider, made
from frontoffice.staff import accounts, passwords, second_factor
from frontoffice.staff.accounts import subject_of
from frontoffice.staff.models import (
    Account,
    AccountOffice,
    KnownBrowser,
    PasswordLink,
    Role,
    StaffSession,
    Step,
)

WINDOW = timedelta(minutes=15)
# A whole office signs in at eight o'clock through one address.
ATTEMPTS_OF_A_NETWORK = 20  # times those of one user name
KEPT_AFTER_END = timedelta(days=30)
STEP_LASTS = timedelta(minutes=15)
MOST_WRONG_CODES = 5
BROWSER_KNOWN = timedelta(days=180)  # since somebody last signed in with it


class WrongCredentials(NotSignedIn):
    """User name or password is wrong; which one is not said."""

    code = "wrong_credentials"
    sentence = N_("The user name or the password is not right. Please check both and try again.")


class CodeNeeded(NotSignedIn):
    """A program has not sent the code of the second factor, or a wrong one."""

    code = "code_needed"
    sentence = N_("This account needs the code that its app shows. Please send it as well.")


class StepNeeded(NotSignedIn):
    """A program cannot do what is needed first."""

    code = "step_needed"
    sentence = N_("Please sign in with a browser first: the password or the second factor has to be set.")


# What is asked of a session and its account at every request; the rest is read where somebody asks for it.
_SESSION = ("id", "account_id", "step", "expires_at", "idle_until", "by_oidc")
_ACCOUNT = ("id", "username", "name", "role", "everywhere", "must_change_password")
_PLACE = ("account_id", "office_id")
_WIDTH = len(_SESSION) + len(_ACCOUNT) + 1
_QUERY = (
    select(
        *(StaffSession.__table__.c[name] for name in _SESSION),
        *(Account.__table__.c[name] for name in _ACCOUNT),
        AccountOffice.office_id,
    )
    .select_from(StaffSession)
    .join(Account, Account.id == StaffSession.account_id)
    .outerjoin(AccountOffice, AccountOffice.account_id == Account.id)
    .where(
        StaffSession.token_fingerprint == bindparam("fingerprint"),
        StaffSession.ended_at.is_(None),
        StaffSession.expires_at > bindparam("now"),
        StaffSession.idle_until > bindparam("now"),
        Account.active,
    )
)
# Built once, because it is asked with every request of staff.
_SIGNED_IN = Quick(_QUERY)
_WITH_RIDER = cache(lambda extend: Quick(extend(_QUERY.where(StaffSession.step.is_(None)))))


@dataclass(frozen=True)
class Proof:
    """Somebody knows the password. `renewed` is its hash under today's parameters, if those have changed."""

    account_id: int
    password_hash: str
    renewed: str | None


@dataclass(frozen=True)
class Lasting:
    """How long sessions last: in all, and without being used."""

    hours: int
    idle_minutes: int

    @property
    def idle(self) -> timedelta:
        """How long a session may be left alone."""
        return timedelta(minutes=self.idle_minutes)


def count_attempt(
    session: Session, username: str, network: str, limit: int, now: datetime, browser: str | None = None
) -> None:
    """First step, to be committed by itself: count the attempt. Raises TooMany.

    `limit` is for one user name in a quarter of an hour; `network` is a keyed hash of where it comes from. A `browser`
    in which this account has signed in before has attempts of its own: who guesses elsewhere locks nobody out.
    """
    name = accounts.normalise(username)
    sealer = vault.of(session)
    if browser and _is_known(session, name, browser, now):
        who = sealer.digest("sign-in", f"{name}\x00{vault.fingerprint(browser)}")
        limits.hit(session, "sign_in.browser", who, limit, WINDOW, now)
        return
    count_network(session, network, limit, now)
    limits.hit(session, "sign_in.username", sealer.digest("sign-in", name), limit, WINDOW, now)


def count_network(session: Session, network: str, limit: int, now: datetime) -> None:
    """Count an attempt that comes from there; `limit` is for one user name. Raises TooMany."""
    limits.hit(session, "sign_in.network", network, limit * ATTEMPTS_OF_A_NETWORK, WINDOW, now)


def prove(session: Session, username: str, password: str, *, of_linked: bool = True) -> Proof:
    """Second step, reading only: check the password.

    Raises WrongCredentials, after the same time whatever is wrong. Accounts that sign in through the organisation
    have passwords only where `of_linked` says so.
    """
    account = accounts.find(session, username)
    usable = account is not None and (of_linked or account.subject is None)
    password_hash = (account.password_hash if account and usable else None) or _hash_of_nobody()
    right = passwords.matches(password_hash, password[: passwords.LONGEST + 1])
    if not right or account is None or password_hash != account.password_hash:
        raise WrongCredentials
    renew = passwords.hasher.check_needs_rehash(password_hash)
    return Proof(account.id, password_hash, passwords.hasher.hash(password) if renew else None)


def step_of(account: Account, two_factors: Collection[Role]) -> Step | None:
    """What is needed after the password; `two_factors` are the roles that must have a second factor."""
    if account.totp is not None:
        return Step.CODE
    return _step_then(account, two_factors)


def begin(
    session: Session,
    proof: Proof,
    now: datetime,
    hours: int,
    *,
    step: Step | None = None,
    idle_minutes: int | None = None,
    browser: str | None = None,
) -> tuple[str, datetime]:
    """Third step: begin a session; returns its token, of which we keep only a fingerprint, and its end."""
    if proof.renewed:
        session.execute(
            update(Account)
            .where(Account.id == proof.account_id, Account.password_hash == proof.password_hash)
            .values(password_hash=proof.renewed)
        )
    lasting = Lasting(hours, idle_minutes if idle_minutes is not None else hours * 60)
    return open_session(session, proof.account_id, now, lasting, step=step, browser=browser)


def open_session(
    session: Session,
    account_id: int,
    now: datetime,
    lasting: Lasting,
    *,
    step: Step | None = None,
    browser: str | None = None,
    by_oidc: bool = False,
) -> tuple[str, datetime]:
    """A new session of somebody who has proven who they are; its token and its end."""
    token = secrets.token_urlsafe(32)
    expires_at = now + (STEP_LASTS if step else timedelta(hours=lasting.hours))
    session.add(
        StaffSession(
            account_id=account_id,
            token_fingerprint=vault.fingerprint(token),
            step=step,
            created_at=now,
            expires_at=expires_at,
            idle_until=expires_at if step else min(expires_at, now + lasting.idle),
            browser=browser,
            by_oidc=by_oidc,
        )
    )
    session.flush()
    if step is None:
        session.execute(update(Account).where(Account.id == account_id).values(signed_in_at=now))
        who = subject_of(account_id)
        events.append(session, None, "sign_in.done", now, actor=who, subject=who, data={"oidc": by_oidc})
    return token, expires_at


def session_of(
    session: Session, token: str, now: datetime, rider: Rider | None = None
) -> StaffSession | None:
    """The session of this token with its account, whatever step it waits for; None where it has ended.

    The statement of the `rider` is a function that adds columns and joins to the one that is run here. It takes one row
    of them, where there is one and the session waits for no step.
    """
    session.flush()
    values = {"fingerprint": vault.fingerprint(token), "now": now}
    rows: list[tuple[Any, ...]] = []
    if rider is not None and (rows := _WITH_RIDER(rider.statement).run(session, {**values, **rider.values})):
        rider.has_ridden(session, rows[0][_WIDTH:])
    if not rows:
        rows = _SIGNED_IN.run(session, values)
    return _built(session, rows) if rows else None


def account_of(session: Session, token: str, now: datetime) -> Account | None:
    """The active account signed in with this token; None where the token is unknown, has ended or expired."""
    found = session_of(session, token, now)
    return found.account if found and found.step is None else None


def is_due_to_be_used(found: StaffSession, idle: timedelta, now: datetime) -> bool:
    """Whether it should be noted that the session is used: a tenth of the idle time after the last note."""
    return found.idle_until < min(found.expires_at, now + idle * 0.9)


def used(session: Session, session_id: int, idle: timedelta, now: datetime) -> None:
    """Note that the session is used."""
    found = session.get(StaffSession, session_id)
    if found is not None and found.ended_at is None and found.step is None:
        found.idle_until = max(found.idle_until, min(found.expires_at, now + idle))


def enter_code(session: Session, half: StaffSession, code: str, limit: int, now: datetime) -> bool:
    """Check the code of the second factor; after five wrong ones the sign-in is over. Says whether it is right.

    Counts per account, so that other sign-ins do not give more tries. Raises TooMany.
    """
    limits.hit(
        session, "sign_in.code", vault.of(session).digest("code", str(half.account_id)), limit, WINDOW, now
    )
    if second_factor.use(session, half.account, code, now):
        return True
    half.wrong_codes += 1
    if half.wrong_codes >= MOST_WRONG_CODES:
        half.ended_at = now
    session.flush()
    failed(session, half.account_id, "code", now)
    return False


def go_on(
    session: Session, half: StaffSession, now: datetime, lasting: Lasting, two_factors: Collection[Role]
) -> tuple[str, datetime, Step | None]:
    """A step is done: end this session, and begin the next one, which may need another step."""
    half.ended_at = now
    step = _step_then(half.account, two_factors)
    token, end = open_session(session, half.account_id, now, lasting, step=step, browser=half.browser)
    return token, end, step


def sign_out(session: Session, token: str, now: datetime) -> None:
    """End the session of this token; does nothing where there is none."""
    ended = session.execute(
        update(StaffSession)
        .where(StaffSession.token_fingerprint == vault.fingerprint(token), StaffSession.ended_at.is_(None))
        .values(ended_at=now)
        .returning(StaffSession.account_id)
    ).scalar_one_or_none()
    if ended is not None:
        who = subject_of(ended)
        events.append(session, None, "sign_in.ended", now, actor=who, subject=who)


def end_sessions(session: Session, account_id: int, now: datetime, *, but: str | None = None) -> None:
    """End all sessions of the account, `but` the one with this token."""
    ending = update(StaffSession).where(
        StaffSession.account_id == account_id, StaffSession.ended_at.is_(None)
    )
    if but is not None:
        ending = ending.where(StaffSession.token_fingerprint != vault.fingerprint(but))
    session.execute(ending.values(ended_at=now))


def remember_browser(session: Session, account_id: int, browser: str, now: datetime) -> None:
    """From now on the account is known in the browser with this secret."""
    session.merge(KnownBrowser(account_id=account_id, fingerprint=vault.fingerprint(browser), last_at=now))
    session.flush()


def forget_browsers(session: Session, account_id: int) -> None:
    """The account is known in no browser any more."""
    session.execute(delete(KnownBrowser).where(KnownBrowser.account_id == account_id))


def failed(session: Session, account_id: int | None, why: str, now: datetime, network: str = "") -> None:
    """Put on record that somebody could not sign in; what they typed as user name is not kept."""
    subject = subject_of(account_id) if account_id is not None else "account:unknown"
    data = {"why": why, "network": network[:8]}
    events.append(session, None, "sign_in.failed", now, actor="visitor", subject=subject, data=data)


def locked(session: Session, username: str, now: datetime, network: str) -> None:
    """Put on record, once in a quarter of an hour, that no more attempts are taken for a user name."""
    who = vault.of(session).digest("sign-in", accounts.normalise(username))
    try:
        limits.hit(session, "sign_in.locked", who, 1, WINDOW, now)
    except TooMany:
        return
    account = accounts.find(session, username)
    subject = subject_of(account.id) if account else "account:unknown"
    events.append(
        session, None, "sign_in.locked", now, actor="visitor", subject=subject, data={"network": network[:8]}
    )


def change_password(session: Session, account: Account, old: str | None, new: str, now: datetime) -> None:
    """Set a new password; `old` is None where a link or a first sign-in has stood in for it. Raises Invalid.

    What signed in with the old one has ended then; the caller begins a new session.
    """
    current = account.password_hash or _hash_of_nobody()
    if old is not None and not passwords.matches(current, old[: passwords.LONGEST + 1]):
        raise Invalid("old", N_("This is not your current password."))
    if account.password_hash and passwords.matches(account.password_hash, new[: passwords.LONGEST + 1]):
        raise Invalid("password", N_("Please choose a password that you do not have already."))
    account.password_hash = passwords.hashed(new, account.username, account.name)
    account.must_change_password = False
    end_sessions(session, account.id, now)
    forget_browsers(session, account.id)
    session.execute(
        update(PasswordLink)
        .where(PasswordLink.account_id == account.id, PasswordLink.used_at.is_(None))
        .values(used_at=now)
    )
    second_factor.happened(session, account, "account.password_changed", now, subject_of(account.id))


def forget(session: Session, now: datetime) -> None:
    """Drop the sessions that expired a month ago, browsers long unused, and links that are over."""
    session.execute(delete(StaffSession).where(StaffSession.expires_at <= now - KEPT_AFTER_END))
    session.execute(delete(KnownBrowser).where(KnownBrowser.last_at <= now - BROWSER_KNOWN))
    session.execute(delete(PasswordLink).where(PasswordLink.expires_at <= now - KEPT_AFTER_END))


def _step_then(account: Account, two_factors: Collection[Role]) -> Step | None:
    """What is needed after the code, or where there is none."""
    if account.must_change_password:
        return Step.PASSWORD
    return Step.ENROL if account.totp is None and account.role in two_factors else None


def _built(session: Session, rows: Sequence[tuple[Any, ...]]) -> StaffSession:
    """Of one row for each of the account's offices."""
    row = rows[0]
    found = made(session, StaffSession, dict(zip(_SESSION, row, strict=False)))
    account = made(session, Account, dict(zip(_ACCOUNT, row[len(_SESSION) :], strict=False)))
    offices = [each[_WIDTH - 1] for each in rows if each[_WIDTH - 1] is not None]
    places = [
        made(session, AccountOffice, {"account_id": account.id, "office_id": office}, _PLACE)
        for office in offices
    ]
    set_committed_value(account, "places", places)
    set_committed_value(found, "account", account)
    return found


def _is_known(session: Session, username: str, browser: str, now: datetime) -> bool:
    found = session.scalar(
        select(KnownBrowser.account_id)
        .join(Account, Account.id == KnownBrowser.account_id)
        .where(
            Account.username == username,
            KnownBrowser.fingerprint == vault.fingerprint(browser),
            KnownBrowser.last_at > now - BROWSER_KNOWN,
        )
    )
    return found is not None


@cache
def _hash_of_nobody() -> str:
    return passwords.hasher.hash(secrets.token_urlsafe())
