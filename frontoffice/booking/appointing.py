"""Appointments: a hold becomes one, it is found again, it is cancelled."""

import hmac
from datetime import date, datetime
from typing import cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload, make_transient_to_detached

from frontoffice import events
from frontoffice import vault as vaults
from frontoffice.booking import daybook, holding, letters, references, sheet
from frontoffice.booking.models import Appointment, Hold, State
from frontoffice.booking.person import Person
from frontoffice.booking.refusals import AlreadyBooked, HoldExpired, NotCancellable
from frontoffice.config import Config
from frontoffice.errors import NotFound

VISITOR = "visitor"
CANCELLABLE = (State.UNCONFIRMED, State.CONFIRMED)
SECRET = "appointment"  # noqa: S105 (what the vault's token is for, not a token)

_HOLDS = cast(Table, Hold.__table__)
_CLAIM = (
    update(_HOLDS)
    .where(_HOLDS.c.id == bindparam("hold"), _HOLDS.c.released_at.is_(None))
    .values(released_at=bindparam("now"))
    .returning(_HOLDS.c.sheet_id)
)
_NEW = {
    name: dialect.insert(Appointment.__table__)
    .on_conflict_do_nothing(index_elements=["reference"])
    .returning(Appointment.__table__.c.id)
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}
_FOUND = select(Appointment).options(joinedload(Appointment.service), joinedload(Appointment.office))
_BY_HOLD = _FOUND.where(Appointment.hold_fingerprint == bindparam("fingerprint"))
_BY_REFERENCE = _FOUND.where(Appointment.reference == bindparam("reference"))


def book(
    session: Session, token: str, person: Person, language: str, now: datetime, *, settings: Config
) -> Appointment:
    """Make an appointment of the hold with this token, with its messages and its event.

    The same person with the same token gets the same appointment again; other details raise AlreadyBooked.
    A hold that has lapsed is good as long as its time is free, else HoldExpired is raised; NotFound for an
    unknown token.
    """
    held = holding.find(session, token)
    # What has begun cannot be booked any more; a form sent twice still finds what its first sending has booked.
    sheet_id = _claim(session, held, now) if held.start > now else None
    if sheet_id is None:
        pages = holding.lock_again(session, held)
        booked = of_hold(session, held)
        if booked is not None:
            return _same(session, booked, person)
        sheet_id = holding.take_again(session, pages, held) if held.start > now else None
    if sheet_id is None:
        raise HoldExpired
    appointment = _insert(session, held, person, now, sheet_id=sheet_id, language=language)
    letters.booked(session, appointment, person, now, settings)
    _happened(session, "appointment.booked", appointment, now, VISITOR)
    return appointment


def of_hold(session: Session, held: Hold) -> Appointment | None:
    """The appointment that a hold has become."""
    return session.scalar(_BY_HOLD, {"fingerprint": held.token_fingerprint})


def find(session: Session, reference: str, secret: str) -> Appointment:
    """The appointment with this reference, if `secret` is its secret. NotFound if either is wrong."""
    known = references.tidy(reference)
    # The secret is worked out from the reference, so a wrong one is refused without a look at the database.
    if known is None or not vaults.of(session).token_matches(secret, SECRET, known):
        raise NotFound
    return _by_reference(session, known)


def find_by_birth(session: Session, reference: str, born: date) -> Appointment:
    """The appointment with this reference, if its person was born on that day. NotFound if either is wrong.

    A date of birth is easily guessed: the caller counts the attempts, and does it before.
    """
    known = references.tidy(reference)
    if known is None:
        raise NotFound
    appointment = _by_reference(session, known)
    if not hmac.compare_digest(person_of(session, appointment).born.isoformat(), born.isoformat()):
        raise NotFound
    return appointment


def person_of(session: Session, appointment: Appointment) -> Person:
    """For whom the appointment is, unsealed."""
    return Person.from_sealed(vaults.of(session).open(appointment.person))


def secret_of(session: Session, appointment: Appointment) -> str:
    """The secret that opens the page of the appointment."""
    return vaults.of(session).token(SECRET, appointment.reference)


def cancel(
    session: Session, appointment: Appointment, now: datetime, actor: str = VISITOR, *, settings: Config
) -> None:
    """Cancel: the time is free again, reminders are taken back, a confirmation leaves. Twice does it once.

    The appointment must have been read in this session; `actor` is as in events. Raises NotCancellable when it
    is over or the person is there already.
    """
    cancelled = session.execute(
        update(Appointment)
        .where(Appointment.id == appointment.id, Appointment.state.in_(CANCELLABLE), Appointment.start > now)
        .values(state=State.CANCELLED, sequence=Appointment.sequence + 1, changed_at=now)
        .returning(Appointment.sheet_id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    session.refresh(appointment, ["state", "sequence", "changed_at"])
    if cancelled is None:
        if appointment.state is State.CANCELLED:
            return
        raise NotCancellable
    page = daybook.locked(session, cancelled)
    taken = sheet.give_back(page.taken, appointment.channel, appointment.first_tick, appointment.ticks)
    daybook.write(session, page._replace(taken=taken))
    letters.cancelled(session, appointment, person_of(session, appointment), now, settings)
    _happened(session, "appointment.cancelled", appointment, now, actor)


def _claim(session: Session, held: Hold, now: datetime) -> int | None:
    """Take over what a hold has taken; None if somebody else did, or if it was given back."""
    sheet_id: int | None = session.connection().execute(_CLAIM, {"hold": held.id, "now": now}).scalar()
    return sheet_id


def _same(session: Session, booked: Appointment, person: Person) -> Appointment:
    if person_of(session, booked) != person:
        raise AlreadyBooked
    return booked


def _insert(
    session: Session, held: Hold, person: Person, now: datetime, *, sheet_id: int, language: str
) -> Appointment:
    connection = session.connection()
    values = {
        "hold_fingerprint": held.token_fingerprint,
        "office_id": held.service.office_id,
        "sheet_id": sheet_id,
        "service_id": held.service_id,
        "channel": held.channel,
        "state": State.CONFIRMED,
        "first_tick": held.first_tick,
        "ticks": held.ticks,
        "start": held.start,
        "language": language,
        "person": vaults.of(session).seal(person.to_seal()),
        "sequence": 0,
        "created_at": now,
        "changed_at": now,
    }
    while True:  # a reference that is taken already is as good as never
        values["reference"] = references.new()
        number = connection.execute(_NEW[connection.dialect.name], values).scalar()
        if number is not None:
            break
    appointment = Appointment(id=number, **values)
    make_transient_to_detached(appointment)
    session.add(appointment)
    return appointment


def _by_reference(session: Session, reference: str) -> Appointment:
    found = session.scalar(_BY_REFERENCE, {"reference": reference})
    if found is None:
        raise NotFound
    return found


def _happened(session: Session, kind: str, appointment: Appointment, now: datetime, actor: str) -> None:
    events.append(
        session,
        appointment.office_id,
        kind,
        now,
        actor=actor,
        subject=letters.subject(appointment),
        data={
            "service_id": appointment.service_id,
            "channel": appointment.channel,
            "start": appointment.start.isoformat(),
        },
    )
