"""Adding an office from a TOML file, as `office.example.toml` shows it, and changing it by an edited one."""

from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from frontoffice.errors import N_, Conflict, Invalid, NotFound
from frontoffice.offices import catalogue, drafting, finding
from frontoffice.offices.draft import (
    HoursDraft,
    OfficeDraft,
    ScheduleDraft,
    ServiceDraft,
    SlideDraft,
)
from frontoffice.offices.drafting import PLAIN
from frontoffice.offices.models import Closure, Counter, Office, OpeningHours, Schedule, Service, Slide
from frontoffice.offices.toml_file import parse, written

__all__ = ["OfficeDraft", "add", "change", "parse", "written"]

# What holds for a file that is not complete, too, but only if it speaks of it.
IF_SAID = ("reminder_hours", "notes", "keep_days", "document_reminders")


def add(session: Session, draft: OfficeDraft, today: date) -> Office:
    """Add the office, with the services of the starter catalogue unless the draft is complete. Flushes.

    Its opening hours hold from `today` on, if they name no other day. Raises Conflict where an office with this
    slug exists, Invalid where a service is not in the catalogue.
    """
    if session.scalar(select(Office.id).where(Office.slug == draft.slug)):
        raise Conflict(N_("There is an office “%(slug)s” already."), slug=draft.slug)
    office = Office(slug=draft.slug)
    _fill(office, draft)
    session.add(office)
    try:
        session.flush()
    except IntegrityError:  # somebody has added it at the same moment
        raise Conflict(N_("There is an office “%(slug)s” already."), slug=draft.slug) from None
    if not draft.complete:
        catalogue.add_to(session, office)
        session.refresh(office, ["services"])
    services = _change_services(office, draft)
    office.schedules = [_schedule(each, services, today) for each in draft.schedules]
    _change_counters(office, draft, services)
    office.slides = _slides(draft.slides)
    session.flush()
    _change_closures(session, draft, office, today)
    return office


def change(session: Session, draft: OfficeDraft, today: date) -> Office:
    """Make an office what an edited file says. Flushes; the caller plans it again, and nothing booked is dropped.

    Opening hours are replaced by those of the file, from `today` on if they name no other day; slides too, where it
    has any. What the file no longer has stays without opening hours (a schedule) or as it is (a counter, a closure,
    what a service differed in), because tickets and appointments refer to it; a complete one says that such counters
    and services are no longer used, and that closures from `today` on are open again. Raises NotFound where there is
    no such office, Conflict for another time zone, Invalid for a service that it does not have.
    """
    office = session.scalar(
        select(Office).where(Office.slug == draft.slug).with_for_update(key_share=True),
        execution_options={"populate_existing": True},
    )
    if office is None:
        raise NotFound(N_("There is no office “%(slug)s”. Please add it first."), slug=draft.slug)
    if office.time_zone != draft.time_zone:
        raise Conflict(N_("The time zone cannot be changed: appointments were made in the one before."))
    schedules = {each.slug: each for each in finding.locked_schedules(session, office)}
    _fill(office, draft)
    services = _change_services(office, draft)
    said = {each.slug for each in draft.schedules}
    for slug, schedule in schedules.items():
        if slug not in said:
            schedule.opening_hours = []
    for each in draft.schedules:
        schedule = _schedule(each, services, today, schedules.get(each.slug))
        if each.slug not in schedules:
            office.schedules.append(schedule)
    _change_counters(office, draft, services)
    # A file without any leaves those that were written on the slides' page.
    if (draft.slides or draft.complete) and draft.slides != drafting.slides_of(office):
        office.slides = _slides(draft.slides)
    session.flush()
    _change_closures(session, draft, office, today)
    return office


def _fill(office: Office, draft: OfficeDraft) -> None:
    for name in PLAIN:
        setattr(office, name, getattr(draft, name))
    office.languages = list(draft.languages)
    office.open_on = sorted({each.isoformat() for each in draft.open_on})
    said = set(IF_SAID) if draft.complete else draft.model_fields_set
    if "reminder_hours" in said:
        office.reminder_hours = None if draft.reminder_hours is None else list(draft.reminder_hours)
    if "notes" in said:
        office.notes = {name: words for name, words in draft.notes.model_dump().items() if words}
    if "keep_days" in said:
        office.keep_days = draft.keep_days.model_dump(exclude_none=True)
    if "document_reminders" in said:
        office.document_reminders = draft.document_reminders.model_dump(mode="json", exclude_defaults=True)


