"""Appointments: a hold becomes one, it is found again, it is cancelled.

Locks are taken in the order digests → sheets → holds → appointments → events, here as everywhere.
"""

import hmac
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from frontoffice import events
from frontoffice import vault as vaults
from frontoffice.birth_date import BirthDate
from frontoffice.booking import (
    daybook,
    entering,
    fairness,
    freeing,
    holding,
    letters,
    proving,
    references,
)
from frontoffice.booking.models import Appointment, Hold, Share, State
from frontoffice.booking.person import Person
from frontoffice.booking.refusals import AlreadyBooked, ChangedMeanwhile, HoldExpired, NotCancellable
from frontoffice.config import Config
from frontoffice.errors import DomainError, NotFound
from frontoffice.quick import Rider

VISITOR = "visitor"
AWAITED = (State.UNCONFIRMED, State.CONFIRMED)
CANCELLABLE = AWAITED
SECRET = "appointment"  # noqa: S105 (what the vault's token is for, not a token)

_COLUMNS = [each.name for each in Appointment.__table__.columns]
_FOUND = select(Appointment).options(joinedload(Appointment.service), joinedload(Appointment.office))
_BY_HOLD = _FOUND.where(Appointment.hold_fingerprint == bindparam("fingerprint"))
_BY_REFERENCE = _FOUND.where(Appointment.reference == bindparam("reference"))


def book(
    session: Session,
    token: str,
    person: Person,
    language: str,
    now: datetime,
    *,
    settings: Config,
    actor: str = VISITOR,
    proven: bool = False,
    confirm_until: datetime | None = None,
    rider: Rider | None = None,
) -> Appointment:
    """Make an appointment of the hold with this token, with its messages and its event.

    Where the office lets people confirm and the contact is not `proven`, the appointment is unconfirmed, lapses
    after `booking.confirm_minutes`, and the message asks to confirm. With `confirm_until` it is
    unconfirmed until then, and the caller says so: no message is written here. A visitor is subject to fairness.
    The `rider` goes with the event (see `events.append`).

    The same person with the same token gets the same appointment again; other details raise AlreadyBooked.
    A hold that has lapsed is good as long as its time is free, else HoldExpired is raised; NotFound for an
    unknown token; WrongDetails where a contact is needed to confirm; and what `fairness.check_person` raises.
    """
    them = fairness.known(vaults.of(session), person)
    held = entering.find(session, token, them if actor == VISITOR else ())
    if held.released_at is not None:
        booked = of_hold(session, held)
        if booked is not None:
            return _same(session, booked, person)
    asks = not proven and proving.kind(held.office.confirmation, person.contact) is not None
    until = now + timedelta(minutes=settings.booking.confirm_minutes) if asks else confirm_until
    if actor == VISITOR:
        try:
            fairness.check_known(session, them, held, now, rules=settings.fairness)
        except DomainError:
            booked = of_hold(session, held)  # the same form, sent twice at once, is not one too many
            if booked is None:
                raise
            return _same(session, booked, person)
    new = entering.of_hold(
        session,
        held,
        person,
        now,
        digests=them.current,
        language=language,
        actor=actor,
        confirm_by=min(until, held.start) if until else None,
    )
    appointment = _enter(session, held, new, now, None if actor == VISITOR else tuple(Share))
    if appointment is None:
        booked = of_hold(session, held)
        if booked is None:
            raise HoldExpired
        return _same(session, booked, person)
    whose = {"schedule": held.schedule, "service": held.service, "office": held.office}
    for name, value in whose.items():  # whoever answers with it need not read them again
        set_committed_value(appointment, name, value)
    if confirm_until is None:
        letters.booked(session, appointment, person, now, settings, place=held.schedule.place)
    happened(session, "appointment.booked", appointment, now, actor, rider=rider)
    return appointment


def of_hold(session: Session, held: Hold | entering.Held) -> Appointment | None:
    """The appointment that a hold has become."""
    return session.scalar(_BY_HOLD, {"fingerprint": held.token_fingerprint})


