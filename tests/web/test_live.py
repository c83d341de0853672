"""The live feed: over a real server, with connections that drop."""

import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import text
from werkzeug.serving import make_server

from frontoffice import events
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.line import calling, staffing
from frontoffice.offices.models import Office
from frontoffice.vault import Vault
from frontoffice.web import crowd, feed, live
from frontoffice.web.app import SECURITY_HEADERS
from frontoffice.web.crowd import Crowd, NoSeatLeft
from tests.line.parts import RULES, account, ticket
from tests.sample import sample_office

DEADLINE = 30.0  # seconds


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    """The application on a real port; its streams end before the server does."""
    listening = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}"
    live.stop(app)
    listening.shutdown()
    thread.join(DEADLINE)


class Stream:
    """An open stream of server-sent events, read as a browser does."""

    def __init__(self, url: str, last_id: int | None = None) -> None:
        headers = {"Last-Event-ID": str(last_id)} if last_id is not None else {}
        self.answer = requests.get(url, headers=headers, stream=True, timeout=DEADLINE)
        self.last_id = last_id
        self._lines = self.answer.iter_lines(chunk_size=1, decode_unicode=True)

    def blocks(self) -> Iterator[dict[str, str]]:
        """Each block up to an empty line, as its fields; comments count as the field ''."""
        block: dict[str, str] = {}
        for line in self._lines:
            if line:
                name, _colon, value = line.partition(":")
                block[name] = value.strip()
                continue
            if "id" in block:
                self.last_id = int(block["id"])
            yield block
            block = {}

    def events(self, count: int) -> list[tuple[int, str, dict[str, Any]]]:
        """The next events with their id, kind and data."""
        found = []
        for block in self.blocks():
            if "event" in block:
                found.append((self.last_id or 0, block["event"], json.loads(block["data"])))
            if len(found) == count:
                return found
        raise AssertionError(f"the stream ended after {found}")

    def drop(self) -> None:
        """Break the connection; whatever is still on its way is lost."""
        self.answer.close()


@contextmanager
def follow(server: str, query: str = "", last_id: int | None = None) -> Iterator[Stream]:
    stream = Stream(f"{server}/live/musterstadt{query}", last_id)
    try:
        yield stream
    finally:
        stream.drop()


def tell(
    database: Database, office: Office, now: datetime, number: int, kind: str = "ticket.issued", **more: Any
) -> int:
    with database.write() as session:
        data = {"ticket": f"A{number:03d}", **more}
        return events.append(
            session, office.id, kind, now, actor="device:1", subject=f"ticket:{number}", data=data
        )


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "that did not happen in time"
        time.sleep(0.01)


def test_a_call_reaches_the_screen(server: str, database: Database, office: Office, now: datetime) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        who = account(session)
        ticket(session, here, 1, now)
        staffing.open_counter(session, here.counters[2].id, who, now)
    with follow(server) as stream:
        assert stream.answer.headers["Content-Type"].startswith("text/event-stream")
        assert stream.answer.headers["Cache-Control"] == "no-store"
        assert [name for name in SECURITY_HEADERS if name not in stream.answer.headers] == []
        assert "unsafe" not in stream.answer.headers["Content-Security-Policy"]
        first = next(stream.blocks())
        assert (first["retry"], first["id"]) == ("2000", "1")
        with database.write() as session:
            calling.call_next(session, office.counters[2].id, who, now, RULES)
        data = {"ticket": "A001", "counter": "3", "call": 1, "at": "2026-11-23T07:00:00+00:00"}
        [(number, kind, told)] = stream.events(1)
        assert (number, kind) == (2, "ticket.called")
        assert data.items() <= told.items()


def test_what_another_process_writes_is_told_too(
    server: str, database_url: str, vault: Vault, office: Office, now: datetime
) -> None:
    elsewhere = Database(database_url, vault)
    with follow(server) as stream:
        next(stream.blocks())
        tell(elsewhere, office, now, 7)
        [(_number, _kind, data)] = stream.events(1)
    elsewhere.close()
    assert data["ticket"] == "A007"


