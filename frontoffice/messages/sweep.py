"""Tidying the outbox: leases that ran out, messages that come too late."""

from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from frontoffice.messages import settle
from frontoffice.messages.models import ChannelStop, Message, MessageState
from frontoffice.messages.timing import Timing

log = structlog.get_logger(__name__)

AT_ONCE = 500


def lapse(session: Session, timing: Timing, now: datetime) -> int:
    """Messages whose worker has not reported before its lease ran out become UNKNOWN; says how many."""
    query = (
        select(Message)
        .where(Message.state == MessageState.SENDING, Message.lease_until <= now)
        .order_by(Message.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    lapsed = session.scalars(query).all()
    for message in lapsed:
        log.warning("message.lease_ran_out", id=message.id, kind=message.kind, medium=message.medium)
        message.error_code = "lease"
        settle.unclear(message, timing, now)
    return len(lapsed)


def expire(session: Session, now: datetime) -> int:
    """Messages that have not left in time are given up, without a mail instead; says how many.

    By then what they say is over. Where an attempt shows that there will be no other one in time (`settle.again`), the
    mail leaves at once, while it is still of use; and it does for what may have left and turns out not to have.
    """
    gone = session.scalars(
        update(Message)
        .where(Message.state == MessageState.PENDING, Message.expires_at <= now)
        .values(state=MessageState.EXPIRED, final_at=now)
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    ).all()
    if gone:
        log.warning("messages.expired", count=len(gone))
    return len(gone)


def try_anew(session: Session, timing: Timing, now: datetime) -> None:
    """A worker that starts takes it that the cause may have been mended: stopped providers are tried now.

    With one message each, and not more often than once in a while: a worker may be started again and again.
    """
    session.execute(
        update(ChannelStop)
        .where(ChannelStop.stopped_at <= now - timing.try_anew)
        .values(stopped_at=now - timing.stop)
        .execution_options(synchronize_session=False)
    )
