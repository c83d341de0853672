"""Whether the day sheets agree with what is booked; `frontoffice doctor` prints what is found."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from frontoffice.booking import sheet
from frontoffice.booking.models import OCCUPYING, Appointment, Channel, DaySheet, Hold
from frontoffice.offices.models import Office, Schedule, Service

LENGTHS = (len(sheet.EMPTY), len(sheet.EMPTY), sheet.SET * (len(Channel) + 1))


def differences(session: Session) -> Iterator[str]:
    """One readable line for everything in the booking wing's tables that does not agree with itself.

    Reads all sheets, all holds that stand and all appointments; nothing is changed.
    """
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
        yield from (f"{where}: {line}" for line in _of_sheet(page, found, zone))
        for each in found:
            yield from (f"{where}: {each.what} {line}" for line in _of_occupant(page, each, office_id, zone))
    for sheet_id, found in occupants.items():
        yield f"day sheet {sheet_id} does not exist, but {', '.join(each.what for each in found)} need it"
    yield from _held_and_booked(session)


def _occupants() -> Any:
    """What has to be marked as taken: standing holds, and appointments that occupy their time."""
    columns = ("sheet_id", "channel", "first_tick", "ticks", "start")
    appointments = select(
        *(getattr(Appointment, name) for name in columns),
        Appointment.office_id,
        (literal("appointment ") + Appointment.reference).label("what"),
    ).where(Appointment.state.in_(OCCUPYING))
    holds = (
        select(*(getattr(Hold, name) for name in columns), Service.office_id, literal("a hold").label("what"))
        .join(Service, Service.id == Hold.service_id)
        .where(Hold.released_at.is_(None))
    )
    return appointments.union_all(holds)


def _of_sheet(page: DaySheet, found: list[Any], zone: str) -> Iterator[str]:
    lengths = (len(page.capacity), len(page.taken), len(page.free))
    if lengths != LENGTHS:
        yield f"capacity, taken and free have {lengths} bytes instead of {LENGTHS}"
        return
    taken = sheet.EMPTY
    for each in found:
        try:
            taken = sheet.occupy(taken, each.channel, each.first_tick, each.ticks)
        except sheet.Full:
            yield f"{each.what} lies beyond the day: {each.ticks} ticks from tick {each.first_tick}"
    if taken != page.taken:
        yield f"taken is not what is booked: {_places(taken, page, zone)}"
    if sheet.free(page.capacity, page.taken) != page.free:
        yield "free is not what capacity and taken make it"


def _of_occupant(page: DaySheet, each: Any, office_id: int, zone: str) -> Iterator[str]:
    if sheet.tick_of(each.start, page.day, zone) != each.first_tick:
        yield f"starts at {each.start.isoformat()}, but stands at tick {each.first_tick}"
    if each.office_id != office_id:
        yield "belongs to another office"


def _held_and_booked(session: Session) -> Iterator[str]:
    query = (
        select(Appointment.reference)
        .join(Hold, Hold.token_fingerprint == Appointment.hold_fingerprint)
        .where(Hold.released_at.is_(None))
    )
    for reference in session.scalars(query):
        yield f"appointment {reference}: its hold still stands, so its time is taken twice"


def _places(taken: bytes, page: DaySheet, zone: str) -> str:
    places = []
    for place, (booked, marked) in enumerate(zip(taken, page.taken, strict=True)):
        if booked != marked:
            channel, tick = divmod(place, sheet.TICKS)
            moment = sheet.moment_of(tick, page.day, zone)
            places.append(f"{sheet.CHANNELS[channel]} at {moment:%H:%M} UTC {marked} instead of {booked}")
    return ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")
