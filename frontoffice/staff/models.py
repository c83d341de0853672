"""Tables of the staff wing."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint, false
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
    """A member of staff, valid at `places`, or at every office (`everywhere`).

    Who signs in through the organisation (OpenID Connect) is known by `issuer` and `subject`, and may have no
    password. `totp` is the sealed secret of the second factor, `totp_step` the last time step whose code was used,
    `totp_new` one that its owner is still setting up. A password that somebody else has set must be changed first.
    """

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    username: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str | None] = mapped_column(String(200))  # argon2id
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=false())
    role: Mapped[Role] = mapped_column(words(Role))
    everywhere: Mapped[bool] = mapped_column(default=False, server_default=false())
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    signed_in_at: Mapped[datetime | None]
    totp: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_new: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_step: Mapped[int | None]
    issuer: Mapped[str | None] = mapped_column(String(200))
    subject: Mapped[str | None] = mapped_column(String(255))
    places: Mapped[list["AccountOffice"]] = relationship(cascade="all, delete-orphan")

    @property
    def office_ids(self) -> set[int]:
        """The offices at which it is valid, where it is not valid everywhere."""
        return {each.office_id for each in self.places}


class AccountOffice(Base):
    """An account is valid at an office."""

    __tablename__ = "account_office"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"), primary_key=True)


class RecoveryCode(Base):
    """A code that stands in for the second factor, once, when the telephone is lost."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None]


class PasswordLink(Base):
    """A link by which somebody sets a new password, once. An administrator has made it and passes it on."""

    __tablename__ = "password_link"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class KnownBrowser(Base):
    """A browser in which an account has signed in before: others who guess its password do not use up its attempts."""

    __tablename__ = "known_browser"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    last_at: Mapped[datetime] = mapped_column(index=True)


class Step(StrEnum):
    """What a sign-in still needs after the password."""

    CODE = "code"  # the code of the second factor
    ENROL = "enrol"  # the role asks for a second factor, and there is none yet
    PASSWORD = "password"  # noqa: S105 (another password than the one that somebody else has set)


class StaffSession(Base):
    """One sign-in; the same row serves the browser's cookie and the API's bearer token.

    While `step` is there it opens nothing but that step. It ends at `expires_at`, and at `idle_until` where nobody
    uses it. `browser` is what the browser calls itself, in a few words.
    """

    __tablename__ = "staff_session"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    token_fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    step: Mapped[Step | None] = mapped_column(words(Step))
    wrong_codes: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    idle_until: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    browser: Mapped[str | None] = mapped_column(String(60))
    by_oidc: Mapped[bool] = mapped_column(default=False, server_default=false())
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
