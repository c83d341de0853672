"""The outbox under faults: real workers, real kill -9, a provider that lies. Its ledger says what was doubled or lost.

    python -m benchmarks.faults [--quick]      (ten seeds on each database, some minutes; --quick: one)

Not a part of `make bench`: it takes as long as all the rest. The plan is that of the tests
(`tests/messages/campaign.py`).
"""

import logging
from contextlib import ExitStack
from pathlib import Path

import structlog

from benchmarks import measure, servers
from benchmarks.measure import Row
from benchmarks.servers import Databases
from tests.messages.campaign import Campaign


def run(engine: str, databases: Databases, folder: Path, seeds: int) -> Row:
    """A campaign for every seed, one after the other."""
    doubled = lost = kills = requests = 0
    for seed in range(1, seeds + 1):
        name = f"faults{seed}"
        databases.make(name).close()
        place = folder / name
        place.mkdir()
        found = Campaign(databases.url(name), place, seed).run()
        doubled, lost = doubled + len(found.doubled), lost + len(found.lost)
        kills, requests = kills + found.kills, requests + found.requests
    return Row(
        f"messages doubled or lost under faults, {seeds} seeds",
        engine,
        f"{doubled} doubled, {lost} lost, {kills} kills, {requests} requests",
        ratio=float(doubled + lost),
        floor=0.0,
        goal=0.0,
        at_most=True,
    )


def main() -> None:
    """Called by `python -m benchmarks.faults`."""
    chosen = measure.arguments(__doc__ or "").parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for engine in [chosen.engine] if chosen.engine else servers.ENGINES:
        with ExitStack() as stack:
            folder = stack.enter_context(servers.disk(chosen.folder))
            databases = stack.enter_context(servers.databases(engine, folder))
            row = run(engine, databases, folder, 1 if chosen.quick else 10)
            print(f"{row.engine:10} {row.what}: {row.figures} ({row.verdict})", flush=True)


if __name__ == "__main__":
    main()
