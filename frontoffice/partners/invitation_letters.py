"""What an invited person hears: the link, where the asking system told us how to reach them."""

from datetime import datetime

from sqlalchemy.orm import Session

from frontoffice.messages import outbox
from frontoffice.messages.models import Medium
from frontoffice.partners.models import Invitation

KIND = "invitation"
SOON = 4  # priority: after what somebody waits for, before reminders


def subject(invitation: Invitation) -> str:
    """By what name messages refer to an invitation."""
    return f"invitation:{invitation.id}"


def invited(
    session: Session, invitation: Invitation, mail: str | None, phone: str | None, link: str, now: datetime
) -> None:
    """Send the link to the person."""
    office, service, language = invitation.office, invitation.service, invitation.language
    said = {
        "office_name": office.name,
        "office_address": f"{office.street}\n{office.postal_code} {office.city}",
        "service": service.names.get(language) or service.names["de"],
        "until_at": invitation.latest.isoformat(),
        "time_zone": office.time_zone,
        "link": link,
    }
    for medium, to in ((Medium.MAIL, mail), (Medium.SMS, phone)):
        if to:
            outbox.enqueue(
                session,
                kind=KIND,
                medium=medium,
                to=to,
                language=language,
                office_id=invitation.office_id,
                subject=subject(invitation),
                dedupe_key=f"{subject(invitation)}:{medium}",
                parameters=said,
                now=now,
                expires_at=invitation.latest,
                priority=SOON,
            )


def take_back(session: Session, invitation: Invitation, now: datetime) -> None:
    """Take back the link where it has not left yet."""
    outbox.cancel(session, subject(invitation), now)
