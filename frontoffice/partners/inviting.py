"""Inviting: another system asks for an appointment for somebody, and may take that back."""

import base64
import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import appointing
from frontoffice.config import Config
from frontoffice.errors import N_, Invalid, NotFound, TooMany
from frontoffice.offices import finding
from frontoffice.offices.models import Schedule, Service
from frontoffice.partners import arranging, granting, invitation_letters, invitations, quota, taking
from frontoffice.partners.invitations import FOUND, Known
from frontoffice.partners.models import Invitation, InvitationState, Partner

LONGEST_WINDOW = timedelta(days=366)
DAY = timedelta(days=1)


class Asked(NamedTuple):
    """What an external system asks for; at least one of service and schedule, no minutes: as the service takes."""

    office: str
    service: str | None
    schedule: str | None
    earliest: datetime
    latest: datetime
    minutes: int | None
    language: str
    reference: str | None
    person: Known


def ask(
    session: Session,
    partner_id: int,
    asked: Asked,
    now: datetime,
    *,
    settings: Config,
    key: str | None = None,
) -> Invitation:
    """An invitation; the link is sent where a mail address or a phone is known.

    The same `key` with the same values gives the same invitation, with others KeyReused is raised. Raises
    NotFound (office, service, schedule), NotGranted, Invalid (window), TooMany.
    """
    partner = quota.locked(session, partner_id)
    request = arranging.request_of(asked)
    before = _asked_before(session, partner, key, request)
    if before is not None:
        return before
    _check_number(session, partner, now, settings)
    office = finding.office(session, asked.office)
    service, schedule = _unit(session, office.id, asked)
    granting.restricted(
        granting.ways(session, partner.grants, office.id, [service.id]), schedule.id if schedule else None
    )
    minutes = asked.minutes or service.minutes
    _check_window(asked, minutes, now)
    vault = vaults.of(session)
    invitation = Invitation(
        name=base64.b32encode(secrets.token_bytes(15)).decode().lower(),
        partner=partner,
        office=office,
        service=service,
        schedule=schedule,
        earliest=max(asked.earliest, now),
        latest=asked.latest,
        minutes=minutes,
        language=asked.language,
        reference=vault.seal(asked.reference) if asked.reference else None,
        reference_digest=vault.digest("invitation reference", asked.reference) if asked.reference else None,
        person=vault.seal(_to_seal(asked.person)),
        state=InvitationState.OPEN,
        key=vaults.fingerprint(key) if key else None,
        request=arranging.digest(session, request),
        created_at=now,
        changed_at=now,
        appointment=None,
    )
    session.add(invitation)
    session.flush()
    link = invitations.link_of(session, invitation, settings.site.base_url)
    invitation_letters.invited(session, invitation, asked.person.mail, asked.person.phone, link, now)
    return invitation


def withdraw(session: Session, partner_id: int, name: str, now: datetime, *, settings: Config) -> Invitation:
    """Take an invitation back, for the system that asked; an appointment made with it is cancelled.

    A second time changes nothing. Raises NotFound, and NotCancellable where the person is there or it is over.
    """
    secret = invitations.secret_of(session, invitations.find(session, partner_id, name))
    invitation = invitations.by_link(session, name, secret, lock=True)
    if invitation.state is InvitationState.TAKEN and invitation.appointment is not None:
        actor = arranging.actor_of(partner_id)
        appointing.cancel(session, invitation.appointment, now, actor, settings=settings)
    elif invitation.state is InvitationState.OPEN:
        taking.give_back(session, invitation, now)
        invitation_letters.take_back(session, invitation, now)
    else:
        return invitation
    invitations.close(session, invitation, InvitationState.WITHDRAWN, now)
    return invitation


def _check_number(session: Session, partner: Partner, now: datetime, settings: Config) -> None:
    """Raise TooMany where the partner, whose row is locked, has invited as many as a day allows."""
    made = select(func.count(), func.min(Invitation.created_at)).where(
        Invitation.partner_id == partner.id, Invitation.created_at > now - DAY
    )
    number, first = session.execute(made).one()
    if number >= settings.partners.invitations_per_day:
        raise TooMany(minutes=max(1, int((first + DAY - now).total_seconds() // 60) + 1))


def _unit(session: Session, office_id: int, asked: Asked) -> tuple[Service, Schedule | None]:
    schedule = service = None
    if asked.schedule is not None:
        known = (Schedule.office_id == office_id, Schedule.slug == asked.schedule)
        schedule = session.scalar(select(Schedule).where(*known))
        if schedule is None:
            raise NotFound
    if asked.service is not None:
        query = select(Service).where(Service.office_id == office_id, Service.slug == asked.service)
        service = session.scalar(query.where(Service.active))
    elif schedule is not None:
        service = next((each for each in schedule.services if each.active), None)
    else:
        raise Invalid("service", N_("Please name a service or a schedule."))
    if service is None:
        raise NotFound
    return service, schedule


def _check_window(asked: Asked, minutes: int, now: datetime) -> None:
    takes = timedelta(minutes=minutes)
    # The ends of the calendar can be compared, but not reckoned with.
    if asked.latest <= now + takes:
        raise Invalid("latest", N_("This window is over. Please ask for one that lies ahead."))
    if asked.latest > now + LONGEST_WINDOW:
        sentence = N_("Please ask for a time within the next %(days)s days.")
        raise Invalid("latest", sentence, days=LONGEST_WINDOW.days)
    if asked.earliest > asked.latest - takes:
        raise Invalid("latest", N_("Between earliest and latest the appointment has to find room."))


def _asked_before(session: Session, partner: Partner, key: str | None, request: str) -> Invitation | None:
    if key is None:
        return None
    known = (Invitation.partner_id == partner.id, Invitation.key == vaults.fingerprint(key))
    before = session.scalar(FOUND.where(*known))
    if before is not None:
        arranging.require_same(session, before.request, request)
    return before


def _to_seal(known: Known) -> dict[str, Any]:
    return {**known._asdict(), "born": known.born.isoformat() if known.born else None}
