"""Tables of the cards: orders on their way, who is to be told, and how long the way has taken."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Date, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from frontoffice.db import Base, Id, words
from frontoffice.offices.models import Office


class CardState(StrEnum):
    """Where a card is."""

    ORDERED = "ordered"
    IN_PRODUCTION = "in_production"
    SHIPPED = "shipped"
    CHECKING = "checking"  # it has arrived at the office, which looks whether all is right
    READY = "ready"  # at the counter
    IN_BOX = "in_box"  # in the pick-up box, until a day
    POSTED = "posted"  # on its way to the holder by direct mail
    HANDED_OVER = "handed_over"
    RETURNED = "returned"  # the office has sent it back to the printer
    CONTACT = "contact"  # please contact us


IS_OVER = text("state IN ('handed_over', 'posted', 'returned')")
IS_TO_REMIND = text("told_at IS NOT NULL AND reminded_at IS NULL")


class CardOrder(Base):
    """An electronic residence permit on its way from order to hand-over, without name or number in clear.

    The keys are keyed hashes (63 bits): `serial_key` and `order_key` of a number with the date of birth, which is
    what the holder knows; `serial_alone` and `order_alone` of a number by itself, for staff and imports. `sealed`
    holds what they were made from, so that a new key can make them anew.
    """

    __tablename__ = "card_order"
    __table_args__ = (
        Index("ix_card_order_office_id_state_since", "office_id", "state", "since"),
        Index("ix_card_order_over", "since", sqlite_where=IS_OVER, postgresql_where=IS_OVER),
        Index("ix_card_order_changed_at", "changed_at"),
        UniqueConstraint("serial_alone"),
        UniqueConstraint("order_alone"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    state: Mapped[CardState] = mapped_column(words(CardState))
    since: Mapped[datetime]  # in this state
    until: Mapped[date | None] = mapped_column(Date)  # the last day in the pick-up box
    serial_key: Mapped[int | None] = mapped_column(BigInteger, index=True)
    order_key: Mapped[int | None] = mapped_column(BigInteger, index=True)
    serial_alone: Mapped[int | None] = mapped_column(BigInteger)
    order_alone: Mapped[int | None] = mapped_column(BigInteger)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    changed_at: Mapped[datetime]
    office: Mapped[Office] = relationship()


class CardNotice(Base):
    """Somebody who wants to be told when a card is ready: a proven contact, and no name."""

    __tablename__ = "card_notice"
    __table_args__ = (
        UniqueConstraint("card_id", "recipient"),
        Index(
            "ix_card_notice_to_remind", "told_at", sqlite_where=IS_TO_REMIND, postgresql_where=IS_TO_REMIND
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("card_order.id", ondelete="CASCADE"))
    recipient: Mapped[str] = mapped_column(String(64))  # keyed hash of the address
    sealed: Mapped[bytes] = mapped_column(LargeBinary)  # medium and address
    language: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime]
    told_at: Mapped[datetime | None]  # that it is ready
    reminded_at: Mapped[datetime | None]
    card: Mapped[CardOrder] = relationship()


class CardTime(Base):
    """How long a card took from entering a state until it was ready. No card is named."""

    __tablename__ = "card_time"
    __table_args__ = (Index("ix_card_time_office_id_state_at", "office_id", "state", "at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    state: Mapped[CardState] = mapped_column(words(CardState))
    at: Mapped[datetime]  # when it was ready
    days: Mapped[int]


class CardLook(Base):
    """How often a network, or a number, was right and wrong within an hour. `who` is a keyed hash.

    A table of its own, and not `limits.Tally`: each look-up has to change its rows, right or wrong, because SQLite
    writes nothing where nothing changes, and the time that writing takes would tell the two apart.
    """

    __tablename__ = "card_look"
    __table_args__ = (Index("ix_card_look_until", "until"),)

    who: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime] = mapped_column(primary_key=True)
    hits: Mapped[int]
    misses: Mapped[int]


class CardClosed(Base):
    """A card that was handed over or posted and is forgotten: the keyed hash of one of its numbers by itself.

    So an old row of a delivery does not bring it back. A change of keys leaves it behind, and it goes after `until`.
    """

    __tablename__ = "card_closed"
    __table_args__ = (Index("ix_card_closed_until", "until"),)

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    until: Mapped[datetime]
