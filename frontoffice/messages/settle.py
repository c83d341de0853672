"""What becomes of a message after a provider has answered, or has not.

Each verb changes a row that the caller has locked, and writes the mail that stands in for a failed SMS in the
same transaction.
"""

import random
from datetime import datetime, timedelta

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.messages import outbox
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import GIVEN_UP, Message, MessageState, Receipt
from frontoffice.messages.outcomes import RETRIES, Meaning
from frontoffice.messages.provider import Accepted, Refused
from frontoffice.messages.timing import Timing
from frontoffice.quick import Quick

log = structlog.get_logger(__name__)

# So often may it be unclear whether a message has left before a person has to look at it.
MOST_UNKNOWNS = 3

# Nearly every message goes this way.
_ACCEPT = Quick(
    update(Message)
    .where(Message.id == bindparam("message_id"), Message.lease_owner == bindparam("owner"))
    .values(
        state=MessageState.SENT,
        provider_id=bindparam("taken_as"),
        provider_status=bindparam("status"),
        accepted_at=bindparam("now"),
        final_at=bindparam("now"),
        parts=bindparam("parts"),
        lease_owner=None,
        lease_until=None,
        error_code=None,
    )
    .returning(Message.id)
)

_WITH_FALLBACK = {
    MessageState.DEAD,
    MessageState.EXPIRED,
    MessageState.FAILED,
    MessageState.UNDELIVERED,
    MessageState.SUPPRESSED,
}


def accepted(
    session: Session, message_id: int, owner: str, answer: Accepted, now: datetime, *, parts: int = 0
) -> bool:
    """Record that the provider has taken a message, an SMS in so many `parts`.

    False where the lease `owner` has been lost meanwhile.
    """
    session.flush()
    found = _ACCEPT.run(
        session,
        {
            "message_id": message_id,
            "owner": owner,
            "taken_as": answer.provider_id,
            "status": answer.status,
            "now": now,
            "parts": parts or None,
        },
    )
    return bool(found)


def accepted_late(
    session: Session, message_id: int, attempt: int, provider: str, answer: Accepted, now: datetime
) -> bool:
    """Record it where the lease was lost, and nobody has found out or sent it again since; says whether that was so."""
    message = session.scalar(select(Message).where(Message.id == message_id).with_for_update())
    if (
        message is None
        or message.state not in (MessageState.UNKNOWN, MessageState.PENDING)
        or (message.attempts, message.provider, message.provider_id) != (attempt, provider, None)
        or _is_given_up(session, provider, answer.provider_id)
    ):
        return False
    message.state = MessageState.SENT
    message.provider_id, message.provider_status = answer.provider_id, answer.status
    message.accepted_at = message.final_at = now
    message.error_code = message.looked_at = None
    session.flush()
    return True


def _is_given_up(session: Session, provider: str, provider_id: str | None) -> bool:
    """Whether what the provider took under that id is known not to have arrived."""
    query = select(Receipt.id).where(
        Receipt.provider == provider, Receipt.provider_id == provider_id, Receipt.status == GIVEN_UP
    )
    return provider_id is not None and session.scalar(query) is not None


def refused(
    session: Session,
    message: Message,
    answer: Refused,
    timing: Timing,
    now: datetime,
    *,
    others: bool = False,
) -> None:
    """Record that the provider has not taken a message, or may have. `others`: another one can take over from it.

    That the provider is to be stopped concerns not only this message: the caller does it.
    """
    message.error_code = answer.code
    match answer.meaning:
        case Meaning.UNKNOWN:
            unclear(message, timing, now)
        case Meaning.STOP:
            # Whoever found the medium stopped comes back after the others, lest it find it so for ever.
            rest = timedelta(0) if others else max(timing.stop, _wait(message, answer, timing))
            again(session, message, now, rest)
        case Meaning.LATER:
            again(session, message, now, _wait(message, answer, timing))
        case Meaning.RETRY if message.attempts <= RETRIES:
            again(session, message, now, _wait(message, answer, timing))
        case Meaning.SUPPRESS:
            envelope = unseal(vaults.of(session), message.envelope)
            if envelope is not None:
                outbox.suppress(session, message.medium, envelope.to, f"provider: {answer.code}", now)
            close(session, message, MessageState.SUPPRESSED, now)
        case _:
            close(session, message, MessageState.DEAD, now)


def unclear(message: Message, timing: Timing, now: datetime) -> None:
    """Record that a message may have left: nobody sends it again before `reconcile` has looked for it."""
    message.state = MessageState.UNKNOWN
    message.unknowns += 1
    message.looked_at = None
    message.due_at = message.due_at or message.not_before
    message.not_before = now + timing.look_after
    message.lease_owner = message.lease_until = None


def again(
    session: Session,
    message: Message,
    now: datetime,
    wait: timedelta = timedelta(0),
    *,
    on_purpose: bool = False,
) -> None:
    """Put a message that has not left back to wait, unless it was cancelled or would come too late.

    `on_purpose`: it is to leave then, and is not late because of it.
    """
    if message.cancelled_at is not None:
        close(session, message, MessageState.CANCELLED, now)
    elif now + wait >= message.expires_at:
        close(session, message, MessageState.EXPIRED, now)
    elif message.unknowns >= MOST_UNKNOWNS:
        close(session, message, MessageState.DEAD, now)
    else:
        message.state = MessageState.PENDING
        message.due_at = None if on_purpose else message.due_at or message.not_before
        message.not_before = now + wait
        message.looked_at = None
        message.lease_owner = message.lease_until = None


def give_back(session: Session, message: Message, now: datetime) -> None:
    """A message that was claimed and not begun: as if it never had been."""
    message.attempts -= 1
    if message.cancelled_at is not None or now >= message.expires_at:
        again(session, message, now)
    else:
        message.state = MessageState.PENDING
        message.lease_owner = message.lease_until = None


def close(
    session: Session, message: Message, state: MessageState, now: datetime, *, by_mail: bool = True
) -> None:
    """Bring a message to a final state other than SENT; a mail takes the place of an SMS that failed.

    Not so where `by_mail` is False: what it says is not wanted.
    """
    message.state = state
    message.final_at = now
    message.lease_owner = message.lease_until = None
    session.flush()
    level = log.error if state is MessageState.DEAD else log.info
    level(
        "message.closed",
        id=message.id,
        kind=message.kind,
        medium=message.medium,
        state=state,
        code=message.error_code,
    )
    if by_mail and state in _WITH_FALLBACK and message.cancelled_at is None:
        outbox.fall_back(session, message, now)


def _wait(message: Message, answer: Refused, timing: Timing) -> timedelta:
    if message.kind in timing.urgent:
        wait = timing.urgent_waits[min(max(message.attempts, 1), len(timing.urgent_waits)) - 1]
        return max(wait, answer.wait or timedelta(0))
    doubled: timedelta = timing.first_wait * 2 ** min(max(message.attempts - 1, 0), 16)
    wait = min(doubled, timing.longest_wait) * random.uniform(0.75, 1.25)  # noqa: S311 (spreads load, guards nothing)
    return min(max(wait, answer.wait or timedelta(0)), timing.longest_wait)
