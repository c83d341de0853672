"""The second factor: codes of an app that change every half minute (TOTP, RFC 6238), and codes for when it is lost."""

import base64
import hmac
import secrets
from datetime import datetime

import pyotp
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from frontoffice import events, vault
from frontoffice.errors import N_, Invalid
from frontoffice.staff.accounts import subject_of
from frontoffice.staff.models import Account, RecoveryCode

SECONDS = 30
DRIFT = 1  # steps that a telephone's clock may be ahead or behind
RECOVERY_CODES = 10
WRONG = N_("This code is not right. Please enter the one that the app shows now.")


def prepare(session: Session, account: Account, *, anew: bool = False) -> str:
    """The secret that the account's owner is setting up (base32); the same until it is confirmed, or `anew`."""
    sealer = vault.of(session)
    if account.totp_new is None or anew:
        account.totp_new = sealer.seal(pyotp.random_base32())
        session.flush()
    secret: str = sealer.open(account.totp_new)
    return secret


def address(secret: str, account: Account, site: str) -> str:
    """What the QR code says to the app."""
    return pyotp.TOTP(secret, interval=SECONDS).provisioning_uri(name=account.username, issuer_name=site)


def confirm(session: Session, account: Account, code: str, now: datetime) -> list[str]:
    """The app works: from now on its codes are asked for. Returns recovery codes, to be shown this once.

    Raises Invalid where the code is not one of the secret that is being set up.
    """
    step = _step(vault.of(session).open(account.totp_new), code, now) if account.totp_new else None
    if step is None:
        raise Invalid("code", WRONG)
    account.totp, account.totp_new, account.totp_step = account.totp_new, None, step
    codes = _new_codes(session, account)
    happened(session, account, "account.totp_set", now, subject_of(account.id))
    return codes


def renew_codes(session: Session, account: Account, now: datetime) -> list[str]:
    """New recovery codes; the old ones open nothing any more."""
    codes = _new_codes(session, account)
    happened(session, account, "account.codes_renewed", now, subject_of(account.id))
    return codes


def use(session: Session, account: Account, code: str, now: datetime) -> bool:
    """Whether the code is right: the app's, or a recovery code. Each counts once, whoever comes first with it."""
    typed = "".join(each for each in code if each.isalnum()).lower()
    if len(typed) == 16:
        return _use_recovery(session, account, typed, now)
    step = _step(vault.of(session).open(account.totp), typed, now) if account.totp else None
    if step is None:
        return False
    used = session.execute(
        update(Account)
        .where(Account.id == account.id, or_(Account.totp_step.is_(None), Account.totp_step < step))
        .values(totp_step=step)
        .returning(Account.id)
    )
    return used.first() is not None


def codes_left(session: Session, account: Account) -> int:
    """How many recovery codes have not been used."""
    query = select(RecoveryCode.id).where(
        RecoveryCode.account_id == account.id, RecoveryCode.used_at.is_(None)
    )
    return len(session.scalars(query).all())


def reset(session: Session, account: Account, now: datetime, *, actor: str) -> None:
    """Take the second factor away: the telephone is lost, and so are the codes on paper."""
    account.totp = account.totp_new = account.totp_step = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    happened(session, account, "account.totp_reset", now, actor)


def happened(session: Session, account: Account, kind: str, now: datetime, actor: str) -> None:
    """Put on record what became of an account."""
    events.append(session, None, kind, now, actor=actor, subject=subject_of(account.id))


def _step(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is, of those that may count now."""
    totp, current = pyotp.TOTP(secret, interval=SECONDS), int(now.timestamp()) // SECONDS
    typed = "".join(code.split()).encode()
    steps = range(current - DRIFT, current + DRIFT + 1)
    fitting = [step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), typed)]
    return fitting[-1] if fitting else None


def _new_codes(session: Session, account: Account) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    plain = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    session.add_all(
        RecoveryCode(account_id=account.id, fingerprint=vault.fingerprint(each)) for each in plain
    )
    session.flush()
    return ["-".join(each[at : at + 4] for at in range(0, 16, 4)) for each in plain]


def _use_recovery(session: Session, account: Account, typed: str, now: datetime) -> bool:
    used = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account.id,
            RecoveryCode.fingerprint == vault.fingerprint(typed),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    return used.first() is not None
