"""Making a draw: its times are closed to the public, its seed is fixed and secret."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from frontoffice.booking import holding, planning
from frontoffice.booking.models import Channel, Share, Withheld
from frontoffice.booking.refusals import NotOffered
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.draw import lottery, making
from frontoffice.draw.models import Draw, DrawState
from frontoffice.draw.refusals import AlreadyDrawn, Overlaps
from frontoffice.errors import Invalid, NotFound
from frontoffice.events import Event
from frontoffice.offices.models import Office, Service
from tests.booking.steps import at, book_it, differences, free_on, hold_it, visiting
from tests.draw.steps import CLOSES, FIRST, OPENS, UNTIL, draw_lots, make

MONDAY, TUESDAY, WEDNESDAY = date(2026, 12, 7), date(2026, 12, 8), date(2026, 12, 9)


def test_the_public_cannot_take_the_times_of_a_draw(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    make(database, now)
    free = [len(free_on(database, config, renewal, day, now)) for day in (MONDAY, TUESDAY, WEDNESDAY)]
    assert free == [0, 0, 8]
    with pytest.raises(NotOffered):
        hold_it(database, config, renewal, at(7, "09:00", month=12), now)
    # Planning anew, as the worker does every hour, changes nothing about it.
    with database.write() as session:
        office = session.scalars(select(Office)).one()
        planning.plan_ahead(session, office, now, config.booking)
    assert free_on(database, config, renewal, MONDAY, now) == []
    assert differences(database) == []


def test_staff_still_book_into_their_own_share(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    make(database, now)
    with database.write() as session:
        held, _ = holding.hold(
            session,
            renewal.office,
            visiting(renewal),
            at(7, "09:00", month=12),
            now,
            rules=config.booking,
            channel=Channel.PHONE,
        )
        assert held.share is Share.PHONE


def test_what_was_booked_before_stays(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    _, token = hold_it(database, config, renewal, at(7, "09:00", month=12), now)
    make(database, now)
    assert book_it(database, config, token, now).start == at(7, "09:00", month=12)
    assert differences(database) == []


def test_days_beyond_the_planned_book_are_planned_and_closed(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    make(database, now, first_day=date(2027, 1, 11), until_day=date(2027, 1, 13))
    later = at(20, "08:00", month=12)
    with database.write() as session:
        office = session.scalars(select(Office)).one()
        planning.plan_ahead(session, office, later, config.booking)
    assert free_on(database, config, renewal, date(2027, 1, 11), later) == []
    assert len(free_on(database, config, renewal, date(2027, 1, 13), later)) == 8


def test_the_seed_is_secret_and_its_hash_is_not(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    draw = make(database, now)
    seed = database.vault.open(draw.seed)
    assert draw.commitment == lottery.commitment(seed)
    assert seed.encode() not in draw.seed
    assert draw.revealed is None
    with database.read() as session:
        [event] = session.scalars(select(Event).where(Event.kind == "draw.created"))
        assert event.data == {"code": draw.code, "commitment": draw.commitment}
        assert making.find(session, draw.code.lower()).id == draw.id
        with pytest.raises(NotFound):
            making.find(session, "nothing")
    assert (
        database.vault.open(make(database, now, first_day=WEDNESDAY, until_day=date(2026, 12, 10)).seed)
        != seed
    )


def test_a_draw_that_is_called_off_gives_its_times_back(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    draw = make(database, now)
    for _ in range(2):
        with database.write() as session:
            making.cancel(session, session.get_one(Draw, draw.id), now, actor="account:1")
    assert len(free_on(database, config, renewal, MONDAY, now)) == 8
    with database.read() as session:
        assert session.get_one(Draw, draw.id).state is DrawState.CANCELLED
        assert session.scalars(select(Withheld)).all() == []
    make(database, now)  # the days can be drawn anew


def test_a_draw_that_was_made_cannot_be_called_off(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    draw = make(database, now)
    draw_lots(database)
    with pytest.raises(AlreadyDrawn), database.write() as session:
        making.cancel(session, session.get_one(Draw, draw.id), CLOSES, actor="account:1")


def test_two_draws_do_not_share_a_day(
    database: Database, config: Config, planned: Office, now: datetime
) -> None:
    make(database, now)
    with pytest.raises(Overlaps):
        make(database, now, first_day=TUESDAY, until_day=date(2026, 12, 12))
    make(database, now, first_day=WEDNESDAY, until_day=date(2026, 12, 12))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"title": {"de": " "}}, "title"),
        ({"closes_at": OPENS}, "closes"),
        ({"opens_at": OPENS - timedelta(days=9), "closes_at": OPENS - timedelta(days=8)}, "closes"),
        ({"first_day": date(2026, 11, 25)}, "first_day"),
        ({"until_day": FIRST}, "until_day"),
        ({"until_day": UNTIL + timedelta(days=90)}, "until_day"),
        ({"schedules": []}, "schedules"),
        ({"schedules": [999]}, "schedules"),
        ({"services": []}, "services"),
        ({"services": [999]}, "services"),
    ],
)
def test_a_draw_that_makes_no_sense_is_refused(
    database: Database, planned: Office, now: datetime, changed: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        make(database, now, **changed)
    assert refused.value.field == field


def test_what_cannot_be_booked_online_cannot_be_drawn(
    database: Database, counselling: Service, now: datetime
) -> None:
    with pytest.raises(Invalid, match="booked online"):
        make(database, now, services=[counselling.id])
