"""What the waiting list knows of a person: wishes for an earlier time. `waitlist_offer.token` is that of a hold."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import personal as booked
from frontoffice.booking.models import BlockedKind
from frontoffice.booking.person import Person
from frontoffice.errors import N_
from frontoffice.personal import Record, StillNeeded, Who, moment, numbers
from frontoffice.waitlist.models import LIVE, EntryState, WaitlistEntry

COLUMNS = frozenset(
    {
        "waitlist_entry.person",
        "waitlist_entry.person_digest",
        "waitlist_entry.mail_digest",
        "waitlist_entry.phone_digest",
        "waitlist_offer.token",
    }
)
ON_THE_LIST = N_(
    "This cannot be deleted yet: there is a wish on the waiting list. Please leave the list first."
)


def find(session: Session, who: Who) -> list[Record]:
    """Wishes, as long as it is known whose they are."""
    known = booked.digests(session, who)
    query = select(WaitlistEntry).where(
        WaitlistEntry.person.is_not(None),
        or_(
            WaitlistEntry.id.in_(who.numbers("waitlist")),
            WaitlistEntry.appointment_id.in_(who.numbers("appointment")),
            WaitlistEntry.person_digest.in_(known[BlockedKind.PERSON]),
            WaitlistEntry.mail_digest.in_(known[BlockedKind.MAIL]),
            WaitlistEntry.phone_digest.in_(known[BlockedKind.PHONE]),
        ),
    )
    return [_record(session, each) for each in session.scalars(query.order_by(WaitlistEntry.id))]


def forget(session: Session, records: Sequence[Record], now: datetime) -> None:  # noqa: ARG001 (as all wings do)
    """Take the person out of the wishes. Raises StillNeeded while one is on the list."""
    query = (
        select(WaitlistEntry)
        .where(WaitlistEntry.id.in_(numbers(records, "wish")))
        .with_for_update(of=WaitlistEntry)
    )
    for each in session.scalars(query, execution_options={"populate_existing": True}):
        if each.state in (*LIVE, EntryState.UNPROVEN):
            raise StillNeeded(ON_THE_LIST)
        each.person = each.person_digest = each.mail_digest = each.phone_digest = None
    session.flush()


def _record(session: Session, each: WaitlistEntry) -> Record:
    assert each.person is not None  # asked for
    person = Person.from_sealed(vaults.of(session).open(each.person))
    return Record(
        "wish",
        f"waitlist:{each.id}",
        each.office_id,
        {
            "state": each.state.value,
            "from": moment(each.first_day),
            "until": moment(each.until_day),
            "language": each.language,
            "since": moment(each.created_at),
            "ended_at": moment(each.ended_at),
            **booked.person_data(person),
        },
    )
