"""A person sees, downloads and deletes what is stored, through the appointment's link; and the office by command."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from frontoffice.booking import appointing, holding, planning
from frontoffice.booking.models import Appointment, State
from frontoffice.booking.person import Person
from frontoffice.booking.visit import visit
from frontoffice.cli import main
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.messages.models import Message, MessageState
from frontoffice.offices.models import Office
from tests.conftest import KEY
from tests.insight.parts import service
from tests.insight.test_people import RAHIMI
from tests.line.browsing import Browser
from tests.sample import RENEWAL


@pytest.fixture
def booked(database: Database, config: Config, office: Office, now: datetime) -> str:
    """The address of an appointment of tomorrow, as it stands in its message."""
    with database.write() as session:
        place = session.get_one(Office, office.id)
        planning.plan(session, place, now.date(), 5, now)
        wanted = visit([(service(session, RENEWAL), 1)])
        start = now + timedelta(days=1, hours=1)
        _, token = holding.hold(session, place, wanted, start, now, rules=config.booking)
        one = appointing.book(session, token, RAHIMI, "en", now, settings=config, proven=True)
        return f"/appointments/{one.reference}/{appointing.secret_of(session, one)}/"


def person_of(database: Database) -> Person:
    with database.read() as session:
        one = session.scalars(select(Appointment)).one()
        return appointing.person_of(session, one)


def test_a_person_sees_and_downloads_all_of_it(app: Flask, booked: str, now: datetime) -> None:
    browser = Browser(app)
    with time_machine.travel(now, tick=False):
        assert f"{booked}data/" in browser.get(booked).text
        page = browser.get(f"{booked}data/").text
        for word in (RAHIMI.name, "17/05/1990", RAHIMI.mail, RAHIMI.phone, "Booked", "still to be sent"):
            assert str(word) in browser.text
        assert f"<bdi>{RAHIMI.phone}</bdi>" in page, "the plus sign stays before the number in Arabic too"
        stored = json.loads(browser.get(f"{booked}data/data.json").data)["stored"]
        assert [each["what"] for each in stored] == ["appointment", "message", "message"]
        assert browser.get(f"{booked[:-3]}xx/data/").status_code == 404


def test_deleting_cancels_first_and_then_the_link_leads_nowhere(
    app: Flask, database: Database, booked: str, now: datetime
) -> None:
    browser = Browser(app)
    with time_machine.travel(now, tick=False):
        browser.get(f"{booked}data/delete")
        assert "It is cancelled first" in browser.text
        assert person_of(database) == RAHIMI  # looking changes nothing
        browser.post(f"{booked}data/delete")
        assert "It is deleted" in browser.text
        assert browser.get(booked).status_code == 404
    assert person_of(database).name == "–"
    with database.read() as session:
        assert session.scalars(select(Appointment.state)).one() == State.CANCELLED
        waiting = select(Message.kind).where(Message.state == MessageState.PENDING)
        assert set(session.scalars(waiting)) == {"cancelled"}


def run(config: Config, folder: Path, *arguments: str) -> str:
    settings = folder / "config.toml"
    settings.write_text(
        f'[site]\nbase_url = "http://localhost"\nsecret_keys = ["{KEY}"]\n[database]\nurl = "{config.database.url}"\n',
        encoding="utf-8",
    )
    return CliRunner().invoke(main, ["--config", str(settings), *arguments]).output


def test_the_office_exports_and_forgets(
    database: Database, config: Config, booked: str, now: datetime, tmp_path: Path
) -> None:
    him = ("--name", "Rahimi Mohammad", "--born", "1990-05-17")
    with time_machine.travel(now, tick=False):
        assert "Say whom" in run(config, tmp_path, "export-person")
        assert "Give --name and --born together" in run(config, tmp_path, "export-person", "--name", "Rahimi")
        assert "There is no appointment" in run(config, tmp_path, "export-person", "--code", "AAAA-AAAA")
        assert RAHIMI.phone in run(config, tmp_path, "export-person", "--code", booked.split("/")[2])
        out = tmp_path / "him.json"
        out.write_text("somebody else's", encoding="utf-8")
        out.chmod(0o644)
        assert "is there already" in run(config, tmp_path, "export-person", *him, "--to", str(out))
        assert out.read_text(encoding="utf-8") == "somebody else's"
        out.unlink()
        assert "3 records written" in run(config, tmp_path, "export-person", *him, "--to", str(out))
        assert out.stat().st_mode & 0o077 == 0
        assert json.loads(out.read_text(encoding="utf-8"))["stored"][0]["mail"] == RAHIMI.mail
        assert "Nothing was changed" in run(config, tmp_path, "forget-person", *him)
        assert "still to come" in run(config, tmp_path, "forget-person", *him, "--yes")
        assert person_of(database) == RAHIMI
        told = run(config, tmp_path, "forget-person", *him, "--yes", "--cancel")
    assert "Cancelled: 1 appointments." in told
    assert person_of(database).name == "–"
    with database.read() as session:
        query = select(Event.kind, Event.data).where(Event.subject == "person").order_by(Event.id)
        on_record = [tuple(each) for each in session.execute(query.where(Event.actor == "cli"))]
    kinds = ["person.exported", "person.exported", "person.seen", "person.forgotten"]
    assert [kind for kind, _data in on_record] == kinds
    assert on_record[0][1] == {"appointment": 1, "message": 2}
