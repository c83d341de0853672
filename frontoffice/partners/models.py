"""Tables of the partners wing."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from frontoffice.booking.models import Appointment
from frontoffice.db import Base, Id, words
from frontoffice.offices.models import Office, Schedule, Service


class PartnerKind(StrEnum):
    """Who a partner is."""

    EMPLOYER = "employer"
    UNIVERSITY = "university"
    COUNSELLING = "counselling"
    INTEGRATION = "integration"  # another system, such as the specialist procedure


class Scope(StrEnum):
    """What a partner's tokens are for."""

    BOOK = "book"  # appointments for others, one by one or as a plan
    INVITE = "invite"  # ask people to take an appointment themselves
    WATCHES = "watches"  # deliver which documents end when
    CARDS = "cards"  # deliver where cards are


class Period(StrEnum):
    """After what a quota renews, by the calendar."""

    WEEK = "week"
    MONTH = "month"


class Partner(Base):
    """Somebody who books for others. Its row is the lock under which its quota is counted.

    `quota` is how many appointments it may book in each `period`, `most_open` how many may be still to come at
    the same time; empty means as many as there are. Of the secret link to its page only a fingerprint is kept.
    """

    __tablename__ = "partner"
    __table_args__ = (
        CheckConstraint("quota >= 0", name="quota"),
        CheckConstraint("most_open >= 0", name="most_open"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[PartnerKind] = mapped_column(words(PartnerKind))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    quota: Mapped[int | None]
    period: Mapped[Period] = mapped_column(words(Period))
    most_open: Mapped[int | None]
    link_fingerprint: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    grants: Mapped[list["Grant"]] = relationship(back_populates="partner", order_by="Grant.id")
    tokens: Mapped[list["PartnerToken"]] = relationship(back_populates="partner", order_by="PartnerToken.id")


class Grant(Base):
    """Where a partner may book: at an office, for a service (empty: each), on a schedule (empty: the pooled ones).

    With `shares` it takes from exactly these, at any time; without, from what is open to the public.
    """

    __tablename__ = "partner_grant"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), index=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("schedule.id"))
    shares: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    partner: Mapped[Partner] = relationship(back_populates="grants")
    office: Mapped[Office] = relationship()
    service: Mapped[Service | None] = relationship()
    schedule: Mapped[Schedule | None] = relationship()


class PartnerToken(Base):
    """A bearer token of a partner; shown once, kept as a fingerprint. `label` is where it is used."""

    __tablename__ = "partner_token"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), index=True)
    label: Mapped[str] = mapped_column(String(60))
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    partner: Mapped[Partner] = relationship(back_populates="tokens")


class PlanState(StrEnum):
    """What has become of a plan. That one has lapsed, only its time says."""

    HELD = "held"
    CONFIRMED = "confirmed"
    GIVEN_BACK = "given_back"


class Plan(Base):
    """Times held for a list of people until `expires_at`, to be confirmed all at once.

    `key` is a fingerprint of the partner's Idempotency-Key, `request` a keyed hash of what was asked with it.
    """

    __tablename__ = "partner_plan"
    __table_args__ = (
        UniqueConstraint("partner_id", "key"),
        Index("ix_partner_plan_partner_id_state", "partner_id", "state"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(24), unique=True)  # in addresses
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    state: Mapped[PlanState] = mapped_column(words(PlanState))
    key: Mapped[str | None] = mapped_column(String(64))
    request: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    office: Mapped[Office] = relationship()
    entries: Mapped[list["PlanEntry"]] = relationship(order_by="PlanEntry.position")


class PlanEntry(Base):
    """One person of a plan: the time that is held and later the appointment, or why nothing fits.

    `content` is sealed: the person, the partner's own reference, the token of the hold. It is emptied when the
    plan is over. `refusal` is the code of what stood in the way, with what its sentence needs.
    """

    __tablename__ = "partner_plan_entry"
    __table_args__ = (UniqueConstraint("plan_id", "position"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("partner_plan.id"))
    position: Mapped[int]  # counted from 1, as people count lines
    items: Mapped[list[list[int]]] = mapped_column(JSON)
    language: Mapped[str] = mapped_column(String(12))
    start: Mapped[datetime | None]
    ticks: Mapped[int]
    refusal: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id"), index=True)
    appointment: Mapped[Appointment | None] = relationship()


class PartnerBooking(Base):
    """An appointment that a partner has booked, with the partner's own reference (sealed)."""

    __tablename__ = "partner_booking"
    __table_args__ = (
        UniqueConstraint("partner_id", "key"),
        Index("ix_partner_booking_partner_id_booked_at", "partner_id", "booked_at"),
    )

    appointment_id: Mapped[int] = mapped_column(
        ForeignKey("appointment.id"), primary_key=True, autoincrement=False
    )
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    booked_at: Mapped[datetime]
    key: Mapped[str | None] = mapped_column(String(64))
    request: Mapped[str | None] = mapped_column(String(64))
    own_reference: Mapped[bytes | None] = mapped_column(LargeBinary)
    appointment: Mapped[Appointment] = relationship()


class InvitationState(StrEnum):
    """What has become of an invitation. That one has lapsed, only its window says."""

    OPEN = "open"
    TAKEN = "taken"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"  # by the system that asked


class Invitation(Base):
    """Another system asks for an appointment; the person takes a time through a link.

    The appointment lies between `earliest` and `latest` and takes `minutes`, whatever its service takes.
    `reference` is the asking system's own, found by its digest; what it told of the person is in `person`, until
    the invitation is over. Both are sealed.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        UniqueConstraint("partner_id", "key"),
        Index("ix_invitation_partner_id_reference_digest", "partner_id", "reference_digest"),
        Index("ix_invitation_latest", "latest"),
        CheckConstraint("minutes BETWEEN 5 AND 480 AND minutes % 5 = 0", name="minutes"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(24), unique=True)  # in addresses
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"))
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"))
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("schedule.id"))
    earliest: Mapped[datetime]
    latest: Mapped[datetime]
    minutes: Mapped[int]
    language: Mapped[str] = mapped_column(String(12))
    reference: Mapped[bytes | None] = mapped_column(LargeBinary)
    reference_digest: Mapped[str | None] = mapped_column(String(64))
    person: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[InvitationState] = mapped_column(words(InvitationState))
    key: Mapped[str | None] = mapped_column(String(64))
    request: Mapped[str] = mapped_column(String(64))
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id"), index=True)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    partner: Mapped[Partner] = relationship()
    office: Mapped[Office] = relationship()
    service: Mapped[Service] = relationship()
    schedule: Mapped[Schedule | None] = relationship()
    appointment: Mapped[Appointment | None] = relationship()