def test_who_asks_from_a_number_gets_everything_since(
    server: str, database: Database, office: Office, now: datetime
) -> None:
    for number in range(1, 6):
        tell(database, office, now, number)
    with follow(server, "?after=2") as stream:
        assert [number for number, _kind, _data in stream.events(3)] == [3, 4, 5]
    with follow(server, "?after=1", last_id=4) as stream:
        assert [number for number, _kind, _data in stream.events(1)] == [5], (
            "what the browser had last counts more"
        )


def test_nothing_is_lost_or_doubled_while_the_connection_drops_again_and_again(
    server: str, database: Database, office: Office, now: datetime
) -> None:
    total = 150

    def write(share: range) -> None:
        for number in share:
            tell(database, office, now, number)
            time.sleep(0.005)

    received: list[tuple[int, str]] = []
    last_id = 0
    with ThreadPoolExecutor(3) as threads:
        writers = [threads.submit(write, range(first, total, 3)) for first in range(3)]
        while len(received) < total:
            stream = Stream(f"{server}/live/musterstadt?after=0", last_id)
            for number, _kind, data in stream.events(min(17, total - len(received))):
                received.append((number, data["ticket"]))
                last_id = number
            stream.drop()
        for writer in writers:
            writer.result(DEADLINE)
    assert [number for number, _ticket in received] == list(range(1, total + 1))
    assert len({told for _number, told in received}) == total


def test_all_who_follow_get_the_same(server: str, database: Database, office: Office, now: datetime) -> None:
    def listen(_number: int) -> list[int]:
        with follow(server, "?after=0") as stream:
            return [number for number, _kind, _data in stream.events(20)]

    with ThreadPoolExecutor(11) as threads:
        listeners = [threads.submit(listen, number) for number in range(10)]
        for number in range(20):
            tell(database, office, now, number)
        assert [listener.result(DEADLINE) for listener in listeners] == [list(range(1, 21))] * 10


def test_only_public_things_are_told_and_of_them_only_what_everybody_may_know(
    server: str, database: Database, office: Office, now: datetime
) -> None:
    tell(database, office, now, 1, "appointment.seen")
    tell(database, office, now, 2, "device.paired")
    tell(database, office, now, 3, "ticket.issued", name="Olena", account=7)
    tell(database, office, now, 4, "ticket.something_new")
    tell(database, office, now, 5, "ticket.done", counter="2")
    with follow(server, "?after=0") as stream:
        at = now.isoformat()
        assert stream.events(2) == [
            (3, "ticket.issued", {"ticket": "A003", "at": at}),
            (5, "ticket.done", {"ticket": "A005", "counter": "2", "at": at}),
        ]


