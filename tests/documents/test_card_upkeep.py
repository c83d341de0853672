"""Cards are forgotten in time, follow a change of keys, and stand in no dump."""

from datetime import datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from frontoffice import rotation
from frontoffice.config import Config
from frontoffice.db import Base, Database
from frontoffice.documents import card_moving, card_upkeep, looking_up
from frontoffice.documents.card_models import CardNotice, CardOrder, CardState
from frontoffice.documents.looking_up import UnknownCard
from frontoffice.messages import outbox
from frontoffice.messages.models import Medium
from frontoffice.offices.models import Office
from frontoffice.vault import Vault
from tests.conftest import KEY
from tests.documents.cards import BORN, OLENA, ORDER, SERIAL, add_card, move, tell_me

DAY = timedelta(days=1)
NEW = "the new key, long enough to be a key for anything"


def forget(database: Database, config: Config, now: datetime) -> int:
    with database.write() as session:
        return card_upkeep.forget(session, now, settings=config.cards)


def count(database: Database, kind: type[Base]) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(kind)) or 0


def test_records_go_thirty_days_after_hand_over(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.READY)
    add_card(database, office, now, CardState.READY, serial="C01X0007H", order=None)
    move(database, config, office, card, CardState.HANDED_OVER, now)
    assert forget(database, config, now + 30 * DAY - timedelta(minutes=1)) == 0
    assert forget(database, config, now + 30 * DAY) == 1
    assert forget(database, config, now + 399 * DAY) == 0
    assert forget(database, config, now + 400 * DAY) == 1, "nothing was heard of it for long"
    assert count(database, CardOrder) == 0


def test_an_office_can_forget_cards_earlier(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.READY)
    move(database, config, office, card, CardState.HANDED_OVER, now)
    with database.write() as session:
        session.get_one(Office, office.id).keep_days = {"cards": 3}
    assert [forget(database, config, now + days * DAY) for days in (2, 3)] == [0, 1]


def test_a_new_key_finds_what_the_old_one_hashed(
    database: Database, database_url: str, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.CHECKING)
    tell_me(database, config, card, now)
    both = Database(database_url, Vault([NEW, KEY]))
    assert looking_up.look_up(both, SERIAL, BORN, now, network="n").id == card, "before anything is rotated"
    alone = Database(database_url, Vault([NEW]))
    with pytest.raises(UnknownCard):
        looking_up.look_up(alone, SERIAL, BORN, now, network="n")
    done = rotation.rotate(both)
    assert {"card_order.sealed", "card_notice.sealed"} <= set(done.resealed)
    assert done.rehashed >= 2
    assert rotation.rotate(both).rehashed == 0
    for number in (SERIAL, ORDER):
        assert looking_up.look_up(alone, number, BORN, now, network="n").id == card
    with alone.read() as session:
        assert card_moving.by_serial(session, SERIAL) is not None
        assert card_moving.by_order(session, office.id, ORDER) is not None
        notice = session.scalars(select(CardNotice)).one()
        assert notice.recipient == outbox.recipient_digests(alone.vault, Medium.MAIL, OLENA.to)[0]
        assert list(card_upkeep.differences(session)) == []
    both.close()
    alone.close()


def test_the_doctor_finds_what_does_not_fit(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.READY)
    with database.read() as session:
        assert list(card_upkeep.differences(session)) == []
    with database.write() as session:
        session.execute(update(CardOrder).values(order_key=7, until=now.date()))
    with database.read() as session:
        found = list(card_upkeep.differences(session))
    assert len(found) == 2
    assert all(f"card {card}" in each for each in found)


def test_no_number_and_no_birth_stand_in_a_dump_or_in_the_log(
    database: Database,
    config: Config,
    client: FlaskClient,
    office: Office,
    now: datetime,
    capfd: pytest.CaptureFixture[str],
) -> None:
    card = add_card(database, office, now, CardState.CHECKING)
    tell_me(database, config, card, now)
    with time_machine.travel(now, tick=False):
        for born in (BORN, "1991-03-28"):
            client.post("/api/v1/cards/status", json={"number": SERIAL, "born": born})
        client.get(f"/card/of/{ORDER}")
    move(database, config, office, card, CardState.READY, now)
    with database.read() as session:
        dumped = "\n".join(
            str(value)
            for table in Base.metadata.sorted_tables
            for row in session.execute(select(table))
            for value in row
        )
    logged = "".join(capfd.readouterr())
    assert "gAAAAA" in dumped
    for word in (SERIAL, ORDER, BORN, "27.03.1991", "910327", OLENA.to):
        assert word not in dumped
        assert word not in logged
