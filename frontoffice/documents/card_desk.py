"""What staff see of the cards of an office: how many are where, a list of each state, and what happened to one."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.audit import searching
from frontoffice.documents import card_moving, card_telling
from frontoffice.documents.card_models import CardNotice, CardOrder, CardState
from frontoffice.errors import NotFound
from frontoffice.events import Event
from frontoffice.offices.models import Office

LISTED = 50
# Enough to tell the cards of one tray apart, and too little to guess a number by.
SHOWN_SIGNS = 3
NEWEST_FIRST = (CardState.CHECKING, CardState.HANDED_OVER)


class Line(NamedTuple):
    """One card on a list, without anything by which its holder could be known."""

    id: int
    ending: str  # of the serial number, else of the order number
    since: datetime
    until: date | None
    told: int  # how many want to be told
    proxy: bool


class Step(NamedTuple):
    """Something that happened to a card; `who` is the name of the colleague, device or partner that did it."""

    at: datetime
    actor: str
    who: str | None
    kind: str
    to: str | None
    reason: str | None


def card(session: Session, office: Office, number: int) -> CardOrder:
    """A card of the office, to be looked at. (To be changed: `card_moving.of_office`, which locks.) Raises NotFound."""
    found = session.get(CardOrder, number)
    if found is None or found.office_id != office.id:
        raise NotFound
    return found


def counts(session: Session, office: Office) -> Mapping[CardState, int]:
    """How many cards are in which state."""
    query = select(CardOrder.state, func.count()).where(CardOrder.office_id == office.id)
    found: dict[CardState, int] = dict(session.execute(query.group_by(CardOrder.state)).all())
    return {state: found.get(state, 0) for state in CardState}


def listed(session: Session, office: Office, state: CardState) -> Sequence[Line]:
    """The cards in a state: those first that have been there for longest; of arrivals the newest."""
    order = CardOrder.since.desc() if state in NEWEST_FIRST else CardOrder.since
    told = (
        select(func.count())
        .select_from(CardNotice)
        .where(CardNotice.card_id == CardOrder.id)
        .correlate(CardOrder)
        .scalar_subquery()
    )
    rows = session.execute(
        select(CardOrder, told)
        .where(CardOrder.office_id == office.id, CardOrder.state == state)
        .order_by(order, CardOrder.id)
        .limit(LISTED)
    )
    return [_line(session, card, many) for card, many in rows]


def line(session: Session, card: CardOrder) -> Line:
    """One card, as it stands on a list."""
    told = select(func.count()).where(CardNotice.card_id == card.id)
    return _line(session, card, session.scalar(told) or 0)


def story(session: Session, card: CardOrder) -> Sequence[Step]:
    """What happened to a card, the latest first."""
    query = select(Event).where(Event.subject == card_telling.subject(card)).order_by(Event.id.desc())
    found = session.scalars(query).all()
    called = searching.names(session, found)
    return [
        Step(
            each.at,
            each.actor,
            called.get(each.actor),
            each.kind,
            each.data.get("to"),
            each.data.get("reason"),
        )
        for each in found
    ]


def note_seen(session: Session, card: CardOrder, now: datetime, actor: str) -> None:
    """Put on record that somebody sees number and date of birth of a card."""
    events.append(session, card.office_id, "card.seen", now, actor=actor, subject=card_telling.subject(card))


def _line(session: Session, card: CardOrder, told: int) -> Line:
    original = card_moving.original_of(session, card)
    number = original.serial or original.order or ""
    return Line(card.id, number[-SHOWN_SIGNS:], card.since, card.until, told, original.proxy)
