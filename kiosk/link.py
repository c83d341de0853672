"""Whether the office can be reached, since when not, whether it still knows this device, and what time it is."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from kiosk import clock

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
        # What time it was at which moment of `clock.running`: said by the office, or before that known to be over.
        self._told: tuple[datetime, float] | None = None
        self._begun: tuple[datetime, float] | None = None

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

    def compared(self, office: datetime, now: datetime) -> None:
        """Take note of the office's time, and of the device's at the same moment."""
        with self._lock:
            self._state = LinkState(self._state.state, self._state.since, now - office)
            self._told = (office, clock.running())

    @property
    def is_compared(self) -> bool:
        """Whether the device's clock was compared with the office's since the start."""
        with self._lock:
            return self._told is not None

    def begin(self, no_earlier: datetime | None) -> None:
        """Take note that it is not earlier than this now, whatever the device's clock shows after a dead battery."""
        with self._lock:
            self._begun = (no_earlier, clock.running()) if no_earlier is not None else None

    def time(self) -> datetime:
        """The time: what the office's clock said when it was last reached, and what has passed since.

        The device's clock may be set meanwhile, by hand or by the network. Only until the office is reached for the
        first time it counts, and it is at least the moment of `begin` and what has passed since.
        """
        with self._lock:
            if self._told is not None:
                return _later(*self._told)
            return clock.now() if self._begun is None else max(clock.now(), _later(*self._begun))


def _later(moment: datetime, running: float) -> datetime:
    return moment + timedelta(seconds=clock.running() - running)
