"""A proof of work in place of a puzzle: ALTCHA's protocol (version 2), without anybody else's server.

The browser gets a challenge and looks for the number (counter) whose derived key begins as the challenge says:
PBKDF2-SHA-256 with `salt`, `cost` rounds and the password `nonce` followed by the number as four bytes, the highest
first. It sends back {"challenge": …, "solution": {"counter": …, "derivedKey": …}} as Base64 of JSON. The challenge is
signed, so nothing has to be kept of it; of a solution that was used only its nonce is kept, until it expires.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import fairness
from frontoffice.booking.refusals import ProofRefused
from frontoffice.config import Fairness
from frontoffice.limits import Tally
from frontoffice.vault import Vault

ALGORITHM = "PBKDF2/SHA-256"
ROUNDS = 1000  # for each number that is tried
GOOD_FOR = timedelta(hours=1)
LONGEST = 4096  # characters of an answer
CALM = 20  # holds of a network within an hour, after which the work doubles
HARDEST = 8  # times the work of a calm network


def challenge(session: Session, network: str, now: datetime, *, rules: Fairness) -> dict[str, Any]:
    """A new challenge as it is sent; the more holds a network has made within this hour, the harder.

    `parameters.data.until` says how long it is good (seconds since 1970).
    """
    vault = vaults.of(session)
    most = rules.captcha_work * _factor(session, network, now)
    made: dict[str, Any] = altcha.create_challenge(
        ALGORITHM,
        ROUNDS,
        counter=most // 2 + secrets.randbelow(most - most // 2),
        # Not the protocol's own expiry: the library would compare it with a clock of its own.
        data={"until": int((now + GOOD_FOR).timestamp())},
        hmac_secret=_keys(vault, "challenge")[0],
        hmac_key_secret=_keys(vault, "solution")[0],
    ).to_dict()
    return made


def check(session: Session, answer: str, now: datetime, key: str | None = None) -> None:
    """Raise ProofRefused unless `answer` solves a challenge of ours that has not expired and was not used before.

    It is good once: the caller's transaction remembers it, so it is used up only if that transaction is committed.
    With the same idempotency key it is good again, because it is the same request that comes twice.
    """
    vault = vaults.of(session)
    nonce, until = _solved(vault, answer)
    if until <= now:
        raise ProofRefused
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    # What is counted here is nothing; the number tells for which request the solution was used.
    request = int(vault.digest("captcha used for", key or nonce)[:7], 16)
    used = dialect.insert(Tally).values(what="captcha", who=nonce, until=until, count=request)
    if session.execute(used.on_conflict_do_nothing().returning(Tally.count)).scalar() is not None:
        return
    before = session.scalar(select(Tally.count).where(Tally.what == "captcha", Tally.who == nonce))
    if key is None or before != request:
        raise ProofRefused


def _solved(vault: Vault, answer: str) -> tuple[str, datetime]:
    """Nonce and expiry of the challenge that was solved. Raises ProofRefused."""
    if len(answer) > LONGEST:
        raise ProofRefused
    try:
        given = altcha.Payload.from_base64(answer)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ProofRefused from None
    for signing, solving in zip(_keys(vault, "challenge"), _keys(vault, "solution"), strict=True):
        if altcha.verify_solution(given, signing, hmac_key_secret=solving).verified:
            about = given.challenge.parameters
            assert about.data is not None  # because we have signed it
            return about.nonce, datetime.fromtimestamp(about.data["until"], tz=UTC)
    raise ProofRefused


def _factor(session: Session, network: str, now: datetime) -> int:
    holds = fairness.counted(session, "hold", network, now)
    return min(1 << min(holds // CALM, 10), HARDEST)


def _keys(vault: Vault, what: str) -> list[str]:
    return vault.digests("captcha", what)
