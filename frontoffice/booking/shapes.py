"""The shapes of the booking API: what is sent and what comes back."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Protocol

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from frontoffice import languages
from frontoffice.birth_date import BirthDate, from_iso
from frontoffice.booking.models import State
from frontoffice.booking.timetable import Part
from frontoffice.errors import N_, Invalid
from frontoffice.messages.models import Medium
from frontoffice.offices.api import SLUG, Slug

NO_CONTROLS = r"^[^\x00-\x1f\x7f-\x9f]*$"
ONE = rf"{SLUG[1:-1]}(:[0-9]{{1,2}})?"

# The forms that the description promises, and no others: pydantic would also read numbers as times.
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


def _day(value: object) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must be a date such as 2030-05-02")
    return date.fromisoformat(value)


def _moment(value: object) -> datetime:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError("must be a time with its zone, such as 2030-05-02T07:40:00Z")
    return datetime.fromisoformat(value.upper())


def _born(value: object) -> BirthDate:
    if not isinstance(value, str):
        raise ValueError("must be a date such as 1991-03-27")
    return from_iso(value)


Day = Annotated[date, BeforeValidator(_day)]
# A month that a passport does not say has no day either.
_DAYS_OF_MONTHS = (
    "00-00",
    "(0[13578]|1[02])-([0-2][0-9]|3[01])",
    "(0[469]|11)-([0-2][0-9]|30)",
    "02-([01][0-9]|2[0-8])",
)
Born = Annotated[
    Any,
    BeforeValidator(_born),
    WithJsonSchema({"type": "string", "pattern": rf"^[12][0-9]{{3}}-({'|'.join(_DAYS_OF_MONTHS)})$"}),
    Field(description="Date of birth; 00 where the passport has no day or month", examples=["1980-00-00"]),
]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
Token = Annotated[str, Field(pattern=r"^[a-z2-7]{24}$")]
Mail = Annotated[str, Field(max_length=254, pattern=NO_CONTROLS)]
Phone = Annotated[str, Field(max_length=40, pattern=NO_CONTROLS)]


class Asker(Protocol):
    """A request's body that says who somebody is."""

    name: str
    born: BirthDate
    mail: str | None
    phone: str | None


class Strict(BaseModel):
    """A request's body: unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Parameters(BaseModel):
    """Parameters of a request. Their schema is asked for with every request, though it never changes."""

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """As pydantic's, made once in its plain form."""
        return super().model_json_schema(*args, **kwargs) if args or kwargs else _schema(cls)


@cache
def _schema(model: type[Parameters]) -> dict[str, Any]:
    return super(Parameters, model).model_json_schema()


class Item(Strict):
    """A service, and for how many people it is, such as a family."""

    service: Slug
    people: Annotated[int, Field(ge=1, le=20)] = 1


class VisitQuery(Parameters):
    """What for (`service`, or several in `items`), in which part of the day, at which schedule."""

    model_config = ConfigDict(extra="forbid")

    service: Slug | None = None
    items: (
        Annotated[
            str,
            Field(
                pattern=rf"^{ONE}(,{ONE}){{0,4}}$",
                max_length=400,
                description="Instead of `service`: services, each with for how many people",
                examples=["residence-permit-renewal:2,eat-pick-up"],
            ),
        ]
        | None
    ) = None
    daytime: Part | None = Field(None, description="Before or from noon by the office's clock")
    schedule: Slug | None = Field(
        None,
        description="One schedule only, such as a desk at a university; without it those that are pooled",
    )

    def wanted(self) -> list[tuple[str, int]]:
        """The services, each with for how many people. Raises Invalid."""
        parts = (each.partition(":") for each in (self.items or "").split(",") if each)
        return _one_or_several(self.service, [(slug, int(people or 1)) for slug, _colon, people in parts])


class SlotQuery(VisitQuery):
    """What for, and the office's days from `from` to before `to`: 62 days at most."""

    first: Day = Field(alias="from")
    until: Day = Field(alias="to")


class NextQuery(VisitQuery):
    """What for, and from which day on."""

    first: Day | None = Field(None, alias="from", description="Without it: from today")


class Retry(Parameters):
    """A random value of the client's own for each new request, so that it can be sent again safely."""

    key: Annotated[str, Field(pattern=r"^[!-~]{16,64}$")] | None = Field(None, alias="Idempotency-Key")


class HoldPath(BaseModel):
    """Which hold."""

    model_config = ConfigDict(extra="forbid")

    token: Token


