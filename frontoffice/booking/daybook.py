"""Reading day sheets under their lock, and writing them back: whoever takes or gives back ticks comes here.

Locks are always taken in the order of (schedule, day), whatever they are for, so that two transactions cannot
wait for each other. The lock is FOR NO KEY UPDATE: rows that only refer to a sheet may be written meanwhile.
On SQLite a write transaction owns the whole database, and nothing needs to be locked.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Table, bindparam, select, update
from sqlalchemy.orm import Session

from frontoffice.booking import sheet
from frontoffice.booking.models import DaySheet
from frontoffice.quick import Quick


class Page(NamedTuple):
    """A day sheet as it is while this transaction holds its lock."""

    id: int
    day: date
    capacity: bytes
    taken: bytes
    free: bytes
    gates: bytes
    schedule_id: int


# Statements are made once and run on the connection itself, which is what makes a booking quick.
SHEETS = cast(Table, DaySheet.__table__)
_COLUMNS = select(*(SHEETS.c[name] for name in Page._fields))
_WRITE = Quick(
    update(SHEETS)
    .where(SHEETS.c.id == bindparam("sheet"))
    .values({name: bindparam(f"new_{name}") for name in ("capacity", "taken", "free")})
)
_WRITE_GATES = update(SHEETS).where(SHEETS.c.id == bindparam("sheet")).values(gates=bindparam("new_gates"))


def locking(*conditions: ColumnElement[bool]) -> Any:
    """The statement that reads the sheets to which the conditions apply, and locks them."""
    in_order = _COLUMNS.where(*conditions).order_by(SHEETS.c.schedule_id, SHEETS.c.day)
    return in_order.with_for_update(key_share=True, of=SHEETS)


_BY_ID = locking(SHEETS.c.id == bindparam("sheet"))
_BY_IDS = locking(SHEETS.c.id.in_(bindparam("sheets", expanding=True)))


def locked(session: Session, sheet_id: int) -> Page:
    """One sheet, locked until the transaction ends."""
    return Page(*session.connection().execute(_BY_ID, {"sheet": sheet_id}).one())


def all_locked(session: Session, sheet_ids: Sequence[int]) -> list[Page]:
    """Several sheets, locked until the transaction ends."""
    return [Page(*row) for row in session.connection().execute(_BY_IDS, {"sheets": sheet_ids})]


def write_plan(session: Session, page: Page) -> None:
    """As `write`, with the gates, which only planning changes."""
    write(session, page)
    session.connection().execute(_WRITE_GATES, {"sheet": page.id, "new_gates": page.gates})


def write(session: Session, page: Page) -> None:
    """Write a sheet back, which this transaction must have locked. What is free is worked out here."""
    free = sheet.free(page.capacity, page.taken)
    values = {"new_capacity": page.capacity, "new_taken": page.taken, "new_free": free}
    _WRITE.run(session, {"sheet": page.id, **values})
