"""What an office file may say, and every mistake in it that can be seen without a database."""

from datetime import date, time
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, field_validator, model_validator

from frontoffice.config import OfficeReminders
from frontoffice.errors import N_
from frontoffice.languages import SUPPORTED
from frontoffice.offices.holidays import LAENDER
from frontoffice.offices.models import Confirmation
from frontoffice.offices.schedule_draft import HoursDraft, ScheduleDraft
from frontoffice.offices.service_draft import ServiceDraft
from frontoffice.offices.shapes import (
    MIDNIGHT,
    Code,
    Line,
    Mistake,
    Part,
    ReminderHours,
    Slug,
    Words,
    before,
    once,
)

__all__ = [
    "ClosureDraft",
    "CounterDraft",
    "HoursDraft",
    "KeepDraft",
    "NotesDraft",
    "OfficeDraft",
    "ScheduleDraft",
    "ServiceDraft",
    "SlideDraft",
]

KeepDays = Annotated[int, Field(ge=0, le=3650)]


class ClosureDraft(Part):
    """Days, or the same part of some days, without capacity: at the whole office or of one schedule."""

    days: Annotated[tuple[date, ...], Field(min_length=1)]
    schedule: Slug | None = None
    opens: time | None = None
    closes: time | None = None
    reason: Line

    @model_validator(mode="after")
    def _ends_after_its_beginning(self) -> Self:
        if not before(self.opens or MIDNIGHT, self.closes or MIDNIGHT):
            raise Mistake(
                N_("closes must be after opens (00:00:00 is the end of the day)"),
                N_("The end must be after the beginning. 00:00 is the end of the day."),
            )
        return self


class CounterDraft(Part):
    """A counter; without services it takes them all. Languages by their codes, whether we have texts in them or not."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    room: Annotated[str, StringConstraints(max_length=60, strip_whitespace=True)] = ""
    team: Annotated[str, StringConstraints(max_length=60, strip_whitespace=True)] = ""
    services: tuple[Slug, ...] = ()
    languages: tuple[Code, ...] = ()
    active: bool = True


class SlideDraft(Part):
    """A page of information for the waiting-room screens; without a room it is shown in all of them."""

    room: Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)] | None = None
    titles: Words
    texts: Words = Field(default_factory=dict)
    link: Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=300)] | None = None
    seconds: Annotated[int, Field(ge=5, le=120)] = 15
    valid_from: date | None = None
    valid_until: date | None = None

    @field_validator("titles")
    @classmethod
    def _have_something_to_say(cls, value: dict[str, str]) -> dict[str, str]:
        if not value:
            raise Mistake(N_("needs a title in one language at least"))
        return value


class NotesDraft(Part):
    """What the office says in its own words: above its concerns, in mails that confirm, on waiting-room screens."""

    booking: Words = Field(default_factory=dict)
    confirmation: Words = Field(default_factory=dict)
    screen: Words = Field(default_factory=dict)


class KeepDraft(Part):
    """For how many days something is kept here. It can only be less than what the configuration says."""

    bookings: Annotated[int, Field(ge=1, le=3650)] | None = None
    messages: KeepDays | None = None
    waitlist: KeepDays | None = None
    draw: KeepDays | None = None
    watches: KeepDays | None = None
    cards: KeepDays | None = None


class OfficeDraft(Part):
    """A whole office.

    A `complete` one says everything: the starter catalogue is not asked, and what it leaves out is empty. Otherwise
    what it does not say about services, slides, notes, reminders and keeping stays as it is.
    """

    slug: Slug
    name: Line
    street: Line
    postal_code: Annotated[str, StringConstraints(min_length=1, max_length=10)]
    city: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    phone: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    mail: Line
    land: str
    open_on: tuple[date, ...] = ()
    time_zone: str = "Europe/Berlin"
    languages: Annotated[tuple[str, ...], Field(min_length=1)] = SUPPORTED
    confirmation: Confirmation = Confirmation.NONE
    walk_in_warning: Annotated[int, Field(ge=5, le=480)] = 45
    appointment_warning: Annotated[int, Field(ge=0, le=480)] = 15
    reminder_hours: ReminderHours | None = None
    notes: NotesDraft = NotesDraft()
    keep_days: KeepDraft = KeepDraft()
    document_reminders: OfficeReminders = OfficeReminders()
    complete: bool = False
    services: tuple[ServiceDraft, ...] = ()
    schedules: tuple[ScheduleDraft, ...]
    closures: tuple[ClosureDraft, ...] = ()
    counters: tuple[CounterDraft, ...]
    slides: tuple[SlideDraft, ...] = ()

    @field_validator("land")
    @classmethod
    def _is_a_land(cls, value: str) -> str:
        if value not in LAENDER:
            raise Mistake(
                N_("must be one of %(codes)s"),
                N_("Please choose one of %(codes)s."),
                codes=", ".join(sorted(LAENDER)),
            )
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise Mistake(
                N_("must be a time zone such as Europe/Berlin"),
                N_("Please enter a time zone such as Europe/Berlin."),
            ) from None
        return value

    @field_validator("languages")
    @classmethod
    def _have_texts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [code for code in value if code not in SUPPORTED]
        if unknown:
            raise Mistake(
                N_("there are no texts in “%(code)s”; known are %(known)s"),
                N_("There are no texts in “%(code)s”. Please choose from %(known)s."),
                code=unknown[0],
                known=", ".join(SUPPORTED),
            )
        return once(value)

    @field_validator("services", "schedules", "counters")
    @classmethod
    def _have_names_of_their_own(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        once(each.name if isinstance(each, CounterDraft) else each.slug for each in value)
        return value

    @model_validator(mode="after")
    def _is_complete_if_it_says_so(self) -> Self:
        lacking = [each.slug for each in self.services if self.complete and not each.is_whole]
        if lacking:
            raise Mistake(
                N_("services: “%(name)s” needs names, plain and minutes in a complete file"), name=lacking[0]
            )
        return self

    @model_validator(mode="after")
    def _speaks_of_what_there_is(self) -> Self:
        known = {each.slug for each in self.schedules}
        for closure in self.closures:
            if closure.schedule is not None and closure.schedule not in known:
                raise Mistake(N_("closures: there is no schedule “%(name)s”"), name=closure.schedule)
        rooms = {each.room for each in self.counters}
        for slide in self.slides:
            if slide.room is not None and slide.room not in rooms:
                raise Mistake(N_("slides: there is no counter in room “%(name)s”"), name=slide.room)
        return self
