"""Sending what is due: claim, commit, call the provider outside any transaction, record the answer, commit.

A crash between these steps leaves a message in SENDING. When its lease runs out it becomes UNKNOWN, never
PENDING: it may have left.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Select, and_, exists, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session, aliased

from frontoffice import clock as clocks
from frontoffice import vault as vaults
from frontoffice.config import Messages
from frontoffice.db import Database
from frontoffice.messages import calendar_file, outbox, quiet, settle, texts
from frontoffice.messages.envelope import Envelope, unseal
from frontoffice.messages.models import ChannelStop, Medium, Message, MessageState
from frontoffice.messages.outcomes import Meaning
from frontoffice.messages.provider import Accepted, Outcome, Outgoing, Providers, Refused
from frontoffice.messages.timing import Timing
from frontoffice.offices.models import Office

log = structlog.get_logger(__name__)

# So often may two workers reach for the same phone at once before one of them leaves it for the next tick.
MOST_COLLISIONS = 5
DEADLOCK = "40P01"  # PostgreSQL's code for it


@dataclass(frozen=True, slots=True)
class Delivery:
    """What delivering needs. It spans transactions, so it reads the clock itself, through `clock`."""

    database: Database
    providers: Providers
    settings: Messages
    timing: Timing
    clock: Callable[[], datetime] = clocks.now


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours to send until `lease_until`."""

    id: int
    owner: str
    lease_until: datetime
    valid_for: timedelta
    kind: str
    medium: Medium
    language: str
    key: str
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Batch:
    """What a claim brought. `looked_at` counts also those that were found not to leave now."""

    claimed: list[Claimed]
    looked_at: int


def deliver_due(delivery: Delivery, stopping: Callable[[], bool] = lambda: False) -> int:
    """Send everything that is due, or until `stopping`; says how many messages were handed to a provider."""
    sent = collisions = 0
    while not stopping():
        try:
            with delivery.database.write() as session:
                batch = claim(session, delivery.settings, delivery.timing, delivery.clock())
        except DBAPIError as error:
            collisions += 1
            if not _is_collision(error) or collisions > MOST_COLLISIONS:
                raise
            continue
        collisions = 0
        if not batch.looked_at:
            break
        sent += _send_all(delivery, batch.claimed, stopping)
    return sent


def claim(session: Session, settings: Messages, timing: Timing, now: datetime) -> Batch:
    """Claim the next messages, the most urgent first. Raises DBAPIError where another worker was faster.

    Messages that may not leave now (quiet hours, opted out meanwhile) are put aside on the way.
    """
    owner = uuid4().hex
    rows = session.execute(_due(timing, now)).all()
    opened = {message.id: unseal(vaults.of(session), message.envelope) for message, _ in rows}
    digests = {
        message.id: set(outbox.recipient_digests(vaults.of(session), message.medium, envelope.to))
        for message, _ in rows
        if (envelope := opened[message.id])
    }
    suppressed = outbox.find_suppressed(session, set().union(*digests.values()))
    chosen: dict[str, Claimed] = {}
    for message, time_zone in rows:
        envelope, zone = opened[message.id], ZoneInfo(time_zone)
        one_at_a_time = message.recipient if message.medium is Medium.SMS else message.dedupe_key
        if envelope is None:
            message.error_code = "unreadable"
            settle.close(session, message, MessageState.DEAD, now)
        elif digests[message.id] & suppressed:
            settle.close(session, message, MessageState.SUPPRESSED, now)
        elif morning := _quiet_end(message, zone, settings, now):
            settle.again(session, message, now, morning - now)
        elif one_at_a_time not in chosen:
            valid_for = _valid_until(message, zone, settings, now) - now
            chosen[one_at_a_time] = _claimed(message, envelope, owner, now + timing.lease, valid_for)
    session.flush()
    _take(session, [each.id for each in chosen.values()], owner, timing, now)
    return Batch(list(chosen.values()), len(rows))


def _is_collision(error: DBAPIError) -> bool:
    """Whether another worker has just claimed a message to the same phone; the next look sees that."""
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", None) == DEADLOCK


def _due(timing: Timing, now: datetime) -> Select[Message, str]:
    other = aliased(Message)
    in_flight = exists().where(
        other.recipient == Message.recipient,
        other.medium == Medium.SMS,
        other.state.in_([MessageState.SENDING, MessageState.UNKNOWN]),
    )
    stopped = select(ChannelStop.medium).where(ChannelStop.stopped_at > now - timing.stop)
    return (
        select(Message, Office.time_zone)
        .join(Office, Office.id == Message.office_id)
        .where(
            Message.state == MessageState.PENDING,
            Message.not_before <= now,
            Message.expires_at > now,
            Message.medium.not_in(stopped),
            ~and_(Message.medium == Medium.SMS, in_flight),
        )
        .order_by(Message.priority, Message.not_before, Message.id)
        .limit(timing.batch)
        .with_for_update(skip_locked=True, of=Message)
    )


