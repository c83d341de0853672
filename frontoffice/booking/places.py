"""Where a visit can take place: at the office, at one of its separate desks, at another office; and on which days."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from frontoffice.booking import choosing, gates, search, sheet
from frontoffice.booking.choice import Choice
from frontoffice.booking.daybook import SHEETS
from frontoffice.booking.models import Hold, Share
from frontoffice.booking.visit import Visit
from frontoffice.config import Booking
from frontoffice.errors import DomainError, NotFound
from frontoffice.offices.models import Office, Schedule, Service, schedule_service

OTHERS_ASKED = 6  # other offices whose book is looked into
OTHERS_SHOWN = 3


class Spot(NamedTuple):
    """A place to choose: the office with all its pooled schedules (slug ""), or one separate schedule."""

    slug: str
    name: str
    address: str
    schedules: tuple[int, ...]

    @property
    def restriction(self) -> tuple[int, ...] | None:
        """The `schedules=` of searching and holding; None is the pool."""
        return self.schedules if self.slug else None


class Elsewhere(NamedTuple):
    """Another place, and the first free time there."""

    spot: Spot
    office: Office
    first: datetime


class OpenDays(NamedTuple):
    """On which days there are appointments at all, and from when on those can be booked that cannot be yet."""

    days: set[date]
    opening: dict[date, datetime]


def offered(session: Session, office: Office) -> dict[int, frozenset[int]]:
    """The services that each of the office's schedules offers, by their ids."""
    rows = session.execute(
        select(schedule_service.c.schedule_id, schedule_service.c.service_id)
        .join(Schedule, Schedule.id == schedule_service.c.schedule_id)
        .where(Schedule.office_id == office.id)
    ).all()
    schedules: dict[int, set[int]] = {}
    for schedule, service in rows:
        schedules.setdefault(schedule, set()).add(service)
    return {schedule: frozenset(services) for schedule, services in schedules.items()}


def spots(session: Session, office: Office, visit: Visit) -> list[Spot]:
    """Where at this office the whole visit is offered, the office itself first."""
    schedules = _offering(session, office, visit)
    pooled = tuple(each.id for each in schedules if each.pooled)
    found = [Spot("", office.name, _address(office), pooled)] if pooled else []
    return found + [spot_of(each, office) for each in schedules if not each.pooled]


def spot(session: Session, office: Office, visit: Visit, slug: str) -> Spot | None:
    """The place with this slug, else the first there is; None where nothing offers the whole visit."""
    found = spots(session, office, visit)
    return next((each for each in found if each.slug == slug), found[0] if found else None)


def spot_of(schedule: Schedule, office: Office) -> Spot:
    """The place where a schedule is."""
    if schedule.pooled:
        return Spot("", office.name, schedule.place or _address(office), (schedule.id,))
    return Spot(schedule.slug, schedule.name, schedule.place or _address(office), (schedule.id,))


def of_hold(session: Session, held: Hold) -> Spot:
    """The place where the kept time is."""
    schedule = session.get_one(Schedule, held.sheet.schedule_id)
    return spot_of(schedule, held.service.office)


def open_days(session: Session, spot: Spot, first: date, until: date, now: datetime) -> OpenDays:
    """What the days from `first` to before `until` are like at a place, apart from what is free on them."""
    rows = session.execute(
        select(SHEETS.c.day, SHEETS.c.gates).where(
            SHEETS.c.schedule_id.in_(spot.schedules),
            SHEETS.c.day >= first,
            SHEETS.c.day < until,
            SHEETS.c.capacity != sheet.EMPTY,
        )
    ).all()
    opening: dict[date, datetime] = {}
    for day, stored in rows:
        moment = _opens(stored, now)
        if moment is not None:
            opening[day] = min(moment, opening.get(day, moment))
    return OpenDays({day for day, _stored in rows}, opening)


def first_free(
    session: Session, office: Office, visit: Visit, at: Iterable[Spot], now: datetime, rules: Booking
) -> list[Elsewhere]:
    """The first free time at each of some places of an office, where there is one."""
    today = sheet.day_of(now, office.time_zone)
    firsts = [
        (
            each,
            search.next_free(session, office, visit, today, now=now, rules=rules, schedules=each.restriction),
        )
        for each in at
    ]
    return [Elsewhere(each, office, first) for each, first in firsts if first is not None]


def elsewhere(
    session: Session,
    office: Office,
    choice: Choice,
    now: datetime,
    rules: Booking,
    *,
    before: datetime | None,
) -> list[Elsewhere]:
    """Other offices that have a free time for the same choice, earlier than `before` (None: at all), soonest first.

    Only the few offices whose postal codes are most like this one's are asked.
    """
    found: list[Elsewhere] = []
    for other in _others_offering(session, office, choice.slugs()):
        try:
            _office, visit = choosing.chosen(session, other.slug, choice.items)
        except (NotFound, DomainError):
            continue
        found += first_free(session, other, visit, spots(session, other, visit)[:1], now, rules)
    earlier = [each for each in found if before is None or each.first < before]
    return sorted(earlier, key=lambda each: each.first)[:OTHERS_SHOWN]


def _offering(session: Session, office: Office, visit: Visit) -> list[Schedule]:
    wanted = visit.service_ids
    offers_all = (
        select(schedule_service.c.schedule_id)
        .where(schedule_service.c.service_id.in_(wanted))
        .group_by(schedule_service.c.schedule_id)
        .having(func.count() == len(wanted))
    )
    query = select(Schedule).where(Schedule.office_id == office.id, Schedule.id.in_(offers_all))
    return list(session.scalars(query.order_by(Schedule.id)))


def _others_offering(session: Session, office: Office, slugs: list[str]) -> list[Office]:
    offering = (
        select(Service.office_id)
        .where(and_(Service.slug.in_(slugs), Service.active, Service.online))
        .group_by(Service.office_id)
        .having(func.count() == len(slugs))
    )
    others = session.scalars(select(Office).where(Office.id != office.id, Office.id.in_(offering))).all()
    return sorted(others, key=lambda each: _distance(each.postal_code, office.postal_code))[:OTHERS_ASKED]


def _distance(one: str, other: str) -> int:
    """How far apart two postal codes are as numbers, which is roughly how far apart their places are."""
    if not (one.isdigit() and other.isdigit()):
        return 10**6
    return abs(int(one) - int(other))


def _opens(stored: bytes, now: datetime) -> datetime | None:
    """When the online seats of a sheet can first be booked, if that is still to come."""
    online = [gate for gate in gates.read(stored) if gate.share is Share.ONLINE and gate.closes > now]
    if any(gate.opens <= now for gate in online):
        return None
    return min((gate.opens for gate in online), default=None)


def _address(office: Office) -> str:
    return f"{office.street}, {office.postal_code} {office.city}"
