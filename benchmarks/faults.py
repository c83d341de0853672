"""The outbox under faults: real workers, real kill -9, a provider that lies. Its ledger says what was doubled or lost.

    python -m benchmarks.faults [--seeds 10] [--first 1] [--engine sqlite]

The plan is that of the tests (`tests/messages/campaign.py`). Ten seeds on both databases take some minutes; with all
other measurements there are as many as fit into half a minute for each database. Ends with 1 where anything is doubled
or lost.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from time import monotonic

import structlog

from benchmarks import measure, servers
from benchmarks.measure import QUICK, Bench
from benchmarks.servers import Databases
from tests.messages.campaign import Campaign, Verdict

SECONDS = 30


def run(bench: Bench) -> None:
    """As many campaigns as there is time for, at least one; one only where it has to be quick."""
    begin, found = monotonic(), list[Verdict]()
    with _quietly():
        for seed in count(1):
            found.append(_campaign(bench.databases, bench.folder, seed))
            took = monotonic() - begin
            if bench.size.messages <= QUICK.messages or took + took / seed > SECONDS:
                break
    doubled, lost = _sum(found, lambda one: len(one.doubled)), _sum(found, lambda one: len(one.lost))
    bench.add(
        f"SMS doubled or lost under faults, {len(found)} seed{'s' if len(found) > 1 else ''}",
        f"{doubled} doubled, {lost} lost, {_sum(found, lambda one: one.messages)} SMS, {_kills(found)}",
        ratio=float(doubled + lost),
        floor=0.0,
        goal=0.0,
        at_most=True,
    )


def main() -> None:
    """Called by `python -m benchmarks.faults`."""
    parser = measure.arguments(__doc__ or "")
    parser.add_argument("--seeds", type=int, default=10, help="how many runs on each database (10)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (1)")
    chosen = parser.parse_args()
    seeds = range(chosen.first, chosen.first + (1 if chosen.quick else chosen.seeds))
    spoiled = 0
    print("database    seed  doubled  lost  to people  kills  requests  seconds", flush=True)
    for engine in [chosen.engine] if chosen.engine else servers.ENGINES:
        with ExitStack() as stack:
            stack.enter_context(_quietly())
            folder = stack.enter_context(servers.disk(chosen.folder))
            databases = stack.enter_context(servers.databases(engine, folder))
            found = [_told(engine, _campaign(databases, folder, seed)) for seed in seeds]
        doubled, lost = _sum(found, lambda one: len(one.doubled)), _sum(found, lambda one: len(one.lost))
        spoiled += doubled + lost
        messages = _sum(found, lambda one: one.messages)
        print(
            f"{engine}: {messages} SMS, {doubled} doubled, {lost} lost, {_kills(found)}, "
            f"{_sum(found, lambda one: one.left_to_people)} left to people",
            flush=True,
        )
    raise SystemExit(int(spoiled > 0))


def _campaign(databases: Databases, folder: Path, seed: int) -> Verdict:
    name = f"faults{seed}"
    databases.make(name, alone=True).close()
    place = folder / name
    place.mkdir()
    return Campaign(databases.url(name), place, seed).run()


def _told(engine: str, found: Verdict) -> Verdict:
    print(
        f"{engine:<10}  {found.seed:>4}  {len(found.doubled):>7}  {len(found.lost):>4}  "
        f"{found.left_to_people:>9}  {found.kills:>5}  {found.requests:>8}  {found.seconds:>7.1f}",
        flush=True,
    )
    return found


def _sum(found: Sequence[Verdict], number: Callable[[Verdict], int]) -> int:
    return sum(number(each) for each in found)


def _kills(found: Sequence[Verdict]) -> str:
    return f"{_sum(found, lambda one: one.kills)} kills"


@contextmanager
def _quietly() -> Iterator[None]:
    """The web server of a campaign runs in this process, and has a lot to say."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.reset_defaults()


if __name__ == "__main__":
    main()
