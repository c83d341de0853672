"""Holding a time for a visitor while the form is filled in: lock the sheet, look again, take the ticks."""

import base64
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload

from frontoffice import vault as vaults
from frontoffice.booking import daybook, search, seating
from frontoffice.booking.choosing import Place
from frontoffice.booking.models import Appointment, Channel, Hold, Purpose, Share
from frontoffice.booking.refusals import JustTaken, KeyReused, NotOffered, NotOnline
from frontoffice.booking.seating import Seat, Seating
from frontoffice.booking.visit import Visit
from frontoffice.config import Booking
from frontoffice.errors import NotFound
from frontoffice.offices.models import Service
from frontoffice.quick import Quick, made

REMEMBERED = timedelta(days=1)
AT_ONCE = 200  # sheets whose expired holds are released in one transaction

HOLDS = cast(Table, Hold.__table__)
SEAT = (HOLDS.c.sheet_id, HOLDS.c.share, HOLDS.c.first_tick, HOLDS.c.ticks)

_FIND = (
    select(Hold)
    .where(Hold.token_fingerprint == bindparam("fingerprint"))
    .options(joinedload(Hold.service).joinedload(Service.office))
)
_NEW = {
    name: Quick(
        dialect.insert(HOLDS)
        .on_conflict_do_nothing(index_elements=["token_fingerprint"])
        .returning(HOLDS.c.id)
    )
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}
_OF_VISITOR = select(HOLDS.c.id, HOLDS.c.sheet_id, HOLDS.c.token_fingerprint).where(
    HOLDS.c.visitor == bindparam("visitor"), HOLDS.c.released_at.is_(None)
)
_STILL_LIVE = (
    select(*SEAT).where(HOLDS.c.id == bindparam("hold"), HOLDS.c.released_at.is_(None)).with_for_update()
)
_RELEASE = update(HOLDS).where(HOLDS.c.id == bindparam("hold")).values(released_at=bindparam("now"))
CLAIM_IT = (
    update(HOLDS)
    .where(HOLDS.c.id == bindparam("hold"), HOLDS.c.released_at.is_(None))
    .values(released_at=bindparam("now", type_=HOLDS.c.released_at.type))
    .returning(HOLDS.c.id)
)
CLAIM = Quick(CLAIM_IT)
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(:key)")


@dataclass(frozen=True, slots=True)
class _New:
    """The hold that is to be made, but for where it sits."""

    items: list[list[int]]
    channel: Channel
    purpose: Purpose
    visitor: str | None
    start: datetime
    fingerprint: str
    expires_at: datetime

    def is_of(self, hold: Hold) -> bool:
        return (hold.items, hold.channel, hold.start) == (self.items, self.channel, self.start)


def hold(
    session: Session,
    place: Place,
    visit: Visit,
    start: datetime,
    now: datetime,
    *,
    rules: Booking,
    channel: Channel = Channel.ONLINE,
    shares: Collection[Share] | None = None,
    schedules: Collection[int] | None = None,
    key: str | None = None,
    visitor: str | None = None,
    purpose: Purpose = Purpose.VISITOR,
    keep_for: timedelta | None = None,
) -> tuple[Hold, str]:
    """Keep the time from `start` (aware) for a visit, for `keep_for` or `rules.hold_minutes`; gives hold and token.

    `shares` is for staff, who take from exactly these, without lead and horizon; without `schedules` it is one
    of those whose times are pooled. With the same `key` for the same time, the same hold comes back, also once
    it has become an appointment; for another time KeyReused is raised. `visitor` stands for a browser: what it
    held before is given back, once the new time is certain. Raises NotOnline, NotOffered (there is no such
    time) and JustTaken.
    """
    if shares is None and channel is Channel.ONLINE and not visit.online:
        raise NotOnline
    wish = seating.wish(place, start, visit.ticks, now, rules=rules, channel=channel, shares=shares)
    token = vaults.of(session).token("hold", key) if key else new_token()
    expires_at = now + (timedelta(minutes=rules.hold_minutes) if keep_for is None else keep_for)
    new = _New(visit.stored, channel, purpose, visitor, start, vaults.fingerprint(token), expires_at)
    earlier = _earlier(session, visitor) if visitor else None
    offering, others = lock(session, visit, wish.day, schedules, [earlier.sheet_id] if earlier else [])
    tried, pages = seating.choices(offering, wish, now), [*offering, *others]
    left = _still_live(session, earlier)
    found = seating.seated(pages, tried, wish, left)
    if key and (found is None or left is not None):
        before = _kept_before(session, new, now)
        if before is not None:
            return before, token
    if not tried:
        raise NotOffered
    if found is None:
        pages = release_on(session, pages, now, Hold.expires_at <= now)
        left = _still_live(session, earlier)
        found = seating.seated(pages, tried, wish, left)
    if found is None:
        raise JustTaken
    if earlier is not None and left is not None:
        session.connection().execute(_RELEASE, {"hold": earlier.id, "now": now})
    return _keep(session, found, new, now, replaces=left is not None), token


