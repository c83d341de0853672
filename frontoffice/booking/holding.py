"""Holding a time for a visitor while the form is filled in: lock the sheet, look again, take the ticks."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload, make_transient_to_detached

from frontoffice import vault as vaults
from frontoffice.booking import daybook, sheet
from frontoffice.booking.choosing import Offer, Place
from frontoffice.booking.models import Appointment, Channel, Hold
from frontoffice.booking.refusals import JustTaken, KeyReused, NotOffered, NotOnline
from frontoffice.config import Booking
from frontoffice.errors import NotFound
from frontoffice.offices.models import Service, schedule_service

REMEMBERED = timedelta(days=1)
AT_ONCE = 200  # sheets whose expired holds are released in one transaction

_OFFERING = daybook.locking(
    daybook.SHEETS.c.schedule_id.in_(
        select(schedule_service.c.schedule_id).where(schedule_service.c.service_id == bindparam("service"))
    ),
    daybook.SHEETS.c.day == bindparam("day"),
)


_FIND = (
    select(Hold)
    .where(Hold.token_fingerprint == bindparam("fingerprint"))
    .options(joinedload(Hold.service).joinedload(Service.office))
)
_NEW = {
    name: dialect.insert(Hold.__table__)
    .on_conflict_do_nothing(index_elements=["token_fingerprint"])
    .returning(Hold.__table__.c.id)
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}


@dataclass(frozen=True, slots=True)
class _Wish:
    service_id: int
    channel: Channel
    start: datetime
    first_tick: int
    ticks: int
    fingerprint: str
    expires_at: datetime

    def is_of(self, hold: Hold) -> bool:
        return (hold.service_id, hold.channel, hold.start) == (self.service_id, self.channel, self.start)


def hold(
    session: Session,
    office: Place,
    service: Offer,
    start: datetime,
    now: datetime,
    *,
    rules: Booking,
    channel: Channel = Channel.ONLINE,
    key: str | None = None,
) -> tuple[Hold, str]:
    """Keep the time from `start` (aware) for a visitor, for `rules.hold_minutes`; gives hold and token.

    With the same `key` for the same time, the same hold comes back, also once it has become an appointment;
    for another time KeyReused is raised. Raises NotOnline, NotOffered (there is no such time) and JustTaken.
    """
    if channel is Channel.ONLINE and not (service.online and service.active):
        raise NotOnline
    day, tick = _place(office, start, now, rules)
    token = vaults.of(session).token("hold", key) if key else _random_token()
    wish = _Wish(
        service.id,
        channel,
        start,
        tick,
        service.minutes // sheet.MINUTES,
        vaults.fingerprint(token),
        now + timedelta(minutes=rules.hold_minutes),
    )
    pages = [
        page
        for page in _lock(session, service.id, day)
        if sheet.exists(page.capacity, page.free, channel, tick, wish.ticks)
    ]
    if not pages:
        raise NotOffered
    kept = _keep_on_any(session, pages, wish, now)
    if kept is None and key:
        kept = _kept_before(session, wish, now)
    if kept is None:
        pages = [_release_on(session, page, now, Hold.expires_at <= now) for page in pages]
        kept = _keep_on_any(session, pages, wish, now)
    if kept is None:
        raise JustTaken
    return kept, token


def lock_again(session: Session, lapsed: Hold) -> list[daybook.Page]:
    """The sheets on which the time of a released hold may be free again, locked."""
    day = sheet.day_of(lapsed.start, lapsed.service.office.time_zone)
    return _lock(session, lapsed.service_id, day)


def take_again(session: Session, pages: Sequence[daybook.Page], lapsed: Hold) -> int | None:
    """Take the time of a released hold on one of the locked sheets; gives its id, None if all are full."""
    page = _taken_on_any(pages, lapsed)
    if page is None:
        return None
    daybook.write(session, page)
    return page.id


def find(session: Session, token: str) -> Hold:
    """The hold with this token, with its service and office, also one that was released. Raises NotFound."""
    found = session.scalar(_FIND, {"fingerprint": vaults.fingerprint(token)})
    if found is None:
        raise NotFound
    return found


def release(session: Session, token: str, now: datetime) -> bool:
    """Give back what is held with this token; False where nothing is (any more)."""
    by_token = Hold.token_fingerprint == vaults.fingerprint(token)
    sheet_id = session.scalar(select(Hold.sheet_id).where(by_token, Hold.released_at.is_(None)))
    if sheet_id is None:
        return False
    page = daybook.locked(session, sheet_id)
    return _release_on(session, page, now, by_token) is not page


def release_expired(session: Session, now: datetime) -> int:
    """Give back what expired holds take, and forget those of yesterday; says on how many sheets."""
    expired = (Hold.released_at.is_(None), Hold.expires_at <= now)
    sheets = session.scalars(select(Hold.sheet_id).where(*expired).distinct().limit(AT_ONCE)).all()
    for page in daybook.all_locked(session, sheets) if sheets else []:
        _release_on(session, page, now, Hold.expires_at <= now)
    session.execute(delete(Hold).where(Hold.released_at <= now - REMEMBERED))
    return len(sheets)


def _lock(session: Session, service_id: int, day: date) -> list[daybook.Page]:
    return [
        daybook.Page(*row)
        for row in session.connection().execute(_OFFERING, {"service": service_id, "day": day})
    ]


def _place(office: Place, start: datetime, now: datetime, rules: Booking) -> tuple[date, int]:
    """The office's day and tick of `start`. Raises NotOffered."""
    lead, horizon = timedelta(minutes=rules.lead_minutes), timedelta(days=rules.horizon_days)
    # Compared first: the ends of the calendar can be compared, but not converted.
    if not now + lead <= start < now + horizon + timedelta(days=1):
        raise NotOffered
    day = sheet.day_of(start, office.time_zone)
    tick = sheet.tick_of(start, day, office.time_zone)
    if tick is None or day >= sheet.day_of(now, office.time_zone) + horizon:
        raise NotOffered
    return day, tick


