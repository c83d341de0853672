"""How often a phone may ring, and how much leaves in a second: no person is flooded, and no provider's queue."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.config import Messages
from frontoffice.messages import outbox
from frontoffice.messages.models import HAS_LEFT_BY_SMS, Medium, Message, Pace

DAY = timedelta(days=1)
FARTHEST = timedelta(minutes=5)  # ahead of the permitted rate

# Who is called to the counter must learn it now.
AT_ANY_RATE = frozenset({"next"})


def recent(session: Session, digests: Collection[str], now: datetime) -> dict[str, list[datetime]]:
    """When the SMS of the last 24 hours left, by recipient and the latest first; calls to a counter do not count."""
    found: dict[str, list[datetime]] = defaultdict(list)
    if digests:
        query = (
            select(Message.recipient, Message.accepted_at)
            .where(
                HAS_LEFT_BY_SMS,
                Message.recipient.in_(digests),
                Message.accepted_at > now - DAY,
                Message.kind.not_in(AT_ANY_RATE),
            )
            .order_by(Message.accepted_at.desc())
        )
        for recipient, at in session.execute(query):
            found[recipient].append(cast(datetime, at))
    return found


def free_at(left: Sequence[datetime], settings: Messages, now: datetime) -> datetime | None:
    """When the next SMS may go to somebody to whom others left at these moments (latest first); None for now."""
    moments = []
    if left and settings.sms_gap_seconds:
        moments.append(left[0] + timedelta(seconds=settings.sms_gap_seconds))
    if settings.sms_per_day and len(left) >= settings.sms_per_day:
        moments.append(left[settings.sms_per_day - 1] + DAY)
    latest = max(moments, default=now)
    return latest if latest > now else None


def is_paced(settings: Messages) -> bool:
    """Whether SMS leave at a limited rate: where they leave at all."""
    return settings.sms != "console" and settings.segments_per_second > 0


def may_go(session: Session, now: datetime) -> bool:
    """Whether all workers together have not sent more than the rate permits."""
    moment = session.scalar(select(Pace.free_at).where(Pace.medium == Medium.SMS))
    # Far ahead: that was written while the clock was wrong.
    return moment is None or moment <= now or moment > now + FARTHEST


def spend(session: Session, parts: int, settings: Messages, now: datetime) -> None:
    """Note that so many parts of SMS were sent. After the fact: a moment's rush is made up for by waiting."""
    takes = timedelta(seconds=parts / settings.segments_per_second)
    session.execute(
        outbox.insert_for(session)(Pace)
        .values(medium=Medium.SMS, free_at=now)
        .on_conflict_do_nothing(index_elements=["medium"])
    )
    pace = session.scalars(select(Pace).where(Pace.medium == Medium.SMS).with_for_update()).one()
    is_ahead = now < pace.free_at <= now + FARTHEST
    pace.free_at = (pace.free_at if is_ahead else now) + takes
    session.flush()