def lock(
    session: Session, visit: Visit, day: date, schedules: Collection[int] | None, besides: Sequence[int] = ()
) -> tuple[list[daybook.Page], list[daybook.Page]]:
    """The sheets of that day on which the visit can be, locked, and after them those with the ids `besides`."""
    values = {**search.offering_values(visit, schedules), "day": day}
    several, separate = len(visit.items) > 1, schedules is not None
    if not besides:
        found = _offering(several, separate).run(session, values)
        return [daybook.Page(*row) for row in found], []
    # All ids are found out first, because all locks are taken in one order.
    ids = set(session.connection().execute(_ids(several, separate), values).scalars())
    pages = daybook.all_locked(session, list(ids.union(besides)))
    return [page for page in pages if page.id in ids], [page for page in pages if page.id not in ids]


def claim(session: Session, held: Hold, now: datetime) -> bool:
    """Take over what a hold has taken; False if somebody else did, or if it was given back."""
    return bool(CLAIM.run(session, {"hold": held.id, "now": now}))


def take_again(
    session: Session, page: daybook.Page, lapsed: Any, now: datetime, shares: Collection[Share] | None
) -> bool:
    """Take the time of a released hold once more, on its locked sheet; says whether it was free.

    Without `shares`, which are as for `hold`, its door must be able to take it now: what was withheld meanwhile,
    for a draw or by a gate that has closed, a late form cannot have.
    """
    free = seating.is_open(page, seat_of(lapsed), lapsed.channel, now, shares)
    taken = seating.with_(page, seat_of(lapsed)) if free else None
    if taken is not None:
        daybook.write(session, taken)
    return taken is not None


def seat_of(each: Any) -> Seat:
    """What a hold or an appointment occupies."""
    return Seat(each.sheet_id, each.share, each.first_tick, each.ticks)


def find(session: Session, token: str) -> Hold:
    """The hold with this token, with its service and office, also one that was released. Raises NotFound."""
    found = session.scalar(_FIND, {"fingerprint": vaults.fingerprint(token)})
    if found is None:
        raise NotFound
    return found


def of_visitor(session: Session, visitor: str, now: datetime) -> Hold | None:
    """What this browser holds."""
    return session.scalar(
        select(Hold)
        .where(Hold.visitor == visitor, Hold.released_at.is_(None), Hold.expires_at > now)
        .options(joinedload(Hold.service).joinedload(Service.office))
    )


def release(session: Session, token: str, now: datetime) -> bool:
    """Give back what is held with this token; False where nothing is (any more)."""
    by_token = Hold.token_fingerprint == vaults.fingerprint(token)
    sheet_id = session.scalar(select(Hold.sheet_id).where(by_token, Hold.released_at.is_(None)))
    if sheet_id is None:
        return False
    page = daybook.locked(session, sheet_id)
    return release_on(session, [page], now, by_token) != [page]


def release_expired(session: Session, now: datetime) -> int:
    """Give back what expired holds take, and forget those of yesterday; says on how many sheets."""
    expired = (Hold.released_at.is_(None), Hold.expires_at <= now)
    sheets = session.scalars(select(Hold.sheet_id).where(*expired).distinct().limit(AT_ONCE)).all()
    if sheets:
        release_on(session, daybook.all_locked(session, sheets), now, Hold.expires_at <= now)
    session.execute(delete(Hold).where(Hold.released_at <= now - REMEMBERED))
    return len(sheets)


