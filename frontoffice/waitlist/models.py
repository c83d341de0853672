"""Tables of the waiting list."""

from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Time, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from frontoffice.booking.models import Appointment, DaySheet, Share
from frontoffice.db import Base, Id, words
from frontoffice.offices.models import Office, Service


class EntryState(StrEnum):
    """What has become of a wish."""

    UNPROVEN = "unproven"  # the contact is not proved yet; nothing is offered
    WAITING = "waiting"
    OFFERED = "offered"  # a time is offered, and kept
    TAKEN = "taken"  # an offer became an appointment
    LEFT = "left"  # the person wanted it no longer
    MISSED = "missed"  # too many offers were declined or ran out
    OVER = "over"  # its date has passed
    NEEDLESS = "needless"  # the person has an appointment by other means, or lost the one it is tied to


LIVE = (EntryState.WAITING, EntryState.OFFERED)
IS_LIVE = text("state IN ('waiting', 'offered')")


class WaitlistEntry(Base):
    """A wish for an earlier time, in the order of `joined_at`. `person` is sealed as in Appointment.

    The office's days from `first_day` until `until_day` (half-open), on the weekdays of a bit set (Monday is bit 0),
    at starts from `not_before` until `before` on the wall clock (empty: at any time), at least `notice_hours` ahead.
    The wish stands until `ends_at`. With `appointment_id` it asks for an earlier time for that appointment.
    """

    __tablename__ = "waitlist_entry"
    __table_args__ = (
        CheckConstraint("weekdays BETWEEN 1 AND 127", name="weekdays"),
        Index("ix_waitlist_entry_state_joined_at", "state", "joined_at"),
        Index("ix_waitlist_entry_mail_digest", "mail_digest"),
        Index("ix_waitlist_entry_phone_digest", "phone_digest"),
        Index(
            "uq_waitlist_entry_live",
            "person_digest",
            "service_id",
            unique=True,
            sqlite_where=IS_LIVE,
            postgresql_where=IS_LIVE,
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    reference: Mapped[str] = mapped_column(String(8), unique=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id"), index=True)
    state: Mapped[EntryState] = mapped_column(words(EntryState))
    first_day: Mapped[date]
    until_day: Mapped[date]
    weekdays: Mapped[int] = mapped_column(default=127)
    not_before: Mapped[time | None] = mapped_column(Time)
    before: Mapped[time | None] = mapped_column(Time)
    notice_hours: Mapped[int] = mapped_column(default=0)
    ends_at: Mapped[datetime]
    language: Mapped[str] = mapped_column(String(12))
    person: Mapped[bytes | None] = mapped_column(LargeBinary)  # empty once it is redacted
    person_digest: Mapped[str | None] = mapped_column(String(64))
    mail_digest: Mapped[str | None] = mapped_column(String(64))
    phone_digest: Mapped[str | None] = mapped_column(String(64))
    missed: Mapped[int] = mapped_column(default=0)  # offers that were declined or ran out
    created_at: Mapped[datetime]
    joined_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    office: Mapped[Office] = relationship()
    service: Mapped[Service] = relationship()
    appointment: Mapped[Appointment | None] = relationship()
    places: Mapped[list["WaitlistPlace"]] = relationship(
        back_populates="entry", order_by="WaitlistPlace.id", cascade="all, delete-orphan"
    )


class WaitlistPlace(Base):
    """Where a wish may be met: at one schedule, or (empty) at any pooled one of the office.

    `items` are the services there and for how many people, as in Hold: each office has its own services.
    """

    __tablename__ = "waitlist_place"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("waitlist_entry.id"), index=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"), index=True)
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("schedule.id"))
    items: Mapped[list[list[int]]] = mapped_column(JSON)
    entry: Mapped[WaitlistEntry] = relationship(back_populates="places")
    office: Mapped[Office] = relationship()


class Outcome(StrEnum):
    """What has become of an offer."""

    OPEN = "open"
    TAKEN = "taken"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"  # the wish ended, or the day was closed


IS_OPEN = text("outcome = 'open'")


class Offer(Base):
    """A freed time offered to one wish until `expires_at`, and kept by the hold with the `fingerprint`.

    `token` is that of the hold, sealed while the offer is open.
    """

    __tablename__ = "waitlist_offer"
    __table_args__ = (
        Index(
            "uq_waitlist_offer_open", "entry_id", unique=True, sqlite_where=IS_OPEN, postgresql_where=IS_OPEN
        ),
        Index("ix_waitlist_offer_due", "expires_at", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("waitlist_entry.id"), index=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    sheet_id: Mapped[int] = mapped_column(ForeignKey("day_sheet.id"), index=True)
    items: Mapped[list[list[int]]] = mapped_column(JSON)
    share: Mapped[Share] = mapped_column(words(Share))
    first_tick: Mapped[int]
    ticks: Mapped[int]
    start: Mapped[datetime]
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    token: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    outcome: Mapped[Outcome] = mapped_column(words(Outcome))
    decided_at: Mapped[datetime | None]
    entry: Mapped[WaitlistEntry] = relationship()
    office: Mapped[Office] = relationship()
    sheet: Mapped[DaySheet] = relationship()
