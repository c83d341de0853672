"""An office as a draft: everything that a file can set, as it is now, always in the same order."""

import hashlib
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, time
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from frontoffice.config import OfficeReminders
from frontoffice.errors import N_, Conflict
from frontoffice.offices import finding
from frontoffice.offices.draft import (
    ClosureDraft,
    CounterDraft,
    HoursDraft,
    KeepDraft,
    NotesDraft,
    OfficeDraft,
    ScheduleDraft,
    ServiceDraft,
    SlideDraft,
)
from frontoffice.offices.models import Counter, Office, OpeningHours, Schedule, Service, Slide

PLAIN = (
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
)


class Contradiction(Conflict):
    """What is stored of an office is nothing that a file could say."""

    code = "contradiction"
    sentence = N_(
        "The settings of this office contradict each other: %(place)s: %(reason)s. Please let an administrator "
        "put them right with the command “frontoffice office change”."
    )


def draft_of(session: Session, office: Office, today: date) -> OfficeDraft:
    """Everything that is set for the office, with closures from `today` on. Raises Contradiction."""
    try:
        return OfficeDraft(
            **{name: getattr(office, name) for name in PLAIN},
            languages=tuple(office.languages),
            open_on=tuple(date.fromisoformat(each) for each in office.open_on),
            reminder_hours=None if office.reminder_hours is None else tuple(office.reminder_hours),
            notes=NotesDraft(**office.notes),
            keep_days=KeepDraft(**office.keep_days),
            document_reminders=OfficeReminders.model_validate(office.document_reminders),
            complete=True,
            services=tuple(_service(each) for each in office.services),
            schedules=tuple(_schedule(each) for each in office.schedules),
            closures=_closures(session, office, today),
            counters=tuple(_counter(each, office.services) for each in office.counters),
            slides=slides_of(office),
        )
    except ValidationError as error:
        first: Any = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or office.slug
        raise Contradiction(place=place, reason=first["msg"].removeprefix("Value error, ")) from None


def fingerprint(part: BaseModel) -> str:
    """A few characters that tell this draft, or part of one, from any other: pages carry it."""
    return hashlib.sha256(part.model_dump_json().encode()).hexdigest()[:16]


def hours_of(schedule: Schedule) -> tuple[HoursDraft, ...]:
    """The opening hours of a schedule, weekdays with the same ones together."""
    return together((_hours(each), each.weekday) for each in schedule.opening_hours)


def in_order(drafts: Iterable[HoursDraft], today: date) -> tuple[HoursDraft, ...]:
    """Opening hours as `hours_of` would give them once they are stored; those without a beginning hold from `today`."""
    return together(
        (each.model_copy(update={"weekdays": (), "valid_from": each.valid_from or today}), weekday)
        for each in drafts
        for weekday in dict.fromkeys(each.weekdays)
    )


def together(pairs: Iterable[tuple[HoursDraft, int]]) -> tuple[HoursDraft, ...]:
    """Rules and their weekdays as few rules as possible. The same rule twice stays two: their seats add up."""
    seen: Tally[tuple[HoursDraft, int]] = Tally()
    weekdays: dict[tuple[HoursDraft, int], list[int]] = defaultdict(list)
    for rule, weekday in pairs:
        weekdays[rule, seen[rule, weekday]].append(weekday)
        seen[rule, weekday] += 1
    merged = [
        rule.model_copy(update={"weekdays": tuple(sorted(days))}) for (rule, _), days in weekdays.items()
    ]
    return tuple(sorted(merged, key=_place))


def slides_of(office: Office) -> tuple[SlideDraft, ...]:
    """The slides of an office in their order."""
    return tuple(_slide(each) for each in office.slides)


def _place(rule: HoursDraft) -> tuple[object, ...]:
    # What tells two rules apart that begin alike does not matter, if it is always the same.
    return rule.weekdays, rule.valid_from, rule.opens, rule.closes == time(), rule.model_dump_json()


def _hours(row: OpeningHours) -> HoursDraft:
    return HoursDraft.model_construct(
        weekdays=(),
        opens=row.opens,
        closes=row.closes,
        online=row.seats_online,
        phone=row.seats_phone,
        on_site=row.seats_on_site,
        emergency=row.seats_emergency,
        breaks=tuple((time.fromisoformat(begins), time.fromisoformat(ends)) for begins, ends in row.breaks),
        every_weeks=row.every_weeks,
        nth=row.nth,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        bookable_from_days=row.bookable_from_days,
        bookable_until_days=row.bookable_until_days,
        release_time=row.release_time,
    )


def _schedule(row: Schedule) -> ScheduleDraft:
    return ScheduleDraft(
        slug=row.slug,
        name=row.name,
        services=tuple(each.slug for each in row.services),
        pooled=row.pooled,
        place=row.place,
        emergency_days=row.emergency_days,
        flow_hours=row.flow_hours,
        opening_hours=hours_of(row),
    )


def _service(row: Service) -> ServiceDraft:
    return ServiceDraft(
        slug=row.slug,
        names=row.names,
        plain=row.plain,
        documents={code: tuple(lines) for code, lines in row.documents.items()},
        legal_basis=row.legal_basis,
        leika=row.leika,
        minutes=row.minutes,
        minutes_next_person=row.minutes_next_person,
        minutes_together=row.minutes_together,
        most_people=row.most_people,
        reminder_hours=None if row.reminder_hours is None else tuple(row.reminder_hours),
        biometrics=row.biometrics,
        promise_days=row.promise_days,
        online=row.online,
        walk_in=row.walk_in,
        active=row.active,
    )


def _counter(row: Counter, services: Sequence[Service]) -> CounterDraft:
    taken = {each.id for each in row.services}
    takes_all = all(each.id in taken for each in services)
    return CounterDraft(
        name=row.name,
        room=row.room,
        team=row.team,
        services=() if takes_all else tuple(each.slug for each in services if each.id in taken),
        languages=tuple(row.languages),
        active=row.active,
    )


def _slide(row: Slide) -> SlideDraft:
    return SlideDraft(
        room=row.room,
        titles=row.titles,
        texts=row.texts,
        link=row.link,
        seconds=row.seconds,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )


def _closures(session: Session, office: Office, today: date) -> tuple[ClosureDraft, ...]:
    slugs = {each.id: each.slug for each in office.schedules}
    days: dict[tuple[str | None, time | None, time | None, str], list[date]] = defaultdict(list)
    for row in finding.coming_closures(session, office, today):
        slug = None if row.schedule_id is None else slugs[row.schedule_id]
        days[slug, row.opens, row.closes, row.reason].append(row.day)
    found = [
        ClosureDraft(days=tuple(sorted(set(each))), schedule=slug, opens=opens, closes=closes, reason=reason)
        for (slug, opens, closes, reason), each in days.items()
    ]
    return tuple(sorted(found, key=lambda each: (each.days, each.model_dump_json())))
