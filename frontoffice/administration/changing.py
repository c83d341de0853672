"""Changing what is set for an office, whether a page or a file says how: with a look ahead, and on record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.booking import planning, sheet
from frontoffice.booking.models import DaySheet
from frontoffice.booking.planning import Clash
from frontoffice.config import Booking
from frontoffice.errors import N_, Conflict
from frontoffice.offices import drafting, finding, office_file
from frontoffice.offices.difference import Difference, differences
from frontoffice.offices.draft import OfficeDraft
from frontoffice.offices.models import Office, Schedule

MOST_TOLD = 40  # differences in one event
WEEKS_AHEAD = 8  # of which the minutes are added up by weekday
# What does not concern the book: no sheet has to be planned anew.
APART = frozenset(
    {"name", "street", "postal_code", "city", "phone", "mail", "languages", "confirmation", "walk_in_warning"}
    | {"appointment_warning", "reminder_hours", "notes", "keep_days", "slides"}
    | {"document_reminders"}
)

Minutes = Mapping[tuple[int, int], int]  # minutes of seats by schedule and weekday, in the weeks ahead


class ChangedMeanwhile(Conflict):
    """The settings are no longer those that the page showed."""

    code = "settings_changed"
    sentence = N_(
        "Somebody has changed the settings of this office while you were looking at them. What you entered is still "
        "here. Please compare it with the settings of now before you save."
    )


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does: what is different, which coming appointments no longer fit that do now, and the seats.

    `before` and `after` are minutes of seats in the next eight weeks by schedule and weekday.
    """

    differences: Sequence[Difference]
    misfits: Sequence[Clash]
    before: Minutes
    after: Minutes


def locked_draft(session: Session, office: Office, now: datetime) -> OfficeDraft:
    """What is set for the office now, locked: who comes second sees what the first has saved."""
    session.execute(select(Office.id).where(Office.id == office.id).with_for_update(key_share=True))
    finding.locked_schedules(session, office)
    session.expire(office)
    return drafting.draft_of(session, office, sheet.day_of(now, office.time_zone))


def change(
    session: Session,
    office: Office,
    draft: OfficeDraft,
    now: datetime,
    *,
    rules: Booking,
    actor: str,
) -> Effect:
    """Make the office what the draft says, plan its book anew where that is needed, and put it on record.

    Raises as `office_file.change`.
    """
    today = sheet.day_of(now, office.time_zone)
    was = locked_draft(session, office, now)
    before, misfits = _minutes(session, office, today), _misfits(session, office, now)
    office_file.change(session, draft, today)
    session.expire(office)
    found = differences(was, drafting.draft_of(session, office, today))
    if any(each.part != "office" or each.field not in APART for each in found):
        planning.plan_ahead(session, office, now, rules)
    after, then = _minutes(session, office, today), _misfits(session, office, now)
    if found:
        _happened(session, office, found, now, actor)
    new = [clash for number, clash in then.items() if number not in misfits]
    return Effect(found, new, before, after)


def look_ahead(
    session: Session,
    office: Office,
    draft: OfficeDraft,
    now: datetime,
    *,
    rules: Booking,
) -> Effect:
    """What `change` would do, by doing it and taking it back. Raises as `change`."""
    savepoint = session.begin_nested()
    try:
        return change(session, office, draft, now, rules=rules, actor="nobody")
    finally:
        savepoint.rollback()
        session.expire_all()


def add(
    session: Session,
    draft: OfficeDraft,
    now: datetime,
    *,
    rules: Booking,
    actor: str,
    like: str | None = None,
) -> Office:
    """Add an office and plan its book; `like` is which one the draft is a copy of. Raises as `office_file.add`."""
    office = office_file.add(session, draft, sheet.day_of(now, draft.time_zone))
    planning.plan_ahead(session, office, now, rules)
    data = {"copy_of": like} if like else {}
    subject = f"office:{office.id}"
    events.append(session, office.id, "office.added", now, actor=actor, subject=subject, data=data)
    return office


def _misfits(session: Session, office: Office, now: datetime) -> dict[int, Clash]:
    return {each.appointment_id: each for each in planning.all_clashes(session, office, now)}


def _minutes(session: Session, office: Office, today: date) -> Minutes:
    rows = session.execute(
        select(Schedule.id, DaySheet.day, DaySheet.capacity)
        .join(DaySheet, DaySheet.schedule_id == Schedule.id)
        .where(Schedule.office_id == office.id)
        .where(DaySheet.day > today, DaySheet.day <= today + timedelta(weeks=WEEKS_AHEAD))
    )
    found: dict[tuple[int, int], int] = {}
    for schedule, day, capacity in rows:
        place = schedule, day.weekday()
        found[place] = found.get(place, 0) + sheet.MINUTES * sum(capacity)
    return found


def _happened(
    session: Session, office: Office, found: Sequence[Difference], now: datetime, actor: str
) -> None:
    told = [each.as_data() for each in found[:MOST_TOLD]]
    data = {"changes": told} | ({"more": len(found) - MOST_TOLD} if len(found) > MOST_TOLD else {})
    events.append(
        session, office.id, "office.changed", now, actor=actor, subject=f"office:{office.id}", data=data
    )
