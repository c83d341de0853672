"""What is looked at before a browser or a program may hold a time, whoever sits there: network, proof of work, trap."""

from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from frontoffice import limits
from frontoffice.booking import blocking, captcha, fairness
from frontoffice.booking.refusals import NotAccepted, ProofMissing
from frontoffice.config import Fairness
from frontoffice.db import Database
from frontoffice.errors import TooMany

log = structlog.get_logger(__name__)

# A field that people do not see and screen readers are told to skip; programs that fill in everything fill it in.
TRAP = "remarks"
DAY = timedelta(days=1)


def admit(
    database: Database,
    address: str | None,
    network: str,
    proof: str | None,
    now: datetime,
    *,
    rules: Fairness,
    key: str | None = None,
) -> None:
    """Count a hold that somebody wants to make, before it is made, in a transaction of its own.

    `address` is `request.remote_addr`, `network` is `access.network()`, `proof` the solved captcha (empty: none),
    `key` the request's own idempotency key, with which the same proof is good again.
    Without a proof, in a browser without JavaScript for instance, a network may hold `rules.holds_without_proof`
    times in an hour. Raises NotAccepted (blocked network), ProofRefused, ProofMissing and TooManyFromNetwork.
    """
    with database.write() as session:
        count(session, address, network, proof, now, rules=rules, key=key)


def count(
    session: Session,
    address: str | None,
    network: str,
    proof: str | None,
    now: datetime,
    *,
    rules: Fairness,
    key: str | None = None,
) -> None:
    """As `admit`, in the hold's own transaction: for `limits.counted`."""
    if blocking.is_network_blocked(session, address, now):
        raise NotAccepted
    fairness.count(session, network, now, rules, "hold")
    if rules.captcha == "on":
        if proof:
            captcha.check(session, proof, now, key)
        else:
            _count_unproven(session, network, now, rules)


def refuse_trapped(database: Database, filled_in: str | None, now: datetime) -> None:
    """Raise NotAccepted where the field TRAP was filled in; counted per day, without saying who it was."""
    if filled_in:
        with database.write() as session:
            limits.hit(session, "trap", "all", 2**31 - 2, DAY, now)
        log.info("trap filled in")
        raise NotAccepted


def trapped(database: Database, now: datetime) -> int:
    """How often the trap was filled in today (UTC)."""
    with database.read() as session:
        return fairness.counted(session, "trap", "all", now)


def _count_unproven(session: Session, network: str, now: datetime, rules: Fairness) -> None:
    try:
        limits.hit(session, "hold unproven", network, rules.holds_without_proof, fairness.HOUR, now)
    except TooMany as refusal:
        raise ProofMissing(**refusal.params) from None
