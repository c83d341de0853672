"""What became of messages: of those about one appointment, and of those that reached nobody."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from jinja2 import TemplateError
from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from frontoffice import events
from frontoffice import vault as vaults
from frontoffice.errors import N_, Conflict, NotFound
from frontoffice.messages import kinds, receipts, texts
from frontoffice.messages.envelope import Envelope, unseal
from frontoffice.messages.models import IS_UNREACHED, Medium, Message, MessageState
from frontoffice.messages.texts import Rendered

MOST = 200
# For so long a message that reached nobody is shown; after that there is nothing left to be done about it.
SHOWN = timedelta(days=30)
# A mail in one of these can take the place of an SMS.
MAY_ARRIVE = (
    MessageState.PENDING,
    MessageState.SENDING,
    MessageState.UNKNOWN,
    MessageState.SENT,
    MessageState.DELIVERED,
)


class NoLongerWaiting(Conflict):
    """Somebody else has sent it again or closed it, or it has arrived after all."""

    code = "no_longer_waiting"
    sentence = N_("This message does not need you any more: a colleague was faster, or it has arrived.")


class TooLateToSend(Conflict):
    """What it says is over, or its contents are gone."""

    code = "too_late_to_send"
    sentence = N_(
        "This message would come too late, or its contents are deleted already. "
        "Please call the person if it matters, then mark it as settled."
    )


class Overtaken(Conflict):
    """A later message about the same says something else."""

    code = "overtaken"
    sentence = N_(
        "A later message says something newer about this. Sending the old one would confuse; please mark it as settled."
    )


@dataclass(frozen=True, slots=True)
class Followed:
    """A message and what became of it; moments in UTC. `to` and `text` are None once the contents are deleted.

    `to` shows only as much of the address as is needed to tell two apart; `stands_in` is the id of the SMS that this
    mail replaces, `due` when it was or is to leave. `may_be_sent`: it is not too late to send it again.
    """

    id: int
    subject: str
    kind: str
    medium: Medium
    language: str
    state: MessageState
    due: datetime
    left_at: datetime | None
    final_at: datetime | None
    code: str | None
    attempts: int
    stands_in: int | None
    to: str | None
    text: Rendered | None
    is_taken_back: bool
    needs_somebody: bool
    may_be_sent: bool


def of_subject(session: Session, subject: str) -> list[Followed]:
    """The messages about something ("appointment:17") with their texts, in the order they were written."""
    found = session.scalars(
        select(Message).where(Message.subject == subject).order_by(Message.created_at, Message.id).limit(MOST)
    ).all()
    waiting = set(session.scalars(select(Message.id).where(Message.subject == subject, _reached_nobody())))
    return [_followed(session, each, needs_somebody=each.id in waiting, with_text=True) for each in found]


def unreached(session: Session, office_id: int, now: datetime) -> list[Followed]:
    """An office's messages that reached nobody and that nobody has looked at yet, the latest first; without texts."""
    found = session.scalars(
        select(Message)
        .where(Message.office_id == office_id, Message.final_at > now - SHOWN, _reached_nobody())
        .order_by(Message.final_at.desc(), Message.id.desc())
        .limit(MOST)
    ).all()
    return [
        _followed(session, each, needs_somebody=True, may_be_sent=_is_of_use(each, now)) for each in found
    ]


def count_unreached(session: Session, now: datetime, office_id: int | None = None) -> int:
    """How many there are of an office, or of all offices."""
    query = select(func.count(Message.id)).where(Message.final_at > now - SHOWN, _reached_nobody())
    if office_id is not None:
        query = query.where(Message.office_id == office_id)
    return session.scalar(query) or 0


def office_word(session: Session, subject: str) -> str:
    """The sentence that the office put into its last message about something; empty where there is none (any more)."""
    told = select(Message).where(Message.subject == subject, Message.kind.in_(kinds.WITH_A_WORD))
    latest = session.scalar(told.order_by(Message.id.desc()).limit(1))
    envelope = unseal(vaults.of(session), latest.envelope) if latest else None
    return envelope.parameters.get("note", "") if envelope else ""


