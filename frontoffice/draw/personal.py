"""What draws know of a person: requests. `draw.seed` and its hashes are about no person."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from frontoffice.draw import letters
from frontoffice.draw.models import DrawRequest, RequestState
from frontoffice.errors import N_
from frontoffice.personal import Record, StillNeeded, Who, moment, numbers
from frontoffice.waitlist import personal as wished

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
    ids = [number for kind in ("draw_request", "request") for number in who.numbers(kind)]
    rows = wished.whose(
        session,
        DrawRequest,
        who,
        DrawRequest.id.in_(ids),
        DrawRequest.appointment_id.in_(who.numbers("appointment")),
        DrawRequest.entry_id.in_(who.numbers("waitlist")),
    )
    return [_record(session, each) for each in rows]


def forget(session: Session, records: Sequence[Record], now: datetime) -> None:  # noqa: ARG001 (as all wings do)
    """Take the person out of the requests; number, weight and order stay, as published. Raises StillNeeded."""
    for each in wished.locked(session, DrawRequest, numbers(records, "draw_request")):
        if each.state in (RequestState.UNPROVEN, RequestState.ENTERED):
            raise StillNeeded(IN_A_DRAW)
        wished.empty(each)
        each.expires_on = None
    session.flush()


def _record(session: Session, each: DrawRequest) -> Record:
    related = [f"appointment:{each.appointment_id}"] if each.appointment_id else []
    related += [f"waitlist:{each.entry_id}"] if each.entry_id else []
    own = {"number": each.number, "title_ends_on": moment(each.expires_on)}
    data = own | wished.data_of(session, each)
    return Record("draw_request", letters.subject(each), each.draw.office_id, data, tuple(related))
