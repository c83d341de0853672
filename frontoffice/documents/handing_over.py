"""Handing a card over at the counter: the order is closed, and the new end of validity can be watched."""

from datetime import datetime

from sqlalchemy.orm import Session

from frontoffice.config import Config
from frontoffice.documents import card_moving, card_telling
from frontoffice.documents.card_models import CardOrder, CardState
from frontoffice.documents.proving import Reach


def hand_over(
    session: Session, card: CardOrder, now: datetime, actor: str, *, settings: Config
) -> list[tuple[Reach, str]]:
    """Close the order of a locked card. Gives the contacts that were told of it, each with its language.

    They may be asked whether the new end of validity is to be watched; the card itself forgets them. Raises
    NotPossible where the card was not ready.
    """
    contacts = [
        (card_telling.reach_of(session, each), each.language) for each in card_telling.of_card(session, card)
    ]
    card_moving.move(session, card, CardState.HANDED_OVER, now, actor, settings=settings)
    card_telling.forget(session, card)
    return contacts
