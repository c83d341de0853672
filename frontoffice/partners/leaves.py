"""Reading day sheets to fit a plan into: first without locks, then those that are needed with them."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.booking import daybook, gates, search, sheet
from frontoffice.booking.daybook import SHEETS
from frontoffice.booking.models import Channel, Share
from frontoffice.config import Booking
from frontoffice.offices.models import schedule_service
from frontoffice.partners.fitting import Leaf, Open, Window
from frontoffice.partners.granting import Way

__all__ = ["Leaf", "Open", "locked", "opener", "read"]

_COLUMNS = ("id", "schedule_id", "day", "capacity", "taken", "gates")


def read(session: Session, schedules: Collection[int], window: Window) -> list[Leaf]:
    """The sheets of these schedules on the days of the window, as they are just now."""
    days = (SHEETS.c.day >= window.first, SHEETS.c.day < window.until)
    query = select(*(SHEETS.c[name] for name in _COLUMNS)).where(SHEETS.c.schedule_id.in_(schedules), *days)
    rows = session.execute(query.order_by(SHEETS.c.schedule_id, SHEETS.c.day)).all()
    return _leaves(session, [row for row in rows if window.includes(row.day)])


def locked(session: Session, sheet_ids: Collection[int]) -> list[Leaf]:
    """The sheets with these ids, locked until the transaction ends."""
    return _leaves(session, daybook.all_locked(session, list(sheet_ids)))


def opener(window: Window, zone: str, now: datetime, rules: Booking) -> Open:
    """What a partner may take on a sheet now, inside the window."""
    horizon = sheet.day_of(now, zone) + timedelta(days=rules.horizon_days)
    known: dict[tuple[int, tuple[Share, ...] | None], list[tuple[Share, int]]] = {}

    def is_open(leaf: Leaf, way: Way) -> list[tuple[Share, int]]:
        if (leaf.id, way.shares) not in known:
            earliest = search.earliest_start(now, rules, way.shares)
            allowed = sheet.from_bit(
                sheet.open_ticks(leaf.day, zone, window.opens, window.closes),
                sheet.first_tick_from(earliest, leaf.day, zone),
            )
            usable = gates.usable(leaf.gates, Channel.PARTNER, now, way.shares, beyond=leaf.day >= horizon)
            known[leaf.id, way.shares] = [(share, bits & allowed) for share, bits in usable]
        return known[leaf.id, way.shares]

    return is_open


def _leaves(session: Session, rows: Sequence[Any]) -> list[Leaf]:
    offered: dict[int, set[int]] = {}
    pairs = select(schedule_service.c.schedule_id, schedule_service.c.service_id).where(
        schedule_service.c.schedule_id.in_({row.schedule_id for row in rows})
    )
    for schedule, service in session.execute(pairs):
        offered.setdefault(schedule, set()).add(service)
    return [
        Leaf(
            row.id,
            row.schedule_id,
            row.day,
            row.capacity,
            row.taken,
            row.gates,
            frozenset(offered.get(row.schedule_id, ())),
        )
        for row in rows
    ]
