"""A second look right before a call: what was claimed a moment ago may have been taken back since."""

from functools import cache

from sqlalchemy import String, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from frontoffice.messages import suppression
from frontoffice.messages.claiming import Claimed
from frontoffice.messages.models import Message, Mute, Suppression
from frontoffice.quick import Quick


def may_leave(session: Session, claimed: Claimed) -> bool:
    """Whether a message is still this worker's, is not cancelled, and its recipient has not opted out."""
    topic = suppression.topic_of(claimed.kind)
    values = {"id": claimed.id, "owner": claimed.owner, "topic": topic} | {
        f"digest_{number}": digest for number, digest in enumerate(claimed.digests)
    }
    return bool(_look(len(claimed.digests), topic is not None).run(session, values))


@cache
def _look(keys: int, has_topic: bool) -> Quick:
    digests = [bindparam(f"digest_{number}", type_=String()) for number in range(keys)]
    query = select(Message.id).where(
        Message.id == bindparam("id"),
        Message.lease_owner == bindparam("owner"),
        Message.cancelled_at.is_(None),
        ~exists().where(or_(*(Suppression.recipient == digest for digest in digests))),
    )
    if has_topic:
        is_theirs = or_(*(Mute.recipient == digest for digest in digests))
        query = query.where(~exists().where(is_theirs, Mute.topic == bindparam("topic", type_=String())))
    return Quick(query)