def _take(session: Session, ids: list[int], owner: str, timing: Timing, now: datetime) -> None:
    if ids:
        session.execute(
            update(Message)
            .where(Message.id.in_(ids), Message.state == MessageState.PENDING)
            .values(
                state=MessageState.SENDING,
                attempts=Message.attempts + 1,
                attempt_started_at=now,
                lease_owner=owner,
                lease_until=now + timing.lease,
            )
            .execution_options(synchronize_session=False)
        )


def _quiet_end(message: Message, zone: ZoneInfo, settings: Messages, now: datetime) -> datetime | None:
    if not quiet.are_kept(message.kind, message.medium):
        return None
    return quiet.end(now, zone, settings.quiet_from, settings.quiet_until)


def _valid_until(message: Message, zone: ZoneInfo, settings: Messages, now: datetime) -> datetime:
    evening = quiet.begin(now, zone, settings.quiet_from, settings.quiet_until)
    if evening is None or not quiet.are_kept(message.kind, message.medium):
        return message.expires_at
    return min(message.expires_at, evening)


def _claimed(
    message: Message, envelope: Envelope, owner: str, lease_until: datetime, valid_for: timedelta
) -> Claimed:
    return Claimed(
        message.id,
        owner,
        lease_until,
        valid_for,
        message.kind,
        message.medium,
        message.language,
        message.dedupe_key,
        envelope,
    )


def _send_all(delivery: Delivery, claimed: list[Claimed], stopping: Callable[[], bool]) -> int:
    left: list[Claimed] = []
    stopped: set[Medium] = set()
    for each in claimed:
        lease_is_short = delivery.clock() > each.lease_until - delivery.timing.margin
        if each.medium in stopped or lease_is_short or stopping():
            left.append(each)
            continue
        outcome = _send(delivery, each)
        _record(delivery, each, outcome)
        if isinstance(outcome, Refused) and outcome.meaning is Meaning.STOP:
            stopped.add(each.medium)
    if left:
        _give_back(delivery, left)
    return len(claimed) - len(left)


def _send(delivery: Delivery, claimed: Claimed) -> Outcome:
    envelope = claimed.envelope
    try:
        rendered = texts.render(claimed.kind, claimed.medium, claimed.language, envelope.parameters)
        calendar = ""
        if claimed.medium is Medium.MAIL:
            calendar = calendar_file.of_mail(claimed.kind, envelope.to, claimed.language, envelope.parameters)
    except Exception as error:  # whatever is wrong with one text must not keep the others from leaving
        log.error("message.unwritable", id=claimed.id, kind=claimed.kind, error=type(error).__name__)
        return Refused(Meaning.DEAD, "text")
    outgoing = Outgoing(
        to=envelope.to,
        text=rendered.text,
        key=claimed.key,
        language=claimed.language,
        valid_for=claimed.valid_for,
        subject=rendered.subject,
        html=rendered.html,
        calendar=calendar,
    )
    try:
        return delivery.providers[claimed.medium].send(outgoing)
    except Exception as error:  # its text may hold an address, so only its kind is logged
        log.error("provider.broken", id=claimed.id, medium=claimed.medium, error=type(error).__name__)
        return Refused(Meaning.UNKNOWN, "exception")


def _record(delivery: Delivery, claimed: Claimed, outcome: Outcome) -> None:
    now = delivery.clock()
    with delivery.database.write() as session:
        if isinstance(outcome, Accepted):
            kept = settle.accepted(session, claimed.id, claimed.owner, outcome, now)
        else:
            message = _still_ours(session, claimed)
            kept = message is not None
            if message is not None:
                settle.refused(session, message, outcome, delivery.timing, now)
    result = "accepted" if isinstance(outcome, Accepted) else f"{outcome.meaning}: {outcome.code}"
    log.info(
        "message.answered",
        id=claimed.id,
        kind=claimed.kind,
        medium=claimed.medium,
        result=result,
        late=not kept,
    )


def _give_back(delivery: Delivery, claimed: list[Claimed]) -> None:
    """Messages that were claimed and not begun: as if they never had been."""
    now = delivery.clock()
    with delivery.database.write() as session:
        for each in claimed:
            message = _still_ours(session, each)
            if message is not None:
                message.attempts -= 1
                settle.again(session, message, now)


def _still_ours(session: Session, claimed: Claimed) -> Message | None:
    return session.scalar(
        select(Message)
        .where(Message.id == claimed.id, Message.lease_owner == claimed.owner)
        .with_for_update()
    )
