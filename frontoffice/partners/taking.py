"""Taking an invitation: the free times inside its window, one that is kept, the appointment; or declining it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import appointing, fairness, holding, sheet
from frontoffice.booking.models import Appointment, Channel, Hold
from frontoffice.booking.person import Person
from frontoffice.booking.refusals import HoldExpired, NotOffered
from frontoffice.config import Booking, Config, Fairness
from frontoffice.partners import arranging, granting, trying
from frontoffice.partners.granting import Way
from frontoffice.partners.invitations import close, latest_start, require_open, visit_of
from frontoffice.partners.models import Invitation, InvitationState


def free_starts(
    session: Session, invitation: Invitation, now: datetime, *, rules: Booking
) -> dict[date, list[datetime]]:
    """The free times inside the window, by day, for exactly the minutes that were asked for."""
    zone = invitation.office.time_zone
    latest = latest_start(invitation)
    free = trying.free_on(
        session,
        invitation.office,
        visit_of(invitation),
        _ways(session, invitation),
        sheet.day_of(invitation.earliest, zone),
        sheet.day_of(latest, zone) + timedelta(days=1),
        now,
        rules=rules,
    )
    inside = {
        day: [each for each in starts if invitation.earliest <= each <= latest]
        for day, starts in free.items()
    }
    return {day: starts for day, starts in inside.items() if starts}


def hold(session: Session, invitation: Invitation, start: datetime, now: datetime, *, rules: Booking) -> Hold:
    """Keep a time for the invited person; another one that was kept before is given back.

    The invitation must be locked. Raises InvitationOver, NotOffered, JustTaken.
    """
    require_open(invitation, now)
    if not invitation.earliest <= start <= latest_start(invitation):
        raise NotOffered

    def keep(way: Way) -> Hold:
        return holding.hold(
            session,
            invitation.office,
            visit_of(invitation),
            start,
            now,
            rules=rules,
            channel=Channel.PARTNER,
            shares=way.shares,
            schedules=way.schedules,
            key=_hold_key(invitation, start),
            visitor=_visitor(invitation),
        )[0]

    ways, visit, besides = _ways(session, invitation), visit_of(invitation), _kept_on(session, invitation)
    trying.lock_all(session, invitation.office, ways, visit, start, now, rules=rules, besides=besides)
    return trying.in_any_way(ways, keep)


def held(session: Session, invitation: Invitation, now: datetime) -> Hold | None:
    """The time that is kept for the invited person."""
    return holding.of_visitor(session, _visitor(invitation), now)


def take(
    session: Session, invitation: Invitation, person: Person, now: datetime, *, settings: Config
) -> Appointment:
    """Make the appointment at the time that is kept; a form that is sent again gets the same appointment.

    Limits per person do not count: the office has agreed with the partner that its invited people come. The block
    list does. The invitation must be locked. Raises InvitationOver, HoldExpired, NotAccepted.
    """
    if invitation.state is InvitationState.TAKEN and invitation.appointment is not None:
        return invitation.appointment
    require_open(invitation, now)
    fairness.check_person(
        session, person, visit_of(invitation), now, rules=_without_limits(settings.fairness)
    )
    kept = held(session, invitation, now)
    if kept is None:
        raise HoldExpired
    token = vaults.of(session).token("hold", _hold_key(invitation, kept.start))
    invitation.appointment = appointing.book(
        session,
        token,
        person,
        invitation.language,
        now,
        settings=settings,
        actor=f"invitation:{invitation.id}",
        proven=True,
    )
    close(session, invitation, InvitationState.TAKEN, now)
    return invitation.appointment


def decline(session: Session, invitation: Invitation, now: datetime) -> None:
    """The person does not want an appointment; a second time changes nothing. Must be locked. Raises InvitationOver."""
    if invitation.state is InvitationState.DECLINED:
        return
    require_open(invitation, now)
    give_back(session, invitation, now)
    close(session, invitation, InvitationState.DECLINED, now)


def give_back(session: Session, invitation: Invitation, now: datetime) -> None:
    """Give back the time that is kept."""
    kept = held(session, invitation, now)
    if kept is not None:
        token = vaults.of(session).token("hold", _hold_key(invitation, kept.start))
        holding.release(session, token, now)


def _without_limits(rules: Fairness) -> Fairness:
    limits = ("appointments_per_person", "appointments_per_mail", "appointments_per_phone")
    return rules.model_copy(update=dict.fromkeys(limits, arranging.ANY_NUMBER))


def _ways(session: Session, invitation: Invitation) -> list[Way]:
    grants = invitation.partner.grants
    ways = granting.ways(session, grants, invitation.office_id, [invitation.service_id])
    return granting.restricted(ways, invitation.schedule_id)


def _kept_on(session: Session, invitation: Invitation) -> Sequence[int]:
    """On which sheet a time was kept before."""
    mine = (Hold.visitor == _visitor(invitation), Hold.released_at.is_(None))
    return session.scalars(select(Hold.sheet_id).where(*mine)).all()


def _hold_key(invitation: Invitation, start: datetime) -> str:
    return f"invitation:{invitation.name}:{int(start.timestamp())}"


def _visitor(invitation: Invitation) -> str:
    return vaults.fingerprint(f"invitation:{invitation.name}")
