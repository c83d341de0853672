"""What the API for steering the line takes and gives, as JSON."""

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from frontoffice.line import parking
from frontoffice.line.desk import Desk
from frontoffice.line.models import Priority, Ticket, TicketState
from frontoffice.line.wire import LARGEST_ID, SLUG, Moment, Strict

Number = Annotated[str, Field(pattern=r"^[A-Z][0-9]{3,6}$")]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Code = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,8})?$")]
Slug = Annotated[str, Field(pattern=SLUG)]
Line = Annotated[str, Field(max_length=parking.LONGEST_NOTE, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]


class NumberBody(Strict):
    """Which ticket, by its number."""

    ticket: Number


class UndoBody(Strict):
    """Which step, as the desk's `undoable_step` says: the one before it is not taken back by mistake."""

    step: Annotated[str, Field(pattern=r"^[0-9]{1,18}-[0-9]{1,17}$")]


class ParkBody(Strict):
    """Why the counter's visitor waits aside, and until when; without a time until staff say so."""

    reason: Annotated[Line, Field(min_length=1)]
    wake_at: Moment | None = None
    ticket: Number | None = None

    def moment(self) -> datetime | None:
        """Until when."""
        return datetime.fromisoformat(self.wake_at) if self.wake_at else None


class SendAwayBody(Strict):
    """What the counter's visitor has to do before coming straight back."""

    reason: Annotated[Line, Field(min_length=1)]
    ticket: Number | None = None


class TransferBody(Strict):
    """Where the counter's visitor goes: a counter, a team, or whoever serves a service (its slug)."""

    to_counter: Id | None = None
    to_team: Name | None = None
    to_service: Slug | None = None
    note: Line = ""
    ticket: Number | None = None


class FavourBody(Strict):
    """Who goes first and why; without a reason they wait as everybody."""

    ticket: Number
    reason: Priority | None = Field(None, strict=False)


class KeptForBody(Strict):
    """For whom a ticket is kept; with nothing else than the ticket it is for everybody again."""

    ticket: Number
    for_counter: Id | None = None
    for_account: Id | None = None
    for_language: Code | None = None
    for_team: Name | None = None


class HelpBody(Strict):
    """From which counter somebody should come; without one whoever can."""

    from_counter: Id | None = None


class CryBody(Strict):
    """Which alarm or call for help, by its number."""

    cry: Id


class FinishBody(Strict):
    """What was really done, by the services' slugs; and which visitor is meant."""

    done: list[Slug] = Field(default_factory=list, max_length=20)
    ticket: Number | None = None


def _is_later_than_1999(text: str) -> str:
    if date.fromisoformat(text[:10]).year < 2000 or not re.search(r"(Z|[+-]\d\d:\d\d)$", text):
        raise ValueError("must be a moment of this century")
    return text


class ClosingBody(Strict):
    """When the office closes today."""

    closes_at: Annotated[Moment, AfterValidator(_is_later_than_1999)]


class LineTicket(BaseModel):
    """A ticket as staff see it. `for_…` say who may call it; `wake_at`: a parked one waits again from then on."""

    ticket: str
    state: TicketState
    service: str | None
    language: str
    arrived_at: AwareDatetime
    due_at: AwareDatetime | None
    appointment: bool
    priority: Priority | None
    for_counter: int | None
    for_account: int | None
    for_language: str | None
    for_team: str | None
    note: str | None
    wake_at: AwareDatetime | None

    @classmethod
    def of(cls, ticket: Ticket) -> "LineTicket":
        """The answer for a ticket."""
        return cls(
            ticket=ticket.code,
            state=ticket.state,
            service=ticket.service.slug if ticket.service else None,
            language=ticket.language,
            arrived_at=ticket.arrived_at,
            due_at=ticket.due_at,
            appointment=ticket.appointment_id is not None,
            priority=ticket.priority,
            for_counter=ticket.for_counter_id,
            for_account=ticket.for_account_id,
            for_language=ticket.for_language,
            for_team=ticket.for_team,
            note=ticket.note,
            wake_at=ticket.wake_at,
        )


class LineAnswer(BaseModel):
    """The ticket that was acted on, as it is now."""

    counter: int
    ticket: LineTicket


class DoneAnswer(BaseModel):
    """It is as the request wants it; `counter` is the one that asked."""

    counter: int


class DeskAnswer(BaseModel):
    """The counter's visitor, who waits for it in the order of calling, and who is parked at the office.

    `elsewhere`: how many wait for other counters. `undoable`: the number whose last step here can be taken back.
    `undoable_step`: the name of that step.
    """

    counter: int
    current: LineTicket | None
    waiting: list[LineTicket]
    parked: list[LineTicket]
    elsewhere: int
    undoable: str | None
    undoable_step: str | None

    @classmethod
    def of(cls, counter: int, desk: Desk) -> "DeskAnswer":
        """The answer for a desk."""
        return cls(
            counter=counter,
            current=LineTicket.of(desk.current) if desk.current else None,
            waiting=[LineTicket.of(each) for each in desk.waiting],
            parked=[LineTicket.of(each) for each in desk.parked],
            elsewhere=desk.elsewhere,
            undoable=desk.undoable.code if desk.undoable else None,
            undoable_step=desk.undoable_step,
        )


class CryAnswer(BaseModel):
    """An alarm or a call for help that is not over; `asked` is the counter it is for, empty: all."""

    cry: int
    alarm: bool
    counter: str
    room: str
    at: AwareDatetime
    asked: str
    coming: list[str]


class CriesAnswer(BaseModel):
    """Alarms first, then the newest."""

    cries: list[CryAnswer]


class ClosingAnswer(BaseModel):
    """To how many of those who wait a message goes."""

    told: int
