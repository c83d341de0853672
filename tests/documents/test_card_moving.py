"""The way of a card through the office: each step on record, none that makes no sense, and people are told."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import card_moving, card_pace, card_telling, handing_over
from frontoffice.documents.card_models import CardNotice, CardOrder, CardState, CardTime
from frontoffice.documents.card_moving import AlreadyKnown
from frontoffice.documents.card_states import NotPossible, Reason, age
from frontoffice.documents.handing_over import Watch
from frontoffice.documents.models import ExpiryWatch
from frontoffice.documents.proving import Reach
from frontoffice.errors import Invalid, NotFound
from frontoffice.messages.models import Medium
from frontoffice.offices.models import Office
from tests.documents.cards import (
    BORN,
    CLERK,
    OLENA,
    ORDER,
    SERIAL,
    add_card,
    events_of,
    move,
    state_of,
    tell_me,
    waiting,
)
from tests.documents.test_serial import mrz

DAY = timedelta(days=1)


def arrive(database: Database, config: Config, office: Office, scanned: str, now: datetime) -> int:
    with database.write() as session:
        place = session.get_one(Office, office.id)
        return card_moving.arrive(session, place, scanned, now, CLERK, settings=config).id


def test_scanning_lets_a_card_arrive_once(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.SHIPPED)
    for scanned in (SERIAL, f"{SERIAL}1", mrz(SERIAL, "910327")[0], "\n".join(mrz(SERIAL, "910327"))):
        assert arrive(database, config, office, scanned, now) == card
    assert state_of(database, card) is CardState.CHECKING
    moved = {"from": "shipped", "to": "checking", "reason": "as_usual"}
    assert events_of(database, card) == [
        ("card.added", CLERK, {"to": "shipped"}),
        ("card.moved", CLERK, moved),
    ]


def test_a_card_that_nobody_announced_is_added_from_its_lines(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    with pytest.raises(NotFound):
        arrive(database, config, office, SERIAL, now)
    card = arrive(database, config, office, "\n".join(mrz(SERIAL, "910327")), now)
    with database.read() as session:
        original = card_moving.original_of(session, session.get_one(CardOrder, card))
        assert (original.serial, original.born, original.order) == (SERIAL, BORN, None)


def test_a_scan_does_not_take_a_card_back(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.READY)
    with pytest.raises(NotPossible):
        arrive(database, config, office, SERIAL, now)
    assert state_of(database, card) is CardState.READY


def test_a_card_is_brought_back_with_a_reason_and_that_is_on_record(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.CHECKING)
    tell_me(database, config, card, now)
    move(database, config, office, card, CardState.READY, now)
    assert [kind for kind, _ in waiting(database)] == ["card_ready"]
    with pytest.raises(Invalid):
        move(database, config, office, card, CardState.CHECKING, now)
    move(database, config, office, card, CardState.CHECKING, now, reason=Reason.WRONG_DATA)
    assert waiting(database) == [], "what has not left yet is taken back"
    assert events_of(database, card)[-1] == (
        "card.moved",
        CLERK,
        {"from": "ready", "to": "checking", "reason": "wrong_data"},
    )
    move(database, config, office, card, CardState.READY, now + DAY)
    assert [kind for kind, _ in waiting(database)] == ["card_ready"], "and told again, when it is true again"


def test_the_message_leads_to_the_booking_of_a_pick_up(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.READY)
    tell_me(database, config, card, now)
    tell_me(database, config, card, now)
    tell_me(database, config, card, now, Reach(Medium.MAIL, "Olena@Example.org"))
    [(kind, said)] = waiting(database)
    assert (kind, said["link"]) == ("card_ready", "http://localhost/book/musterstadt/eat-pick-up/?speak=en")
    assert said["documents"] == "Passport\nFee"


def test_the_box_has_a_code_and_a_last_day(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.CHECKING)
    tell_me(database, config, card, now)
    last = date(2026, 12, 7)
    for how in (
        {},
        {"box_code": "4711"},
        {"box_code": "4711", "until": date(2026, 11, 1)},
        {"until": date(2026, 12, 7)},
    ):
        with pytest.raises(Invalid):
            move(database, config, office, card, CardState.IN_BOX, now, **how)
    move(database, config, office, card, CardState.IN_BOX, now, box_code=" 4711 ", until=last)
    [(kind, said)] = waiting(database)
    assert (kind, said["code"], said["until_at"][:10]) == ("card_in_box", "4711", "2026-12-07")
    move(database, config, office, card, CardState.HANDED_OVER, now)
    with database.read() as session:
        found = session.get_one(CardOrder, card)
        assert (found.until, card_moving.original_of(session, found).box_code) == (None, None)


def test_direct_mail_is_for_those_of_16_and_over(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    child = add_card(database, office, now, CardState.CHECKING, born="2010-11-24")
    with pytest.raises(Invalid, match="16"):
        move(database, config, office, child, CardState.POSTED, now)
    move(database, config, office, child, CardState.POSTED, now + DAY)


@pytest.mark.parametrize(
    ("born", "years"), [("2010-11-23", 16), ("2010-11-24", 15), ("2010-00-00", 15), ("2010-10-00", 16)]
)
def test_age_of_dates_that_are_known_in_part(born: str, years: int) -> None:
    assert age(born, date(2026, 11, 23)) == years


def test_only_what_is_ready_can_be_handed_over(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.CHECKING)
    with pytest.raises(NotPossible):
        move(database, config, office, card, CardState.HANDED_OVER, now)


def test_handing_over_closes_the_order_and_forgets_who_was_told(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.READY)
    tell_me(database, config, card, now)
    with database.write() as session:
        found = card_moving.of_office(session, office.id, card)
        assert handing_over.contacts(session, found) == [(OLENA, "en")]
        handing_over.hand_over(session, found, now, CLERK, settings=config)
        assert session.scalar(select(func.count()).select_from(CardNotice)) == 0
    assert state_of(database, card) is CardState.HANDED_OVER
    assert waiting(database) == []


def test_after_the_hand_over_everybody_is_reminded_in_their_language(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.READY)
    tell_me(database, config, card, now)
    with database.write() as session:
        found = card_moving.of_office(session, office.id, card)
        father = Reach(Medium.SMS, "+4915123456789")
        card_telling.ask(session, found, father, "uk", now, settings=config)
        watch = Watch(now.date() + timedelta(days=700), "student")
        handing_over.hand_over(session, found, now, CLERK, settings=config, watch=watch)
        watches = session.scalars(select(ExpiryWatch).order_by(ExpiryWatch.id)).all()
        assert [each.language for each in watches] == ["en", "uk"]


def test_who_does_not_come_is_reminded_once(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.READY)
    tell_me(database, config, card, now)
    other = add_card(database, office, now, CardState.READY, serial="C01X0007H", order=None)
    tell_me(database, config, other, now)
    assert remind(database, config, now + 14 * DAY - timedelta(minutes=1)) == 0
    move(database, config, office, other, CardState.HANDED_OVER, now + DAY)
    assert remind(database, config, now + 14 * DAY) == 1
    assert remind(database, config, now + 30 * DAY) == 0
    assert [kind for kind, _ in waiting(database)].count("card_waits") == 1


@pytest.mark.parametrize(("days", "reminded"), [(30, 14), (14, 11), (5, 2), (4, None), (0, None)])
def test_for_the_box_the_reminder_comes_well_before_the_last_day(
    database: Database, config: Config, office: Office, now: datetime, days: int, reminded: int | None
) -> None:
    card = add_card(database, office, now, CardState.CHECKING)
    tell_me(database, config, card, now)
    last = now.date() + days * DAY
    move(database, config, office, card, CardState.IN_BOX, now, box_code="4711", until=last)
    counts = []
    for day in range(32):
        remind(database, config, now + day * DAY)
        counts.append(len(waiting(database)))
    assert counts == [2 if reminded is not None and day >= reminded else 1 for day in range(32)]
    for kind, said in waiting(database):
        assert (kind, said["code"], said["until_at"][:10]) == ("card_in_box", "4711", last.isoformat())


def test_handed_over_by_any_way_nobody_is_told_any_more(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.READY)
    tell_me(database, config, card, now)
    move(database, config, office, card, CardState.HANDED_OVER, now)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(CardNotice)) == 0


def remind(database: Database, config: Config, now: datetime) -> int:
    with database.write() as session:
        return card_telling.remind(session, now, settings=config)


@pytest.mark.parametrize(
    "database_url", ["postgresql"], indirect=True
)  # SQLite lets them wait for each other
def test_a_card_that_is_being_handed_over_is_not_reminded_of(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.READY)
    tell_me(database, config, card, now)
    with database.write() as session:
        found = card_moving.of_office(session, office.id, card)
        assert remind(database, config, now + 14 * DAY) == 0
        card_moving.move(session, found, CardState.HANDED_OVER, now, CLERK, settings=config)
    assert waiting(database) == []


def test_numbers_belong_to_one_card(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    add_card(database, office, now)
    for numbers in ({"serial": SERIAL, "order": None}, {"serial": None, "order": ORDER}):
        with pytest.raises(AlreadyKnown):
            add_card(database, office, now, **numbers)
    other = add_card(database, office, now, serial=None, order="2026004712")
    with pytest.raises(AlreadyKnown), database.write() as session:
        card_moving.identify(session, session.get_one(CardOrder, other), now, CLERK, serial=SERIAL)


def test_staff_see_the_cards_of_their_office_only(database: Database, office: Office, now: datetime) -> None:
    card = add_card(database, office, now)
    with pytest.raises(NotFound), database.write() as session:
        card_moving.of_office(session, office.id + 1, card)


def test_the_usual_time_comes_from_what_has_happened_and_says_nothing_of_few(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    def known_now(at: datetime) -> dict[CardState, card_pace.Usual]:
        with database.read() as session:
            database.memory.forget()
            return dict(card_pace.usual(session, office.id))

    for number in range(20):
        assert known_now(now) == {}
        ordered = now - timedelta(days=30 + number)
        card = add_card(
            database, office, ordered, CardState.ORDERED, serial=None, order=f"A{number:06}", since=ordered
        )
        move(database, config, office, card, CardState.SHIPPED, now - 5 * DAY)
        move(database, config, office, card, CardState.CHECKING, now - DAY)
        move(database, config, office, card, CardState.READY, now)
    known = known_now(now)
    assert known[CardState.ORDERED] == (32, 40, 47)
    assert known[CardState.SHIPPED] == (5, 5, 5)
    assert CardState.IN_PRODUCTION not in known
    assert card_pace.remaining(known, CardState.ORDERED, now - 10 * DAY, now) == (22, 37, False)
    assert card_pace.remaining(known, CardState.ORDERED, now - 50 * DAY, now) == (0, 1, True)
    assert card_pace.remaining(known, CardState.READY, now, now) is None
    move(database, config, office, card, CardState.CHECKING, now, reason=Reason.MISTAKE)
    move(database, config, office, card, CardState.READY, now + 9 * DAY)
    with database.read() as session:
        ready = select(func.count()).select_from(CardTime).where(CardTime.state == CardState.CHECKING)
        assert session.scalar(ready) == 20, "a card counts once"


def test_a_card_was_ready_when_the_delivery_says_so(
    database: Database, config: Config, office: Office, now: datetime
) -> None:
    card = add_card(database, office, now, CardState.CHECKING, since=now - 10 * DAY)
    move(database, config, office, card, CardState.READY, now, since=now - 4 * DAY)
    with database.read() as session:
        assert session.scalars(select(CardTime.days)).all() == [6]
