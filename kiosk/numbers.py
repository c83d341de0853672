"""Whether people without appointment get numbers now: by the office's hours, and until it closes early.

The office decides the same way. Cut off from it, the device keeps to what it was told last.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from kiosk.office_setup import OfficeSetup, OpenDay
from kiosk.texts import _, day_name, time_of_day

DAY = timedelta(days=1)
CODES = {"yet": "no_numbers_yet", "over": "no_more_numbers"}


@dataclass(frozen=True)
class Numbers:
    """`given`: now; `yet`: later today, at `next_at`; `over`: not today any more, but perhaps at `next_at`.

    `ended_at` is when the last were given today, if any were.
    """

    standing: Literal["given", "yet", "over"]
    ended_at: datetime | None = None
    next_at: datetime | None = None

    @property
    def given(self) -> bool:
        """Whether numbers are given now."""
        return self.standing == "given"

    @property
    def code(self) -> str | None:
        """The reason of a refusal, as the office names it."""
        return CODES.get(self.standing)


GIVEN = Numbers("given")


@dataclass(frozen=True)
class NoNumbers:
    """What stands on the screens while no numbers are given: `hint` on the start screen, the rest on the next one."""

    title: str
    hint: str
    facts: tuple[str, ...]


def at(setup: OfficeSetup, now: datetime) -> Numbers:
    """How it stands at a moment. A day that the office has told nothing about is like any other."""
    today = setup.day(now)
    span = _span(setup, today)
    ends = _end(setup, today, span)
    if ends is not None and now >= ends:
        began = span is None or span[0] < ends
        return Numbers("over", ended_at=ends if began else None, next_at=_next(setup, today))
    if span is not None and now < span[0]:
        return Numbers("yet", next_at=span[0])
    return GIVEN


def words(found: Numbers, setup: OfficeSetup, now: datetime, language: str) -> NoNumbers | None:
    """What visitors are told; None while numbers are given."""
    if found.given:
        return None
    facts = []
    if found.ended_at is not None:
        facts.append(
            _("Numbers were given until %(time)s.", time=time_of_day(found.ended_at, setup.time_zone))
        )
    if found.next_at is not None:
        day, from_ = setup.day(found.next_at), time_of_day(found.next_at, setup.time_zone)
        facts.append(
            _("The next numbers are given today from %(time)s on.", time=from_)
            if day == setup.day(now)
            else _(
                "The next numbers are given on %(date)s from %(time)s on.",
                date=day_name(day, language),
                time=from_,
            )
        )
    if found.standing == "yet":
        return NoNumbers(_("No numbers are given yet"), _("No numbers are given yet"), tuple(facts))
    return NoNumbers(_("No more numbers are given today"), _("No more numbers today"), tuple(facts))


def _end(setup: OfficeSetup, today: date, span: tuple[datetime, datetime] | None) -> datetime | None:
    early = setup.closes_early_at
    ends = [span[1]] if span is not None else []
    ends += [early] if early is not None and setup.day(early) == today else []
    return min(ends, default=None)


def _next(setup: OfficeSetup, today: date) -> datetime | None:
    """When numbers are given again after today, as far as the office has told."""
    spans = [_span(setup, each.day) for each in setup.hours if each.day > today]
    return next((begins for begins, ends in filter(None, spans) if begins < ends), None)


def _span(setup: OfficeSetup, day: date) -> tuple[datetime, datetime] | None:
    """From when until when numbers are given; empty on a day when the office is closed, None if nothing is known."""
    told = next((each for each in setup.hours if each.day == day), None)
    if told is None or setup.numbers_early is None:
        return None
    return _of_day(told, setup, setup.numbers_early)


def _of_day(day: OpenDay, setup: OfficeSetup, early: timedelta) -> tuple[datetime, datetime]:
    if not day.spans:
        midnight = datetime.combine(day.day, time(0), setup.time_zone)
        return midnight, midnight
    opens, closes = day.spans[0][0], day.spans[-1][1]
    last = day.day if closes > opens else day.day + DAY  # 00:00 ends the day
    return (
        datetime.combine(day.day, opens, setup.time_zone) - early,
        datetime.combine(last, closes, setup.time_zone),
    )
