"""How long cards usually take, from this office's own history: a range, and nothing where too few are known."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from frontoffice import memory
from frontoffice.documents import card_states
from frontoffice.documents.card_models import CardOrder, CardState, CardTime
from frontoffice.events import Event

LEAST = 20  # cards; from fewer nothing is said
MOST = 400  # the last ones count
KEPT = timedelta(days=365)
LONGEST = 400  # days; what took longer waited for something else


class Usual(NamedTuple):
    """Days from entering a state until the card was ready: eight in ten cards took between `low` and `high`."""

    low: int
    median: int
    high: int


class Remaining(NamedTuple):
    """How many more days it usually takes; `is_late` where most others were ready by now."""

    low: int
    high: int
    is_late: bool


def usual(session: Session, office_id: int) -> Mapping[CardState, Usual]:
    """By state, as far as enough is known; kept in the process for some seconds."""
    return memory.remembered(session, ("card pace", office_id), lambda: _work_out(session, office_id))


def remaining(
    known: Mapping[CardState, Usual], state: CardState, since: datetime, now: datetime
) -> Remaining | None:
    """What is usual for a card in a state since then; None where nothing can be said."""
    found = known.get(state)
    if found is None:
        return None
    gone = max(0, (now - since).days)
    return Remaining(max(0, found.low - gone), max(1, found.high - gone), gone > found.high)


def learn(session: Session, card: CardOrder, subject: str, now: datetime) -> None:
    """A card has become ready: note how long before each earlier state began. Once for a card.

    Since when it is ready counts, not when that was heard.
    """
    rows = session.execute(
        select(Event.at, Event.data)
        .where(Event.subject == subject, Event.kind.in_(("card.added", "card.moved")))
        .order_by(Event.id)
    ).all()
    if any(data["to"] in {each.value for each in card_states.THERE} for _, data in rows):
        return  # it was ready before, and was brought back
    entered: dict[CardState, datetime] = {}
    for at, data in rows:
        state = CardState(data["to"])
        moment = datetime.fromisoformat(data["since"]) if "since" in data else at
        if state in card_states.UNDERWAY:
            entered.setdefault(state, moment)
    for state, moment in entered.items():
        days = (card.since - moment).days
        if 0 <= days <= LONGEST:
            session.add(CardTime(office_id=card.office_id, state=state, at=now, days=days))


def forget(session: Session, now: datetime) -> None:
    """Drop what is too old to count."""
    session.execute(delete(CardTime).where(CardTime.at < now - KEPT))


def _work_out(session: Session, office_id: int) -> Mapping[CardState, Usual]:
    found = {}
    for state in card_states.UNDERWAY:
        query = select(CardTime.days).where(CardTime.office_id == office_id, CardTime.state == state)
        days = sorted(session.scalars(query.order_by(CardTime.at.desc()).limit(MOST)))
        if len(days) >= LEAST:
            found[state] = Usual(_at(days, 0.1), _at(days, 0.5), _at(days, 0.9))
    return found


def _at(days: Sequence[int], share: float) -> int:
    return days[round((len(days) - 1) * share)]
