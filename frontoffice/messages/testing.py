"""A test message to an address that staff type in: it goes the way of any other message."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.messages import addresses, outbox
from frontoffice.messages.models import Medium, Message
from frontoffice.messages.outbox import Draft
from frontoffice.offices.models import Office

KIND = "test"
OF_USE = timedelta(minutes=30)


def send(session: Session, office: Office, medium: Medium, typed: str, language: str, now: datetime) -> int:
    """Write a test to a number or a mail address as it was typed; gives the message's number. Raises Invalid."""
    to = addresses.phone_number(typed) if medium is Medium.SMS else addresses.mail_address(typed)
    draft = Draft(
        kind=KIND,
        medium=medium,
        to=to,
        language=language,
        office_id=office.id,
        subject=f"office:{office.id}",
        dedupe_key=f"{KIND}:{secrets.token_hex(8)}:{medium}",
        parameters={"office_name": office.name},
        expires_at=now + OF_USE,
        priority=3,
    )
    [number] = outbox.enqueue_all(session, [draft], now)
    assert number is not None  # its key is new
    return number


def sent(session: Session, office: Office, number: int) -> Message | None:
    """A test of this office; None for any other message."""
    return session.scalar(
        select(Message).where(Message.id == number, Message.kind == KIND, Message.office_id == office.id)
    )
