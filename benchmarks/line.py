"""The line: calling the next of a hundred at eight counters, and giving numbers at eight kiosks.

    python -m benchmarks.line [--quick]

All eight counters press the button in the same moment, again and again; in between, unmeasured, their visitors are
sent home and the line is filled up to a hundred. Beside it a bare Flask route does one SKIP LOCKED update, pressed in
the same way. Numbers are given as fast as the kiosks' journals are taken, one entry each.
"""

import re
import selectors
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from itertools import cycle, islice
from time import perf_counter

from benchmarks import line_reference, load, lobby, measure, servers
from benchmarks.load import Result
from benchmarks.lobby import Lobby
from benchmarks.measure import Bench, figures, in_turns, rate_ratio
from frontoffice import clock

COUNTERS = 8
WAITING = 100
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


def run(bench: Bench) -> None:
    """Call, and give numbers."""
    database, url = bench.databases.make("line"), bench.databases.url("line")
    with ExitStack() as stack:
        stack.callback(database.close)
        here = lobby.build(database, clock.now(), "amt", counters=COUNTERS, kiosks=COUNTERS)
        line_reference.prepare(url, WAITING)
        ours = stack.enter_context(servers.ours(url, bench.folder))
        plain = stack.enter_context(servers.beside(url, bench.folder, "benchmarks.line_reference"))
        bursts = max(1, bench.size.holds // 10)

        def call() -> Result:
            requests = [lobby.call_next(*seat) for seat in here.counters]
            return _pressed(ours, requests, bursts, lambda: lobby.fill(database, here, WAITING, clock.now()))

        def take() -> Result:
            requests = [load.post(f"/counters/{number}/call-next", b"{}") for number in range(COUNTERS)]
            return _pressed(plain, requests, bursts, lambda: line_reference.fill(url, WAITING))

        def issue() -> Result:
            kiosks = islice(cycle(here.kiosks), bench.size.holds)
            return load.run(ours, [lobby.take_number(each, clock.now())[1] for each in kiosks], COUNTERS)

        def insert() -> Result:
            body = b'{"code": "%d-%d", "name": "Maria Muster", "amount": 1}'
            stamp = int(perf_counter() * 1e6)
            rows = [load.post("/rows", body % (stamp, each)) for each in range(bench.size.holds)]
            return load.run(plain, rows, COUNTERS)

        _compare(bench, here, {"take": take, "call": call, "insert": insert, "issue": issue})


def _compare(bench: Bench, here: Lobby, runs: dict[str, Callable[[], Result]]) -> None:
    in_turns(1, runs)  # to warm up
    found = in_turns(bench.size.rounds, runs)
    many = f"{WAITING} waiting, {len(here.counters)} counters"
    for name, beside, what, against, promised in (
        ("call", "take", f"call next; {many}", "Flask, one SKIP LOCKED update", (0.4, 0.7)),
        # No ratio is promised for this one.
        (
            "issue",
            "insert",
            f"give a number; {len(here.kiosks)} kiosks",
            "Flask, one INSERT and COMMIT",
            None,
        ),
    ):
        bench.add(f"{against}; for: {what}", figures(found[beside]))
        bench.add(
            what,
            figures(found[name]),
            against=against,
            ratio=rate_ratio(found[name], found[beside]),
            floor=promised[0] if promised else None,
            goal=promised[1] if promised else None,
        )
    total = Result()
    for each in found["call"]:
        total.add(each)
    bench.add(
        f"call next, p99 against p50; {many}",
        figures(found["call"]),
        against="p50 (time)",
        ratio=total.percentile(0.99) / total.percentile(0.5),
        floor=5.0,
        goal=5.0,
        at_most=True,
    )


def _pressed(port: int, requests: Sequence[bytes], bursts: int, between: Callable[[], None]) -> Result:
    """Send all requests at once, each over its own connection, wait for all answers; and again."""
    result = Result()
    with ExitStack() as stack:
        connections = [
            stack.enter_context(closing(socket.create_connection(("127.0.0.1", port)))) for _ in requests
        ]
        for _ in range(bursts):
            between()
            _burst(connections, requests, result)
    return result


def _burst(connections: Sequence[socket.socket], requests: Sequence[bytes], result: Result) -> None:
    waiting: dict[socket.socket, bytes] = dict.fromkeys(connections, b"")
    with selectors.DefaultSelector() as selector:
        for each in connections:
            selector.register(each, selectors.EVENT_READ)
        begin = perf_counter()
        for connection, request in zip(connections, requests, strict=True):
            connection.sendall(request)
        while waiting:
            ready = selector.select(load.PATIENCE)
            if not ready:
                raise TimeoutError(f"no answer within {load.PATIENCE} seconds")
            for key, _ in ready:
                connection = key.fileobj  # type: ignore[assignment]
                part = connection.recv(65536)
                waiting[connection] += part
                if not part or _is_whole(waiting[connection]):
                    answer = waiting.pop(connection)
                    result.latencies.append(perf_counter() - begin)
                    if answer[9:12] != b"200" or b'"ticket":null' in answer.replace(b" ", b""):
                        result.failures += 1
                        result.first_failure = result.first_failure or answer[:600]
    result.seconds += perf_counter() - begin


def _is_whole(answer: bytes) -> bool:
    head = answer.find(b"\r\n\r\n")
    length = _LENGTH.search(answer, 0, head + 2) if head >= 0 else None
    return length is not None and len(answer) >= head + 4 + int(length[1])


if __name__ == "__main__":
    measure.alone(run)
