"""Appointments that partners make for others: free times, booking, moving, cancelling; only ever their own."""

import json
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from frontoffice import vault as vaults
from frontoffice.booking import appointing, choosing, fairness, holding, moving, references
from frontoffice.booking.models import Appointment, Channel
from frontoffice.booking.person import Person
from frontoffice.booking.refusals import KeyReused
from frontoffice.booking.visit import Visit
from frontoffice.config import Booking, Config, Fairness
from frontoffice.errors import NotFound
from frontoffice.offices.models import Office
from frontoffice.partners import granting, quota, trying
from frontoffice.partners.granting import Items, Way
from frontoffice.partners.models import Partner, PartnerBooking

ANY_NUMBER = 10**6
AT_ONCE = 100  # of a list, in one answer

_MINE = (
    select(PartnerBooking)
    .join(PartnerBooking.appointment)
    .options(joinedload(PartnerBooking.appointment).joinedload(Appointment.service))
    .options(joinedload(PartnerBooking.appointment).joinedload(Appointment.office))
)


class Wish(NamedTuple):
    """What a partner wants for one person. `own_reference` is by what the partner knows the person."""

    office: str
    items: Items
    start: datetime
    person: Person
    language: str
    own_reference: str | None = None


def actor_of(partner_id: int) -> str:
    """By what name events and appointments refer to a partner."""
    return f"partner:{partner_id}"


def free_starts(
    session: Session,
    partner: Partner,
    office_slug: str,
    items: Items,
    first: date,
    until: date,
    now: datetime,
    *,
    rules: Booking,
) -> tuple[Office, Visit, dict[date, list[datetime]]]:
    """The times, in UTC, at which the partner may book on the office's days from `first` to before `until`.

    Raises as `granting.chosen` does.
    """
    office, visit, ways = granting.chosen(session, partner, office_slug, items)
    return office, visit, trying.free_on(session, office, visit, ways, first, until, now, rules=rules)


def book(
    session: Session,
    partner_id: int,
    wish: Wish,
    now: datetime,
    *,
    settings: Config,
    key: str | None = None,
) -> PartnerBooking:
    """Book for a person, with all messages in the person's language; the contact counts as proven.

    The same `key` with the same wish gives the same appointment again, as it is by now; with another wish
    KeyReused is raised. Raises QuotaReached, what `granting.chosen` and `holding.hold` raise, and refusals that
    are about the person.
    """
    partner = quota.locked(session, partner_id)
    request = request_of(wish)
    before = _booked_before(session, partner, key, request)
    if before is not None:
        return before
    office, visit, ways = granting.chosen(session, partner, wish.office, wish.items)
    quota.require(session, partner, now)
    check_person(session, wish.person, visit, now, rules=settings.fairness)

    def hold(way: Way) -> str:
        return holding.hold(
            session,
            office,
            visit,
            wish.start,
            now,
            rules=settings.booking,
            channel=Channel.PARTNER,
            shares=way.shares,
            schedules=way.schedules,
        )[1]

    trying.lock_all(session, office, ways, visit, wish.start, now, rules=settings.booking)
    token = trying.in_any_way(ways, hold)
    appointment = appointing.book(
        session,
        token,
        wish.person,
        wish.language,
        now,
        settings=settings,
        actor=actor_of(partner.id),
        proven=True,
    )
    booked = note(session, partner, appointment, now, wish.own_reference)
    if key:
        booked.key, booked.request = vaults.fingerprint(key), digest(session, request)
        session.flush()
    return booked


def find(session: Session, partner_id: int, reference: str) -> PartnerBooking:
    """The partner's booking with this code. Raises NotFound, also for a booking of somebody else."""
    known = references.tidy(reference)
    query = _MINE.where(PartnerBooking.partner_id == partner_id, Appointment.reference == known)
    found = session.scalar(query) if known else None
    if found is None:
        raise NotFound
    return found


