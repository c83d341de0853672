"""Deliveries about cards: forward and never back, each row once, bad rows told."""

import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, event, func, select
from sqlalchemy.orm import Session

from frontoffice.config import Config
from frontoffice.db import Base, Database
from frontoffice.documents import card_moving, card_upkeep, importing, integrations, looking_up
from frontoffice.documents.card_import import Cards, Delivered
from frontoffice.documents.card_models import CardClosed, CardNotice, CardOrder, CardState
from frontoffice.documents.importing import Crossed, Report, Written
from frontoffice.documents.reading import Bad
from frontoffice.events import Event
from frontoffice.messages.models import Message
from frontoffice.offices.models import Office
from frontoffice.partners.models import Scope
from tests.documents.cards import BORN, ORDER, SERIAL, add_card, events_of, move, state_of, waiting
from tests.documents.parts import killed_and_again, token

HEAD = "Auftragsnummer;Seriennummer;Geburtsdatum;Status;Seit;Kontakt;Sprache"


def deliver(
    database: Database,
    config: Config,
    now: datetime,
    *rows: str,
    head: str = HEAD,
    target: type[Cards] = Cards,
) -> tuple[Report, list[Bad]]:
    bad: list[Bad] = []
    with database.read() as session:
        sender = integrations.operator(session)
        taking = target(sender, session.scalars(select(Office)).all(), config)
    text = "\n".join((head, *rows)) + "\n"
    report = importing.take(database, io.BytesIO(text.encode()), taking, lambda: now, bad=bad.append)
    return report, bad


def only(database: Database) -> CardOrder:
    with database.read() as session:
        return session.scalars(select(CardOrder)).one()


