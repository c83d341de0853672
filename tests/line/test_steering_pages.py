"""The desk's other buttons, pressed as staff press them."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from frontoffice.booking.models import State
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.line.models import Ticket, TicketState
from frontoffice.offices.models import Office
from tests.line.browsing import Browser
from tests.line.parts import account, appointment, kiosk, ticket


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
    miriam.get(f"{desk}look")
    assert miriam.path == f"{desk}ticket/A001/"
    shown |= set(miriam.buttons())
    miriam.post(f"{desk}steer/alarm")
    shown |= set(miriam.buttons())
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
        "set-aside",
        "settle",
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
    [meant] = re.findall(r'name="meant" value="([^"]+)"', miriam.page.text)
    for _press in range(2):  # in haste
        miriam.post(f"{desk}steer/undo", meant=meant)
        assert "The last step for number A002 is undone." in miriam.text
        assert states(database)["A002"] is TicketState.CALLED
    miriam.post(f"{desk}steer/undo")
    assert "The last step can no longer be undone" in miriam.text, "a form has to say which step it means"


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
    assert "Please choose a counter, a team or a concern." in miriam.text
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
    assert "Emergency at counter 1. Please help." in jonas.get("/team/musterstadt/alarms").text
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


def test_looking_before_calling_changes_nothing_and_shows_what_is_known(
    miriam: Browser, desk: str, database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        booked = appointment(session, here, now, state=State.CHECKED_IN, name="Olena Kowalenko")
        waiting = ticket(session, here, 3, now, service=0, due_at=now)
        waiting.appointment_id = booked.id
    text = miriam.get(f"{desk}ticket/A003/").text
    assert "Olena Kowalenko" in text
    assert "Renew residence permit" in miriam.text
    assert "Passport" in miriam.text, "what to bring"
    assert "Appointment 08:00" in miriam.text
    miriam.get(f"{desk}ticket/A003/")
    assert states(database)["A003"] is TicketState.WAITING
    with database.read() as session:
        seen = session.scalars(select(Event.subject).where(Event.kind == "appointment.seen")).all()
    assert list(seen) == [f"appointment:{booked.id}"]
    miriam.post(f"{desk}steer/pick", ticket="A003")
    assert "Called once A003" in miriam.text
    for unknown in ("A009", "B001", "nonsense", "A0"):
        assert miriam.get(f"{desk}ticket/{unknown}/").status_code == 404


def test_who_does_not_sit_there_sees_no_name_and_no_buttons(
    miriam: Browser, desk: str, app: Flask, database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        booked = appointment(session, here, now, state=State.CHECKED_IN, name="Olena Kowalenko")
        ticket(session, here, 3, now, service=0).appointment_id = booked.id
        account(session, "jonas")
    jonas = Browser(app)
    jonas.sign_in("jonas")
    assert "Olena" not in jonas.get(f"{desk}ticket/A003/").text
    assert "A003" in jonas.text
    assert not [button for button in jonas.buttons() if "steer" in button]
    with database.read() as session:
        assert session.scalars(select(Event).where(Event.kind == "appointment.seen")).all() == []


def test_what_was_really_done_is_ticked_when_finishing(
    miriam: Browser, desk: str, database: Database, office: Office
) -> None:
    miriam.post(f"{desk}steer/pick", ticket="A001")
    miriam.post(f"{desk}start", ticket="A001")
    first, second = office.services[0].id, office.services[1].id
    assert re.findall(r'name="done" value="(\d+)" checked', miriam.page.text) == [str(second)]
    miriam.post(f"{desk}finish", ticket="A001", done=[str(first), str(second)])
    with database.read() as session:
        done = session.scalars(select(Ticket).where(Ticket.number == 1)).one()
    assert (done.state, done.done) == (TicketState.DONE, [first, second])


def test_calling_again_ends_after_the_third_time(miriam: Browser, desk: str) -> None:
    miriam.post(f"{desk}steer/pick", ticket="A001")
    for _again in range(2):
        assert f"{desk}recall" in miriam.buttons()
        miriam.post(f"{desk}recall", ticket="A001")
    assert f"{desk}recall" not in miriam.buttons()
    assert "Called often enough." in miriam.text


def test_who_waits_is_let_wait_aside_until_a_time_of_day(
    miriam: Browser, desk: str, database: Database, now: datetime
) -> None:
    miriam.post(f"{desk}steer/set-aside", ticket="A001", reason="is outside", time="08:20")
    with database.read() as session:
        parked = session.scalars(select(Ticket).where(Ticket.number == 1)).one()
    assert (parked.state, parked.wake_at) == (TicketState.PARKED, now + timedelta(minutes=20))
    for wrong in ("07:59", "half past", "8"):
        miriam.post(f"{desk}steer/set-aside", ticket="A002", reason="is outside", time=wrong)
        assert states(database)["A002"] is TicketState.WAITING, wrong


def test_a_colleague_answers_a_call_for_help(
    miriam: Browser, desk: str, app: Flask, database: Database, office: Office
) -> None:
    with database.write() as session:
        account(session, "jonas")
    jonas = Browser(app)
    jonas.sign_in("jonas")
    other = f"/desk/{office.counters[1].id}/"
    jonas.post(f"{other}open")
    miriam.post(f"{desk}steer/help")
    jonas.get(other)
    assert "Counter 1 asks for a colleague." in jonas.text
    [cry] = set(re.findall(r'name="cry" value="(\d+)"', jonas.page.text))
    jonas.post(f"{other}steer/answer", cry=cry)
    assert "On the way: counter 2" in miriam.get(desk).text
    miriam.post(f"{desk}steer/settle", cry=cry)
    assert "asks for a colleague" not in jonas.get(other).text


def test_a_silent_kiosk_is_noticed_at_the_desk(
    miriam: Browser, desk: str, database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        kiosk(session, session.get_one(Office, office.id)).seen_at = now - timedelta(minutes=7)
    assert "The kiosk “Kiosk A” has not reported since 07:53." in miriam.get(desk).text


def test_staff_are_told_at_once_where_no_open_counter_serves_what_they_passed_somebody_on_to(
    miriam: Browser, database: Database, office: Office, desk: str
) -> None:
    with database.write() as session:
        here = session.get_one(Office, office.id)
        here.counters[0].services = here.services[:2]
        served, unserved = here.services[0].id, here.services[2].id
    told = "At the moment no open counter serves this concern. Number A001 waits until one is opened"
    miriam.post(f"{desk}steer/pick", ticket="A001")
    miriam.post(f"{desk}steer/transfer", ticket="A001", to_service=str(served))
    assert told not in miriam.text
    miriam.post(f"{desk}steer/pick", ticket="A001")
    miriam.post(f"{desk}steer/transfer", ticket="A001", to_service=str(unserved))
    assert told in miriam.text
