"""Finding out what became of messages that may have left: the provider's own record decides.

One SMS in flight per recipient makes it unambiguous: a message to that phone that no row knows yet, created
since the attempt began, is this one. Where the provider keeps our tag with a message, the tag says it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.messages import receipts, settle
from frontoffice.messages.dispatch import Delivery
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.messages.outcomes import STATES
from frontoffice.messages.provider import Sighting, UnreachableError
from frontoffice.messages.timing import Timing

log = structlog.get_logger(__name__)

AT_ONCE = 50
# Providers tell whole seconds, and clocks are never quite the same.
TOLERANCE = timedelta(seconds=2)

_FAILED = (MessageState.FAILED, MessageState.UNDELIVERED)


@dataclass(frozen=True, slots=True)
class Question:
    """An unknown message as it was when the provider was asked about it."""

    id: int
    medium: Medium
    provider: str | None
    to: str | None  # None where the envelope cannot be opened
    attempts: int
    looked_at: datetime | None


def clarify(delivery: Delivery) -> int:
    """Ask the providers about the unknown messages that are due to be looked for; says how many that were."""
    with delivery.database.read() as session:
        questions = _questions(session, delivery.clock())
    unreachable: set[str] = set()
    for question in questions:
        provider = delivery.asked(question.medium, question.provider)
        sightings: Sequence[Sighting] | None = None
        try:
            if question.to is not None:
                if provider.name in unreachable:
                    raise UnreachableError
                sightings = provider.find(question.to)
        except UnreachableError:
            if provider.name not in unreachable:
                log.warning("provider.unreachable", medium=question.medium, provider=provider.name)
                unreachable.add(provider.name)
            with delivery.database.write() as session:
                _wait_on(session, question, delivery.clock())
            continue
        with delivery.database.write() as session:
            _answer(session, question, sightings, delivery.timing, delivery.clock())
    return len(questions)


def _questions(session: Session, now: datetime) -> list[Question]:
    query = (
        select(Message)
        .where(Message.state == MessageState.UNKNOWN, Message.not_before <= now)
        .order_by(Message.not_before, Message.id)
        .limit(AT_ONCE)
    )
    return [
        Question(
            message.id,
            message.medium,
            message.provider,
            _address(session, message),
            message.attempts,
            message.looked_at,
        )
        for message in session.scalars(query)
    ]


def _address(session: Session, message: Message) -> str | None:
    envelope = unseal(vaults.of(session), message.envelope)
    return envelope.to if envelope else None


def _answer(
    session: Session, question: Question, sightings: Sequence[Sighting] | None, timing: Timing, now: datetime
) -> None:
    message = _still_unknown(session, question)
    if message is None:
        return
    if question.to is None:
        message.error_code = "unreadable"
        settle.close(session, message, MessageState.DEAD, now)
        return
    sighting = _its_own(session, message, sightings or ())
    if sighting is not None:
        _attach(session, message, sighting, timing, now)
    elif sightings is not None and message.looked_at is None:
        message.looked_at = now
        message.not_before = now + timing.look_again
    else:
        log.info(
            "message.had_not_left",
            id=message.id,
            kind=message.kind,
            medium=message.medium,
            times=message.unknowns,
        )
        settle.again(session, message, now)


def _still_unknown(session: Session, question: Question) -> Message | None:
    """The message, locked; None where somebody else has found out meanwhile."""
    message = session.scalar(select(Message).where(Message.id == question.id).with_for_update())
    if message is None or (message.state, message.attempts, message.looked_at) != (
        MessageState.UNKNOWN,
        question.attempts,
        question.looked_at,
    ):
        return None
    return message


def _wait_on(session: Session, question: Question, now: datetime) -> None:
    """A provider that cannot be asked leaves it open, but not for ever: what would come too late is for a person.

    Until then the phone gets nothing else, and nobody is told anything.
    """
    message = _still_unknown(session, question)
    if message is not None and message.expires_at <= now:
        message.error_code = "unclear"
        settle.close(session, message, MessageState.DEAD, now)


def _its_own(session: Session, message: Message, sightings: Sequence[Sighting]) -> Sighting | None:
    assert message.attempt_started_at is not None  # nothing becomes unknown without an attempt
    since = message.attempt_started_at - TOLERANCE
    known = receipts.of_others(session, message, [each.provider_id for each in sightings])
    fitting = [
        each
        for each in sightings
        if each.provider_id not in known
        and (
            each.created_at >= since if each.tag is None else each.tag.partition("/")[0] == f"{message.id:x}"
        )
    ]
    return min(fitting, key=lambda each: each.created_at, default=None)


def _attach(session: Session, message: Message, sighting: Sighting, timing: Timing, now: datetime) -> None:
    state = STATES.get(sighting.status, MessageState.SENT)
    message.provider_id = sighting.provider_id
    message.provider_status = sighting.status
    message.accepted_at = sighting.created_at
    message.error_code = sighting.error_code
    log.info(
        "message.had_left", id=message.id, kind=message.kind, medium=message.medium, status=sighting.status
    )
    if state in _FAILED:
        receipts.not_delivered(session, message, state, sighting.meaning, timing, now)
    else:
        message.state = state
        message.final_at = now
