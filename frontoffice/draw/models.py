"""Tables of the fair draw."""

from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Time,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from frontoffice.booking.models import Appointment
from frontoffice.db import Base, Id, words
from frontoffice.offices.models import Office, Schedule, Service, Texts
from frontoffice.waitlist.models import WaitlistEntry


class Weights(StrEnum):
    """How the chances are spread; `frontoffice.draw.lottery.weight` has the formula."""

    EQUAL = "equal"
    EXPIRY = "expiry"  # whose residence title ends sooner has better chances


class DrawState(StrEnum):
    """How far a draw is. Whether its window is open, its times say."""

    PLANNED = "planned"  # requests are collected in its window
    DRAWN = "drawn"  # the order is fixed and published; appointments are being made
    SETTLED = "settled"  # everybody has a result
    CANCELLED = "cancelled"


draw_schedule = Table(
    "draw_schedule",
    Base.metadata,
    Column("draw_id", ForeignKey("draw.id"), primary_key=True),
    Column("schedule_id", ForeignKey("schedule.id"), primary_key=True, index=True),
)


class Draw(Base):
    """Times of some schedules on some days (half-open) that are drawn by lot, not given to who comes first.

    Requests are taken from `opens_at` until `closes_at`. `seed` is sealed until the draw; its hash, `commitment`,
    is public from the start, `revealed` and `list_digest` after the draw. A winner has `confirm_hours` to confirm.
    """

    __tablename__ = "draw"
    __table_args__ = (
        CheckConstraint("confirm_hours BETWEEN 1 AND 336", name="confirm_hours"),
        Index("ix_draw_state_closes_at", "state", "closes_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(8), unique=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"), index=True)
    title: Mapped[Texts] = mapped_column(JSON)
    service_ids: Mapped[list[int]] = mapped_column(JSON)
    first_day: Mapped[date]
    until_day: Mapped[date]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    weights: Mapped[Weights] = mapped_column(words(Weights))
    confirm_hours: Mapped[int]
    state: Mapped[DrawState] = mapped_column(words(DrawState))
    seed: Mapped[bytes] = mapped_column(LargeBinary)
    commitment: Mapped[str] = mapped_column(String(64))
    list_digest: Mapped[str | None] = mapped_column(String(64))
    revealed: Mapped[str | None] = mapped_column(String(64))
    drawn_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(60))
    office: Mapped[Office] = relationship()
    schedules: Mapped[list[Schedule]] = relationship(secondary=draw_schedule, order_by=Schedule.id)


class RequestState(StrEnum):
    """What has become of a request."""

    UNPROVEN = "unproven"  # the contact is not proved yet; it takes no part
    ENTERED = "entered"
    WITHDRAWN = "withdrawn"
    WON = "won"  # there is an appointment
    LISTED = "listed"  # on the waiting list
    REFUSED = "refused"  # neither was possible: an appointment already, a block, a service that is closed


# What takes no part: neither drawn nor counted.
OUTSIDE = (RequestState.UNPROVEN, RequestState.WITHDRAWN)


class DrawRequest(Base):
    """One person's request in a draw; `number` is its public, anonymous name, `rank` its place in the drawn order.

    The wish is as in WaitlistEntry. While the contact is unproven, `person_digest` is empty: whoever only claims to be
    somebody keeps nobody out. `expires_on` is when the residence title ends, as the person says.
    """

    __tablename__ = "draw_request"
    __table_args__ = (
        UniqueConstraint("draw_id", "person_digest"),
        CheckConstraint("weekdays BETWEEN 1 AND 127", name="weekdays"),
        Index("ix_draw_request_draw_id_state_rank", "draw_id", "state", "rank"),
        Index("ix_draw_request_mail_digest", "mail_digest"),
        Index("ix_draw_request_phone_digest", "phone_digest"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    draw_id: Mapped[int] = mapped_column(ForeignKey("draw.id"))
    number: Mapped[str] = mapped_column(String(8), unique=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    items: Mapped[list[list[int]]] = mapped_column(JSON)
    first_day: Mapped[date]
    until_day: Mapped[date]
    weekdays: Mapped[int] = mapped_column(default=127)
    not_before: Mapped[time | None] = mapped_column(Time)
    before: Mapped[time | None] = mapped_column(Time)
    expires_on: Mapped[date | None]
    weight: Mapped[int]
    rank: Mapped[int | None]
    state: Mapped[RequestState] = mapped_column(words(RequestState))
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("waitlist_entry.id"))
    language: Mapped[str] = mapped_column(String(12))
    person: Mapped[bytes | None] = mapped_column(LargeBinary)  # empty once it is redacted
    person_digest: Mapped[str | None] = mapped_column(String(64))
    mail_digest: Mapped[str | None] = mapped_column(String(64))
    phone_digest: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    draw: Mapped[Draw] = relationship()
    service: Mapped[Service] = relationship()
    appointment: Mapped[Appointment | None] = relationship()
    entry: Mapped[WaitlistEntry | None] = relationship()
