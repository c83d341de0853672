"""Pairing, and what the screen says while the device cannot serve."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.kiosk.fake_office import CREDENTIAL, ONE_TIME_CODE, FakeOffice
from tests.kiosk.lobby import KioskProcess, Visitor, command, eventually

Start = Callable[..., KioskProcess]


def test_pairing_stores_the_credential_for_this_user_alone(office: FakeOffice, data: Path) -> None:
    done = command("pair", "--office-url", office.url, "--code", ONE_TIME_CODE, "--data", data)
    assert (done.returncode, done.stdout) == (0, "Paired with musterstadt as Kiosk A, series A.\n")
    kept = data / "pairing.json"
    assert json.loads(kept.read_text())["credential"] == CREDENTIAL
    assert oct(kept.stat().st_mode & 0o777) == "0o600"
    assert oct(data.stat().st_mode & 0o777) == "0o700"


def test_the_credential_is_not_printed(paired: FakeOffice, data: Path) -> None:
    status = command("status", "--data", data)
    assert "series A" in status.stdout
    assert CREDENTIAL not in status.stdout + status.stderr


def test_a_wrong_code_is_said_in_one_line_and_stores_nothing(office: FakeOffice, data: Path) -> None:
    done = command("pair", "--office-url", office.url, "--code", "wrong", "--data", data)
    assert done.returncode == 1
    assert done.stderr == "Error: The office does not accept this code. This code is not valid.\n"
    assert not (data / "pairing.json").exists()


def test_an_office_out_of_reach_is_said_in_one_line(office: FakeOffice, data: Path) -> None:
    office.close()
    done = command("pair", "--office-url", office.url, "--code", ONE_TIME_CODE, "--data", data)
    assert done.returncode == 1
    assert done.stderr == f"Error: There is no office at {office.url} (ConnectionError).\n"


def test_a_credential_does_not_travel_in_clear_to_another_machine(data: Path) -> None:
    done = command("pair", "--office-url", "http://office.example", "--code", ONE_TIME_CODE, "--data", data)
    assert done.returncode == 2
    assert "--allow-http" in done.stderr


def test_status_of_a_device_that_is_not_paired(data: Path) -> None:
    done = command("status", "--data", data)
    assert (done.returncode, done.stderr) == (1, "Error: This device is not paired.\n")


def test_unpaired_it_says_what_staff_have_to_do_and_serves_once_it_is_paired(
    office: FakeOffice, data: Path, start: Start
) -> None:
    visitor = Visitor(start(expected=503))
    visitor.get("/en/")
    assert visitor.heading() == "This device is not set up yet"
    assert "frontoffice-kiosk pair" in visitor.text()
    assert visitor.get("/de/state").json()["ready"] is False
    command("pair", "--office-url", office.url, "--code", ONE_TIME_CODE, "--data", data)
    eventually(lambda: visitor.get("/").status_code == 200, "the start screen")
    assert visitor.walk_in() == "A001"


def test_revoked_it_sends_visitors_to_the_desk_and_gives_no_number(
    office: FakeOffice, visitor: Visitor
) -> None:
    office.mode = "revoked"
    visitor.get("/en/walk-in")
    visitor.post("/en/walk-in", service="pick-up", **visitor.form())
    assert visitor.page.status_code == 503
    assert visitor.heading() == "This device is signed off"
    assert "Please go to the desk." in visitor.text()
    assert visitor.get("/").status_code == 503


def test_paired_again_it_serves_and_does_not_call_who_was_sent_away(
    office: FakeOffice, data: Path, visitor: Visitor
) -> None:
    office.mode = "revoked"
    visitor.get("/en/walk-in")
    visitor.post("/en/walk-in", service="pick-up", **visitor.form())
    kept = data / "pairing.json"
    pairing = json.loads(kept.read_text())
    kept.write_text(json.dumps(pairing | {"device": "Kiosk A, again"}))
    office.mode = "normal"
    eventually(lambda: visitor.get("/").status_code == 200, "the start screen")
    assert visitor.walk_in() == "A002"
    assert [entry["number"] for entry in office.ledger.values()] == [2]


def test_it_starts_without_the_office_from_what_it_knew_last(paired: FakeOffice, start: Start) -> None:
    kiosk = start()
    eventually((kiosk.data / "setup.json").exists, "the setup on the disk")
    kiosk.stop()
    paired.close()
    kiosk.start()
    visitor = Visitor(kiosk)
    assert visitor.walk_in("emergency") == "A001"
    assert "Emergency" in visitor.text()


def test_paired_but_never_reached_it_waits_for_the_office(paired: FakeOffice, start: Start) -> None:
    paired.close()
    kiosk = start(expected=503)
    visitor = Visitor(kiosk)
    visitor.get("/en/")
    assert visitor.heading() == "This device is waiting for the office"
    paired.open()
    eventually(lambda: visitor.get("/").status_code == 200, "the start screen")
