"""Tables of the insight wing. None of them holds personal data."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from frontoffice.db import Base, words


class Figure(StrEnum):
    """What is counted. `about` and `part` of a DayCount mean, figure by figure, what stands beside it."""

    VISITS = "visits"  # about a service (0: not said yet); part: through which channel
    VISIT_HOURS = "visit_hours"  # about a service; part: the hour of arrival on the office's clock, "09"
    CHANNEL_HOURS = "channel_hours"  # about 0; part: hour and channel, "09 online"
    ENDS = "ends"  # about a service; part: how the visit ended
    WAITING = "waiting"  # walk-ins, about a service; part: a step of `histogram`
    WAITING_DUE = "waiting_due"  # the same for people with an appointment, from its time on
    SERVING = "serving"  # about a service; part: a step of `histogram`
    APPOINTMENTS = "appointments"  # about a service; part: what came of it and how long ahead: "missed 3"
    SEATS = "seats"  # about a schedule; part "all" or "taken", in minutes
    COUNTERS = "counters"  # about 0, never a single counter: part "open" or "busy", in minutes
    MESSAGES = "messages"  # about 0; part: kind, medium and outcome, "reminder sms delivered"
    SEGMENTS = "segments"  # about 0; part: the kind; how many parts its SMS were sent in


class DayCount(Base):
    """One number of one day of an office. What is true of a longer span is found by adding up days.

    No row: none. Services and schedules may be gone by now, so there is no foreign key to them.
    """

    __tablename__ = "day_count"

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    figure: Mapped[Figure] = mapped_column(words(Figure), primary_key=True)
    about: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    part: Mapped[str] = mapped_column(String(60), primary_key=True)
    number: Mapped[int]


class WorkedDay(Base):
    """The counts of this day of the office were worked out last at `worked_at`."""

    __tablename__ = "worked_day"

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    worked_at: Mapped[datetime]


class PromiseDay(Base):
    """How many days it was to the next free appointment of a service, on one day. Empty: nothing was free.

    `days` is what was found at nine o'clock (or first after it), `worst` the most at any look of the day,
    `promised` what the service promised then.
    """

    __tablename__ = "promise_day"

    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True, autoincrement=False)
    days: Mapped[int | None]
    worst: Mapped[int | None]
    promised: Mapped[int]
    looked_at: Mapped[datetime]


class BrokenPromise(Base):
    """A service whose next free appointment is further away than promised. The row goes when that is over."""

    __tablename__ = "broken_promise"

    service_id: Mapped[int] = mapped_column(ForeignKey("service.id"), primary_key=True, autoincrement=False)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"), index=True)
    since: Mapped[datetime]
    days: Mapped[int | None]  # at the last look; empty: nothing is free
