"""What an office file may say, and every mistake in it that can be seen without a database."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, time
from itertools import combinations
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from frontoffice.offices.holidays import LAENDER
from frontoffice.offices.models import Confirmation
from frontoffice.paths import TRANSLATIONS

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
Words = dict[Code, Annotated[str, StringConstraints(min_length=1, max_length=400, strip_whitespace=True)]]
Weekday = Annotated[int, Field(ge=0, le=6)]
Seats = Annotated[int, Field(ge=0, le=200)]
Days = Annotated[int, Field(ge=0, le=366)]
Minutes = Annotated[int, Field(ge=0, le=480, multiple_of=5)]

MIDNIGHT = time()


class Part(BaseModel):
    """A part of the file; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class HoursDraft(Part):
    """A rule of opening, for some weekdays; the fields mean what they mean on OpeningHours.

    `valid_from` empty is the day on which the office is added.
    """

    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)]
    opens: time
    closes: time
    online: Seats = 0
    phone: Seats = 0
    on_site: Seats = 0
    emergency: Seats = 0
    breaks: tuple[tuple[time, time], ...] = ()
    every_weeks: Annotated[int, Field(ge=1, le=52)] = 1
    nth: Annotated[int, Field(ge=-1, le=5)] | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    bookable_from_days: Days | None = None
    bookable_until_days: Days = 0
    release_time: time | None = None

    @field_validator("opens", "closes", "release_time")
    @classmethod
    def _on_five_minutes(cls, value: time | None) -> time | None:
        if value is not None and (value.minute % 5 or value.second or value.microsecond or value.tzinfo):
            raise ValueError("must be a time of the wall clock in steps of five minutes, such as 08:15:00")
        return value

    @field_validator("nth")
    @classmethod
    def _is_no_zeroth(cls, value: int | None) -> int | None:
        if value == 0:
            raise ValueError("must be 1 to 5, or -1 for the last of the month")
        return value

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for wrong, why in self._mistakes():
            if wrong:
                raise ValueError(why)
        return self

    def overlaps(self, other: "HoursDraft") -> bool:
        """Whether the two may open the same minutes of one day."""
        if not set(self.weekdays) & set(other.weekdays):
            return False
        if None not in (self.nth, other.nth) and self.nth != other.nth and -1 not in (self.nth, other.nth):
            return False
        # A rule without a beginning holds from the day on which the office is added.
        begins = max(self.valid_from or date.min, other.valid_from or date.min)
        if begins >= min(self.valid_until or date.max, other.valid_until or date.max):
            return False
        return _before(other.opens, self.closes) and _before(self.opens, other.closes)

    @property
    def terms(self) -> tuple[int | None, int, time | None]:
        """From when until when its times can be booked."""
        return self.bookable_from_days, self.bookable_until_days, self.release_time

    def _mistakes(self) -> Iterable[tuple[bool, str]]:
        yield (
            not _before(self.opens, self.closes),
            "closes must be after opens (00:00:00 is the end of the day)",
        )
        yield (
            not any((self.online, self.phone, self.on_site, self.emergency)),
            ("needs at least one seat: online, phone, on_site or emergency"),
        )
        for begins, ends in self.breaks:
            inside = self.opens <= begins and _before(begins, ends) and not _before(self.closes, ends)
            yield not inside, "each of breaks must be [from, until], between opens and closes"
        yield (
            self.valid_from is not None
            and self.valid_until is not None
            and (self.valid_until <= self.valid_from),
            "valid_until is the first day on which it no longer holds, so it must be after valid_from",
        )
        yield self.every_weeks > 1 and self.nth is not None, "takes every_weeks or nth, not both"
        yield (
            self.every_weeks > 1 and self.valid_from is None,
            ("with every_weeks it needs valid_from: a day of the first week in which it holds"),
        )
        yield (
            self.release_time is not None and self.bookable_from_days is None,
            ("with release_time it needs bookable_from_days: how many days before"),
        )
        yield (
            self.bookable_from_days is not None and self.bookable_from_days < self.bookable_until_days,
            ("bookable_from_days must not be less than bookable_until_days"),
        )


