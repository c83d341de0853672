"""Offering freed times to those who wait, in the order of joining.

It happens under the lock of the sheet on which the time lies. Entries are claimed in the order of joining too, so that
two sheets cannot wait for each other.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import daybook, gates, holding, search, sheet
from frontoffice.booking.models import Channel, Hold, Purpose
from frontoffice.config import Config
from frontoffice.offices.models import Schedule
from frontoffice.waitlist import ending, entries, letters, matching, pieces
from frontoffice.waitlist.deadline import deadline
from frontoffice.waitlist.matching import Candidate
from frontoffice.waitlist.models import EntryState, Offer, Outcome, WaitlistEntry
from frontoffice.waitlist.pieces import Cut, Piece

# The hold of an offer outlives it, so that the next in the order gets the time before the public does.
GRACE = timedelta(minutes=10)


def freed_sheets(session: Session, now: datetime) -> Sequence[int]:
    """The sheets with freed times that nobody has been offered yet."""
    freed = select(Hold.sheet_id).where(
        Hold.purpose == Purpose.FREED, Hold.released_at.is_(None), Hold.expires_at > now
    )
    waiting = select(WaitlistEntry.id).where(WaitlistEntry.state == EntryState.WAITING).exists()
    return session.scalars(freed.where(waiting).distinct().order_by(Hold.sheet_id)).all()


def offer(session: Session, sheet_id: int, now: datetime, *, settings: Config) -> list[Offer]:
    """Offer what is freed on a sheet to the first whom it fits, and so on; gives the offers that were made.

    For each the FREED hold becomes an OFFER hold for the part that the wish needs; the rest stays FREED. Only what
    the public door could take now is offered, and only where enough of the daytime is left to answer.
    """
    page = daybook.locked(session, sheet_id)
    schedule = session.get_one(Schedule, page.schedule_id)
    freed = _freed(session, page, schedule, now, settings)
    if not freed:
        return []
    declined = matching.declined_on(session, sheet_id)
    made: list[Offer] = []
    ended: list[WaitlistEntry] = []
    for candidate in matching.candidates(session, schedule, page.day, now):
        found = _first_cut(candidate, freed, page, schedule, now, settings, declined)
        if found is None:
            continue
        if matching.is_needless(session, candidate.entry, now):
            if ending.end(session, candidate.entry, EntryState.NEEDLESS, now, settings=settings):
                ended.append(candidate.entry)
        elif _claim(session, candidate.entry, now):
            made.append(_make(session, candidate, found, page, schedule, now, settings))
            freed = _freed(session, page, schedule, now, settings)
        if not freed:
            break
    for each in made:
        entries.happened(session, "waitlist.offered", each.entry, now, "worker")
    for entry in ended:
        entries.happened(session, "waitlist.ended", entry, now, "worker")
    return made


def _freed(
    session: Session, page: daybook.Page, schedule: Schedule, now: datetime, settings: Config
) -> list[tuple[Piece, ...]]:
    """The freed times on a locked sheet that the public door could take, put together where they touch."""
    today = sheet.day_of(now, schedule.office.time_zone)
    beyond = page.day >= today + timedelta(days=settings.booking.horizon_days)
    usable = dict(gates.usable(page.gates, Channel.ONLINE, now, beyond=beyond))
    rows = session.execute(
        select(Hold.id, Hold.share, Hold.first_tick, Hold.ticks)
        .where(Hold.sheet_id == page.id, Hold.purpose == Purpose.FREED)
        .where(Hold.released_at.is_(None), Hold.expires_at > now)
        .order_by(Hold.id)
    )
    found = (Piece(*row) for row in rows)
    return pieces.chains(each for each in found if _all_set(usable.get(each.share, 0), each))


def _all_set(bits: int, piece: Piece) -> bool:
    wanted = sheet.below(piece.ticks) << piece.first
    return bits & wanted == wanted


def _first_cut(
    candidate: Candidate,
    freed: list[tuple[Piece, ...]],
    page: daybook.Page,
    schedule: Schedule,
    now: datetime,
    settings: Config,
    declined: dict[int, list[range]],
) -> Cut | None:
    entry, visit, zone = candidate.entry, candidate.visit, schedule.office.time_zone
    wish = entries.wish_of(entry)
    earlier_than = entry.appointment.start if entry.appointment is not None else None
    earliest = search.earliest_start(now, settings.booking)

    def fits(first: int) -> bool:
        start = sheet.moment_of(first, page.day, zone)
        return (
            start >= earliest
            and wish.allows(start, now, zone)
            and (earlier_than is None or start < earlier_than)
            and not matching.overlaps(declined.get(entry.id, ()), first, visit.ticks)
            and _until(start, schedule, now, settings) is not None
        )

    found = (pieces.cut(chain, visit.ticks, fits) for chain in freed)
    return min((each for each in found if each is not None), key=lambda each: each.first, default=None)


def _until(start: datetime, schedule: Schedule, now: datetime, settings: Config) -> datetime | None:
    return deadline(
        now,
        start - timedelta(minutes=settings.booking.lead_minutes),
        ZoneInfo(schedule.office.time_zone),
        minutes=settings.waitlist.offer_minutes,
        least=settings.waitlist.least_minutes,
        quiet_from=settings.messages.quiet_from,
        quiet_until=settings.messages.quiet_until,
    )


def _claim(session: Session, entry: WaitlistEntry, now: datetime) -> bool:
    """Whether the entry still waits, and nothing is offered to it from another sheet at this moment."""
    claimed = session.execute(
        update(WaitlistEntry)
        .where(WaitlistEntry.id == entry.id, WaitlistEntry.state == EntryState.WAITING)
        .values(state=EntryState.OFFERED, changed_at=now)
        .returning(WaitlistEntry.id)
        .execution_options(synchronize_session=False)
    ).first()
    session.refresh(entry)
    return claimed is not None


def _make(
    session: Session,
    candidate: Candidate,
    found: Cut,
    page: daybook.Page,
    schedule: Schedule,
    now: datetime,
    settings: Config,
) -> Offer:
    entry, visit, office = candidate.entry, candidate.visit, schedule.office
    start = sheet.moment_of(found.first, page.day, office.time_zone)
    until = _until(start, schedule, now, settings)
    assert until is not None  # because it fits
    token = holding.new_token()
    share = found.pieces[0].share
    _reshape(session, found, page, office.time_zone, now)
    kept = _hold_like(session, found.pieces[0].number, found.first, visit.ticks, start, until + GRACE, now)
    kept.purpose, kept.token_fingerprint = Purpose.OFFER, vaults.fingerprint(token)
    kept.service_id, kept.items, kept.channel = visit.main.id, candidate.items, Channel.ONLINE
    made = Offer(
        entry=entry,
        office=office,
        office_id=office.id,
        sheet_id=page.id,
        items=candidate.items,
        share=share,
        first_tick=found.first,
        ticks=visit.ticks,
        start=start,
        token=vaults.of(session).seal(token),
        fingerprint=kept.token_fingerprint,
        made_at=now,
        expires_at=until,
        outcome=Outcome.OPEN,
    )
    session.add_all([kept, made])
    session.flush()
    person, secret = entries.person_of(session, entry), entries.secret_of(session, entry)
    letters.offered(session, entry, made, person, secret, now, settings)
    return made


def _reshape(session: Session, found: Cut, page: daybook.Page, zone: str, now: datetime) -> None:
    """Let go of the freed pieces from which a part is cut, and keep their rests freed. The sheet stays as it is."""
    for number, first, ticks in found.rests:
        piece = session.get_one(Hold, number)
        start = sheet.moment_of(first, page.day, zone)
        session.add(_hold_like(session, number, first, ticks, start, piece.expires_at, now))
    session.execute(
        update(Hold)
        .where(Hold.id.in_([each.number for each in found.pieces]))
        .values(released_at=now)
        .execution_options(synchronize_session="fetch")
    )


def _hold_like(
    session: Session,
    number: int,
    first: int,
    ticks: int,
    start: datetime,
    expires_at: datetime,
    now: datetime,
) -> Hold:
    """A new freed hold on a part of what another one kept."""
    piece = session.get_one(Hold, number)
    return Hold(
        token_fingerprint=vaults.fingerprint(holding.new_token()),
        sheet_id=piece.sheet_id,
        service_id=piece.service_id,
        items=piece.items,
        channel=piece.channel,
        share=piece.share,
        purpose=Purpose.FREED,
        first_tick=first,
        ticks=ticks,
        start=start,
        expires_at=expires_at,
        created_at=now,
    )
