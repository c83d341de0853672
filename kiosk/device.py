"""One device put together: its journal, its two threads, and whether it can serve visitors."""

from dataclasses import dataclass
from typing import Literal

from kiosk.delivery import Delivery
from kiosk.journal import Journal
from kiosk.link import Link, LinkState
from kiosk.office_setup import OfficeSetup
from kiosk.refresh import Refresh
from kiosk.settings import DataDirectory

# What staff have to see to before visitors can be served.
Trouble = Literal["unpaired", "revoked", "no_setup"]


@dataclass(frozen=True)
class DeviceState:
    """What staff want to know about the device."""

    link: LinkState
    waiting: int
    stuck: int


class Kiosk:
    """A device; `patience` is how many seconds a visitor waits for the office before getting a number."""

    def __init__(self, data: DataDirectory, patience: float = 3.0) -> None:
        data.prepare()
        self.patience = patience
        self.session_key = data.session_key()
        self.journal = Journal(data.journal_file)
        self.link = Link()
        self._refresh = Refresh(data, self.link)
        self.delivery = Delivery(self.journal, self.link, self._refresh.current)

    def start(self) -> None:
        """Start delivering and refreshing, in the process that serves: threads do not survive a fork."""
        self._refresh.start(on_reached=self.delivery.wake)
        self.delivery.start()

    @property
    def setup(self) -> OfficeSetup | None:
        """The office's setup, if the device has one that fits its pairing."""
        current = self._refresh.current()
        return current[1] if current else None

    @property
    def trouble(self) -> Trouble | None:
        """Why no visitor can be served; None when all is well, which it also is without a network."""
        if not self._refresh.is_paired:
            return "unpaired"
        if self.link.now().state == "revoked":
            return "revoked"
        return None if self.setup else "no_setup"

    def state(self) -> DeviceState:
        """Link and journal at this moment."""
        setup = self.setup
        office, series = (setup.office, setup.series) if setup else ("", "")
        return DeviceState(
            self.link.now(),
            waiting=self.journal.count_open(office, series),
            stuck=self.journal.count_stuck(office, series) if setup else 0,
        )
