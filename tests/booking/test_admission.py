"""Who may hold a time: with a proof often, without one rarely, from a blocked network never."""

from datetime import datetime, timedelta

import pytest

from frontoffice.booking import admission, blocking, captcha, fairness
from frontoffice.booking.models import BlockedKind
from frontoffice.booking.refusals import NotAccepted, ProofMissing, ProofRefused, TooManyFromNetwork
from frontoffice.config import Fairness
from frontoffice.db import Database
from tests.booking.solver import solve

HOME, ADDRESS = "home", "192.0.2.17"
RULES = Fairness(captcha_work=2, holds_without_proof=2, holds_per_network=6)


def admit(
    database: Database, now: datetime, proof: str | None = None, network: str = HOME, rules: Fairness = RULES
) -> None:
    """Ask to be let in."""
    admission.admit(database, ADDRESS, network, proof, now, rules=rules)


def proof(database: Database, now: datetime) -> str:
    """A solved captcha."""
    with database.read() as session:
        return solve(captcha.challenge(session, HOME, now, rules=RULES))


def test_without_a_proof_a_network_holds_a_few_times_and_with_one_goes_on(
    database: Database, now: datetime
) -> None:
    for _ in range(RULES.holds_without_proof):
        admit(database, now)
    for missing in (None, ""):
        with pytest.raises(ProofMissing) as refusal:
            admit(database, now, missing)
        assert refusal.value.params == {"minutes": 60}
    admit(database, now, network="elsewhere")
    for _ in range(RULES.holds_per_network - RULES.holds_without_proof):
        admit(database, now, proof(database, now))
    with pytest.raises(TooManyFromNetwork):
        admit(database, now, proof(database, now))
    admit(database, now + timedelta(hours=1))


def test_what_is_refused_uses_nothing_up(database: Database, now: datetime) -> None:
    rules = RULES.model_copy(update={"holds_per_network": 1})
    with pytest.raises(ProofRefused):
        admit(database, now, "nonsense", rules=rules)
    good = proof(database, now)
    admit(database, now, good, rules=rules)
    with database.read() as session:
        assert fairness.counted(session, "hold", HOME, now) == 1
    with pytest.raises(ProofRefused):
        admit(database, now, good)


def test_where_the_captcha_is_off_nothing_has_to_be_proved(database: Database, now: datetime) -> None:
    rules = RULES.model_copy(update={"captcha": "off"})
    for _ in range(rules.holds_per_network):
        admit(database, now, rules=rules)
    with pytest.raises(TooManyFromNetwork):
        admit(database, now, rules=rules)


def test_nobody_is_let_in_from_a_blocked_network(database: Database, now: datetime) -> None:
    with database.write() as session:
        blocking.block(session, BlockedKind.NETWORK, "192.0.2.0/24", "bots", None, now, actor="account:1")
    with pytest.raises(NotAccepted) as refusal:
        admit(database, now, proof(database, now))
    assert "bots" not in str(refusal.value)
    assert "call us" in str(refusal.value)


def test_who_fills_in_the_trap_is_refused_and_counted_but_not_named(
    database: Database, now: datetime
) -> None:
    for nothing in (None, ""):
        admission.refuse_trapped(database, nothing, now)
    assert admission.trapped(database, now) == 0
    for _ in range(3):
        with pytest.raises(NotAccepted):
            admission.refuse_trapped(database, "Buy cheap appointments", now)
    assert admission.trapped(database, now) == 3
    assert admission.trapped(database, now + timedelta(days=1)) == 0