def find(session: Session, reference: str, secret: str) -> Appointment:
    """The appointment with this reference, if `secret` is its secret. NotFound if either is wrong."""
    known = references.tidy(reference)
    # The secret is worked out from the reference, so a wrong one is refused without a look at the database.
    if known is None or not vaults.of(session).token_matches(secret, SECRET, known):
        raise NotFound
    return _by_reference(session, known)


def find_by_birth(session: Session, reference: str, born: BirthDate) -> Appointment:
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
    session: Session,
    appointment: Appointment,
    now: datetime,
    actor: str = VISITOR,
    *,
    settings: Config,
    note: str = "",
) -> None:
    """Cancel: the time is given back, reminders are taken back, a confirmation leaves. Twice does it once.

    The appointment must have been read in this session; `actor` is as in events; `note` is a sentence of the
    office that stands in the message. Raises NotCancellable when it is over or the person is there already,
    ChangedMeanwhile when it was moved this moment.
    """
    page = daybook.locked(session, appointment.sheet_id)
    given_up = freeing.GivenUp.of(appointment)
    left = leave(session, appointment, State.CANCELLED, CANCELLABLE, now)
    if not left:
        if appointment.state is State.CANCELLED:
            return
        raise (
            NotCancellable
            if appointment.state not in CANCELLABLE or appointment.start <= now
            else ChangedMeanwhile
        )
    daybook.write(session, freeing.give_back_later(session, page, given_up, now, settings.booking))
    letters.cancelled(session, appointment, person_of(session, appointment), now, settings, note)
    happened(session, "appointment.cancelled", appointment, now, actor)


def leave(
    session: Session,
    appointment: Appointment,
    to: State,
    whence: tuple[State, ...],
    now: datetime,
) -> bool:
    """Bring an appointment whose sheet is locked to a state in which it occupies nothing; says whether that worked.

    It does not when it has begun, has left the states `whence`, or sits somewhere else by now.
    """
    left = session.execute(
        update(Appointment)
        .where(
            Appointment.id == appointment.id,
            Appointment.state.in_(whence),
            Appointment.start > now,
            Appointment.sheet_id == appointment.sheet_id,
            Appointment.sequence == appointment.sequence,
        )
        .values(state=to, sequence=Appointment.sequence + 1, changed_at=now)
        .returning(Appointment.id)
        .execution_options(synchronize_session=False)
    ).first()
    refresh(session, appointment)
    return left is not None


def refresh(session: Session, appointment: Appointment, *, lock: bool = False) -> None:
    """Read the appointment's row again, as the database has it now, and lock it if asked to."""
    session.refresh(appointment, _COLUMNS, with_for_update={"of": Appointment} if lock else None)


def happened(
    session: Session,
    kind: str,
    appointment: Appointment,
    now: datetime,
    actor: str,
    data: dict[str, Any] | None = None,
    office_id: int | None = None,
    rider: Rider | None = None,
) -> None:
    """Append an event about an appointment, at its office or another one: the last thing in the transaction."""
    events.append(
        session,
        office_id or appointment.office_id,
        kind,
        now,
        actor=actor,
        subject=letters.subject(appointment),
        data={
            "service_id": appointment.service_id,
            "channel": appointment.channel,
            "start": appointment.start.isoformat(),
            **(data or {}),
        },
        rider=rider,
    )


def _enter(
    session: Session,
    held: entering.Held,
    new: dict[str, Any],
    now: datetime,
    shares: Collection[Share] | None,
) -> Appointment | None:
    """The appointment in the book; None where the hold has become one already, or its time is gone."""
    if held.start <= now:  # what has begun cannot be booked any more
        return None
    appointment = entering.insert(session, new, now, claiming=held.id)
    if appointment is not None:
        return appointment
    page = daybook.locked(session, held.sheet_id)  # it was given back, or is just being booked
    if of_hold(session, held) is not None or not holding.take_again(session, page, held, now, shares):
        return None
    return entering.insert(session, new, now)


def _same(session: Session, booked: Appointment, person: Person) -> Appointment:
    if person_of(session, booked) != person:
        raise AlreadyBooked
    return booked


def _by_reference(session: Session, reference: str) -> Appointment:
    found = session.scalar(_BY_REFERENCE, {"reference": reference})
    if found is None:
        raise NotFound
    return found
