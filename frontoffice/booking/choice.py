"""What a visitor has chosen, as it travels in addresses: `?with=student:2,eat-pick-up`."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from frontoffice.booking.visit import MOST_SERVICES

MOST_PEOPLE = 20


class Choice(NamedTuple):
    """Services by their slugs, each with for how many people it is, in the order in which they were chosen."""

    items: tuple[tuple[str, int], ...] = ()

    @property
    def main(self) -> str:
        """The service that was chosen first."""
        return self.items[0][0]

    @property
    def people(self) -> int:
        """For how many people it is at most."""
        return max((people for _slug, people in self.items), default=0)

    @property
    def is_plain(self) -> bool:
        """One service for one person, for which an address needs no more than the service."""
        return len(self.items) == 1 and self.people == 1

    def slugs(self) -> list[str]:
        """The services."""
        return [slug for slug, _people in self.items]

    def without(self, slug: str) -> "Choice":
        """The same without one service."""
        return Choice(tuple(each for each in self.items if each[0] != slug))

    def __str__(self) -> str:
        return ",".join(slug if people == 1 else f"{slug}:{people}" for slug, people in self.items)


def read(typed: Iterable[str]) -> Choice:
    """The choice in the values of `with`; what cannot be read is left out.

    A service that stands there twice counts as it stands there last, which is how a form changes it.
    """
    items: dict[str, int] = {}
    for part in ",".join(typed).split(","):
        slug, _colon, number = part.strip().partition(":")
        if slug and slug.isprintable() and len(slug) <= 60:
            items[slug] = _people(number)
    return Choice(tuple(items.items())[: MOST_SERVICES + 1])


def addable(offered: Iterable[Collection[int]], chosen: Collection[int]) -> set[int]:
    """Which services can still be added to the chosen ones; `offered` are the services of each schedule.

    Nothing where no schedule offers all the chosen ones together.
    """
    if len(chosen) >= MOST_SERVICES:
        return set()
    return {service for services in offered if set(chosen) <= set(services) for service in services} - set(
        chosen
    )


def is_offered(offered: Mapping[int, Collection[int]], chosen: Collection[int]) -> bool:
    """Whether one schedule offers all of the chosen services."""
    return any(set(chosen) <= set(services) for services in offered.values())


def _people(number: str) -> int:
    if not (number.isascii() and number.isdigit()):
        return 1
    return max(1, min(int(number[:4]), MOST_PEOPLE + 1))
