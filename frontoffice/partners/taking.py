"""Taking an invitation: the free times inside its window, one that is kept, the appointment; or declining it."""

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import appointing, holding, sheet
from frontoffice.booking.models import Appointment, Channel, Hold
from frontoffice.booking.person import Person
from frontoffice.booking.refusals import HoldExpired, NotOffered
from frontoffice.config import Booking, Config
from frontoffice.partners import arranging, granting
from frontoffice.partners.granting import Way
from frontoffice.partners.invitations import close, latest_start, require_open, visit_of
from frontoffice.partners.models import Invitation, InvitationState


def free_starts(
    session: Session, invitation: Invitation, now: datetime, *, rules: Booking
) -> dict[date, list[datetime]]:
    """The free times inside the window, by day, for exactly the minutes that were asked for."""
    zone = invitation.office.time_zone
    latest = latest_start(invitation)
    free = arranging.free_on(
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

    return arranging.in_any_way(_ways(session, invitation), keep)


def held(session: Session, invitation: Invitation, now: datetime) -> Hold | None:
    """The time that is kept for the invited person."""
    return holding.of_visitor(session, _visitor(invitation), now)


def take(
    session: Session, invitation: Invitation, person: Person, now: datetime, *, settings: Config
) -> Appointment:
    """Make the appointment at the time that is kept; a form that is sent again gets the same appointment.

    The invitation must be locked. Raises InvitationOver, HoldExpired, and refusals about the person.
    """
    if invitation.state is InvitationState.TAKEN and invitation.appointment is not None:
        return invitation.appointment
    require_open(invitation, now)
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


def _ways(session: Session, invitation: Invitation) -> list[Way]:
    grants = invitation.partner.grants
    ways = granting.ways(session, grants, invitation.office_id, [invitation.service_id])
    return granting.restricted(ways, invitation.schedule_id)


def _hold_key(invitation: Invitation, start: datetime) -> str:
    return f"invitation:{invitation.name}:{int(start.timestamp())}"


def _visitor(invitation: Invitation) -> str:
    return vaults.fingerprint(f"invitation:{invitation.name}")
