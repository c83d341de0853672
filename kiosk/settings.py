"""The device's data directory: its pairing with the office, and where journal and setup lie."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from kiosk.printer import PrinterSettings


class SettingsError(Exception):
    """The data directory cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Pairing:
    """What the device got for its one-time code."""

    office_url: str
    office: str
    device: str
    series: str
    credential: str = field(repr=False)


class DataDirectory:
    """Files that only this device's program may read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal_file = path / "journal.db"
        self._pairing_file = path / "pairing.json"
        self._setup_file = path / "setup.json"
        self._list_file = path / "today.json"
        self._printer_file = path / "printer.json"
        self._key_file = path / "session.key"

    def prepare(self) -> None:
        """Make the directory, closed to others. Raises SettingsError where that is impossible."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"The data directory {self.path} cannot be made: {error}") from error
        if not os.access(self.path, os.R_OK | os.W_OK | os.X_OK):
            raise SettingsError(f"The data directory {self.path} cannot be written to by this user.")

    def pairing(self) -> Pairing | None:
        """The pairing as it is on disk now: read every time, so that pairing again needs no restart."""
        try:
            return Pairing(**json.loads(self._pairing_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise SettingsError(f"{self._pairing_file} is damaged. Pair this device again.") from error

    def store_pairing(self, pairing: Pairing) -> None:
        """Keep the pairing, and forget the setup and the list that belonged to the one before."""
        for file in (self._setup_file, self._list_file):
            file.unlink(missing_ok=True)
        self._write(self._pairing_file, json.dumps(asdict(pairing), indent=1))

    def setup(self) -> object | None:
        """The setup kept last, as it came from the office; None where there is none that can be read."""
        return self._read(self._setup_file)

    def store_setup(self, setup: object) -> None:
        """Keep the setup, so that the kiosk can start without the office."""
        self._write(self._setup_file, json.dumps(setup))

    def today(self) -> object | None:
        """The list of today's appointments kept last, as it came from the office; None where there is none."""
        return self._read(self._list_file)

    def store_today(self, appointments: object | None) -> None:
        """Keep the list, so that people can check in after a restart without the office; None forgets it."""
        if appointments is None:
            self._list_file.unlink(missing_ok=True)
        else:
            self._write(self._list_file, json.dumps(appointments))

    def printer(self) -> PrinterSettings | None:
        """The printer that is set up; None where there is none. Raises SettingsError where that cannot be read."""
        try:
            return PrinterSettings(**json.loads(self._printer_file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise SettingsError(f"{self._printer_file} is damaged. Set up the printer again.") from error

    def store_printer(self, printer: PrinterSettings | None) -> None:
        """Keep which printer there is; None where there is none."""
        if printer is None:
            self._printer_file.unlink(missing_ok=True)
        else:
            self._write(self._printer_file, json.dumps(printer.to_keep(), indent=1))

    def session_key(self) -> str:
        """The key that signs the browser's session; made once, so that open pages outlive a restart."""
        try:
            key = self._key_file.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            key = ""
        if not key:
            key = secrets.token_hex(32)
            self._write(self._key_file, key)
        return key

    def _read(self, file: Path) -> object | None:
        try:
            kept: object = json.loads(file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return kept

    def _write(self, target: Path, text: str) -> None:
        # A power cut leaves either the old file or the new one, never half of one.
        draft = target.with_name(f"{target.name}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
