"""How long the outbox waits for what. Shorter in rehearsals only, and then all alike."""

from dataclasses import dataclass
from datetime import timedelta

from frontoffice.config import Messages


@dataclass(frozen=True, slots=True)
class Timing:
    """The waits of the outbox. Raises ValueError where a lease is too short for a call to a provider."""

    batch: int = 10  # messages claimed at once, at first
    most_at_once: int = 100  # and at most, where the provider is fast
    turn: timedelta = timedelta(seconds=0.5)  # what is claimed at once should not take longer
    patience: timedelta = timedelta(seconds=2)  # what is then still to be sent of a claim is given back
    together: timedelta = timedelta(seconds=0.01)  # answers that come so fast are written in one transaction
    lease: timedelta = timedelta(minutes=5)  # for a whole batch
    connect: timedelta = timedelta(seconds=5)
    answer: timedelta = timedelta(seconds=20)
    first_wait: timedelta = timedelta(seconds=30)  # doubles with every attempt
    longest_wait: timedelta = timedelta(hours=1)
    later: timedelta = timedelta(minutes=10)  # until a phone out of reach is tried again; doubles too
    look_after: timedelta = timedelta(minutes=2)  # providers list a message a while after they took it
    look_again: timedelta = timedelta(minutes=1)
    look_at_least: timedelta = timedelta(minutes=15)  # so often, while the provider's record cannot be read …
    unclear: timedelta = timedelta(hours=6)  # … and for so long: then a person and a mail take over
    stop: timedelta = timedelta(minutes=15)  # how long a stopped medium rests before it is tried again
    try_anew: timedelta = timedelta(
        minutes=1
    )  # a worker that starts tries what was found stopped before that
    strikes: int = 5  # failures in a row after which a provider of SMS is stopped
    urgent: frozenset[str] = frozenset({"next"})  # kinds that come too late in a minute …
    urgent_waits: tuple[timedelta, ...] = (  # … and how long those wait for another attempt
        timedelta(seconds=5),
        timedelta(seconds=10),
        timedelta(seconds=20),
    )
    mail_after: timedelta = timedelta(
        hours=4
    )  # what has not arrived by then, of what matters later, goes by mail too
    keep: timedelta = timedelta(days=7)  # how long contents stay after the final state

    def __post_init__(self) -> None:
        if self.lease < 2 * self.margin:
            raise ValueError("the lease must be at least twice as long as one call to a provider may take")

    @property
    def margin(self) -> timedelta:
        """How long a call to a provider may take; so much must be left of a lease when it begins."""
        return self.connect + self.answer

    @classmethod
    def of(cls, settings: Messages) -> "Timing":
        """The waits that the configuration wants."""
        return cls(
            first_wait=timedelta(seconds=settings.retry_seconds),
            longest_wait=timedelta(minutes=settings.longest_retry_minutes),
            later=timedelta(seconds=settings.out_of_reach_seconds),
            stop=timedelta(minutes=settings.stopped_minutes),
            keep=timedelta(days=settings.keep_days),
        )
