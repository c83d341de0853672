"""Taking part in a draw: one request for each person, whenever it comes within the window."""

from datetime import date, datetime, timedelta

from sqlalchemy import false, func, or_, select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import choosing, fairness, proving, references, sheet
from frontoffice.booking.models import BlockedKind
from frontoffice.booking.person import Contact, Person
from frontoffice.booking.refusals import NotOnline
from frontoffice.booking.visit import Visit
from frontoffice.config import Config
from frontoffice.draw import letters, lottery, making
from frontoffice.draw.models import OUTSIDE, Draw, DrawRequest, DrawState, RequestState, Weights
from frontoffice.draw.refusals import (
    AlreadyDrawn,
    AlreadyEntered,
    ProvenTooLate,
    TooManyRequests,
    WindowClosed,
)
from frontoffice.errors import N_, Invalid, NotFound
from frontoffice.waitlist import wish as wishes
from frontoffice.waitlist.wish import Wish

VISITOR = "visitor"
HOUR = timedelta(hours=1)
WITHDRAWABLE = (RequestState.UNPROVEN, RequestState.ENTERED)
SECRET = "draw"  # noqa: S105 (what the vault's token is for, not a token)


def is_open(draw: Draw, now: datetime) -> bool:
    """Whether requests are taken now."""
    return draw.state is DrawState.PLANNED and draw.opens_at <= now < draw.closes_at


def enter(
    session: Session,
    draw: Draw,
    visit: Visit,
    wanted: Wish,
    expires_on: date | None,
    person: Person,
    language: str,
    now: datetime,
    *,
    settings: Config,
) -> DrawRequest:
    """Put a request into the draw; where the office asks for it, it takes part once its contact is proven.

    `expires_on` counts only where nearer expiry comes first. Raises WindowClosed, AlreadyEntered, TooManyRequests,
    Invalid for a wish that no day of the draw can meet, WrongDetails where the office needs another contact, and
    what `fairness.check_person` raises: a person who has an appointment for the service needs no second one.
    """
    fairness.lock(session, [person])
    # Shared with other requests; who closes the window waits for all of them.
    session.refresh(draw, ["state"], with_for_update={"read": True})
    if not is_open(draw, now):
        raise WindowClosed
    if not visit.online:
        raise NotOnline
    if not set(visit.service_ids) <= set(draw.service_ids):
        raise Invalid(
            "service", N_("This concern is not part of this draw. Please choose one of those shown.")
        )
    kept = wishes.checked(wanted, draw.first_day, draw.until_day)
    asks = asks_for_proof(draw, person.contact)
    fairness.check_person(session, person, visit, now, rules=settings.fairness)
    _check_limits(session, draw, person, settings)
    request = _earlier_try(session, draw, person, now, settings) if asks else None
    if request is None:
        request = _add(session, draw, person, language, now)
    request.service_id, request.items = visit.main.id, visit.stored
    request.first_day, request.until_day, request.weekdays = kept.first_day, kept.until_day, kept.weekdays
    request.not_before, request.before = kept.not_before, kept.before
    request.expires_on = expires_on if draw.weights is Weights.EXPIRY else None
    request.weight = _weight(draw, expires_on)
    if not asks:
        _take_in(session, request, person)
    session.flush()
    letters.entered(session, request, person, secret_of(session, request), now, settings)
    if not asks:
        making.happened(session, "draw.entered", draw, now, VISITOR)
    return request


def asks_for_proof(draw: Draw, contact: Contact) -> bool:
    """Whether the office lets people prove their contact. Raises WrongDetails where it needs another one for that."""
    return proving.kind(draw.office.confirmation, contact) is not None


def prove(session: Session, request: DrawRequest, now: datetime, *, settings: Config) -> None:
    """The person has opened the link of the message: from now on the request takes part. Twice does it once.

    Raises ProvenTooLate after the window or for a request that was taken back, and what `enter` raises about people.
    """
    if request.state not in OUTSIDE:
        return
    if request.person is None:  # long over
        raise ProvenTooLate
    person = person_of(session, request)
    fairness.lock(session, [person])
    session.refresh(request.draw, ["state"], with_for_update={"read": True})
    session.refresh(request, ["state"], with_for_update={"of": DrawRequest})
    if request.state not in OUTSIDE:
        return
    if request.state is RequestState.WITHDRAWN or not is_open(request.draw, now):
        raise ProvenTooLate
    visit = choosing.visit_of(session, request.items)
    fairness.check_person(session, person, visit, now, rules=settings.fairness)
    _check_limits(session, request.draw, person, settings)
    _take_in(session, request, person)
    session.flush()
    making.happened(session, "draw.entered", request.draw, now, VISITOR)