def release_on(
    session: Session, pages: Sequence[daybook.Page], now: datetime, which: Any
) -> list[daybook.Page]:
    """Release the holds on locked sheets to which a condition applies; gives the sheets as they are then."""
    released = session.execute(
        update(Hold)
        .where(Hold.sheet_id.in_([page.id for page in pages]), Hold.released_at.is_(None), which)
        .values(released_at=now)
        .returning(*SEAT)
        .execution_options(synchronize_session=False)
    ).all()
    now_are = {page.id: page for page in pages}
    for each in released:
        now_are[each.sheet_id] = seating.without(now_are[each.sheet_id], seat_of(each))
    for sheet_id in {each.sheet_id for each in released}:
        daybook.write(session, now_are[sheet_id])
    return list(now_are.values())


def new_token() -> str:
    """A random token for a hold."""
    return base64.b32encode(secrets.token_bytes(15)).decode().lower()


def _earlier(session: Session, visitor: str) -> Any:
    """What the visitor holds now. Another request of the same visitor waits until this one is through."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_AT_A_TIME, {"key": int(vaults.fingerprint(visitor)[:16], 16) - 2**63})
    return connection.execute(_OF_VISITOR, {"visitor": visitor}).one_or_none()


def _still_live(session: Session, earlier: Any) -> Seat | None:
    """The seat of an earlier hold, if it still is one now that its sheet is locked."""
    if earlier is None:
        return None
    row = session.connection().execute(_STILL_LIVE, {"hold": earlier.id}).one_or_none()
    return None if row is None else Seat(*row)


def _keep(session: Session, found: Seating, new: _New, now: datetime, *, replaces: bool) -> Hold:
    values = {
        "token_fingerprint": new.fingerprint,
        "service_id": new.items[0][0],
        "items": new.items,
        "channel": new.channel,
        "purpose": new.purpose,
        "visitor": new.visitor,
        "start": new.start,
        "expires_at": new.expires_at,
        "created_at": now,
        "released_at": None,
        **found.seat._asdict(),
    }
    written = _NEW[session.get_bind().dialect.name].run(session, values)
    if written:
        kept = made(session, Hold, {"id": written[0][0], **values})
    else:  # the key was used before
        before = _kept_before(session, new, now)
        if before is not None and replaces:  # by another browser, a moment ago
            raise KeyReused
        if before is not None:
            return before
        kept = _revived(session, found.seat, new)
    for page in found.changed.values():
        daybook.write(session, page)
    return kept


def _kept_before(session: Session, new: _New, now: datetime) -> Hold | None:
    """The hold that the key got before, if it still stands for something. Raises KeyReused."""
    query = select(Hold).where(Hold.token_fingerprint == new.fingerprint).with_for_update()
    before = session.scalars(query).one_or_none()
    if before is None:
        return None
    if not new.is_of(before):
        raise KeyReused
    if before.released_at is None:
        if before.expires_at <= now:
            before.expires_at = new.expires_at
        return before
    booked = select(Appointment.id).where(Appointment.hold_fingerprint == new.fingerprint)
    return before if session.scalar(booked) is not None else None


def _revived(session: Session, seat: Seat, new: _New) -> Hold:
    before = session.scalars(select(Hold).where(Hold.token_fingerprint == new.fingerprint)).one()
    before.sheet_id, before.share, before.first_tick, before.ticks = seat
    before.released_at, before.expires_at, before.visitor = None, new.expires_at, new.visitor
    session.flush()
    return before


def _on_that_day(several: bool, separate: bool) -> tuple[Any, Any]:
    sheets = daybook.SHEETS.c
    return sheets.schedule_id.in_(search.offering(several, separate)), sheets.day == bindparam("day")


@lru_cache(maxsize=4)
def _offering(several: bool, separate: bool) -> Quick:
    return Quick(daybook.locking(*_on_that_day(several, separate)))


@lru_cache(maxsize=4)
def _ids(several: bool, separate: bool) -> Any:
    return select(daybook.SHEETS.c.id).where(*_on_that_day(several, separate))
