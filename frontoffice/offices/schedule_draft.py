"""What an office file says about schedules and their opening hours."""

from collections.abc import Iterable
from datetime import date, time
from itertools import combinations
from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from frontoffice.errors import N_
from frontoffice.offices.shapes import MIDNIGHT, Days, Line, Mistake, Part, Seats, Slug, Weekday, before, once


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
            raise Mistake(
                N_("must be a time of the wall clock in steps of five minutes, such as 08:15:00"),
                N_("Please enter a time in steps of five minutes, such as 08:15."),
            )
        return value

    @field_validator("nth")
    @classmethod
    def _is_no_zeroth(cls, value: int | None) -> int | None:
        if value == 0:
            raise Mistake(
                N_("must be 1 to 5, or -1 for the last of the month"), N_("Please choose one of the options.")
            )
        return value

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for wrong, why, on_page in self._mistakes():
            if wrong:
                raise Mistake(why, on_page)
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
        return before(other.opens, self.closes) and before(self.opens, other.closes)

    @property
    def terms(self) -> tuple[int | None, int, time | None]:
        """From when until when its times can be booked."""
        return self.bookable_from_days, self.bookable_until_days, self.release_time

    def _mistakes(self) -> Iterable[tuple[bool, str, str]]:
        yield (
            not before(self.opens, self.closes),
            N_("closes must be after opens (00:00:00 is the end of the day)"),
            N_("The end must be after the beginning. 00:00 is the end of the day."),
        )
        yield (
            not any((self.online, self.phone, self.on_site, self.emergency)),
            N_("needs at least one seat: online, phone, on_site or emergency"),
            N_("Please enter at least one seat."),
        )
        for begins, ends in self.breaks:
            ends_inside = self.closes == MIDNIGHT or (ends != MIDNIGHT and ends <= self.closes)
            inside = self.opens <= begins and before(begins, ends) and ends_inside
            yield (
                not inside,
                N_("each of breaks must be [from, until], between opens and closes"),
                N_("Each break must begin and end within the opening hours."),
            )
        yield (
            self.valid_from is not None
            and self.valid_until is not None
            and (self.valid_until <= self.valid_from),
            N_("valid_until is the first day on which it no longer holds, so it must be after valid_from"),
            N_("The hours must end later than they begin to hold."),
        )
        yield (
            self.every_weeks > 1 and self.nth is not None,
            N_("takes every_weeks or nth, not both"),
            N_(
                "Please choose either every so many weeks, or one week of the month. Both together are not possible."
            ),
        )
        yield (
            self.every_weeks > 1 and self.valid_from is None,
            N_("with every_weeks it needs valid_from: a day of the first week in which it holds"),
            N_("Please enter a day of the first week in which it holds, so that the weeks can be counted."),
        )
        yield (
            self.release_time is not None and self.bookable_from_days is None,
            N_("with release_time it needs bookable_from_days: how many days before"),
            N_("Please enter how many days before the times can be booked, too."),
        )
        yield (
            self.bookable_from_days is not None and self.bookable_from_days < self.bookable_until_days,
            N_("bookable_from_days must not be less than bookable_until_days"),
            N_("Booking must begin earlier than it ends: please enter more days for its beginning."),
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
                raise Mistake(
                    N_(
                        "opening hours that overlap must be bookable from and until the same days; "
                        "please use a schedule of its own for seats that are released at another time"
                    )
                )
        return value
