"""What a person hears about an entry on the waiting list: rows for the outbox."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from frontoffice.booking.person import Person
from frontoffice.config import Config
from frontoffice.messages import outbox
from frontoffice.messages.models import Medium
from frontoffice.waitlist.models import EntryState, Offer, WaitlistEntry

FIRST = 2  # priority: the time runs, so an offer leaves before confirmations
SOON = 3
WORTH = timedelta(days=2)  # how long it is still good to hear that an entry has ended


def subject(entry: WaitlistEntry) -> str:
    """By what name messages and events refer to an entry."""
    return f"waitlist:{entry.id}"


def link(entry: WaitlistEntry, secret: str, base_url: str) -> str:
    """The address of the page of an entry."""
    return f"{base_url}/waitlist/{entry.reference}/{secret}/"


def joined(
    session: Session, entry: WaitlistEntry, person: Person, secret: str, now: datetime, settings: Config
) -> None:
    """Tell where the entry is to be seen; while the contact is not proved, ask to open it. Once in an hour."""
    unproven = entry.state is EntryState.UNPROVEN
    said = {**_said(entry, secret, settings), "unproven": "yes" if unproven else ""}
    worth = timedelta(hours=settings.waitlist.proof_hours)
    key = f"{subject(entry)}:joined:{now:%Y%m%d%H}"
    _write(session, entry, person, "waitlist_joined", key, said, now, now + worth, SOON)


def offered(
    session: Session,
    entry: WaitlistEntry,
    offer: Offer,
    person: Person,
    secret: str,
    now: datetime,
    settings: Config,
) -> None:
    """Tell which time is offered, and until when it is kept."""
    said = {
        **_said(entry, secret, settings),
        "office_name": offer.office.name,
        "starts_at": offer.start.isoformat(),
        "until_at": offer.expires_at.isoformat(),
        "time_zone": offer.office.time_zone,
    }
    key = f"{subject(entry)}:offer:{offer.id}"
    _write(session, entry, person, "waitlist_offer", key, said, now, offer.expires_at, FIRST)


def offer_gone(session: Session, entry: WaitlistEntry, now: datetime) -> None:
    """Take back what has not left yet of an offer that was answered, or has run out."""
    outbox.cancel(session, subject(entry), now, ["waitlist_offer"])


def ended(
    session: Session, entry: WaitlistEntry, person: Person, secret: str, now: datetime, settings: Config
) -> None:
    """Tell that the entry has ended, and why: its state says so. Offers that have not left yet do not leave."""
    outbox.cancel(session, subject(entry), now)
    said = {**_said(entry, secret, settings), "reason": entry.state.value}
    key = f"{subject(entry)}:ended"
    _write(session, entry, person, "waitlist_ended", key, said, now, now + WORTH, 5)


def _said(entry: WaitlistEntry, secret: str, settings: Config) -> dict[str, str]:
    names = entry.service.names
    return {
        "office_name": entry.office.name,
        "service": names.get(entry.language) or names["de"],
        "link": link(entry, secret, settings.site.base_url),
    }


def _write(
    session: Session,
    entry: WaitlistEntry,
    person: Person,
    kind: str,
    key: str,
    said: dict[str, str],
    now: datetime,
    worth_until: datetime,
    priority: int,
) -> None:
    for medium, to in ((Medium.MAIL, person.mail), (Medium.SMS, person.phone)):
        if to:
            outbox.enqueue(
                session,
                kind=kind,
                medium=medium,
                to=to,
                language=entry.language,
                office_id=entry.office_id,
                subject=subject(entry),
                dedupe_key=f"{key}:{medium}",
                parameters=said,
                now=now,
                expires_at=worth_until,
                priority=priority,
            )
