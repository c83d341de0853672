"""Where the office lets people prove their contact: only requests that are proven in time take part."""

from datetime import datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select

from frontoffice.booking import blocking
from frontoffice.booking.models import BlockedKind
from frontoffice.booking.person import WrongDetails
from frontoffice.booking.refusals import NotAccepted
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.draw import drawing, entering, lottery, settling
from frontoffice.draw.models import Draw, DrawRequest, RequestState
from frontoffice.draw.refusals import AlreadyEntered, ProvenTooLate, TooManyRequests
from frontoffice.events import Event
from frontoffice.messages.models import Message
from frontoffice.offices.models import Confirmation, Office
from tests.booking.visitor import Visitor
from tests.draw.steps import CLOSES, FIRST, WITHIN, draw_lots, enter, make, people, requests_of, settle
from tests.draw.test_api import REQUEST
from tests.draw.test_pages import link_from, press, take_part
from tests.waitlist.steps import somebody, text_of

LAST_SECOND = CLOSES - timedelta(seconds=1)


def asks(database: Database, office: Office, how: Confirmation = Confirmation.EITHER) -> None:
    with database.write() as session:
        session.get_one(Office, office.id).confirmation = how


def prove(database: Database, config: Config, request: DrawRequest, now: datetime = WITHIN) -> None:
    with database.write() as session:
        entering.prove(session, session.get_one(DrawRequest, request.id), now, settings=config)


def events_of(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Event.kind).where(Event.kind.like("draw.%")).order_by(Event.id)))


