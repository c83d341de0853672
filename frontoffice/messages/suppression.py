"""Who does not want which messages: opting out by link or keyword, of everything or of a topic, and back in again."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.messages import outbox
from frontoffice.messages.models import Medium, Mute, Suppression

log = structlog.get_logger(__name__)

BY_KEYWORD, BY_LINK = "by keyword", "by link"
BY_PROVIDER = "provider:"  # how the reason begins where the provider refuses to send


class Topic(StrEnum):
    """What can be switched off by itself. The rest is about an appointment that somebody has, and is needed."""

    REMINDERS = "reminders"
    OFFERS = "offers"
    LINE = "line"


_TOPICS = {
    "reminder": Topic.REMINDERS,
    "expiry": Topic.REMINDERS,
    "waitlist_offer": Topic.OFFERS,
    "waitlist_ended": Topic.OFFERS,
    "next": Topic.LINE,
    "closing_early": Topic.LINE,
}


def topic_of(kind: str) -> Topic | None:
    """The topic that a kind of message belongs to; None for what is needed. "expiry_90" belongs where "expiry" does."""
    return _TOPICS.get(kind) or _TOPICS.get(kind.partition("_")[0])


def opt_out(session: Session, digest: str, medium: Medium, reason: str, now: datetime) -> None:
    """Remember that a recipient takes no messages over a medium; what is pending is put aside when its turn comes."""
    session.execute(
        outbox.insert_for(session)(Suppression)
        .values(recipient=digest, medium=medium, reason=reason, created_at=now)
        .on_conflict_do_nothing(index_elements=["recipient", "medium"])
    )
    log.info("recipient.opted_out", medium=medium, reason=reason)


def opt_in(session: Session, digests: Collection[str], medium: Medium) -> None:
    """Take it back, under whichever key it was noted. What was put aside meanwhile is not sent any more."""
    gone = session.execute(
        delete(Suppression)
        .where(Suppression.recipient.in_(digests), Suppression.medium == medium)
        .returning(Suppression.id)
        .execution_options(synchronize_session=False)
    ).all()
    if gone:
        log.info("recipient.opted_in", medium=medium)


def mute(session: Session, digest: str, topic: Topic, now: datetime) -> None:
    """Remember that a recipient wants nothing on a topic."""
    session.execute(
        outbox.insert_for(session)(Mute)
        .values(recipient=digest, topic=topic, created_at=now)
        .on_conflict_do_nothing(index_elements=["recipient", "topic"])
    )


def unmute(session: Session, digests: Collection[str], topic: Topic) -> None:
    """Take it back."""
    session.execute(
        delete(Mute)
        .where(Mute.recipient.in_(digests), Mute.topic == topic)
        .execution_options(synchronize_session=False)
    )


def muted(session: Session, digests: Collection[str]) -> set[tuple[str, str]]:
    """Which of the recipients want nothing on which topics."""
    rows = session.execute(select(Mute.recipient, Mute.topic).where(Mute.recipient.in_(digests)))
    return {(recipient, topic) for recipient, topic in rows}


def reason(session: Session, digests: Collection[str]) -> str | None:
    """Why a recipient takes no messages over their medium; None where they do."""
    return session.scalar(
        select(Suppression.reason).where(Suppression.recipient.in_(digests)).order_by(Suppression.id).limit(1)
    )


def digests_of(session: Session, medium: Medium, address: str) -> list[str]:
    """The keyed hashes that stand for an address, that of the current key first."""
    return outbox.recipient_digests(vaults.of(session), medium, address)