def _keep_on_any(session: Session, pages: Sequence[daybook.Page], wish: _Wish, now: datetime) -> Hold | None:
    page = _taken_on_any(pages, wish)
    return _keep(session, page, wish, now) if page else None


def _taken_on_any(pages: Sequence[daybook.Page], wish: Any) -> daybook.Page | None:
    """The first sheet with a seat for the wish (or former hold), with that seat taken; not written yet."""
    for page in pages:
        try:
            taken = sheet.take(page.capacity, page.taken, wish.channel, wish.first_tick, wish.ticks)
        except sheet.Full:
            continue
        return page._replace(taken=taken)
    return None


def _keep(session: Session, page: daybook.Page, wish: _Wish, now: datetime) -> Hold | None:
    values = {
        "token_fingerprint": wish.fingerprint,
        "sheet_id": page.id,
        "service_id": wish.service_id,
        "channel": wish.channel,
        "first_tick": wish.first_tick,
        "ticks": wish.ticks,
        "start": wish.start,
        "expires_at": wish.expires_at,
        "created_at": now,
        "released_at": None,
    }
    connection = session.connection()
    number = connection.execute(_NEW[connection.dialect.name], values).scalar()
    if number is not None:
        kept = Hold(id=number, **values)
        make_transient_to_detached(kept)
        session.add(kept)
    else:  # the key was used before
        before = _kept_before(session, wish, now)
        if before is not None:
            return before
        kept = _revived(session, page, wish)
    daybook.write(session, page)
    return kept


def _kept_before(session: Session, wish: _Wish, now: datetime) -> Hold | None:
    """The hold that the key got before, if it still stands for something. Raises KeyReused."""
    query = select(Hold).where(Hold.token_fingerprint == wish.fingerprint).with_for_update()
    before = session.scalars(query).one_or_none()
    if before is None:
        return None
    if not wish.is_of(before):
        raise KeyReused
    if before.released_at is None:
        if before.expires_at <= now:
            before.expires_at = wish.expires_at
        return before
    booked = select(Appointment.id).where(Appointment.hold_fingerprint == wish.fingerprint)
    return before if session.scalar(booked) is not None else None


def _revived(session: Session, page: daybook.Page, wish: _Wish) -> Hold:
    before = session.scalars(select(Hold).where(Hold.token_fingerprint == wish.fingerprint)).one()
    before.sheet_id, before.released_at, before.expires_at = page.id, None, wish.expires_at
    session.flush()
    return before


def _release_on(session: Session, page: daybook.Page, now: datetime, which: Any) -> daybook.Page:
    """Release the holds on a locked sheet to which a condition applies; gives the sheet as it is then."""
    released = session.execute(
        update(Hold)
        .where(Hold.sheet_id == page.id, Hold.released_at.is_(None), which)
        .values(released_at=now)
        .returning(Hold.channel, Hold.first_tick, Hold.ticks)
        .execution_options(synchronize_session=False)
    ).all()
    if not released:
        return page
    taken = page.taken
    for each in released:
        taken = sheet.give_back(taken, each.channel, each.first_tick, each.ticks)
    page = page._replace(taken=taken)
    daybook.write(session, page)
    return page


def _random_token() -> str:
    return base64.b32encode(secrets.token_bytes(15)).decode().lower()