def retry(session: Session, message_id: int, office_id: int, now: datetime, actor: str) -> Message:
    """Send a message that reached nobody once more. Raises NotFound, NoLongerWaiting, TooLateToSend, Overtaken.

    Where it is not known whether it left, the person may get it twice: that is what a person decides.
    """
    message = _locked(session, message_id, office_id)
    if not _is_of_use(message, now):
        raise TooLateToSend
    if _is_overtaken(session, message):
        raise Overtaken
    if message.provider is not None and message.provider_id is not None:
        receipts.give_up(session, message, now)
    message.state = MessageState.PENDING
    message.not_before, message.due_at = now, None
    message.unknowns = 0
    message.provider_id = message.provider_status = None
    message.error_code = message.final_at = message.accepted_at = None
    session.flush()
    events.append(session, office_id, "message.retried", now, actor=actor, subject=message.subject)
    return message


def close(session: Session, message_id: int, office_id: int, now: datetime, actor: str) -> Message:
    """Take note that a message reached nobody; it is not listed any more. Raises NotFound, NoLongerWaiting."""
    message = _locked(session, message_id, office_id)
    message.attended_at, message.attended_by = now, actor
    session.flush()
    events.append(session, office_id, "message.closed", now, actor=actor, subject=message.subject)
    return message


def masked(medium: Medium, address: str) -> str:
    """As much of an address as is needed to tell it from another one: +49 … 789, m…@example.org."""
    if medium is Medium.SMS:
        return f"{address[:3]} … {address[-3:]}"
    name, _, domain = address.partition("@")
    return f"{name[:1]}…@{domain}"


def _locked(session: Session, message_id: int, office_id: int) -> Message:
    message = session.scalar(
        select(Message)
        .where(Message.id == message_id, Message.office_id == office_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if message is None:
        raise NotFound
    if session.scalar(select(Message.id).where(Message.id == message_id, _reached_nobody())) is None:
        raise NoLongerWaiting
    return message


def _reached_nobody() -> ColumnElement[bool]:
    """Nobody has looked at it, and no way is left. A failed SMS is none of them while a mail takes its place."""
    mail = aliased(Message)
    bare = func.substr(Message.dedupe_key, 1, func.length(Message.dedupe_key) - len(Medium.SMS))
    replaced = exists().where(
        Message.medium == Medium.SMS,
        mail.dedupe_key == bare.concat(Medium.MAIL.value),
        mail.state.in_(MAY_ARRIVE),
        mail.cancelled_at.is_(None),
    )
    fleeting = and_(Message.state == MessageState.EXPIRED, Message.kind.in_(kinds.FLEETING))
    return and_(IS_UNREACHED, Message.cancelled_at.is_(None), ~fleeting, ~replaced)


def _is_of_use(message: Message, now: datetime) -> bool:
    """Whether there is something to send, and time left for it."""
    return message.envelope is not None and message.expires_at > now


def _is_overtaken(session: Session, message: Message) -> bool:
    """Whether something else than a reminder was written about the same since."""
    later = select(Message.id).where(
        Message.subject == message.subject,
        Message.id > message.id,
        Message.created_at > message.created_at,
        Message.kind.not_in({message.kind, "reminder"}),
        Message.cancelled_at.is_(None),
    )
    return session.scalar(later.limit(1)) is not None


def _followed(
    session: Session,
    message: Message,
    *,
    needs_somebody: bool,
    may_be_sent: bool = False,
    with_text: bool = False,
) -> Followed:
    envelope = unseal(vaults.of(session), message.envelope)
    return Followed(
        id=message.id,
        subject=message.subject,
        kind=message.kind,
        medium=message.medium,
        language=message.language,
        state=message.state,
        due=message.due_at or message.not_before,
        left_at=message.accepted_at,
        final_at=message.final_at,
        code=message.error_code,
        attempts=message.attempts,
        stands_in=message.parent_id,
        to=masked(message.medium, envelope.to) if envelope else None,
        text=_text(message, envelope) if envelope and with_text else None,
        is_taken_back=message.cancelled_at is not None,
        needs_somebody=needs_somebody,
        may_be_sent=may_be_sent,
    )


def _text(message: Message, envelope: Envelope) -> Rendered | None:
    """The text without the secrets in it: whoever reads it here must not be able to act as the person."""
    said = {name: _without_secret(name, value) for name, value in envelope.parameters.items()}
    try:
        return texts.render(message.kind, message.medium, message.language, said)
    except (TemplateError, ValueError, LookupError):
        return None  # written for a text that is no longer there


def _without_secret(name: str, value: str) -> str:
    if name == "code":
        return "·" * len(value)
    if name == "link" or name.endswith("_link"):
        parts = urlsplit(value)
        return f"{parts.scheme}://{parts.netloc}/…"
    return value
