"""The draw and what follows: winners have an appointment, the others wait; it can be checked, and interrupted."""

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import func, select

from frontoffice.booking import confirming, holding
from frontoffice.booking.models import Appointment, Share, State
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.draw import drawing, lottery, making, settling
from frontoffice.draw.models import Draw, DrawRequest, DrawState, RequestState
from frontoffice.errors import NotFound
from frontoffice.messages.models import Medium, Message
from frontoffice.messages.segments import segments
from frontoffice.offices.models import Office, Service
from frontoffice.waitlist.models import EntryState, WaitlistEntry
from frontoffice.waitlist.wish import Wish
from tests.booking.steps import at, differences, free_on, visiting
from tests.draw.steps import (
    CLOSES,
    FIRST,
    UNTIL,
    WITHIN,
    appointments,
    draw_lots,
    enter,
    make,
    people,
    requests_of,
    settle,
)
from tests.waitlist.steps import book, offer_all, text_of

ONE_DAY = FIRST + timedelta(days=1)
SEATS = 16  # of one day: eight times with two seats


def test_more_requests_than_times(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    draw = make(database, now, until_day=ONE_DAY)
    for person in people(SEATS + 4):
        enter(database, config, draw, person)
    draw_lots(database)
    settle(database, config)
    requests = requests_of(database, draw)
    assert [each.rank for each in requests] == list(range(1, SEATS + 5))
    assert [each.state for each in requests] == [RequestState.WON] * SEATS + [RequestState.LISTED] * 4
    booked = appointments(database)
    assert len(booked) == SEATS
    assert {each.share for each in booked} == {Share.ONLINE}
    # The first in the drawn order have the first times.
    by_start = [each.id for each in booked]
    assert [each.appointment_id for each in requests[:SEATS]] == by_start
    with database.read() as session:
        found = session.get_one(Draw, draw.id)
        assert (found.state, found.settled_at) == (DrawState.SETTLED, CLOSES)
        waiting = session.scalars(
            select(WaitlistEntry).order_by(WaitlistEntry.joined_at, WaitlistEntry.id)
        ).all()
        assert [each.id for each in waiting] == [each.entry_id for each in requests[SEATS:]]
        assert {each.state for each in waiting} == {EntryState.WAITING}
    assert differences(database) == []


def test_what_is_left_is_public_after_the_draw(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    draw = make(database, now, until_day=ONE_DAY)
    for person in people(2):
        enter(database, config, draw, person)
    draw_lots(database)
    assert free_on(database, config, renewal, FIRST, CLOSES) == []
    settle(database, config)
    assert free_on(database, config, renewal, FIRST, CLOSES) == [
        "08:30",
        "09:00",
        "09:30",
        "10:00",
        "10:30",
        "11:00",
        "11:30",
    ]


def test_an_hour_for_the_winner_is_one_that_was_wished_for(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    draw = make(database, now)
    late = Wish(ONE_DAY, UNTIL, not_before=time(11))
    for person in people(5):
        enter(database, config, draw, person, wanted=late)
    draw_lots(database)
    settle(database, config)
    assert [each.start for each in appointments(database)] == [at(8, "11:00", month=12)] * 2 + [
        at(8, "11:30", month=12)
    ] * 2
    assert [each.state for each in requests_of(database, draw)] == [RequestState.WON] * 4 + [
        RequestState.LISTED
    ]


def test_the_winner_confirms_by_the_link_or_loses_it_to_the_waiting_list(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    draw = make(database, now, until_day=ONE_DAY)
    for person in people(SEATS + 1):
        enter(database, config, draw, person)
    draw_lots(database)
    settle(database, config)
    first, second, *_, listed = requests_of(database, draw)
    with database.read() as session:
        mine = session.get_one(Appointment, first.appointment_id)
        assert (mine.state, mine.confirm_by) == (State.UNCONFIRMED, CLOSES + timedelta(hours=48))
        told = session.scalars(select(Message.kind).where(Message.subject == f"appointment:{mine.id}")).all()
        assert told == []  # one message with the result, and no second one that says something else
    text = text_of(database, f"draw_request:{first.id}", "draw_result").text
    assert "Please confirm it by Friday, 27 November 2026, 18:00" in text
    with database.write() as session:
        confirming.confirm(
            session,
            session.get_one(Appointment, first.appointment_id),
            WITHIN + timedelta(days=2),
            settings=config,
        )
    late = CLOSES + timedelta(hours=48)
    with database.write() as session:
        assert confirming.lapse(session, late, settings=config) == SEATS - 1
    with database.read() as session:
        assert session.get_one(Appointment, first.appointment_id).state is State.CONFIRMED
        assert session.get_one(Appointment, second.appointment_id).state is State.EXPIRED
        confirmed = session.scalars(
            select(Message.kind).where(Message.subject == f"appointment:{first.appointment_id}")
        ).all()
        assert confirmed == ["booked"]
    made = offer_all(database, config, late)
    assert [each.entry_id for each in made] == [listed.entry_id]
    assert differences(database) == []


def test_everybody_hears_the_result(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    draw = make(database, now, until_day=ONE_DAY)
    persons = people(3)
    for person in persons:
        enter(database, config, draw, person, wanted=Wish(FIRST, ONE_DAY, before=time(8, 30)))
    book(database, config, renewal, at(26, "09:00"), now, persons[0])
    draw_lots(database)
    settle(database, config)
    texts = {
        each.state: text_of(database, f"draw_request:{each.id}", "draw_result").text
        for each in requests_of(database, draw)
    }
    assert set(texts) == {RequestState.WON, RequestState.REFUSED}
    assert "You have an appointment for this concern already" not in texts[RequestState.WON]
    assert "have an appointment for this concern already" in texts[RequestState.REFUSED]
    for text in texts.values():
        assert f"http://localhost/draws/{draw.code}/" in text


def test_the_draw_can_be_checked_by_anybody(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    draw = make(database, now, until_day=ONE_DAY)
    for person in people(6):
        enter(database, config, draw, person)
    with database.read() as session, pytest.raises(NotFound):
        drawing.record(session, session.get_one(Draw, draw.id))
    draw_lots(database)
    with database.read() as session:
        record = drawing.record(session, session.get_one(Draw, draw.id))
    settle(database, config)
    assert lottery.check(record) == []
    assert record["commitment"] == draw.commitment  # what was published before
    assert record["order"] == [each.number for each in requests_of(database, draw)]
    assert "Person" not in str(record)
    assert "example.org" not in str(record)
    with database.write() as session:
        settling.redact(session, CLOSES + timedelta(days=30), settings=config)
    with database.read() as session:
        assert drawing.record(session, session.get_one(Draw, draw.id)) == record
        assert session.scalars(select(DrawRequest.person)).all() == [None] * 6


def test_an_interrupted_draw_goes_on_where_it_was(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    draw = make(database, now, until_day=ONE_DAY)
    for person in people(SEATS + 2):
        enter(database, config, draw, person)
    draw_lots(database)
    order = [each.number for each in requests_of(database, draw)]
    settle(database, config, most=5)
    draw_lots(database, CLOSES + timedelta(hours=1))  # nothing is drawn twice
    with pytest.raises(RuntimeError), database.write() as session:  # killed in the middle of one
        settling.settle_next(session, CLOSES, settings=config)
        raise RuntimeError
    assert len(appointments(database)) == 5
    settle(database, config, CLOSES + timedelta(hours=1))
    assert settle(database, config, CLOSES + timedelta(hours=2)) == 0
    requests = requests_of(database, draw)
    assert [each.number for each in requests] == order
    assert [each.state for each in requests] == [RequestState.WON] * SEATS + [RequestState.LISTED] * 2
    with database.read() as session:
        results = session.scalar(select(func.count()).where(Message.kind == "draw_result"))
    assert results == SEATS + 2
    assert differences(database) == []


def test_staff_who_took_a_time_before_the_draw_cost_nobody_more_than_that(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    draw = make(database, now, until_day=ONE_DAY)
    for person in people(SEATS):
        enter(database, config, draw, person)
    with database.write() as session:
        holding.hold(
            session,
            renewal.office,
            visiting(renewal),
            at(7, "08:00", month=12),
            CLOSES,
            rules=config.booking,
            shares=(Share.ONLINE,),
        )
    draw_lots(database)
    settle(database, config)
    states = [each.state for each in requests_of(database, draw)]
    assert states == [RequestState.WON] * (SEATS - 1) + [RequestState.LISTED]
    assert differences(database) == []


def test_a_draw_without_requests_opens_its_times(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    draw = make(database, now, until_day=ONE_DAY)
    draw_lots(database)
    settle(database, config)
    with database.read() as session:
        assert session.get_one(Draw, draw.id).state is DrawState.SETTLED
        assert lottery.check(drawing.record(session, session.get_one(Draw, draw.id))) == []
    assert len(free_on(database, config, renewal, FIRST, CLOSES)) == 8


def test_a_draw_that_was_called_off_is_not_drawn(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    draw = make(database, now)
    enter(database, config, draw, people(1)[0])
    with database.write() as session:
        making.cancel(session, session.get_one(Draw, draw.id), WITHIN, actor="account:1")
    draw_lots(database)
    assert settle(database, config) == 0
    assert appointments(database) == []


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("outcome", ["won", "listed", "refused"])
def test_an_sms_with_the_result_has_one_part(outcome: str, language: str) -> None:
    from frontoffice.messages import texts

    said = {
        "office_name": "Ausländerbehörde Musterstadt",
        "service": "Renewal",
        "reference": "K7M2PXQ4",
        "link": "https://termin.musterstadt.de/draws/K7M2PXQ4/K7M2PXQ4/abcdefghijklmnopqrstuvwx/",
        "outcome": outcome,
        "draw_link": "https://termin.musterstadt.de/draws/K7M2PXQ4/",
        "starts_at": "2026-11-25T08:30:00+00:00",
        "until_at": "2026-11-27T17:00:00+00:00",
        "time_zone": "Europe/Berlin",
    }
    text = texts.render("draw_result", Medium.SMS, language, said).text
    assert segments(text) == 1
    assert "Renewal" not in text
    assert "/d/K7M2PXQ4/K7M2PXQ4/abcdefghijklmnopqrstuvwx" in text
