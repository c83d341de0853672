"""What the office tells the device about itself: its name, languages, services, hours and rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urljoin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PICK_UP = "pick_up"  # the topic of the concern behind the door "pick up my card"


class SetupError(Exception):
    """The office's setup cannot be used."""


@dataclass(frozen=True)
class Service:
    """A concern that people come with. `online`: an appointment can be booked on the web."""

    slug: str
    names: Mapping[str, str]
    plain: Mapping[str, str]
    walk_in: bool
    documents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    topic: str | None = None
    online: bool = True

    def name(self, language: str) -> str:
        """The service's name, in this language where there is one."""
        return self.names.get(language) or next(iter(self.names.values()), self.slug)

    def explanation(self, language: str) -> str:
        """A sentence in plain words about who comes with it, in this language where there is one."""
        return self.plain.get(language) or next(iter(self.plain.values()), "")

    def documents_in(self, language: str) -> tuple[str, ...]:
        """What to bring, in this language where there is a list in it."""
        return self.documents.get(language) or next(iter(self.documents.values()), ())


@dataclass(frozen=True)
class Topic:
    """The first level of choosing a concern; a concern without a topic stands beside the topics."""

    slug: str
    names: Mapping[str, str]
    services: tuple[Service, ...]

    def name(self, language: str) -> str:
        """The topic's name, in this language where there is one."""
        return self.names.get(language) or next(iter(self.names.values()), self.slug)


@dataclass(frozen=True)
class OpenDay:
    """One day: from when until when the office is open (half-open, on its clock); none where it is closed."""

    day: date
    spans: tuple[tuple[time, time], ...]
    holiday: bool = False


@dataclass(frozen=True)
class Address:
    """Where the office is, and how it is reached."""

    street: str = ""
    postal_code: str = ""
    city: str = ""
    phone: str = ""
    mail: str = ""


@dataclass(frozen=True)
class Wait:
    """An expected wait, as a range in minutes."""

    low: int
    high: int


@dataclass(frozen=True)
class OfficeSetup:
    """The office's setup at `as_of`. `last_number` is what the office has of this device's series on a day.

    `waits` are the expected waits of somebody who would have come then, by service. `doubled`: two devices use this
    pairing. Numbers without appointment are given from `numbers_early` before the office opens, at any time without
    it, and on the day of `closes_early_at` until then.
    """

    office: str
    office_name: str
    languages: tuple[str, ...]
    series: str
    time_zone: ZoneInfo
    services: tuple[Service, ...]
    booking_url: str
    address: Address = field(default_factory=Address)
    topics: tuple[Topic, ...] = ()
    hours: tuple[OpenDay, ...] = ()
    early: timedelta = timedelta(minutes=60)
    too_late: timedelta = timedelta(minutes=30)
    ticket_url: str = ""
    remind_url: str = ""
    last_number: tuple[date, int] | None = None
    doubled: bool = False
    waits: Mapping[str, Wait] = field(default_factory=dict)
    as_of: datetime | None = None
    numbers_early: timedelta | None = None
    closes_early_at: datetime | None = None

    @property
    def default_language(self) -> str:
        """The language of a screen that nobody has touched yet."""
        return self.languages[0]

    @property
    def pick_up(self) -> Service | None:
        """The concern of those whose card is ready, if the office has it."""
        return next((service for service in self.services if service.topic == PICK_UP), None)

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

    def ticket_address(self, entry_id: str) -> str:
        """The phone ticket of a journal entry; known without asking, because the entry's id is its secret."""
        return f"{self.ticket_url.rstrip('/')}/{entry_id.replace('-', '')}" if self.ticket_url else ""


def parse(data: Any) -> OfficeSetup:
    """The office's answer as an OfficeSetup. Raises SetupError where something needed is missing."""
    try:
        office = data["office"]
        languages = tuple(str(language) for language in office["languages"])
        if not languages:
            raise SetupError("the setup names no language")
        services = tuple(_service(service) for service in data["services"])
        rules, numbers = data.get("rules") or {}, data.get("numbers") or {}
        return OfficeSetup(
            office=str(office["slug"]),
            office_name=str(office["name"]),
            languages=languages,
            series=str(data["device"]["series"]),
            time_zone=ZoneInfo(data["time_zone"]),
            services=services,
            booking_url=str(data["booking_url"]),
            address=Address(**{name: str(office.get(name) or "") for name in Address.__dataclass_fields__}),
            topics=tuple(_topic(topic, services) for topic in data.get("topics") or ()),
            hours=tuple(_open_day(day) for day in data.get("hours") or ()),
            early=timedelta(minutes=int(rules.get("early_minutes", 60))),
            too_late=timedelta(minutes=int(rules.get("too_late_minutes", 30))),
            ticket_url=str(data.get("ticket_url") or ""),
            remind_url=str(data.get("remind_url") or ""),
            last_number=_last_number(data.get("last_number")),
            doubled=bool(data.get("doubled")),
            waits={
                str(slug): Wait(int(wait["low"]), int(wait["high"]))
                for slug, wait in (data.get("waits") or {}).items()
            },
            as_of=_moment(data.get("time")),
            numbers_early=_minutes(numbers.get("early_minutes")),
            closes_early_at=_moment(numbers.get("closes_early_at")),
        )
    except (KeyError, TypeError, ValueError, AttributeError, ZoneInfoNotFoundError) as error:
        raise SetupError(f"the setup cannot be read: {error!r}") from error


def _service(data: Any) -> Service:
    return Service(
        slug=str(data["slug"]),
        names=dict(data["names"]),
        plain=dict(data.get("plain") or {}),
        walk_in=bool(data["walk_in"]),
        documents={
            str(language): tuple(str(line) for line in lines)
            for language, lines in (data.get("documents") or {}).items()
        },
        topic=str(data["topic"]) if data.get("topic") else None,
        online=bool(data.get("online", True)),
    )


def _topic(data: Any, services: tuple[Service, ...]) -> Topic:
    slug = str(data["slug"])
    return Topic(slug, dict(data["names"]), tuple(each for each in services if each.topic == slug))


def _open_day(data: Any) -> OpenDay:
    spans = tuple(
        (time.fromisoformat(span["opens"]), time.fromisoformat(span["closes"])) for span in data["spans"]
    )
    return OpenDay(date.fromisoformat(data["date"]), spans, bool(data.get("holiday")))


def _moment(told: Any) -> datetime | None:
    return datetime.fromisoformat(told) if told else None


def _minutes(told: Any) -> timedelta | None:
    return None if told is None else timedelta(minutes=int(told))


def _last_number(data: Any) -> tuple[date, int] | None:
    return (date.fromisoformat(data["date"]), int(data["number"])) if data else None
