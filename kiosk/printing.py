"""Prints tickets, each at most once, and knows how the printer is.

One thread does it. `printing` is on the disk before the printer gets the first byte; what is found in that state
after a power cut may lie in the visitor's hand, becomes `unknown` and is never sent again. What could not be printed
has failed: the number stands large on the screen, and a ticket that comes out later would be for nobody.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Literal

from PIL.Image import Image

from kiosk import clock
from kiosk.entries import Entry, PrintState, trace_of
from kiosk.journal import Journal
from kiosk.printer import NotSent, PerhapsPrinted, Printer, Readiness

LOOK_SECONDS = 15.0
INTERRUPTED_SECONDS = 1800.0

PrinterState = Literal["ok", "out_of_paper", "unreachable", "off"]

log = logging.getLogger(__name__)


class Printing:
    """The printing thread of one device; `printer` gives the printer in force, or None where there is none."""

    def __init__(
        self,
        journal: Journal,
        printer: Callable[[], Printer | None],
        on_change: Callable[[], None],
        running: Callable[[], float] = clock.running,
    ) -> None:
        self._journal = journal
        self._printer = printer
        self._on_change = on_change
        self._changed = threading.Condition()
        self._queue: deque[tuple[str, Image]] = deque()
        self._state: PrinterState = "off"
        # Nobody stands before a device that has just started, so what was queued is of no use any more.
        self._interrupted = len(journal.end_prints())
        self._running, self._begun = running, running()

    @property
    def interrupted(self) -> int:
        """How many tickets were interrupted by the end of the program, as long as somebody may look for them."""
        return self._interrupted if self._running() - self._begun < INTERRUPTED_SECONDS else 0

    @property
    def state(self) -> PrinterState:
        """How the printer is, as far as it is known."""
        return self._state

    def submit(self, entry: Entry, image: Image) -> bool:
        """Print the ticket; says whether it is queued. The same entry again, or one without a number, does nothing."""
        if self._state == "off" or not entry.has_number:
            return False
        if not self._journal.move_print(entry.act.id, "none", "queued"):
            return False
        with self._changed:
            self._queue.append((entry.act.id, image))
            self._changed.notify_all()
        return True

    def attend(self, entry_id: str, patience: float) -> PrintState:
        """Wait until the printing of the entry has ended, at most `patience` seconds; its state then."""

        def ended() -> bool:
            return self._state_of(entry_id) not in ("queued", "printing")

        with self._changed:
            self._changed.wait_for(ended, timeout=patience)
        return self._state_of(entry_id)

    def start(self) -> None:
        """Start the thread; it may end with the process at any point."""
        self.look()
        threading.Thread(target=self._work, name="printing", daemon=True).start()

    def look(self) -> None:
        """Ask the printer how it is."""
        printer = self._printer()
        self._tell(printer.readiness() if printer is not None else "off")

    def _state_of(self, entry_id: str) -> PrintState:
        entry = self._journal.find(entry_id)
        return entry.print_state if entry else "none"

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue, timeout=LOOK_SECONDS)
                task = self._queue.popleft() if self._queue else None
            try:
                if task is None:
                    self.look()
                else:
                    self._print(*task)
            except Exception:
                # The kiosk goes on with numbers on the screen.
                log.exception("Printing failed in an unforeseen way")
            with self._changed:
                self._changed.notify_all()

    def _print(self, entry_id: str, image: Image) -> None:
        printer = self._printer()
        readiness: Readiness = printer.readiness() if printer is not None else "unreachable"
        self._tell(readiness if printer is not None else "off")
        if printer is None or readiness != "ok":
            self._journal.move_print(entry_id, "queued", "failed")
            return
        try:
            ticket = printer.prepare(image)
        except NotSent:
            log.error("The ticket of entry %s cannot be drawn for the printer", trace_of(entry_id))
            self._journal.move_print(entry_id, "queued", "failed")
            return
        if not self._journal.move_print(entry_id, "queued", "printing"):
            return
        after: PrintState = "unknown"
        try:
            printer.send(ticket)
            after = "printed"
        except NotSent as error:
            after = "failed"
            self._tell(error.readiness)
        except PerhapsPrinted as error:
            self._tell(error.readiness)
        finally:
            self._journal.move_print(entry_id, "printing", after)

    def _tell(self, state: PrinterState) -> None:
        if state == self._state:
            return
        log.warning("The printer is now: %s", state)
        self._state = state
        self._on_change()
