"""Upkeep of watches: forget what is over or unwanted, and plan anew where an office has another ladder."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from frontoffice import vault as vaults
from frontoffice.config import Config, Documents
from frontoffice.documents import contact as contacts
from frontoffice.documents import ladder, ladders, watching
from frontoffice.documents.ladder import Ladder
from frontoffice.documents.models import ExpiryWatch, LadderInUse, WatchState
from frontoffice.messages import outbox
from frontoffice.messages.models import Mute
from frontoffice.messages.suppression import Topic
from frontoffice.offices import keeping
from frontoffice.offices.keeping import Kept
from frontoffice.offices.models import Office
from frontoffice.vault import InvalidToken

AT_ONCE = 500
RANGE = 10_000  # numbers of watches looked through in one transaction


def forget(session: Session, office: Office, now: datetime, *, settings: Config) -> int:
    """Watches go so long after the end of their document, at most 500 at once; says how many."""
    days = keeping.days_at(office, Kept.WATCHES, settings)
    day = watching.today_at(office, now) - timedelta(days=days)
    over = (
        select(ExpiryWatch.id)
        .where(ExpiryWatch.office_id == office.id, ExpiryWatch.ends_on < day)
        .order_by(ExpiryWatch.ends_on)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    numbers = session.scalars(over).all()
    session.execute(delete(ExpiryWatch).where(ExpiryWatch.id.in_(numbers)))
    return len(numbers)


def forget_muted(session: Session, now: datetime) -> int:
    """Contacts of those who have switched reminders off go; at most 500 at once, says how many.

    Who has switched them off for the mail behind a phone keeps the phone.
    """
    found = _muted(session, ExpiryWatch.recipient)
    for watch in found:
        watching.forget_contact(watch, now)
        outbox.cancel(session, watching.subject(watch), now, kinds=[watching.KIND])
        if watch.external is None:
            session.delete(watch)
    session.flush()
    behind = _muted(session, ExpiryWatch.fallback_recipient)
    vault = vaults.of(session)
    for watch in behind:
        watch.fallback_recipient = None
        try:
            contact = contacts.of(vault, watch)
        except InvalidToken:
            continue
        watch.contact = contact.reseal_without_mail(vault) if contact else None
    session.flush()
    return max(len(found), len(behind))


def _muted(session: Session, column: InstrumentedAttribute[str | None]) -> Sequence[ExpiryWatch]:
    unwanted = (
        select(ExpiryWatch)
        .join(Mute, (Mute.recipient == column) & (Mute.topic == Topic.REMINDERS))
        .order_by(ExpiryWatch.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True, of=ExpiryWatch)
    )
    return session.scalars(unwanted).all()


def outdated(session: Session, settings: Documents) -> dict[int, Ladder]:
    """The offices whose watches were planned by another ladder than they have now, with that."""
    used = {each.office_id: each.fingerprint for each in session.scalars(select(LadderInUse))}
    now = ladders.of_all(session.scalars(select(Office)), settings)
    return {number: plan for number, plan in now.items() if used.get(number) != ladders.fingerprint(plan)}


def replan(session: Session, plans: dict[int, Ladder], after: int, now: datetime) -> int | None:
    """Plan the watches of these offices anew, those with the next 10,000 numbers after one.

    Gives the number to go on from; None where there are no more. What is due already stays so, and the sweep looks
    whether it still is.
    """
    until = after + RANGE
    offices = {each.id: each for each in session.scalars(select(Office).where(Office.id.in_(plans)))}
    rows = session.scalars(
        select(ExpiryWatch)
        .where(
            ExpiryWatch.id > after,
            ExpiryWatch.id <= until,
            ExpiryWatch.office_id.in_(plans),
            ExpiryWatch.state == WatchState.ACTIVE,
        )
        .order_by(ExpiryWatch.id)
        .with_for_update()
    )
    for watch in rows:
        _replan(watch, plans[watch.office_id], watching.today_at(offices[watch.office_id], now))
    session.flush()
    last = session.scalar(select(func.max(ExpiryWatch.id))) or 0
    return until if until < last else None


def note(session: Session, plans: dict[int, Ladder]) -> None:
    """Remember that their watches are planned by these ladders now."""
    for number, plan in plans.items():
        session.merge(LadderInUse(office_id=number, fingerprint=ladders.fingerprint(plan)))
    session.flush()


def _replan(watch: ExpiryWatch, plan: Ladder, today: date) -> None:
    ends_on = ladder.end_of(plan, watch.kind, watch.expires_on)
    if watch.ends_on != ends_on:
        watch.ends_on = ends_on
    if watch.next_on is None or watch.next_on > today:
        # Today's step of somebody who has been told today is the one of which they were told.
        after = today if watch.told_on == today else today - ladder.DAY
        next_on = ladder.next_day(plan, watch.kind, watch.expires_on, after)
        if watch.next_on != next_on:
            watch.next_on = next_on
