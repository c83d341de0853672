"""Whether the office can be reached, since when not, and whether it still knows this device."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

State = Literal["unknown", "connected", "offline", "revoked"]


@dataclass(frozen=True)
class LinkState:
    """The state and when it began, and by how much the device's clock is ahead of the office's."""

    state: State
    since: datetime | None = None
    clock_ahead: timedelta = timedelta()


class Link:
    """The state, told by whoever last talked to the office."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state = LinkState("unknown")

    def now(self) -> LinkState:
        """The state at this moment."""
        with self._lock:
            return self._state

    def told(self, state: State, now: datetime) -> bool:
        """Take note of the state; says whether it is a new one."""
        with self._lock:
            if self._state.state == state:
                return False
            self._state = LinkState(state, now, self._state.clock_ahead)
            return True

    def compared(self, clock_ahead: timedelta) -> None:
        """Take note of the difference between the device's clock and the office's."""
        with self._lock:
            self._state = LinkState(self._state.state, self._state.since, clock_ahead)
