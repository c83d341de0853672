"""What the waiting-room screen is told: rooms, pauses, calls taken back, closing early; and its sentences."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.line import calling, spoken, staffing, undoing
from frontoffice.line.models import Ticket
from frontoffice.offices.models import Office
from frontoffice.web import live
from tests.line.desks import Desks

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def desks(database: Database, office: Office, now: datetime) -> Desks:
    """Counter 1 is in hall A, counter 2 in hall B."""
    with database.write() as session:
        for number, counter in enumerate(session.get_one(Office, office.id).counters):
            counter.room = "Halle B" if number == 1 else "Halle A"
    return Desks(database, office, now)


def told(client: FlaskClient, rooms: str = "") -> Any:
    answer = client.get(f"/screen/musterstadt/now{rooms}")
    assert answer.status_code == 200
    return answer.json


def test_a_screen_shows_the_calls_of_its_rooms(client: FlaskClient, desks: Desks) -> None:
    for number in (1, 2):
        desks.wait(number, arrived_at=desks.now - number * MINUTE)
    assert (desks.next(1), desks.next(2)) == ("A002", "A001")
    both = [(call["ticket"], call["counter"], call["room"]) for call in told(client)["calls"]]
    assert sorted(both) == [("A001", "2", "Halle B"), ("A002", "1", "Halle A")]
    assert [call["ticket"] for call in told(client, "?room=Halle+B")["calls"]] == ["A001"]
    assert len(told(client, "?room=Halle+B&room=Halle+A")["calls"]) == 2
    page = client.get("/screen/musterstadt/?room=Halle+A").text
    assert "A002" in page
    assert "A001" not in page
    assert client.get("/screen/musterstadt/?room=Keller").status_code == 404
    assert client.get("/screen/musterstadt/now?room=Keller").status_code == 404


def test_a_call_that_was_taken_back_is_gone_and_a_pause_has_a_sign(client: FlaskClient, desks: Desks) -> None:
    desks.wait(1)
    desks.next(1)
    desks.do(undoing.undo, 1)
    desks.do(staffing.pause, 1)
    now = told(client)
    assert (now["calls"], now["waiting"], now["pausing"]) == ([], 1, ["1"])
    assert told(client, "?room=Halle+B")["pausing"] == []
    desks.do(staffing.resume, 1)
    assert told(client)["pausing"] == []


@pytest.mark.parametrize(
    ("languages", "shown"),
    [
        (["de", "de-simple", "uk", "ar"], ["de", "uk"]),
        (["de-simple", "en"], ["de-simple", "en"]),
        (["de"], ["de"]),
    ],
)
def test_the_words_are_in_two_languages_of_which_only_one_is_german(
    client: FlaskClient, database: Database, office: Office, languages: list[str], shown: list[str]
) -> None:
    with database.write() as session:
        session.get_one(Office, office.id).languages = languages
    page = client.get("/screen/musterstadt/").text
    assert list(dict.fromkeys(re.findall(r'<span lang="([^"]+)"', page))) == shown


def test_the_language_is_told_only_where_the_number_is_spoken_in_it(
    client: FlaskClient, desks: Desks
) -> None:
    languages = ("de", "uk", "ti", "ar-SY")
    for number, language in enumerate(languages, start=1):
        waiting = desks.wait(number)
        with desks.database.write() as session:
            session.get_one(Ticket, waiting).language = language
        desks.next(1)
        desks.do(calling.no_show, 1)
    spoken_in = [None, "uk", None, "ar"]
    assert [call["language"] for call in reversed(told(client)["calls"])] == spoken_in
    with desks.database.read() as session:
        calls = session.scalars(select(Event).where(Event.kind == "ticket.called").order_by(Event.number))
        lines = [live.tell(each).decode().split("data: ")[1] for each in calls]
    assert [json.loads(line)["language"] for line in lines] == spoken_in


def test_every_sentence_names_number_and_counter() -> None:
    assert spoken.FIRST in spoken.SENTENCES
    # Those of the catalogue of languages that offices have, besides German.
    assert {"en", "uk", "ru", "ar", "tr", "fa", "fr", "es"} <= set(spoken.SENTENCES)
    for sentence in spoken.SENTENCES.values():
        assert sentence.format(ticket="A 0 0 1", counter="3").count("A 0 0 1") == 1
        assert "{counter}" in sentence


def test_the_worker_that_keeps_the_page_is_fresh_and_counts_for_screens(client: FlaskClient) -> None:
    answer = client.get("/screen/worker.js")
    assert answer.status_code == 200
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
