"""Searching free times over 30 days, in books of growing size, against a route with one indexed SELECT.

python -m benchmarks.slots [--quick]
"""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from itertools import count

from benchmarks import data, load, measure, servers
from benchmarks.load import Result
from benchmarks.measure import Bench, figures, in_turns, rate_ratio, time_ratio
from benchmarks.reference import ROWS
from frontoffice.booking import sheet

DAYS = 30
COMPARED = 8  # clients at which books of all sizes are compared


def searches(bench: Bench, *, keep_alive: bool = True) -> Iterator[bytes]:
    """Searches for all services, beginning on any of the next twenty days."""
    today = sheet.day_of(bench.now, data.ZONE)
    for number in count():
        first = today + timedelta(days=number % 20)
        service = data.slug_of(data.MINUTES[number % len(data.MINUTES)])
        query = f"service={service}&from={first}&to={first + timedelta(days=DAYS)}"
        yield load.get(f"/api/v1/offices/{data.OFFICE}/slots?{query}", keep_alive=keep_alive)


def selects(path: str = "/row", *, keep_alive: bool = True) -> Iterator[bytes]:
    """As many single rows, each by its key."""
    return (load.get(f"{path}/code-{number * 7919 % ROWS}", keep_alive=keep_alive) for number in count())


def constants(*, keep_alive: bool = True) -> Iterator[bytes]:
    """The least a Flask route can do."""
    return (load.get("/constant", keep_alive=keep_alive) for _ in count())


def run(bench: Bench) -> None:
    """Fill the book step by step; at each size compare with the empty book and with one SELECT."""
    with ExitStack() as stack:
        empty = bench.databases.make("empty")
        stack.callback(empty.close)
        data.build(empty, bench.now)
        nothing = stack.enter_context(servers.ours(bench.databases.url("empty"), bench.folder))
        for bookings in bench.size.books:
            data.fill(bench.book, bookings, bench.now)
            largest = bookings == bench.size.books[-1]
            for clients in bench.size.clients if largest else (COMPARED,):
                _compare(bench, nothing, bookings, clients, largest=largest)
        if len(bench.size.clients) > 1:
            _compare(bench, nothing, bookings, COMPARED, largest=True, keep_alive=False)


def _compare(
    bench: Bench, nothing: int, bookings: int, clients: int, *, largest: bool, keep_alive: bool = True
) -> None:
    def one(port: int, requests: Iterator[bytes], seconds: float = bench.size.seconds) -> Result:
        return load.run(port, requests, clients, seconds=seconds, keep_alive=keep_alive)

    runs = {
        "select": lambda: one(bench.plain, selects(keep_alive=keep_alive)),
        "bare": lambda: one(bench.plain, selects("/bare/row", keep_alive=keep_alive)),
        "book": lambda: one(bench.ours, searches(bench, keep_alive=keep_alive)),
        "empty": lambda: one(nothing, searches(bench, keep_alive=keep_alive)),
        "constant": lambda: one(bench.plain, constants(keep_alive=keep_alive)),
    }
    in_turns(1, runs)  # to warm up
    found = in_turns(bench.size.rounds, runs, reverse=True)
    clients_are = f"{clients} clients" + ("" if keep_alive else ", new connections")
    if largest:
        bench.add(f"Flask, a constant; {clients_are}", figures(found["constant"]))
        bench.add(f"Flask, one indexed SELECT; {clients_are}", figures(found["select"]))
        bench.add(f"the same, bare driver; {clients_are}", figures(found["bare"]))
        bench.add(f"slot search, empty book; {clients_are}", figures(found["empty"]))
        bench.add(
            f"slot search, {bookings:,} bookings; {clients_are}",
            "",
            against="the same, bare driver",
            ratio=rate_ratio(found["book"], found["bare"]),
        )
    bench.add(
        f"slot search, {bookings:,} bookings; {clients_are}",
        figures(found["book"]),
        against="Flask, one indexed SELECT",
        ratio=rate_ratio(found["book"], found["select"]),
        floor=0.5,
        goal=0.8,
    )
    bench.add(
        f"slot search, {bookings:,} bookings; {clients_are}",
        "",
        against="empty book (time)",
        ratio=time_ratio(found["book"], found["empty"]),
        floor=1.5,
        goal=1.2,
        at_most=True,
    )


if __name__ == "__main__":
    measure.alone(run)
