"""Delivers journal entries to the office: in order, one delivery at a time, until each is answered.

One thread does all of it. A visitor's request wakes the thread and waits a few seconds for the outcome; when
nothing comes of it the number is handed out all the same, and the thread goes on trying.
"""

import logging
import threading
from collections.abc import Callable
from datetime import date, timedelta
from time import monotonic
from typing import Any

from kiosk import clock
from kiosk.entries import trace_of
from kiosk.journal import Entry, Journal, Outcome, Result
from kiosk.link import Link, State
from kiosk.office import Answer, Office, Reached, Refused, Unauthorised, Unreachable
from kiosk.office_setup import OfficeSetup, Wait
from kiosk.settings import Pairing

BATCH = 100
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 10.0
HOUSEKEEPING_SECONDS = 600.0
KEPT = timedelta(days=7)
TOMORROW = timedelta(days=1)

log = logging.getLogger(__name__)


class Delivery:
    """The delivery thread of one device; `current` gives the pairing and the setup in force."""

    def __init__(
        self,
        journal: Journal,
        link: Link,
        current: Callable[[], tuple[Pairing, OfficeSetup] | None],
        run: str | None = None,
    ) -> None:
        self._journal = journal
        self._run = run
        # What may have reached the office, though no answer came back; of earlier runs nobody knows that.
        self._perhaps_sent = journal.unanswered()
        journal.abandon_interrupted()
        self._first_time: set[str] = set()
        self._link = link
        self._current = current
        self._changed = threading.Condition()
        self._wanted = False
        self._round = 0
        self._failed_round = 0
        self._housekeeping_due = 0.0

    def start(self) -> None:
        """Start the thread. It may end with the process at any point: the journal knows what is open."""
        threading.Thread(target=self._work, name="delivery", daemon=True).start()

    def wake(self) -> None:
        """Ask for a round now instead of after the pause."""
        with self._changed:
            self._wanted = True
            self._changed.notify_all()

    def attend(self, entry_id: str, patience: float) -> Entry | None:
        """Deliver at once and wait for the outcome, at most `patience` seconds; the entry as it is then."""
        give_up = monotonic() + patience
        with self._changed:
            asked_in = self._round
            self._wanted = True
            self._changed.notify_all()
            while True:
                entry = self._journal.find(entry_id)
                # Only a round begun after the entry was written says anything about it.
                tried = self._failed_round > asked_in
                left = give_up - monotonic()
                if entry is None or entry.outcome is not None or tried or left <= 0:
                    return entry
                self._changed.wait(left)

    def refuse(self, entry: Entry, result: Result, patience: float) -> bool:
        """Settle an entry by the device's own refusal; says whether that was possible.

        Only what the office cannot have taken can be refused without it; where that is not sure yet, it waits
        `patience` seconds for that.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: entry.act.id not in self._perhaps_sent, timeout=patience):
                return False
            return self._journal.settle(entry, "refused", result)

    def deliver(self) -> bool:
        """One round: hand in what is open; says whether all of it was answered."""
        current = self._current()
        if current is None:
            return False
        pairing, setup = current
        if monotonic() >= self._housekeeping_due:
            self._housekeeping_due = monotonic() + HOUSEKEEPING_SECONDS
            self._journal.reopen_unfit()
            today = setup.day(self._link.time())
            # Days to come are what a wrong clock has left: they would be taken for the newest at the next start.
            after = today + TOMORROW if self._link.is_compared else date.max
            self._journal.prune(today - KEPT, pairing.office, after)
        self._journal.abandon_left(self._link.time(), clock.since_start())
        office = Office(pairing.office_url, pairing.credential, self._run)
        while entries := self._next(pairing.office, setup.series):
            if not self._send(office, entries):
                return False
            with self._changed:
                self._changed.notify_all()
        return True

    def _work(self) -> None:
        pause = 0.0
        failures = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted, timeout=pause)
                self._wanted = False
                self._round += 1
            try:
                done = self.deliver()
            except Exception:
                # Whatever it was, visitors go on getting numbers, and the next round tries again.
                log.exception("A delivery failed in an unforeseen way")
                done = False
            failures = 0 if done else failures + 1
            with self._changed:
                if not done:
                    self._failed_round = self._round
                self._changed.notify_all()
            pause = _pause_after(failures)

    def _next(self, office: str, series: str) -> list[Entry]:
        with self._changed:
            entries = self._journal.open_entries(office, series, BATCH)
            # Before anything is sent, so that none of them is refused by the device in the meantime.
            self._first_time = {entry.act.id for entry in entries} - self._perhaps_sent
            self._perhaps_sent |= self._first_time
        return entries

    def _send(self, office: Office, entries: list[Entry]) -> bool:
        answer = office.deliver([as_json(entry) for entry in entries])
        match answer:
            case Unreachable(unsent=True):
                with self._changed:
                    self._perhaps_sent -= self._first_time
            case Reached(body):
                self._tell_link(answer)
                return self._keep(entries, body)
            case Refused(status) if status in (400, 413, 422):
                self._tell_link(answer)
                if len(entries) > 1:
                    # One entry that the office cannot read must not hold up the others.
                    middle = len(entries) // 2
                    return self._send(office, entries[:middle]) and self._send(office, entries[middle:])
                log.error("The office cannot read entry %s (%s)", trace_of(entries[0].act.id), status)
                return self._journal.settle(entries[0], "unfit", Result())
        self._tell_link(answer)
        return False

    def _keep(self, entries: list[Entry], body: dict[str, Any]) -> bool:
        results = body.get("results")
        items = results if isinstance(results, list) else []
        by_id = {str(item.get("id")): item for item in items if isinstance(item, dict)}
        kept = 0
        for entry in entries:
            item = by_id.get(entry.act.id, {})
            outcome = _outcome(entry, item)
            if outcome is not None and self._journal.settle(entry, outcome, _result(item)):
                kept += 1
                self._perhaps_sent.discard(entry.act.id)
        # Without this an answer that settles nothing would be asked for again without a pause.
        return kept > 0

    def _tell_link(self, answer: Answer) -> None:
        state: State
        match answer:
            case Reached() | Refused(status=400 | 413 | 422):
                state = "connected"
            case Unauthorised():
                state = "revoked"
            case _:
                state = "offline"
        if self._link.told(state, clock.now()):
            # Of an answer only its kind: what it says is about visitors.
            log.warning("The office is now: %s (%s)", state, getattr(answer, "reason", type(answer).__name__))


def _pause_after(failures: int) -> float:
    if failures == 0:
        return LONGEST_PAUSE
    return float(min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE))


def as_json(entry: Entry) -> dict[str, Any]:
    """The entry as the office takes it."""
    return {
        "id": entry.act.id,
        "kind": entry.act.kind,
        "at": entry.act.at.isoformat().replace("+00:00", "Z"),
        "date": entry.act.date.isoformat(),
        "number": entry.number,
        "language": entry.act.language,
        "code": entry.act.code,
        "service": entry.act.service,
        "handed_out": entry.handed_out,
        "series": entry.act.series,
        "born": entry.act.born.isoformat() if entry.act.born else None,
        "due": f"{entry.act.due:%H:%M}" if entry.act.due else None,
        "late_ok": entry.act.late_ok,
        "language_chosen": entry.act.language_chosen,
        "seconds_ago": clock.seconds_ago(entry.act.since),
    }


def _outcome(entry: Entry, item: dict[str, Any]) -> Outcome | None:
    match item.get("outcome"):
        case "accepted":
            return "accepted"
        case "refused" if entry.handed_out:
            # Against the agreement; staff see it, because the visitor is waiting with this number.
            log.error(
                "The office refused entry %s although its number was handed out", trace_of(entry.act.id)
            )
            return "unfit"
        case "refused":
            return "refused"
    return None


def _result(item: dict[str, Any]) -> Result:
    def text(key: str) -> str | None:
        return str(item[key]) if item.get(key) else None

    return Result(
        text("ticket"),
        text("service"),
        text("due_at"),
        text("code"),
        text("sentence"),
        text("room"),
        text("office"),
        _wait(item.get("wait")),
        text("language"),
    )


def _wait(told: Any) -> Wait | None:
    try:
        return Wait(int(told["low"]), int(told["high"])) if told else None
    except (KeyError, TypeError, ValueError):
        return None  # of no use, and no reason to refuse a number
