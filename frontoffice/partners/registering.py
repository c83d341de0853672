"""Registering partners: who they are, where they may book, their tokens and the secret link to their page."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, selectinload

from frontoffice import events, vault
from frontoffice.booking.models import Share
from frontoffice.errors import N_, Invalid, NotFound
from frontoffice.offices.models import Office, Schedule, Service
from frontoffice.partners.models import Grant, Partner, PartnerKind, PartnerToken, Period, Scope
from frontoffice.partners.refusals import NameTaken
from frontoffice.printable import is_line

OPERATOR = "operator"  # whoever runs commands on the server
TOKEN_MARK = "fop_"  # noqa: S105 (so that tools that look for leaked secrets know one)
USED_EVERY = timedelta(minutes=1)
LARGEST_QUOTA = 100_000

_BY_TOKEN = (
    select(PartnerToken)
    .join(PartnerToken.partner)
    .where(PartnerToken.revoked_at.is_(None), Partner.ended_at.is_(None))
    .options(joinedload(PartnerToken.partner))
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed with a partner: what its tokens are for, and how much it may book."""

    scopes: tuple[Scope, ...] = (Scope.BOOK,)
    quota: int | None = None
    period: Period = Period.WEEK
    most_open: int | None = None


def add(session: Session, name: str, kind: PartnerKind, terms: Terms, now: datetime) -> Partner:
    """Add a partner, which may not book anywhere yet. Raises Invalid (name, scopes, quota), NameTaken."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 120 or not is_line(name):
        raise Invalid("name", N_("Please enter a name of at most 120 characters."))
    _check(terms)
    partner = Partner(
        name=name,
        kind=kind,
        scopes=[str(scope) for scope in terms.scopes],
        quota=terms.quota,
        period=terms.period,
        most_open=terms.most_open,
        created_at=now,
        grants=[],
        tokens=[],
    )
    try:
        with session.begin_nested():
            session.add(partner)
    except IntegrityError:
        raise NameTaken(name=name) from None
    return partner


def change_terms(
    session: Session, partner: Partner, terms: Terms, now: datetime, *, actor: str = OPERATOR
) -> None:
    """Agree anew what the partner may do and how much; what it has booked stays. Raises Invalid (scopes, quota)."""
    _check(terms)
    partner.scopes = [str(scope) for scope in terms.scopes]
    partner.quota, partner.period, partner.most_open = terms.quota, terms.period, terms.most_open
    session.flush()
    _happened(session, partner, "partner.changed", now, actor)


def grant(
    session: Session,
    partner: Partner,
    office: Office,
    now: datetime,
    *,
    services: Sequence[Service] = (),
    schedules: Sequence[Schedule] = (),
    shares: Collection[Share] = (),
    actor: str = OPERATOR,
) -> None:
    """Let the partner book at an office: these services (none named: all), on these schedules (the pooled ones).

    With `shares` it takes from exactly these parts of the seats. Raises Invalid for a service or a schedule of
    another office.
    """
    if ({each.office_id for each in services} | {each.office_id for each in schedules}) - {office.id}:
        raise Invalid("office", N_("This service or schedule belongs to another office."))
    each_service: Sequence[Service | None] = services or [None]
    each_schedule: Sequence[Schedule | None] = schedules or [None]
    for service in each_service:
        for schedule in each_schedule:
            partner.grants.append(
                Grant(
                    office=office,
                    service=service,
                    schedule=schedule,
                    shares=[str(share) for share in Share if share in shares] or None,
                )
            )
    session.flush()
    _happened(session, partner, "partner.granted", now, actor)


def take_grant(
    session: Session, partner: Partner, grant_id: int, now: datetime, *, actor: str = OPERATOR
) -> None:
    """The partner may no longer book there; what it has booked stays. Raises NotFound."""
    found = next((each for each in partner.grants if each.id == grant_id), None)
    if found is None:
        raise NotFound
    office_id = found.office_id
    partner.grants.remove(found)
    session.delete(found)
    session.flush()
    events.append(
        session, office_id, "partner.grant_taken", now, actor=actor, subject=f"partner:{partner.id}"
    )


def issue_token(
    session: Session, partner: Partner, label: str, now: datetime, *, actor: str = OPERATOR
) -> tuple[PartnerToken, str]:
    """A new token of the partner; what is given back here is stored nowhere. Raises Invalid (label)."""
    label = " ".join(label.split())
    if len(label) > 60 or not is_line(label):
        raise Invalid("label", N_("Please enter a name of at most 60 characters."))
    token = TOKEN_MARK + secrets.token_urlsafe(32)
    issued = PartnerToken(label=label, fingerprint=vault.fingerprint(token), created_at=now)
    partner.tokens.append(issued)
    session.flush()
    _happened(session, partner, "partner.token_issued", now, actor)
    return issued, token


def revoke_token(
    session: Session, partner: Partner, token_id: int, now: datetime, *, actor: str = OPERATOR
) -> None:
    """End a token for good. Raises NotFound where the partner has no such token."""
    known = (PartnerToken.id == token_id, PartnerToken.partner_id == partner.id)
    if session.scalar(select(PartnerToken.id).where(*known)) is None:
        raise NotFound
    session.execute(
        update(PartnerToken).where(*known, PartnerToken.revoked_at.is_(None)).values(revoked_at=now)
    )
    _happened(session, partner, "partner.token_revoked", now, actor)


def issue_link(session: Session, partner: Partner, now: datetime, *, actor: str = OPERATOR) -> str:
    """The secret of a new link to the partner's page; an older link ends."""
    secret = secrets.token_urlsafe(24)
    partner.link_fingerprint = vault.fingerprint(secret)
    session.flush()
    _happened(session, partner, "partner.link_issued", now, actor)
    return secret


