"""Stopping a provider that cannot send anything, and letting the other one take over."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.config import Messages
from frontoffice.events import Event
from frontoffice.messages import outbox
from frontoffice.messages.models import ChannelStop, Medium
from frontoffice.offices.models import Office

log = structlog.get_logger(__name__)

LONGEST_REASON = 200
STOPPED, RESUMED = "channel.stopped", "channel.resumed"  # events of every office


@dataclass(frozen=True, slots=True)
class Stopped:
    """A provider that is stopped: since when (UTC), why, and when it was last found so."""

    provider: str
    medium: Medium
    reason: str
    since: datetime
    tried_at: datetime


def state(session: Session) -> list[Stopped]:
    """The providers that are stopped, the one that was stopped first before the others."""
    found = [
        Stopped(
            each.provider, each.medium, each.reason, _first(session, each) or each.stopped_at, each.stopped_at
        )
        for each in session.scalars(select(ChannelStop))
    ]
    return sorted(found, key=lambda each: (each.since, each.provider))


def silent(session: Session, settings: Messages) -> Mapping[Medium, bool]:
    """The media of which a provider is stopped; true where no other one takes over, so that nothing leaves."""
    stopped = session.scalars(select(ChannelStop.medium)).all()
    carriers = {Medium.SMS: 1 if settings.sms_backup == "none" else 2, Medium.MAIL: 1}
    return {medium: stopped.count(medium) >= many for medium, many in carriers.items() if medium in stopped}


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
    _tell(session, STOPPED, provider, now, "worker", {"medium": medium.value, "reason": reason})


def resume(session: Session, providers: Iterable[str], now: datetime, actor: str = "worker") -> None:
    """Let providers go again: the cause is mended, or a message has left. Comes last in a transaction, as `tell`."""
    gone = session.execute(
        delete(ChannelStop)
        .where(ChannelStop.provider.in_(providers))
        .returning(ChannelStop.provider, ChannelStop.medium, ChannelStop.reason)
        .execution_options(synchronize_session="fetch")
    ).all()
    for provider, medium, reason in sorted(gone):
        log.info("provider.resumed", provider=provider, was=reason)
        _tell(session, RESUMED, provider, now, actor, {"medium": medium.value})


def at_rest(stops: Iterable[Stopped], rest: timedelta, now: datetime) -> set[str]:
    """Those of the stopped providers that are not to be tried again yet."""
    return {each.provider for each in stops if each.tried_at > now - rest}


def _first(session: Session, stop: ChannelStop) -> datetime | None:
    """When it was stopped: the event was written then, and not again at each attempt in vain since."""
    query = select(Event.kind, Event.at).where(Event.subject == _subject(stop.provider))
    last = session.execute(query.order_by(Event.id.desc()).limit(1)).first()
    return last.at if last and last.kind == STOPPED else None


def _subject(provider: str) -> str:
    return f"channel:{provider}"


def _tell(
    session: Session, kind: str, provider: str, now: datetime, actor: str, data: Mapping[str, str]
) -> None:
    subject = _subject(provider)
    for office_id in session.scalars(select(Office.id).order_by(Office.id)).all():
        events.append(session, office_id, kind, now, actor=actor, subject=subject, data=dict(data))
