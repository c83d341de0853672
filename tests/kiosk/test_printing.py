"""Printing: each ticket once at most, whatever happens to printer and device; and staff are told."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from kiosk import clock, printer
from kiosk.__main__ import main
from kiosk.entries import Act, Entry
from kiosk.journal import Journal
from kiosk.printer import EscposPrinter, PrinterSettings
from kiosk.printing import Printing
from kiosk.settings import DataDirectory
from kiosk.ticket_image import TicketSlip, draw
from tests.kiosk.fake_printer import FakePrinter, picture
from tests.kiosk.lobby import ROOT

SLIP = TicketSlip("Amt", "رقمك", "A001", ("Продовження посвідки", "Ihr Termin ist um 14:05."), "23.11.", True)


@pytest.fixture
def machine() -> Iterator[FakePrinter]:
    """A printer that is on and has paper."""
    machine = FakePrinter()
    yield machine
    machine.unplug()


@pytest.fixture
def settings(machine: FakePrinter, monkeypatch: pytest.MonkeyPatch) -> PrinterSettings:
    """That printer, which is not waited for as long as a real one."""
    monkeypatch.setattr(printer, "ANSWER_SECONDS", 0.5)
    return PrinterSettings("network", machine.address)


class Device:
    """The printing part of a device."""

    def __init__(self, path: Path, settings: PrinterSettings) -> None:
        self.journal = Journal(path)
        self.told: list[str] = []
        self.printing = Printing(self.journal, lambda: EscposPrinter(settings), self._tell)
        self.printing.start()

    def number(self, *, out: bool = True) -> Entry:
        """Somebody has drawn a number."""
        now = clock.now()
        act = Act(str(uuid.uuid4()), now, now.date(), "here", "A", "walk_in", "en", service="pick-up")
        entry = self.journal.record(act)
        return self.journal.hand_out(act.id) if out else entry

    def print(self, entry: Entry) -> str:
        """Print the ticket; how that went."""
        self.printing.submit(entry, draw(SLIP))
        return self.printing.attend(entry.act.id, 20)

    def _tell(self) -> None:
        self.told.append(self.printing.state)


@pytest.fixture
def device(tmp_path: Path, settings: PrinterSettings) -> Device:
    """A device at that printer."""
    return Device(tmp_path / "journal.db", settings)


def test_what_comes_out_is_what_was_drawn_and_it_comes_out_once(device: Device, machine: FakePrinter) -> None:
    entry = device.number()
    assert device.print(entry) == "printed"
    [ticket] = machine.tickets
    drawn = draw(SLIP)
    assert picture(ticket).tobytes() == drawn.tobytes()
    assert device.print(entry) == "printed"
    assert not device.printing.submit(entry, drawn)
    assert len(machine.tickets) == 1
    assert device.told == ["ok"]


def test_a_high_picture_comes_out_whole(device: Device, machine: FakePrinter) -> None:
    image = Image.effect_noise((576, 2500), 80).convert("1")
    entry = device.number()
    device.printing.submit(entry, image)
    assert device.printing.attend(entry.act.id, 20) == "printed"
    assert picture(machine.tickets[0]).tobytes() == image.tobytes()


def test_who_has_no_number_gets_no_ticket(device: Device, machine: FakePrinter) -> None:
    assert device.print(device.number(out=False)) == "none"
    assert machine.tickets == []


def test_out_of_paper_nothing_is_printed_later_and_staff_are_told(
    device: Device, machine: FakePrinter
) -> None:
    machine.mode = "out_of_paper"
    waiting = device.number()
    assert device.print(waiting) == "failed"
    machine.mode = "ok"
    assert device.print(device.number()) == "printed"
    assert device.print(waiting) == "failed", "its visitor has gone to sit down"
    assert len(machine.tickets) == 1
    assert device.told == ["ok", "out_of_paper", "ok"]


def test_unplugged_nothing_is_printed_and_staff_are_told(device: Device, machine: FakePrinter) -> None:
    machine.unplug()
    assert device.print(device.number()) == "failed"
    assert device.told == ["ok", "unreachable"]


@pytest.mark.parametrize(
    ("mode", "state"), [("dies", "unreachable"), ("ends", "out_of_paper"), ("mute", "unreachable")]
)
def test_what_may_have_come_out_is_not_printed_again(
    device: Device, machine: FakePrinter, mode: str, state: str
) -> None:
    machine.mode = mode  # type: ignore[assignment]
    entry = device.number()
    assert device.print(entry) == "unknown"
    assert device.told == ["ok", state]
    printed = len(machine.tickets)
    machine.mode = "ok"
    assert device.print(entry) == "unknown"
    assert len(machine.tickets) == printed


def test_a_picture_that_cannot_be_printed_fails_before_the_first_byte(
    device: Device, machine: FakePrinter
) -> None:
    entry = device.number()
    device.printing.submit(entry, Image.new("1", (900, 100)))
    assert device.printing.attend(entry.act.id, 20) == "failed"
    assert not machine.begun.is_set()
    assert device.print(device.number()) == "printed"


PRINTS = """
import sys, threading
from pathlib import Path
from PIL import Image
from kiosk.journal import Journal
from kiosk.printer import EscposPrinter, PrinterSettings
from kiosk.printing import Printing
journal = Journal(Path(sys.argv[1]))
printing = Printing(journal, lambda: EscposPrinter(PrinterSettings("network", sys.argv[2])), lambda: None)
printing.start()
for entry_id in sys.argv[3:]:
    printing.submit(journal.find(entry_id), Image.new("1", (576, 400)))
