"""Planning: a year of day sheets for ten teams, from nothing, and once more when nothing has changed.

python -m benchmarks.planning [--quick]
"""

from datetime import timedelta
from time import perf_counter

from benchmarks import data, measure
from benchmarks.measure import Bench
from frontoffice.booking import planning, sheet

YEAR = 365  # days


def run(bench: Bench) -> None:
    """Plan a year that nobody has planned yet, beyond the horizon; then again."""
    first = sheet.day_of(bench.now, data.ZONE) + timedelta(days=data.AHEAD)
    for what in ("planning a year, 10 teams", "planning it again, nothing new"):
        begin = perf_counter()
        with bench.book.write() as session:
            planning.plan(session, data.the_office(session), first, YEAR, bench.now)
        bench.add(what, f"{perf_counter() - begin:6.2f} s")


if __name__ == "__main__":
    measure.alone(run)
