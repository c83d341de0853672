"""How the outbox is doing, read from the database: so every process tells the same, whichever is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from frontoffice.messages.models import Medium, Message, MessageState

QUANTILES = (0.5, 0.9, 0.99)
LATELY = timedelta(hours=1)
A_DAY = timedelta(days=1)
MOST = 10_000  # the latest so many deliveries are enough for percentiles

_IN_WORK = (MessageState.PENDING, MessageState.SENDING, MessageState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Queue:
    """What of a medium should have left by now: how many, and since when the oldest one; and how many are unclear."""

    medium: Medium
    due: int
    age: timedelta
    unclear: int


@dataclass(frozen=True, slots=True)
class Delays:
    """How long messages of a medium took lately from when they were due until a provider had them."""

    medium: Medium
    accepted: int
    quantiles: Sequence[timedelta]  # as QUANTILES; empty where none was accepted


def queues(session: Session, now: datetime) -> list[Queue]:
    """The queue of every medium."""
    rows = session.execute(
        select(
            Message.medium,
            Message.state,
            func.count(),
            func.min(func.coalesce(Message.due_at, Message.not_before)),
        )
        .where(Message.state.in_(_IN_WORK), func.coalesce(Message.due_at, Message.not_before) <= now)
        .group_by(Message.medium, Message.state)
    ).all()
    return [_queue(medium, [row for row in rows if row[0] is medium], now) for medium in Medium]


def delays(session: Session, now: datetime) -> list[Delays]:
    """The delays of every medium within the last hour."""
    query = (
        select(Message.medium, func.coalesce(Message.due_at, Message.not_before), Message.accepted_at)
        # Their contents are there still: this leads to an index.
        .where(Message.final_at > now - LATELY, Message.accepted_at > now - LATELY)
        .where(Message.envelope.is_not(None))
        .order_by(Message.final_at.desc())
        .limit(MOST)
    )
    rows = session.execute(query).all()
    return [
        _delays(medium, sorted(took - due for each, due, took in rows if each is medium and took))
        for medium in Medium
    ]


def outcomes(session: Session, now: datetime) -> list[tuple[Medium, str, MessageState, int]]:
    """How many messages of each medium and kind came to which end within a day."""
    query = (
        select(Message.medium, Message.kind, Message.state, func.count())
        .where(Message.final_at > now - A_DAY, Message.envelope.is_not(None))
        .group_by(Message.medium, Message.kind, Message.state)
        .order_by(Message.medium, Message.kind, Message.state)
    )
    return [(medium, kind, state, number) for medium, kind, state, number in session.execute(query)]


def _queue(
    medium: Medium, rows: Sequence[tuple[Medium, MessageState, int, datetime]], now: datetime
) -> Queue:
    oldest = min((since for _, _, _, since in rows), default=now)
    return Queue(
        medium,
        sum(number for _, _, number, _ in rows),
        now - oldest,
        sum(number for _, state, number, _ in rows if state is MessageState.UNKNOWN),
    )


def _delays(medium: Medium, taken: Sequence[timedelta]) -> Delays:
    at = [taken[min(int(len(taken) * quantile), len(taken) - 1)] for quantile in QUANTILES] if taken else []
    return Delays(medium, len(taken), at)
