"""What providers report about messages they took. It comes twice, late, in any order, or before our own commit.

A message only moves up in rank; that it arrived beats that it did not. What nobody's row knows yet is kept, and looked
at again.
"""

import re
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, bindparam, exists, func, select
from sqlalchemy.orm import Session, aliased

from frontoffice import vault as vaults
from frontoffice.messages import failover, outbox, settle
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import GIVEN_UP, Medium, Message, MessageState, Receipt
from frontoffice.messages.outcomes import RANKS, RETRIES, Meaning
from frontoffice.messages.provider import Report
from frontoffice.messages.timing import Timing

log = structlog.get_logger(__name__)

AT_ONCE = 100
# For so long a receipt that is nobody's is looked at again: what was sent is committed in seconds, or looked for.
PATIENCE = timedelta(days=1)

# Kinds that are of use for so long that a second way is worth it.
MAIL_TOO = frozenset({"expiry"})

_TAG = re.compile(r"([0-9a-f]{1,15})/([0-9a-f]{1,4})")
_FAILED = (MessageState.FAILED, MessageState.UNDELIVERED)


def receive(session: Session, report: Report, timing: Timing, now: datetime) -> None:
    """Write a receipt down, and let it count for its message. The second of the same does nothing."""
    receipt = session.scalar(
        outbox.insert_for(session)(Receipt)
        .values(
            provider=report.provider,
            provider_id=report.provider_id,
            status=report.status,
            error_code=report.error_code,
            meaning=report.meaning if report.state in _FAILED else None,
            received_at=now,
        )
        .on_conflict_do_nothing(index_elements=["provider", "provider_id", "status"])
        .returning(Receipt)
    )
    if receipt is None:
        return
    message = _of_id(session, report) or _of_tag(session, report)
    if message is None:
        log.info("receipt.nobodys", provider=report.provider, status=report.status)
        return
    _count(session, message, receipt, report, timing, now)


def catch_up(session: Session, timing: Timing, now: datetime) -> int:
    """Let receipts count that came before the row knew its id; says how many did."""
    query = (
        select(Receipt)
        .join(
            Message,
            (Message.provider == Receipt.provider) & (Message.provider_id == Receipt.provider_id),
        )
        .where(Receipt.message_id.is_(None), Receipt.received_at > now - PATIENCE)
        .order_by(Receipt.received_at, Receipt.id)
        .limit(AT_ONCE)
    )
    counted = 0
    for receipt in session.scalars(query).all():
        meaning = Meaning(receipt.meaning) if receipt.meaning else Meaning.DEAD
        report = Report(receipt.provider, receipt.provider_id, receipt.status, receipt.error_code, meaning)
        message = _of_id(session, report)
        if message is not None:
            _count(session, message, receipt, report, timing, now)
        counted += 1
        if meaning is Meaning.STOP:
            break  # every office may have been told, which comes last: the others have time until the next look
    return counted


def mail_too(session: Session, timing: Timing, now: datetime) -> int:
    """SMS that matter for months and are not known to have arrived go by mail too; says how many did.

    All of them are looked at: those without a mail address stay as they are, and must not stand before the others.
    """
    child = aliased(Message)
    query = (
        select(Message)
        .where(
            Message.id > bindparam("after"),
            Message.state == MessageState.SENT,
            Message.medium == Medium.SMS,
            Message.kind.in_(MAIL_TOO),
            Message.envelope.is_not(None),
            Message.cancelled_at.is_(None),
            Message.final_at <= now - timing.mail_after,
            Message.final_at > now - timing.mail_after - PATIENCE,
            ~exists().where(child.parent_id == Message.id),
        )
        .order_by(Message.id)
        .limit(AT_ONCE)
    )
    written, after = 0, 0
    while found := session.scalars(query, {"after": after}).all():
        written += sum(outbox.fall_back(session, each, now) is not None for each in found)
        after = found[-1].id
    return written


