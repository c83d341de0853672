"""Taking part in a draw: one request for each person, whenever it comes within the window."""

from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import fairness, references, sheet
from frontoffice.booking.models import BlockedKind
from frontoffice.booking.person import Person
from frontoffice.booking.refusals import NotOnline
from frontoffice.booking.visit import Visit
from frontoffice.config import Config
from frontoffice.draw import letters, lottery, making
from frontoffice.draw.models import Draw, DrawRequest, DrawState, RequestState, Weights
from frontoffice.draw.refusals import AlreadyDrawn, AlreadyEntered, TooManyRequests, WindowClosed
from frontoffice.errors import N_, Invalid, NotFound
from frontoffice.waitlist import wish as wishes
from frontoffice.waitlist.wish import Wish

VISITOR = "visitor"
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
    """Put a request into the draw. `expires_on` counts only where nearer expiry comes first.

    Raises WindowClosed, AlreadyEntered, TooManyRequests, Invalid for a wish that no day of the draw can meet, and
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
    fairness.check_person(session, person, visit, now, rules=settings.fairness)
    _check_limits(session, draw, person, settings)
    vault = vaults.of(session)
    digests = fairness.digests(vault, person)
    request = DrawRequest(
        draw=draw,
        number=_new_number(session),
        service_id=visit.main.id,
        items=visit.stored,
        first_day=kept.first_day,
        until_day=kept.until_day,
        weekdays=kept.weekdays,
        not_before=kept.not_before,
        before=kept.before,
        expires_on=expires_on if draw.weights is Weights.EXPIRY else None,
        weight=_weight(draw, expires_on),
        state=RequestState.ENTERED,
        language=language,
        person=vault.seal(person.to_seal()),
        person_digest=digests.person,
        mail_digest=digests.mail,
        phone_digest=digests.phone,
        created_at=now,
    )
    session.add(request)
    session.flush()
    letters.entered(session, request, person, secret_of(session, request), now, settings)
    making.happened(session, "draw.entered", draw, now, VISITOR)
    return request


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
    query = select(func.count()).where(
        DrawRequest.draw_id == draw.id, DrawRequest.state != RequestState.WITHDRAWN
    )
    return session.scalar(query) or 0


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
            DrawRequest.state != RequestState.WITHDRAWN,
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
