"""Tables of the messages wing."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from frontoffice.db import Base, Id, words


class Medium(StrEnum):
    """What a message travels through."""

    SMS = "sms"
    MAIL = "mail"


class MessageState(StrEnum):
    """Where a message is. `unknown`: the provider may have taken it; not sent again before that is clear."""

    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DEAD = "dead"


IN_FLIGHT = text("medium = 'sms' AND state IN ('sending', 'unknown')")
IS_PENDING = text("state = 'pending'")
IS_READABLE = text("envelope IS NOT NULL")

# Nothing more happens to a message in one of these, except that a receipt may still move SENT on.
FINAL = frozenset(MessageState) - {MessageState.PENDING, MessageState.SENDING, MessageState.UNKNOWN}


class Message(Base):
    """A row of the outbox: one text to one person over one medium, written with the fact that caused it.

    `envelope` is sealed: address and parameters of the text. `recipient` is the keyed hash of the address.
    """

    __tablename__ = "message"
    __table_args__ = (
        # One SMS in flight per recipient makes it clear afterwards which of the provider's messages is whose.
        Index(
            "uq_message_in_flight",
            "recipient",
            unique=True,
            sqlite_where=IN_FLIGHT,
            postgresql_where=IN_FLIGHT,
        ),
        Index(
            "ix_message_due",
            "priority",
            "not_before",
            "id",
            sqlite_where=IS_PENDING,
            postgresql_where=IS_PENDING,
        ),
        Index("ix_message_subject", "subject"),
        Index("ix_message_state_lease_until", "state", "lease_until"),
        Index("ix_message_redaction", "final_at", sqlite_where=IS_READABLE, postgresql_where=IS_READABLE),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(30))
    medium: Mapped[Medium] = mapped_column(words(Medium))
    subject: Mapped[str] = mapped_column(String(60))  # what it is about, like an event's: "appointment:17"
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    recipient: Mapped[str] = mapped_column(String(64))
    envelope: Mapped[bytes | None] = mapped_column(LargeBinary)
    template_version: Mapped[int] = mapped_column(default=1)
    language: Mapped[str] = mapped_column(String(8))
    priority: Mapped[int] = mapped_column(default=5)  # 1 leaves before 9
    state: Mapped[MessageState] = mapped_column(words(MessageState))
    not_before: Mapped[
        datetime
    ]  # pending: send it then at the earliest; unknown: look for it at the provider then
    expires_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    attempt_started_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(60))
    lease_until: Mapped[datetime | None]
    looked_at: Mapped[datetime | None]  # when an unknown was last looked for at the provider and not found
    unknowns: Mapped[int] = mapped_column(default=0)
    cancelled_at: Mapped[
        datetime | None
    ]  # also set while in flight: it may have left, but is not tried again
    provider_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    provider_status: Mapped[str | None] = mapped_column(String(30))
    error_code: Mapped[str | None] = mapped_column(String(40))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    created_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    final_at: Mapped[datetime | None]
    redacted_at: Mapped[datetime | None]


class Receipt(Base):
    """What the provider said became of a message; written even while the outbox does not know its id yet."""

    __tablename__ = "receipt"
    __table_args__ = (UniqueConstraint("provider_id", "status"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    provider_id: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(30))
    error_code: Mapped[str | None] = mapped_column(String(40))
    received_at: Mapped[datetime]


class Suppression(Base):
    """A recipient who does not want any more messages over a medium, or whose address cannot take them."""

    __tablename__ = "suppression"
    __table_args__ = (UniqueConstraint("recipient", "medium"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    recipient: Mapped[str] = mapped_column(String(64))
    medium: Mapped[Medium] = mapped_column(words(Medium))
    reason: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]


class ChannelStop(Base):
    """A medium that is stopped, and why: its rows stay pending until somebody has mended the cause."""

    __tablename__ = "channel_stop"

    medium: Mapped[Medium] = mapped_column(words(Medium), primary_key=True)
    reason: Mapped[str] = mapped_column(String(200))
    stopped_at: Mapped[datetime]


class JobLease(Base):
    """Which slot of time a sweep was last done for, so that not every worker does the same one."""

    __tablename__ = "job_lease"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    slot: Mapped[int] = mapped_column(BigInteger)
