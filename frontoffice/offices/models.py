"""Tables of the offices wing."""

from datetime import date, time
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, String, Table, Time, UniqueConstraint, true
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


class Confirmation(StrEnum):
    """By what a person who books online proves the contact, before the appointment stands."""

    NONE = "none"
    MAIL = "mail"  # a link
    SMS = "sms"  # a code
    EITHER = "either"  # a link if there is a mail address, else a code


class Office(Base):
    """A site with an address, a time zone, a Land (for holidays) and languages.

    `open_on` are public holidays, as dates in ISO form, on which it opens all the same.
    """

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
    open_on: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    languages: Mapped[list[str]] = mapped_column(JSON)
    confirmation: Mapped[Confirmation] = mapped_column(
        words(Confirmation), default=Confirmation.NONE, server_default="none"
    )
    # Minutes of waiting from which on the team view warns: for walk-ins from the arrival, else from the appointment.
    walk_in_warning: Mapped[int] = mapped_column(default=45, server_default="45")
    appointment_warning: Mapped[int] = mapped_column(default=15, server_default="15")
    # Hours before an appointment at which people are reminded; empty: as configured.
    reminder_hours: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    # The office's own words: {"booking": texts, "confirmation": texts, "screen": texts}.
    notes: Mapped[dict[str, Texts]] = mapped_column(JSON, default=dict, server_default="{}")
    # For how many days something is kept here, where that is less than configured: {"messages": 3}.
    keep_days: Mapped[dict[str, int]] = mapped_column(JSON, default=dict, server_default="{}")
    # How it reminds of ends of documents, where that is not as configured: as config.OfficeReminders.
    document_reminders: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    services: Mapped[list["Service"]] = relationship(
        back_populates="office", order_by="Service.position, Service.id"
    )
    schedules: Mapped[list["Schedule"]] = relationship(back_populates="office", order_by="Schedule.id")
    counters: Mapped[list["Counter"]] = relationship(back_populates="office", order_by="Counter.id")
    slides: Mapped[list["Slide"]] = relationship(
        back_populates="office", order_by="Slide.position, Slide.id", cascade="all, delete-orphan"
    )


class Service(Base):
    """What people come for. `minutes` is the length of one appointment, a multiple of five.

    For a family, each further person adds `minutes_next_person`; in a visit for several services, one that is
    not the longest takes `minutes_together`. Where they are empty, `minutes` counts again.
    """

    __tablename__ = "service"
    __table_args__ = (
        UniqueConstraint("office_id", "slug"),
        CheckConstraint("minutes > 0 AND minutes % 5 = 0", name="minutes"),
        CheckConstraint(
            "minutes_next_person >= 0 AND minutes_next_person % 5 = 0", name="minutes_next_person"
        ),
        CheckConstraint("minutes_together >= 0 AND minutes_together % 5 = 0", name="minutes_together"),
        CheckConstraint("most_people BETWEEN 1 AND 20", name="most_people"),
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
    minutes_next_person: Mapped[int | None]
    minutes_together: Mapped[int | None]
    most_people: Mapped[int] = mapped_column(default=1, server_default="1")  # in one visit
    reminder_hours: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))  # empty: as configured
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
    """One line of appointment capacity at an office that offers some of its services.

    The times of `pooled` schedules are offered together; a separate one is a place of its own to choose, such
    as the monthly desk at a university, with its `place`. The emergency share opens to the public
    `emergency_days` working days ahead (empty: never), and what is left of all shares `flow_hours` before its
    time (empty: never).
    """

    __tablename__ = "schedule"
    __table_args__ = (
        UniqueConstraint("office_id", "slug"),
        CheckConstraint("emergency_days BETWEEN 0 AND 60", name="emergency_days"),
        CheckConstraint("flow_hours BETWEEN 0 AND 1000", name="flow_hours"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    slug: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(120))
    pooled: Mapped[bool] = mapped_column(default=True, server_default=true())
    place: Mapped[str | None] = mapped_column(String(200))  # where it is, if not at the office's address
    emergency_days: Mapped[int | None]
    flow_hours: Mapped[int | None]
    office: Mapped[Office] = relationship(back_populates="schedules")
    services: Mapped[list[Service]] = relationship(secondary=schedule_service, order_by=Service.position)
    opening_hours: Mapped[list["OpeningHours"]] = relationship(
        back_populates="schedule", cascade="all, delete-orphan"
    )


class OpeningHours(Base):
    """A rule: on this weekday (Monday is 0), from–to on the wall clock, so many seats for each channel.

    `every_weeks` counts from the week of `valid_from`; with `nth` the rule holds only on the nth such weekday of
    a month (-1: the last). `closes` 00:00 means the end of the day. `breaks` are [["12:00", "12:30"], …].

    The public can book from `bookable_from_days` before the day (empty: as far as the configuration allows), at
    `release_time` of that day (empty: midnight), until `bookable_until_days` before it (0: on the day itself).
    """

    __tablename__ = "opening_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("every_weeks >= 1", name="every_weeks"),
        CheckConstraint(
            "seats_online BETWEEN 0 AND 200 AND seats_phone BETWEEN 0 AND 200 "
            "AND seats_on_site BETWEEN 0 AND 200 AND seats_emergency BETWEEN 0 AND 200",
            name="seats",
        ),
        CheckConstraint("nth IN (-1, 1, 2, 3, 4, 5)", name="nth"),
        CheckConstraint("bookable_from_days BETWEEN 0 AND 366", name="bookable_from_days"),
        CheckConstraint("bookable_until_days BETWEEN 0 AND 366", name="bookable_until_days"),
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
    seats_emergency: Mapped[int] = mapped_column(default=0, server_default="0")
    nth: Mapped[int | None]
    breaks: Mapped[list[list[str]]] = mapped_column(JSON, default=list, server_default="[]")
    bookable_from_days: Mapped[int | None]
    bookable_until_days: Mapped[int] = mapped_column(default=0, server_default="0")
    release_time: Mapped[time | None] = mapped_column(Time)
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


class Slide(Base):
    """A page of information for the waiting-room screens: everywhere, or only in one room, and for a time.

    Texts are shown in all their languages, one after the other. `link` is shown as a QR code.
    """

    __tablename__ = "slide"
    __table_args__ = (CheckConstraint("seconds BETWEEN 5 AND 120", name="seconds"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"), index=True)
    position: Mapped[int]
    room: Mapped[str | None] = mapped_column(String(60))
    titles: Mapped[Texts] = mapped_column(JSON)
    texts: Mapped[Texts] = mapped_column(JSON)
    link: Mapped[str | None] = mapped_column(String(300))
    seconds: Mapped[int] = mapped_column(default=15)
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]  # the first day on which it is no longer shown
    office: Mapped[Office] = relationship(back_populates="slides")


class Counter(Base):
    """Where a staff member serves, for which team, which services it can take, which languages are spoken there.

    `room` is where people wait for it: its screens announce this counter. One that is not `active` is kept for what
    happened there, and nobody can open it.
    """

    __tablename__ = "counter"
    __table_args__ = (UniqueConstraint("office_id", "name"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    name: Mapped[str] = mapped_column(String(20))  # as it stands on the sign: "3"
    room: Mapped[str] = mapped_column(String(60))
    languages: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    team: Mapped[str] = mapped_column(String(60), default="", server_default="")
    active: Mapped[bool] = mapped_column(default=True, server_default=true())
    office: Mapped[Office] = relationship(back_populates="counters")
    services: Mapped[list[Service]] = relationship(secondary=counter_service, order_by=Service.position)
