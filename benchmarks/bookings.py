"""Booking: its two requests (hold; appointment with message and event), each against one INSERT and COMMIT.

    python -m benchmarks.bookings [--quick]

Each client holds and books a time of its own, any of the next two months. Every visitor leaves a mail address, every
second one a phone number as well.
"""

import json
import random
from collections.abc import Iterable
from datetime import timedelta
from itertools import count, islice

from benchmarks import data, load, measure
from benchmarks.load import Result
from benchmarks.measure import Bench, figures, in_turns, rate_ratio
from frontoffice.booking import sheet

WINDOW = 30  # days that one search covers
BOOKED_BEFORE = 100_000

_numbers = count(1)


def run(bench: Bench) -> None:
    """Hold and book with every number of clients."""
    if not data.count(bench.book):
        data.fill(bench.book, min(BOOKED_BEFORE, bench.size.books[-1]), bench.now)
    starts = _free_starts(bench)
    for clients in bench.size.clients:
        _compare(bench, starts, clients)


def _compare(bench: Bench, starts: list[tuple[str, str]], clients: int) -> None:
    tokens: list[str] = []

    def hold() -> Result:
        wanted = [starts.pop() for _ in range(bench.size.holds)]
        result = load.run(bench.ours, (_hold(*each) for each in wanted), clients, keep_bodies=True)
        tokens.extend(json.loads(body)["token"] for body in result.bodies)
        return result

    def book() -> Result:
        mine, tokens[:] = list(tokens), []
        return load.run(bench.ours, (_book(token) for token in mine), clients)

    def insert(path: str = "/rows") -> Result:
        return load.run(bench.plain, _inserts(bench.size.holds, path), clients)

    runs = {
        "insert": insert,
        "hold": hold,
        "bare": lambda: insert("/bare/rows"),
        "book": book,
        "insert again": insert,
    }
    in_turns(1, runs)  # to warm up
    found = in_turns(bench.size.rounds, runs)
    inserts = found["insert"] + found["insert again"]
    bench.add(f"Flask, one INSERT and COMMIT; {clients} clients", figures(inserts))
    bench.add(f"the same, bare driver; {clients} clients", figures(found["bare"]))
    for name, what, beside in (("hold", "hold", "insert"), ("book", "appointment", "insert again")):
        bench.add(
            f"{what}; {clients} clients",
            "",
            against="the same, bare driver",
            ratio=rate_ratio(found[name], found["bare"]),
        )
        bench.add(
            f"{what}; {clients} clients",
            figures(found[name]),
            against="Flask, one INSERT and COMMIT",
            ratio=rate_ratio(found[name], found[beside]),
            floor=0.4,
            goal=0.7,
        )
    both = [
        Result(one.seconds + other.seconds, one.latencies)
        for one, other in zip(found["hold"], found["book"], strict=True)
    ]
    whole = sum(len(each.latencies) for each in both) / sum(each.seconds for each in both)
    bench.add(f"bookings, hold and appointment; {clients} clients", f"{whole:6.0f}/s")


def _free_starts(bench: Bench) -> list[tuple[str, str]]:
    """All times that can be booked, of all services, in a random order."""
    first = sheet.day_of(bench.now, data.ZONE) + timedelta(days=1)
    windows = [first + timedelta(days=days) for days in range(0, data.AHEAD - 1, WINDOW)]
    found = []
    for minutes in data.MINUTES:
        service = data.slug_of(minutes)
        asked = (
            load.get(
                f"/api/v1/offices/{data.OFFICE}/slots?service={service}"
                f"&from={begin}&to={begin + timedelta(days=WINDOW)}"
            )
            for begin in windows
        )
        for body in load.run(bench.ours, asked, 1, keep_bodies=True).bodies:
            found += [(service, start) for day in json.loads(body)["days"] for start in day["starts"]]
    chance = random.Random(1)  # noqa: S311 (only spreads the load)
    chance.shuffle(found)
    return found


def _hold(service: str, start: str) -> bytes:
    return load.post(
        "/api/v1/holds",
        json.dumps({"office": data.OFFICE, "service": service, "start": start}).encode(),
    )


def _book(token: str) -> bytes:
    number = next(_numbers)
    person = {
        "hold": token,
        "name": f"Maria Muster{_letters(number)}",
        "born": f"19{60 + number % 40}-{1 + number % 12:02}-{1 + number % 28:02}",
        "mail": f"maria{number}@example.org",
        "language": "de",
    }
    if number % 2:
        person["phone"] = f"0151 {20_000_000 + number}"
    return load.post("/api/v1/appointments", json.dumps(person).encode())


def _inserts(many: int, path: str) -> Iterable[bytes]:
    for number in islice(_numbers, many):
        body = {"code": f"new-{number}", "name": "Maria Muster", "amount": number}
        yield load.post(path, json.dumps(body).encode())


def _letters(number: int) -> str:
    word = ""
    while number:
        number, digit = divmod(number, 26)
        word += chr(ord("a") + digit)
    return word


if __name__ == "__main__":
    measure.alone(run)
