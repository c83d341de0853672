"""What the office tells the device about itself: its name, languages, services and time zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urljoin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class SetupError(Exception):
    """The office's setup cannot be used."""


@dataclass(frozen=True)
class Service:
    """A concern that people come with."""

    slug: str
    names: Mapping[str, str]
    plain: Mapping[str, str]
    walk_in: bool

    def name(self, language: str) -> str:
        """The service's name, in this language where there is one."""
        return self.names.get(language) or next(iter(self.names.values()), self.slug)

    def explanation(self, language: str) -> str:
        """A sentence in plain words about who comes with it, in this language where there is one."""
        return self.plain.get(language) or next(iter(self.plain.values()), "")


@dataclass(frozen=True)
class OfficeSetup:
    """One state of the office's setup."""

    office: str
    office_name: str
    languages: tuple[str, ...]
    series: str
    time_zone: ZoneInfo
    services: tuple[Service, ...]
    booking_url: str

    @property
    def default_language(self) -> str:
        """The language of a screen that nobody has touched yet."""
        return self.languages[0]

    def service(self, slug: str) -> Service | None:
        """The service of this slug, if the office has it."""
        return next((service for service in self.services if service.slug == slug), None)

    def day(self, moment: datetime) -> date:
        """The numbering day of a moment: the office's calendar, not the device's."""
        return moment.astimezone(self.time_zone).date()

    def booking_address(self, service: Service | None) -> str:
        """Where an appointment is booked, for this service if one is given."""
        if service is None:
            return self.booking_url
        return urljoin(self.booking_url.rstrip("/") + "/", f"{service.slug}/")


def parse(data: Any) -> OfficeSetup:
    """The office's answer as an OfficeSetup. Raises SetupError where something needed is missing."""
    try:
        languages = tuple(str(language) for language in data["office"]["languages"])
        if not languages:
            raise SetupError("the setup names no language")
        return OfficeSetup(
            office=str(data["office"]["slug"]),
            office_name=str(data["office"]["name"]),
            languages=languages,
            series=str(data["device"]["series"]),
            time_zone=ZoneInfo(data["time_zone"]),
            services=tuple(_service(service) for service in data["services"]),
            booking_url=str(data["booking_url"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, ZoneInfoNotFoundError) as error:
        raise SetupError(f"the setup cannot be read: {error!r}") from error


def _service(data: Any) -> Service:
    return Service(
        slug=str(data["slug"]),
        names=dict(data["names"]),
        plain=dict(data.get("plain") or {}),
        walk_in=bool(data["walk_in"]),
    )
