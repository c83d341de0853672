"""Trying the ways in which a partner may book, one after the other, and what is free in any of them."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from frontoffice.booking import holding, search, seating
from frontoffice.booking.models import Channel
from frontoffice.booking.refusals import JustTaken, NotOffered
from frontoffice.booking.visit import Visit
from frontoffice.config import Booking
from frontoffice.offices.models import Office
from frontoffice.partners.granting import Way

T = TypeVar("T")


def free_on(
    session: Session,
    office: Office,
    visit: Visit,
    ways: Sequence[Way],
    first: date,
    until: date,
    now: datetime,
    *,
    rules: Booking,
) -> dict[date, list[datetime]]:
    """The free times that can be had in one of these ways."""
    days: dict[date, set[datetime]] = {}
    for way in ways:
        found = search.free_starts(
            session,
            office,
            visit,
            first,
            until,
            now=now,
            rules=rules,
            channel=Channel.PARTNER,
            shares=way.shares,
            schedules=way.schedules,
        )
        for day, starts in found.items():
            days.setdefault(day, set()).update(starts)
    return {day: sorted(days[day]) for day in sorted(days)}


def lock_all(
    session: Session,
    office: Office,
    ways: Sequence[Way],
    visit: Visit,
    start: datetime,
    now: datetime,
    *,
    rules: Booking,
    besides: Sequence[int] = (),
) -> None:
    """Lock at once, in the agreed order, all sheets to which several ways lead, and those with the ids `besides`.

    Each way locks its own sheets again when it is tried. Without this, somebody who tries schedule A first and B
    second could wait for somebody who tries them the other way round.
    """
    if len(ways) < 2:
        return
    try:
        day = seating.wish(
            office, start, visit.ticks, now, rules=rules, channel=Channel.PARTNER, shares=()
        ).day
    except NotOffered:  # as each of the ways will say
        return
    holding.lock(session, visit, day, frozenset[int]().union(*(way.schedules for way in ways)), besides)


def in_any_way(ways: Sequence[Way], act: Callable[[Way], T]) -> T:
    """Do it in the first way in which it works. Raises JustTaken where one way had such a time, else NotOffered."""
    refused: JustTaken | NotOffered | None = None
    for way in ways:
        try:
            return act(way)
        except (JustTaken, NotOffered) as refusal:
            refused = refused if isinstance(refused, JustTaken) else refusal
    raise refused or NotOffered
