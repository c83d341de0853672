"""Cards of the sample office: one in each state to try out, and what was learned from those of the last months."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.booking import sheet
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import card_moving
from frontoffice.documents.card_keys import Original
from frontoffice.documents.card_models import CardOrder, CardState, CardTime
from frontoffice.documents.card_states import Reason
from frontoffice.offices.models import Office

ACTOR = "demo"
BORN = "1990-03-27"
DAY = timedelta(days=1)


class Sample(NamedTuple):
    """A card to try out: serial number, order number, where it is, and for how many days."""

    serial: str
    order: str
    state: CardState
    days: int


SAMPLES = (
    Sample("L8Z4C0R71", "2026000101", CardState.ORDERED, 4),
    Sample("L8Z4C0R72", "2026000102", CardState.IN_PRODUCTION, 12),
    Sample("L8Z4C0R73", "2026000103", CardState.SHIPPED, 2),
    Sample("L8Z4C0R74", "2026000104", CardState.CHECKING, 1),
    Sample("L8Z4C0R75", "2026000105", CardState.READY, 3),
    Sample("L8Z4C0R76", "2026000106", CardState.IN_BOX, 1),
    Sample("L8Z4C0R77", "2026000107", CardState.POSTED, 2),
    Sample("L8Z4C0R78", "2026000108", CardState.HANDED_OVER, 5),
    Sample("L8Z4C0R79", "2026000109", CardState.RETURNED, 6),
    Sample("L8Z4C0R7C", "2026000110", CardState.CONTACT, 2),
)
# Days from an order to its card, as a real office sees them: the steps of most cards lie apart like this.
PACE = {
    CardState.ORDERED: 0.0,
    CardState.IN_PRODUCTION: 0.15,
    CardState.SHIPPED: 0.8,
    CardState.CHECKING: 0.95,
}


def make(database: Database, place: Office, settings: Config, now: datetime) -> None:
    """Make them where there are none yet. Commits."""
    with database.write() as session:
        office = session.get_one(Office, place.id)
        if session.scalar(select(CardOrder.id).where(CardOrder.office_id == office.id).limit(1)):
            return
        for each in SAMPLES:
            _card(session, office, each, settings, now)
        _history(session, office, now)


def _card(session: Session, office: Office, sample: Sample, settings: Config, now: datetime) -> None:
    since = now - sample.days * DAY
    original = Original(BORN, sample.serial, sample.order)
    begin = CardState.ORDERED if sample.state is CardState.ORDERED else CardState.CHECKING
    if sample.state in (CardState.IN_PRODUCTION, CardState.SHIPPED):
        begin = sample.state
    card = card_moving.add(session, office, original, begin, since, ACTOR)
    way = [CardState.READY, sample.state] if sample.state is CardState.HANDED_OVER else [sample.state]
    for state in way:
        if state is not card.state:
            last = _today(office, now) + 14 * DAY if state is CardState.IN_BOX else None
            code = "4711" if state is CardState.IN_BOX else ""
            card_moving.move(
                session,
                card,
                state,
                since,
                ACTOR,
                settings=settings,
                reason=Reason.CASE,
                until=last,
                box_code=code,
            )


def _history(session: Session, office: Office, now: datetime) -> None:
    """Forty cards of the last months that took four to eight weeks."""
    for number in range(40):
        whole = 28 + number * 17 % 29
        for state, passed in PACE.items():
            session.add(
                CardTime(
                    office_id=office.id,
                    state=state,
                    at=now - (number + 1) * DAY,
                    days=round(whole * (1 - passed)),
                )
            )


def _today(office: Office, now: datetime) -> date:
    return sheet.day_of(now, office.time_zone)
