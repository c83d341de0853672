"""The API of the offices wing: which offices there are, and what people come to them for."""

from typing import Annotated, Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.errors import NotFound
from frontoffice.offices.models import Biometrics, Office, Service
from frontoffice.web.context import config, database
from frontoffice.web.problems import described

api = APIBlueprint("offices_api", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="offices")])

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
Answer = dict[str, Any]
Slug = Annotated[str, Field(max_length=60, pattern=SLUG)]
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
    biometrics: Biometrics
    online: bool = Field(description="Can be booked online")
    walk_in: bool = Field(description="One may come without an appointment")
    promise_days: int = Field(description="At most so many days until an appointment")


class Services(BaseModel):
    """The services of an office, in its own order."""

    office: str
    services: list[ServiceAnswer]


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
