"""Finding out what became of messages that may have left: the provider's own record decides.

One SMS in flight per recipient makes it unambiguous: a message to that phone that no row knows yet, created
since the attempt began, is this one, and so is one that says the same, whatever the clocks said. Where the provider
keeps our tag with a message, the tag says it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.messages import failover, receipts, settle, writing
from frontoffice.messages.dispatch import Delivery
from frontoffice.messages.envelope import Envelope, unseal
from frontoffice.messages.models import ChannelStop, Medium, Message, MessageState
from frontoffice.messages.outcomes import STATES
from frontoffice.messages.provider import LockedOutError, Sighting, UnreachableError
from frontoffice.messages.timing import Timing

log = structlog.get_logger(__name__)

AT_ONCE = 50
# Providers tell whole seconds, and clocks are never quite the same.
TOLERANCE = timedelta(seconds=2)
# Clocks of workers were seen two hours apart. Who says the same to the same phone again does so later than that.
SAME_TEXT = timedelta(hours=3)

_FAILED = (MessageState.FAILED, MessageState.UNDELIVERED)


@dataclass(frozen=True, slots=True)
class Question:
    """An unknown message as it was when the provider was asked about it."""

    id: int
    medium: Medium
    provider: str | None
    to: str | None  # None where the envelope cannot be opened
    text: str | None = field(repr=False)  # of an SMS, as we would write it now
    attempts: int
    looked_at: datetime | None


def clarify(delivery: Delivery) -> int:
    """Ask the providers about the unknown messages that are due to be looked for; says how many that were."""
    with delivery.database.read() as session:
        questions = _questions(session, delivery.clock(), delivery.public_url)
    unreachable: set[str] = set()
    for question in questions:
        try:
            _clarify(delivery, question, unreachable)
        except Exception as error:  # its text may hold an address; the others are looked for all the same
            log.error("message.not_clarified", id=question.id, error=type(error).__name__)
            with delivery.database.write() as session:
                _wait_on(session, question, delivery.timing, delivery.clock())
    return len(questions)


def _clarify(delivery: Delivery, question: Question, unreachable: set[str]) -> None:
    """Ask about one message. `unreachable`: providers that have just been found not to answer."""
    sightings: Sequence[Sighting] | None = None
    try:
        if question.to is not None:
            sightings = _look(delivery, question, unreachable)
    except UnreachableError as error:
        name = question.provider or ""
        if name not in unreachable:
            log.warning("provider.unreachable", medium=question.medium, provider=name)
            unreachable.add(name)
            if isinstance(error, LockedOutError):
                _stop(delivery, question, str(error))
        with delivery.database.write() as session:
            _wait_on(session, question, delivery.timing, delivery.clock())
        return
    with delivery.database.write() as session:
        _answer(session, question, sightings, delivery.timing, delivery.clock())


def _look(delivery: Delivery, question: Question, unreachable: set[str]) -> Sequence[Sighting] | None:
    """What the provider that was asked has on record. Nobody else can say it, whoever is configured now."""
    provider = delivery.asked(question.medium, question.provider)
    if provider is None or provider.name in unreachable or question.to is None:
        raise UnreachableError
    return provider.find(question.to)


def _stop(delivery: Delivery, question: Question, code: str) -> None:
    """A provider that does not let us read its record must not send either: nothing would be found again."""
    name, now = question.provider or "", delivery.clock()
    with delivery.database.write() as session:
        # Where it is stopped already its trial is not put off any further.
        if session.get(ChannelStop, name) is None:
            failover.stop(session, name, question.medium, code, now)
            failover.tell(session, name, question.medium, code, now)


def _questions(session: Session, now: datetime, public_url: str) -> list[Question]:
    query = (
        select(Message)
        .where(Message.state == MessageState.UNKNOWN, Message.not_before <= now)
        .order_by(Message.not_before, Message.id)
        .limit(AT_ONCE)
    )
    return [_question(session, message, public_url) for message in session.scalars(query)]


def _question(session: Session, message: Message, public_url: str) -> Question:
    vault = vaults.of(session)
    envelope = unseal(vault, message.envelope)
    return Question(
        message.id,
        message.medium,
        message.provider,
        envelope.to if envelope else None,
        _text(message, envelope, vault, public_url) if envelope and message.medium is Medium.SMS else None,
        message.attempts,
        message.looked_at,
    )


def _text(message: Message, envelope: Envelope, vault: vaults.Vault, public_url: str) -> str | None:
    try:
        return writing.text(
            message.id, message.kind, message.medium, message.language, envelope, vault, public_url
        ).text
    except Exception as error:  # whatever is wrong with it: the time of the attempt tells something, too
        log.error("message.unwritable", id=message.id, kind=message.kind, error=type(error).__name__)
        return None


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
    sighting = _its_own(session, message, question.text, sightings or ())
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


def _wait_on(session: Session, question: Question, timing: Timing, now: datetime) -> None:
    """A provider that cannot be asked leaves it open, but not for ever: then it is for a person, and a mail goes.

    Until then the phone gets nothing else. It is looked for less and less often, so that others get their turn.
    """
    message = _still_unknown(session, question)
    if message is None:
        return
    since = now - (message.attempt_started_at or message.created_at)
    if message.expires_at <= now or since >= timing.unclear:
        message.error_code = "unclear"
        settle.close(session, message, MessageState.DEAD, now)
    else:
        wait = min(max(since / 4, timing.look_again), timing.look_at_least)
        message.not_before = min(now + wait, message.expires_at)


def _its_own(
    session: Session, message: Message, text: str | None, sightings: Sequence[Sighting]
) -> Sighting | None:
    assert message.attempt_started_at is not None  # nothing becomes unknown without an attempt
    known = receipts.of_others(session, message, [each.provider_id for each in sightings])
    fitting = [each for each in sightings if each.provider_id not in known and _fits(message, text, each)]
    # What says the same comes before what was only sent at the time.
    return min(fitting, key=lambda each: (not _says(each, text), each.created_at), default=None)


def _fits(message: Message, text: str | None, sighting: Sighting) -> bool:
    assert message.attempt_started_at is not None
    if sighting.tag is not None:
        number, _, attempt = sighting.tag.partition("/")
        # Older than the row, or of an attempt that it has not made: of a row that had its number before.
        return (
            number == f"{message.id:x}"
            and attempt in {f"{each:x}" for each in range(1, message.attempts + 1)}
            and sighting.created_at >= message.created_at - SAME_TEXT
        )
    if _says(sighting, text):
        return abs(sighting.created_at - message.attempt_started_at) <= SAME_TEXT
    return sighting.created_at >= message.attempt_started_at - TOLERANCE


def _says(sighting: Sighting, text: str | None) -> bool:
    """Whether it is the same text. Providers change spaces at times."""
    return text is not None and sighting.text is not None and sighting.text.split() == text.split()


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
