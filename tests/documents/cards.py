"""Cards for tests, and what is done with them."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import card_moving, card_telling
from frontoffice.documents.card_keys import Original
from frontoffice.documents.card_models import CardOrder, CardState
from frontoffice.documents.proving import Reach
from frontoffice.events import Event
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import Medium, Message, MessageState
from frontoffice.offices.models import Office

CLERK = "account:1"
SERIAL, ORDER, BORN = "C01X0006H", "2026004711", "1991-03-27"
OLENA = Reach(Medium.MAIL, "olena@example.org")


def add_card(
    database: Database,
    office: Office,
    now: datetime,
    state: CardState = CardState.ORDERED,
    *,
    serial: str | None = SERIAL,
    order: str | None = ORDER,
    born: str = BORN,
    since: datetime | None = None,
) -> int:
    """A card, committed; gives its id."""
    with database.write() as session:
        original = Original(born, serial, order)
        place = session.get_one(Office, office.id)
        return card_moving.add(session, place, original, state, now, CLERK, since=since).id


def move(
    database: Database,
    config: Config,
    office: Office,
    card: int,
    to: CardState,
    now: datetime,
    **how: Any,
) -> None:
    """Take it to another state, committed."""
    with database.write() as session:
        found = card_moving.of_office(session, office.id, card)
        card_moving.move(session, found, to, now, CLERK, settings=config, **how)


def tell_me(database: Database, config: Config, card: int, now: datetime, to: Reach = OLENA) -> None:
    """Let somebody be told when it is ready."""
    with database.write() as session:
        card_telling.ask(session, session.get_one(CardOrder, card), to, "en", now, settings=config)


def state_of(database: Database, card: int) -> CardState:
    with database.read() as session:
        return session.get_one(CardOrder, card).state


def events_of(database: Database, card: int) -> list[tuple[str, str, dict[str, Any]]]:
    """Kind, actor and data of what happened to it."""
    with database.read() as session:
        rows = session.scalars(select(Event).where(Event.subject == f"card:{card}").order_by(Event.id))
        return [(each.kind, each.actor, each.data) for each in rows]


def waiting(database: Database) -> list[tuple[str, dict[str, str]]]:
    """Kinds and parameters of the messages that wait to leave."""
    with database.read() as session:
        found = []
        for each in session.scalars(
            select(Message).where(Message.state == MessageState.PENDING).order_by(Message.id)
        ):
            envelope = unseal(database.vault, each.envelope)
            assert envelope is not None
            found.append((each.kind, envelope.parameters))
        return found
