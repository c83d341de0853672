"""The pages about devices: pairing one by a code that is shown once, seeing how it is, signing it off in one click."""

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine
from flask import Flask

from frontoffice.db import Database
from frontoffice.offices.models import Office
from frontoffice.staff import device_reports
from frontoffice.staff.device_reports import Told
from frontoffice.staff.models import Device, PrinterState, Role
from tests.line.browsing import Browser
from tests.line.parts import account, kiosk
from tests.sample import sample_office

HERE = "/staff/devices/musterstadt/"


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def lead(app: Flask, database: Database, office: Office) -> Browser:
    with database.write() as session:
        account(session, "miriam", Role.TEAM_LEAD, session.get_one(Office, office.id))
        account(session, "frieda", Role.FRONT_DESK)
    browser = Browser(app)
    browser.sign_in()
    return browser


def test_a_kiosk_is_added_paired_watched_and_signed_off(
    app: Flask, lead: Browser, database: Database, office: Office, now: datetime
) -> None:
    lead.get(HERE)
    assert "There are no devices yet." in lead.text
    assert '<a href="/screen/musterstadt/">Waiting-room screen</a></p>' in lead.page.text, (
        "it needs no pairing"
    )
    assert lead.post(HERE, name=" ").status_code == 422
    assert "Please enter a name" in lead.text
    assert lead.post(HERE, name="Entrance, left").status_code == 201
    found = re.search(r"\b([2-9A-Z]{4}-[2-9A-Z]{4})\b", lead.text)
    assert found is not None
    code = found[1]
    assert f"frontoffice-kiosk pair --office-url http://localhost --code {code}" in lead.text
    lead.get(HERE)
    assert code not in lead.page.text, "it is shown once"
    assert "Not paired yet" in lead.text
    assert lead.post(HERE, name="Entrance, left").status_code == 409
    assert "There is already a device called" in lead.text

    paired = app.test_client().post("/api/v1/device/pair", json={"code": code})
    headers = {"Authorization": f"Bearer {(paired.json or {})['credential']}"}
    with database.read() as session:
        [device] = session.query(Device).all()
    with database.write() as session:
        device_reports.tell(session, device.id, Told(PrinterState.OUT_OF_PAPER, waiting=2), now)
    lead.get(HERE)
    assert "Entrance, left: The printer is out of paper." in lead.text
    assert "Needs somebody" in lead.text
    [again, off] = [each for each in lead.buttons() if f"/{device.id}/" in each]
    lead.post(again)
    assert "Numbers then have a new letter" in lead.text
    assert app.test_client().get("/api/v1/device/setup", headers=headers).status_code == 200, (
        "until it is used"
    )
    lead.get(HERE)
    lead.post(off)
    assert "is signed off and can do nothing any more" in lead.text
    assert app.test_client().get("/api/v1/device/setup", headers=headers).status_code == 401
    assert lead.post(again).status_code == 404, "for good"


def test_devices_are_the_business_of_leads_and_of_this_office_alone(
    app: Flask, lead: Browser, database: Database, office: Office
) -> None:
    with database.write() as session:
        device = kiosk(session, sample_office(session, "nebenstadt"))
    assert lead.get("/staff/devices/nebenstadt/").status_code == 403
    for act in ("code", "revoke"):
        lead.get(HERE)
        assert lead.post(f"{HERE}{device.id}/{act}").status_code == 404
    with database.read() as session:
        assert session.get_one(Device, device.id).revoked_at is None
    frieda = Browser(app)
    assert frieda.get(HERE).request.path == "/staff/sign-in"
    frieda.sign_in("frieda")
    assert frieda.get(HERE).status_code == 403
    assert "/staff/devices/" not in frieda.get("/desk/").text