def test_an_office_hears_nothing_of_another(
    server: str, database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        other = sample_office(session, "nebenstadt")
    tell(database, other, now, 1)
    tell(database, office, now, 2)
    with follow(server, "?after=0") as stream:
        [(_number, _kind, data)] = stream.events(1)
    assert data["ticket"] == "A002"


def test_a_quiet_stream_shows_that_it_is_alive_and_how_far_it_is(
    server: str, database: Database, office: Office, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "HEARTBEAT", 0.05)
    with follow(server) as stream:
        next(stream.blocks())
        tell(database, office, now, 1, "appointment.seen")
        until(lambda: next(stream.blocks()).get("id") == "1")
        assert next(stream.blocks())[""] == "still here"


def test_a_number_from_another_life_of_the_database_makes_the_screen_begin_anew(
    server: str, database: Database, office: Office, now: datetime
) -> None:
    tell(database, office, now, 1)
    for last, query in enumerate(("?after=99", "?after=999999999999999"), 1):
        with follow(server, query) as stream:
            assert stream.events(1) == [(last, "reset", {})]
            tell(database, office, now, last + 1)
            assert stream.events(1)[0][0] == last + 1


def test_who_missed_very_much_is_told_to_look_at_the_board(
    server: str, database: Database, office: Office, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CATCH_UP", 3)
    for number in range(1, 6):
        tell(database, office, now, number)
    with follow(server, "?after=1") as stream:
        assert stream.events(1) == [(5, "reset", {})]
    with follow(server, "?after=2") as stream:
        assert [number for number, _kind, _data in stream.events(3)] == [3, 4, 5]


def test_a_number_that_is_none_means_from_now_on(
    server: str, database: Database, office: Office, now: datetime
) -> None:
    tell(database, office, now, 1)
    queries = ("", "?after=", "?after=x", "?after=-1", "?after=1e3", "?after=" + "9" * 99)
    for last, query in enumerate(queries, 1):
        with follow(server, query) as stream:
            assert next(stream.blocks())["id"] == str(last)
            tell(database, office, now, last + 1)
            assert stream.events(1)[0][0] == last + 1


class Seated:
    """A follower without a browser: the other end of its connection."""

    def __init__(self, process: Crowd, office: Office, after: int = 0, *, every: float = 0.0) -> None:
        seat = process.seat(office.id)
        self._mine, theirs = socket.socketpair()
        self._mine.settimeout(DEADLINE)
        self._rest = b""
        process.join(seat, theirs, after, process.feed.read(office.id, after), every=every)

    def collect(self, upto: int) -> list[int]:
        """The numbers that come in, up to this one."""
        numbers: list[int] = []
        while not numbers or numbers[-1] < upto:
            text = self._mine.recv(65536)
            assert text, f"ended after {numbers}"
            *whole, self._rest = (self._rest + text).split(b" ")
            numbers += (int(each.strip(b".")) for each in whole)
        return numbers

    def has_ended(self) -> bool:
        """Whether nothing comes any more; waits for it."""
        return self._mine.recv(65536) == b""

    def has_nothing(self) -> bool:
        """Whether nothing has come yet."""
        return not select.select([self._mine], [], [], 0)[0]

    def close(self) -> None:
        self._mine.close()

    def __enter__(self) -> "Seated":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


@pytest.fixture
def process(database: Database) -> Iterator[Crowd]:
    """The crowd of a process, with five seats, four of them for one network."""
    crowd = Crowd(database, lambda event: f"{event.number} ".encode(), 5, 4)
    yield crowd
    crowd.stop()


def test_a_seat_given_back_can_be_taken_again_whoever_gives_it_back(process: Crowd, office: Office) -> None:
    seated = [Seated(process, office) for _ in range(4)]
    with pytest.raises(NoSeatLeft):
        process.seat(office.id)
    elsewhere = process.seat(office.id, "another network")
    with pytest.raises(NoSeatLeft):
        process.seat(office.id, "a third network")
    process.give_back(elsewhere)
    seated[0].close()

    def one_is_free() -> bool:
        try:
            process.give_back(process.seat(office.id))
        except NoSeatLeft:
            return False
        return True

    until(one_is_free)


def test_nobody_waits_for_a_follower_that_takes_nothing_and_it_gets_everything_in_the_end(
    process: Crowd, database: Database, office: Office, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More than fits into a connection's buffers.
    monkeypatch.setattr(process.feed, "_tell", lambda event: b"%s%d " % (b"." * 100_000, event.number))
    with Seated(process, office) as slow, Seated(process, office) as quick:
        for number in range(1, 31):
            tell(database, office, now, number)
            assert quick.collect(number) == [number]
        assert slow.collect(30) == list(range(1, 31))


def test_who_has_fallen_behind_what_is_kept_is_let_go_and_gets_the_rest_from_the_table(
    process: Crowd, database: Database, office: Office, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "KEPT", 5)
    monkeypatch.setattr(feed, "AT_ONCE", 7)
    seat, told = process.seat(office.id), process.feed.read(office.id, 0)
    for number in range(1, 31):
        tell(database, office, now, number)
    until(lambda: seat.latest.last == 30)
    mine, theirs = socket.socketpair()
    mine.settimeout(DEADLINE)
    with mine:
        process.join(seat, theirs, 0, told)
        assert mine.recv(1) == b"", "thirty are missing, and five are kept"
    with Seated(process, office, 3) as again:
        assert again.collect(30) == list(range(4, 31))


def test_what_happens_while_a_seat_is_being_taken_is_not_missed(
    database: Database, office: Office, now: datetime
) -> None:
    process = Crowd(database, lambda event: f"{event.number} ".encode(), 50)
    with ThreadPoolExecutor(9) as threads:

        def come_and_go(_number: int) -> list[int]:
            with Seated(process, office) as seat:
                return seat.collect(40)

        listeners = [threads.submit(come_and_go, number) for number in range(8)]
        for number in range(40):
            tell(database, office, now, number)
        for listener in listeners:
            assert listener.result(DEADLINE) == list(range(1, 41))
    process.stop()


def test_phones_get_at_most_one_portion_in_their_time_and_everything(
    process: Crowd, database: Database, office: Office, now: datetime
) -> None:
    with Seated(process, office) as screen, Seated(process, office, every=3600) as phone:
        tell(database, office, now, 1)
        assert screen.collect(1) == [1]
        for number in range(2, 5):
            tell(database, office, now, number)
            assert screen.collect(number) == [number]
        assert phone.has_nothing()
    with Seated(process, office, every=0.2) as phone, Seated(process, office) as screen:
        screen.collect(4)
        phone.collect(4)
        tell(database, office, now, 5)
        tell(database, office, now, 6)
        assert screen.collect(6) == [5, 6]
        assert phone.collect(6) == [5, 6]


def test_the_doorbell_alone_is_enough(
    process: Crowd, database: Database, office: Office, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LOOK_EVERY", 10 * DEADLINE)
    with Seated(process, office) as seat:
        for number in range(1, 6):
            tell(database, office, now, number)
            assert seat.collect(number) == [number]


def test_what_no_doorbell_tells_of_is_found_by_looking(
    process: Crowd, database: Database, office: Office, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LOOK_EVERY", 0.1)
    with Seated(process, office) as seat:
        with database.write() as session:
            session.add(events.EventCount(office_id=office.id, last=1))
            about = {"kind": "ticket.issued", "actor": "test", "subject": "ticket:1", "data": {}}
            session.add(Event(office_id=office.id, number=1, at=now, **about))
        assert seat.collect(1) == [1]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_doorbell_that_is_torn_off_is_hung_up_again(
    process: Crowd, database: Database, office: Office, now: datetime
) -> None:
    def listeners() -> list[int]:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'"
        with database.engine.connect() as connection:
            return list(connection.scalars(text(query)))

    with Seated(process, office) as seat:
        until(lambda: len(listeners()) == 1)
        [torn_off] = listeners()
        with database.engine.connect() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": torn_off})
        tell(database, office, now, 1)
        assert seat.collect(1) == [1]
        until(lambda: bool(listeners()) and listeners() != [torn_off])
        tell(database, office, now, 2)
        assert seat.collect(2) == [2]


def test_a_stopped_process_ends_those_who_follow_and_leaves_no_thread(process: Crowd, office: Office) -> None:
    with Seated(process, office) as seat:
        process.stop()
        assert seat.has_ended()
    assert not [each for each in threading.enumerate() if each.name in ("feed", "crowd")]
    with Seated(process, office) as late:
        assert late.has_ended()


def test_a_feed_that_cannot_look_any_more_ends_its_streams_rather_than_seem_alive_and_can_begin_again(
    process: Crowd, database: Database, office: Office, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Seated(process, office) as seat:
        monkeypatch.setattr(feed, "BLIND_AFTER", -1)
        assert seat.has_ended()
    monkeypatch.undo()
    with Seated(process, office) as seat:
        tell(database, office, now, 1)
        assert seat.collect(1) == [1]


def test_a_crowd_whose_thread_breaks_lets_all_go_and_can_begin_again(
    process: Crowd, database: Database, office: Office, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_now: float) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(process, "_tell_news", broken)
    with Seated(process, office) as seat:
        assert seat.has_ended()
    monkeypatch.undo()
    until(lambda: not [each for each in threading.enumerate() if each.name == "crowd"])
    with Seated(process, office) as seat:
        tell(database, office, now, 1)
        assert seat.collect(1) == [1]


def test_every_follower_keeps_a_file_open_and_others_are_needed_too() -> None:
    assert live.seats(2000, 100_000) == 2000
    assert live.seats(2000, 1024) == 1024 - live.SPARE_FILES
    assert live.seats(2000, 100) == 1
    assert live.seats(2000, -1) == 2000


def test_the_text_of_an_event_is_one_block_whatever_is_in_it(now: datetime) -> None:
    odd = Event(
        number=3,
        at=now,
        kind="ticket.called",
        data={"ticket": "A001", "counter": "3\n\nevent: forged", "call": 1},
    )
    lines = live.tell(odd).decode().split("\n")
    assert [line.partition(":")[0] for line in lines] == ["id", "event", "data", "", ""]
    assert json.loads(lines[2].removeprefix("data: "))["counter"] == "3\n\nevent: forged"
