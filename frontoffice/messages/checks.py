"""What must hold in the outbox, for `frontoffice doctor`. That nothing is there twice, unique keys see to."""

from collections.abc import Iterator

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from frontoffice.messages.models import FINAL, Message, MessageState, Receipt


def differences(session: Session) -> Iterator[str]:
    """A sentence for each message that contradicts itself, its parent or its receipts."""
    wrong = select(Message.id, Message.state).where(
        or_(
            Message.state.in_(FINAL) != Message.final_at.is_not(None),
            and_(Message.state == MessageState.SENDING, Message.lease_until.is_(None)),
            and_(
                Message.state.in_([MessageState.SENT, MessageState.DELIVERED]), Message.accepted_at.is_(None)
            ),
            # What is still to leave has to have contents.
            and_(Message.state == MessageState.PENDING, Message.envelope.is_(None)),
        )
    )
    for message_id, state in session.execute(wrong.order_by(Message.id)):
        yield f"Message {message_id} is {state}, which its times, its lease or its contents contradict."
    parent = aliased(Message)
    foreign = (
        select(Message.id, parent.id)
        .join(parent, parent.id == Message.parent_id)
        .where(parent.office_id != Message.office_id)
    )
    for message_id, parent_id in session.execute(foreign):
        yield f"Message {message_id} stands in for message {parent_id} of another office."
    strange = (
        select(Receipt.id, Message.id)
        .join(Message, Message.id == Receipt.message_id)
        .where(Message.attempts == 0)
    )
    for receipt_id, message_id in session.execute(strange):
        yield f"Receipt {receipt_id} tells of message {message_id}, which nobody has tried to send."
