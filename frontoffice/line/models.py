"""Tables of the line wing."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from frontoffice.booking.models import Appointment
from frontoffice.db import Base, Id, words
from frontoffice.offices.models import Counter, Office, Service
from frontoffice.staff.models import Account, Device


class TicketState(StrEnum):
    """Where a visit is. `called` and `serving` mean: at `counter`."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    PARKED = "parked"
    DONE = "done"
    NO_SHOW = "no_show"
    LEFT = "left"


STANDING = (TicketState.WAITING, TicketState.PARKED)  # in the line
AT_COUNTER = (TicketState.CALLED, TicketState.SERVING)
IN_HOUSE = (*STANDING, *AT_COUNTER)
OVER = (TicketState.DONE, TicketState.NO_SHOW, TicketState.LEFT)


class Priority(StrEnum):
    """Why staff let somebody go first."""

    CHILDREN = "children"
    PREGNANT = "pregnant"
    FRAIL = "frail"
    DEADLINE = "deadline"
    OTHER = "other"


def code_of(series: str, number: int) -> str:
    """A number as printed and called: A001."""
    return f"{series}{number:03d}"


HAS_A_COUNTER = text("state IN ('called', 'serving')")
WITH_PHONE = text("phone IS NOT NULL")


class Ticket(Base):
    """One visit in the line. Without a service, what it is about is clarified at the desk.

    The wishes (`for_…`) say who may call it: that counter, that account, that team, a counter where that language is
    spoken. `returns` marks a visitor who was sent away for a moment and comes straight back to that counter.
    What staff did last at `step_counter_id` can be undone for a moment: `before` are the columns as they were.

    The phone ticket is found by `link_fingerprint`. `phone` is a number for "you are next", sealed, and gone when the
    visit ends. `away_at` is when the visitor left the line for a while, which is possible once.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("office_id", "day", "series", "number"),
        # A counter has one visitor at a time, whatever the code around it believes.
        Index(
            "uq_ticket_counter",
            "counter_id",
            unique=True,
            sqlite_where=HAS_A_COUNTER,
            postgresql_where=HAS_A_COUNTER,
        ),
        Index("ix_ticket_office_id_day_state", "office_id", "day", "state"),
        # The few to whom something is to be sent.
        Index("ix_ticket_phone", "office_id", "day", sqlite_where=WITH_PHONE, postgresql_where=WITH_PHONE),
        CheckConstraint("number > 0", name="number"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    day: Mapped[date]  # the office's date on which the number was given
    series: Mapped[str] = mapped_column(String(1))
    number: Mapped[int]
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id"), unique=True)
    language: Mapped[str] = mapped_column(String(12))
    state: Mapped[TicketState] = mapped_column(words(TicketState))
    arrived_at: Mapped[datetime]
    due_at: Mapped[datetime | None]  # the time of the appointment
    counter_id: Mapped[int | None] = mapped_column(ForeignKey("counter.id"))
    calls: Mapped[int] = mapped_column(default=0)  # how often it was called, recalls included
    called_at: Mapped[datetime | None]
    serving_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    priority: Mapped[Priority | None] = mapped_column(words(Priority))
    priority_at: Mapped[datetime | None]
    for_counter_id: Mapped[int | None] = mapped_column(ForeignKey("counter.id"))
    for_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    for_language: Mapped[str | None] = mapped_column(String(12))
    for_team: Mapped[str | None] = mapped_column(String(60))
    returns: Mapped[bool] = mapped_column(default=False, server_default=false())
    wake_at: Mapped[datetime | None]  # a parked ticket waits again from then on; empty: when staff say so
    note: Mapped[str | None] = mapped_column(
        String(200)
    )  # why it is parked, or what the next counter should know
    done: Mapped[list[int] | None] = mapped_column(
        JSON(none_as_null=True)
    )  # the services that were really done
    step_at: Mapped[datetime | None]
    step_counter_id: Mapped[int | None] = mapped_column(ForeignKey("counter.id"), index=True)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    paper: Mapped[str | None] = mapped_column(
        String(8)
    )  # the number on the visitor's paper, where it is another
    link_fingerprint: Mapped[str | None] = mapped_column(String(64), unique=True)
    phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    next_told_at: Mapped[datetime | None]  # when "you are next" was sent, since it last joined the line
    notices: Mapped[int] = mapped_column(default=0, server_default="0")  # how often that was sent
    away_at: Mapped[datetime | None]
    office: Mapped[Office] = relationship()
    service: Mapped[Service | None] = relationship()
    counter: Mapped[Counter | None] = relationship(foreign_keys=counter_id)
    for_counter: Mapped[Counter | None] = relationship(foreign_keys=for_counter_id)
    for_account: Mapped[Account | None] = relationship()
    appointment: Mapped[Appointment | None] = relationship()

    @property
    def code(self) -> str:
        """The number as printed and called: A001."""
        return code_of(self.series, self.number)


IS_OPEN = text("closed_at IS NULL")


class CounterSession(Base):
    """A member of staff serves at a counter, from opening it to closing it, with pauses."""

    __tablename__ = "counter_session"
    __table_args__ = (
        Index(
            "uq_counter_session_counter",
            "counter_id",
            unique=True,
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
        Index(
            "uq_counter_session_account",
            "account_id",
            unique=True,
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    counter_id: Mapped[int] = mapped_column(ForeignKey("counter.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]  # set while the counter pauses
    counter: Mapped[Counter] = relationship()
    account: Mapped[Account] = relationship()


class EarlyClosing(Base):
    """Today the office closes earlier than usual, and has told those who wait. No row: it does not (any more)."""

    __tablename__ = "early_closing"
    __table_args__ = (UniqueConstraint("office_id", "day"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    day: Mapped[date]
    closes_at: Mapped[datetime]
    told_at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))


class ExpectedWait(Base):
    """The wait that was expected for a ticket soon after it was given, in seconds from `at`: to correct ranges by.

    No foreign key to the ticket: it would lock the ticket's row for a moment, and a counter that calls passes over
    what is locked.
    """

    __tablename__ = "expected_wait"
    __table_args__ = (Index("ix_expected_wait_office_id_at", "office_id", "at"),)

    ticket_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    at: Mapped[datetime]
    low: Mapped[int]
    middle: Mapped[int]
    high: Mapped[int]


class LineExperience(Base):
    """What an office's line has taught about waiting: an `experience.Experience`. No personal data."""

    __tablename__ = "line_experience"

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"), primary_key=True, autoincrement=False)
    learned_at: Mapped[datetime]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class JournalEntry(Base):
    """An act of a visitor at a kiosk, taken from the device's journal once; `result` is the answer it got.

    `entry` is what `phone.kept_as` makes of its id, which is the secret of the phone ticket.
    """

    __tablename__ = "journal_entry"
    __table_args__ = (UniqueConstraint("device_id", "entry"), Index("ix_journal_entry_entry", "entry"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    entry: Mapped[str] = mapped_column(String(36))
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]  # by the device's clock
    received_at: Mapped[datetime]
    accepted: Mapped[bool]
    result: Mapped[dict[str, Any]] = mapped_column(JSON)
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    device: Mapped[Device] = relationship()
    ticket: Mapped[Ticket | None] = relationship()
