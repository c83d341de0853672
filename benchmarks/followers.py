"""A thousand followers: from the click at a counter or kiosk to what screens, desks and phones are told.

    python -m benchmarks.followers [--quick]

Ten offices with five screens, fifteen desks and eighty phones each follow over server-sent events, while fifty tickets
a second are issued or called, evenly. In between all followers of one office lose their connection at once, and others
one by one; they come back with the number they had last. At the end each must have got every public event of its
office, once and in order. A delay is the time from sending the click to receiving the event; what had to be fetched
after a lost connection is looked for, but not timed. Phones have what happens bundled to one update a second.
"""

import http.client
import json
import multiprocessing
import queue
import random
import re
import selectors
import socket
from array import array
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing.connection import Connection
from time import monotonic, sleep
from typing import Any

from sqlalchemy import select

from benchmarks import lobby, measure, servers
from benchmarks.load import Result
from benchmarks.lobby import Lobby
from benchmarks.measure import TINY, Bench
from frontoffice import clock
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.web import live

CLICKS_A_SECOND = 50
CLICKERS = 16  # threads: more than ever wait at the same time
LONGEST_WAY = 3.5  # seconds that the last event may take
PHONES_EVERY = 1  # second
_EVENT = re.compile(rb"id: (\d+)\nevent: (?!reset)")
_BEGIN = re.compile(rb"retry: \d+\nid: (\d+)\n\n")

Key = tuple[int, str, str]  # office, kind of event, ticket


@dataclass(frozen=True, slots=True)
class Scale:
    """How many follow, for how long."""

    offices: int
    screens: int
    desks: int
    phones: int
    seconds: float

    @property
    def followers(self) -> int:
        return self.offices * (self.screens + self.desks + self.phones)


FULL, QUICK, SMALL = Scale(10, 5, 15, 80, 20.0), Scale(10, 5, 15, 80, 8.0), Scale(2, 1, 2, 4, 1.0)


@dataclass(slots=True)
class Heard:
    """What one follower got: numbers of events, when, and since when it was connected without a break."""

    office: int
    is_phone: bool
    start: int = -1
    numbers: "array[int]" = field(default_factory=lambda: array("q"))
    times: "array[float]" = field(default_factory=lambda: array("d"))
    connected: list[float] = field(default_factory=list)
    resets: int = 0


def run(bench: Bench) -> None:
    """Let them follow, and click."""
    scale = SMALL if bench.size is TINY else QUICK if bench.size.rounds < measure.FULL.rounds else FULL
    database = bench.databases.make("lobbies")
    with ExitStack() as stack:
        stack.callback(database.close)
        now = clock.now()
        lobbies = [
            lobby.build(database, now, f"amt-{number}", counters=scale.desks, kiosks=2)
            for number in range(scale.offices)
        ]
        for each in lobbies:
            lobby.fill(database, each, 100, now)
        port = stack.enter_context(servers.ours(bench.databases.url("lobbies"), bench.folder))
        heard, clicks, answers = _follow_and_click(port, lobbies, scale)
        _report(bench, scale, heard, _moments(database, clicks), answers, _public(database))


def _follow_and_click(
    port: int, lobbies: list[Lobby], scale: Scale
) -> tuple[list[Heard], dict[Key, float], Result]:
    ours, theirs = multiprocessing.Pipe()
    offices = [(each.slug, each.office_id) for each in lobbies]
    listening = multiprocessing.get_context("spawn").Process(
        target=_listen, args=(theirs, port, offices, scale), daemon=True
    )
    listening.start()
    try:
        _told(ours)
        clicks, answers = _click(port, lobbies, scale.seconds)
        sleep(LONGEST_WAY)
        ours.send("that is all")
        return _told(ours), clicks, answers
    finally:
        listening.kill()
        listening.join()


def _told(pipe: Connection) -> Any:
    if not pipe.poll(180):
        raise TimeoutError("the followers do not answer")
    told = pipe.recv()
    if isinstance(told, Exception):
        raise told
    return told


# The clicks


