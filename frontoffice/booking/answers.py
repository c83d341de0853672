"""What the booking API answers with, made of rows: holds, appointments, days of free times."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from frontoffice.booking import choosing, confirming, places, sheet
from frontoffice.booking.models import Appointment, Hold
from frontoffice.booking.person import Person
from frontoffice.booking.timetable import NOON, Part
from frontoffice.booking.visit import Visit
from frontoffice.messages.models import Medium
from frontoffice.offices.models import Office, Service


def of_hold(kept: Hold, token: str, office: str, wanted: Sequence[tuple[str, int]]) -> dict[str, Any]:
    """A hold."""
    return {
        "token": token,
        "office": office,
        "service": wanted[0][0],
        "items": items(wanted),
        "start": utc(kept.start),
        "end": utc(kept.start + kept.ticks * sheet.TICK),
        "expires_at": utc(kept.expires_at),
    }


class Seen(NamedTuple):
    """An appointment, and what has to be read with it to answer."""

    found: Appointment
    visit: Visit
    asked: Medium | None
    office: str
    place: str | None


def see(session: Session, found: Appointment, just_booked: Person | None = None) -> Seen:
    """What is told of an appointment; with `just_booked` it is new, and that is its person."""
    visit = choosing.kept_visit(session, found)
    asked = confirming.asked(session, found, just_booked)
    return Seen(found, visit, asked[0] if asked else None, found.office.slug, found.schedule.place)


def of_appointment(seen: Seen, secret: str, base_url: str) -> dict[str, Any]:
    """An appointment. Asks no database, so the transaction may be over."""
    found, visit = seen.found, seen.visit
    services: list[Service] = [item.offer for item in visit.items]  # type: ignore[misc]
    page = f"{base_url}/appointments/{found.reference}/{secret}/"
    return {
        "reference": found.reference,
        "secret": secret,
        "state": found.state,
        "confirm_by": utc(found.confirm_by) if found.confirm_by else None,
        "confirm_through": seen.asked,
        "office": seen.office,
        "service": services[0].slug,
        "items": items([(item.offer.slug, item.people) for item in visit.items]),  # type: ignore[attr-defined]
        "place": seen.place,
        "start": utc(found.start),
        "end": utc(found.start + found.ticks * sheet.TICK),
        "language": found.language,
        "documents": documents(services, found.language),
        "page": page,
        "calendar": f"{page}calendar.ics",
    }


def items(wanted: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    """Services, each with for how many people."""
    return [{"service": slug, "people": people} for slug, people in wanted]


def documents(services: Sequence[Service], language: str) -> list[str]:
    """What to bring for all of the services, nothing twice."""
    lists = (each.documents.get(language) or each.documents["de"] for each in services)
    return list(dict.fromkeys(document for each in lists for document in each))


def alternatives(near: Sequence[datetime], visit: Visit) -> list[dict[str, str]]:
    """Other times for a visit."""
    length = timedelta(minutes=visit.minutes)
    return [{"start": utc(each), "end": utc(each + length)} for each in near]


def in_part(free: dict[date, int], part: Part | None, zone: str) -> dict[date, int]:
    """Of the free ticks only those before noon, or from noon on, by the office's clock."""
    if part is None:
        return free
    kept = {day: bits & _ticks_of(part, day, zone) for day, bits in free.items()}
    return {day: bits for day, bits in kept.items() if bits}


@lru_cache(maxsize=8192)
def day(when: date, zone: str, bits: int) -> str:
    """The free times of a day, as JSON. Kept, because most days look the same from one search to the next."""
    starts = [utc(sheet.moment_of(tick, when, zone)) for tick in sheet.each_bit(bits)]
    return json.dumps({"date": when.isoformat(), "starts": starts})


def schedules(session: Session, office: Office) -> list[dict[str, Any]]:
    """The schedules of an office, and which services in use each of them offers."""
    offered = places.offered(session, office)
    slugs = {each.id: each.slug for each in office.services if each.active}
    return [
        {
            "slug": each.slug,
            "name": each.name,
            "place": each.place,
            "pooled": each.pooled,
            "services": [slug for number, slug in slugs.items() if number in offered.get(each.id, ())],
        }
        for each in office.schedules
    ]


def utc(moment: datetime) -> str:
    """2030-05-02T07:40:00Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@lru_cache(maxsize=1024)
def _ticks_of(part: Part, when: date, zone: str) -> int:
    noon = datetime.combine(when, time(NOON), ZoneInfo(zone))
    before = sheet.below(sheet.first_tick_from(noon.astimezone(UTC), when, zone))
    return before if part is Part.MORNING else sheet.ALL & ~before
