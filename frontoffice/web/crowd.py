"""All who follow in this process: their sockets, and the one thread that writes to them.

A thread for each follower would be a thousand threads that mostly sleep. The server's thread answers the request, then
hands the connection over and is free again. Nobody waits for anybody: what a slow follower cannot take is kept for it,
one portion at a time, and who has fallen behind too far is let go, to come back with the number it had last.
"""

import contextlib
import heapq
import selectors
import socket
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from time import monotonic

import structlog

from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.web.feed import Feed, Latest, Told

log = structlog.get_logger(__name__)

HEARTBEAT = 15.0  # seconds: proxies close connections that stay silent for a minute
LOOK_AROUND = 0.5  # seconds between two looks for who needs a heartbeat or is stuck
STUCK_AFTER = 30.0  # seconds that a follower may take nothing: the device is off, or out of reach
SILENT_PEER = 30_000  # ms that the system waits for a peer to confirm what was sent
LAST_CHUNK = b"0\r\n\r\n"
STILL_HERE = (
    b": still here\nid: %d\n\n"  # only an id is no event, but where a browser begins again after a drop
)


class NoSeatLeft(Exception):
    """As many follow already as this process, or the network they come from, may have."""


@dataclass(slots=True, eq=False)
class Seat:
    """A place in the crowd, kept for one follower of an office."""

    office_id: int
    latest: Latest
    network: str


@dataclass(slots=True, eq=False)
class _Follower:
    seat: Seat
    socket: socket.socket
    number: int  # the last event that was put on its way
    chunked: bool
    every: float
    pending: bytes
    told_at: float
    waits: bool = False  # for its turn, because it was told something just now
    writing: bool = False  # the selector says when it can take more

    def framed(self, text: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(text), text) if self.chunked and text else text


