"""What draws know of a person: requests. `draw.seed` and its hashes are about no person."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.booking import personal as booked
from frontoffice.booking.models import BlockedKind
from frontoffice.booking.person import Person
from frontoffice.draw import letters
from frontoffice.draw.models import DrawRequest, RequestState
from frontoffice.errors import N_
from frontoffice.personal import Record, StillNeeded, Who, moment, numbers

COLUMNS = frozenset(
    {
        "draw_request.person",
        "draw_request.person_digest",
        "draw_request.mail_digest",
        "draw_request.phone_digest",
    }
)
IN_A_DRAW = N_(
    "This cannot be deleted yet: a draw is still open. Please withdraw the request first, or wait for its result."
)


def find(session: Session, who: Who) -> list[Record]:
    """Requests, as long as it is known whose they are."""
    known = booked.digests(session, who)
    query = select(DrawRequest).where(
        DrawRequest.person.is_not(None),
        or_(
            DrawRequest.id.in_(
                [number for kind in ("draw_request", "request") for number in who.numbers(kind)]
            ),
            DrawRequest.appointment_id.in_(who.numbers("appointment")),
            DrawRequest.entry_id.in_(who.numbers("waitlist")),
            DrawRequest.person_digest.in_(known[BlockedKind.PERSON]),
            DrawRequest.mail_digest.in_(known[BlockedKind.MAIL]),
            DrawRequest.phone_digest.in_(known[BlockedKind.PHONE]),
        ),
    )
    return [_record(session, each) for each in session.scalars(query.order_by(DrawRequest.id))]


def forget(session: Session, records: Sequence[Record], now: datetime) -> None:  # noqa: ARG001 (as all wings do)
    """Take the person out of the requests; number, weight and order stay, as published. Raises StillNeeded."""
    query = (
        select(DrawRequest)
        .where(DrawRequest.id.in_(numbers(records, "draw_request")))
        .with_for_update(of=DrawRequest)
    )
    for each in session.scalars(query, execution_options={"populate_existing": True}):
        if each.state in (RequestState.UNPROVEN, RequestState.ENTERED):
            raise StillNeeded(IN_A_DRAW)
        each.person = each.person_digest = each.mail_digest = each.phone_digest = each.expires_on = None
    session.flush()


def _record(session: Session, each: DrawRequest) -> Record:
    assert each.person is not None  # asked for
    person = Person.from_sealed(vaults.of(session).open(each.person))
    related = [f"appointment:{each.appointment_id}"] if each.appointment_id else []
    related += [f"waitlist:{each.entry_id}"] if each.entry_id else []
    return Record(
        "draw_request",
        letters.subject(each),
        each.draw.office_id,
        {
            "number": each.number,
            "state": each.state.value,
            "from": moment(each.first_day),
            "until": moment(each.until_day),
            "title_ends_on": moment(each.expires_on),
            "language": each.language,
            "since": moment(each.created_at),
            **booked.person_data(person),
        },
        tuple(related),
    )
