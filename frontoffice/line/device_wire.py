"""What devices are told and tell, as JSON."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from frontoffice.line.wire import EntryWait, Strict
from frontoffice.staff import device_reports
from frontoffice.staff.models import PrinterState

Day = date  # inside the answers, `date` is a field


class SetupOffice(BaseModel):
    """The office at which the device stands."""

    slug: str
    name: str
    languages: list[str]
    street: str
    postal_code: str
    city: str
    phone: str
    mail: str


class SetupDevice(BaseModel):
    """The device itself."""

    name: str
    series: str | None


class SetupService(BaseModel):
    """A service of the office: its names, in plain words when to choose it, and what to bring."""

    slug: str
    names: dict[str, str]
    plain: dict[str, str]
    documents: dict[str, list[str]]
    topic: str | None
    walk_in: bool
    online: bool


class SetupTopic(BaseModel):
    """The first level of choosing a service."""

    slug: str
    names: dict[str, str]


class Span(BaseModel):
    """From when until when, on the office's clock."""

    opens: Annotated[str, Field(pattern=r"^\d\d:\d\d$")]
    closes: Annotated[str, Field(pattern=r"^\d\d:\d\d$")]


class OpenDayAnswer(BaseModel):
    """When the office is open on a day; without spans it is closed."""

    date: Day
    spans: list[Span]
    holiday: bool


class SetupRules(BaseModel):
    """From when until when people can check in, in minutes before and after their time."""

    early_minutes: int
    too_late_minutes: int


class SetupNumbers(BaseModel):
    """When people without appointment get numbers: from `early_minutes` before the office opens until it closes.

    Without `early_minutes` at any time, as the office has told no hours. `closes_early_at`: today, until then only.
    """

    early_minutes: int | None
    closes_early_at: AwareDatetime | None


class LastNumber(BaseModel):
    """The highest number that the office has of the device's series on a day; the device goes on above it."""

    date: Day
    number: int


class Setup(BaseModel):
    """All that a device needs to know to work on its own for a while.

    `waits` are the expected waits of somebody who would come now, by service. `doubled`: two devices use this
    pairing, and neither should serve until one of them is paired anew.
    """

    office: SetupOffice
    device: SetupDevice
    time: AwareDatetime
    time_zone: str
    services: list[SetupService]
    topics: list[SetupTopic]
    hours: list[OpenDayAnswer]
    rules: SetupRules
    numbers: SetupNumbers
    waits: dict[str, EntryWait]
    last_number: LastNumber | None
    booking_url: str
    ticket_url: str
    remind_url: str
    doubled: bool


class AppointmentsQuery(Strict):
    """The version of the list that the device has."""

    known: Annotated[str, Field(max_length=60, pattern=r"^[0-9-]+$")] | None = None


class ExpectedAnswer(BaseModel):
    """An appointment of today, as digests of its code and of date of birth and time."""

    code: str
    birth: str
    due_at: AwareDatetime
    service: str
    standing: Literal["expected", "here", "cancelled"]
    ticket: str | None


class ElsewhereAnswer(BaseModel):
    """Digests of codes of today's appointments at another office."""

    office: str
    codes: list[str]


class AppointmentsAnswer(BaseModel):
    """The list of today, under a key for this device and day; all but `unchanged` is empty where it is as `known`."""

    unchanged: bool = False
    date: Day | None = None
    version: str | None = None
    key: str | None = None
    appointments: list[ExpectedAnswer] = []
    elsewhere: list[ElsewhereAnswer] = []

    @classmethod
    def of(cls, found: dict[str, Any] | None) -> "AppointmentsAnswer":
        """The answer for a list, or for none that is new."""
        return cls(unchanged=True) if found is None else cls.model_validate(found)


class StateBody(Strict):
    """How the device is: its printer, what waits or is stuck on it, and by how many seconds its clock is ahead."""

    printer: Literal["ok", "out_of_paper", "unreachable", "off"]
    waiting: Annotated[int, Field(ge=0, le=1_000_000)]
    stuck: Annotated[int, Field(ge=0, le=1_000_000)]
    interrupted_prints: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    clock_ahead: Annotated[int, Field(ge=-(2**31), lt=2**31)] = 0

    def told(self) -> device_reports.Told:
        """The report as it is kept."""
        return device_reports.Told(
            PrinterState(self.printer), self.waiting, self.stuck, self.interrupted_prints, self.clock_ahead
        )
