"""Handing a card over at the counter: the order is closed, and the new end of validity can be watched."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.config import Config
from frontoffice.documents import card_moving, card_telling, document_kinds, proving, watching
from frontoffice.documents.card_models import CardOrder, CardState
from frontoffice.documents.contact import Contact
from frontoffice.documents.models import Source
from frontoffice.documents.proving import Reach
from frontoffice.errors import N_, Invalid


class Watch(NamedTuple):
    """The new end of validity that somebody wants to be reminded of: when, of which kind, where to (empty: where
    they were told that the card is ready)."""

    end: date
    kind: str
    contact: str = ""


def contacts(session: Session, card: CardOrder) -> Sequence[tuple[Reach, str]]:
    """Who was told that the card is ready, each with its language."""
    return [
        (card_telling.reach_of(session, each), each.language) for each in card_telling.of_card(session, card)
    ]


def hand_over(
    session: Session,
    card: CardOrder,
    now: datetime,
    actor: str,
    *,
    settings: Config,
    by_proxy: bool = False,
    watch: Watch | None = None,
) -> None:
    """Close the order of a locked card, and forget who was told of it.

    Raises NotPossible where the card was not ready, Invalid (expires, kind, contact) for a watch that cannot be.
    """
    told = contacts(session, card)
    if watch is not None:  # first, because it locks rows: the event of the card comes last
        _watch(session, card, watch, told, now, actor, settings)
    card_moving.move(session, card, CardState.HANDED_OVER, now, actor, settings=settings)
    card_telling.forget(session, card)
    session.flush()
    data = {"proxy": by_proxy, "watched": watch is not None}
    about = card_telling.subject(card)
    events.append(session, card.office_id, "card.handed_over", now, actor=actor, subject=about, data=data)


def _watch(
    session: Session,
    card: CardOrder,
    watch: Watch,
    told: Sequence[tuple[Reach, str]],
    now: datetime,
    actor: str,
    settings: Config,
) -> None:
    reached = told
    if watch.contact.strip():
        reached = [(proving.reach(watch.contact), told[0][1] if told else card.office.languages[0])]
    if not reached:
        raise Invalid("contact", N_("Please ask for a mail address or a mobile number."))
    kind = document_kinds.read(watch.kind)
    several = [(Contact.at(to.medium, to.to), language) for to, language in reached]
    watching.lock(session, [each for each, _ in several])
    for contact, language in several:
        watching.begin(
            session,
            card.office,
            kind,
            watch.end,
            contact,
            language,
            now,
            settings=settings,
            source=Source.DESK,
            actor=actor,
        )