class ScheduleDraft(Part):
    """One line of appointment capacity."""

    slug: Slug
    name: Line
    services: Annotated[tuple[Slug, ...], Field(min_length=1)]
    pooled: bool = True
    place: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)] | None = (
        None
    )
    emergency_days: Annotated[int, Field(ge=0, le=60)] | None = None
    flow_hours: Annotated[int, Field(ge=0, le=1000)] | None = None
    opening_hours: tuple[HoursDraft, ...]

    @field_validator("services")
    @classmethod
    def _are_not_named_twice(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return once(value)

    @field_validator("opening_hours")
    @classmethod
    def _agree_on_their_terms(cls, value: tuple[HoursDraft, ...]) -> tuple[HoursDraft, ...]:
        for one, other in combinations([hours for hours in value if hours.online], 2):
            if one.terms != other.terms and one.overlaps(other):
                raise ValueError(
                    "opening hours that overlap must be bookable from and until the same days; "
                    "please use a schedule of its own for seats that are released at another time"
                )
        return value


class ServiceDraft(Part):
    """What is different from the catalogue; what is left out stays as it is there."""

    slug: Slug
    minutes: Annotated[int, Field(gt=0, le=480, multiple_of=5)] | None = None
    minutes_next_person: Minutes | None = None
    minutes_together: Minutes | None = None
    most_people: Annotated[int, Field(ge=1, le=20)] | None = None
    reminder_hours: tuple[Annotated[int, Field(ge=1, le=24 * 30)], ...] | None = None
    promise_days: Annotated[int, Field(gt=0)] | None = None
    online: bool | None = None
    walk_in: bool | None = None
    active: bool | None = None


class ClosureDraft(Part):
    """Days, or the same part of some days, without capacity: at the whole office or of one schedule."""

    days: Annotated[tuple[date, ...], Field(min_length=1)]
    schedule: Slug | None = None
    opens: time | None = None
    closes: time | None = None
    reason: Line

    @model_validator(mode="after")
    def _ends_after_its_beginning(self) -> Self:
        if not _before(self.opens or MIDNIGHT, self.closes or MIDNIGHT):
            raise ValueError("closes must be after opens (00:00:00 is the end of the day)")
        return self


class CounterDraft(Part):
    """A counter; without services it takes them all. Languages by their codes, whether we have texts in them or not."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    room: Annotated[str, StringConstraints(max_length=60, strip_whitespace=True)] = ""
    team: Annotated[str, StringConstraints(max_length=60, strip_whitespace=True)] = ""
    services: tuple[Slug, ...] = ()
    languages: tuple[Code, ...] = ()


class SlideDraft(Part):
    """A page of information for the waiting-room screens; without a room it is shown in all of them."""

    room: Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)] | None = None
    titles: Words
    texts: Words = {}
    link: Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=300)] | None = None
    seconds: Annotated[int, Field(ge=5, le=120)] = 15
    valid_from: date | None = None
    valid_until: date | None = None

    @field_validator("titles")
    @classmethod
    def _have_something_to_say(cls, value: dict[str, str]) -> dict[str, str]:
        if not value:
            raise ValueError("needs a title in one language at least")
        return value


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
    open_on: tuple[date, ...] = ()
    time_zone: str = "Europe/Berlin"
    languages: Annotated[tuple[str, ...], Field(min_length=1)] = ("de", "en")
    confirmation: Confirmation = Confirmation.NONE
    walk_in_warning: Annotated[int, Field(ge=5, le=480)] = 45
    appointment_warning: Annotated[int, Field(ge=0, le=480)] = 15
    services: tuple[ServiceDraft, ...] = ()
    schedules: tuple[ScheduleDraft, ...]
    closures: tuple[ClosureDraft, ...] = ()
    counters: tuple[CounterDraft, ...]
    slides: tuple[SlideDraft, ...] = ()

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
        except (KeyError, ValueError, OSError):
            raise ValueError("must be a time zone such as Europe/Berlin") from None
        return value

    @field_validator("languages")
    @classmethod
    def _have_texts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        known = {"en", *(folder.name for folder in TRANSLATIONS.iterdir() if folder.is_dir())}
        unknown = [code for code in value if code not in known]
        if unknown:
            raise ValueError(f"there are no texts in “{unknown[0]}”; known are {', '.join(sorted(known))}")
        return once(value)

    @field_validator("services", "schedules", "counters")
    @classmethod
    def _have_names_of_their_own(cls, value: tuple[Any, ...]) -> tuple[Any, ...]:
        once(each.name if isinstance(each, CounterDraft) else each.slug for each in value)
        return value

    @model_validator(mode="after")
    def _speaks_of_what_there_is(self) -> Self:
        known = {each.slug for each in self.schedules}
        for closure in self.closures:
            if closure.schedule is not None and closure.schedule not in known:
                raise ValueError(f"closures: there is no schedule “{closure.schedule}”")
        rooms = {each.room for each in self.counters}
        for slide in self.slides:
            if slide.room is not None and slide.room not in rooms:
                raise ValueError(f"slides: there is no counter in room “{slide.room}”")
        return self


def once(names: Iterable[str]) -> tuple[str, ...]:
    """The names. Raises ValueError where one comes twice."""
    kept = tuple(names)
    twice = [name for name, times in Counter(kept).items() if times > 1]
    if twice:
        raise ValueError(f"“{twice[0]}” stands there twice")
    return kept


def _before(moment: time, end: time) -> bool:
    """Whether a time comes before an end, which may be the end of the day."""
    return end == MIDNIGHT or moment < end
