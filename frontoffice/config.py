"""The configuration: frozen, typed and loud. Read once at the start from TOML and the environment.

A key of the file can be given in the environment too, as FRONTOFFICE_SECTION__KEY (two underscores between the levels);
lists are written as JSON. With __FILE behind it the variable names a file that holds the value (a list: one a line, or
JSON), which is how systemd and compose hand over secrets. The environment wins. An unknown or missing key stops the
start with one line that names it.
"""

import difflib
import json
import os
import tomllib
from collections.abc import Mapping
from datetime import date
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal, get_origin
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from frontoffice.languages import SUPPORTED

PREFIX = "FRONTOFFICE_"
NOT_SETTINGS = {"FRONTOFFICE_CLOCK_OFFSET_SECONDS", "FRONTOFFICE_CONFIG", "FRONTOFFICE_KIOSK_DATA"}

Secret = Annotated[str, StringConstraints(min_length=32)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class ConfigError(Exception):
    """The configuration cannot be used; the text says which key and why."""


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, nothing changes after the start."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Site(Section):
    """How the system calls itself and where it is reached."""

    name: Text = "Frontoffice"
    base_url: str
    secret_keys: Annotated[tuple[Secret, ...], Field(min_length=1)]
    languages: Annotated[tuple[str, ...], Field(min_length=1)] = SUPPORTED

    @field_validator("base_url")
    @classmethod
    def _is_a_web_address(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            usable = (
                parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
            )
        except ValueError:
            usable = False
        if not usable or " " in value:
            raise ValueError("must be an address such as https://termin.example.org")
        return value.rstrip("/")

    @field_validator("languages")
    @classmethod
    def _have_a_catalogue(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [code for code in value if code not in SUPPORTED]
        if unknown:
            raise ValueError(f"there are no texts in “{unknown[0]}”; known are {', '.join(SUPPORTED)}")
        return value


class Accessibility(Section):
    """What the accessibility statement says of this installation: its days, and who enforces the law in this Land."""

    prepared: date | Literal[""] = ""
    reviewed: date | Literal[""] = ""
    body: str = ""
    body_url: str = ""

    @field_validator("body_url")
    @classmethod
    def _is_a_web_address(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must be an address such as https://www.example.org/schlichtung")
        return value


class DatabaseSettings(Section):
    """Where the data is. `connections`: at most so many to PostgreSQL from this machine's web server; 0 asks it."""

    url: str
    connections: Annotated[int, Field(ge=0)] = 0

    @field_validator("url")
    @classmethod
    def _is_a_known_kind(cls, value: str) -> str:
        try:
            url = make_url(value)
        except (ArgumentError, ValueError):
            raise ValueError("must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME") from None
        if url.get_backend_name() not in ("sqlite", "postgresql"):
            raise ValueError("must start with sqlite:/// or postgresql://")
        if url.database in (None, "", ":memory:"):
            raise ValueError("must name a file or a database: every process has to find the same one")
        return value


class Web(Section):
    """The web server. `proxies` is how many reverse proxies of your own stand in front of it."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    processes: Annotated[int, Field(ge=0)] = 0
    threads: Annotated[int, Field(ge=2)] = 40
    followers: Annotated[int, Field(ge=1)] = 2000
    followers_per_network: Annotated[int, Field(ge=1)] = 500
    proxies: Annotated[int, Field(ge=0, le=5)] = 0


class Booking(Section):
    """Rules of booking that hold for every office."""

    hold_minutes: Annotated[int, Field(ge=1, le=60)] = 10
    longer_minutes: Annotated[int, Field(ge=0, le=60)] = 10
    horizon_days: Annotated[int, Field(ge=1, le=366)] = 60
    lead_minutes: Annotated[int, Field(ge=0)] = 60
    confirm_minutes: Annotated[int, Field(ge=5, le=24 * 60)] = 60
    return_minutes: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0, le=24 * 60)]] = (5, 60)
    return_at_once_hours: Annotated[int, Field(ge=0)] = 3
    most_moves: Annotated[int, Field(ge=0)] = 3
    keep_days: Annotated[int, Field(ge=1, le=365)] = 30
    keep_unconfirmed_days: Annotated[int, Field(ge=0, le=365)] = 1

    @field_validator("return_minutes")
    @classmethod
    def _is_a_span(cls, value: tuple[int, int]) -> tuple[int, int]:
        if value[0] > value[1]:
            raise ValueError("must be the shortest and the longest time, such as [5, 60]")
        return value


class Fairness(Section):
    """How much one person, one contact and one network may book online. A visit for a family is one appointment."""

    appointments_per_person: Annotated[int, Field(ge=1)] = 1
    appointments_per_mail: Annotated[int, Field(ge=1)] = 4
    appointments_per_phone: Annotated[int, Field(ge=1)] = 4
    holds_per_network: Annotated[int, Field(ge=1)] = 120
    bookings_per_network: Annotated[int, Field(ge=1)] = 60
    captcha: Literal["on", "off"] = "on"
    captcha_work: Annotated[int, Field(ge=2, le=100_000)] = 4_000
    holds_without_proof: Annotated[int, Field(ge=0)] = 10


class Waitlist(Section):
    """The waiting list. The minutes of an offer count in the daytime, outside of the quiet hours of messages."""

    offer_minutes: Annotated[int, Field(ge=10, le=24 * 60)] = 120
    least_minutes: Annotated[int, Field(ge=5, le=24 * 60)] = 30
    most_missed: Annotated[int, Field(ge=1, le=20)] = 3
    wishes_per_contact: Annotated[int, Field(ge=1)] = 4
    longest_days: Annotated[int, Field(ge=1, le=366)] = 120
    proof_hours: Annotated[int, Field(ge=1, le=72)] = 24
    keep_days: Annotated[int, Field(ge=0, le=365)] = 7

    @model_validator(mode="after")
    def _an_offer_can_be_made(self) -> "Waitlist":
        if self.least_minutes > self.offer_minutes:
            raise ValueError("waitlist.least_minutes must not be more than waitlist.offer_minutes")
        return self


class Draw(Section):
    """The fair draw: how many requests may come from one contact, and how long details are kept afterwards."""

    requests_per_contact: Annotated[int, Field(ge=1)] = 4
    keep_days: Annotated[int, Field(ge=0, le=365)] = 30


class Partners(Section):
    """Partners who book for others."""

    plan_minutes: Annotated[int, Field(ge=5, le=240)] = 30
    invitations_per_day: Annotated[int, Field(ge=1)] = 500


class Cards(Section):
    """Cards on their way: when people are reminded to pick them up, and how long records are kept afterwards."""

    remind_days: Annotated[int, Field(ge=1, le=90)] = 14
    keep_days: Annotated[int, Field(ge=0, le=30)] = 30
    stale_days: Annotated[int, Field(ge=60, le=1000)] = 400


class Line(Section):
    """Rules of the line. "You are next" is sent to the first `next_people`, or when so few minutes are left."""

    early_minutes: Annotated[int, Field(ge=0)] = 60
    late_minutes: Annotated[int, Field(ge=0)] = 15
    walk_in_minutes: Annotated[int, Field(ge=0)] = 20
    too_late_minutes: Annotated[int, Field(ge=0)] = 30
    next_people: Annotated[int, Field(ge=1, le=20)] = 2
    next_minutes: Annotated[int, Field(ge=0, le=60)] = 5
    away_minutes: Annotated[int, Field(ge=5, le=480)] = 90
    learn_days: Annotated[int, Field(ge=1, le=366)] = 28
    journal_days: Annotated[int, Field(ge=8, le=366)] = 30


DocumentName = Literal[
    "residence_permit",
    "student",
    "vocational_training",
    "skilled_worker",
    "blue_card",
    "opportunity_card",
    "self_employed",
    "family",
    "humanitarian",
    "temporary_protection",
    "settlement_permit",
    "residence_card",
    "provisional_certificate",
    "toleration",
    "asylum_permission",
    "passport",
    "travel_document",
]
# Days before the end of a document; negative: after it. Watches are kept 30 days longer than that at most.
LadderDays = tuple[Annotated[int, Field(ge=-29, le=730)], ...]


class WatchRule(Section):
    """What is different for documents of these kinds that end from one day to another, both included."""

    kinds: Annotated[tuple[DocumentName, ...], Field(min_length=1)]
    expires_from: date | None = None
    expires_until: date | None = None
    moves_to: date | None = None
    mutes: bool = False
    quiet_from: date | None = None
    quiet_until: date | None = None

    @model_validator(mode="after")
    def _does_something(self) -> "WatchRule":
        is_quiet = self.quiet_from is not None or self.quiet_until is not None
        if not (self.moves_to or self.mutes or is_quiet):
            raise ValueError("a rule needs moves_to, mutes, or quiet_from and quiet_until")
        return self


class OfficeReminders(Section):
    """What one office does differently with reminders of ends of documents; empty: as configured for all.

    Its rules come behind the general ones.
    """

    title_days: LadderDays | None = None
    passport_days: LadderDays | None = None
    days: dict[DocumentName, LadderDays] = {}
    services: dict[DocumentName, str] = {}
    rules: tuple[WatchRule, ...] = ()


class Documents(Section):
    """Reminders of the end of documents. `days` and `services` are for single kinds of documents."""

    title_days: LadderDays = (90, 56, 28, 7)
    passport_days: LadderDays = (180, 90, 30)
    days: dict[DocumentName, LadderDays] = {}
    services: dict[DocumentName, str] = {}
    rules: tuple[WatchRule, ...] = ()
    spread_minutes: Annotated[int, Field(ge=0, le=600)] = 120
    keep_days: Annotated[int, Field(ge=0, le=30)] = 30


class Insight(Section):
    """Statistics. `alarm_mail` (empty: none) is told when the next free appointment is further away than promised."""

    alarm_mail: str = ""

    @field_validator("alarm_mail")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if value and "@" not in value.strip("@"):
            raise ValueError("must be a mail address such as leitung@example.org")
        return value


RoleName = Literal["front_desk", "caseworker", "team_lead", "administrator", "auditor"]


class Oidc(Section):
    """Sign-in through the organisation (OpenID Connect). `roles` says which value of `role_claim` gives which role,
    `offices` which value of `office_claim` gives which office (by its slug, "*" for all); without the latter an account
    keeps the offices that an administrator gave it. `create`: who is not known yet gets an account. `required_acr`: how
    surely the organisation must know who it is, one of these values of the claim `acr` (empty: as it likes).
    """

    name: Text = "OpenID Connect"
    issuer: Text
    client_id: Text
    client_secret: Text
    scope: Text = "openid profile"
    role_claim: Text = "roles"
    roles: dict[str, RoleName]
    office_claim: str | None = None
    offices: dict[str, str] = {}
    username_claim: Text = "preferred_username"
    create: bool = False
    passwords: bool = False
    required_acr: tuple[Text, ...] = ()

    @field_validator("issuer")
    @classmethod
    def _is_protected(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1"):
            raise ValueError("must be an address that starts with https://")
        return value

    @model_validator(mode="after")
    def _gives_an_office(self) -> "Oidc":
        if self.create and self.office_claim is None:
            raise ValueError(
                "staff.oidc.create needs staff.oidc.office_claim, or new accounts would have no office"
            )
        return self


class Staff(Section):
    """Sign-in of staff. `totp_required`: roles that must have a second factor. `oidc`: through the organisation."""

    session_hours: Annotated[int, Field(ge=1, le=24)] = 10
    idle_minutes: Annotated[int, Field(ge=5, le=24 * 60)] = 120
    attempts_per_quarter_hour: Annotated[int, Field(ge=3)] = 10
    totp_required: tuple[RoleName, ...] = ("administrator",)
    oidc: Oidc | None = None


class Audit(Section):
    """The record of who saw or changed what."""

    keep_days: Annotated[int, Field(ge=90, le=3660)] = 365


class Twilio(Section):
    """The account that SMS leave through. `sender` is a number or a name; `base_url` only for tests."""

    account_sid: Annotated[str, StringConstraints(pattern=r"^AC[0-9a-f]{32}$")]
    auth_token: Text
    sender: Text
    base_url: str | None = None


class Seven(Section):
    """The account at seven.io. Without `signing_key` it is not heard; `base_url` only for tests."""

    api_key: Text
    signing_key: Text | None = None
    sender: Text
    base_url: str | None = None


class Smtp(Section):
    """The server that mail leaves through."""

    host: Text
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: str | None = None
    sender: Text

    @field_validator("sender")
    @classmethod
    def _has_an_address(cls, value: str) -> str:
        _name, address = parseaddr(value)
        if "@" not in address.strip("@"):
            raise ValueError("must be a mail address, with or without a name: Amt <amt@example.org>")
        return value


class Metrics(Section):
    """What a monitoring system may read at /metrics, with this token."""

    token: Secret


class Messages(Section):
    """What leaves, when and through whom. `sms_backup` takes over while the provider of `sms` is stopped."""

    sms: Literal["console", "twilio", "seven"] = "console"
    sms_backup: Literal["none", "twilio", "seven"] = "none"
    mail: Literal["console", "smtp"] = "console"
    reminder_hours: tuple[Annotated[int, Field(ge=1, le=24 * 30)], ...] = (24,)
    quiet_from: Annotated[int, Field(ge=0, le=23)] = 20
    quiet_until: Annotated[int, Field(ge=0, le=23)] = 8
    sms_gap_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    sms_per_day: Annotated[int, Field(ge=0)] = 4
    segments_per_second: Annotated[float, Field(ge=0)] = 10
    retry_seconds: Annotated[int, Field(ge=1)] = 30
    longest_retry_minutes: Annotated[int, Field(ge=1)] = 60
    out_of_reach_seconds: Annotated[int, Field(ge=1)] = 600
    stopped_minutes: Annotated[int, Field(ge=1)] = 15
    keep_days: Annotated[int, Field(ge=0, le=365)] = 7
    forget_days: Annotated[int, Field(ge=30, le=3650)] = 400
    twilio: Twilio | None = None
    seven: Seven | None = None
    smtp: Smtp | None = None
    metrics: Metrics | None = None

    @model_validator(mode="after")
    def _chosen_channels_are_configured(self) -> "Messages":
        for name, section in (("twilio", self.twilio), ("seven", self.seven)):
            for key in ("sms", "sms_backup"):
                if getattr(self, key) == name and section is None:
                    raise ValueError(
                        f'messages.{key} is "{name}", but the section [messages.{name}] is missing'
                    )
        if self.sms_backup != "none" and self.sms in ("console", self.sms_backup):
            raise ValueError("messages.sms_backup must be another provider than messages.sms")
        if self.mail == "smtp" and self.smtp is None:
            raise ValueError('messages.mail is "smtp", but the section [messages.smtp] is missing')
        return self


class Logs(Section):
    """What goes to the log: from which level on, and whether each request leaves a line."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    requests: bool = True


class Demo(Section):
    """The demonstration: sample office, inbox page, known passwords. Never for real use."""

    enabled: bool = False
    kiosk_url: str = "http://localhost:8100"


class Config(Section):
    """Everything that is set before the start."""

    site: Site
    accessibility: Accessibility = Accessibility()
    database: DatabaseSettings
    web: Web = Web()
    booking: Booking = Booking()
    fairness: Fairness = Fairness()
    waitlist: Waitlist = Waitlist()
    draw: Draw = Draw()
    partners: Partners = Partners()
    cards: Cards = Cards()
    line: Line = Line()
    documents: Documents = Documents()
    staff: Staff = Staff()
    insight: Insight = Insight()

    audit: Audit = Audit()
    messages: Messages = Messages()
    logs: Logs = Logs()
    demo: Demo = Demo()

    @model_validator(mode="after")
    def _demo_sends_nothing(self) -> "Config":
        if self.demo.enabled and (self.messages.mail != "console" or not self._sms_stays_here()):
            raise ValueError(
                'demo.enabled needs messages.sms and messages.mail to be "console" '
                "(or Twilio's stand-in at a base_url on this machine)"
            )
        return self

    def _sms_stays_here(self) -> bool:
        chosen = {self.messages.sms, self.messages.sms_backup} - {"console", "none"}
        urls = [getattr(self.messages, name).base_url for name in chosen]
        return all(urlsplit(url or "").hostname in ("localhost", "127.0.0.1") for url in urls)


LISTS = {
    (section, key)
    for section, about in Config.model_fields.items()
    for key, field in getattr(about.annotation, "model_fields", {}).items()
    if get_origin(field.annotation) is tuple
}


def load(path: Path | None, environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration from the TOML file at `path` (may be None: environment only). Raises ConfigError."""
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ConfigError(
                f"{path}: there is no such file; copy config.example.toml and edit it"
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: not valid TOML: {error}") from None
    _merge_environment(values, environment)
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError(
            f"{path or 'environment'}: " + "; ".join(_explain(each) for each in error.errors())
        ) from None


def _merge_environment(values: dict[str, Any], environment: Mapping[str, str]) -> None:
    for name in sorted(environment):
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        *sections, key = name.removeprefix(PREFIX).lower().split("__")
        text = environment[name]
        if key == "file":
            *sections, key = sections
            text = _from_file(name, text, is_list=(*sections, key) in LISTS)
        place = values
        for section in sections:
            place = place.setdefault(section, {})
            if not isinstance(place, dict):
                raise ConfigError(f"{name}: {section} is a value, not a section")
        try:
            place[key] = json.loads(text) if (*sections, key) in LISTS else text
        except json.JSONDecodeError:
            raise ConfigError(f"{name}: a list must be written as JSON, like [24, 72]") from None


def _from_file(name: str, path: str, *, is_list: bool) -> str:
    """What stands in the file that a variable ending in __FILE names: a value, or the lines of a list."""
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}: the file cannot be read: {error}") from None
    if is_list and not text.startswith("["):
        return json.dumps([line.strip() for line in text.splitlines() if line.strip()])
    return text


def _explain(error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"])
    match error["type"]:
        case "missing":
            return f"{key} is missing"
        case "extra_forbidden":
            return f"{key} is not a known key{_suggestion(error['loc'])}"
        case "value_error":
            message = str(error["ctx"]["error"])
            return f"{key}: {message}" if key else message
        case _:
            return f"{key}: {error['msg'][0].lower()}{error['msg'][1:]}"


def _suggestion(location: tuple[str | int, ...]) -> str:
    section: Any = Config
    for part in location[:-1]:
        if isinstance(part, int):
            continue  # which one of a list
        annotation = section.model_fields[str(part)].annotation
        choices = [annotation, *getattr(annotation, "__args__", ())]
        section = next(each for each in choices if isinstance(each, type) and issubclass(each, BaseModel))
    close = difflib.get_close_matches(str(location[-1]), section.model_fields, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
