"""The API of the offices wing: which offices there are, and what people come to them for."""

from datetime import date, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from frontoffice import clock
from frontoffice.errors import NotFound
from frontoffice.offices import finding
from frontoffice.offices.models import Biometrics, Confirmation, Office, OpeningHours, Schedule, Service
from frontoffice.web.context import config, database
from frontoffice.web.needs import Kind, all_need
from frontoffice.web.problems import described

api = APIBlueprint("offices_api", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="offices")])
all_need(api, Kind.PUBLIC)

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
Answer = dict[str, Any]
Slug = Annotated[str, Field(max_length=60, pattern=SLUG)]
# What JSON Schema calls a time has a time zone; this is what the clock on the office's wall shows.
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$", examples=["08:30:00"])]
Texts = Annotated[
    dict[str, str], Field(description="By language; German is always there", examples=[{"de": "…"}])
]


class OfficePath(BaseModel):
    """Which office."""

    model_config = ConfigDict(extra="forbid")

    office: Slug


class OfficeAnswer(BaseModel):
    """An office: where it is and how to reach it."""

    slug: str
    name: str
    street: str
    postal_code: str
    city: str
    phone: str
    mail: str
    land: str = Field(
        description="The Land, whose public holidays it keeps: the part of ISO 3166-2:DE after the hyphen"
    )
    time_zone: str
    languages: list[str]
    confirmation: Confirmation = Field(
        description="By what who books online proves the contact, before the appointment stands"
    )
    booking_url: str


class Offices(BaseModel):
    """All offices, by name."""

    offices: list[OfficeAnswer]


class ServiceAnswer(BaseModel):
    """What people come for, and what they bring."""

    slug: str
    names: Texts
    plain: Texts = Field(description="One plain sentence: when is this the right choice?")
    documents: dict[str, list[str]] = Field(description="What to bring, by language")
    legal_basis: str
    leika: str | None = Field(description="The key of the federal catalogue of services, 14 digits")
    minutes: int = Field(description="How long an appointment takes")
    minutes_next_person: int | None = Field(
        description="More minutes for each further person; null: `minutes`"
    )
    minutes_together: int | None = Field(
        description="Minutes in a visit for several services, unless it is the longest; null: `minutes`"
    )
    most_people: int = Field(description="For so many people one appointment can be")
    biometrics: Biometrics
    online: bool = Field(description="Can be booked online")
    walk_in: bool = Field(description="One may come without an appointment")
    promise_days: int = Field(description="At most so many days until an appointment")


class Services(BaseModel):
    """The services of an office, in its own order."""

    office: str
    services: list[ServiceAnswer]


class HoursAnswer(BaseModel):
    """A rule: on this weekday, by the office's clock. The public can book within the days that it names."""

    weekday: int = Field(description="Monday is 0")
    opens: Clock
    closes: Clock = Field(description="00:00:00 is the end of the day")
    breaks: list[list[str]]
    valid_from: date
    valid_until: date | None = Field(description="The first day on which it no longer holds")
    every_weeks: int = Field(description="Counted from the week of `valid_from`")
    nth: int | None = Field(description="Only on the nth such weekday of a month; -1: the last")
    bookable_from_days: int | None = Field(
        description="Its times are released so many days before; null: as far ahead as the site allows"
    )
    release_time: Clock | None = Field(description="At this time of that day; null: 00:00:00")
    bookable_until_days: int = Field(description="They can be booked until so many days before")


class TeamHours(BaseModel):
    """A team or a desk, what it is there for, and when."""

    slug: str
    name: str
    pooled: bool = Field(
        description="Its times are offered together with others; else it is a place of its own"
    )
    place: str | None = Field(description="Where it is, if not at the office's address")
    services: list[str]
    opening_hours: list[HoursAnswer]


class ClosureAnswer(BaseModel):
    """A day, or a part of one, without appointments, beside the holidays of the Land."""

    day: date
    schedule: str | None = Field(description="null: the whole office")
    opens: Clock | None = Field(description="Closed from; null: from the beginning of the day")
    closes: Clock | None = Field(description="Closed until; null: until the end of the day")


class Hours(BaseModel):
    """When and where an office has appointments. What is still free is the matter of `slots`."""

    office: str
    time_zone: str
    schedules: list[TeamHours]
    closures: list[ClosureAnswer] = Field(description="From today on")


@api.get("/offices", responses={200: Offices, **described()})
def offices() -> Answer:
    """All offices."""
    with database().read() as session:
        return {"offices": [_office(each) for each in session.scalars(select(Office).order_by(Office.name))]}


@api.get("/offices/<office>", responses={200: OfficeAnswer, **described(404)})
def office(path: OfficePath) -> Answer:
    """One office."""
    with database().read() as session:
        return _office(_find(session, path.office))


@api.get("/offices/<office>/services", responses={200: Services, **described(404)})
def services(path: OfficePath) -> Answer:
    """The services of an office that are in use."""
    with database().read() as session:
        found = _find(session, path.office)
        in_use = [_service(each) for each in found.services if each.active]
        return {"office": found.slug, "services": in_use}


@api.get("/offices/<office>/hours", responses={200: Hours, **described(404)})
def hours(path: OfficePath) -> Answer:
    """The opening hours of an office, team by team, and the days on which it is closed."""
    with database().read() as session:
        found = _find(session, path.office)
        today = clock.now().astimezone(ZoneInfo(found.time_zone)).date()
        query = select(Schedule).where(Schedule.office_id == found.id).order_by(Schedule.id)
        loaded = (selectinload(Schedule.services), selectinload(Schedule.opening_hours))
        schedules = session.scalars(query.options(*loaded)).all()
        slugs = {each.id: each.slug for each in schedules}
        closures = [
            {
                "day": each.day.isoformat(),
                "schedule": slugs.get(each.schedule_id) if each.schedule_id else None,
                "opens": _plain(each.opens),
                "closes": _plain(each.closes),
            }
            for each in finding.coming_closures(session, found, today)
        ]
        return {
            "office": found.slug,
            "time_zone": found.time_zone,
            "schedules": [_schedule(each, today) for each in schedules],
            "closures": closures,
        }


def _find(session: Session, slug: str) -> Office:
    found = session.scalar(select(Office).where(Office.slug == slug))
    if found is None:
        raise NotFound
    return found


def _office(each: Office) -> dict[str, Any]:
    columns = (name for name in OfficeAnswer.model_fields if name != "booking_url")
    booking_url = f"{config().site.base_url}/book/{each.slug}/"
    return {**{name: getattr(each, name) for name in columns}, "booking_url": booking_url}


def _service(each: Service) -> dict[str, Any]:
    return {name: getattr(each, name) for name in ServiceAnswer.model_fields}


def _schedule(each: Schedule, today: date) -> dict[str, Any]:
    rules = [rule for rule in each.opening_hours if rule.valid_until is None or rule.valid_until > today]
    rules.sort(key=lambda rule: (rule.weekday, rule.opens, rule.id))
    return {
        "slug": each.slug,
        "name": each.name,
        "pooled": each.pooled,
        "place": each.place,
        "services": [service.slug for service in each.services if service.active],
        "opening_hours": [_hours(rule) for rule in rules],
    }


def _hours(rule: OpeningHours) -> dict[str, Any]:
    return {name: _plain(getattr(rule, name)) for name in HoursAnswer.model_fields}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | time) else value
