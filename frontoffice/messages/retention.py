"""How long things are kept: contents go soon after a message's end, the rest of the row much later, by itself.

What stays for as long as it is needed: opt-outs, as keyed hashes.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from frontoffice.messages.models import FINAL, Message, Receipt
from frontoffice.offices import keeping
from frontoffice.offices.keeping import Kept

AT_ONCE = 500
# After that no message comes any more that a receipt could belong to.
UNCLAIMED = timedelta(days=30)


def redact(session: Session, keep: timedelta, now: datetime) -> int:
    """Address and contents go so long after the final state; kind, times, outcome and the keyed hash stay.

    An office can have them kept for a shorter time. At most 500 at once for each such time; says how many.
    """
    ids = list[int]()
    for span, of_office in keeping.spans(session, Message.office_id, Kept.MESSAGES, keep):
        due = (
            select(Message.id)
            .where(Message.envelope.is_not(None), Message.final_at <= now - span, Message.state.in_(FINAL))
            .where(of_office)
            .order_by(Message.final_at)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        ids += session.scalars(due).all()
    session.execute(
        update(Message)
        .where(Message.id.in_(ids), Message.state.in_(FINAL))
        .values(envelope=None, redacted_at=now)
        .execution_options(synchronize_session=False)
    )
    return len(ids)


def forget(session: Session, keep: timedelta, now: datetime) -> int:
    """Rows go so long after their contents, with their receipts; at most 500 at once, says how many.

    A mail that stands in for an SMS stays without it.
    """
    due = select(Message.id).where(Message.redacted_at <= now - keep).order_by(Message.redacted_at)
    ids = session.scalars(due.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    session.execute(update(Message).where(Message.parent_id.in_(ids)).values(parent_id=None))
    session.execute(delete(Message).where(Message.id.in_(ids)))
    session.execute(
        delete(Receipt).where(Receipt.message_id.is_(None), Receipt.received_at <= now - UNCLAIMED)
    )
    return len(ids)
