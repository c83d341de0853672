"""Tables of the staff wing."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from frontoffice.db import Base, Id, words
from frontoffice.offices.models import Office


class Role(StrEnum):
    """What an account is for; what each may do stands in `roles.py`."""

    FRONT_DESK = "front_desk"
    CASEWORKER = "caseworker"
    TEAM_LEAD = "team_lead"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Account(Base):
    """A member of staff. Without an office it is valid at every office."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    username: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(200))  # argon2id
    role: Mapped[Role] = mapped_column(words(Role))
    office_id: Mapped[int | None] = mapped_column(ForeignKey("office.id"))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class StaffSession(Base):
    """One sign-in; the same row serves the browser's cookie and the API's bearer token."""

    __tablename__ = "staff_session"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    token_fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    account: Mapped[Account] = relationship()


class DeviceKind(StrEnum):
    """What kind of device it is."""

    KIOSK = "kiosk"
    DISPLAY = "display"


class PrinterState(StrEnum):
    """How the printer of a kiosk is, as the kiosk tells it."""

    OK = "ok"
    OUT_OF_PAPER = "out_of_paper"
    UNREACHABLE = "unreachable"
    OFF = "off"  # there is none


class Device(Base):
    """A paired kiosk or waiting-room display, with its own credential; a kiosk has its own series letter.

    `runs` are the last starts of its program, [[run, when it was first heard of], …]: one that comes back after a
    later one shows that two devices use one pairing (`doubled_at`). `past_series` are letters it had before, each
    with the moment of its end. What it told of itself at `told_at`: how its printer is, entries `waiting` for
    delivery, numbers that are `stuck` on it, tickets whose printing was `interrupted`, and the seconds that its
    clock is ahead.
    """

    __tablename__ = "device"
    __table_args__ = (UniqueConstraint("office_id", "series"), UniqueConstraint("office_id", "name"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[DeviceKind] = mapped_column(words(DeviceKind))
    series: Mapped[str | None] = mapped_column(String(1))
    code_fingerprint: Mapped[str | None] = mapped_column(String(64), unique=True)
    code_expires_at: Mapped[datetime | None]
    credential_fingerprint: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    paired_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    runs: Mapped[list[list[str]]] = mapped_column(JSON, default=list, server_default="[]")
    doubled_at: Mapped[datetime | None]
    past_series: Mapped[list[list[str]]] = mapped_column(JSON, default=list, server_default="[]")
    told_at: Mapped[datetime | None]
    printer: Mapped[PrinterState | None] = mapped_column(words(PrinterState))
    printer_since: Mapped[datetime | None]
    waiting: Mapped[int] = mapped_column(default=0, server_default="0")
    stuck: Mapped[int] = mapped_column(default=0, server_default="0")
    interrupted: Mapped[int] = mapped_column(default=0, server_default="0")
    clock_ahead: Mapped[int] = mapped_column(default=0, server_default="0")
    office: Mapped[Office] = relationship()