def revoke_link(session: Session, partner: Partner, now: datetime, *, actor: str = OPERATOR) -> None:
    """End the link to the partner's page."""
    partner.link_fingerprint = None
    session.flush()
    _happened(session, partner, "partner.link_revoked", now, actor)


def end(session: Session, partner: Partner, now: datetime, *, actor: str = OPERATOR) -> None:
    """End the partnership: no token and no link works any more. Appointments stay as they are."""
    if partner.ended_at is not None:
        return
    partner.ended_at, partner.link_fingerprint = now, None
    session.execute(
        update(PartnerToken)
        .where(PartnerToken.partner_id == partner.id, PartnerToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    session.flush()
    _happened(session, partner, "partner.ended", now, actor)


def by_token(session: Session, token: str) -> PartnerToken | None:
    """The token of a request, with its partner; None where it is unknown or revoked."""
    return session.scalar(_BY_TOKEN.where(PartnerToken.fingerprint == vault.fingerprint(token)))


def is_due_to_be_used(token: PartnerToken, now: datetime) -> bool:
    """Whether to note again that the token is in use: once a minute, so that asking costs no writes."""
    return token.used_at is None or token.used_at <= now - USED_EVERY


def used(session: Session, token_id: int, now: datetime) -> None:
    """Note that the token is in use."""
    session.execute(update(PartnerToken).where(PartnerToken.id == token_id).values(used_at=now))


def by_link(session: Session, secret: str) -> Partner:
    """The partner whose page has this secret link, and who may book. Raises NotFound."""
    known = (Partner.link_fingerprint == vault.fingerprint(secret), Partner.ended_at.is_(None))
    found = session.scalar(select(Partner).where(*known))
    if found is None or Scope.BOOK not in found.scopes:
        raise NotFound
    return found


def find(session: Session, partner_id: int) -> Partner:
    """The partner with this number. Raises NotFound."""
    found = session.get(Partner, partner_id)
    if found is None:
        raise NotFound
    return found


def by_name(session: Session, name: str) -> Partner:
    """The partner with this name. Raises Invalid, which names those that there are."""
    found = session.scalar(select(Partner).where(Partner.name == " ".join(name.split())))
    if found is None:
        known = ", ".join(session.scalars(select(Partner.name).order_by(Partner.name))) or "none yet"
        raise Invalid("partner", f"There is no partner “{name}”. Known are: {known}.")
    return found


def listed(session: Session, offices: Collection[int] | None = None) -> list[Partner]:
    """All partners by name; with offices those that book only there."""
    query = select(Partner).options(selectinload(Partner.grants), selectinload(Partner.tokens))
    partners = session.scalars(query.order_by(Partner.name)).all()
    return [each for each in partners if offices is None or is_only_at(each, offices)]


def is_only_at(partner: Partner, offices: Collection[int]) -> bool:
    """Whether the partner books at these offices, or some of them, and at no other."""
    return bool(partner.grants) and {each.office_id for each in partner.grants} <= set(offices)


def _check(terms: Terms) -> None:
    if not terms.scopes:
        raise Invalid("scopes", N_("Please choose what this partner may do."))
    for field, most in (("quota", terms.quota), ("most_open", terms.most_open)):
        if most is not None and not 0 <= most <= LARGEST_QUOTA:
            raise Invalid(field, N_("Please enter a number from 0 to %(most)s."), most=LARGEST_QUOTA)


def _happened(session: Session, partner: Partner, kind: str, now: datetime, actor: str) -> None:
    for office_id in sorted({each.office_id for each in partner.grants}):
        events.append(session, office_id, kind, now, actor=actor, subject=f"partner:{partner.id}")
