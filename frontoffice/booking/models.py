"""Tables of the booking wing."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from frontoffice.db import Base, Id, words
from frontoffice.offices.models import Office, Schedule, Service


class Share(StrEnum):
    """A part of the seats that is kept for one door, or for emergencies. Sheets hold them in this order."""

    ONLINE = "online"
    PHONE = "phone"
    ON_SITE = "on_site"
    EMERGENCY = "emergency"


class Channel(StrEnum):
    """Through which door an appointment was made. From which seats it takes is its share."""

    ONLINE = "online"
    PHONE = "phone"
    ON_SITE = "on_site"
    PARTNER = "partner"


class Purpose(StrEnum):
    """What a hold keeps its ticks for."""

    VISITOR = "visitor"  # somebody fills in the form
    FREED = "freed"  # given back by somebody; for the waiting list first, later for everybody
    OFFER = "offer"  # offered to somebody from the waiting list
    PLAN = "plan"  # part of a partner's plan that is not yet confirmed


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

    `capacity` and `taken` are one byte per tick, the shares one after the other; `free` is one bit per
    tick, worked out whenever one of them changes, so that a search reads only this: a set for each share,
    and one more that marks where the schedule opens. `gates` says from when until when the public may take
    from which share. `frontoffice.booking.sheet` and `gates` read and write them.
    """

    __tablename__ = "day_sheet"
    __table_args__ = (UniqueConstraint("schedule_id", "day"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedule.id"))
    day: Mapped[date]
    capacity: Mapped[bytes] = mapped_column(LargeBinary)
    taken: Mapped[bytes] = mapped_column(LargeBinary)
    free: Mapped[bytes] = mapped_column(LargeBinary)
    gates: Mapped[bytes] = mapped_column(LargeBinary, default=b"")


IS_LIVE = text("released_at IS NULL")


class Hold(Base):
    """Ticks kept for a visitor for some minutes while the form is filled in; of the token only a fingerprint.

    While `released_at` is empty, the ticks are taken for this hold, even after `expires_at`. It is filled in
    when they are given back, and when an appointment takes them over; the row stays a day, to tell visitors
    who come late what happened. A visitor has one live hold at most. `items` are the services and for how many
    people each, [[service id, people], …], `service_id` the first of them.
    """

    __tablename__ = "hold"
    __table_args__ = (
        Index("ix_hold_live", "expires_at", sqlite_where=IS_LIVE, postgresql_where=IS_LIVE),
        Index("uq_hold_visitor", "visitor", unique=True, sqlite_where=IS_LIVE, postgresql_where=IS_LIVE),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token_fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    sheet_id: Mapped[int] = mapped_column(ForeignKey("day_sheet.id"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    items: Mapped[list[list[int]]] = mapped_column(JSON)
    channel: Mapped[Channel] = mapped_column(words(Channel))
    share: Mapped[Share] = mapped_column(words(Share))
    purpose: Mapped[Purpose] = mapped_column(
        words(Purpose), default=Purpose.VISITOR, server_default="visitor"
    )
    visitor: Mapped[str | None] = mapped_column(String(64))  # fingerprint of the browser's own token
    first_tick: Mapped[int]
    ticks: Mapped[int]
    start: Mapped[datetime]
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    sheet: Mapped[DaySheet] = relationship()
    service: Mapped[Service] = relationship()


# It is still known whose it is; the same of those that nobody comes to: cancelled, or never confirmed.
IS_KNOWN = text("person_digest IS NOT NULL")
IS_GIVEN_UP_AND_KNOWN = text("person_digest IS NOT NULL AND state IN ('cancelled', 'expired')")


class Appointment(Base):
    """A visit agreed for a time. `person` is sealed: name, date of birth, mail and phone in one piece.

    The digests find the appointments of one person, one mail address, one phone, without naming them; they go when
    it is forgotten whose it was. `items`
    is as in Hold. What is unconfirmed lapses at `confirm_by`. `booked_by` is as the actor in events.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        Index("ix_appointment_office_id_start", "office_id", "start"),
        Index("ix_appointment_person_digest", "person_digest"),
        Index("ix_appointment_mail_digest", "mail_digest"),
        Index("ix_appointment_phone_digest", "phone_digest"),
        Index("ix_appointment_state_start", "state", "start"),
        # What is still to be forgotten.
        Index("ix_appointment_known", "start", sqlite_where=IS_KNOWN, postgresql_where=IS_KNOWN),
        Index(
            "ix_appointment_given_up",
            "changed_at",
            sqlite_where=IS_GIVEN_UP_AND_KNOWN,
            postgresql_where=IS_GIVEN_UP_AND_KNOWN,
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    reference: Mapped[str] = mapped_column(String(8), unique=True)
    hold_fingerprint: Mapped[str | None] = mapped_column(String(64), unique=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    sheet_id: Mapped[int] = mapped_column(ForeignKey("day_sheet.id"), index=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    items: Mapped[list[list[int]]] = mapped_column(JSON)
    channel: Mapped[Channel] = mapped_column(words(Channel))
    share: Mapped[Share] = mapped_column(words(Share))
    state: Mapped[State] = mapped_column(words(State))
    first_tick: Mapped[int]
    ticks: Mapped[int]
    start: Mapped[datetime]
    language: Mapped[str] = mapped_column(String(12))
    person: Mapped[bytes] = mapped_column(LargeBinary)
    person_digest: Mapped[str | None] = mapped_column(String(64))
    mail_digest: Mapped[str | None] = mapped_column(String(64))
    phone_digest: Mapped[str | None] = mapped_column(String(64))
    booked_by: Mapped[str] = mapped_column(String(60), default="visitor", server_default="visitor")
    confirm_by: Mapped[datetime | None]
    sequence: Mapped[int] = mapped_column(default=0)  # RFC 5545 SEQUENCE: how often it was changed
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    office: Mapped[Office] = relationship()
    service: Mapped[Service] = relationship()
    sheet: Mapped[DaySheet] = relationship()
    schedule: Mapped[Schedule] = relationship(secondary="day_sheet", viewonly=True)


class Withheld(Base):
    """Days of a schedule (half-open) whose times the public cannot take, because a draw gives them away.

    Planning opens no gate on them while the row is there. `reason` names what withholds them, like the subject of
    an event: "draw:3".
    """

    __tablename__ = "withheld"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedule.id"), index=True)
    first_day: Mapped[date]
    until_day: Mapped[date]
    reason: Mapped[str] = mapped_column(String(60), index=True)

    def withholds(self, day: date) -> bool:
        """Whether it is about this day."""
        return self.first_day <= day < self.until_day


class BlockedKind(StrEnum):
    """What a block is about."""

    PERSON = "person"
    MAIL = "mail"
    PHONE = "phone"
    NETWORK = "network"


class Blocked(Base):
    """Somebody who may not book online, for instance a trader of appointments; of whom or what only a keyed hash."""

    __tablename__ = "blocked"
    __table_args__ = (UniqueConstraint("kind", "digest"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[BlockedKind] = mapped_column(words(BlockedKind))
    digest: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    until: Mapped[datetime | None]
    blocked_by: Mapped[str] = mapped_column(String(60))
