"""What is said about a card that was found: the same on the page, at the kiosk and in the API."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from frontoffice.booking import dates, rows, sheet
from frontoffice.documents import card_pace, card_states, card_telling
from frontoffice.documents.card_models import CardState
from frontoffice.documents.card_pace import Remaining
from frontoffice.documents.looking_up import Found
from frontoffice.errors import NotFound
from frontoffice.offices.models import Office
from frontoffice.web.context import language

TWO_WEEKS = 14


def words(session: Session, found: Found, now: datetime) -> dict[str, Any]:
    """State, since when, what it means, what to do, how long it usually takes, and the office."""
    office = rows.lasting(session, Office, found.office_id)
    if office is None:
        raise NotFound
    told = card_states.told(found.state, found.until, sheet.day_of(now, office.time_zone))
    left = card_pace.remaining(card_pace.usual(session, office.id), found.state, found.since, now)
    return {
        "state": found.state,
        "office": office,
        "title": _(told.title),
        "meaning": _(told.meaning),
        "to_do": _(told.to_do),
        "since": dates.long_day(sheet.day_of(found.since, office.time_zone), language()),
        "until": dates.long_day(found.until, language()) if found.until else None,
        "left": left,
        "usually": usually(left) if left else None,
        "can_be_told": found.state not in (CardState.HANDED_OVER, CardState.RETURNED, *card_states.THERE),
        "can_book": found.state is CardState.READY,
    }


def usually(left: Remaining) -> str:
    """How many more days or weeks it usually takes, as a sentence; a range, and no promise."""
    if left.is_late:
        return str(
            _("This takes longer than usual. You need not worry. If it is urgent for you, please contact us.")
        )
    low, high = left.low, left.high
    if low < (1 if high <= TWO_WEEKS else 7):
        return str(
            ngettext(
                "At this office the card is usually ready within the next day.",
                "At this office the card is usually ready within the next %(num)s days.",
                max(high, 2),
            )
        )
    if high <= TWO_WEEKS:
        return str(
            ngettext(
                "At this office it usually takes another %(low)s to %(num)s day until the card is ready.",
                "At this office it usually takes another %(low)s to %(num)s days until the card is ready.",
                max(high, low + 1),
                low=low,
            )
        )
    low, high = low // 7, -(-high // 7)
    return str(
        ngettext(
            "At this office it usually takes another %(low)s to %(num)s week until the card is ready.",
            "At this office it usually takes another %(low)s to %(num)s weeks until the card is ready.",
            max(high, low + 1),
            low=low,
        )
    )


def pick_up_path(session: Session, office_id: int) -> str:
    """Where a time to pick up a card is booked."""
    office = session.get_one(Office, office_id)
    return card_telling.pick_up_path(office, card_telling.pick_up_service(session, office))
