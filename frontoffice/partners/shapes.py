"""The shapes of the partner API: what is sent and what comes back."""

from datetime import date, time
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from frontoffice import languages
from frontoffice.booking.models import State
from frontoffice.booking.shapes import NO_CONTROLS, Born, Day, Moment, Parameters, Strict
from frontoffice.offices.api import Slug
from frontoffice.partners.drafting import MOST_PEOPLE
from frontoffice.partners.granting import Items
from frontoffice.partners.models import PartnerKind, Period, Scope

# "residence-permit-renewal:2,eat-pick-up": services, each with for how many people.
SERVICES = r"^[a-z0-9]+(-[a-z0-9]+)*(:[0-9]{1,2})?(,[a-z0-9]+(-[a-z0-9]+)*(:[0-9]{1,2})?){0,4}$"
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["08:30"])]
Language = Annotated[
    str, Field(pattern=languages.CODE, description="Of the messages; else the first of the site")
]
OwnReference = Annotated[
    str,
    Field(
        min_length=1,
        max_length=60,
        pattern=NO_CONTROLS,
        description="By what you know the person; kept sealed",
    ),
]
Key = Annotated[str, Field(pattern=r"^[a-z2-7]{24}$")]


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ItemShape(Strict):
    """A service, and for how many people of one visit."""

    service: Slug
    people: Annotated[int, Field(ge=1, le=20)] = 1


Services = Annotated[list[ItemShape], Field(min_length=1, max_length=5)]


def items_of(services: list[ItemShape]) -> Items:
    """The services as the verbs want them."""
    return tuple((each.service, each.people) for each in services)


def items_in(text: str) -> Items:
    """The same from a query: "renewal:2,pick-up"."""
    parts = (each.partition(":") for each in text.split(","))
    return tuple((slug, int(people or 1)) for slug, _colon, people in parts)


class PersonShape(Strict):
    """Who comes. At least one of mail and phone is needed; a number without a country is a German one."""

    name: Annotated[str, Field(min_length=1, max_length=120, pattern=NO_CONTROLS)]
    born: Born
    mail: Annotated[str, Field(max_length=254, pattern=NO_CONTROLS)] | None = None
    phone: Annotated[str, Field(max_length=40, pattern=NO_CONTROLS)] | None = None


class FreeQuery(Parameters):
    """Which office and services, and the office's days from `from` to before `to`: 62 days at most."""

    model_config = ConfigDict(extra="forbid")

    office: Slug
    services: Annotated[
        str, Field(max_length=400, pattern=SERVICES, description="Separated by commas; “:2” for two people")
    ]
    first: Day = Field(alias="from")
    until: Day = Field(alias="to")


class ListQuery(Parameters):
    """Appointments that start on days from `from` to before `to`; `after` is the `next` of the answer before."""

    model_config = ConfigDict(extra="forbid")

    first: Day = Field(alias="from")
    until: Day = Field(alias="to")
    after: Annotated[int, Field(ge=0, le=2**62)] = 0


class NewBooking(Strict):
    """An appointment for a person; `start` is one of the times that `slots` gave."""

    office: Slug
    services: Services
    start: Moment
    person: PersonShape
    language: Language | None = None
    own_reference: OwnReference | None = None


class NewStart(Strict):
    """Where an appointment is moved to."""

    start: Moment


class QuotaShape(BaseModel):
    """How many appointments may be booked in each period; `most` null: any number."""

    most: int | None
    period: Period
    booked: int
    planned: int = Field(description="Held in plans that are not confirmed yet")
    renews: date


class OpenShape(BaseModel):
    """How many appointments may be still to come at the same time; `most` null: any number."""

    most: int | None
    to_come: int


class GrantShape(BaseModel):
    """Where the partner may book; null stands for each service, and for the schedules whose times are pooled."""

    office: str
    service: str | None
    schedule: str | None


class PartnerShape(BaseModel):
    """Who the token belongs to, and what was agreed."""

    name: str
    kind: PartnerKind
    scopes: list[Scope]
    quota: QuotaShape
    open: OpenShape
    left: int | None = Field(description="How many more can be booked now; null: any number")
    grants: list[GrantShape]


class FreeDayShape(BaseModel):
    """The free times of one day by the office's calendar, in UTC."""

    date: date
    starts: list[AwareDatetime]


class FreeShape(BaseModel):
    """The days with free times, in order."""

    office: str
    minutes: int
    time_zone: str
    days: list[FreeDayShape]


class BookingShape(BaseModel):
    """An appointment that the partner has booked. Who it is for, only the partner's own reference says."""

    reference: str
    state: State
    office: str
    services: list[ItemShape]
    start: AwareDatetime
    end: AwareDatetime
    language: str
    own_reference: str | None


class BookingsShape(BaseModel):
    """Appointments in the order in which they were booked; `next` asks for more, null: these are all."""

    appointments: list[BookingShape]
    next: int | None


class BookingPath(BaseModel):
    """Which appointment; small letters and hyphens do not matter."""

    model_config = ConfigDict(extra="forbid")

    reference: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{8,12}$")]


class PlanPerson(PersonShape):
    """One person of a list; without services those of the list count."""

    services: Services | None = None
    language: Language | None = None
    own_reference: OwnReference | None = None


class NewPlan(Strict):
    """Times for a list of people, on days from `from` to before `to` (62 at most), between two times of day.

    `together` asks for as few days as possible. A dry run shows what would fit and holds nothing.
    """

    office: Slug
    services: Services
    people: Annotated[list[PlanPerson], Field(min_length=1, max_length=MOST_PEOPLE)]
    first: Day = Field(alias="from")
    until: Day = Field(alias="to")
    opens: Clock = "00:00"
    closes: Clock = Field("00:00", description="00:00 is the end of the day")
    weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7)] = Field(
        default_factory=lambda: list(WEEKDAYS)
    )
    together: bool = False
    dry_run: bool = False


class PlanPath(BaseModel):
    """Which plan."""

    model_config = ConfigDict(extra="forbid")

    plan: Key


class PlanState(StrEnum):
    """What has become of a plan."""

    HELD = "held"
    CONFIRMED = "confirmed"
    GIVEN_BACK = "given_back"
    LAPSED = "lapsed"


class PlannedShape(BaseModel):
    """A person of the list (`line` counts from 1) and the time; `reference` is there once it is confirmed."""

    line: int
    own_reference: str | None
    services: list[ItemShape]
    start: AwareDatetime
    end: AwareDatetime
    reference: str | None


class RefusedShape(BaseModel):
    """A person of the list for whom there is no time; `code` is for programs, `detail` a sentence for people."""

    line: int
    own_reference: str | None
    code: str
    detail: str


class PlanShape(BaseModel):
    """A plan; `id` and `expires_at` are null for a dry run."""

    id: str | None
    state: PlanState
    office: str
    expires_at: AwareDatetime | None
    appointments: list[PlannedShape]
    refused: list[RefusedShape]


def clock_of(text: str) -> time:
    """A time of day."""
    return time.fromisoformat(text)
