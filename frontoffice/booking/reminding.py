"""Reminders, written when their time has come: how much work that is depends on what is due, not on what is booked.

Each run goes on from where the last one ended, a little overlapping, because an appointment can become visible a
moment after its own time. A reminder's key is unique, so that an overlap and a run too many write nothing twice.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, joinedload

from frontoffice.booking import appointing, letters
from frontoffice.booking.daybook import SHEETS
from frontoffice.booking.models import Appointment, State
from frontoffice.config import Config
from frontoffice.messages import outbox
from frontoffice.messages.models import JobLease, Message
from frontoffice.messages.outbox import Draft
from frontoffice.offices.models import Office, Schedule, Service

WRITTEN_UNTIL = "reminders written until"
OVERLAP = timedelta(minutes=5)
AT_ONCE = timedelta(hours=1)  # so much of a time that was missed is made up for in one transaction
FORGIVEN = timedelta(days=1)  # so far back the first run looks, and one after the clock was wrong


class Swept(NamedTuple):
    """How many messages were written, and until when what was due is written now."""

    written: int
    until: datetime


def sweep(session: Session, now: datetime, *, settings: Config) -> Swept:
    """Write the reminders that became due since the last run; at most an hour's, so call again until `until` is now.

    An appointment that was booked, confirmed or moved after a reminder's time gets none, as what it was sent then
    says the same. Of several that are late only the last one leaves, and none once the appointment has begun.
    """
    steps = _steps(session, settings.messages.reminder_hours)
    # What was due before that is about appointments that have begun.
    earliest = now - timedelta(hours=max((hours for hours, _ in steps), default=0))
    done = max(_written_until(session, now), earliest)
    while True:
        until = min(now, done + AT_ONCE)
        drafts = [draft for step in steps for draft in _due(session, *step, done, until, now, settings)]
        if drafts or until >= now:
            break
        done = until  # nothing was due then, and an empty hour needs no transaction of its own
    new = _not_written(session, drafts)
    outbox.enqueue_all(session, new, now)
    session.get_one(JobLease, WRITTEN_UNTIL).slot = int(until.timestamp())
    session.flush()
    return Swept(len(new), until)


def _due(
    session: Session,
    hours: int,
    condition: ColumnElement[bool],
    done: datetime,
    until: datetime,
    now: datetime,
    settings: Config,
) -> list[Draft]:
    """The reminders that are sent so many hours before, and that became due between `done` and `until`."""
    ahead = timedelta(hours=hours)
    found = session.scalars(
        select(Appointment)
        .where(
            Appointment.state == State.CONFIRMED,
            Appointment.start > max(done - OVERLAP + ahead, now),
            Appointment.start <= until + ahead,
            condition,
        )
        .options(joinedload(Appointment.service), joinedload(Appointment.office))
        .order_by(Appointment.id)
        # Shared with nobody who changes one: a cancellation is waited for, or takes the reminder back.
        .with_for_update(read=True, of=Appointment)
        .execution_options(populate_existing=True)
    ).all()
    wanted = [each for each in found if _wants(each, hours, now, settings)]
    return _drafts(session, wanted, hours, now, settings) if wanted else []


def _written_until(session: Session, now: datetime) -> datetime:
    """Until when reminders are written; locked, so that runs come one after the other."""
    session.execute(
        outbox.insert_for(session)(JobLease)
        .values(name=WRITTEN_UNTIL, slot=int((now - FORGIVEN).timestamp()))
        .on_conflict_do_nothing(index_elements=["name"])
    )
    query = select(JobLease.slot).where(JobLease.name == WRITTEN_UNTIL).with_for_update()
    done = datetime.fromtimestamp(session.scalars(query).one(), UTC)
    return done if done <= now + OVERLAP else now - FORGIVEN


def _steps(session: Session, usual: Iterable[int]) -> list[tuple[int, ColumnElement[bool]]]:
    """The hours at which something may be due, each with the appointments that are reminded then."""
    services, offices = (
        [
            (number, listed or [])
            for number, listed in session.execute(
                select(kind.id, kind.reminder_hours).where(kind.reminder_hours.is_not(None))
            )
        ]
        for kind in (Service, Office)
    )
    # A service's own hours come before its office's, and those before what is configured.
    by_office = Appointment.service_id.not_in([number for number, _ in services])
    as_usual = and_(by_office, Appointment.office_id.not_in([number for number, _ in offices]))
    listed_hours = (each for _, listed in (*services, *offices) for each in listed)
    steps = []
    for hours in sorted({*usual, *listed_hours}):
        conditions = [
            Appointment.service_id.in_([number for number, listed in services if hours in listed]),
            and_(
                by_office,
                Appointment.office_id.in_([number for number, listed in offices if hours in listed]),
            ),
        ]
        if hours in usual:
            conditions.append(as_usual)
        steps.append((hours, or_(*conditions)))
    return steps


def _wants(each: Appointment, hours: int, now: datetime, settings: Config) -> bool:
    own = each.service.reminder_hours
    if own is None:
        own = each.office.reminder_hours
    later = [step for step in (settings.messages.reminder_hours if own is None else own) if step < hours]
    due = each.start - timedelta(hours=hours)
    return each.changed_at < due and not any(each.start - timedelta(hours=step) <= now for step in later)


def _drafts(
    session: Session, found: Sequence[Appointment], hours: int, now: datetime, settings: Config
) -> list[Draft]:
    places: dict[int, str | None] = dict(
        session.execute(
            select(SHEETS.c.id, Schedule.place)
            .join(Schedule, Schedule.id == SHEETS.c.schedule_id)
            .where(SHEETS.c.id.in_([each.sheet_id for each in found]))
        ).all()
    )
    return [
        draft
        for each in found
        for draft in letters.reminder(
            session,
            each,
            appointing.person_of(session, each),
            hours,
            now,
            settings,
            places[each.sheet_id],
        )
    ]


def _not_written(session: Session, drafts: Sequence[Draft]) -> list[Draft]:
    keys = [draft.dedupe_key for draft in drafts]
    written = set(session.scalars(select(Message.dedupe_key).where(Message.dedupe_key.in_(keys))))
    return [draft for draft in drafts if draft.dedupe_key not in written]
