"""Invitations as they are kept: finding one, what has become of it, what is known of the person."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from frontoffice import birth_date
from frontoffice import vault as vaults
from frontoffice.birth_date import BirthDate
from frontoffice.booking.visit import Item, Visit
from frontoffice.errors import NotFound
from frontoffice.partners.arranging import AT_ONCE
from frontoffice.partners.invitation_refusals import InvitationOver
from frontoffice.partners.models import Invitation, InvitationState

SECRET = "invitation"  # noqa: S105 (what the vault's token is for, not a token)
LAPSED = "lapsed"

FOUND = select(Invitation).options(
    joinedload(Invitation.office),
    joinedload(Invitation.service),
    joinedload(Invitation.appointment),
    joinedload(Invitation.partner),
)


class Known(NamedTuple):
    """What the asking system tells of the person; all of it may be missing."""

    name: str | None = None
    born: BirthDate | None = None
    mail: str | None = None
    phone: str | None = None


def find(session: Session, partner_id: int, name: str) -> Invitation:
    """The invitation of that name that the partner has asked for. Raises NotFound."""
    query = FOUND.where(Invitation.name == name, Invitation.partner_id == partner_id)
    found = session.scalar(query) if name.isalnum() else None
    if found is None:
        raise NotFound
    return found


def listed(session: Session, partner_id: int, reference: str) -> list[Invitation]:
    """The partner's invitations with its own reference, newest first."""
    digests = vaults.of(session).digests("invitation reference", reference)
    query = FOUND.where(Invitation.partner_id == partner_id, Invitation.reference_digest.in_(digests))
    return list(session.scalars(query.order_by(Invitation.id.desc()).limit(AT_ONCE)))


def by_link(session: Session, name: str, secret: str, *, lock: bool = False) -> Invitation:
    """The invitation that a link leads to; with `lock` nobody else decides about it meanwhile. Raises NotFound."""
    if not vaults.of(session).token_matches(secret, SECRET, name):
        raise NotFound
    if lock:
        session.execute(select(Invitation.id).where(Invitation.name == name).with_for_update(key_share=True))
    query = FOUND.where(Invitation.name == name)
    found = session.scalar(query.execution_options(populate_existing=lock))
    if found is None:
        raise NotFound
    return found


def link_of(session: Session, invitation: Invitation, base_url: str) -> str:
    """The address at which the person takes a time."""
    return f"{base_url}/invitations/{invitation.name}/{secret_of(session, invitation)}/"


def secret_of(session: Session, invitation: Invitation) -> str:
    """The secret in the link of an invitation."""
    return vaults.of(session).token(SECRET, invitation.name)


def state_of(invitation: Invitation, now: datetime) -> str:
    """The state; an open invitation has LAPSED when nothing can begin in its window any more."""
    if invitation.state is InvitationState.OPEN and now >= latest_start(invitation):
        return LAPSED
    return str(invitation.state)


def known_of(session: Session, invitation: Invitation) -> Known:
    """What is known of the person, as long as the invitation is open."""
    if invitation.person is None:
        return Known()
    kept = vaults.of(session).open(invitation.person)
    return Known(**{**kept, "born": birth_date.from_iso(kept["born"]) if kept["born"] else None})


def reference_of(session: Session, invitation: Invitation) -> str | None:
    """The asking system's own reference."""
    return str(vaults.of(session).open(invitation.reference)) if invitation.reference else None


def require_open(invitation: Invitation, now: datetime) -> None:
    """Raise InvitationOver, which says why, unless a time can still be taken."""
    state = state_of(invitation, now)
    if state != InvitationState.OPEN:
        raise getattr(InvitationOver, state)()


def visit_of(invitation: Invitation) -> Visit:
    """The visit: the service, but for as many minutes as were asked for."""
    return Visit((Item(invitation.service, 1),), agreed=invitation.minutes)


def latest_start(invitation: Invitation) -> datetime:
    """The last moment at which the appointment can begin."""
    return invitation.latest - timedelta(minutes=invitation.minutes)


def close(session: Session, invitation: Invitation, state: InvitationState, now: datetime) -> None:
    """Note what has become of it; nothing needs to be known of the person any more."""
    if invitation.state is not state:
        invitation.state, invitation.changed_at = state, now
    invitation.person = None
    session.flush()
