"""Entering an appointment in the book: the hold is taken over and the row written, in as few statements as possible."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, make_transient_to_detached

from frontoffice import vault as vaults
from frontoffice.booking import fairness, holding, references
from frontoffice.booking.models import Appointment, Hold, State
from frontoffice.booking.person import Person

_APPOINTMENTS = cast(Table, Appointment.__table__)
_VALUES = [each for each in _APPOINTMENTS.columns if each.name != "id"]
_CLAIM = (
    update(holding.HOLDS)
    .where(holding.HOLDS.c.id == bindparam("hold"), holding.HOLDS.c.released_at.is_(None))
    .values(released_at=bindparam("now", type_=holding.HOLDS.c.released_at.type))
    .returning(holding.HOLDS.c.id)
)


def _claim_and_insert() -> Any:
    """PostgreSQL's one statement: take over what is held, if it still is, and write the appointment."""
    claimed = _CLAIM.cte("claimed")
    given = [bindparam(f"new_{each.name}", type_=each.type) for each in _VALUES]
    new = (
        postgresql.insert(_APPOINTMENTS)
        .from_select(_VALUES, select(*given).select_from(claimed))
        .on_conflict_do_nothing(index_elements=["reference"])
        .returning(_APPOINTMENTS.c.id)
        .cte("new")
    )
    return select(select(claimed.c.id).scalar_subquery(), select(new.c.id).scalar_subquery())


_ALL_IN_ONE = _claim_and_insert()
_NEW = {
    name: dialect.insert(_APPOINTMENTS)
    .on_conflict_do_nothing(index_elements=["reference"])
    .returning(_APPOINTMENTS.c.id)
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}


def of_hold(
    session: Session,
    held: Hold,
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
        "office_id": held.service.office_id,
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
    connection = session.connection()
    values = {**values, "reference": references.new()}
    number: int | None = None
    if claiming is not None and connection.dialect.name == "postgresql":
        given = {f"new_{name}": value for name, value in values.items()}
        claimed, number = connection.execute(_ALL_IN_ONE, {**given, "hold": claiming, "now": now}).one()
        if claimed is None:
            return None
    elif claiming is not None and connection.execute(_CLAIM, {"hold": claiming, "now": now}).first() is None:
        return None
    while number is None:
        number = connection.execute(_NEW[connection.dialect.name], values).scalar()
        if number is None:  # a reference that is taken already is as good as never
            values["reference"] = references.new()
    appointment = Appointment(id=number, **values)
    make_transient_to_detached(appointment)
    session.add(appointment)
    return appointment