def not_delivered(
    session: Session, message: Message, state: MessageState, meaning: Meaning, timing: Timing, now: datetime
) -> None:
    """What becomes of a message that the provider took and did not deliver: later again, or by mail.

    Comes last in a transaction: where it lies with the provider, every office is told.
    """
    if message.cancelled_at is not None:
        settle.close(session, message, state, now)
    elif meaning is Meaning.RETRY and (before := _times_given_up(session, message)) < RETRIES:
        give_up(session, message, now)
        settle.again(session, message, now, timing.later * 2**before)
    elif meaning is Meaning.STOP:
        # It lies with the medium, not with the message, which has certainly not arrived.
        provider, reason = message.provider or "", message.error_code or state
        give_up(session, message, now)
        settle.again(session, message, now, timing.stop)
        if failover.stop(session, provider, message.medium, reason, now):
            failover.tell(session, provider, message.medium, reason, now)
    else:
        envelope = unseal(vaults.of(session), message.envelope)
        if meaning is Meaning.SUPPRESS and envelope is not None:
            outbox.suppress(session, message.medium, envelope.to, f"provider: {message.error_code}", now)
        settle.close(session, message, state, now)


def _times_given_up(session: Session, message: Message) -> int:
    """How often it was taken before and did not arrive; attempts that were not taken do not count."""
    query = select(func.count(Receipt.id)).where(Receipt.message_id == message.id, Receipt.status == GIVEN_UP)
    return session.scalar(query) or 0


def _of_id(session: Session, report: Report) -> Message | None:
    return _locked(
        session, (Message.provider == report.provider) & (Message.provider_id == report.provider_id)
    )


def _of_tag(session: Session, report: Report) -> Message | None:
    found = _TAG.fullmatch(report.tag or "")
    if found is None:
        return None
    number, attempt = int(found[1], 16), int(found[2], 16)
    message = _locked(session, Message.id == number)
    return message if message is not None and 1 <= attempt <= message.attempts else None


def _locked(session: Session, condition: ColumnElement[bool]) -> Message | None:
    return session.scalar(
        select(Message).where(condition).with_for_update().execution_options(populate_existing=True)
    )


def _count(
    session: Session, message: Message, receipt: Receipt, report: Report, timing: Timing, now: datetime
) -> None:
    is_given_up = message.provider_id != report.provider_id and _is_known(session, message, report)
    receipt.message_id = message.id
    if message.provider_id != report.provider_id:
        if report.state is not MessageState.DELIVERED and is_given_up:
            return  # we have sent it again, or by mail, since we heard that it did not arrive
        if message.provider_id is not None:
            log.error("message.left_twice", id=message.id, kind=message.kind, medium=message.medium)
            return
        _attach(message, report, now)
    if RANKS[report.status] <= RANKS.get(message.provider_status or "", -1):
        return
    message.provider_status = report.status
    if report.state is MessageState.DELIVERED:
        message.state, message.final_at, message.error_code = MessageState.DELIVERED, now, None
    elif report.state in _FAILED:
        message.error_code = report.error_code or report.status
        not_delivered(session, message, report.state, report.meaning, timing, now)
    session.flush()
    log.info(
        "message.reported", id=message.id, kind=message.kind, medium=message.medium, status=report.status
    )


def _attach(message: Message, report: Report, now: datetime) -> None:
    """The provider has it: whoever sends it, looks for it or is about to send it again finds that settled."""
    message.provider, message.provider_id = report.provider, report.provider_id
    message.provider_status = None
    message.state = MessageState.SENT
    message.accepted_at = message.attempt_started_at or now
    message.final_at = now
    message.looked_at = message.lease_owner = message.lease_until = None


def give_up(session: Session, message: Message, now: datetime) -> None:
    """Part a message from what the provider made of it, and remember that it was that."""
    session.execute(
        outbox.insert_for(session)(Receipt)
        .values(
            provider=message.provider,
            provider_id=message.provider_id,
            status=GIVEN_UP,
            message_id=message.id,
            received_at=now,
        )
        .on_conflict_do_nothing(index_elements=["provider", "provider_id", "status"])
    )
    message.provider_id = message.provider_status = None
    message.final_at = message.accepted_at = None


def _is_known(session: Session, message: Message, report: Report) -> bool:
    return (
        session.scalar(
            select(Receipt.id)
            .where(
                Receipt.message_id == message.id,
                Receipt.provider == report.provider,
                Receipt.provider_id == report.provider_id,
            )
            .limit(1)
        )
        is not None
    )


def of_others(session: Session, message: Message, provider_ids: list[str]) -> set[str]:
    """Which of the provider's ids are known to belong to another message, or to an attempt that was given up."""
    ours = select(Message.provider_id).where(Message.provider_id.in_(provider_ids))
    told = select(Receipt.provider_id).where(
        Receipt.provider_id.in_(provider_ids),
        (Receipt.message_id != message.id) | (Receipt.status == GIVEN_UP),
    )
    return {each for each in session.scalars(ours.union(told)) if each is not None}
