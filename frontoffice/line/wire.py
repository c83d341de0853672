"""What the line's API takes and gives, as JSON."""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, WithJsonSchema

from frontoffice.birth_date import from_iso
from frontoffice.line import journal
from frontoffice.line.board import Board
from frontoffice.line.calling import Visit
from frontoffice.line.models import TicketState

LARGEST_ID = 2**31 - 1
LONGEST_AGO = 400 * 24 * 3600  # seconds
SLUG = r"^[a-z0-9][a-z0-9-]{0,59}$"
UUID4 = r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"


def _is_moment(text: str) -> str:
    # fromisoformat() takes more than RFC 3339 allows, such as week numbers.
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text, re.ASCII):
        raise ValueError("must be a date and time such as 2026-11-23T07:00:00Z")
    datetime.fromisoformat(text)
    return text


def _is_date(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        raise ValueError("must be a date such as 2026-11-23")
    date.fromisoformat(text)
    return text


def _is_birth_date(text: str) -> str:
    from_iso(text)
    return text


Moment = Annotated[str, AfterValidator(_is_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Day = Annotated[str, AfterValidator(_is_date), WithJsonSchema({"type": "string", "format": "date"})]

Born = Annotated[  # 00 for what nobody knows
    str, AfterValidator(_is_birth_date), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"})
]


class Strict(BaseModel):
    """A request's body: unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class OfficePath(BaseModel):
    """Which office."""

    office: Annotated[str, Field(pattern=SLUG)]


class CounterPath(BaseModel):
    """Which counter, by its id."""

    counter: Annotated[int, Field(ge=1, le=LARGEST_ID)]


class TicketQuery(BaseModel):
    """Act only if the counter has this ticket, and not one that was called since."""

    model_config = ConfigDict(extra="forbid")

    ticket: Annotated[str, Field(pattern=r"^[A-Z][0-9]{3,6}$")] | None = None


class CallAnswer(BaseModel):
    """A number that was called, the how many-eth time, when last and to which counter."""

    ticket: str
    counter: str
    called_at: AwareDatetime
    call: int


class BoardAnswer(BaseModel):
    """The latest calls of today, newest first; `as_of` is the event to follow /live/{office}?after= from."""

    office: str
    as_of: int
    calls: list[CallAnswer]
    waiting: int

    @classmethod
    def of(cls, office: str, board: Board) -> "BoardAnswer":
        """The answer for an office's board."""
        calls = [
            CallAnswer(ticket=each.ticket, counter=each.counter, called_at=each.called_at, call=each.call)
            for each in board.calls
        ]
        return cls(office=office, as_of=board.as_of, calls=calls, waiting=board.waiting)


class VisitAnswer(BaseModel):
    """The ticket that the counter has or had. Without a service the concern is to be clarified."""

    ticket: str
    state: TicketState
    service: str | None
    language: str
    arrived_at: AwareDatetime
    due_at: AwareDatetime | None
    called_at: AwareDatetime
    call: int
    appointment: bool

    @classmethod
    def of(cls, visit: Visit) -> "VisitAnswer":
        """The answer for a visit."""
        return cls(
            ticket=visit.ticket,
            state=visit.state,
            service=visit.service,
            language=visit.language,
            arrived_at=visit.arrived_at,
            due_at=visit.due_at,
            called_at=visit.called_at,
            call=visit.call,
            appointment=visit.appointment_id is not None,
        )


class CounterAnswer(BaseModel):
    """The counter, and the ticket it was about; none where nobody was waiting."""

    counter: int
    ticket: VisitAnswer | None


class CounterOfOffice(BaseModel):
    """A counter: its id for the API, its name as on the sign, and who has opened it."""

    id: int
    name: str
    room: str
    staffed_by: str | None


class CountersAnswer(BaseModel):
    """The counters of the office."""

    counters: list[CounterOfOffice]


class EntryBody(Strict):
    """An act of a visitor. `handed_out`: the number is out already, so the entry must not be refused.

    A check-in has a `code`, or `born` and `due`: the date of birth and the time of the appointment on the office's
    clock. `late_ok`: the visitor knows that it is late. `series` is the letter on the number, `seconds_ago` how long
    it is ago by a clock that is never set. Unless `language_chosen` the screen only stood in that language, and the
    language of the booking goes before it.
    """

    id: Annotated[str, Field(pattern=UUID4)]
    kind: Literal["check_in", "walk_in"]
    at: Moment
    date: Day
    number: Annotated[int, Field(ge=1, le=9999)]
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,8})?$")]
    code: Annotated[str, Field(max_length=40, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")] | None
    service: Annotated[str, Field(pattern=SLUG)] | None
    handed_out: bool
    series: Annotated[str, Field(pattern=r"^[A-Z]$")] | None = None
    born: Born | None = None
    due: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = None
    late_ok: bool = False
    seconds_ago: Annotated[float, Field(ge=0, le=LONGEST_AGO)] | None = None
    language_chosen: bool = True

    def entry(self) -> journal.Entry:
        """The entry as the line takes it."""
        at = datetime.fromisoformat(self.at)
        try:
            at = at.astimezone(UTC)
        except OverflowError:  # the first or the last day of the calendar
            at = journal.EARLIEST
        return journal.Entry(
            self.id,
            journal.Kind(self.kind),
            at,
            date.fromisoformat(self.date),
            self.number,
            self.language,
            self.code,
            self.service,
            self.handed_out,
            self.series,
            from_iso(self.born) if self.born else None,
            time.fromisoformat(self.due) if self.due else None,
            self.late_ok,
            self.seconds_ago,
            self.language_chosen,
        )


class JournalBody(Strict):
    """What happened at the kiosk, oldest first."""

    entries: Annotated[list[EntryBody], Field(min_length=1, max_length=100)]


class EntryWait(BaseModel):
    """The expected wait, in minutes."""

    low: int
    high: int


class EntryResult(BaseModel):
    """What became of an entry. A refusal has a code and, in the visitor's language, a sentence.

    `office` is where the appointment is, if elsewhere; `wait` and `room` are for somebody who stands there. `language`
    is the booking's, where the visitor is to be spoken to in that one from here on.
    """

    id: str
    outcome: Literal["accepted", "refused"]
    ticket: str | None
    service: str | None
    due_at: AwareDatetime | None
    code: str | None
    sentence: str | None
    office: str | None = None
    wait: EntryWait | None = None
    room: str | None = None
    language: str | None = None


class JournalAnswer(BaseModel):
    """A result for each entry; one without a result could not be stored and should be delivered again."""

    results: list[EntryResult]
