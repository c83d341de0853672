"""What stands in the journal: acts of visitors, with their numbers and what became of them."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Literal

from kiosk.birth_date import BirthDate
from kiosk.office_setup import Wait

Day = date  # inside Act, `date` is a field

# The time a visitor can see the own ticket; afterwards nobody stands there any more.
SHOWN_FOR = timedelta(minutes=3)

# accepted, refused: the office's answers, or the device's own refusal when cut off. unfit: the office cannot take it.
# abandoned: nobody waits for it.
Outcome = Literal["accepted", "refused", "unfit", "abandoned"]

# queued: waits for the printer. printing: the printer has been or is being spoken to. failed: surely nothing came out.
# unknown: it may have come out, in whole or in part, and is never sent again.
PrintState = Literal["none", "queued", "printing", "printed", "failed", "unknown"]


def trace_of(entry_id: str) -> str:
    """By what name logs know an entry, the office's too: its id is the secret of the phone ticket."""
    return sha256(entry_id.replace("-", "").encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Since:
    """A moment by a clock that is never set: which start of the machine, and how many seconds after it."""

    boot: str
    seconds: float


@dataclass(frozen=True)
class Act:
    """What a visitor did; `at` in UTC.

    `kind` is "check_in" with a `code` or with `born` and `due` (the appointment's time on the office's clock), or
    "walk_in" with a `service`. `late_ok`: the visitor was told that the time is over, and waits all the same.
    `language_chosen`: the visitor pressed the language; else it is only the one that the screen stood in.
    """

    id: str
    at: datetime
    date: Day
    office: str
    series: str
    kind: str
    language: str
    code: str | None = None
    service: str | None = None
    born: BirthDate | None = None
    due: time | None = None
    late_ok: bool = False
    language_chosen: bool = True
    since: Since | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Result:
    """The answer to an entry; `code` names the reason of a refusal, `office` the right one after "wrong_office".

    `wait` is the expected wait from the answer on, `room` where to sit, `language` the booking's, where it goes before
    the screen's.
    """

    ticket: str | None = None
    service: str | None = None
    due_at: str | None = None
    code: str | None = None
    sentence: str | None = None
    room: str | None = None
    office: str | None = None
    wait: Wait | None = None
    language: str | None = None


@dataclass(frozen=True)
class Entry:
    """An act with its number and what became of it. `matched` is the appointment's digest on the device's list."""

    act: Act
    number: int
    handed_out: bool
    outcome: Outcome | None
    result: Result
    print_state: PrintState = "none"
    matched: str | None = None

    @property
    def has_number(self) -> bool:
        """Whether the visitor gets a number to wait with."""
        return self.handed_out or self.outcome == "accepted"

    @property
    def ticket(self) -> str:
        """The ticket to show; a number that was handed out stays, whatever the office answers later."""
        own = f"{self.act.series}{self.number:03d}"
        return own if self.handed_out else self.result.ticket or own
