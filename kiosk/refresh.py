"""Fetches the office's setup: at once for a new pairing, then every minute, so that changes arrive."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from time import monotonic, sleep
from typing import Any

from kiosk import clock
from kiosk.link import Link, State
from kiosk.office import Office, Reached, Unauthorised
from kiosk.office_setup import OfficeSetup, SetupError, parse
from kiosk.settings import DataDirectory, Pairing, SettingsError

REFRESH_SECONDS = 60.0
RETRY_SECONDS = 5.0
LOOK_SECONDS = 1.0

log = logging.getLogger(__name__)


class Refresh:
    """The pairing and setup in force, kept up to date by a thread."""

    def __init__(self, data: DataDirectory, link: Link) -> None:
        self._data = data
        self._link = link
        self._pairing: Pairing | None = None
        self._setup: OfficeSetup | None = None
        self._look()

    @property
    def is_paired(self) -> bool:
        """Whether the device has a credential, be it still valid or not."""
        return self._pairing is not None

    def current(self) -> tuple[Pairing, OfficeSetup] | None:
        """Pairing and setup, if there are both and they belong together."""
        pairing, setup = self._pairing, self._setup
        if pairing is None or setup is None or setup.office != pairing.office:
            return None
        return pairing, setup

    def start(self, on_reached: Callable[[], None]) -> None:
        """Start the thread, which ends with the process; `on_reached` is called when the office is back."""
        threading.Thread(target=self._work, args=(on_reached,), name="refresh", daemon=True).start()

    def _work(self, on_reached: Callable[[], None]) -> None:
        due = 0.0
        while True:
            try:
                if self._look():
                    self._link.told("unknown", clock.now())
                    due = 0.0
                if self._pairing is not None and monotonic() >= due:
                    before = self._link.now().state
                    due = monotonic() + (REFRESH_SECONDS if self._fetch(self._pairing) else RETRY_SECONDS)
                    if before != "connected" and self._link.now().state == "connected":
                        on_reached()
            except Exception:
                # The kiosk goes on with the setup it has.
                log.exception("The setup could not be refreshed")
                due = monotonic() + RETRY_SECONDS
            sleep(LOOK_SECONDS)

    def _look(self) -> bool:
        """Read the pairing, and with a new one the setup kept for it; says whether it is a new one."""
        try:
            pairing = self._data.pairing()
        except SettingsError:
            pairing = None
        if pairing == self._pairing:
            return False
        self._setup = None
        self._pairing = pairing
        kept = self._data.setup()
        if kept is not None:
            try:
                self._setup = parse(kept)
            except SetupError as error:
                log.warning("The setup kept on this device is not used: %s", error)
        return True

    def _fetch(self, pairing: Pairing) -> bool:
        answer = Office(pairing.office_url, pairing.credential).setup()
        now = clock.now()
        match answer:
            case Reached(body):
                self._keep(body, now)
                state: State = "connected"
            case Unauthorised():
                state = "revoked"
            case _:
                state = "offline"
        if self._link.told(state, now):
            log.warning("The office is now: %s (%s)", state, getattr(answer, "reason", type(answer).__name__))
        return state == "connected"

    def _keep(self, body: dict[str, Any], now: datetime) -> None:
        try:
            self._setup = parse(body)
            self._link.compared(now - datetime.fromisoformat(body["time"]))
        except (SetupError, KeyError, TypeError, ValueError) as error:
            log.error("The office sent a setup that this kiosk cannot use: %s", error)
            return
        self._data.store_setup(body)