def withdraw(session: Session, request: DrawRequest, now: datetime) -> None:
    """Take a request back, as long as the window is open. Twice does it once. Raises AlreadyDrawn."""
    session.refresh(request.draw, ["state"], with_for_update={"read": True})
    session.refresh(request, ["state"], with_for_update={"of": DrawRequest})
    if request.state is RequestState.WITHDRAWN:
        return
    if not is_open(request.draw, now):
        raise AlreadyDrawn
    request.state, request.decided_at = RequestState.WITHDRAWN, now
    request.person_digest = None  # the person may enter again
    session.flush()
    letters.withdrawn(session, request, now)
    making.happened(session, "draw.withdrawn", request.draw, now, VISITOR)


def find(session: Session, number: str, secret: str) -> DrawRequest:
    """The request with this number, if `secret` is its secret. NotFound if either is wrong."""
    known = references.tidy(number)
    if known is None or not vaults.of(session).token_matches(secret, SECRET, known):
        raise NotFound
    found = session.scalar(select(DrawRequest).where(DrawRequest.number == known))
    if found is None:
        raise NotFound
    return found


def secret_of(session: Session, request: DrawRequest) -> str:
    """The secret that opens the page of the request. It goes only into messages: so who has it is reachable."""
    return vaults.of(session).token(SECRET, request.number)


def person_of(session: Session, request: DrawRequest) -> Person:
    """Whose request it is, unsealed. Raises NotFound once it is redacted."""
    if request.person is None:
        raise NotFound
    return Person.from_sealed(vaults.of(session).open(request.person))


def wish_of(request: DrawRequest) -> Wish:
    """When the person would like to come."""
    return Wish(request.first_day, request.until_day, request.weekdays, request.not_before, request.before)


def count(session: Session, draw: Draw) -> int:
    """How many take part."""
    query = select(func.count()).where(DrawRequest.draw_id == draw.id, DrawRequest.state.not_in(OUTSIDE))
    return session.scalar(query) or 0


def _add(session: Session, draw: Draw, person: Person, language: str, now: datetime) -> DrawRequest:
    vault = vaults.of(session)
    digests = fairness.digests(vault, person)
    request = DrawRequest(
        draw=draw,
        number=_new_number(session),
        state=RequestState.UNPROVEN,
        language=language,
        person=vault.seal(person.to_seal()),
        mail_digest=digests.mail,
        phone_digest=digests.phone,
        created_at=now,
    )
    session.add(request)
    return request


def _take_in(session: Session, request: DrawRequest, person: Person) -> None:
    request.state = RequestState.ENTERED
    request.person_digest = fairness.digests(vaults.of(session), person).person


def _earlier_try(
    session: Session, draw: Draw, person: Person, now: datetime, settings: Config
) -> DrawRequest | None:
    """The request of somebody who has sent the form before, and has not opened the link yet.

    Raises TooManyRequests where the form was sent for many others with this contact lately: nobody's mailbox is to be
    filled. That passes by itself after an hour, so it shuts nobody out either.
    """
    digests = fairness.digests(vaults.of(session), person)
    query = select(DrawRequest).where(
        DrawRequest.draw_id == draw.id,
        DrawRequest.state == RequestState.UNPROVEN,
        or_(
            DrawRequest.mail_digest == digests.mail if digests.mail else false(),
            DrawRequest.phone_digest == digests.phone if digests.phone else false(),
        ),
    )
    found = session.scalars(query.order_by(DrawRequest.id)).all()
    for each in found:
        if person_of(session, each) == person:
            return each
    most = settings.draw.requests_per_contact
    if sum(each.created_at > now - HOUR for each in found) >= most:
        raise TooManyRequests(most=most)
    return None


def _weight(draw: Draw, expires_on: date | None) -> int:
    if draw.weights is Weights.EQUAL:
        return lottery.EVEN
    return lottery.weight(expires_on, sheet.day_of(draw.closes_at, draw.office.time_zone))


def _check_limits(session: Session, draw: Draw, person: Person, settings: Config) -> None:
    vault = vaults.of(session)
    persons = fairness.all_digests(vault, BlockedKind.PERSON, fairness.folded_person(person))
    mails = (
        fairness.all_digests(vault, BlockedKind.MAIL, fairness.fold_mail(person.mail)) if person.mail else []
    )
    phones = fairness.all_digests(vault, BlockedKind.PHONE, person.phone) if person.phone else []
    rows = session.execute(
        select(DrawRequest.person_digest, DrawRequest.mail_digest, DrawRequest.phone_digest).where(
            DrawRequest.draw_id == draw.id,
            DrawRequest.state.not_in(OUTSIDE),
            or_(
                DrawRequest.person_digest.in_(persons),
                DrawRequest.mail_digest.in_(mails),
                DrawRequest.phone_digest.in_(phones),
            ),
        )
    ).all()
    if any(row.person_digest in persons for row in rows):
        raise AlreadyEntered
    most = settings.draw.requests_per_contact
    for known, column in ((mails, "mail_digest"), (phones, "phone_digest")):
        if sum(getattr(row, column) in known for row in rows) >= most:
            raise TooManyRequests(most=most)


def _new_number(session: Session) -> str:
    while True:
        number = references.new()
        if session.scalar(select(DrawRequest.id).where(DrawRequest.number == number)) is None:
            return number