threading.Event().wait()
"""


def test_killed_while_printing_the_ticket_is_not_printed_a_second_time_and_staff_are_told(
    tmp_path: Path, machine: FakePrinter, settings: PrinterSettings
) -> None:
    path = tmp_path / "journal.db"
    before = Device(path, settings)
    first, second = before.number(), before.number()
    machine.mode = "mute"
    process = subprocess.Popen(
        [sys.executable, "-c", PRINTS, str(path), machine.address, first.act.id, second.act.id], cwd=ROOT
    )
    assert machine.begun.wait(30)
    process.kill()
    process.wait()
    machine.mode = "ok"
    after = Device(path, settings)
    assert after.printing.interrupted == 2
    assert [after.print(entry) for entry in (first, second)] == ["unknown", "failed"]
    assert machine.tickets == []
    assert after.print(after.number()) == "printed"


def test_a_ticket_fits_on_narrow_paper(machine: FakePrinter, settings: PrinterSettings) -> None:
    narrow = EscposPrinter(replace(settings, dots=384))
    narrow.send(narrow.prepare(draw(SLIP)))
    printed = picture(machine.tickets[0])
    assert printed.width == 384
    assert printed.height == round(draw(SLIP).height * 384 / 576)


def test_a_printer_is_set_up_tried_out_and_taken_away_by_commands(
    tmp_path: Path, machine: FakePrinter, settings: PrinterSettings
) -> None:
    data = str(tmp_path / "device")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["printer", *arguments])

    done = run("set", "--network", machine.address, "--data", data)
    assert (done.exit_code, done.output) == (0, "The printer is set up. It is now: ok.\n")
    assert run("test", "--data", data).output == "It has printed.\n"
    assert len(machine.tickets) == 1
    assert DataDirectory(Path(data)).printer() == settings
    run("none", "--data", data)
    assert DataDirectory(Path(data)).printer() is None
    assert run("test", "--data", data).exit_code == 1
    for wrong in (
        [],
        ["--usb", "Epson"],
        ["--usb", "04b8:0202", "--serial", "/dev/x"],
        ["--serial", "/dev/x", "--dots", "1"],
    ):
        assert run("set", *wrong, "--data", data).exit_code == 2


def test_nobody_looks_for_an_interrupted_ticket_after_half_an_hour(
    tmp_path: Path, settings: PrinterSettings
) -> None:
    device = Device(tmp_path / "journal.db", settings)
    device.journal.move_print(device.number().act.id, "none", "printing")
    seconds = [100.0]
    again = Printing(Journal(tmp_path / "journal.db"), lambda: None, lambda: None, running=lambda: seconds[0])
    assert again.interrupted == 1
    seconds[0] += 1799
    assert again.interrupted == 1
    seconds[0] += 1
    assert again.interrupted == 0
