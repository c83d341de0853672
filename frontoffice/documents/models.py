"""Tables of expiry watches; those of cards are in `card_models`."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from frontoffice.db import Base, Id, words
from frontoffice.documents.document_kinds import DocumentKind
from frontoffice.offices.models import Office


class WatchState(StrEnum):
    """What becomes of a watch: only an active one reminds."""

    ACTIVE = "active"
    APPLIED = "applied"  # an application was received
    WITHDRAWN = "withdrawn"  # its source does not deliver it any more
    OPTED_OUT = "opted_out"  # kept without contact, so that the next delivery does not bring it back


class Source(StrEnum):
    """Where a watch comes from; deliveries name theirs like "partner:3"."""

    HOLDER = "holder"
    DESK = "desk"


IS_COMING = text("next_on IS NOT NULL")
IS_REACHED = text("recipient IS NOT NULL")
FALLS_BACK = text("fallback_recipient IS NOT NULL")


class ExpiryWatch(Base):
    """A document whose end somebody wants to be reminded of. No name, nothing but where to send it.

    `expires_on` is the day on the document, `ends_on` that day as rules move it. `contact` is sealed: phone, mail, and
    the id that the specialist system has for it; `recipient` is the keyed hash of the address that is written to first,
    as in the outbox, `fallback_recipient` that of the mail behind a phone. `external` is the keyed hash of source and
    id, `delivered` that of the row as it was delivered. `next_on` is the day of the next reminder (empty: none), which
    is all that the daily sweep looks at.
    """

    __tablename__ = "expiry_watch"
    __table_args__ = (
        Index(
            "ix_expiry_watch_next_on",
            "next_on",
            "id",
            sqlite_where=IS_COMING,
            postgresql_where=IS_COMING,
        ),
        Index(
            "ix_expiry_watch_recipient",
            "recipient",
            sqlite_where=IS_REACHED,
            postgresql_where=IS_REACHED,
        ),
        Index(
            "ix_expiry_watch_fallback_recipient",
            "fallback_recipient",
            sqlite_where=FALLS_BACK,
            postgresql_where=FALLS_BACK,
        ),
        Index("ix_expiry_watch_office_id_ends_on", "office_id", "ends_on"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    kind: Mapped[DocumentKind] = mapped_column(words(DocumentKind))
    expires_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    language: Mapped[str] = mapped_column(String(12))
    contact: Mapped[bytes | None] = mapped_column(LargeBinary)
    recipient: Mapped[str | None] = mapped_column(String(64))
    fallback_recipient: Mapped[str | None] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(40))
    external: Mapped[str | None] = mapped_column(String(64), unique=True)
    delivered: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[WatchState] = mapped_column(words(WatchState), default=WatchState.ACTIVE)
    next_on: Mapped[date | None] = mapped_column(Date)
    told_on: Mapped[date | None] = mapped_column(Date)  # when the last reminder was planned
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    office: Mapped[Office] = relationship()


class LadderInUse(Base):
    """By which ladder an office's watches were planned last: another one plans them anew."""

    __tablename__ = "ladder_in_use"

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"), primary_key=True, autoincrement=False)
    fingerprint: Mapped[str] = mapped_column(String(64))
