"""What the outbox knows of a person: messages, and what they do not want. Opting out outlives forgetting."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.errors import N_
from frontoffice.messages import outbox
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import FINAL, Medium, Message, MessageState, Mute, Receipt, Suppression
from frontoffice.personal import FORGETTING, FORGOTTEN, Record, Who, moment, numbers

COLUMNS = frozenset({"message.envelope", "message.recipient", "suppression.recipient", "mute.recipient"})
OPTED_OUT = N_("That somebody wants no messages stays, as a keyed hash: else we would write to them again.")
# It still has to leave: who has cancelled wants to read so.
LAST_WORD = "cancelled"
AT_ONCE = 200


def find(session: Session, who: Who) -> list[Record]:
    """Messages about the subjects or to the addresses, and opt-outs."""
    given = [
        *((Medium.MAIL, who.mail) for _ in [0] if who.mail),
        *((Medium.SMS, who.phone) for _ in [0] if who.phone),
    ]
    vault = vaults.of(session)
    mine = [
        digest
        for medium, address in given
        for digest in outbox.recipient_digests(vault, medium, address or "")
    ]
    others = [
        digest
        for medium, address in sorted(who.contacts)
        for digest in outbox.recipient_digests(vault, Medium(medium), address)
    ]
    query = select(Message).where(or_(Message.subject.in_(who.subjects), Message.recipient.in_(mine)))
    return [
        *(_record(session, each) for each in session.scalars(query.order_by(Message.id))),
        *_opt_outs(session, [*mine, *others]),
    ]


def forget(session: Session, records: Sequence[Record], now: datetime) -> None:
    """Empty the messages; what has not left yet is taken back, but for the word that an appointment was cancelled.

    What is on its way is emptied as soon as it has left (`finish`).
    """
    query = (
        select(Message)
        .where(Message.id.in_(numbers(records, "message")))
        .order_by(Message.id)
        .with_for_update()
    )
    for each in session.scalars(query, execution_options={"populate_existing": True}):
        if each.state is MessageState.PENDING and each.kind != LAST_WORD:
            each.state, each.final_at, each.cancelled_at = MessageState.CANCELLED, now, now
        if each.state in FINAL:
            _empty(session, each, now)
        else:
            each.subject = FORGETTING
    session.flush()


def finish(session: Session, now: datetime) -> int:
    """Empty what was on its way when it was to be forgotten, and has left; says how many."""
    query = select(Message).where(Message.subject == FORGETTING, Message.state.in_(FINAL)).limit(AT_ONCE)
    rows = session.scalars(query.with_for_update(skip_locked=True)).all()
    for each in rows:
        _empty(session, each, now)
    session.flush()
    return len(rows)


def _empty(session: Session, each: Message, now: datetime) -> None:
    each.subject, each.envelope, each.redacted_at = FORGOTTEN, None, each.redacted_at or now
    each.recipient = secrets.token_hex(32)  # nobody's
    each.provider_id = None
    session.execute(delete(Receipt).where(Receipt.message_id == each.id))


def _record(session: Session, each: Message) -> Record:
    envelope = unseal(vaults.of(session), each.envelope)
    return Record(
        "message",
        f"message:{each.id}",
        each.office_id,
        {
            "kind": each.kind,
            "by": each.medium.value,
            "language": each.language,
            "state": each.state.value,
            "written_at": moment(each.created_at),
            "sent_at": moment(each.accepted_at),
            "to": envelope.to if envelope else None,
            "else_to": envelope.fallback_to if envelope else None,
            "contents": envelope.parameters if envelope else None,
        },
    )


def _opt_outs(session: Session, digests: Sequence[str]) -> list[Record]:
    out = session.scalars(
        select(Suppression).where(Suppression.recipient.in_(digests)).order_by(Suppression.id)
    )
    muted = session.scalars(select(Mute).where(Mute.recipient.in_(digests)).order_by(Mute.topic))
    return [
        *(
            Record(
                "opt_out",
                f"opt-out:{each.id}",
                None,
                {"by": each.medium.value, "reason": each.reason, "since": moment(each.created_at)},
                stays=OPTED_OUT,
            )
            for each in out
        ),
        *(
            Record(
                "opt_out",
                f"mute:{each.topic}",
                None,
                {"topic": each.topic, "since": moment(each.created_at)},
                stays=OPTED_OUT,
            )
            for each in muted
        ),
    ]
