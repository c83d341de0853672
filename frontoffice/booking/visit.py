"""What somebody comes for: one or more services, each for one or more people; how long that takes. Pure."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from frontoffice.booking.refusals import NotTogether, TooManyPeople
from frontoffice.booking.sheet import MINUTES
from frontoffice.errors import N_, Invalid

MOST_SERVICES = 5
MOST_MINUTES = 8 * 60


class Offer(Protocol):
    """What planning a visit needs to know of a service; `minutes` and the like mean what they do on Service."""

    @property
    def id(self) -> int: ...
    @property
    def minutes(self) -> int: ...
    @property
    def minutes_next_person(self) -> int | None: ...
    @property
    def minutes_together(self) -> int | None: ...
    @property
    def most_people(self) -> int: ...
    @property
    def online(self) -> bool: ...
    @property
    def active(self) -> bool: ...


class Item(NamedTuple):
    """A service, and for how many people."""

    offer: Offer
    people: int


class Visit(NamedTuple):
    """What somebody comes for; `main` is the first of the services.

    `agreed` are the minutes where they stand already, whatever the services take now.
    """

    items: tuple[Item, ...]
    agreed: int | None = None

    @property
    def main(self) -> Offer:
        """The service that stands for the visit where there is room for one only."""
        return self.items[0].offer

    @property
    def minutes(self) -> int:
        """How long it takes: the longest service in full, each other one as it takes together with others.

        Each further person of a service adds the minutes that the service says.
        """
        if self.agreed is not None:
            return self.agreed
        longest = max(self.items, key=lambda item: item.offer.minutes)
        return sum(_minutes(item, alone=item is longest) for item in self.items)

    @property
    def ticks(self) -> int:
        """How many ticks it takes."""
        return self.minutes // MINUTES

    @property
    def people(self) -> int:
        """For how many people it is: as many as the service with most of them."""
        return max(item.people for item in self.items)

    @property
    def online(self) -> bool:
        """Whether all of it can be booked online."""
        return all(item.offer.online and item.offer.active for item in self.items)

    @property
    def service_ids(self) -> tuple[int, ...]:
        """Which services, in the order of choosing."""
        return tuple(item.offer.id for item in self.items)

    @property
    def stored(self) -> list[list[int]]:
        """The items as holds and appointments keep them."""
        return [[item.offer.id, item.people] for item in self.items]


def visit(items: Iterable[tuple[Offer, int]]) -> Visit:
    """A visit for these services, each for so many people.

    Raises TooManyPeople where a service takes fewer, and NotTogether where these are not one visit: a service
    twice, more than five services, more than eight hours.
    """
    planned = Visit(tuple(Item(offer, people) for offer, people in items))
    if not planned.items:
        raise Invalid("service", N_("Please choose at least one service."))
    if len(planned.items) > MOST_SERVICES or len(set(planned.service_ids)) < len(planned.items):
        raise NotTogether
    for offer, people in planned.items:
        if people < 1:
            raise Invalid("people", N_("Please say for how many people the appointment is: at least one."))
        if people > offer.most_people:
            raise TooManyPeople(most=offer.most_people)
    if planned.minutes > MOST_MINUTES:
        raise NotTogether
    return planned


def _minutes(item: Item, *, alone: bool) -> int:
    offer = item.offer
    first = offer.minutes if alone or offer.minutes_together is None else offer.minutes_together
    each_more = offer.minutes if offer.minutes_next_person is None else offer.minutes_next_person
    return first + (item.people - 1) * each_more
