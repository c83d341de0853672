"""Many followers of a real server with few threads: its connections are handed over, and none is lost."""

import os
import signal
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import requests

from frontoffice.db import Database
from frontoffice.offices.models import Office
from tests.races.test_web_killed import environment, frontoffice
from tests.web.test_live import DEADLINE, Stream, tell, until

__all__ = ["environment"]

FOLLOWERS = 40


@pytest.fixture
def server(environment: dict[str, str], office: Office, tmp_path: Path) -> Iterator[str]:
    """`frontoffice serve` with two threads in each process, which followers must not keep busy."""
    url = environment["FRONTOFFICE_SITE__BASE_URL"]
    small = {"FRONTOFFICE_WEB__THREADS": "2", "FRONTOFFICE_WEB__FOLLOWERS_PER_NETWORK": str(FOLLOWERS)}
    process = frontoffice("serve", environment=environment | small, folder=tmp_path)
    try:
        until(lambda: answers(f"{url}/api/v1/offices"))
        yield url
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(DEADLINE) == 0, "streams do not keep it from ending"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # the server and its processes: the group is their own
            process.wait()


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=DEADLINE).ok
    except requests.RequestException:
        return False


def numbers(stream: Stream, count: int) -> list[int]:
    return [number for number, _kind, _data in stream.events(count)]


def test_far_more_follow_than_there_are_threads_and_all_hear_everything_even_after_a_drop(
    server: str, database: Database, office: Office, now: datetime
) -> None:
    url = f"{server}/live/musterstadt"
    streams = [Stream(url) for _ in range(FOLLOWERS)]
    assert {next(each.blocks())["id"] for each in streams} == {"0"}
    for number in range(1, 11):
        tell(database, office, now, number)
    assert requests.get(f"{server}/api/v1/offices/musterstadt/board", timeout=DEADLINE).ok
    assert [numbers(each, 10) for each in streams] == [list(range(1, 11))] * FOLLOWERS
    for each in streams:
        each.drop()
    for number in range(11, 16):
        tell(database, office, now, number)
    again = [Stream(url, each.last_id) for each in streams]
    for number in range(16, 21):
        tell(database, office, now, number)
    assert [numbers(each, 10) for each in again] == [list(range(11, 21))] * FOLLOWERS
    assert requests.get(f"{server}/api/v1/offices/musterstadt/board", timeout=DEADLINE).ok
    for each in again:
        each.drop()


def test_a_network_has_its_share_and_a_proxy_that_speaks_http_1_0_gets_plain_text(
    server: str, database: Database, office: Office, now: datetime
) -> None:
    address = ("127.0.0.1", int(server.rpartition(":")[2]))
    with socket.create_connection(address, DEADLINE) as proxy:
        proxy.sendall(b"GET /live/musterstadt?every=1 HTTP/1.0\r\n\r\n")
        text = b""
        while b"id: 0\n\n" not in text:
            text += proxy.recv(4096)
        head, _, body = text.partition(b"\r\n\r\n")
        assert b"chunked" not in head.lower()
        assert body == b"retry: 2000\nid: 0\n\n"
        tell(database, office, now, 1)
        text = b""
        while not text.endswith(b"\n\n"):
            text += proxy.recv(4096)
        assert text.startswith(b"id: 1\nevent: ticket.issued\ndata: {")
    processes = 1 if database.is_sqlite else 8
    streams: list[Stream] = []
    while (
        len(streams) <= FOLLOWERS * processes and (stream := Stream(f"{server}/live/musterstadt")).answer.ok
    ):
        streams.append(stream)
    assert FOLLOWERS - 1 <= len(streams) <= FOLLOWERS * processes
    assert stream.answer.status_code == 503
    assert int(stream.answer.headers["Retry-After"]) > 0
    for each in streams:
        each.drop()
