"""The desk's other buttons, pressed as staff press them."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from frontoffice.db import Database
from frontoffice.line.models import Ticket, TicketState
from frontoffice.offices.models import Office
from tests.line.browsing import Browser
from tests.line.parts import account, ticket


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def desk(office: Office) -> str:
    return f"/desk/{office.counters[0].id}/"


@pytest.fixture
def miriam(app: Flask, database: Database, office: Office, now: datetime, desk: str) -> Browser:
    """Miriam at counter 1, where two people wait: A001 since half an hour, A002 since ten minutes."""
    with database.write() as session:
        account(session)
        here = session.get_one(Office, office.id)
        for number, minutes in ((1, 30), (2, 10)):
            ticket(session, here, number, now, arrived_at=now - timedelta(minutes=minutes))
    browser = Browser(app)
    browser.sign_in()
    browser.post(f"{desk}open")
    return browser


def states(database: Database) -> dict[str, TicketState]:
    with database.read() as session:
        return {each.code: each.state for each in session.scalars(select(Ticket))}


def test_every_button_of_the_desk_leads_somewhere(miriam: Browser, desk: str) -> None:
    shown = set(miriam.buttons())
    miriam.post(f"{desk}steer/pick", ticket="A002")
    shown |= set(miriam.buttons())
    miriam.post(f"{desk}steer/park", ticket="A002", reason="waits for the interpreter")
    shown |= set(miriam.buttons())
    miriam.post(f"{desk}steer/pause")
    shown |= set(miriam.buttons())
    steps = {
        "pick",
        "park",
        "send-away",
        "back",
        "transfer",
        "favour",
        "wish",
        "leave",
        "undo",
        "pause",
        "resume",
        "help",
        "alarm",
    }
    assert {f"{desk}steer/{step}" for step in steps} <= shown


def test_parked_passed_on_and_taken_back(
    miriam: Browser, desk: str, database: Database, office: Office
) -> None:
    miriam.post(f"{desk}steer/pick", ticket="A002")
    assert "Called once A002" in miriam.text
    miriam.post(f"{desk}steer/park", ticket="A002", reason="waits for the interpreter", minutes="10")
    assert "A002 waits for the interpreter, until" in miriam.text
    miriam.post(f"{desk}steer/back", ticket="A002")
    miriam.post(f"{desk}steer/pick", ticket="A002")
    miriam.post(
        f"{desk}steer/transfer", ticket="A002", to_service=str(office.services[0].id), note="has the form"
    )
    assert states(database) == {"A001": TicketState.WAITING, "A002": TicketState.WAITING}
    miriam.post(f"{desk}steer/undo")
    assert "The last step for number A002 is undone." in miriam.text
    assert states(database)["A002"] is TicketState.CALLED


def test_who_is_let_first_stands_first_in_the_list(miriam: Browser, desk: str) -> None:
    miriam.post(f"{desk}steer/favour", ticket="A002", reason="frail")
    line = miriam.text.split("Waiting for this counter")[1]
    assert line.index("A002") < line.index("A001")
    assert "goes first" in line


def test_what_cannot_be_done_is_said_and_nothing_happens(
    miriam: Browser, desk: str, database: Database
) -> None:
    miriam.post(f"{desk}steer/pick", ticket="B017")
    assert "Number B017 is not waiting any more." in miriam.text
    miriam.post(f"{desk}steer/wish", ticket="A001", for_language="fa")
    assert "No open counter can do that at the moment." in miriam.text
    miriam.post(f"{desk}steer/pick", ticket="A001")
    miriam.post(f"{desk}steer/park", ticket="A001", reason=" ")
    assert "Please say why in a few words." in miriam.text
    miriam.post(f"{desk}steer/transfer", ticket="A001", to_service="x", to_counter="-1")
    assert "Please choose a counter or a concern." in miriam.text
    assert states(database) == {"A001": TicketState.CALLED, "A002": TicketState.WAITING}


def test_an_alarm_is_shown_at_the_other_desks_and_not_told_outside(
    miriam: Browser, desk: str, app: Flask, database: Database, office: Office
) -> None:
    with database.write() as session:
        account(session, "jonas")
    jonas = Browser(app)
    jonas.sign_in("jonas")
    other = f"/desk/{office.counters[1].id}/"
    assert "Emergency at counter" not in jonas.get(other).text
    miriam.post(f"{desk}steer/alarm")
    assert "Emergency at counter 1. Please help." in jonas.get(other).text
    assert "Emergency at counter 1. Please help." in jonas.get(f"{other}line").text
    seen = app.test_client().get(f"/screen/{office.slug}/").text
    assert "Emergency" not in seen


def test_the_pause_is_shown_and_ended(miriam: Browser, desk: str) -> None:
    miriam.post(f"{desk}steer/pause")
    assert "This counter is pausing." in miriam.text
    assert f"{desk}call-next" not in miriam.buttons()
    miriam.post(f"{desk}steer/resume")
    assert f"{desk}call-next" in miriam.buttons()


def test_only_who_sits_there_steers(miriam: Browser, desk: str, app: Flask, database: Database) -> None:
    with database.write() as session:
        account(session, "jonas")
    jonas = Browser(app)
    jonas.sign_in("jonas")
    jonas.get(desk)
    assert f"{desk}steer/pick" not in jonas.buttons()
    jonas.post(f"{desk}steer/pick", ticket="A001")
    assert "You have not opened counter 1." in jonas.text
    assert states(database)["A001"] is TicketState.WAITING