def test_a_delivery_adds_cards_and_takes_them_on(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    report, bad = deliver(database, config, now, "2026-004711;;27.03.1991;bestellt;20.11.2026;;")
    assert (report.new, report.bad, bad) == (1, 0, [])
    card = only(database)
    assert (card.state, card.since.date().isoformat()) == (CardState.ORDERED, "2026-11-20")
    rows = (f"{ORDER};{SERIAL};1991-03-27;Versandt;;olena@example.org;en",)
    for expected in ((0, 1), (0, 0)):
        report, _ = deliver(database, config, now, *rows)
        assert (report.new, report.changed) == expected
    assert looking_up.look_up(database, SERIAL, BORN, now, network="n").state is CardState.SHIPPED
    assert events_of(database, card.id)[-1][1] == "import"


def test_a_late_delivery_takes_no_card_back(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.CHECKING)
    deliver(database, config, now, f"{ORDER};;27.03.1991;in Produktion;;;")
    assert state_of(database, card) is CardState.CHECKING
    deliver(database, config, now, f"{ORDER};;27.03.1991;abholbereit;;olena@example.org;")
    assert state_of(database, card) is CardState.READY
    assert [kind for kind, _ in waiting(database)] == ["card_ready"]
    move(database, config, office, card, CardState.HANDED_OVER, now)
    deliver(database, config, now, f"{ORDER};;27.03.1991;bitte melden;;;")
    assert state_of(database, card) is CardState.HANDED_OVER


def test_bad_rows_are_told_and_the_others_go_in(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    report, bad = deliver(
        database,
        config,
        now,
        "A000001;;27.03.1991;bestellt;;;",
        "A000002;;27.13.1991;bestellt;;;",
        "A000003;C01X0006A;27.03.1991;bestellt;;;",
        "A000004;;27.03.1991;verschollen;;;",
        "A000005;;27.03.1991;bestellt;1.1.2030;;",
        ";;27.03.1991;bestellt;;;",
        "A000006;;;bestellt;;;",
        "A000007;;00.00.1991;;;;",
        "A1;;27.03.1991;;;;",
    )
    assert (report.new, report.bad) == (2, 7)
    assert [each.line for each in bad] == sorted(each.line for each in bad) or len(bad) == 7
    for each in bad:
        assert "1991" not in each.reason
        assert "C01X" not in each.reason
    assert looking_up.look_up(database, "A000007", "1991-00-00", now, network="n").state is CardState.ORDERED


def test_a_card_of_another_office_is_left_alone(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    from tests.sample import sample_office

    card = add_card(database, office, now, CardState.ORDERED, order=None)
    with database.write() as session:
        sample_office(session, "anderswo")
    rows = f"anderswo;B000001;{SERIAL};27.03.1991;versandt"
    report, [bad] = deliver(
        database, config, now, rows, head="Amt;Auftragsnummer;Seriennummer;Geburtsdatum;Status"
    )
    assert (report.new, report.changed, report.unchanged, report.bad) == (0, 0, 0, 1)
    assert "belongs to another card" in bad.reason
    assert state_of(database, card) is CardState.ORDERED


def test_the_same_number_under_two_keys_is_one_card(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    report, _ = deliver(
        database, config, now, f"{ORDER};{SERIAL};27.03.1991;;;;", f";{SERIAL};27.03.1991;;;;"
    )
    assert report.new == 1
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(CardOrder)) == 1
        assert session.scalar(select(func.count()).select_from(CardNotice)) == 0


@pytest.mark.parametrize("state", ["returned", "contact"])
def test_a_card_in_trouble_comes_back(
    database: Database, config: Config, office: Office, now: datetime, state: str
) -> None:
    card = add_card(database, office, now, CardState.SHIPPED)
    deliver(database, config, now, f"{ORDER};;27.03.1991;{state};;;")
    assert state_of(database, card).value == state
    deliver(database, config, now + timedelta(days=1), f"{ORDER};;27.03.1991;angekommen;;;")
    assert state_of(database, card) is CardState.CHECKING
    with database.read() as session:
        assert card_moving.by_order(session, office.id, ORDER) is not None


@pytest.mark.parametrize(
    "database_url", ["postgresql"], indirect=True
)  # SQLite lets them wait for each other
def test_of_two_deliveries_at_once_that_add_the_same_card_the_further_state_counts(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    reports = list[Report]()

    def overtake(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO card_order") and not reports:
            reports.append(Report())
            reports.append(deliver(database, config, now, f"{ORDER};;27.03.1991;bestellt;;;")[0])

    event.listen(Engine, "before_cursor_execute", overtake)
    try:
        late, _ = deliver(database, config, now, f"{ORDER};;27.03.1991;abholbereit;;olena@example.org;en")
    finally:
        event.remove(Engine, "before_cursor_execute", overtake)
    assert (reports[-1].new, late.new, late.changed) == (1, 0, 1)
    assert only(database).state is CardState.READY
    assert [kind for kind, _ in waiting(database)] == ["card_ready"]


def test_a_card_stands_twice_in_a_delivery_under_both_its_numbers(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    rows = (f"{ORDER};{SERIAL};27.03.1991;bestellt;;;", f";{SERIAL};27.03.1991;versandt;;;")
    report, _ = deliver(database, config, now, *rows)
    assert (report.new, report.changed) == (1, 1)
    assert only(database).state is CardState.SHIPPED


def test_a_known_card_gets_its_serial_and_stands_under_that_in_the_same_delivery(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    add_card(database, office, now, CardState.ORDERED, serial=None)
    rows = (
        f"{ORDER};{SERIAL};27.03.1991;;;;",
        f";{SERIAL};27.03.1991;versandt;;;",
        "A000001;;27.03.1991;;;;",
    )
    report, bad = deliver(database, config, now, *rows)
    assert (report.new, report.changed, bad) == (1, 2, [])
    assert looking_up.look_up(database, SERIAL, BORN, now, network="n").state is CardState.SHIPPED


class Crossing(Cards):
    """Cards of which the one in the third line crosses with others for ever."""

    def write(self, session: Session, records: Sequence[Delivered], now: datetime) -> Written:
        """All but that."""
        written = super().write(session, records, now)
        if any(each.line == 3 for each in records):
            raise Crossed
        return written


def test_a_row_that_crosses_for_ever_keeps_no_other_out(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    rows = (f"A00000{n};;27.03.1991;;;;" for n in range(1, 6))
    report, [bad] = deliver(database, config, now, *rows, target=Crossing)
    assert (report.new, report.bad, bad.line) == (4, 1, 3)
    assert count(database, CardOrder) == 4


def test_the_day_of_the_office_counts(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    past_midnight = now.replace(hour=23, minute=30)  # in Berlin it is the next day
    row = f"{ORDER};;24.11.2026;bestellt;24.11.2026;;"
    report, bad = deliver(database, config, past_midnight, row)
    assert (report.new, bad) == (1, [])
    assert only(database).since == past_midnight
    _, [late] = deliver(database, config, past_midnight, f"{ORDER};;27.03.1991;bestellt;25.11.2026;;")
    assert late.reason.startswith("since:")


def test_an_old_row_does_not_bring_a_forgotten_card_back(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    row = f"{ORDER};{SERIAL};27.03.1991;abholbereit;;olena@example.org;"
    deliver(database, config, now, row)
    move(database, config, office, only(database).id, CardState.HANDED_OVER, now)
    with database.write() as session:
        session.execute(delete(Message))
    later = now + timedelta(days=31)
    with database.write() as session:
        assert card_upkeep.forget(session, later, settings=config.cards) == 1
    report, bad = deliver(database, config, later, row, f"A000009;;27.03.1991;ausgehändigt;{now:%d.%m.%Y};;")
    assert (report.new, report.unchanged, bad) == (0, 2, [])
    assert waiting(database) == []
    report, _ = deliver(database, config, later, f"{ORDER};{SERIAL};27.03.1991;Klärung;;;")
    assert report.new == 1, "that is news"
    with database.write() as session:
        card_upkeep.forget(session, later + card_upkeep.KNOWN_FOR, settings=config.cards)
        assert session.scalars(select(CardClosed)).all() == []


def test_what_staff_have_to_decide_is_told(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    add_card(database, office, now, CardState.SHIPPED)
    add_card(database, office, now, CardState.SHIPPED, serial=None, order="A000001", born="2015-03-27")
    report, bad = deliver(
        database,
        config,
        now,
        f"{ORDER};;27.03.1991;ausgehändigt;;;",
        f"A000001;{SERIAL};27.03.2015;Direktversand;;;",
    )
    assert (report.new, report.changed, report.unchanged, report.bad) == (0, 0, 0, 2)
    assert [each.line for each in bad] == [2, 3]
    assert "Only a card that is ready" in bad[0].reason
    assert SERIAL not in bad[1].reason


def test_two_offices_may_have_the_same_order_number(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    from tests.sample import sample_office

    with database.write() as session:
        sample_office(session, "anderswo")
    rows = (f"{slug};{ORDER};27.03.{year}" for slug, year in (("musterstadt", 1991), ("anderswo", 1992)))
    report, bad = deliver(database, config, now, *rows, head="Amt;Auftragsnummer;Geburtsdatum")
    assert (report.new, bad) == (2, [])


def test_killed_in_the_middle_and_given_again_no_card_and_no_message_is_lost_or_doubled(
    database: Database, database_url: str, config: Config, office: Office, now: datetime, tmp_path: Path
) -> None:
    deliver(database, config, now, "A000000;;27.03.1991;bestellt;;;", "A000999;;27.03.1991;bestellt;;;")
    file = tmp_path / "cards.csv"
    told = ("abholbereit;;zoe@beispiel.example;de", *["versandt;;;"] * 4)
    rows = (f"A{n:06};;27.03.1991;{told[n % 5]}" for n in range(1000))
    file.write_text("\n".join((HEAD, *rows, "A002000;;27.13.1991;bestellt;;;")) + "\n", encoding="utf-8")
    half, again = killed_and_again("cards", file, database_url, lambda: count(database, CardNotice) * 5)
    assert 0 < half < 1000
    assert again.returncode == 1, "the bad row is told"
    assert f"{1000 - half - 1} new, 1 changed, {half} unchanged, 0 repeated, 0 ended, 1 bad" in again.stdout
    assert "line 1002: born: " in again.stderr
    for table, expected in ((CardOrder, 1000), (CardNotice, 200), (Message, 200)):
        assert count(database, table) == expected
    with database.read() as session:
        kinds = session.execute(select(Event.kind, func.count()).group_by(Event.kind)).all()
        states = session.execute(select(CardOrder.state, func.count()).group_by(CardOrder.state)).all()
    assert sorted(kinds) == [("card.added", 1000), ("card.moved", 2), ("card.notice", 200)]
    assert sorted(states) == [(CardState.READY, 200), (CardState.SHIPPED, 800)]


def test_the_interface_takes_csv_and_json_with_a_token_that_is_for_it(
    database: Database, office: Office, client: FlaskClient, now: datetime
) -> None:
    csv = f"\ufeff{HEAD}\n{ORDER};{SERIAL};27.03.1991;in Produktion;;;\nA1;;27.03.1991;;;;\n"
    card = {"order": ORDER, "born": "1991-03-27", "state": "shipped", "contact": "zoe@beispiel.example"}
    with time_machine.travel(now, tick=False):
        other, right = (
            {"Authorization": f"Bearer {token(database, office, now, scope, name=scope)}"}
            for scope in (Scope.WATCHES, Scope.CARDS)
        )
        for headers, status in (({}, 401), (other, 403)):
            assert client.put("/api/v1/cards", data=csv, headers=headers).status_code == status
        said = [
            client.put("/api/v1/cards", data=csv.encode(), headers=right).json or {},
            client.put("/api/v1/cards", json={"cards": [card]}, headers=right).json or {},
            client.put("/api/v1/cards", data=csv.encode(), headers=right).json or {},
        ]
    counts = [[each[name] for name in ("rows", "new", "changed", "unchanged", "bad")] for each in said]
    assert counts == [[2, 1, 0, 0, 1], [1, 0, 1, 0, 0], [2, 0, 0, 1, 1]]
    assert [each["line"] for each in said[0]["errors"]] == [3]
    assert only(database).state is CardState.SHIPPED
    assert count(database, CardNotice) == 1


def count(database: Database, table: type[Base]) -> int:
    """How many rows there are."""
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0
