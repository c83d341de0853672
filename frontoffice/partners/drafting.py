"""Working out a plan: who may get a time at all, and where each person finds one. Nothing is held here."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from frontoffice.booking import fairness
from frontoffice.booking.person import Person
from frontoffice.booking.visit import Visit
from frontoffice.config import Config
from frontoffice.errors import DomainError, Invalid
from frontoffice.offices.models import Office
from frontoffice.partners import arranging, granting, leaves, quota
from frontoffice.partners.fitting import Need, Seat, Window, fit
from frontoffice.partners.granting import Items, Way
from frontoffice.partners.models import Partner
from frontoffice.partners.refusals import NothingFits, Twice

MOST_PEOPLE = 200
LONGEST_WINDOW = 62  # days


class Row(NamedTuple):
    """One person of a list, and for what."""

    items: Items
    person: Person
    language: str
    own_reference: str | None = None


class Asked(NamedTuple):
    """What a partner asks for: times at an office for a list of people, within a window."""

    office: str
    rows: tuple[Row, ...]
    window: Window


class WrongRows(Invalid):
    """Some people of the list cannot be planned for; `problems` has line and error for each."""

    def __init__(self, problems: list[tuple[int, DomainError]]) -> None:
        self.problems = problems
        first = problems[0][1]
        super().__init__("people", first.sentence, **first.params)


class Wanted(NamedTuple):
    """What a row asks for, and how the partner may book it."""

    office: Office
    visit: Visit
    ways: tuple[Way, ...]


class Draft(NamedTuple):
    """What each row asks for; by line, counted from 1, where the person was put, or why not."""

    wanted: list[Wanted]
    seats: dict[int, Seat]
    refusals: dict[int, DomainError]


def draft(
    session: Session, partner: Partner, asked: Asked, now: datetime, *, settings: Config, lock: bool
) -> Draft:
    """Where each person could come. With `lock` the sheets of what was found are locked then.

    Raises WrongRows, and what `granting.chosen` raises.
    """
    wanted = _wanted(session, partner, asked)
    fairness.lock(session, [row.person for row in asked.rows])
    refusals = _refused(session, asked, wanted, now, settings)
    needs = [
        Need(line, one.visit.ticks, frozenset(one.visit.service_ids), one.ways)
        for line, one in enumerate(wanted, start=1)
        if line not in refusals
    ]
    used = quota.usage(session, partner, now)
    seats, beyond_quota = _seats(
        session, needs, wanted[0].office, asked, partner, used, now, settings, lock=lock
    )
    for need in needs:
        if need.number in beyond_quota:
            refusals[need.number] = quota.refusal(partner, used)
        elif need.number not in seats:
            refusals[need.number] = NothingFits()
    return Draft(wanted, seats, refusals)


def _wanted(session: Session, partner: Partner, asked: Asked) -> list[Wanted]:
    """What each row asks for. Raises WrongRows."""
    known: dict[Items, Wanted | DomainError] = {}
    for items in {row.items for row in asked.rows}:
        try:
            office, visit, ways = granting.chosen(session, partner, asked.office, items)
            known[items] = Wanted(office, visit, tuple(ways))
        except DomainError as problem:
            known[items] = problem
    rows = [known[row.items] for row in asked.rows]
    problems = [(line, each) for line, each in enumerate(rows, start=1) if isinstance(each, DomainError)]
    if problems:
        raise WrongRows(problems)
    return [each for each in rows if isinstance(each, Wanted)]


def _refused(
    session: Session, asked: Asked, wanted: Sequence[Wanted], now: datetime, settings: Config
) -> dict[int, DomainError]:
    """Who cannot get a time whatever is free: a person twice, or one who has an appointment already."""
    found: dict[int, DomainError] = {}
    seen: set[tuple[str, int]] = set()
    for line, (row, one) in enumerate(zip(asked.rows, wanted, strict=True), start=1):
        same = {(fairness.folded_person(row.person), service) for service in one.visit.service_ids}
        if same & seen:
            found[line] = Twice()
            continue
        seen |= same
        try:
            arranging.check_person(session, row.person, one.visit, now, rules=settings.fairness)
        except DomainError as refusal:
            found[line] = refusal
    return found


def _seats(
    session: Session,
    needs: list[Need],
    office: Office,
    asked: Asked,
    partner: Partner,
    used: quota.Usage,
    now: datetime,
    settings: Config,
    *,
    lock: bool,
) -> tuple[dict[int, Seat], set[int]]:
    """Where people can come, and who was not tried any more because the quota is used up by others.

    The first look is without locks, and only the sheets that it needs are locked and looked at again.
    """
    schedules = {number for need in needs for way in need.ways for number in way.schedules}
    is_open = leaves.opener(asked.window, office.time_zone, now, settings.booking)
    pages = leaves.read(session, schedules, asked.window)
    most = quota.left(partner, used)
    waiting, seats = needs, dict[int, Seat]()
    while waiting and (most is None or len(seats) < most):
        count = len(waiting) if most is None else most - len(seats)
        seats |= fit(waiting[:count], pages, is_open, together=asked.window.together)
        waiting = waiting[count:]
    if lock and seats:
        found = [need for need in needs if need.number in seats]
        locked = leaves.locked(session, {seat.sheet_id for seat in seats.values()})
        seats = fit(found, locked, is_open, together=asked.window.together)
    return seats, {need.number for need in waiting}
