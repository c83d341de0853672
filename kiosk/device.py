"""One device put together: its journal, its threads, and what it decides by itself while it is cut off."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any, Literal

from kiosk import clock, offline
from kiosk.birth_date import BirthDate
from kiosk.delivery import Delivery
from kiosk.entries import Act, Entry, Result
from kiosk.journal import Journal
from kiosk.link import Link, LinkState
from kiosk.office_setup import OfficeSetup, Wait
from kiosk.offline import Decision
from kiosk.printer import EscposPrinter, Printer
from kiosk.printing import Printing
from kiosk.refresh import Refresh
from kiosk.settings import DataDirectory, SettingsError

# What staff have to see to before visitors can be served.
Trouble = Literal["unpaired", "revoked", "no_setup", "doubled"]

# A range told longer ago says nothing about now.
WAIT_HOLDS = timedelta(minutes=30)
# Dates of birth may be guessed so often without the office; with it, the office counts.
TRIES = 10
TRIES_PER = timedelta(minutes=15)


@dataclass(frozen=True)
class DeviceState:
    """What staff want to know about the device."""

    link: LinkState
    waiting: int
    stuck: int
    printer: str = "off"


class Kiosk:
    """A device; `patience` is how many seconds a visitor waits for the office before getting a number."""

    def __init__(self, data: DataDirectory, patience: float = 3.0) -> None:
        data.prepare()
        self.patience = patience
        self.session_key = data.session_key()
        self.journal = Journal(data.journal_file)
        self.link = Link()
        run = str(uuid.uuid4())
        self._data = data
        self.refresh = Refresh(data, self.link, self._report, run)
        self.delivery = Delivery(self.journal, self.link, self.refresh.current, run)
        self.printing = Printing(self.journal, self._printer, self.refresh.tell_soon)
        self.link.begin(self._latest_known())

    def start(self) -> None:
        """Start delivering, refreshing and printing, in the process that serves: threads do not survive a fork."""
        self.refresh.start(on_reached=self.delivery.wake)
        self.delivery.start()
        self.printing.start()

    @property
    def setup(self) -> OfficeSetup | None:
        """The office's setup, if the device has one that fits its pairing."""
        current = self.refresh.current()
        return current[1] if current else None

    @property
    def trouble(self) -> Trouble | None:
        """Why no visitor can be served; None when all is well, which it also is without a network."""
        if not self.refresh.is_paired:
            return "unpaired"
        if self.link.now().state == "revoked":
            return "revoked"
        setup = self.setup
        if setup is None:
            return "no_setup"
        return "doubled" if setup.doubled else None

    def now(self) -> datetime:
        """The time: the device's clock, put right as far as anything is known; see `Link.time`."""
        return self.link.time()

    def state(self) -> DeviceState:
        """Link, journal and printer at this moment."""
        setup = self.setup
        office, series = (setup.office, setup.series) if setup else ("", "")
        return DeviceState(
            self.link.now(),
            waiting=self.journal.count_open(office, series),
            stuck=self.journal.count_stuck(office, setup.day(self.now())) if setup else 0,
            printer=self.printing.state,
        )

    def record(self, act: Act) -> Entry:
        """Commit the act with its number. The same id again gives the same entry, whatever else the act says."""
        setup = self.setup
        after, matched = 0, None
        if setup is not None:
            if setup.last_number is not None and setup.last_number[0] == act.date:
                after = setup.last_number[1]
            matched = offline.decide(act, setup, self.refresh.today, act.at).matched
        return self.journal.record(replace(act, since=clock.since_start()), after=after, matched=matched)

    def take_up(self, act: Act) -> Entry:
        """Open the abandoned entry of this act again; nothing changes if it is not abandoned any more."""
        return self.journal.take_up(replace(act, since=clock.since_start()))

    def check_in_by_birth(self, entry_id: str, born: BirthDate, due: time, language: str) -> Act | None:
        """The act of somebody who has no code at hand but knows when the appointment is; None without a setup."""
        setup, now = self.setup, self.now()
        if setup is None:
            return None
        day = setup.day(now)
        return Act(entry_id, now, day, setup.office, setup.series, "check_in", language, born=born, due=due)

    def conclude_offline(self, entry: Entry) -> Entry:
        """What becomes of an entry that the office has not answered: a number, or a refusal that it would give too."""
        setup, now = self.setup, self.now()
        if setup is None:
            return self.journal.hand_out(entry.act.id)
        if entry.act.born is not None and self._is_guessing(now):
            decision = Decision(True, Result(code="too_many_tries"))
        else:
            decision = offline.decide(entry.act, setup, self.refresh.today, now)
        result, refused = decision.result, decision.refused
        holder = self.journal.holder(entry.act, decision.matched) if entry.act.kind == "check_in" else None
        if holder is not None:
            # The number before goes to the office before this one, which it then refuses as well.
            self.journal.settle(
                entry, "refused", replace(result, code="already_checked_in", ticket=holder.ticket)
            )
            return self.journal.find(entry.act.id) or entry
        if refused and self.delivery.refuse(entry, result, self.patience):
            return self.journal.find(entry.act.id) or entry
        # What the office may have taken stays a number: it takes it once more, and refuses it no longer.
        return self.journal.hand_out(entry.act.id, replace(result, code=None, ticket=None, office=None))

    def last_wait(self, service: str | None) -> Wait | None:
        """The wait that the office told for that concern a short while ago."""
        setup = self.setup
        if setup is None or setup.as_of is None or self.now() - setup.as_of > WAIT_HOLDS:
            return None
        return setup.waits.get(service or "")

    def _is_guessing(self, now: datetime) -> bool:
        return self.journal.count_refused("unknown_birth", (now - TRIES_PER).isoformat()) >= TRIES

    def _latest_known(self) -> datetime | None:
        """What it surely is later than: the office's last word, and what visitors did."""
        setup = self.setup
        known = (setup.as_of if setup else None, self.journal.latest())
        return max((each for each in known if each is not None), default=None)

    def _printer(self) -> Printer | None:
        try:
            settings = self._data.printer()
        except SettingsError:
            return None
        return EscposPrinter(settings) if settings else None

    def _report(self) -> dict[str, Any]:
        state = self.state()
        return {
            "printer": self.printing.state,
            "waiting": state.waiting,
            "stuck": state.stuck,
            "clock_ahead": round(state.link.clock_ahead.total_seconds()),
            "interrupted_prints": self.printing.interrupted,
        }
