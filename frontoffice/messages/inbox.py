"""What has reached people and what is to come, as they read it: for the inbox page of the demonstration."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.messages import texts
from frontoffice.messages.envelope import Envelope, unseal
from frontoffice.messages.models import FINAL, Medium, Message, MessageState
from frontoffice.messages.segments import segments


@dataclass(frozen=True, slots=True)
class Delivered:
    """One message in the inbox. `when` (UTC) is when it left or, if it is `to_come`, when it is to leave."""

    id: int
    kind: str
    medium: Medium
    to: str
    when: datetime
    language: str
    state: MessageState
    subject: str
    text: str
    html: str
    segments: int  # of an SMS; 0 for a mail


def arrived(session: Session, limit: int) -> list[Delivered]:
    """The latest `limit` messages that have left and still have their contents, newest first."""
    left = Message.state.in_((MessageState.SENT, MessageState.DELIVERED))
    return _listed(session, left, Message.accepted_at.desc(), limit)


def to_come(session: Session, limit: int) -> list[Delivered]:
    """The next `limit` messages that have not left yet, the next one first."""
    return _listed(session, Message.state.not_in(FINAL), Message.not_before, limit)


def _listed(session: Session, which: ColumnElement[bool], order: Any, limit: int) -> list[Delivered]:
    query = (
        select(Message)
        .where(which, Message.envelope.is_not(None))
        .order_by(order, Message.id.desc())
        .limit(limit)
    )
    opened = ((message, unseal(vaults.of(session), message.envelope)) for message in session.scalars(query))
    return [_delivered(message, envelope) for message, envelope in opened if envelope is not None]


def _delivered(message: Message, envelope: Envelope) -> Delivered:
    rendered = texts.render(message.kind, message.medium, message.language, envelope.parameters)
    return Delivered(
        id=message.id,
        kind=message.kind,
        medium=message.medium,
        to=envelope.to,
        when=message.accepted_at or message.not_before,
        language=message.language,
        state=message.state,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        segments=segments(rendered.text) if message.medium is Medium.SMS else 0,
    )
