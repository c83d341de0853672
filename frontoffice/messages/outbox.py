"""Putting messages into the outbox, in the transaction of the fact that causes them, and taking them back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import String, Table, bindparam, case, exists, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.messages import addresses, kinds
from frontoffice.messages.envelope import Envelope, seal, unseal
from frontoffice.messages.models import Medium, Message, MessageState, Suppression
from frontoffice.quick import Quick

LONGEST_KEY = 110
AT_ONCE = 20  # rows of one INSERT
# A mail that stands in for an SMS gets at least so long to leave.
FALLBACK_WINDOW = timedelta(hours=1)

_MESSAGES = cast(Table, Message.__table__)
_COLUMNS = (
    "dedupe_key",
    "kind",
    "medium",
    "subject",
    "office_id",
    "recipient",
    "envelope",
    "template_version",
    "language",
    "priority",
    "not_before",
    "expires_at",
    "created_at",
)
_SUPPRESSED, _PENDING = (
    literal(state, _MESSAGES.c.state.type) for state in (MessageState.SUPPRESSED, MessageState.PENDING)
)
_NONE = literal(0)
_UNDECIDED = (MessageState.PENDING, MessageState.SENDING, MessageState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message to be written. `to` is as `addresses` gives it, `subject` what it is about ("appointment:17").

    `parameters` are what `kinds` says, times in UTC. The key of an SMS ends with ":sms", that of a mail with the
    same content is the same with ":mail": an SMS that fails is followed by a mail to `fallback_to` unless that mail
    is in the outbox anyway.
    """

    kind: str
    medium: Medium
    to: str
    language: str
    office_id: int
    subject: str
    dedupe_key: str
    parameters: dict[str, str]
    expires_at: datetime
    not_before: datetime | None = None
    priority: int = 5
    fallback_to: str | None = None


def enqueue_all(session: Session, drafts: Sequence[Draft], now: datetime) -> list[int | None]:
    """Write messages, twenty in a statement; gives their ids, None where a `dedupe_key` is in the outbox already.

    For a recipient who wants no such messages the row is SUPPRESSED. Raises ValueError for an unknown kind, wrong
    parameters or key; then nothing is written.
    """
    if not drafts:
        return []
    session.flush()
    ids, suppressed = dict[str, int](), list[int]()
    all_rows = _rows(vaults.of(session), drafts, now)
    for first in range(0, len(all_rows), AT_ONCE):
        rows = all_rows[first : first + AT_ONCE]
        statement = _new(session.get_bind().dialect.name, len(rows[0]) - len(_COLUMNS), len(rows))
        values = {f"{name}_{place}": value for place, row in enumerate(rows) for name, value in row.items()}
        for number, key, state in statement.run(session, values):
            ids[key] = number
            if state is MessageState.SUPPRESSED:
                suppressed.append(number)
    if suppressed:
        _stand_in(session, suppressed, now)
    return [ids.pop(draft.dedupe_key, None) for draft in drafts]


def enqueue_many(session: Session, drafts: Sequence[Draft], now: datetime) -> int:
    """As `enqueue_all`, for the thousands of a sweep; says how many were written.

    Opt-outs are left to the claim, which looks at them anyway: those messages stay pending until their turn comes.
    """
    if not drafts:
        return 0
    session.flush()
    rows = [
        {name: row[name] for name in _COLUMNS} | {"state": MessageState.PENDING, "attempts": 0, "unknowns": 0}
        for row in _rows(vaults.of(session), drafts, now)
    ]
    statement = insert_for(session)(_MESSAGES).on_conflict_do_nothing(index_elements=["dedupe_key"])
    # Of many executions the driver adds up the rows.
    options = {"preserve_rowcount": True}
    return session.connection().execute(statement, rows, execution_options=options).rowcount


def enqueue(session: Session, *, now: datetime, **draft: Any) -> Message | None:
    """As `enqueue_all`, for one message, with the parts of a Draft; gives the row."""
    [number] = enqueue_all(session, [Draft(**draft)], now)
    return None if number is None else session.get_one(Message, number)


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


def _rows(vault: vaults.Vault, drafts: Sequence[Draft], now: datetime) -> list[dict[str, Any]]:
    rows = []
    sealed: dict[tuple[str, str | None, int], bytes] = {}  # often several say the same to the same
    digests: dict[tuple[Medium, str], list[str]] = {}
    for draft in drafts:
        version = kinds.check(draft.kind, draft.parameters).version
        if not draft.dedupe_key.endswith(f":{draft.medium}") or len(draft.dedupe_key) > LONGEST_KEY:
            raise ValueError(
                f"a key must end with :{draft.medium} and have at most {LONGEST_KEY} characters: "
                f"{draft.dedupe_key!r}"
            )
        if (draft.medium, draft.to) not in digests:
            digests[draft.medium, draft.to] = recipient_digests(vault, draft.medium, draft.to)
        known = digests[draft.medium, draft.to]
        fallback_to = draft.fallback_to if draft.medium is Medium.SMS else None
        contents = (draft.to, fallback_to, id(draft.parameters))
        if contents not in sealed:
            sealed[contents] = seal(vault, Envelope(draft.to, draft.parameters, fallback_to))
        rows.append(
            {
                "dedupe_key": draft.dedupe_key,
                "kind": draft.kind,
                "medium": draft.medium,
                "subject": draft.subject,
                "office_id": draft.office_id,
                "recipient": known[0],
                "envelope": sealed[contents],
                "template_version": version,
                "language": draft.language,
                "priority": draft.priority,
                "not_before": draft.not_before or now,
                "expires_at": draft.expires_at,
                "created_at": now,
            }
            | {f"digest_{number}": digest for number, digest in enumerate(known)}
        )
    return rows


@cache
def _new(dialect: str, keys: int, many: int) -> Quick:
    """The INSERT of so many rows that looks by itself for opt-outs, under as many digests as the vault has keys."""
    rows = []
    for place in range(many):
        digests = [bindparam(f"digest_{number}_{place}", type_=String()) for number in range(keys)]
        opted_out = exists().where(or_(*(Suppression.recipient == digest for digest in digests)))
        state = case((opted_out, _SUPPRESSED), else_=_PENDING)
        given = {name: bindparam(f"{name}_{place}", type_=_MESSAGES.c[name].type) for name in _COLUMNS}
        rows.append(given | {"state": state, "attempts": _NONE, "unknowns": _NONE})
    return Quick(
        (postgresql if dialect == "postgresql" else sqlite)
        .insert(_MESSAGES)
        .values(rows)
        .on_conflict_do_nothing(index_elements=["dedupe_key"])
        .returning(_MESSAGES.c.id, _MESSAGES.c.dedupe_key, _MESSAGES.c.state)
    )


def _stand_in(session: Session, suppressed: Collection[int], now: datetime) -> None:
    for message in session.scalars(select(Message).where(Message.id.in_(suppressed)).order_by(Message.id)):
        message.final_at = now
        fall_back(session, message, now)


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
