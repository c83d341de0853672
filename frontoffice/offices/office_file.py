"""Adding an office from a TOML file, as `office.example.toml` shows it."""

import tomllib
from datetime import date, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.errors import N_, Conflict, Invalid
from frontoffice.offices import catalogue
from frontoffice.offices.holidays import LAENDER
from frontoffice.offices.models import Counter, Office, OpeningHours, Schedule, Service

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
Weekday = Annotated[int, Field(ge=0, le=6)]
Seats = Annotated[int, Field(ge=0, le=200)]


class Part(BaseModel):
    """A part of the file; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class HoursDraft(Part):
    """Opening hours on some weekdays; `closes` 00:00 is the end of the day."""

    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)]
    opens: time
    closes: time
    online: Seats = 0
    phone: Seats = 0
    on_site: Seats = 0


class ScheduleDraft(Part):
    """One line of appointment capacity."""

    slug: Slug
    name: Line
    services: Annotated[tuple[Slug, ...], Field(min_length=1)]
    opening_hours: tuple[HoursDraft, ...]


class CounterDraft(Part):
    """A counter; without services it takes them all."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    room: Annotated[str, StringConstraints(max_length=60)] = ""
    services: tuple[Slug, ...] = ()


class OfficeDraft(Part):
    """A whole office."""

    slug: Slug
    name: Line
    street: Line
    postal_code: Annotated[str, StringConstraints(min_length=1, max_length=10)]
    city: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    phone: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    mail: Line
    land: str
    time_zone: str = "Europe/Berlin"
    languages: tuple[str, ...] = ("de", "en")
    schedules: tuple[ScheduleDraft, ...]
    counters: tuple[CounterDraft, ...]

    @field_validator("land")
    @classmethod
    def _is_a_land(cls, value: str) -> str:
        if value not in LAENDER:
            raise ValueError(f"must be one of {', '.join(sorted(LAENDER))}")
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError):
            raise ValueError("must be a time zone such as Europe/Berlin") from None
        return value


def parse(text: str) -> OfficeDraft:
    """The office that a file describes. Raises Invalid (field "office") with the first mistake and where it is."""
    try:
        return OfficeDraft.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise Invalid("office", N_("The file is not valid TOML: %(reason)s"), reason=str(error)) from None
    except ValidationError as error:
        first: Any = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Invalid("office", N_("%(place)s: %(reason)s"), place=place, reason=first["msg"]) from None


def add(session: Session, draft: OfficeDraft, today: date) -> Office:
    """Add the office with the services of the starter catalogue; its opening hours hold from `today` on. Flushes.

    Raises Conflict where an office with this slug exists, Invalid where a service is not in the catalogue.
    """
    if session.scalar(select(Office.id).where(Office.slug == draft.slug)):
        raise Conflict(N_("There is an office “%(slug)s” already."), slug=draft.slug)
    about = draft.model_dump(
        include={"slug", "name", "street", "postal_code", "city", "phone", "mail", "land", "time_zone"}
    )
    office = Office(**about, languages=list(draft.languages))
    session.add(office)
    session.flush()
    services = {service.slug: service for service in catalogue.add_to(session, office)}
    office.schedules = [_schedule(each, services, today) for each in draft.schedules]
    office.counters = [
        Counter(name=each.name, room=each.room, services=_pick(services, each.services or services))
        for each in draft.counters
    ]
    session.flush()
    return office


def _schedule(draft: ScheduleDraft, services: dict[str, Service], today: date) -> Schedule:
    return Schedule(
        slug=draft.slug,
        name=draft.name,
        services=_pick(services, draft.services),
        opening_hours=[
            OpeningHours(
                weekday=weekday,
                opens=hours.opens,
                closes=hours.closes,
                valid_from=today,
                seats_online=hours.online,
                seats_phone=hours.phone,
                seats_on_site=hours.on_site,
            )
            for hours in draft.opening_hours
            for weekday in hours.weekdays
        ],
    )


def _pick(services: dict[str, Service], slugs: Any) -> list[Service]:
    unknown = [slug for slug in slugs if slug not in services]
    if unknown:
        raise Invalid("office", N_("“%(slug)s” is not a service of the catalogue."), slug=unknown[0])
    return [services[slug] for slug in slugs]