class AppointmentPath(BaseModel):
    """Which appointment; small letters and hyphens do not matter."""

    model_config = ConfigDict(extra="forbid")

    reference: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{8,12}$")]


class NewHold(Strict):
    """The time to be kept, one of those that `slots` gave, for one `service` or for several `items`."""

    office: Slug
    service: Slug | None = None
    items: Annotated[list[Item], Field(min_length=1, max_length=5)] | None = None
    start: Moment
    schedule: Slug | None = None
    captcha: (
        Annotated[
            str,
            Field(max_length=4096, description="The solution of a challenge from GET /captcha, good once"),
        ]
        | None
    ) = None
    visitor: (
        Annotated[
            str,
            Field(
                pattern=r"^[!-~]{16,64}$",
                description="A random value for one person: what it held before is given back for the new time",
            ),
        ]
        | None
    ) = None

    def wanted(self) -> list[tuple[str, int]]:
        """The services, each with for how many people. Raises Invalid."""
        return _one_or_several(self.service, [(each.service, each.people) for each in self.items or []])


class NewAppointment(Strict):
    """Who comes. At least one of mail and phone is needed; a number without a country is a German one."""

    hold: Annotated[Token, Field(description="The token of the hold")]
    name: Annotated[str, Field(min_length=1, max_length=120, pattern=NO_CONTROLS)]
    born: Born
    mail: Mail | None = None
    phone: Phone | None = None
    language: Annotated[str, Field(pattern=languages.CODE, description="Of the messages")] | None = None


class Code(Strict):
    """The code from the SMS."""

    code: Annotated[str, Field(min_length=1, max_length=40, pattern=NO_CONTROLS, examples=["123456"])]


class NewTime(Strict):
    """The new time: a `start` that `slots` gave, or what is held with the token `hold`; one of them."""

    start: Moment | None = None
    hold: Token | None = None


class NewContact(Strict):
    """Where the person is reached from now on; at least one of them."""

    mail: Mail | None = None
    phone: Phone | None = None


class Challenge(BaseModel):
    """A challenge of ALTCHA's proof of work, version 2, as its widget and libraries take it."""

    parameters: dict[str, Any] = Field(
        description="Find the number whose PBKDF2 key (password: nonce and number as four bytes) has the prefix"
    )
    signature: str


class FreeDay(BaseModel):
    """The free times of one day by the office's calendar, in UTC."""

    date: date
    starts: list[AwareDatetime]


class Slots(BaseModel):
    """The days with free times, in order."""

    office: str
    service: str = Field(description="The first of the items")
    items: list[Item]
    minutes: int
    time_zone: str
    online: bool = Field(description="False: this cannot be booked online, so no times are offered")
    days: list[FreeDay]


class NextFree(BaseModel):
    """The next free time; empty where there is none."""

    start: AwareDatetime | None
    end: AwareDatetime | None


class ScheduleAnswer(BaseModel):
    """One line of appointments at an office."""

    slug: str
    name: str
    place: str | None = Field(description="Where it is, if not at the office's address")
    pooled: bool = Field(description="Its times are offered together with those of the other pooled ones")
    services: list[str]


class Schedules(BaseModel):
    """The schedules of an office."""

    office: str
    schedules: list[ScheduleAnswer]


class HoldAnswer(BaseModel):
    """A time that is kept until `expires_at`. The token books it."""

    token: str
    office: str
    service: str = Field(description="The first of the items")
    items: list[Item]
    start: AwareDatetime
    end: AwareDatetime
    expires_at: AwareDatetime


class AppointmentAnswer(BaseModel):
    """An appointment. The secret opens it; whoever has it can see, move and cancel it."""

    reference: str
    secret: str
    state: State
    confirm_by: AwareDatetime | None = Field(
        description="Where it is unconfirmed: until when the person has to confirm, else it lapses"
    )
    confirm_through: Medium | None = Field(
        description="By what something is to be confirmed: a link in a mail, or the code in an SMS"
    )
    office: str
    service: str = Field(description="The first of the items")
    items: list[Item]
    place: str | None = Field(description="Where it is, if not at the office's address")
    start: AwareDatetime
    end: AwareDatetime
    language: str
    documents: list[str] = Field(description="What to bring")
    page: str
    calendar: str


def _one_or_several(service: str | None, items: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    if (service is None) is (not items):
        raise Invalid("service", N_("Please name one service, or several in items, but not both."))
    return [(service, 1)] if service is not None else list(items)
