"""Putting messages into the outbox, in the transaction of the fact that causes them, and taking them back."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.messages import addresses, kinds
from frontoffice.messages.envelope import Envelope, seal, unseal
from frontoffice.messages.models import Medium, Message, MessageState, Suppression

LONGEST_KEY = 110
# A mail that stands in for an SMS gets at least so long to leave.
FALLBACK_WINDOW = timedelta(hours=1)

_UNDECIDED = (MessageState.PENDING, MessageState.SENDING, MessageState.UNKNOWN)


def enqueue(
    session: Session,
    *,
    kind: str,
    medium: Medium,
    to: str,
    language: str,
    office_id: int,
    subject: str,
    dedupe_key: str,
    parameters: dict[str, str],
    now: datetime,
    not_before: datetime | None = None,
    expires_at: datetime,
    priority: int = 5,
    fallback_to: str | None = None,
) -> Message | None:
    """Write a message to `to` (as `addresses` gives it); None where `dedupe_key` is in the outbox already.

    `subject` is what it is about ("appointment:17"), `parameters` what `kinds` says, times in UTC. The key of
    an SMS ends with ":sms", that of a mail with the same content is the same with ":mail": an SMS that fails
    is followed by a mail to `fallback_to` unless that mail is in the outbox anyway. For a recipient who wants
    no such messages the row is SUPPRESSED. Raises ValueError for an unknown kind, wrong parameters or key.
    """
    version = kinds.check(kind, parameters).version
    if not dedupe_key.endswith(f":{medium}") or len(dedupe_key) > LONGEST_KEY:
        raise ValueError(
            f"a key must end with :{medium} and have at most {LONGEST_KEY} characters: {dedupe_key!r}"
        )
    vault = vaults.of(session)
    digests = recipient_digests(vault, medium, to)
    suppressed = bool(find_suppressed(session, digests))
    message = _insert(
        session,
        dedupe_key=dedupe_key,
        kind=kind,
        medium=medium,
        subject=subject,
        office_id=office_id,
        recipient=digests[0],
        envelope=seal(vault, Envelope(to, parameters, fallback_to if medium is Medium.SMS else None)),
        template_version=version,
        language=language,
        priority=priority,
        state=MessageState.SUPPRESSED if suppressed else MessageState.PENDING,
        not_before=not_before or now,
        expires_at=expires_at,
        created_at=now,
        final_at=now if suppressed else None,
    )
    if message and suppressed:
        fall_back(session, message, now)
    return message


def cancel(session: Session, subject: str, now: datetime, kinds: Collection[str] | None = None) -> int:
    """Take back what has not left yet of the messages about `subject` (all kinds, or `kinds`); says how many.

    What is on its way is not stopped, but will not be tried again.
    """
    # One statement: between two, a message on its way could come back to PENDING and slip through.
    statement = update(Message).where(Message.subject == subject, Message.state.in_(_UNDECIDED))
    if kinds is not None:
        statement = statement.where(Message.kind.in_(kinds))
    pending = Message.state == MessageState.PENDING
    states = session.scalars(
        statement.values(
            state=case((pending, MessageState.CANCELLED), else_=Message.state),
            final_at=case((pending, now), else_=Message.final_at),
            cancelled_at=now,
        )
        .returning(Message.state)
        .execution_options(synchronize_session="fetch")
    )
    return sum(state is MessageState.CANCELLED for state in states)


def fall_back(session: Session, message: Message, now: datetime) -> Message | None:
    """Write the mail that stands in for an SMS; None without an address, or where that mail is there."""
    envelope = unseal(vaults.of(session), message.envelope)
    if message.medium is not Medium.SMS or envelope is None or envelope.fallback_to is None:
        return None
    vault = vaults.of(session)
    digests = recipient_digests(vault, Medium.MAIL, envelope.fallback_to)
    if find_suppressed(session, digests):
        return None
    return _insert(
        session,
        dedupe_key=message.dedupe_key.removesuffix(f":{Medium.SMS}") + f":{Medium.MAIL}",
        kind=message.kind,
        medium=Medium.MAIL,
        subject=message.subject,
        office_id=message.office_id,
        recipient=digests[0],
        envelope=seal(vault, Envelope(envelope.fallback_to, envelope.parameters)),
        template_version=message.template_version,
        language=message.language,
        priority=message.priority,
        state=MessageState.PENDING,
        not_before=now,
        expires_at=max(message.expires_at, now + FALLBACK_WINDOW),
        parent_id=message.id,
        created_at=now,
    )


def suppress(session: Session, medium: Medium, to: str, reason: str, now: datetime) -> None:
    """Remember that an address takes no messages over a medium."""
    session.execute(
        insert_for(session)(Suppression)
        .values(
            recipient=recipient_digests(vaults.of(session), medium, to)[0],
            medium=medium,
            reason=reason,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["recipient", "medium"])
    )


def recipient_digests(vault: vaults.Vault, medium: Medium, address: str) -> list[str]:
    """The keyed hashes that stand for an address, that of the current key first."""
    return vault.digests("recipient", addresses.to_digest(medium, address))


def find_suppressed(session: Session, digests: Collection[str]) -> set[str]:
    """Those of the digests whose recipients take no messages; each digest belongs to one medium."""
    return set(session.scalars(select(Suppression.recipient).where(Suppression.recipient.in_(digests))))


def _insert(session: Session, **values: Any) -> Message | None:
    return session.scalars(
        insert_for(session)(Message)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["dedupe_key"])
        .returning(Message)
    ).one_or_none()


def insert_for(session: Session) -> Any:
    """The INSERT of the session's database, which both know ON CONFLICT for."""
    return (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