def listed(
    session: Session, partner_id: int, since: datetime, until: datetime, after: int = 0
) -> list[PartnerBooking]:
    """The partner's bookings that start from `since` to before `until`, AT_ONCE at most.

    They come in the order in which they were made; `after` is the number of the last one that is known.
    """
    query = _MINE.where(
        PartnerBooking.partner_id == partner_id,
        PartnerBooking.appointment_id > after,
        Appointment.start >= since,
        Appointment.start < until,
    )
    return list(session.scalars(query.order_by(PartnerBooking.appointment_id).limit(AT_ONCE)))


def move(
    session: Session,
    partner: Partner,
    booked: PartnerBooking,
    start: datetime,
    now: datetime,
    *,
    settings: Config,
) -> Appointment:
    """Move one of the partner's bookings; the old time is given up only for the new one. Raises as `moving.move`."""
    appointment = booked.appointment
    visit = choosing.kept_visit(session, appointment)
    ways = granting.ways(session, partner.grants, appointment.office_id, visit.service_ids)

    def there(way: Way) -> None:
        moving.move(
            session,
            appointment,
            start,
            now,
            settings=settings,
            actor=actor_of(partner.id),
            channel=Channel.PARTNER,
            shares=way.shares,
            schedules=way.schedules,
        )

    office, besides = appointment.office, [appointment.sheet_id]
    trying.lock_all(session, office, ways, visit, start, now, rules=settings.booking, besides=besides)
    trying.in_any_way(ways, there)
    return appointment


def cancel(session: Session, booked: PartnerBooking, now: datetime, *, settings: Config) -> Appointment:
    """Cancel one of the partner's bookings; a second time changes nothing. Raises NotCancellable."""
    appointing.cancel(session, booked.appointment, now, actor_of(booked.partner_id), settings=settings)
    return booked.appointment


def note(
    session: Session, partner: Partner, appointment: Appointment, now: datetime, own_reference: str | None
) -> PartnerBooking:
    """Remember that the partner has booked an appointment: it counts, and the partner may see it."""
    booked = PartnerBooking(
        appointment_id=appointment.id,
        partner_id=partner.id,
        booked_at=now,
        own_reference=vaults.of(session).seal(own_reference) if own_reference else None,
        appointment=appointment,
    )
    session.add(booked)
    session.flush()
    return booked


def own_reference_of(session: Session, booked: PartnerBooking) -> str | None:
    """By what the partner knows the person."""
    kept = booked.own_reference
    return str(vaults.of(session).open(kept)) if kept else None


def check_person(session: Session, person: Person, visit: Visit, now: datetime, *, rules: Fairness) -> None:
    """As `fairness.check_person`, but not per mail address and phone: an employer may use one for everybody."""
    relaxed = rules.model_copy(
        update={"appointments_per_mail": ANY_NUMBER, "appointments_per_phone": ANY_NUMBER}
    )
    fairness.check_person(session, person, visit, now, rules=relaxed)


def request_of(value: object) -> str:
    """A request as text, to be compared with one that comes again."""
    return json.dumps(value, default=_plain, ensure_ascii=False)


def digest(session: Session, request: str) -> str:
    """What is kept of a request: a keyed hash."""
    return vaults.of(session).digest("partner request", request)


def require_same(session: Session, kept: str | None, request: str) -> None:
    """Raise KeyReused unless the request is the one that `kept` is the digest of."""
    if kept not in vaults.of(session).digests("partner request", request):
        raise KeyReused


def _booked_before(
    session: Session, partner: Partner, key: str | None, request: str
) -> PartnerBooking | None:
    if key is None:
        return None
    query = _MINE.where(
        PartnerBooking.partner_id == partner.id, PartnerBooking.key == vaults.fingerprint(key)
    )
    before = session.scalar(query)
    if before is not None:
        require_same(session, before.request, request)
    return before


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, frozenset):
        return sorted(value)
    return value.to_seal() if isinstance(value, Person) else value.isoformat()
