"""The proof of work: made by us, solved by the browser, good once."""

import multiprocessing
from collections import Counter
from datetime import datetime, timedelta
from multiprocessing.synchronize import Barrier
from typing import Any

import altcha
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontoffice import limits
from frontoffice.booking import captcha
from frontoffice.booking.refusals import ProofRefused
from frontoffice.config import Config, Fairness
from frontoffice.db import Database
from frontoffice.vault import Vault
from tests.booking.solver import decoded, encoded, solve
from tests.conftest import KEY

RULES = Fairness(captcha_work=4)
HOME = "a network"
PATIENCE = 120  # seconds until a test that hangs fails
spawn = multiprocessing.get_context("spawn")


def challenge(database: Database, now: datetime, rules: Fairness = RULES) -> dict[str, Any]:
    """A new challenge."""
    with database.read() as session:
        return captcha.challenge(session, HOME, now, rules=rules)


def check(database: Database, answer: str, now: datetime) -> None:
    """Use an answer."""
    with database.write() as session:
        captcha.check(session, answer, now)


def test_a_solution_is_good_once(database: Database, now: datetime) -> None:
    answer = solve(challenge(database, now))
    check(database, answer, now)
    with pytest.raises(ProofRefused):
        check(database, answer, now)
    check(database, solve(challenge(database, now)), now)


def test_a_solution_that_was_not_committed_is_still_good(database: Database, now: datetime) -> None:
    answer = solve(challenge(database, now))
    with pytest.raises(ZeroDivisionError), database.write() as session:
        captcha.check(session, answer, now)
        _ = 1 / 0
    check(database, answer, now)


def test_the_librarys_own_solver_finds_the_same(database: Database, now: datetime) -> None:
    made = challenge(database, now)
    parsed = altcha.Challenge.from_dict(made)
    solution = altcha.solve_challenge(parsed)
    assert solution is not None
    assert solution.counter == decoded(solve(made))["solution"]["counter"]
    check(database, altcha.Payload(parsed, solution).to_base64(), now)


def test_a_solution_expires_and_is_remembered_until_then(database: Database, now: datetime) -> None:
    late, used = (solve(challenge(database, now)) for _ in range(2))
    last = now + captcha.GOOD_FOR - timedelta(seconds=1)
    check(database, used, now)
    with database.write() as session:
        limits.forget(session, last)
    with pytest.raises(ProofRefused):
        check(database, used, last)
    check(database, solve(challenge(database, now)), last)
    with pytest.raises(ProofRefused):
        check(database, late, now + captcha.GOOD_FOR)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("challenge", "signature"), "0" * 64),
        (("challenge", "signature"), None),
        (("challenge", "parameters", "data"), {"until": 2**33}),
        (("challenge", "parameters", "cost"), 1),
        (("challenge", "parameters", "keyPrefix"), ""),
        (("challenge", "parameters", "nonce"), "00" * 16),
        (("challenge", "parameters", "keySignature"), None),
        (("challenge", "parameters", "expiresAt"), 2**33),
        (("challenge", "parameters"), {}),
        (("solution", "derivedKey"), "00" * 32),
        (("solution", "derivedKey"), 7),
    ],
)
def test_nothing_of_an_answer_can_be_changed(
    database: Database, now: datetime, place: tuple[str, ...], value: Any
) -> None:
    answer = decoded(solve(challenge(database, now)))
    part = answer
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = value
    with pytest.raises(ProofRefused):
        check(database, encoded(answer), now)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["challenge", "parameters", "solution", "data", "counter", "derivedKey", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.text(max_size=40) | json_values.map(encoded) | st.just(encoded({"challenge": {}, "solution": {}})))
def test_nonsense_is_refused_and_never_breaks(answer: str) -> None:
    with pytest.raises(ProofRefused):
        captcha._solved(Vault([KEY]), answer)


def test_a_long_answer_is_not_even_looked_at(database: Database, now: datetime) -> None:
    answer = decoded(solve(challenge(database, now)))
    answer["solution"]["more"] = "x" * captcha.LONGEST
    with pytest.raises(ProofRefused):
        check(database, encoded(answer), now)


def test_a_challenge_of_another_office_is_not_ours(
    database: Database, database_url: str, now: datetime
) -> None:
    answer = solve(challenge(database, now))
    other = Database(database_url, Vault(["a key of another office, long enough to be one"]))
    with pytest.raises(ProofRefused):
        check(other, answer, now)
    other.close()
    rotated = Database(database_url, Vault(["a newer key that is long enough to be one", KEY]))
    check(rotated, answer, now)
    check(rotated, solve(challenge(rotated, now)), now)
    rotated.close()


@pytest.mark.parametrize(
    ("holds", "factor"), [(0, 1), (19, 1), (20, 2), (39, 2), (40, 4), (60, 8), (119, 8), (10_000, 8)]
)
def test_the_more_a_network_holds_the_harder_it_gets(
    database: Database, now: datetime, holds: int, factor: int
) -> None:
    with database.write() as session:
        session.add(limits.Tally(what="hold", who=HOME, until=now + timedelta(minutes=1), count=holds))
        session.add(limits.Tally(what="hold", who="another", until=now + timedelta(minutes=1), count=10_000))
        session.add(limits.Tally(what="hold", who=HOME, until=now, count=10_000))
    counters = {
        decoded(solve(challenge(database, now, Fairness(captcha_work=2))))["solution"]["counter"]
        for _ in range(6)
    }
    assert all(factor <= each < 2 * factor for each in counters)


def test_one_solution_in_several_processes_counts_once(
    database: Database, config: Config, now: datetime
) -> None:
    solutions = [solve(challenge(database, now)) for _ in range(10)]
    barrier, answers = spawn.Barrier(3), spawn.Queue()
    shared = (config.model_dump_json(), solutions, now, barrier, answers)
    processes = [spawn.Process(target=_use, args=shared) for _ in range(3)]
    for process in processes:
        process.start()
    said = Counter(answers.get(timeout=PATIENCE) for _ in range(3 * len(solutions)))
    for process in processes:
        process.join(PATIENCE)
        assert process.exitcode == 0
    assert [said[number, "good"] for number in range(len(solutions))] == [1] * len(solutions)


def _use(settings: str, solutions: list[str], now: datetime, barrier: Barrier, answers: Any) -> None:
    config = Config.model_validate_json(settings)
    database = Database(config.database.url, Vault(config.site.secret_keys))
    for number, answer in enumerate(solutions):
        barrier.wait(PATIENCE)
        try:
            check(database, answer, now)
            answers.put((number, "good"))
        except ProofRefused as refusal:
            answers.put((number, refusal.code))
    database.close()
