"""Taking part: one request for each person, whenever it comes within the window."""

from datetime import date, datetime, time, timedelta

import pytest

from frontoffice.booking import blocking
from frontoffice.booking.models import BlockedKind
from frontoffice.booking.refusals import AlreadyComing, NotAccepted
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.draw import entering
from frontoffice.draw.models import Draw, DrawRequest, RequestState, Weights
from frontoffice.draw.refusals import AlreadyDrawn, AlreadyEntered, TooManyRequests, WindowClosed
from frontoffice.errors import Invalid, NotFound
from frontoffice.offices.models import Office, Service
from frontoffice.waitlist.wish import Wish
from tests.booking.steps import at
from tests.draw.steps import CLOSES, FIRST, OPENS, UNTIL, WITHIN, draw_lots, enter, make, people
from tests.sample import PICK_UP
from tests.waitlist.steps import book, somebody, text_of


def test_a_request_has_an_anonymous_number_and_is_told_by_message(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    draw = make(database, now)
    request = enter(database, config, draw, somebody(1))
    assert (request.state, request.weight) == (RequestState.ENTERED, 60)
    mail = text_of(database, f"draw_request:{request.id}", "draw_entered")
    shown = f"{request.number[:4]}-{request.number[4:]}"
    assert shown in mail.text
    assert "Wednesday, 25 November 2026, 18:00" in mail.text
    with database.read() as session:
        secret = entering.secret_of(session, request)
        assert secret in mail.text
        assert entering.find(session, request.number, secret).id == request.id
        with pytest.raises(NotFound):
            entering.find(session, request.number, "wrong")


@pytest.mark.parametrize("moment", [OPENS - timedelta(seconds=1), CLOSES, CLOSES + timedelta(days=1)])
def test_only_the_window_counts(
    database: Database, config: Config, planned: Office, now: datetime, moment: datetime
) -> None:
    draw = make(database, now)
    with pytest.raises(WindowClosed):
        enter(database, config, draw, somebody(1), moment)


@pytest.mark.parametrize("moment", [OPENS, CLOSES - timedelta(seconds=1)])
def test_its_first_and_its_last_second_count_alike(
    database: Database, config: Config, planned: Office, now: datetime, moment: datetime
) -> None:
    assert enter(database, config, make(database, now), somebody(1), moment).weight == 60


def test_a_person_takes_part_once(database: Database, config: Config, planned: Office, now: datetime) -> None:
    draw = make(database, now)
    enter(database, config, draw, somebody(1))
    with pytest.raises(AlreadyEntered):
        enter(database, config, draw, somebody(1, name="b person", mail="another@example.org"))
    other = make(database, now, first_day=UNTIL, until_day=UNTIL + timedelta(days=1))
    enter(database, config, other, somebody(1))


def test_a_contact_has_so_many_requests_at_most(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    draw = make(database, now)
    for number in range(4):
        enter(database, config, draw, somebody(number, mail=f"b.o.t+{number}@example.org"))
    with pytest.raises(TooManyRequests):
        enter(database, config, draw, somebody(9, mail="bot@example.org"))


def test_who_has_an_appointment_or_is_blocked_does_not_take_part(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    draw = make(database, now)
    book(database, config, renewal, at(26, "09:00"), now, somebody(1))
    with pytest.raises(AlreadyComing):
        enter(database, config, draw, somebody(1))
    with database.write() as session:
        blocking.block(
            session, BlockedKind.MAIL, "person2@example.org", "trade", None, now, actor="account:1"
        )
    with pytest.raises(NotAccepted):
        enter(database, config, draw, somebody(2))


def test_only_what_is_drawn_can_be_asked_for(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    draw = make(database, now)
    with pytest.raises(Invalid, match="not part of this draw"):
        enter(database, config, draw, somebody(1), service=PICK_UP)
    with pytest.raises(Invalid, match="too far ahead"):
        enter(database, config, draw, somebody(1), wanted=Wish(UNTIL, UNTIL + timedelta(days=3)))
    kept = enter(
        database, config, draw, somebody(1), wanted=Wish(date(2026, 1, 1), date(2027, 1, 1), before=time(10))
    )
    assert (kept.first_day, kept.until_day, kept.before) == (FIRST, UNTIL, time(10))


def test_nearer_expiry_weighs_more_only_where_the_draw_says_so(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    soon = date(2026, 12, 25)  # 30 days after the window
    even = make(database, now)
    first = enter(database, config, even, somebody(1), expires_on=soon)
    assert (first.weight, first.expires_on) == (60, None)
    by_expiry = make(
        database, now, first_day=UNTIL, until_day=UNTIL + timedelta(days=1), weights=Weights.EXPIRY
    )
    second = enter(database, config, by_expiry, somebody(1), expires_on=soon)
    assert (second.weight, second.expires_on) == (210, soon)


def test_who_withdraws_can_enter_again_with_another_number(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    draw = make(database, now)
    request = enter(database, config, draw, somebody(1))
    for _ in range(2):
        with database.write() as session:
            entering.withdraw(session, session.get_one(DrawRequest, request.id), WITHIN)
    again = enter(database, config, draw, somebody(1))
    assert again.number != request.number
    with database.read() as session:
        assert entering.count(session, session.get_one(Draw, draw.id)) == 1


def test_after_the_window_nothing_can_be_withdrawn(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    draw = make(database, now)
    request = enter(database, config, draw, people(1)[0])
    draw_lots(database)
    with pytest.raises(AlreadyDrawn), database.write() as session:
        entering.withdraw(session, session.get_one(DrawRequest, request.id), CLOSES)
