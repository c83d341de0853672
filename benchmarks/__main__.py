"""Run all measurements and print the table of ratios.

python -m benchmarks            (make bench; under ten minutes)
python -m benchmarks --quick    (two minutes, without the million bookings)
python -m benchmarks --write    (also writes docs/performance.md)
"""

from contextlib import ExitStack
from time import perf_counter

from benchmarks import (
    bookings,
    cards,
    faults,
    followers,
    line,
    measure,
    messages,
    planning,
    servers,
    slots,
    table,
)
from benchmarks.measure import FULL, QUICK, Row


def main() -> None:
    """Called by `python -m benchmarks`."""
    parser = measure.arguments(__doc__ or "")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    chosen = parser.parse_args()
    begin, rows, machines = perf_counter(), list[Row](), list[str]()
    for engine in [chosen.engine] if chosen.engine else servers.ENGINES:
        with ExitStack() as stack:
            bench = measure.open_bench(stack, engine, QUICK if chosen.quick else FULL, chosen.folder)
            machines.append(bench.databases.describe(bench.book))
            print(f"{machines[-1]}", flush=True)
            for measured in (slots, bookings, planning, messages, faults, line, cards, followers):
                measured.run(bench)
            rows += bench.rows
    seconds = perf_counter() - begin
    command = "python -m benchmarks" + (" --quick" if chosen.quick else "")
    written = table.written(rows, [*table.machine(), *machines], command, seconds)
    print(f"\n{written}")
    if chosen.write:
        table.PAGE.write_text(table.page(written), encoding="utf-8")


if __name__ == "__main__":
    main()
