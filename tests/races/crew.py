"""Four processes that do things at the same moment, each in a transaction of its own, round after round."""

import multiprocessing
from collections.abc import Callable, Sequence
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Barrier
from typing import Any

from sqlalchemy.orm import Session

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.errors import DomainError
from frontoffice.vault import Vault

SIZE = 4
PATIENCE = 120  # seconds until a test that hangs fails

# What one does in a round: a function of this or another module, and what it is given after session and config.
Act = tuple[Callable[..., Any], *tuple[Any, ...]]

spawn = multiprocessing.get_context("spawn")


def nothing(_session: Session, _config: Config) -> None:
    """Stand by."""


class Crew:
    """The processes; they can be sent to one database after the other."""

    def __init__(self) -> None:
        self._barrier = spawn.Barrier(SIZE)
        self._orders: list[Any] = [spawn.Queue() for _ in range(SIZE)]
        self._answers: Any = spawn.Queue()
        self._processes: list[SpawnProcess] = [
            spawn.Process(target=_member, args=(number, orders, self._answers, self._barrier))
            for number, orders in enumerate(self._orders)
        ]
        for process in self._processes:
            process.start()

    def race(self, config: Config, rounds: Sequence[Sequence[Act]]) -> list[list[Any]]:
        """Let each round's acts begin at once; gives for each what it gave, or the name of what it raised."""
        for number, orders in enumerate(self._orders):
            acts = [acts[number] if number < len(acts) else (nothing,) for acts in rounds]
            orders.put((config.model_dump_json(), acts))
        outcomes: list[list[Any]] = [[None] * SIZE for _ in rounds]
        for _ in range(SIZE * len(rounds)):
            member, number, outcome = self._answers.get(timeout=PATIENCE)
            outcomes[number][member] = outcome
        return [found[: len(acts)] for found, acts in zip(outcomes, rounds, strict=True)]

    def dismiss(self) -> None:
        """End the processes."""
        for orders in self._orders:
            orders.put(None)
        for process in self._processes:
            process.join(PATIENCE)


def _member(number: int, orders: Any, answers: Any, barrier: Barrier) -> None:
    while (order := orders.get()) is not None:
        settings, acts = order
        config = Config.model_validate_json(settings)
        database = Database(config.database.url, Vault(config.site.secret_keys))
        for place, (act, *given) in enumerate(acts):
            barrier.wait(PATIENCE)
            answers.put((number, place, _outcome(database, config, act, given)))
        database.close()


def _outcome(database: Database, config: Config, act: Callable[..., Any], given: Sequence[Any]) -> Any:
    try:
        with database.write() as session:
            return act(session, config, *given)
    except DomainError as refusal:
        return type(refusal).__name__
    except Exception as error:  # a deadlock, for instance; no race may end like this
        return f"broken: {error!r}"
