"""The worker's jobs: what is due is drawn, settled and offered without anybody asking."""

from datetime import datetime, timedelta
from typing import cast

import pytest
import time_machine
from sqlalchemy import select

from frontoffice import worker
from frontoffice.booking import confirming
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.draw.models import Draw, DrawState, RequestState
from frontoffice.messages.dispatch import Delivery
from frontoffice.offices.models import Office
from frontoffice.waitlist.models import EntryState, Offer, WaitlistEntry
from tests.draw.steps import CLOSES, FIRST, enter, make, people, requests_of


def run(name: str, config: Config, database: Database) -> None:
    [job] = [each for each in worker.JOBS if each.name.startswith(name)]
    job.run(worker.Context(config, database, cast(Delivery, None), lambda: False))


@pytest.mark.parametrize("late", [timedelta(0), timedelta(hours=5)])
def test_from_the_draw_to_the_offer_of_what_a_winner_did_not_confirm(
    database: Database, config: Config, planned: Office, now: datetime, late: timedelta
) -> None:
    draw = make(database, now, until_day=FIRST + timedelta(days=1))
    for person in people(17):
        enter(database, config, draw, person)
    with time_machine.travel(CLOSES - timedelta(seconds=1), tick=False) as clock:
        run("draw:", config, database)
        assert {each.state for each in requests_of(database, draw)} == {RequestState.ENTERED}
        clock.move_to(CLOSES + late)
        run("draw:", config, database)
        assert [each.state for each in requests_of(database, draw)] == [RequestState.WON] * 16 + [
            RequestState.LISTED
        ]
        clock.move_to(CLOSES + late + timedelta(hours=48))
        with database.write() as session:
            confirming.lapse(session, CLOSES + late + timedelta(hours=48), settings=config)
        run("waitlist: offer", config, database)
        with database.read() as session:
            assert session.scalars(select(Draw.state)).one() is DrawState.SETTLED
            assert session.scalars(select(WaitlistEntry.state)).one() is EntryState.OFFERED
            assert len(session.scalars(select(Offer)).all()) == 1
        clock.move_to(CLOSES + timedelta(days=60))
        run("waitlist: offer", config, database)
        run("waitlist: end", config, database)
        run("forget", config, database)
    with database.read() as session:
        entry = session.scalars(select(WaitlistEntry)).one()
        assert entry.state is EntryState.OVER
    assert [each.person for each in requests_of(database, draw)] == [None] * 17
