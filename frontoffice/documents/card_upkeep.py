"""Upkeep of the cards: forget what is over, and what nobody has heard of for long."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import Session

from frontoffice import vault as vaults
from frontoffice.config import Cards
from frontoffice.documents import card_keys, card_states
from frontoffice.documents.card_models import CardClosed, CardNotice, CardOrder, CardState
from frontoffice.messages import outbox
from frontoffice.offices import keeping
from frontoffice.offices.keeping import Kept
from frontoffice.vault import InvalidToken

AT_ONCE = 500
KNOWN_FOR = timedelta(days=180)  # that a card was handed over, after it is forgotten
MOST_CHECKED = 5000  # sealed originals that `differences` opens: it is to end within seconds


def forget(session: Session, now: datetime, *, settings: Cards) -> int:
    """Records go so long after the card was handed over, posted or sent back, and those of which nothing was heard.

    An office can have the former kept for a shorter time. At most 500 at once; says how many. Who was to be told of
    them is forgotten with them.
    """
    most = timedelta(days=settings.keep_days)
    times_up = or_(
        *(
            and_(CardOrder.since <= now - span, of_office)
            for span, of_office in keeping.spans(session, CardOrder.office_id, Kept.CARDS, most)
        )
    )
    over = CardOrder.state.in_(card_states.OVER), times_up
    stale = (CardOrder.changed_at <= now - timedelta(days=settings.stale_days),)
    session.execute(delete(CardClosed).where(CardClosed.until <= now))
    gone = _drop(session, over, AT_ONCE, now)
    return gone + (_drop(session, stale, AT_ONCE - gone, now) if gone < AT_ONCE else 0)


def differences(session: Session) -> Iterator[str]:
    """What does not fit together, in a sentence each."""
    for number in session.scalars(
        select(CardOrder.id).where(CardOrder.serial_alone.is_(None), CardOrder.order_alone.is_(None))
    ):
        yield f"card {number} has no number by which it could be found"
    for number in session.scalars(
        select(CardOrder.id).where((CardOrder.state == CardState.IN_BOX) != CardOrder.until.is_not(None))
    ):
        yield f"card {number}: a last day in the pick-up box belongs to cards in the box, and to no others"
    handed_over = select(func.count()).select_from(CardNotice).join(CardOrder)
    many = session.scalar(handed_over.where(CardOrder.state == CardState.HANDED_OVER)) or 0
    if many:
        yield f"{many} contacts are kept of cards that were handed over"
    vault = vaults.of(session)
    for card in session.scalars(select(CardOrder).order_by(CardOrder.id.desc()).limit(MOST_CHECKED)):
        try:
            original = card_keys.original_of(vault, card)
        except InvalidToken:
            yield f"card {card.id}: no configured key opens its numbers"
            continue
        if not card_keys.fits(vault, card, original):
            yield f"card {card.id}: its keys are not those of its numbers"


def _drop(session: Session, which: tuple[ColumnElement[bool], ...], most: int, now: datetime) -> int:
    rows = session.execute(
        select(CardOrder.id, CardOrder.state, CardOrder.serial_alone, CardOrder.order_alone)
        .where(*which)
        .order_by(CardOrder.since)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    found = [each.id for each in rows]
    closed = [each for each in rows if each.state in (CardState.HANDED_OVER, CardState.POSTED)]
    numbers = {key for each in closed for key in (each.serial_alone, each.order_alone) if key is not None}
    if numbers:
        session.execute(
            outbox.insert_for(session)(CardClosed).on_conflict_do_nothing(index_elements=["number"]),
            [{"number": key, "until": now + KNOWN_FOR} for key in sorted(numbers)],
        )
    session.execute(delete(CardNotice).where(CardNotice.card_id.in_(found)))
    session.execute(delete(CardOrder).where(CardOrder.id.in_(found)))
    return len(found)
