"""Entering an appointment in the book: the hold is taken over and the row written, in as few statements as possible."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, bindparam, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import fairness, holding, references, rows
from frontoffice.booking.models import Appointment, Channel, DaySheet, Hold, Share, State
from frontoffice.booking.person import Person
from frontoffice.errors import NotFound
from frontoffice.offices.models import Office, Schedule, Service
from frontoffice.quick import Quick, made

_HOLD = (
    "id",
    "token_fingerprint",
    "sheet_id",
    "share",
    "first_tick",
    "ticks",
    "start",
    "service_id",
    "items",
    "channel",
    "released_at",
)
_BY_TOKEN = (
    select(*(Hold.__table__.c[name] for name in _HOLD), DaySheet.__table__.c.schedule_id)
    .select_from(Hold.__table__)
    .join(DaySheet.__table__, DaySheet.__table__.c.id == Hold.__table__.c.sheet_id)
    .where(Hold.__table__.c.token_fingerprint == bindparam("fingerprint"))
)
_FIND = Quick(_BY_TOKEN)
# One round trip for both: on PostgreSQL the way to the database costs more than what is done there.
_FIND_AND_LOCK = Quick(
    _BY_TOKEN.add_columns(
        text("(SELECT count(pg_advisory_xact_lock(key)) FROM unnest(CAST(:keys AS bigint[])) AS key)")
    )
)
_APPOINTMENTS = cast(Table, Appointment.__table__)
_VALUES = [each for each in _APPOINTMENTS.columns if each.name != "id"]


def _claim_and_insert() -> Any:
    """PostgreSQL's one statement: take over what is held, if it still is, and write the appointment."""
    claimed = holding.CLAIM_IT.cte("claimed")
    given = [bindparam(f"new_{each.name}", type_=each.type) for each in _VALUES]
    new = (
        postgresql.insert(_APPOINTMENTS)
        .from_select(_VALUES, select(*given).select_from(claimed))
        .on_conflict_do_nothing(index_elements=["reference"])
        .returning(_APPOINTMENTS.c.id)
        .cte("new")
    )
    return select(select(claimed.c.id).scalar_subquery(), select(new.c.id).scalar_subquery())


_ALL_IN_ONE = Quick(_claim_and_insert())
_NEW = {
    name: Quick(
        dialect.insert(_APPOINTMENTS)
        .on_conflict_do_nothing(index_elements=["reference"])
        .returning(_APPOINTMENTS.c.id)
    )
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}


class Held(NamedTuple):
    """A hold that is to become an appointment, with what it belongs to."""

    id: int
    token_fingerprint: str
    sheet_id: int
    share: Share
    first_tick: int
    ticks: int
    start: datetime
    service_id: int
    items: list[list[int]]
    channel: Channel
    released_at: datetime | None
    service: Service
    office: Office
    schedule: Schedule

    @property
    def service_ids(self) -> list[int]:
        return [number for number, _ in self.items]


def find(session: Session, token: str, lock: Iterable[str] = ()) -> Held:
    """The hold with this token, and what it belongs to (see `rows.lasting`). Raises NotFound.

    `lock` are the digests for which this booking then waits for no other one, as with `fairness.lock`.
    """
    values: dict[str, Any] = {"fingerprint": vaults.fingerprint(token)}
    keys = fairness.locks(lock) if session.get_bind().dialect.name == "postgresql" else []
    found = _FIND_AND_LOCK.run(session, values | {"keys": keys}) if keys else _FIND.run(session, values)
    for row in found:
        hold: Any = row[: len(_HOLD)]
        schedule_id = row[len(_HOLD)]
        service = rows.lasting(session, Service, hold[_HOLD.index("service_id")])
        schedule = rows.lasting(session, Schedule, schedule_id)
        office = rows.lasting(session, Office, service.office_id) if service else None
        if service and schedule and office:
            return Held(*hold, service, office, schedule)  # type: ignore[call-arg]
    raise NotFound


def of_hold(
    session: Session,
    held: Held,
    person: Person,
    now: datetime,
    *,
    digests: fairness.Digests,
    language: str,
    actor: str,
    confirm_by: datetime | None,
) -> dict[str, Any]:
    """The row that a hold becomes, but for its reference; unconfirmed where there is a `confirm_by`."""
    return {
        "hold_fingerprint": held.token_fingerprint,
        "office_id": held.office.id,
        "sheet_id": held.sheet_id,
        "service_id": held.service_id,
        "items": held.items,
        "channel": held.channel,
        "share": held.share,
        "state": State.CONFIRMED if confirm_by is None else State.UNCONFIRMED,
        "first_tick": held.first_tick,
        "ticks": held.ticks,
        "start": held.start,
        "language": language,
        "person": vaults.of(session).seal(person.to_seal()),
        "person_digest": digests.person,
        "mail_digest": digests.mail,
        "phone_digest": digests.phone,
        "booked_by": actor,
        "confirm_by": confirm_by,
        "sequence": 0,
        "created_at": now,
        "changed_at": now,
    }


def insert(
    session: Session, values: dict[str, Any], now: datetime, *, claiming: int | None = None
) -> Appointment | None:
    """Write an appointment, taking over the hold `claiming`; None if that is not live any more."""
    dialect = session.get_bind().dialect.name
    values = {**values, "reference": references.new()}
    number: int | None = None
    if claiming is not None and dialect == "postgresql":
        given = {f"new_{name}": value for name, value in values.items()}
        [(claimed, number)] = _ALL_IN_ONE.run(session, {**given, "hold": claiming, "now": now})
        if claimed is None:
            return None
    elif claiming is not None and not holding.CLAIM.run(session, {"hold": claiming, "now": now}):
        return None
    while number is None:
        number = next((number for (number,) in _NEW[dialect].run(session, values)), None)
        if number is None:  # a reference that is taken already is as good as never
            values["reference"] = references.new()
    return made(session, Appointment, {"id": number, **values})
