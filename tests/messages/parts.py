"""What the tests of the messages wing are made of: sample contents, a hand-moved clock, a told provider."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from frontoffice.config import Messages
from frontoffice.db import Database
from frontoffice.messages import outbox
from frontoffice.messages.dispatch import Delivery, deliver_due
from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.messages.provider import Accepted, Outcome, Outgoing, Sighting
from frontoffice.messages.reconcile import clarify
from frontoffice.messages.timing import Timing

PHONE = "+4915123456789"
MAIL = "maria@example.org"


def parameters(**changes: str) -> dict[str, str]:
    """What an appointment gives to its messages."""
    return {
        "office_name": "Ausländerbehörde Musterstadt",
        "office_address": "Rathausplatz 1\n12345 Musterstadt",
        "service": "Renewal of a residence permit",
        "starts_at": "2026-11-25T08:30:00+00:00",
        "time_zone": "Europe/Berlin",
        "reference": "K7M2PXQ4",
        "link": "https://termin.musterstadt.de/appointments/K7M2PXQ4/abcdefghijklmnopqrstuvwx/",
        "documents": "Passport\nPhoto",
    } | changes


@dataclass
class HandClock:
    """A clock that stands still until it is moved."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment

    def move(self, **by: float) -> datetime:
        """Move it on (or back); gives the new time."""
        self.moment += timedelta(**by)
        return self.moment


@dataclass
class Told:
    """A provider that answers as it is told, and writes down what it was given."""

    answers: list[Outcome | Callable[[Outgoing], Outcome]] = field(default_factory=list)
    sightings: Sequence[Sighting] | None = ()
    name: str = "told"
    given: list[Outgoing] = field(default_factory=list)

    def send(self, outgoing: Outgoing) -> Outcome:
        self.given.append(outgoing)
        answer = (
            self.answers.pop(0) if self.answers else Accepted(f"SM{len(self.given)}-{id(self)}", "queued")
        )
        return answer(outgoing) if callable(answer) else answer

    def find(self, _to: str, /) -> Sequence[Sighting] | None:
        return self.sightings


@dataclass
class Post:
    """An outbox of an office in Berlin, and its delivery through told providers by a clock moved by hand."""

    database: Database
    office: int
    clock: HandClock
    sms: Told = field(default_factory=Told)
    mail: Told = field(default_factory=lambda: Told(sightings=None))
    backup: Told | None = None
    settings: Messages = field(default_factory=lambda: Messages(sms_gap_seconds=0, sms_per_day=0))
    strikes: dict[str, int] = field(default_factory=dict)
    written: int = 0

    @property
    def delivery(self) -> Delivery:
        """Delivery with the usual waits, and without limits for one phone unless `settings` has them."""
        return Delivery(
            self.database,
            {Medium.SMS: self.sms, Medium.MAIL: self.mail},
            self.settings,
            Timing(),
            self.clock,
            {Medium.SMS: self.backup} if self.backup else {},
            "https://termin.example.org",
            self.strikes,
        )

    def put(self, **changes: Any) -> int:
        """Put a message into the outbox, in a transaction of its own; gives its id."""
        with self.database.write() as session:
            message = outbox.enqueue(session, **(self.values(changes.get("medium", Medium.SMS)) | changes))
            assert message is not None
            return message.id

    def values(self, medium: Medium) -> dict[str, Any]:
        """What `enqueue` wants to know, different every time."""
        self.written += 1
        return {
            "kind": "booked",
            "medium": medium,
            "to": PHONE if medium is Medium.SMS else MAIL,
            "language": "en",
            "office_id": self.office,
            "subject": f"appointment:{self.written}",
            "dedupe_key": f"appointment:{self.written}:booked:{medium}",
            "parameters": parameters(),
            "now": self.clock(),
            "expires_at": self.clock() + timedelta(days=1),
        }

    def deliver(self) -> int:
        """Send what is due."""
        return deliver_due(self.delivery)

    def clarify(self) -> int:
        """Look for what may have left."""
        return clarify(self.delivery)

    def look(self, message_id: int) -> Message:
        """A message as it is now."""
        with self.database.read() as session:
            return session.scalars(select(Message).where(Message.id == message_id)).one()

    def count(self) -> int:
        """How many messages there are."""
        with self.database.read() as session:
            return session.scalar(select(func.count(Message.id))) or 0

    def states(self, *ids: int) -> list[MessageState]:
        """The states of messages."""
        return [self.look(each).state for each in ids]

    def change(self, message_id: int, **changes: Any) -> None:
        """Change a row behind everybody's back."""
        with self.database.write() as session:
            session.execute(update(Message).where(Message.id == message_id).values(**changes))
