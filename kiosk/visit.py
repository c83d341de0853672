"""What becomes of a visitor's act: journal first, then the office, then the number."""

from datetime import datetime

from kiosk import clock
from kiosk.device import Kiosk
from kiosk.entries import SHOWN_FOR
from kiosk.journal import Act, Entry


def take(kiosk: Kiosk, act: Act) -> Entry:
    """Commit the act and conclude it. The same id again gives the same entry, whatever else the act says."""
    entry = kiosk.record(act)
    if entry.outcome == "abandoned" and may_be_shown(entry, kiosk.now()):
        # Sent again by a browser that got no answer, because the program ended in between.
        entry = kiosk.take_up(act)
    return _conclude(kiosk, entry)


def find(kiosk: Kiosk, entry_id: str, now: datetime) -> Entry | None:
    """The entry with its outcome, as long as it may be shown; None afterwards, and for an unknown id."""
    entry = kiosk.journal.find(entry_id)
    if entry is None or not may_be_shown(entry, now):
        return None
    return _conclude(kiosk, entry)


def may_be_shown(entry: Entry, now: datetime) -> bool:
    """Whether the visitor of this entry can still be the one in front of the screen.

    By the machine's uptime: the time jumps when the office, reached again, says that the clock was wrong.
    """
    ago = clock.seconds_ago(entry.act.since)
    return abs(now - entry.act.at) < SHOWN_FOR if ago is None else ago < SHOWN_FOR.total_seconds()


def _conclude(kiosk: Kiosk, entry: Entry) -> Entry:
    """Wait for the office's answer; without one the number is noted as handed out before anybody sees it."""
    if entry.outcome is not None or entry.handed_out:
        return entry
    entry = kiosk.delivery.attend(entry.act.id, kiosk.patience) or entry
    if entry.outcome is not None:
        return entry
    if kiosk.trouble is not None:
        return kiosk.journal.abandon(entry.act.id)
    return kiosk.conclude_offline(entry)
