"""What the outbox asks of a provider, whichever it is: take one text, and tell what was taken before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from frontoffice.messages.models import Medium
from frontoffice.messages.outcomes import Meaning


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One text, ready to go. `key` is the same for every attempt; `valid_for` is how long it is of use."""

    to: str
    text: str
    key: str
    language: str
    valid_for: timedelta
    subject: str = ""
    html: str = ""
    calendar: str = ""


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


Outcome = Accepted | Refused


@dataclass(frozen=True, slots=True)
class Sighting:
    """A message that the provider has on record. `created_at` is by our clock."""

    provider_id: str
    created_at: datetime
    status: str
    error_code: str | None = None


class UnreachableError(Exception):
    """The provider could not be asked."""


class Provider(Protocol):
    """A way for messages to leave. `send` never raises for anything the network or the provider does."""

    name: str

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over one message."""

    def find(self, to: str, /) -> Sequence[Sighting] | None:
        """The latest messages to an address, in any order. Raises UnreachableError.

        None means that the provider keeps no record, and that sending a message a second time does no harm.
        """


Providers = Mapping[Medium, Provider]
