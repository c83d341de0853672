"""Stopping a provider that cannot send anything, and letting the other one take over."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.messages import outbox
from frontoffice.messages.models import ChannelStop, Medium
from frontoffice.offices.models import Office

log = structlog.get_logger(__name__)

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Stopped:
    """A provider that is stopped: since when (UTC), and why."""

    provider: str
    medium: Medium
    reason: str
    since: datetime


def state(session: Session) -> list[Stopped]:
    """The providers that are stopped, the one that was stopped first before the others."""
    query = select(ChannelStop).order_by(ChannelStop.stopped_at, ChannelStop.provider)
    return [
        Stopped(each.provider, each.medium, each.reason, each.stopped_at) for each in session.scalars(query)
    ]


def stop(session: Session, provider: str, medium: Medium, reason: str, now: datetime) -> bool:
    """Stop a provider; it is tried again after its rest. Says whether that is news."""
    statement = outbox.insert_for(session)(ChannelStop).values(
        provider=provider, medium=medium, reason=reason[:LONGEST_REASON], stopped_at=now
    )
    known = session.get(ChannelStop, provider) is not None
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["provider"],
            set_={"reason": statement.excluded.reason, "stopped_at": statement.excluded.stopped_at},
        )
    )
    log.error("provider.stopped", provider=provider, medium=medium, reason=reason)
    return not known


def tell(session: Session, provider: str, medium: Medium, reason: str, now: datetime) -> None:
    """Append an event to every office: its audit trail says since when and why. Comes last in a transaction."""
    for office_id in session.scalars(select(Office.id).order_by(Office.id)).all():
        events.append(
            session,
            office_id,
            "channel.stopped",
            now,
            actor="worker",
            subject=f"channel:{provider}",
            data={"medium": medium.value, "reason": reason},
        )


def resume(session: Session, provider: str) -> None:
    """Let a provider go again: its cause is mended, or a message has left through it."""
    gone = session.scalar(
        delete(ChannelStop).where(ChannelStop.provider == provider).returning(ChannelStop.reason)
    )
    if gone is not None:
        log.info("provider.resumed", provider=provider, was=gone)


def at_rest(stops: Iterable[Stopped], rest: timedelta, now: datetime) -> set[str]:
    """Those of the stopped providers that are not to be tried again yet."""
    return {each.provider for each in stops if each.since > now - rest}
