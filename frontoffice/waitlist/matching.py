"""Which wish a freed time fits: the entries that wait, in the order of joining. Reads only."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, contains_eager

from frontoffice.booking import choosing
from frontoffice.booking.appointing import CANCELLABLE
from frontoffice.booking.models import Appointment
from frontoffice.booking.visit import Visit
from frontoffice.errors import NotFound
from frontoffice.offices.models import Schedule
from frontoffice.waitlist.models import EntryState, Offer, Outcome, WaitlistEntry, WaitlistPlace

AT_ONCE = 200

# An offer that ended like this is not made again to the same person.
MISSED = (Outcome.DECLINED, Outcome.EXPIRED)


class Candidate(NamedTuple):
    """An entry that may be met at a schedule, and the visit it would be there."""

    entry: WaitlistEntry
    visit: Visit
    items: list[list[int]]


def candidates(session: Session, schedule: Schedule, day: date, now: datetime) -> Iterator[Candidate]:
    """The entries that wait for something the schedule offers on a day, in the order of joining."""
    offered = {service.id for service in schedule.services}
    visits: dict[str, Visit | None] = {}
    after: tuple[datetime, int] | None = None
    seen: set[int] = set()
    while True:
        rows = _rows(session, schedule, day, now, after)
        for place in rows:
            if place.entry_id in seen:
                continue
            key = str(place.items)
            if key not in visits:
                visits[key] = _visit(session, place.items, offered)
            visit = visits[key]
            if visit is not None:
                seen.add(place.entry_id)
                yield Candidate(place.entry, visit, place.items)
        if len(rows) < AT_ONCE:
            return
        last = rows[-1].entry
        assert last.joined_at is not None  # because it waits
        after = (last.joined_at, last.id)


def declined_on(session: Session, sheet_id: int) -> dict[int, list[range]]:
    """Per entry, the ticks of a sheet that it was offered and did not want."""
    rows = session.execute(
        select(Offer.entry_id, Offer.first_tick, Offer.ticks).where(
            Offer.sheet_id == sheet_id, Offer.outcome.in_(MISSED)
        )
    )
    found: dict[int, list[range]] = {}
    for entry_id, first, ticks in rows:
        found.setdefault(entry_id, []).append(range(first, first + ticks))
    return found


def overlaps(spans: Iterable[range], first: int, ticks: int) -> bool:
    """Whether one of the spans has a tick of those from `first`."""
    return any(span.start < first + ticks and first < span.stop for span in spans)


def is_needless(session: Session, entry: WaitlistEntry, now: datetime) -> bool:
    """Whether the person has what was wished for by other means, or lost the appointment it was tied to."""
    if entry.appointment_id is not None:
        tied = session.get_one(Appointment, entry.appointment_id)
        return tied.state not in CANCELLABLE or tied.start <= now
    coming = select(Appointment.id).where(
        Appointment.person_digest == entry.person_digest,
        Appointment.service_id == entry.service_id,
        Appointment.state.in_(CANCELLABLE),
        Appointment.start > now,
        or_(Appointment.confirm_by.is_(None), Appointment.confirm_by > now),
    )
    return session.scalar(coming.limit(1)) is not None


def _rows(
    session: Session, schedule: Schedule, day: date, now: datetime, after: tuple[datetime, int] | None
) -> list[WaitlistPlace]:
    where_to = [WaitlistPlace.schedule_id == schedule.id]
    if schedule.pooled:
        where_to.append(WaitlistPlace.schedule_id.is_(None))
    query = (
        select(WaitlistPlace)
        .join(WaitlistPlace.entry)
        .where(
            WaitlistPlace.office_id == schedule.office_id,
            or_(*where_to),
            WaitlistEntry.state == EntryState.WAITING,
            WaitlistEntry.first_day <= day,
            WaitlistEntry.until_day > day,
            WaitlistEntry.ends_at > now,
        )
        .options(contains_eager(WaitlistPlace.entry))
        .order_by(WaitlistEntry.joined_at, WaitlistEntry.id)
        .limit(AT_ONCE)
    )
    if after is not None:
        joined_at, number = after
        later = WaitlistEntry.joined_at > joined_at
        query = query.where(or_(later, (WaitlistEntry.joined_at == joined_at) & (WaitlistEntry.id > number)))
    # What waits may have changed since this session read it first.
    return list(session.scalars(query.execution_options(populate_existing=True)).unique())


def _visit(session: Session, items: list[list[int]], offered: set[int]) -> Visit | None:
    try:
        visit = choosing.visit_of(session, items)
    except NotFound:
        return None
    return visit if visit.online and offered.issuperset(visit.service_ids) else None
