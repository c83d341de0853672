"""Adding an office from a TOML file, as `office.example.toml` shows it, and changing it by an edited one."""

import tomllib
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.errors import N_, Conflict, Invalid, NotFound
from frontoffice.offices import catalogue, finding
from frontoffice.offices.draft import (
    CounterDraft,
    HoursDraft,
    OfficeDraft,
    ScheduleDraft,
    ServiceDraft,
    SlideDraft,
)
from frontoffice.offices.models import Closure, Counter, Office, OpeningHours, Schedule, Service, Slide

__all__ = ["OfficeDraft", "add", "change", "parse"]

PLAIN = {
    "slug",
    "name",
    "street",
    "postal_code",
    "city",
    "phone",
    "mail",
    "land",
    "time_zone",
    "confirmation",
    "walk_in_warning",
    "appointment_warning",
}


def parse(text: str) -> OfficeDraft:
    """The office that a file describes. Raises Invalid (field "office") with the first mistake and where it is."""
    try:
        return OfficeDraft.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise Invalid("office", N_("The file is not valid TOML: %(reason)s"), reason=str(error)) from None
    except ValidationError as error:
        first: Any = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "office"
        reason = first["msg"].removeprefix("Value error, ")
        raise Invalid("office", N_("%(place)s: %(reason)s"), place=place, reason=reason) from None


def add(session: Session, draft: OfficeDraft, today: date) -> Office:
    """Add the office with the services of the starter catalogue. Flushes.

    Its opening hours hold from `today` on, if they name no other day. Raises Conflict where an office with this
    slug exists, Invalid where a service is not in the catalogue.
    """
    if session.scalar(select(Office.id).where(Office.slug == draft.slug)):
        raise Conflict(N_("There is an office “%(slug)s” already."), slug=draft.slug)
    office = Office(**draft.model_dump(include=PLAIN), languages=list(draft.languages))
    office.open_on = _dates(draft.open_on)
    session.add(office)
    session.flush()
    services = {service.slug: service for service in catalogue.add_to(session, office)}
    _change_services(services, draft.services)
    office.schedules = [_schedule(each, services, today) for each in draft.schedules]
    _change_counters(office, draft.counters, services)
    office.slides = [_slide(each, position) for position, each in enumerate(draft.slides)]
    session.flush()
    _add_closures(session, draft, office)
    return office


def change(session: Session, draft: OfficeDraft, today: date) -> Office:
    """Make an office what an edited file says. Flushes; the caller plans it again, and nothing booked is dropped.

    Opening hours are replaced by those of the file, from `today` on if they name no other day; slides too, where it
    has any. What the file no longer has stays without opening hours (a schedule) or as it is (a counter, a closure,
    what a service differed in), because tickets and appointments refer to it. Raises NotFound where there is no such
    office, Conflict for another time zone, Invalid for a service that it does not have.
    """
    office = session.scalar(select(Office).where(Office.slug == draft.slug))
    if office is None:
        raise NotFound(N_("There is no office “%(slug)s”. Please add it first."), slug=draft.slug)
    if office.time_zone != draft.time_zone:
        raise Conflict(N_("The time zone cannot be changed: appointments were made in the one before."))
    schedules = {each.slug: each for each in finding.locked_schedules(session, office)}
    for name, value in draft.model_dump(include=PLAIN).items():
        setattr(office, name, value)
    office.languages, office.open_on = list(draft.languages), _dates(draft.open_on)
    services = {each.slug: each for each in office.services}
    _change_services(services, draft.services)
    for schedule in schedules.values():
        schedule.opening_hours = []
    for each in draft.schedules:
        schedule = _schedule(each, services, today, schedules.get(each.slug))
        if each.slug not in schedules:
            office.schedules.append(schedule)
    _change_counters(office, draft.counters, services)
    if draft.slides:  # a file without any leaves those that were written on the slides' page
        office.slides = [_slide(each, position) for position, each in enumerate(draft.slides)]
    session.flush()
    _add_closures(session, draft, office)
    return office


def _dates(days: Collection[date]) -> list[str]:
    return sorted({each.isoformat() for each in days})


def _schedule(
    draft: ScheduleDraft, services: Mapping[str, Service], today: date, schedule: Schedule | None = None
) -> Schedule:
    schedule = schedule or Schedule()
    for name, value in draft.model_dump(exclude={"services", "opening_hours"}).items():
        setattr(schedule, name, value)
    schedule.services = _pick(services, draft.services)
    schedule.opening_hours = _opening_hours(draft.opening_hours, today)
    return schedule


def _opening_hours(drafts: Collection[HoursDraft], today: date) -> list[OpeningHours]:
    return [
        OpeningHours(
            weekday=weekday,
            valid_from=hours.valid_from or today,
            seats_online=hours.online,
            seats_phone=hours.phone,
            seats_on_site=hours.on_site,
            seats_emergency=hours.emergency,
            breaks=[[f"{begins:%H:%M}", f"{ends:%H:%M}"] for begins, ends in hours.breaks],
            **hours.model_dump(
                include={
                    "opens",
                    "closes",
                    "valid_until",
                    "every_weeks",
                    "nth",
                    "bookable_from_days",
                    "bookable_until_days",
                    "release_time",
                }
            ),
        )
        for hours in drafts
        for weekday in dict.fromkeys(hours.weekdays)
    ]


def _add_closures(session: Session, draft: OfficeDraft, office: Office) -> None:
    numbers = {each.slug: each.id for each in office.schedules}
    known = {
        (each.day, each.schedule_id, each.opens, each.closes)
        for each in session.scalars(select(Closure).where(Closure.office_id == office.id))
    }
    for each in draft.closures:
        schedule_id = numbers[each.schedule] if each.schedule else None
        for day in sorted(set(each.days)):
            if (day, schedule_id, each.opens, each.closes) not in known:
                session.add(
                    Closure(
                        office_id=office.id,
                        schedule_id=schedule_id,
                        day=day,
                        opens=each.opens,
                        closes=each.closes,
                        reason=each.reason,
                    )
                )
    session.flush()


def _change_services(services: Mapping[str, Service], drafts: Collection[ServiceDraft]) -> None:
    for draft, service in zip(drafts, _pick(services, [each.slug for each in drafts]), strict=True):
        for name, value in draft.model_dump(exclude={"slug"}, exclude_none=True).items():
            setattr(service, name, list(value) if isinstance(value, tuple) else value)


def _change_counters(
    office: Office, drafts: Collection[CounterDraft], services: Mapping[str, Service]
) -> None:
    known = {each.name: each for each in office.counters}
    for draft in drafts:
        picked = _pick(services, draft.services or services)
        counter = known.get(draft.name)
        if counter is None:
            counter = Counter(name=draft.name)
            office.counters.append(counter)
        counter.room, counter.team, counter.services = draft.room, draft.team, picked
        counter.languages = list(draft.languages)


def _slide(draft: SlideDraft, position: int) -> Slide:
    return Slide(position=position, **draft.model_dump())


def _pick(services: Mapping[str, Service], slugs: Collection[str]) -> list[Service]:
    unknown = [slug for slug in slugs if slug not in services]
    if unknown:
        raise Invalid("office", N_("“%(slug)s” is not a service of the catalogue."), slug=unknown[0])
    return [services[slug] for slug in slugs]
