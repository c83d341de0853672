"""How an entry ends that has no open offer, and who hears of it."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from frontoffice.config import Config
from frontoffice.messages import outbox
from frontoffice.waitlist import entries, letters
from frontoffice.waitlist.models import EntryState, WaitlistEntry

TOLD = (EntryState.MISSED, EntryState.OVER)  # who left, or has an appointment, knows it
ENDABLE = (EntryState.UNPROVEN, EntryState.WAITING)


def end(
    session: Session, entry: WaitlistEntry, state: EntryState, now: datetime, *, settings: Config
) -> bool:
    """End an entry that waits (or never proved its contact); False where it does not (any more).

    Who waited is told where it is no news of their own making. The caller appends "waitlist.ended" at its end.
    """
    before = entry.state
    ended = session.execute(
        update(WaitlistEntry)
        .where(WaitlistEntry.id == entry.id, WaitlistEntry.state == before, WaitlistEntry.state.in_(ENDABLE))
        .values(state=state, changed_at=now, ended_at=now)
        .returning(WaitlistEntry.id)
        .execution_options(synchronize_session=False)
    ).first()
    session.refresh(entry)
    if ended is None:
        return False
    if before is EntryState.WAITING and state in TOLD and entry.person is not None:
        person, secret = entries.person_of(session, entry), entries.secret_of(session, entry)
        letters.ended(session, entry, person, secret, now, settings)
    else:
        outbox.cancel(session, letters.subject(entry), now)
    return True
