"""How long the outbox waits for what. Shorter in rehearsals only, and then all alike."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Timing:
    """The waits of the outbox. Raises ValueError where a lease is too short for a call to a provider."""

    batch: int = 10  # messages claimed at once
    lease: timedelta = timedelta(minutes=5)  # for a whole batch
    connect: timedelta = timedelta(seconds=5)
    answer: timedelta = timedelta(seconds=20)
    first_wait: timedelta = timedelta(seconds=30)  # doubles with every attempt
    longest_wait: timedelta = timedelta(hours=1)
    look_after: timedelta = timedelta(minutes=2)  # providers list a message a while after they took it
    look_again: timedelta = timedelta(minutes=1)
    stop: timedelta = timedelta(minutes=15)  # how long a stopped medium rests before it is tried again
    keep: timedelta = timedelta(days=7)  # how long contents stay after the final state

    def __post_init__(self) -> None:
        if self.lease < 2 * self.margin:
            raise ValueError("the lease must be at least twice as long as one call to a provider may take")

    @property
    def margin(self) -> timedelta:
        """What must be left of a lease when a call to a provider begins."""
        return self.connect + self.answer
