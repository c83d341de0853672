"""Entering an appointment in the book: the hold is taken over and the row written, in as few statements as possible."""

from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import fairness, holding, references, rows
from frontoffice.booking.models import Appointment, Channel, DaySheet, Hold, Share, State
from frontoffice.booking.person import Person
from frontoffice.db import Base
from frontoffice.errors import NotFound
from frontoffice.offices.models import Office, Schedule, Service
from frontoffice.quick import Quick

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
_PARTS: dict[type[Base], list[str]] = {  # what a booking needs of the rows to which a hold belongs
    Service: [
        "id",
        "office_id",
        "slug",
        "names",
        "documents",
        "minutes",
        "minutes_next_person",
        "minutes_together",
        "most_people",
        "online",
        "active",
    ],
    Office: [each.name for each in Office.__table__.columns],
    Schedule: [each.name for each in Schedule.__table__.columns],
}
_FIND = Quick(
    select(
        *(Hold.__table__.c[name] for name in _HOLD),
        *(
            kind.__table__.c[name].label(f"{kind.__name__}_{name}")
            for kind, names in _PARTS.items()
            for name in names
        ),
    )
    .select_from(Hold.__table__)
    .join(Service.__table__, Service.__table__.c.id == Hold.__table__.c.service_id)
    .join(Office.__table__, Office.__table__.c.id == Service.__table__.c.office_id)
    .join(DaySheet.__table__, DaySheet.__table__.c.id == Hold.__table__.c.sheet_id)
    .join(Schedule.__table__, Schedule.__table__.c.id == DaySheet.__table__.c.schedule_id)
    .where(Hold.__table__.c.token_fingerprint == bindparam("fingerprint"))
)
_APPOINTMENTS = cast(Table, Appointment.__table__)
_VALUES = [each for each in _APPOINTMENTS.columns if each.name != "id"]
_CLAIM_IT = (
    update(holding.HOLDS)
    .where(holding.HOLDS.c.id == bindparam("hold"), holding.HOLDS.c.released_at.is_(None))
    .values(released_at=bindparam("now", type_=holding.HOLDS.c.released_at.type))
    .returning(holding.HOLDS.c.id)
)
_CLAIM = Quick(_CLAIM_IT)


def _claim_and_insert() -> Any:
    """PostgreSQL's one statement: take over what is held, if it still is, and write the appointment."""
    claimed = _CLAIM_IT.cte("claimed")
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


def find(session: Session, token: str) -> Held:
    """The hold with this token, and what it belongs to. Raises NotFound."""
    for row in _FIND.run(session, {"fingerprint": vaults.fingerprint(token)}):
        values = iter(row)
        hold = [next(values) for _ in _HOLD]
        found: list[Any] = [
            rows.made(session, kind, {name: next(values) for name in names}) for kind, names in _PARTS.items()
        ]
        return Held(*hold, *found)
    raise NotFound


def of_hold(
    session: Session,
    held: Held,
    person: Person,
    now: datetime,
    *,
    language: str,
    actor: str,
    confirm_by: datetime | None,
) -> dict[str, Any]:
    """The row that a hold becomes, but for its reference; unconfirmed where there is a `confirm_by`."""
    vault = vaults.of(session)
    digests = fairness.digests(vault, person)
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
        "person": vault.seal(person.to_seal()),
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
    elif claiming is not None and not _CLAIM.run(session, {"hold": claiming, "now": now}):
        return None
    while number is None:
        number = next((number for (number,) in _NEW[dialect].run(session, values)), None)
        if number is None:  # a reference that is taken already is as good as never
            values["reference"] = references.new()
    return rows.made(session, Appointment, {"id": number, **values})
