"""Ratios: what is compared runs in turns (A, B, A, B), so that a busy moment of the machine hits both alike."""

import argparse
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median

from benchmarks import data, servers
from benchmarks.load import Result
from benchmarks.servers import Databases
from frontoffice import clock
from frontoffice.db import Database

Run = Callable[[], Result]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int
    seconds: float  # of a round of searches
    holds: int  # of a round of holds and bookings
    books: tuple[int, ...]  # numbers of bookings, ascending
    clients: tuple[int, ...]
    messages: int


# Many short rounds: where PostgreSQL is served by several processes, each round's connections are shared out anew, and
# the luck of a single round (all of them at one process) must not decide.
FULL = Size(9, 0.35, 150, (10_000, 100_000, 1_000_000), (1, 8, 32), 350)
QUICK = Size(7, 0.25, 80, (10_000, 100_000), (8,), 120)
TINY = Size(1, 0.1, 8, (300,), (2,), 8)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. A floor and a goal are ratios to be reached, or, with `at_most`, not to be passed."""

    what: str
    engine: str
    figures: str
    against: str = ""
    ratio: float | None = None
    floor: float | None = None
    goal: float | None = None
    at_most: bool = False

    @property
    def verdict(self) -> str:
        """ "goal", "floor" or "below"; empty where nothing was promised."""
        if self.ratio is None or self.floor is None:
            return ""
        sign = -1 if self.at_most else 1
        if self.goal is not None and sign * self.ratio >= sign * self.goal:
            return "goal"
        return "floor" if sign * self.ratio >= sign * self.floor else "below"


@dataclass
class Bench:
    """One engine with its servers running: ours on a growing book and on an empty one, the reference beside it."""

    engine: str
    databases: Databases
    folder: Path
    size: Size
    now: datetime
    book: Database
    ours: int
    plain: int
    rows: list[Row] = field(default_factory=list)

    def add(self, what: str, figures: str, **compared: object) -> None:
        """Write a line, and show it at once."""
        row = Row(what, self.engine, figures, **compared)  # type: ignore[arg-type]
        self.rows.append(row)
        ratio = "" if row.ratio is None else f"{row.ratio:6.2f} {row.verdict}"
        print(f"  {row.engine:10} {row.what:58} {row.figures:46} {row.against:30} {ratio}", flush=True)


def open_bench(stack: ExitStack, engine: str, size: Size, where: str | None = None) -> Bench:
    """Make the databases and start the servers; they end with the stack."""
    folder = stack.enter_context(servers.disk(where))
    databases = stack.enter_context(servers.databases(engine, folder))
    now = clock.now()
    book = databases.make("book")
    stack.callback(book.close)
    data.build(book, now)
    ours = stack.enter_context(servers.ours(databases.url("book"), folder))
    plain = stack.enter_context(servers.plain(databases.url("book"), folder))
    return Bench(engine, databases, folder, size, now, book, ours, plain)


def in_turns(rounds: int, runs: Mapping[str, Run], *, reverse: bool = False) -> dict[str, list[Result]]:
    """Run all of them, one after the other, `rounds` times; a first short round is thrown away by the caller.

    With `reverse` every second round goes backwards; not for those that need what another one has left.
    """
    results: dict[str, list[Result]] = {name: [] for name in runs}
    for number in range(rounds):
        # Forwards and backwards, so that nothing always comes after the same.
        for name, run in list(runs.items())[:: -1 if number % 2 and reverse else 1]:
            result = run()
            if result.failures:
                raise RuntimeError(
                    f"{name}: {result.failures} of {len(result.latencies)} requests failed, such as "
                    + result.first_failure.decode(errors="replace")
                )
            results[name].append(result)
    return results


def rate_ratio(ours: list[Result], theirs: list[Result]) -> float:
    """How many of ours are done in the time of one of theirs: the median of the rounds."""
    return median(one.rate / other.rate for one, other in zip(ours, theirs, strict=True))


def time_ratio(ours: list[Result], theirs: list[Result]) -> float:
    """How many times as long ours takes (median latencies), the median of the rounds."""
    return median(
        one.percentile(0.5) / other.percentile(0.5) for one, other in zip(ours, theirs, strict=True)
    )


def figures(results: list[Result]) -> str:
    """Rate and latencies of all rounds together."""
    total = Result()
    for each in results:
        total.add(each)
    return f"{total.rate:6.0f}/s  p50 {_ms(total.percentile(0.5))}  p99 {_ms(total.percentile(0.99))}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def arguments(description: str) -> argparse.ArgumentParser:
    """What all programs of this package understand."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="two minutes instead of ten; no million bookings"
    )
    parser.add_argument("--engine", choices=servers.ENGINES, help="only this database")
    parser.add_argument("--folder", help="a folder on the disk that is to be measured (/var/tmp)")
    return parser


def alone(run: Callable[[Bench], None]) -> None:
    """Run one measurement by itself, from the command line."""
    chosen = arguments(run.__module__).parse_args()
    for engine in [chosen.engine] if chosen.engine else servers.ENGINES:
        with ExitStack() as stack:
            run(open_bench(stack, engine, QUICK if chosen.quick else FULL, chosen.folder))