class Crowd:
    """The followers of one process. `seats` may follow at once, of these so many from one network."""

    def __init__(
        self,
        database: Database,
        tell: Callable[[Event], bytes],
        seats: int,
        seats_per_network: int | None = None,
    ) -> None:
        self.feed = Feed(database, tell, self._wake)
        self._seats = seats
        self._seats_per_network = seats_per_network or seats
        self._guard = threading.Lock()
        self._taken: Counter[str] = Counter()
        self._joining: deque[_Follower] = deque()
        self._thread: threading.Thread | None = None
        self._selector = selectors.DefaultSelector()
        self._bell, self._rope = socket.socketpair()
        for end in (self._bell, self._rope):
            end.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)
        # What follows is touched by the thread alone.
        self._offices: dict[int, set[_Follower]] = {}
        self._served: dict[int, int] = {}  # by office, the number up to which its followers were looked at
        self._turns: list[tuple[float, int, _Follower]] = []
        self._tie = count()
        self._texts: dict[tuple[int, int], tuple[bytes, int]] = {}
        self._looked_around = 0.0

    def seat(self, office_id: int, network: str = "") -> Seat:
        """Keep a seat; it must be given back, or handed to `join`. Raises NoSeatLeft."""
        with self._guard:
            if self._taken.total() >= self._seats or self._taken[network] >= self._seats_per_network:
                raise NoSeatLeft
            self._taken[network] += 1
        try:
            return Seat(office_id, self.feed.open(office_id), network)
        except BaseException:
            self._free(network)
            raise

    def taken(self) -> int:
        """How many seats are taken."""
        with self._guard:
            return self._taken.total()

    def give_back(self, seat: Seat) -> None:
        """Nobody sits there any more."""
        self.feed.leave(seat.office_id)
        self._free(seat.network)

    def join(
        self,
        seat: Seat,
        connection: socket.socket,
        number: int,
        told: list[Told],
        *,
        chunked: bool = False,
        every: float = 0.0,
    ) -> None:
        """Tell first `told` and then what happens over this connection, which is the crowd's from now on.

        `chunked`: as HTTP/1.1 frames an answer of unknown length. `every`: bundle what happens within so many seconds.
        """
        connection.setblocking(False)
        if connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_PEER)
        follower = _Follower(seat, connection, number, chunked, every, b"", monotonic())
        if told:
            follower.number = told[-1].number
            follower.pending = follower.framed(b"".join(each.text for each in told))
        with self._guard:
            self._joining.append(follower)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="crowd", daemon=True)
                self._thread.start()
        self._wake()

    def stop(self) -> None:
        """Let all come to their end."""
        self.feed.stop()
        with self._guard:
            thread = self._thread
        if thread is not None:
            thread.join(5)

    def _free(self, network: str) -> None:
        with self._guard:
            self._taken[network] -= 1
            if not self._taken[network]:
                del self._taken[network]

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full of bells that were not heard yet
            self._rope.send(b"!")

    def _work(self) -> None:
        try:
            while not self._is_done():
                self._round()
        except (
            Exception
        ) as error:  # rather an end that browsers notice than silence that looks like a quiet day
            log.exception("the crowd cannot go on", error=type(error).__name__)
            self._end()

    def _is_done(self) -> bool:
        if not self.feed.is_over:
            return False
        self._let_in(monotonic())
        self._end()
        with self._guard:
            if self._joining:
                return False
            self._thread = None  # whoever joins from now on starts another one
            return True

    def _round(self) -> None:
        for key, mask in self._selector.select(self._patience()):
            if key.data is None:
                self._bell.recv(4096)
            elif mask & selectors.EVENT_WRITE:
                self._go_on(key.data)
            else:
                self._listen(key.data)
        now = monotonic()
        self._let_in(now)
        self._tell_news(now)
        self._take_turns(now)
        self._texts.clear()
        if now - self._looked_around >= min(LOOK_AROUND, HEARTBEAT):
            self._looked_around = now
            self._look_around(now)

    def _patience(self) -> float:
        turn = self._turns[0][0] - monotonic() if self._turns else LOOK_AROUND
        return max(0.0, min(turn, LOOK_AROUND, HEARTBEAT))

    def _let_in(self, now: float) -> None:
        while self._joining:
            follower = self._joining.popleft()
            self._offices.setdefault(follower.seat.office_id, set()).add(follower)
            self._selector.register(follower.socket, selectors.EVENT_READ, follower)
            if follower.pending:
                self._send(follower, b"", now)
            self._serve(follower, now)

    def _tell_news(self, now: float) -> None:
        for office_id, followers in list(self._offices.items()):
            latest = next(iter(followers)).seat.latest
            if latest.last == self._served.get(office_id):
                continue
            self._served[office_id] = latest.last
            for follower in list(followers):
                if follower.every and not follower.waits:
                    follower.waits = True
                    turn = max(now, follower.told_at + follower.every)
                    heapq.heappush(self._turns, (turn, next(self._tie), follower))
                elif not follower.every:
                    self._serve(follower, now)

    def _take_turns(self, now: float) -> None:
        while self._turns and self._turns[0][0] <= now:
            follower = heapq.heappop(self._turns)[2]
            follower.waits = False
            self._serve(follower, now)

    def _serve(self, follower: _Follower, now: float) -> None:
        """Tell what is new to this one, unless it still has to take what was told before."""
        if follower.pending or follower.socket.fileno() < 0:
            return
        news = self._news(follower)
        if news is None:
            self._drop(follower)  # it comes back, and is served from the table
            return
        text, follower.number = news
        if text:
            self._send(follower, follower.framed(text), now)

    def _news(self, follower: _Follower) -> tuple[bytes, int] | None:
        """The text of what came since, and up to which number: worked out once for all who have the same number."""
        key = (follower.seat.office_id, follower.number)
        if key not in self._texts:
            told = follower.seat.latest.after(follower.number)
            if told is None:
                return None
            self._texts[key] = (
                b"".join(each.text for each in told),
                told[-1].number if told else follower.number,
            )
        return self._texts[key]

    def _send(self, follower: _Follower, text: bytes, now: float) -> None:
        text = follower.pending + text
        try:
            sent = follower.socket.send(text)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._drop(follower)
            return
        if sent:
            follower.told_at = now
        follower.pending = text[sent:]
        if bool(follower.pending) != follower.writing:
            follower.writing = not follower.writing
            both = selectors.EVENT_READ | selectors.EVENT_WRITE
            wanted = both if follower.writing else selectors.EVENT_READ
            self._selector.modify(follower.socket, wanted, follower)

    def _go_on(self, follower: _Follower) -> None:
        """It can take more."""
        now = monotonic()
        self._send(follower, b"", now)
        if not follower.waits:
            self._serve(follower, now)

    def _listen(self, follower: _Follower) -> None:
        """Followers have nothing to say; what comes is the end."""
        try:
            if follower.socket.recv(4096):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._drop(follower)

    def _look_around(self, now: float) -> None:
        for follower in [each for followers in self._offices.values() for each in followers]:
            silent = now - follower.told_at
            if follower.pending and silent > STUCK_AFTER:
                self._drop(follower)
            elif not follower.pending and silent >= HEARTBEAT:
                self._send(follower, follower.framed(STILL_HERE % follower.number), now)

    def _drop(self, follower: _Follower) -> None:
        office_id = follower.seat.office_id
        self._selector.unregister(follower.socket)
        follower.socket.close()
        self._offices[office_id].discard(follower)
        if not self._offices[office_id]:
            del self._offices[office_id]
            self._served.pop(office_id, None)
        self.give_back(follower.seat)

    def _end(self) -> None:
        for follower in [each for followers in self._offices.values() for each in followers]:
            if follower.chunked and not follower.pending:
                with contextlib.suppress(OSError):
                    follower.socket.send(LAST_CHUNK)
            self._drop(follower)
