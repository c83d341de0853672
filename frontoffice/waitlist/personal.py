"""What the waiting list knows of a person: wishes for an earlier time. `waitlist_offer.token` is that of a hold."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import personal as booked
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
    rows = whose(
        session,
        WaitlistEntry,
        who,
        WaitlistEntry.id.in_(who.numbers("waitlist")),
        WaitlistEntry.appointment_id.in_(who.numbers("appointment")),
    )
    return [_record(session, each) for each in rows]


def forget(session: Session, records: Sequence[Record], now: datetime) -> None:  # noqa: ARG001 (as all wings do)
    """Take the person out of the wishes. Raises StillNeeded while one is on the list."""
    for each in locked(session, WaitlistEntry, numbers(records, "wish")):
        if each.state in (*LIVE, EntryState.UNPROVEN):
            raise StillNeeded(ON_THE_LIST)
        empty(each)
    session.flush()


# What follows is the same for requests in a draw: `table` is WaitlistEntry or DrawRequest, `each` a row of it.
def whose(session: Session, table: Any, who: Who, *related: ColumnElement[bool]) -> Sequence[Any]:
    """Those of the person, by what is known of them or `related`, as long as it is known whose they are."""
    known = booked.by_digest(table, booked.digests(session, who))
    query = select(table).where(table.person.is_not(None), or_(*related, *known)).order_by(table.id)
    return session.scalars(query).all()


def locked(session: Session, table: Any, ids: Sequence[int]) -> Sequence[Any]:
    """These wishes or requests, locked and as they are now."""
    query = select(table).where(table.id.in_(ids)).with_for_update(of=table)
    return session.scalars(query, execution_options={"populate_existing": True}).all()


def empty(each: Any) -> None:
    """Take the person out of it."""
    each.person = each.person_digest = each.mail_digest = each.phone_digest = None


def data_of(session: Session, each: Any) -> dict[str, Any]:
    """What a wish or a request says, and who it is of."""
    assert each.person is not None  # asked for
    return {
        "state": each.state.value,
        "from": moment(each.first_day),
        "until": moment(each.until_day),
        "language": each.language,
        "since": moment(each.created_at),
        **booked.person_data(Person.from_sealed(vaults.of(session).open(each.person))),
    }


def _record(session: Session, each: WaitlistEntry) -> Record:
    data = data_of(session, each) | {"ended_at": moment(each.ended_at)}
    return Record("wish", f"waitlist:{each.id}", each.office_id, data)
