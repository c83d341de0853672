"""Everything that a device is told of its office, so that it can work on its own for a while."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from frontoffice.booking import sheet
from frontoffice.config import Config
from frontoffice.line import board, numbers, office_hours, waiting_time
from frontoffice.line.device_wire import (
    LastNumber,
    OpenDayAnswer,
    Setup,
    SetupDevice,
    SetupNumbers,
    SetupOffice,
    SetupRules,
    SetupService,
    SetupTopic,
    Span,
)
from frontoffice.line.expected import Range
from frontoffice.line.models import Ticket
from frontoffice.line.wire import EntryWait
from frontoffice.offices import topics
from frontoffice.offices.models import Office, Service
from frontoffice.staff.models import Device
from frontoffice.web.context import in_language


def of_device(session: Session, device: Device, now: datetime, config: Config) -> Setup:
    """The setup of a device at this moment."""
    office, rules = device.office, config.line
    today = sheet.day_of(now, office.time_zone)
    services = session.scalars(
        select(Service).where(Service.office_id == office.id, Service.active).order_by(Service.position)
    ).all()
    return Setup(
        office=_office(office, config.site.languages),
        device=SetupDevice(name=device.name, series=device.series),
        time=now,
        time_zone=office.time_zone,
        services=[_service(each) for each in services],
        topics=_topics(services, office.languages, config.site.languages),
        hours=[_open_day(each) for each in office_hours.coming(session, office, today)],
        rules=SetupRules(early_minutes=rules.early_minutes, too_late_minutes=rules.too_late_minutes),
        numbers=_numbers(session, office, today),
        waits=_waits(session, office, services, now, config) if device.series else {},
        last_number=_last_number(session, device, now),
        booking_url=f"{config.site.base_url}/book/{office.slug}/",
        ticket_url=f"{config.site.base_url}/ticket/",
        remind_url=f"{config.site.base_url}/remind-me/{office.slug}/",
        doubled=device.doubled_at is not None,
    )


def wait_answer(told: Range | None) -> EntryWait | None:
    """A range as devices are told it."""
    if told is None:
        return None
    low, high = waiting_time.in_minutes(told)
    return EntryWait(low=low, high=high)


def _office(office: Office, known: Sequence[str]) -> SetupOffice:
    """The office, with those of its languages that there are texts in; those of the site where there are none."""
    told = SetupOffice.model_validate(office, from_attributes=True)
    told.languages = [each for each in told.languages if each in known] or list(known)
    return told


def _service(service: Service) -> SetupService:
    return SetupService(
        slug=service.slug,
        names=service.names,
        plain=service.plain,
        documents=service.documents,
        topic=topics.of_service(service.slug),
        walk_in=service.walk_in,
        online=service.online,
    )


def _topics(
    services: Sequence[Service], languages: Iterable[str], known: Collection[str]
) -> list[SetupTopic]:
    """The topics of these services, in all languages of the office that there are texts in."""
    used = {topics.of_service(each.slug) for each in services}
    found = [SetupTopic(slug=topic.value, names={}) for topic in topics.Topic if topic in used]
    for language in languages:
        if language in known:
            with in_language(language):
                for each in found:
                    each.names[language] = str(_(topics.NAMES[topics.Topic(each.slug)]))
    return found


def _open_day(day: office_hours.OpenDay) -> OpenDayAnswer:
    spans = [Span(opens=f"{begins:%H:%M}", closes=f"{ends:%H:%M}") for begins, ends in day.spans]
    return OpenDayAnswer(date=day.day, spans=spans, holiday=day.holiday)


def _numbers(session: Session, office: Office, today: date) -> SetupNumbers:
    known = office_hours.are_known(session, office)
    return SetupNumbers(
        early_minutes=numbers.BEFORE_OPENING // timedelta(minutes=1) if known else None,
        closes_early_at=board.closing_early(session, office.id, today),
    )


def _waits(
    session: Session, office: Office, services: Iterable[Service], now: datetime, config: Config
) -> dict[str, EntryWait]:
    told = {
        each.slug: wait_answer(waiting_time.of_walk_in(session, office, each.id, now, config.line))
        for each in services
        if each.walk_in
    }
    return {slug: wait for slug, wait in told.items() if wait is not None}


def _last_number(session: Session, device: Device, now: datetime) -> LastNumber | None:
    if device.series is None:
        return None
    today = sheet.day_of(now, device.office.time_zone)
    last = session.scalar(
        select(func.max(Ticket.number)).where(
            Ticket.office_id == device.office_id, Ticket.day == today, Ticket.series == device.series
        )
    )
    return LastNumber(date=today, number=last or 0)
