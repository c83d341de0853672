"""After the draw: one request after the other, in the drawn order, gets an appointment or a place on the waiting list.

Each is a transaction of its own that looks for the first without a result. So it does not matter when, how often and
by how many workers this is done, and a worker that is killed in the middle leaves nothing half done.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from frontoffice.booking import appointing, choosing, fairness, holding, search
from frontoffice.booking.models import Appointment, Share
from frontoffice.booking.person import Person
from frontoffice.booking.refusals import JustTaken, NotOffered
from frontoffice.booking.visit import Visit
from frontoffice.config import Config
from frontoffice.draw import entering, letters, making
from frontoffice.draw.models import Draw, DrawRequest, DrawState, RequestState
from frontoffice.errors import DomainError
from frontoffice.offices import keeping
from frontoffice.offices.keeping import Kept
from frontoffice.waitlist import entries, joining
from frontoffice.waitlist import letters as waitlist_letters
from frontoffice.waitlist.models import WaitlistEntry
from frontoffice.waitlist.spots import Spot, Where

SHARES = (Share.ONLINE,)
DAY = timedelta(days=1)


class _Turn(NamedTuple):
    """Whose turn it is, in which draw."""

    draw: Draw
    request: DrawRequest
    person: Person


def settle_next(session: Session, now: datetime, *, settings: Config) -> bool:
    """Give the next request of a draw its result, or close a draw that has none left; False where none is to do."""
    draw = session.scalars(
        select(Draw).where(Draw.state == DrawState.DRAWN).order_by(Draw.drawn_at, Draw.id).limit(1)
    ).first()
    if draw is None:
        return False
    request = _next(session, draw)
    person = entering.person_of(session, request) if request is not None else None
    if person is not None:
        fairness.lock(session, [person])
    session.refresh(draw, ["state"], with_for_update=True)  # one after the other, or the order would not hold
    if draw.state is not DrawState.DRAWN or _next(session, draw) is not request:
        return True
    if request is None or person is None:
        draw.state, draw.settled_at = DrawState.SETTLED, now
        making.release(session, draw, now)
        making.happened(session, "draw.settled", draw, now, "worker")
    else:
        _settle(session, _Turn(draw, request, person), now, settings)
    return True


def redact(session: Session, now: datetime, *, settings: Config) -> int:
    """Forget who took part, some days after all is settled; numbers, weights and order stay. Says how many."""
    most = timedelta(days=settings.draw.keep_days)
    spans = keeping.spans(session, Draw.office_id, Kept.DRAW, most)
    times_up = or_(*(and_(Draw.settled_at <= now - span, of_office) for span, of_office in spans))
    over = select(Draw.id).where(times_up)
    gone = session.scalars(
        update(DrawRequest)
        .where(DrawRequest.person.is_not(None), DrawRequest.draw_id.in_(over))
        .values(person=None, person_digest=None, mail_digest=None, phone_digest=None, expires_on=None)
        .returning(DrawRequest.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def _next(session: Session, draw: Draw) -> DrawRequest | None:
    query = select(DrawRequest).where(
        DrawRequest.draw_id == draw.id, DrawRequest.state == RequestState.ENTERED
    )
    fresh = {"populate_existing": True}
    return session.scalars(query.order_by(DrawRequest.rank).limit(1), execution_options=fresh).first()


def _settle(session: Session, turn: _Turn, now: datetime, settings: Config) -> None:
    request, person = turn.request, turn.person
    secret = entering.secret_of(session, request)
    request.decided_at = now
    try:
        with session.begin_nested():
            appointment = _appointment(session, turn, now, settings)
    except DomainError:  # an appointment by other means, or a block
        request.state, appointment = RequestState.REFUSED, None
    if appointment is not None:
        request.state, request.appointment_id = RequestState.WON, appointment.id
        letters.won(session, request, appointment, person, secret, now, settings)
        return
    entry = None if request.state is RequestState.REFUSED else _entry(session, turn, now, settings)
    if entry is not None:
        request.state, request.entry_id = RequestState.LISTED, entry.id
        base, key = settings.site.base_url, entries.secret_of(session, entry)
        address = waitlist_letters.link(entry, key, base)
    else:
        request.state = RequestState.REFUSED
        address = letters.link(request, secret, settings.site.base_url)
    letters.not_won(session, request, request.state.value, address, person, now, settings)


def _appointment(session: Session, turn: _Turn, now: datetime, settings: Config) -> Appointment | None:
    """The first time that fits the wish, booked; None where none is left. It has to be confirmed.

    Raises what `fairness.check_person` does.
    """
    draw, request, person = turn
    visit = choosing.visit_of(session, request.items)
    fairness.check_person(session, person, visit, now, rules=settings.fairness)
    schedules = [each.id for each in draw.schedules]
    wish = entering.wish_of(request)
    free = search.free_starts(
        session,
        draw.office,
        visit,
        request.first_day,
        request.until_day,
        now=now,
        rules=settings.booking,
        shares=SHARES,
        schedules=schedules,
    )
    for start in (each for starts in free.values() for each in starts):
        if not wish.allows(start, now, draw.office.time_zone):
            continue
        try:
            _, token = holding.hold(
                session,
                draw.office,
                visit,
                start,
                now,
                rules=settings.booking,
                shares=SHARES,
                schedules=schedules,
            )
        except (JustTaken, NotOffered):  # staff were quicker
            continue
        return appointing.book(
            session,
            token,
            person,
            request.language,
            now,
            settings=settings,
            proven=True,
            confirm_until=now + timedelta(hours=draw.confirm_hours),
        )
    return None


def _entry(session: Session, turn: _Turn, now: datetime, settings: Config) -> WaitlistEntry | None:
    """A place on the waiting list with the same wish; None where that is not possible."""
    draw, request, person = turn
    visit = choosing.visit_of(session, request.items)
    try:
        with session.begin_nested():
            return joining.join(
                session,
                Where(draw.office, visit, _spots(draw, visit)),
                entering.wish_of(request),
                request.until_day - DAY,
                person,
                request.language,
                now,
                settings=settings,
                proven=True,
                tell=False,
            )
    except DomainError:
        return None


def _spots(draw: Draw, visit: Visit) -> tuple[Spot, ...]:
    return tuple(
        Spot(draw.office_id, each.id, visit.stored)
        for each in draw.schedules
        if {service.id for service in each.services} >= set(visit.service_ids)
    )