def _click(port: int, lobbies: list[Lobby], seconds: float) -> tuple[dict[Key, float], Result]:
    """Issue and call at an even pace; gives when each was clicked, and how long the answers took."""
    free: queue.Queue[tuple[Lobby, int, str]] = queue.Queue()
    seats = [(each, *seat) for each in lobbies for seat in each.counters]
    random.Random(1).shuffle(seats)  # noqa: S311 (only spreads the load)
    for seat in seats:
        free.put(seat)
    clicks: dict[Key, float] = {}
    result = Result()
    begin = monotonic() + 0.2
    connections: queue.Queue[http.client.HTTPConnection] = queue.Queue()
    for _ in range(CLICKERS):
        connections.put(http.client.HTTPConnection("127.0.0.1", port, timeout=30))

    def one(number: int) -> None:
        sleep(max(0.0, begin + number / CLICKS_A_SECOND - monotonic()))
        connection = connections.get()
        since = monotonic()
        if number % 2:
            here, counter, token = free.get()
            answer = _ask(connection, lobby.call_next(counter, token))
            if answer["ticket"] is not None:
                clicks[here.office_id, "ticket.called", answer["ticket"]["ticket"]] = since
        else:
            here = lobbies[number // 2 % len(lobbies)]
            kiosk = here.kiosks[number // 2 // len(lobbies) % len(here.kiosks)]
            _number, request = lobby.take_number(kiosk, clock.now())
            [taken] = _ask(connection, request)["results"]
            clicks[here.office_id, "ticket.issued", taken["ticket"]] = since
        result.latencies.append(monotonic() - since)
        if number % 2:
            if answer["ticket"] is not None:
                _ask(connection, lobby.signed(_finish(counter), token))
            free.put((here, counter, token))
        connections.put(connection)

    with ThreadPoolExecutor(CLICKERS) as threads:
        for done in [threads.submit(one, number) for number in range(int(seconds * CLICKS_A_SECOND))]:
            done.result()
    result.seconds = monotonic() - begin
    return clicks, result


def _finish(counter: int) -> bytes:
    return b"POST /api/v1/counters/%d/finish HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{}" % counter


def _ask(connection: http.client.HTTPConnection, request: bytes) -> dict[str, Any]:
    head, _, body = request.partition(b"\r\n\r\n")
    line, *fields = head.decode().split("\r\n")
    headers = dict(each.split(": ", 1) for each in fields)
    connection.request("POST", line.split()[1], body, {**headers, "Content-Length": str(len(body))})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{line}: {answer.status} {text[:300]!r}")
    found: dict[str, Any] = json.loads(text)
    return found


# The followers, in a process of their own


def _listen(pipe: Connection, port: int, offices: list[tuple[str, int]], scale: Scale) -> None:
    try:
        crowd = _Listeners(port, offices, scale)
        pipe.send("ready")
        crowd.listen(pipe)
        pipe.send([each.heard for each in crowd.all])
    except Exception as error:
        pipe.send(RuntimeError(repr(error)))


class _Listener:
    def __init__(self, slug: str, office: int, is_phone: bool) -> None:
        self.path = f"/live/{slug}" + (f"?every={PHONES_EVERY}" if is_phone else "")
        self.heard = Heard(office, is_phone)
        self.socket: socket.socket | None = None
        self.last = -1
        self.text = b""

    def connect(self, port: int) -> socket.socket:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.text = b""
        since = f"Last-Event-ID: {self.last}\r\n" if self.last >= 0 else ""
        self.socket.sendall(f"GET {self.path} HTTP/1.1\r\nHost: localhost\r\n{since}\r\n".encode())
        return self.socket

    def receive(self, now: float) -> bool:
        """Take what has come; False where the connection is over."""
        assert self.socket is not None
        part = self.socket.recv(262_144)
        whole, found, self.text = (self.text + part).rpartition(b"\n\n")
        if not found:
            return bool(part)
        if (began := _BEGIN.search(whole + found)) is not None:
            self.heard.connected.append(now)
            if self.last < 0:
                self.heard.start = self.last = int(began[1])
        self.heard.resets += whole.count(b"event: reset")
        for number in _EVENT.findall(whole):
            self.last = int(number)
            self.heard.numbers.append(self.last)
            self.heard.times.append(now)
        return bool(part)


class _Listeners:
    def __init__(self, port: int, offices: list[tuple[str, int]], scale: Scale) -> None:
        self._port = port
        self._selector = selectors.DefaultSelector()
        near, phones = scale.screens + scale.desks, scale.phones
        self.all = [
            _Listener(slug, office, number >= near)
            for slug, office in offices
            for number in range(near + phones)
        ]
        for each in self.all:
            self._connect(each)
        while any(each.last < 0 for each in self.all):
            self._receive(10)
        self._cut_at = monotonic() + scale.seconds / 2
        self._cut_office = offices[0][1]
        self._cut_next = monotonic() + 1
        self._chance = random.Random(2)  # noqa: S311 (only spreads the load)

    def listen(self, pipe: Connection) -> None:
        """Until told that it is over; in between connections are lost."""
        while not pipe.poll():
            self._receive(0.1)
            now = monotonic()
            if now >= self._cut_next:  # one by one …
                self._cut_next = now + 0.2
                self._cut(self._chance.choice(self.all))
            if now >= self._cut_at:  # … and once a whole office
                self._cut_at = float("inf")
                for each in self.all:
                    if each.heard.office == self._cut_office:
                        self._cut(each)

    def _receive(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            if not key.data.receive(monotonic()):
                self._cut(key.data)

    def _cut(self, listener: _Listener) -> None:
        assert listener.socket is not None
        self._selector.unregister(listener.socket)
        listener.socket.close()
        self._connect(listener)

    def _connect(self, listener: _Listener) -> None:
        self._selector.register(listener.connect(self._port), selectors.EVENT_READ, listener)


# What came of it


def _moments(database: Database, clicks: Mapping[Key, float]) -> dict[tuple[int, int], float]:
    """When the click was that an event comes from, by office and the event's number."""
    with database.read() as session:
        rows = session.execute(select(Event.office_id, Event.number, Event.kind, Event.data))
        keys = {
            (office, number): (office, kind, data.get("ticket", "")) for office, number, kind, data in rows
        }
    return {place: clicks[key] for place, key in keys.items() if key in clicks}


def _public(database: Database) -> dict[int, list[int]]:
    """The numbers of the events that followers are told, by office."""
    with database.read() as session:
        rows = session.scalars(select(Event).order_by(Event.office_id, Event.number)).all()
        found: dict[int, list[int]] = {}
        for event in rows:
            if live.tell(event):
                found.setdefault(event.office_id, []).append(event.number)
    return found


def _report(
    bench: Bench,
    scale: Scale,
    heard: list[Heard],
    moments: Mapping[tuple[int, int], float],
    answers: Result,
    public: Mapping[int, list[int]],
) -> None:
    many = f"{scale.followers} followers, {CLICKS_A_SECOND} tickets a second"
    bench.add(f"answers to these clicks; {many}", measure.figures([answers]))
    near, phones = Result(), Result()
    wrong = 0
    for each in heard:
        wrong += each.resets + _differences(each, public.get(each.office, []))
        target = phones if each.is_phone else near
        target.latencies += _delays(each, moments)
    for what, result, floor, goal in (
        ("screens and desks", near, 1.0, 0.25),
        ("phones", phones, 3.0, 1.5),
    ):
        late = result.percentile(0.99)
        bench.add(
            f"click → {what}; {many}",
            f"p50 {result.percentile(0.5) * 1000:.0f} ms  p99 {late * 1000:.0f} ms  "
            f"longest {max(result.latencies, default=0) * 1000:.0f} ms",
            against="p99 in seconds",
            ratio=late,
            floor=floor,
            goal=goal,
            at_most=True,
        )
    told = sum(len(each.numbers) for each in heard)
    again = sum(len(each.connected) - 1 for each in heard)
    bench.add(
        f"lost, doubled or out of order; {many}",
        f"{wrong} of {told}, {again} reconnects",
        against="events",
        ratio=float(wrong),
        floor=0.0,
        goal=0.0,
        at_most=True,
    )


def _differences(heard: Heard, public: Iterable[int]) -> int:
    """How many events are missing, too many, or not where they belong."""
    expected = [number for number in public if number > heard.start]
    got = list(heard.numbers)
    if got == expected:
        return 0
    doubled = len(got) - len(set(got))
    disordered = sum(later < earlier for earlier, later in pairwise(got))
    return len(set(expected) ^ set(got)) + doubled + disordered


def _delays(heard: Heard, moments: Mapping[tuple[int, int], float]) -> Iterable[float]:
    """From click to arrival, of what happened while it was connected."""
    since = list(heard.connected)
    connected = since.pop(0) if since else 0.0
    for number, time in zip(heard.numbers, heard.times, strict=True):
        while since and since[0] <= time:
            connected = since.pop(0)
        clicked = moments.get((heard.office, number))
        if clicked is not None and clicked > connected:
            yield time - clicked


if __name__ == "__main__":
    measure.alone(run)
