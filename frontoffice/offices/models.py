"""Tables of the offices wing."""

from datetime import date, time
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, String, Table, Time, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from frontoffice.db import Base, Id, words

# Texts in several languages: {"de": "…", "en": "…"}; German is always there.
Texts = dict[str, str]


class Biometrics(StrEnum):
    """Whether photo and fingerprints are taken during the visit."""

    YES = "yes"
    NO = "no"
    PHOTO = "photo"
    MAYBE = "maybe"


class Office(Base):
    """A site with an address, a time zone, a Land (for holidays) and languages."""

    __tablename__ = "office"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    street: Mapped[str] = mapped_column(String(120))
    postal_code: Mapped[str] = mapped_column(String(10))
    city: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str] = mapped_column(String(40))
    mail: Mapped[str] = mapped_column(String(120))
    time_zone: Mapped[str] = mapped_column(String(40), default="Europe/Berlin")
    land: Mapped[str] = mapped_column(String(2))
    languages: Mapped[list[str]] = mapped_column(JSON)
    services: Mapped[list["Service"]] = relationship(back_populates="office", order_by="Service.position")
    schedules: Mapped[list["Schedule"]] = relationship(back_populates="office", order_by="Schedule.id")
    counters: Mapped[list["Counter"]] = relationship(back_populates="office", order_by="Counter.id")


class Service(Base):
    """What people come for. `minutes` is the length of one appointment, a multiple of five."""

    __tablename__ = "service"
    __table_args__ = (
        UniqueConstraint("office_id", "slug"),
        CheckConstraint("minutes > 0 AND minutes % 5 = 0", name="minutes"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    slug: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    names: Mapped[Texts] = mapped_column(JSON)
    plain: Mapped[Texts] = mapped_column(JSON)  # one plain sentence: when do I choose this?
    documents: Mapped[dict[str, list[str]]] = mapped_column(JSON)  # what to bring, per language
    legal_basis: Mapped[str] = mapped_column(String(80))
    leika: Mapped[str | None] = mapped_column(String(14))
    minutes: Mapped[int]
    biometrics: Mapped[Biometrics] = mapped_column(words(Biometrics))
    online: Mapped[bool]  # can be booked online
    walk_in: Mapped[bool]  # may come without an appointment
    promise_days: Mapped[int] = mapped_column(default=14)  # at most so many days until an appointment
    active: Mapped[bool] = mapped_column(default=True)
    office: Mapped[Office] = relationship(back_populates="services")


schedule_service = Table(
    "schedule_service",
    Base.metadata,
    Column("schedule_id", ForeignKey("schedule.id"), primary_key=True),
    Column("service_id", ForeignKey("service.id"), primary_key=True, index=True),
)

counter_service = Table(
    "counter_service",
    Base.metadata,
    Column("counter_id", ForeignKey("counter.id"), primary_key=True),
    Column("service_id", ForeignKey("service.id"), primary_key=True, index=True),
)


class Schedule(Base):
    """One line of appointment capacity at an office that offers some of its services."""

    __tablename__ = "schedule"
    __table_args__ = (UniqueConstraint("office_id", "slug"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    slug: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(120))
    office: Mapped[Office] = relationship(back_populates="schedules")
    services: Mapped[list[Service]] = relationship(secondary=schedule_service, order_by=Service.position)
    opening_hours: Mapped[list["OpeningHours"]] = relationship(back_populates="schedule")


class OpeningHours(Base):
    """A rule: on this weekday (Monday is 0), from–to on the wall clock, so many seats for each channel.

    `every_weeks` counts from the week of `valid_from`; `until` 00:00 means the end of the day.
    """

    __tablename__ = "opening_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("every_weeks >= 1", name="every_weeks"),
        CheckConstraint(
            "seats_online BETWEEN 0 AND 200 AND seats_phone BETWEEN 0 AND 200 AND seats_on_site BETWEEN 0 AND 200",
            name="seats",
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedule.id"), index=True)
    weekday: Mapped[int]
    opens: Mapped[time] = mapped_column(Time)
    closes: Mapped[time] = mapped_column(Time)
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]  # the first day on which the rule no longer holds
    every_weeks: Mapped[int] = mapped_column(default=1)
    seats_online: Mapped[int]
    seats_phone: Mapped[int] = mapped_column(default=0)
    seats_on_site: Mapped[int] = mapped_column(default=0)
    schedule: Mapped[Schedule] = relationship(back_populates="opening_hours")


class Closure(Base):
    """A day, or a part of one, without capacity: at the whole office, or of one schedule. Holidays need no row."""

    __tablename__ = "closure"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"), index=True)
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("schedule.id"), index=True)
    day: Mapped[date]
    opens: Mapped[time | None] = mapped_column(Time)  # both empty: the whole day
    closes: Mapped[time | None] = mapped_column(Time)
    reason: Mapped[str] = mapped_column(String(120))


class Counter(Base):
    """Where a staff member serves, and which services it can take."""

    __tablename__ = "counter"
    __table_args__ = (UniqueConstraint("office_id", "name"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    name: Mapped[str] = mapped_column(String(20))  # as it stands on the sign: "3"
    room: Mapped[str] = mapped_column(String(60))
    office: Mapped[Office] = relationship(back_populates="counters")
    services: Mapped[list[Service]] = relationship(secondary=counter_service, order_by=Service.position)
