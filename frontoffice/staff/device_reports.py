"""What devices tell of themselves, and what staff should know of it: printers, clocks, one pairing used twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.staff import devices
from frontoffice.staff.models import Device, DeviceKind, PrinterState

RUNS_KEPT = 8
RUN_ENDS_WITHIN = timedelta(seconds=30)
SILENT_AFTER = timedelta(minutes=5)
FORGOTTEN_AFTER = timedelta(hours=10)  # it is switched off in the evening, and nobody wants to hear of that
CLOCK_OFF = 120  # seconds


@dataclass(frozen=True)
class Told:
    """What a device tells of itself; see `Device`."""

    printer: PrinterState = PrinterState.OFF
    waiting: int = 0
    stuck: int = 0
    interrupted: int = 0
    clock_ahead: int = 0


class Trouble(StrEnum):
    """What somebody should see to."""

    DOUBLED = "doubled"
    OUT_OF_PAPER = "out_of_paper"
    PRINTER = "printer"
    INTERRUPTED = "interrupted"
    STUCK = "stuck"
    SILENT = "silent"
    CLOCK = "clock"


@dataclass(frozen=True)
class Notice:
    """Trouble with a device, and since when, where that is known."""

    device: str
    trouble: Trouble
    since: datetime | None = None


def note_run(session: Session, device_id: int, run: str | None, now: datetime) -> bool:
    """Note which start of the device's program is speaking; says whether two devices use its pairing.

    They do where a start comes back after a later one.
    """
    device = session.get_one(Device, device_id, with_for_update=True, populate_existing=True)
    if run is None or (device.runs and device.runs[-1][0] == run):
        return device.doubled_at is not None
    before = [each for each, _since in device.runs]
    if run not in before:
        device.runs = [*device.runs, [run, now.isoformat()]][-RUNS_KEPT:]
        return device.doubled_at is not None
    since = datetime.fromisoformat(device.runs[-1][1])
    # What was still on its way when the program ended may come in after its successor's first word.
    if device.doubled_at is None and now - since >= RUN_ENDS_WITHIN:
        device.doubled_at = now
        session.flush()
        devices.append(session, device, "device.doubled", now, f"device:{device.id}")
    return device.doubled_at is not None


def is_new_run(device: Device, run: str | None) -> bool:
    """Whether `note_run` would have something to note, so that asking costs no writes."""
    return run is not None and (not device.runs or device.runs[-1][0] != run) and device.doubled_at is None


def tell(session: Session, device_id: int, told: Told, now: datetime) -> None:
    """Keep what the device tells of itself; a change of its printer is an event."""
    device = session.get_one(Device, device_id, with_for_update=True, populate_existing=True)
    device.seen_at = device.told_at = now
    device.waiting, device.stuck, device.interrupted = told.waiting, told.stuck, told.interrupted
    device.clock_ahead = told.clock_ahead
    if device.printer == told.printer:
        return
    was, device.printer, device.printer_since = device.printer, told.printer, now
    session.flush()
    if (was or PrinterState.OFF) != told.printer:
        data = {"printer": told.printer.value, "was": was.value if was else None}
        devices.append(session, device, "device.printer", now, f"device:{device.id}", data)


def notices(session: Session, office_id: int, now: datetime) -> Sequence[Notice]:
    """What staff of the office should see to, by device."""
    in_use = session.scalars(
        select(Device).where(Device.office_id == office_id, Device.revoked_at.is_(None)).order_by(Device.name)
    ).all()
    return [
        Notice(device.name, trouble, since) for device in in_use for trouble, since in troubles(device, now)
    ]


def troubles(device: Device, now: datetime) -> Sequence[tuple[Trouble, datetime | None]]:
    """What is wrong with a device; of what it told only as long as it can still be so."""
    found: list[tuple[Trouble, datetime | None]] = []
    if device.doubled_at is not None:
        found.append((Trouble.DOUBLED, device.doubled_at))
    if device.kind != DeviceKind.KIOSK:
        return found
    if device.seen_at is not None and SILENT_AFTER <= now - device.seen_at < FORGOTTEN_AFTER:
        return [*found, (Trouble.SILENT, device.seen_at)]
    if device.told_at is None or now - device.told_at >= SILENT_AFTER:
        return found
    if device.printer == PrinterState.OUT_OF_PAPER:
        found.append((Trouble.OUT_OF_PAPER, device.printer_since))
    if device.printer == PrinterState.UNREACHABLE:
        found.append((Trouble.PRINTER, device.printer_since))
    if device.interrupted:
        found.append((Trouble.INTERRUPTED, None))
    if device.stuck:
        found.append((Trouble.STUCK, None))
    if abs(device.clock_ahead) >= CLOCK_OFF:
        found.append((Trouble.CLOCK, None))
    return found
