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
IS_UNREACHED = text("state IN ('dead', 'failed', 'undelivered', 'expired') AND attended_at IS NULL")
IS_STAND_IN = text("parent_id IS NOT NULL")
IS_REDACTED = text("redacted_at IS NOT NULL")
HAS_LEFT_BY_SMS = text("medium = 'sms' AND accepted_at IS NOT NULL")
IS_NOBODYS = text("message_id IS NULL")

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
        Index(
            "ix_message_recent",
            "recipient",
            "accepted_at",
            sqlite_where=HAS_LEFT_BY_SMS,
            postgresql_where=HAS_LEFT_BY_SMS,
        ),
        Index(
            "ix_message_unreached",
            "office_id",
            "final_at",
            sqlite_where=IS_UNREACHED,
            postgresql_where=IS_UNREACHED,
        ),
        Index("ix_message_stand_in", "parent_id", sqlite_where=IS_STAND_IN, postgresql_where=IS_STAND_IN),
        Index("ix_message_kept", "redacted_at", sqlite_where=IS_REDACTED, postgresql_where=IS_REDACTED),
        UniqueConstraint("provider", "provider_id"),
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
    language: Mapped[str] = mapped_column(String(12))
    priority: Mapped[int] = mapped_column(default=5)  # 1 leaves before 9
    state: Mapped[MessageState] = mapped_column(words(MessageState))
    not_before: Mapped[
        datetime
    ]  # pending: send it then at the earliest; unknown: look for it at the provider then
    due_at: Mapped[datetime | None]  # when it should have left, where `not_before` tells a later attempt
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
    provider: Mapped[str | None] = mapped_column(String(20))  # who was asked at the last attempt
    provider_id: Mapped[str | None] = mapped_column(String(64))
    provider_status: Mapped[str | None] = mapped_column(String(30))
    error_code: Mapped[str | None] = mapped_column(String(40))
    parts: Mapped[int | None]  # in how many parts an SMS left
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    created_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    final_at: Mapped[datetime | None]
    redacted_at: Mapped[datetime | None]
    attended_at: Mapped[datetime | None]  # when a person has looked at it who found that it did not arrive
    attended_by: Mapped[str | None] = mapped_column(String(40))


# The status of a receipt of our own: the message has been parted from what the provider made of it.
GIVEN_UP = "given up"


class Receipt(Base):
    """What a provider said became of a message; written even while the outbox does not know its id yet.

    Also what came from a phone: its id is remembered with the status "received", so that it counts once.
    """

    __tablename__ = "receipt"
    __table_args__ = (
        UniqueConstraint("provider", "provider_id", "status"),
        Index("ix_receipt_message_id", "message_id"),
        Index("ix_receipt_nobodys", "received_at", sqlite_where=IS_NOBODYS, postgresql_where=IS_NOBODYS),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    provider: Mapped[str] = mapped_column(String(20))
    provider_id: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(30))
    error_code: Mapped[str | None] = mapped_column(String(40))
    meaning: Mapped[str | None] = mapped_column(String(24))  # of a failure: what is to be done
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"))
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


class Mute(Base):
    """A recipient who does not want messages on one topic; all others still reach them."""

    __tablename__ = "mute"

    recipient: Mapped[str] = mapped_column(String(64), primary_key=True)
    topic: Mapped[str] = mapped_column(String(20), primary_key=True)
    created_at: Mapped[datetime]


class ChannelStop(Base):
    """A provider that is stopped, and why: another one takes over, or its messages stay pending.

    Its row goes when a message has left through it again, so it says why until the cause is mended.
    """

    __tablename__ = "channel_stop"

    provider: Mapped[str] = mapped_column(String(20), primary_key=True)
    medium: Mapped[Medium] = mapped_column(words(Medium))
    reason: Mapped[str] = mapped_column(String(200))
    stopped_at: Mapped[datetime]


class Pace(Base):
    """How far ahead of the permitted rate a medium is: nothing more leaves before `free_at`."""

    __tablename__ = "pace"

    medium: Mapped[Medium] = mapped_column(words(Medium), primary_key=True)
    free_at: Mapped[datetime]


class JobLease(Base):
    """Which slot of time a sweep was last done for, so that not every worker does the same one."""

    __tablename__ = "job_lease"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    slot: Mapped[int] = mapped_column(BigInteger)