def _change_services(office: Office, draft: OfficeDraft) -> dict[str, Service]:
    """Make the services what the draft says of them, new ones too; gives all of the office by their slugs."""
    known = {each.slug: each for each in office.services}
    order = [each.slug for each in draft.services] if draft.complete else list(known)
    for each in draft.services:
        service = known.get(each.slug)
        if service is None:
            if not each.is_whole:
                _pick(known, [each.slug])
            service = Service(slug=each.slug, position=0)
            _fill_service(service, each.whole())
            office.services.append(service)
            known[each.slug] = service
        else:
            _fill_service(service, each.whole() if draft.complete else each, whole=draft.complete)
    places = {slug: place for place, slug in enumerate(dict.fromkeys([*order, *known]), start=1)}
    for slug, service in known.items():
        if draft.complete or not service.position:
            service.position = places[slug]
        if draft.complete and slug not in order:
            service.active = False
    return {slug: known[slug] for slug in sorted(known, key=lambda slug: known[slug].position)}


def _fill_service(service: Service, draft: ServiceDraft, *, whole: bool = True) -> None:
    values = draft.model_dump(exclude={"slug"}, exclude_none=not whole)
    if "documents" in values:
        values["documents"] = {"de": []} | {code: list(each) for code, each in values["documents"].items()}
    for name, value in values.items():
        setattr(service, name, list(value) if isinstance(value, tuple) else value)


def _schedule(
    draft: ScheduleDraft, services: Mapping[str, Service], today: date, schedule: Schedule | None = None
) -> Schedule:
    schedule = schedule or Schedule()
    for name, value in draft.model_dump(exclude={"services", "opening_hours"}).items():
        setattr(schedule, name, value)
    schedule.services = _pick(services, draft.services)
    if drafting.hours_of(schedule) != drafting.in_order(draft.opening_hours, today):
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


def _change_closures(session: Session, draft: OfficeDraft, office: Office, today: date) -> None:
    numbers = {each.slug: each.id for each in office.schedules}
    wanted = {
        (day, numbers[each.schedule] if each.schedule else None, each.opens, each.closes): each.reason
        for each in draft.closures
        for day in each.days
    }
    stored = session.scalars(select(Closure).where(Closure.office_id == office.id).order_by(Closure.id)).all()
    for row in stored:
        reason = wanted.pop((row.day, row.schedule_id, row.opens, row.closes), None)
        if not draft.complete or row.day < today:
            continue
        if reason is None:
            session.delete(row)
        else:
            row.reason = reason
    for (day, schedule_id, opens, closes), reason in sorted(wanted.items(), key=lambda each: each[0][0]):
        session.add(
            Closure(
                office_id=office.id,
                schedule_id=schedule_id,
                day=day,
                opens=opens,
                closes=closes,
                reason=reason,
            )
        )
    session.flush()


def _change_counters(office: Office, draft: OfficeDraft, services: Mapping[str, Service]) -> None:
    known = {each.name: each for each in office.counters}
    for each in draft.counters:
        picked = _pick(services, each.services or services)
        counter = known.get(each.name)
        if counter is None:
            counter = Counter(name=each.name)
            office.counters.append(counter)
        counter.room, counter.team, counter.active = each.room, each.team, each.active
        counter.services, counter.languages = picked, list(each.languages)
    if draft.complete:
        said = {each.name for each in draft.counters}
        for name, counter in known.items():
            counter.active = counter.active and name in said


def _slides(drafts: Collection[SlideDraft]) -> list[Slide]:
    return [Slide(position=position, **each.model_dump()) for position, each in enumerate(drafts)]


def _pick(services: Mapping[str, Service], slugs: Collection[str]) -> list[Service]:
    unknown = [slug for slug in slugs if slug not in services]
    if unknown:
        raise Invalid("office", N_("“%(slug)s” is not a service of the catalogue."), slug=unknown[0])
    return [services[slug] for slug in slugs]
