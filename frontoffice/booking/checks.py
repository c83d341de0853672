"""Whether the day sheets agree with what is booked; `frontoffice doctor` prints what is found."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import literal, null, select
from sqlalchemy.orm import Session

from frontoffice.booking import gates, planning, sheet
from frontoffice.booking.models import OCCUPYING, Appointment, DaySheet, Hold
from frontoffice.offices.models import Office, Schedule, Service

LENGTHS = (len(sheet.EMPTY), len(sheet.EMPTY), sheet.SET * (len(sheet.SHARES) + 1))


class _Known(NamedTuple):
    """What occupants are compared with."""

    offices: Mapping[int, int]  # of the services, by their ids
    conflicts: Collection[int]  # appointments that are listed as no longer fitting


def differences(session: Session) -> Iterator[str]:
    """One readable line for everything in the booking wing's tables that does not agree with itself.

    Reads all sheets, all holds that stand and all appointments; nothing is changed. All of it has to be seen at
    one moment, so the caller reads a snapshot.
    """
    known = _known(session)
    occupants: dict[int, list[Any]] = defaultdict(list)
    for row in session.execute(_occupants()):
        occupants[row.sheet_id].append(row)
    pages = (
        select(DaySheet, Office.id, Office.slug, Office.time_zone, Schedule.slug)
        .join(Schedule, Schedule.id == DaySheet.schedule_id)
        .join(Office, Office.id == Schedule.office_id)
        .order_by(DaySheet.schedule_id, DaySheet.day)
        .execution_options(yield_per=500)
    )
    for page, office_id, office, zone, schedule in session.execute(pages):
        where = f"day sheet {page.id} ({office}/{schedule}, {page.day})"
        found = occupants.pop(page.id, [])
        yield from (f"{where}: {line}" for line in _of_sheet(page, found, zone, known))
        for each in found:
            lines = _of_occupant(page, each, office_id, zone, known)
            yield from (f"{where}: {each.what} {line}" for line in lines)
    for sheet_id, found in occupants.items():
        yield f"day sheet {sheet_id} does not exist, but {', '.join(each.what for each in found)} need it"
    yield from _held_and_booked(session)


def _known(session: Session) -> _Known:
    services = session.execute(select(Service.id, Service.office_id))
    clashes = [
        clash
        for office in session.scalars(select(Office))
        for clash in planning.clashes(session, office, date.min, None, gates.EVER)
    ]
    return _Known(dict(services.all()), {clash.appointment_id for clash in clashes})


def _occupants() -> Any:
    """What has to be marked as taken: standing holds, and appointments that occupy their time."""
    columns = ("sheet_id", "share", "first_tick", "ticks", "start", "service_id", "items")
    appointments = select(
        *(getattr(Appointment, name) for name in columns),
        Appointment.office_id,
        Appointment.id.label("appointment_id"),
        Appointment.state,
        (literal("appointment ") + Appointment.reference).label("what"),
    ).where(Appointment.state.in_(OCCUPYING))
    holds = (
        select(
            *(getattr(Hold, name) for name in columns),
            Service.office_id,
            null(),
            null(),
            literal("a hold"),
        )
        .join(Service, Service.id == Hold.service_id)
        .where(Hold.released_at.is_(None))
    )
    return appointments.union_all(holds)


def _of_sheet(page: DaySheet, found: list[Any], zone: str, known: _Known) -> Iterator[str]:
    lengths = (len(page.capacity), len(page.taken), len(page.free))
    if lengths != LENGTHS:
        yield f"capacity, taken and free have {lengths} bytes instead of {LENGTHS}"
        return
    taken = fitting = sheet.EMPTY
    for each in found:
        try:
            taken = sheet.occupy(taken, each.share, each.first_tick, each.ticks)
        except sheet.Full:
            yield f"{each.what} lies beyond the day: {each.ticks} ticks from tick {each.first_tick}"
            continue
        if _has_to_fit(each, known):
            fitting = sheet.occupy(fitting, each.share, each.first_tick, each.ticks)
    if taken != page.taken:
        yield f"taken is not what is booked: {_places(taken, page.taken, page, zone)}"
    if sheet.free(page.capacity, page.taken) != page.free:
        yield "free is not what capacity and taken make it"
    if sheet.exceeds(fitting, page.capacity):
        most = bytes(map(min, fitting, page.capacity))
        yield (
            "more is booked than there are seats or opening hours, and not on the list of conflicts: "
            f"{_places(fitting, most, page, zone)}"
        )
    yield from _of_gates(page, zone)


def _of_gates(page: DaySheet, zone: str) -> Iterator[str]:
    try:
        read = gates.read(page.gates)
    except ValueError as error:
        yield f"its gates cannot be read: {error}"
        return
    whole = sheet.below(sheet.length(page.day, zone))
    for gate in read:
        if not gate.opens < gate.closes:
            yield f"a gate to the share {gate.share} closes before it opens"
        # The gates of a migration never close and have all ticks, until the next planning.
        if gate.closes != gates.NEVER and gate.bits & ~whole:
            yield f"a gate to the share {gate.share} lies beyond the day"


def _of_occupant(page: DaySheet, each: Any, office_id: int, zone: str, known: _Known) -> Iterator[str]:
    if sheet.tick_of(each.start, page.day, zone) != each.first_tick:
        yield f"starts at {each.start.isoformat()}, but stands at tick {each.first_tick}"
    if each.office_id != office_id:
        yield "belongs to another office"
    yield from _of_items(each, known)


def _of_items(each: Any, known: _Known) -> Iterator[str]:
    try:
        items = [(int(service), int(people)) for service, people in each.items]
    except (TypeError, ValueError):
        yield "has items that cannot be read"
        return
    services = [service for service, _ in items]
    if not services or services[0] != each.service_id or len(set(services)) < len(services):
        yield f"is for the services {services}, which are not those of one visit for service {each.service_id}"
    if any(known.offices.get(service) != each.office_id for service in services):
        yield "is for a service that its office does not have"
    if any(people < 1 for _, people in items):
        yield "is for nobody"


def _has_to_fit(each: Any, known: _Known) -> bool:
    """Whether it is a hold, or a coming appointment that no list shows as a conflict."""
    if each.appointment_id is None:
        return True
    return each.state in planning.AWAITED and each.appointment_id not in known.conflicts


def _held_and_booked(session: Session) -> Iterator[str]:
    query = (
        select(Appointment.reference)
        .join(Hold, Hold.token_fingerprint == Appointment.hold_fingerprint)
        .where(Hold.released_at.is_(None))
    )
    for reference in session.scalars(query):
        yield f"appointment {reference}: its hold still stands, so its time is taken twice"


def _places(expected: bytes, found: bytes, page: DaySheet, zone: str) -> str:
    places = []
    for place, (booked, marked) in enumerate(zip(expected, found, strict=True)):
        if booked != marked:
            share, tick = divmod(place, sheet.TICKS)
            moment = sheet.moment_of(tick, page.day, zone)
            places.append(f"{sheet.SHARES[share]} at {moment:%H:%M} UTC {marked} instead of {booked}")
    return ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")
