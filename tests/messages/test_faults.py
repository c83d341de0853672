"""Every message leaves exactly once, whatever dies and whatever goes wrong. The provider's ledger decides."""

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from frontoffice import clock
from frontoffice.messages.models import FINAL, Message, MessageState
from tests.messages.fake_twilio import FakeTwilio, Fault, Plan
from tests.messages.parts import Post, parameters
from tests.messages.processes import Workers, wait_until

MESSAGES, PHONES = 48, 16
SEEDS = (1,)


def each_fault_somewhere(seed: int) -> Plan:
    """Every fault, and the deadly ones twice, at seeded places among the first requests."""
    deadly = [Fault.KILL_TAKEN, Fault.KILL_LOST, Fault.KILL_SOON]
    faults = [*(fault for fault in Fault if fault is not Fault.NONE), *deadly]
    places = random.Random(seed).sample(range(1, MESSAGES), len(faults))
    planned = dict(zip(places, faults, strict=True))
    return lambda number: planned.get(number, Fault.NONE)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_message_leaves_exactly_once(post: Post, database_url: str, tmp_path: Path, seed: int) -> None:
    post.clock.moment = clock.now()
    for number in range(MESSAGES):
        post.put(
            to=f"+49151234567{number % PHONES:02}",
            parameters=parameters(reference=f"message {number}."),
            expires_at=post.clock() + timedelta(hours=1),
        )
    dice = random.Random(seed)
    with FakeTwilio(each_fault_somewhere(seed), hang=1, list_fails=lambda number: number % 7 == 3) as fake:
        with Workers(tmp_path, database_url, fake) as workers:
            fake.on_kill = workers.kill

            def all_is_over() -> bool:
                done = _unfinished(post) == 0
                for name in ("first", "second"):
                    if name not in workers.running or workers.running[name].poll() is not None:
                        workers.start(name)
                        done = False  # ask both to stop only once both run
                    elif not done and workers.kills < 10 and dice.random() < 0.005:
                        workers.kill(name)  # at any moment at all
                return done

            wait_until(all_is_over, 120, workers.logs)
            assert workers.stop() == [0, 0]
            logs = workers.logs()
        met, ledger = set(fake.met), fake.ledger
    assert met == set(Fault)
    left = Counter(taken.body.split("Code ")[1].split(".")[0] for taken in ledger)
    with post.database.read() as session:
        rows = session.scalars(select(Message).order_by(Message.id)).all()
    dead = {f"message {row.id - 1}" for row in rows if row.state is MessageState.DEAD}
    # Three unclear attempts of one message make it a case for a person; then it has not left.
    assert len(dead) <= 2
    assert left == Counter(
        {f"message {number}": 1 for number in range(MESSAGES) if f"message {number}" not in dead}
    )
    # And every row knows which of the provider's messages it was.
    bodies = {taken.sid: taken.body for taken in ledger}
    for row in rows:
        if row.state is MessageState.SENT or row.provider_id:
            assert f"message {row.id - 1}." in bodies[row.provider_id or ""]
    assert "+49" not in logs
    assert "1512345" not in logs


def _unfinished(post: Post) -> int:
    with post.database.read() as session:
        return len(session.scalars(select(Message.id).where(Message.state.not_in(FINAL))).all())
