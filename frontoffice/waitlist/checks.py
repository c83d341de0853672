"""Where the waiting list disagrees with itself: for `frontoffice doctor`."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.booking.models import Hold, Purpose
from frontoffice.waitlist.models import EntryState, Offer, Outcome, WaitlistEntry


def differences(session: Session) -> Iterator[str]:
    """One line for each offer without its hold or entry, hold without its offer, and entry without its offer."""
    held = {
        row.token_fingerprint: row
        for row in session.execute(
            select(Hold.id, Hold.token_fingerprint, Hold.sheet_id, Hold.first_tick, Hold.ticks).where(
                Hold.purpose == Purpose.OFFER, Hold.released_at.is_(None)
            )
        )
    }
    offers = session.scalars(select(Offer).where(Offer.outcome == Outcome.OPEN).order_by(Offer.id)).all()
    for offer in offers:
        kept = held.pop(offer.fingerprint, None)
        if kept is not None and (kept.sheet_id, kept.first_tick, kept.ticks) != (
            offer.sheet_id,
            offer.first_tick,
            offer.ticks,
        ):
            yield f"offer {offer.id}: its hold {kept.id} keeps another time"
        if offer.entry.state is not EntryState.OFFERED:
            yield f"offer {offer.id} is open, but entry {offer.entry_id} is {offer.entry.state}"
    for row in held.values():
        yield f"hold {row.id} is kept for an offer that is not open"
    entries = select(WaitlistEntry.id).where(WaitlistEntry.state == EntryState.OFFERED)
    for number in session.scalars(entries.order_by(WaitlistEntry.id)):
        if number not in {offer.entry_id for offer in offers}:
            yield f"entry {number} waits for an answer, but nothing is offered to it"
