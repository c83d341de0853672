"""Tables of the booking wing."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from frontoffice.db import Base, Id, words
from frontoffice.offices.models import Office, Schedule, Service


class Channel(StrEnum):
    """Through which door an appointment was made; each has its own share of the seats."""

    ONLINE = "online"
    PHONE = "phone"
    ON_SITE = "on_site"


class State(StrEnum):
    """What has become of an appointment. A held slot is a Hold, not yet an appointment."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NO_SHOW = "no_show"


# An appointment in one of these occupies its ticks.
OCCUPYING = (State.UNCONFIRMED, State.CONFIRMED, State.CHECKED_IN, State.DONE, State.NO_SHOW)


class DaySheet(Base):
    """One schedule on one date: capacity and taken per five-minute tick; both the index and the lock.

    `capacity` and `taken` are one byte per tick, the channels one after the other; `free` is one bit per
    tick, worked out whenever one of them changes, so that a search reads only this: a set for each channel,
    and one more that marks where the schedule opens. `frontoffice.booking.sheet` reads and writes them.
    """

    __tablename__ = "day_sheet"
    __table_args__ = (UniqueConstraint("schedule_id", "day"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedule.id"))
    day: Mapped[date]
    capacity: Mapped[bytes] = mapped_column(LargeBinary)
    taken: Mapped[bytes] = mapped_column(LargeBinary)
    free: Mapped[bytes] = mapped_column(LargeBinary)


IS_LIVE = text("released_at IS NULL")


class Hold(Base):
    """Ticks kept for a visitor for some minutes while the form is filled in; of the token only a fingerprint.

    While `released_at` is empty, the ticks are taken for this hold, even after `expires_at`. It is filled in
    when they are given back, and when an appointment takes them over; the row stays a day, to tell visitors
    who come late what happened.
    """

    __tablename__ = "hold"
    __table_args__ = (Index("ix_hold_live", "expires_at", sqlite_where=IS_LIVE, postgresql_where=IS_LIVE),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token_fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    sheet_id: Mapped[int] = mapped_column(ForeignKey("day_sheet.id"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    channel: Mapped[Channel] = mapped_column(words(Channel))
    first_tick: Mapped[int]
    ticks: Mapped[int]
    start: Mapped[datetime]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    sheet: Mapped[DaySheet] = relationship()
    service: Mapped[Service] = relationship()


class Appointment(Base):
    """A visit agreed for a time. `person` is sealed: name, date of birth, mail and phone in one piece."""

    __tablename__ = "appointment"
    __table_args__ = (
        Index("ix_appointment_office_id_start", "office_id", "start"),
        Index("ix_appointment_state_start", "state", "start"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    reference: Mapped[str] = mapped_column(String(8), unique=True)
    hold_fingerprint: Mapped[str | None] = mapped_column(String(64), unique=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    sheet_id: Mapped[int] = mapped_column(ForeignKey("day_sheet.id"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    channel: Mapped[Channel] = mapped_column(words(Channel))
    state: Mapped[State] = mapped_column(words(State))
    first_tick: Mapped[int]
    ticks: Mapped[int]
    start: Mapped[datetime]
    language: Mapped[str] = mapped_column(String(8))
    person: Mapped[bytes] = mapped_column(LargeBinary)
    sequence: Mapped[int] = mapped_column(default=0)  # RFC 5545 SEQUENCE: how often it was changed
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    office: Mapped[Office] = relationship()
    service: Mapped[Service] = relationship()
    sheet: Mapped[DaySheet] = relationship()
    schedule: Mapped[Schedule] = relationship(secondary="day_sheet", viewonly=True)