def test_invented_people_get_no_lots_and_the_record_is_that_of_the_others(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    asks(database, planned)
    draw = make(database, now, until_day=FIRST + timedelta(days=1))
    invented = [enter(database, config, draw, each) for each in people(20)]
    assert {each.state for each in invented} == {RequestState.UNPROVEN}
    real = [enter(database, config, draw, somebody(number)) for number in range(20, 23)]
    for request in real:
        prove(database, config, request, LAST_SECOND)
        prove(database, config, request, LAST_SECOND)  # pressed twice
    assert events_of(database) == ["draw.created", *["draw.entered"] * 3]
    text = text_of(database, f"draw_request:{invented[0].id}", "draw_entered").text
    assert "press the button by Wednesday, 25 November 2026, 18:00. Only then your request takes part" in text
    draw_lots(database)
    settle(database, config)
    by_id = {each.id: each for each in requests_of(database, draw)}
    assert {by_id[each.id].state for each in real} == {RequestState.WON}
    assert {by_id[each.id].rank for each in real} == {1, 2, 3}
    assert {(by_id[each.id].state, by_id[each.id].rank) for each in invented} == {
        (RequestState.UNPROVEN, None)
    }
    with database.read() as session:
        found = session.get_one(Draw, draw.id)
        record = drawing.record(session, found)
        assert entering.count(session, found) == 3
        told = session.scalar(select(func.count()).where(Message.kind == "draw_result"))
    assert lottery.check(record) == []
    assert set(record["order"]) == {each.number for each in real}  # type: ignore[call-overload]
    assert told == 3
    for moment in (CLOSES, CLOSES + timedelta(days=1)):
        with pytest.raises(ProvenTooLate):
            prove(database, config, invented[0], moment)
    with database.write() as session:
        settling.redact(session, CLOSES + timedelta(days=60), settings=config)
    with pytest.raises(ProvenTooLate):
        prove(database, config, invented[1], CLOSES + timedelta(days=61))


def test_who_only_claims_to_be_somebody_keeps_nobody_out(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    asks(database, planned)
    draw = make(database, now)
    stranger = enter(database, config, draw, somebody(1, mail="stranger@example.org"))
    mine = enter(database, config, draw, somebody(1))
    assert mine.id != stranger.id
    assert enter(database, config, draw, somebody(1)).id == mine.id  # the form sent again
    prove(database, config, mine)
    with pytest.raises(AlreadyEntered):
        prove(database, config, stranger)
    with pytest.raises(AlreadyEntered):
        enter(database, config, draw, somebody(1))
    late = enter(database, config, draw, somebody(2))
    with database.write() as session:  # a block that came since counts as well
        mail = "person2@example.org"
        blocking.block(session, BlockedKind.MAIL, mail, "trade", None, now, actor="account:1")
    with pytest.raises(NotAccepted):
        prove(database, config, late)
    with database.write() as session:
        entering.withdraw(session, session.get_one(DrawRequest, stranger.id), WITHIN)
    with pytest.raises(ProvenTooLate):
        prove(database, config, stranger)


def test_nobodys_mailbox_is_filled_and_nobody_is_shut_out_by_that(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    asks(database, planned)
    draw = make(database, now)
    first = [enter(database, config, draw, somebody(each, mail=f"v.i+{each}@x.de")) for each in range(4)]
    with pytest.raises(TooManyRequests):
        enter(database, config, draw, somebody(9, mail="vi@x.de"))
    later = WITHIN + timedelta(hours=1)
    fifth = enter(database, config, draw, somebody(9, mail="vi@x.de"), later)
    for request in first:
        prove(database, config, request, later)
    with pytest.raises(TooManyRequests):  # four that are proven are as many as there may be
        prove(database, config, fifth, later)


def test_what_the_office_asks_for_decides(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    asks(database, planned, Confirmation.SMS)
    draw = make(database, now)
    with pytest.raises(WrongDetails, match=r"mobile|phone"):
        enter(database, config, draw, somebody(1))
    asks(database, planned, Confirmation.NONE)
    assert enter(database, config, draw, somebody(1)).state is RequestState.ENTERED


def test_by_pages_and_by_the_api(
    visitor: Visitor,
    client: FlaskClient,
    clock: time_machine.Traveller,
    database: Database,
    planned: Office,
    now: datetime,
) -> None:
    asks(database, planned)
    draw = make(database, now)
    clock.move_to(WITHIN)
    page = take_part(visitor, draw)
    assert page.title.startswith("One step is missing")
    assert "18:00: only then your request takes part" in page.text
    link = link_from(database, "draw_entered")
    page = visitor.open(link)
    assert page.title.startswith("Do you want to take part")
    [unproven] = requests_of(database, draw)
    assert unproven.state is RequestState.UNPROVEN  # opening it is not enough: mail programs do that
    assert press(visitor, page, "Yes, I take part").title.startswith("You take part in the draw")

    answer = client.post(
        f"/api/v1/draws/{draw.code}/requests", json={**REQUEST, "name": "B", "mail": "b@example.org"}
    ).json
    assert answer is not None
    assert answer["state"] == "unproven"
    address = f"/api/v1/draws/{draw.code}/requests/{answer['number']}/proof"
    assert client.post(address).status_code == 401
    with database.read() as session:
        second = requests_of(database, draw)[1]
        headers = {"Authorization": f"Bearer {entering.secret_of(session, second)}"}
    clock.move_to(CLOSES)
    late = client.post(address, headers=headers)
    assert (late.status_code, late.json and late.json["code"]) == (409, "proven_too_late")
    page = visitor.open(f"/draws/{draw.code}/{second.number}/{headers['Authorization'][7:]}/")
    assert page.title.startswith("Your request has not taken part")
    clock.move_to(LAST_SECOND)
    proven = client.post(address, headers=headers).json
    assert proven is not None
    assert proven["state"] == "entered"


def test_the_sms_has_one_part() -> None:
    from frontoffice.messages import texts
    from frontoffice.messages.models import Medium
    from frontoffice.messages.segments import segments

    link = "https://termin.musterstadt.de/draws/K7M2PXQ4/K7M2PXQ4/abcdefghijklmnopqrstuvwx/"
    said = {"office_name": "ABH", "service": "Renewal", "reference": "K7M2PXQ4", "link": link}
    said |= {"until_at": "2026-11-27T17:00:00+00:00", "time_zone": "Europe/Berlin"}
    for unproven in ("yes", ""):
        for language in ("de", "en"):
            text = texts.render("draw_entered", Medium.SMS, language, {**said, "unproven": unproven}).text
            assert "/d/K7M2PXQ4/K7M2PXQ4/abcdefghijklmnopqrstuvwx" in text
            assert segments(text) == 1
    assert texts.render("draw_entered", Medium.MAIL, "en", said).subject.startswith("You take part")
