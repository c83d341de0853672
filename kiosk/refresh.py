"""Fetches what the office tells the device: its setup every minute, the list of today's appointments while it changes.

After each fetch the office is told how the device is, and at once when the printer's state changes.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import Any

from kiosk import clock, digests
from kiosk.digests import DayList, ListError
from kiosk.link import Link, State
from kiosk.office import Office, Reached, Unauthorised
from kiosk.office_setup import OfficeSetup, SetupError, parse
from kiosk.settings import DataDirectory, Pairing, SettingsError

REFRESH_SECONDS = 60.0
RETRY_SECONDS = 5.0
LOOK_SECONDS = 1.0

log = logging.getLogger(__name__)


class Refresh:
    """The pairing, the setup and the list of today in force, kept up to date by a thread."""

    def __init__(
        self, data: DataDirectory, link: Link, state: Callable[[], dict[str, Any]], run: str | None = None
    ) -> None:
        self._data = data
        self._link = link
        self._state = state
        self._run = run
        self._pairing: Pairing | None = None
        self._setup: OfficeSetup | None = None
        self._today: DayList | None = None
        self._changed = threading.Event()
        self._look()

    @property
    def is_paired(self) -> bool:
        """Whether the device has a credential, be it still valid or not."""
        return self._pairing is not None

    @property
    def today(self) -> DayList | None:
        """The list of appointments fetched last, of whatever day it is."""
        return self._today

    def current(self) -> tuple[Pairing, OfficeSetup] | None:
        """Pairing and setup, if there are both and they belong together."""
        pairing, setup = self._pairing, self._setup
        if pairing is None or setup is None or setup.office != pairing.office:
            return None
        return pairing, setup

    def start(self, on_reached: Callable[[], None]) -> None:
        """Start the thread, which ends with the process; `on_reached` is called when the office is back."""
        threading.Thread(target=self._work, args=(on_reached,), name="refresh", daemon=True).start()

    def tell_soon(self) -> None:
        """Tell the office how the device is, without waiting for the next fetch."""
        self._changed.set()

    def fetch(self, pairing: Pairing) -> bool:
        """Fetch everything and tell how the device is; says whether the office was reached."""
        office = self._office(pairing)
        answer = office.setup()
        now = clock.now()
        match answer:
            case Reached(body):
                self._keep(body, now)
                state: State = "connected"
            case Unauthorised():
                state = "revoked"
                self._forget_today()
            case _:
                state = "offline"
        if self._link.told(state, now):
            log.warning("The office is now: %s (%s)", state, getattr(answer, "reason", type(answer).__name__))
        if state == "connected":
            self._tell(office)
            self._fetch_today(office)
        elif self._is_over(self._today):
            self._forget_today()
        return state == "connected"

    def _work(self, on_reached: Callable[[], None]) -> None:
        due = 0.0
        while True:
            try:
                if self._look():
                    self._link.told("unknown", clock.now())
                    due = 0.0
                pairing = self._pairing
                if pairing is not None and monotonic() >= due:
                    before = self._link.now().state
                    due = monotonic() + (REFRESH_SECONDS if self.fetch(pairing) else RETRY_SECONDS)
                    if before != "connected" and self._link.now().state == "connected":
                        on_reached()
                elif pairing is not None and self._changed.is_set():
                    self._tell(self._office(pairing))
            except Exception:
                # The kiosk goes on with the setup it has.
                log.exception("The setup could not be refreshed")
                due = monotonic() + RETRY_SECONDS
            self._changed.wait(LOOK_SECONDS)

    def _look(self) -> bool:
        """Read the pairing, and with a new one what is kept for it; says whether it is a new one."""
        try:
            pairing = self._data.pairing()
        except SettingsError:
            pairing = None
        if pairing == self._pairing:
            return False
        self._setup = self._today = None
        self._pairing = pairing
        setup, today = self._data.setup(), self._data.today()
        try:
            self._setup = parse(setup) if setup is not None else None
            self._today = digests.parse(today) if today is not None else None
        except (SetupError, ListError) as error:
            log.warning("What is kept on this device is not used: %s", error)
        return True

    def office(self) -> Office:
        """The office that the device is paired with, for what a visitor asks it at once."""
        assert self._pairing is not None  # or no visitor is served
        return self._office(self._pairing)

    def _office(self, pairing: Pairing) -> Office:
        return Office(pairing.office_url, pairing.credential, self._run)

    def _is_over(self, today: DayList | None) -> bool:
        # A list of yesterday is of no use, and nothing of its visitors stays on the device.
        setup = self._setup
        if today is None or setup is None:
            return False
        return today.day < setup.day(self._link.time())

    def _keep(self, body: dict[str, Any], now: datetime) -> None:
        try:
            self._setup = parse(body)
            self._link.compared(datetime.fromisoformat(body["time"]), now)
        except (SetupError, KeyError, TypeError, ValueError) as error:
            log.error("The office sent a setup that this kiosk cannot use: %s", error)
            return
        self._data.store_setup(body)

    def _tell(self, office: Office) -> None:
        self._changed.clear()
        office.tell(self._state())

    def _fetch_today(self, office: Office) -> None:
        match office.appointments(self._today.version if self._today else None):
            case Reached({"unchanged": True}):
                return
            case Reached(body):
                try:
                    self._today = digests.parse(body)
                except ListError as error:
                    log.error("The office sent a list that this kiosk cannot use: %s", error)
                    return
                self._data.store_today(body)

    def _forget_today(self) -> None:
        self._today = None
        self._data.store_today(None)
