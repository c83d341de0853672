"""What the outbox asks of a provider, whichever it is: take one text, and tell what was taken before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from frontoffice.messages.models import Medium, MessageState
from frontoffice.messages.outcomes import STATES, Meaning


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One text, ready to go. `key` is the same for every attempt; `valid_for` is how long it is of use.

    `tag` ("1f/2", message and attempt in hex) comes back with what the provider reports about it. `unsubscribe` is
    where a mail program can say that no more of this topic is wanted.
    """

    to: str
    text: str
    key: str
    language: str
    valid_for: timedelta
    subject: str = ""
    html: str = ""
    calendar: str = ""
    tag: str = ""
    unsubscribe: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has taken the message."""

    provider_id: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider has not taken the message, or may have (Meaning.UNKNOWN). `wait` is what it asked for."""

    meaning: Meaning
    code: str
    wait: timedelta | None = None

    @property
    def is_failure(self) -> bool:
        """Whether the provider gave no answer at all, or none that can be understood."""
        return self.meaning is Meaning.UNKNOWN or (self.meaning is Meaning.LATER and not self.is_busy)

    @property
    def is_busy(self) -> bool:
        """Whether it has said that it takes nothing just now."""
        return self.code in ("429", "20429")


Outcome = Accepted | Refused


@dataclass(frozen=True, slots=True)
class Sighting:
    """A message that the provider has on record. `created_at` is by our clock.

    `status` is one of `outcomes.STATES`; `meaning` says what to do about a failure. `tag` is ours, where the provider
    keeps it with the message; `text` is what the message says, where it tells.
    """

    provider_id: str
    created_at: datetime
    status: str
    error_code: str | None = None
    meaning: Meaning = Meaning.DEAD
    tag: str | None = None
    text: str | None = field(default=None, repr=False)


class UnreachableError(Exception):
    """The provider could not be asked."""


class LockedOutError(UnreachableError):
    """The provider does not let us in; its argument is the provider's code."""


class Provider(Protocol):
    """A way for messages to leave. `send` never raises for anything the network or the provider does."""

    name: str

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over one message."""

    def find(self, to: str, /) -> Sequence[Sighting] | None:
        """The latest messages to an address, in any order. Raises UnreachableError, LockedOutError.

        None means that the provider keeps no record, and that sending a message a second time does no harm.
        """


Providers = Mapping[Medium, Provider]


@dataclass(frozen=True, slots=True)
class Knock:
    """A request from outside that says it comes from a provider. `url` is the address as the provider knows it.

    The names of `headers` are in small letters.
    """

    url: str
    form: Mapping[str, Sequence[str]]
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Report:
    """What a provider says became of a message; the words as in Sighting."""

    provider: str
    provider_id: str
    status: str
    error_code: str | None = None
    meaning: Meaning = Meaning.DEAD
    tag: str | None = None

    @property
    def state(self) -> MessageState:
        """The state that this means for the message; SENT for what only tells that it is on its way."""
        return STATES[self.status]


@dataclass(frozen=True, slots=True)
class Reply:
    """A text that came from a phone. `wants` is what the provider itself has read in it: "STOP", "START"."""

    provider: str
    provider_id: str
    sender: str
    text: str
    wants: str | None = None


class NotSignedError(Exception):
    """The request does not come from the provider."""


class Ear(Protocol):
    """How what a provider tells us is understood. Both raise NotSignedError before they look at the contents."""

    name: str

    def report(self, knock: Knock, tag: str | None) -> Report | None:
        """What became of a message; None where it says nothing about one."""

    def reply(self, knock: Knock) -> Reply | None:
        """What a phone has sent; None where it is no text."""
