"""Getting onto the waiting list: limits, proving the contact, changing the wish."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import appointing, choosing, fairness, proving, references, sheet
from frontoffice.booking.models import Appointment, BlockedKind, State
from frontoffice.booking.person import Person
from frontoffice.config import Config
from frontoffice.errors import N_, Invalid
from frontoffice.messages import outbox
from frontoffice.messages.models import Medium
from frontoffice.offices.models import Office
from frontoffice.waitlist import letters, wish
from frontoffice.waitlist.entries import VISITOR, happened, person_of, secret_of
from frontoffice.waitlist.models import LIVE, EntryState, WaitlistEntry, WaitlistPlace
from frontoffice.waitlist.refusals import (
    AlreadyWaiting,
    EarlierByPhone,
    NoLongerWaiting,
    NotEarlier,
    NotReachable,
    TooManyWishes,
)
from frontoffice.waitlist.spots import Spot, Where
from frontoffice.waitlist.wish import Wish

CHANGEABLE = (EntryState.UNPROVEN, *LIVE)


def join(
    session: Session,
    place: Where,
    wanted: Wish,
    stands_until: date,
    person: Person,
    language: str,
    now: datetime,
    *,
    settings: Config,
    proven: bool = False,
    tell: bool = True,
) -> WaitlistEntry:
    """Put somebody on the list; until the contact is `proven`, which the office may ask for, nothing is offered.

    The wish stands until the end of the day `stands_until`, and no longer than the configuration says. `tell`
    writes the message. Raises Invalid for a wish that nothing can meet, the refusals of this wing, and those of
    `fairness.check_person`.
    """
    fairness.check_person(
        session, person, place.visit, now, rules=settings.fairness
    )  # locks the person first
    asks = _asks_for_proof(place.office, person) and not proven
    _check_reachable(session, person)
    _check_limits(session, person, place.visit.service_ids, settings)
    entry = _earlier_try(session, person, place) if asks else None
    if entry is None:
        entry = _add(session, place, person, language, now)
    _set_wish(entry, wanted, stands_until, place.office, now, settings)
    return _joined(session, entry, person, now, settings, asks=asks, tell=tell)


def join_for(
    session: Session,
    appointment: Appointment,
    wanted: Wish,
    stands_until: date,
    now: datetime,
    *,
    settings: Config,
) -> WaitlistEntry:
    """Ask for an earlier time for an appointment that stands.

    Raises NotEarlier, EarlierByPhone (the concern is not offered online), AlreadyWaiting, Invalid.
    """
    person = appointing.person_of(session, appointment)
    fairness.lock(session, [person])
    if appointment.state is not State.CONFIRMED or appointment.start <= now:
        raise NotEarlier
    visit = choosing.kept_visit(session, appointment)
    if not visit.online:
        raise EarlierByPhone
    _check_reachable(session, person)
    _check_limits(session, person, visit.service_ids, settings)
    schedule = appointment.schedule
    spot = Spot(appointment.office_id, None if schedule.pooled else schedule.id, appointment.items)
    place = Where(appointment.office, visit, (spot,))
    entry = _add(session, place, person, appointment.language, now)
    entry.appointment_id = appointment.id
    last = sheet.day_of(appointment.start, appointment.office.time_zone) + timedelta(days=1)
    earlier = wanted._replace(until_day=min(wanted.until_day, last))
    _set_wish(entry, earlier, stands_until, appointment.office, now, settings)
    return _joined(session, entry, person, now, settings, asks=False, tell=True)


def prove(session: Session, entry: WaitlistEntry, now: datetime, *, settings: Config) -> None:
    """The person has opened the link of the message: from now on the wish waits, in the order of this moment.

    Twice does it once. Raises NoLongerWaiting, AlreadyWaiting, TooManyWishes.
    """
    if entry.state is not EntryState.UNPROVEN:
        if entry.state in LIVE:
            return
        raise NoLongerWaiting
    person = person_of(session, entry)
    visit = choosing.visit_of(session, entry.places[0].items)
    fairness.check_person(session, person, visit, now, rules=settings.fairness)
    _check_limits(session, person, visit.service_ids, settings)
    proven = session.execute(
        update(WaitlistEntry)
        .where(WaitlistEntry.id == entry.id, WaitlistEntry.state == EntryState.UNPROVEN)
        .values(state=EntryState.WAITING, joined_at=now, changed_at=now)
        .returning(WaitlistEntry.id)
        .execution_options(synchronize_session=False)
    ).first()
    session.refresh(entry, ["state", "joined_at", "changed_at"])
    if proven:
        happened(session, "waitlist.joined", entry, now, VISITOR)


def change(
    session: Session,
    entry: WaitlistEntry,
    wanted: Wish,
    stands_until: date,
    now: datetime,
    *,
    settings: Config,
) -> None:
    """Give an entry other days and times; it keeps its place in the order. Raises Invalid, NoLongerWaiting."""
    session.refresh(entry, ["state"], with_for_update=True)
    if entry.state not in CHANGEABLE:
        raise NoLongerWaiting
    if entry.appointment_id is not None and entry.appointment is not None:
        last = sheet.day_of(entry.appointment.start, entry.office.time_zone) + timedelta(days=1)
        wanted = wanted._replace(until_day=min(wanted.until_day, last))
    _set_wish(entry, wanted, stands_until, entry.office, now, settings)
    session.flush()


def _asks_for_proof(office: Office, person: Person) -> bool:
    """Whether the office lets people prove their contact. Raises WrongDetails where it needs another one for that."""
    return proving.kind(office.confirmation, person.contact) is not None


def _check_reachable(session: Session, person: Person) -> None:
    vault = vaults.of(session)
    ways = [
        outbox.recipient_digests(vault, medium, to)
        for medium, to in ((Medium.MAIL, person.mail), (Medium.SMS, person.phone))
        if to
    ]
    if all(outbox.find_suppressed(session, digests) for digests in ways):
        raise NotReachable


def _check_limits(session: Session, person: Person, services: Collection[int], settings: Config) -> None:
    vault = vaults.of(session)
    persons = fairness.all_digests(vault, BlockedKind.PERSON, fairness.folded_person(person))
    contacts = [
        column.in_(fairness.all_digests(vault, kind, value))
        for column, kind, value in (
            (WaitlistEntry.mail_digest, BlockedKind.MAIL, person.mail and fairness.fold_mail(person.mail)),
            (WaitlistEntry.phone_digest, BlockedKind.PHONE, person.phone),
        )
        if value
    ]
    query = (
        select(WaitlistEntry.id, WaitlistEntry.person_digest, WaitlistPlace.items)
        .join(WaitlistPlace, WaitlistPlace.entry_id == WaitlistEntry.id)
        .where(WaitlistEntry.state.in_(LIVE))
        .where(or_(WaitlistEntry.person_digest.in_(persons), *contacts))
    )
    rows = session.execute(query).all()
    for row in rows:
        if row.person_digest in persons and any(number in services for number, _people in row.items):
            raise AlreadyWaiting
    if len({row.id for row in rows}) >= settings.waitlist.wishes_per_contact:
        raise TooManyWishes(most=settings.waitlist.wishes_per_contact)


def _earlier_try(session: Session, person: Person, place: Where) -> WaitlistEntry | None:
    """The entry of somebody who has sent the form before, and has not opened the link yet."""
    digests = fairness.digests(vaults.of(session), person)
    query = select(WaitlistEntry).where(
        WaitlistEntry.state == EntryState.UNPROVEN,
        WaitlistEntry.office_id == place.office.id,
        WaitlistEntry.service_id == place.visit.main.id,
        WaitlistEntry.person_digest == digests.person,
        WaitlistEntry.mail_digest.is_not_distinct_from(digests.mail),
        WaitlistEntry.phone_digest.is_not_distinct_from(digests.phone),
    )
    found = session.scalars(query.with_for_update()).first()
    if found is not None:
        found.places = _places(place)
    return found


def _add(session: Session, place: Where, person: Person, language: str, now: datetime) -> WaitlistEntry:
    if not place.spots:
        raise Invalid("service", N_("There is no waiting list for this concern. Please call us."))
    vault = vaults.of(session)
    digests = fairness.digests(vault, person)
    return WaitlistEntry(
        reference=_new_reference(session),
        office_id=place.office.id,
        office=place.office,
        service_id=place.visit.main.id,
        places=_places(place),
        state=EntryState.UNPROVEN,
        language=language,
        person=vault.seal(person.to_seal()),
        person_digest=digests.person,
        mail_digest=digests.mail,
        phone_digest=digests.phone,
        missed=0,
        created_at=now,
    )


def _places(place: Where) -> list[WaitlistPlace]:
    return [
        WaitlistPlace(office_id=each.office_id, schedule_id=each.schedule_id, items=each.items)
        for each in place.spots
    ]


def _new_reference(session: Session) -> str:
    while True:
        reference = references.new()
        taken = select(WaitlistEntry.id).where(WaitlistEntry.reference == reference)
        if session.scalar(taken) is None:
            return reference


def _set_wish(
    entry: WaitlistEntry, wanted: Wish, stands_until: date, office: Office, now: datetime, settings: Config
) -> None:
    today = sheet.day_of(now, office.time_zone)
    furthest = today + timedelta(days=settings.waitlist.longest_days)
    kept = wish.checked(wanted, today, furthest)
    if stands_until < today:
        raise Invalid("stands_until", N_("This day is over. Please choose a later one."))
    last = min(stands_until, furthest, kept.until_day - timedelta(days=1))
    end = datetime.combine(last + timedelta(days=1), time(), ZoneInfo(office.time_zone))
    for name, value in kept._asdict().items():
        setattr(entry, name, value)
    entry.ends_at, entry.changed_at = end.astimezone(UTC), now


def _joined(
    session: Session,
    entry: WaitlistEntry,
    person: Person,
    now: datetime,
    settings: Config,
    *,
    asks: bool,
    tell: bool,
) -> WaitlistEntry:
    if not asks:
        entry.state, entry.joined_at = EntryState.WAITING, now
    session.add(entry)
    session.flush()
    if tell:
        letters.joined(session, entry, person, secret_of(session, entry), now, settings)
    if not asks:
        happened(session, "waitlist.joined", entry, now, VISITOR)
    return entry
