"""The load: one thread, raw sockets, as many clients as wanted, each with one request under way at a time.

It shares the machine with what it measures, so it does as little as it can: no library, no threads, no parsing beyond
status and length. A client asks, waits for the whole answer, asks again.
"""

import gc
import re
import selectors
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from time import perf_counter

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
PATIENCE = 30  # seconds without any answer


@dataclass(slots=True)
class Result:
    """What one run brought: latencies in seconds, and for each request whether it went well."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failures: int = 0
    first_failure: bytes = b""
    bodies: list[bytes] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, part: float) -> float:
        """The latency in seconds that `part` (0.5, 0.99) of the requests did not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else 0.0

    def add(self, other: "Result") -> None:
        """Put another round's figures to these; the bodies are left out."""
        self.seconds += other.seconds
        self.latencies += other.latencies
        self.failures += other.failures
        self.first_failure = self.first_failure or other.first_failure


def get(path: str, *, keep_alive: bool = True) -> bytes:
    """A request as it goes over the wire."""
    return _request("GET", path, b"", keep_alive)


def post(path: str, body: bytes, *, keep_alive: bool = True) -> bytes:
    """The same with a JSON body."""
    return _request("POST", path, body, keep_alive)


def run(
    port: int,
    requests: Iterable[bytes],
    clients: int,
    *,
    seconds: float | None = None,
    keep_alive: bool = True,
    keep_bodies: bool = False,
) -> Result:
    """Send the requests, in order, from `clients` clients; stop after `seconds` even if there are more.

    Without `keep_alive` each request opens a connection of its own, and its latency includes that.
    """
    result, waiting = Result(), iter(requests)
    selector = selectors.EpollSelector()
    gc.collect()
    gc.disable()
    begin = perf_counter()
    end = begin + seconds if seconds else float("inf")
    try:
        under_way = sum(_Client(selector, port, keep_alive).ask(waiting) for _ in range(clients))
        while under_way:
            ready = selector.select(PATIENCE)
            if not ready:
                raise TimeoutError(f"no answer within {PATIENCE} seconds")
            for key, _ in ready:
                client: _Client = key.data
                if not client.receive(result, keep_bodies):
                    continue
                if perf_counter() >= end or not client.ask(waiting):
                    client.close()
                    under_way -= 1
    finally:
        gc.enable()
        selector.close()
    result.seconds = perf_counter() - begin
    return result


def _request(method: str, path: str, body: bytes, keep_alive: bool) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    if not keep_alive:
        lines.append("Connection: close")
    if method == "POST":
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class _Client:
    """One connection after the other, or one for all."""

    def __init__(self, selector: selectors.BaseSelector, port: int, keep_alive: bool) -> None:
        self._selector = selector
        self._port = port
        self._keep_alive = keep_alive
        self._socket: socket.socket | None = None
        self._answer = b""
        self._wanted = 0
        self._began = 0.0

    def ask(self, waiting: Iterator[bytes]) -> bool:
        """Send the next request; False where there is none."""
        request = next(waiting, None)
        if request is None:
            return False
        self._answer, self._wanted, self._began = b"", 0, perf_counter()
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(self._socket, selectors.EVENT_READ, self)
        self._socket.sendall(request)
        return True

    def receive(self, result: Result, keep_bodies: bool) -> bool:
        """Take what has come; True once the answer is complete."""
        assert self._socket is not None
        part = self._socket.recv(262_144)
        self._answer += part
        if not self._wanted and (head := self._answer.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._answer, 0, head + 2)
            self._wanted = head + 4 + (int(length[1]) if length else 0)
        if part and (not self._wanted or len(self._answer) < self._wanted):
            return False
        result.latencies.append(perf_counter() - self._began)
        if self._answer[9:10] != b"2":
            result.failures += 1
            result.first_failure = result.first_failure or self._answer[:600]
        elif keep_bodies:
            result.bodies.append(self._answer.partition(b"\r\n\r\n")[2])
        if not self._keep_alive or not part:
            self.close()
        return True

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = None
