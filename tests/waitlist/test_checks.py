"""What `frontoffice doctor` says about the waiting list."""

from datetime import datetime

import pytest
from sqlalchemy import update

from frontoffice.booking.models import Hold, Purpose
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Service
from frontoffice.waitlist import checks
from frontoffice.waitlist.models import EntryState, Offer, Outcome, WaitlistEntry
from tests.booking.steps import at
from tests.waitlist.steps import free_a_time, join, offer_all, somebody


def found(database: Database) -> list[str]:
    with database.read() as session:
        return list(checks.differences(session))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (update(WaitlistEntry).values(state=EntryState.WAITING), "is open, but entry"),
        (update(Offer).values(outcome=Outcome.EXPIRED), "for an offer that is not open"),
        (update(Offer).values(outcome=Outcome.EXPIRED), "nothing is offered to it"),
        (update(Hold).where(Hold.purpose == Purpose.OFFER).values(first_tick=50), "keeps another time"),
    ],
)
def test_what_does_not_agree_is_said(
    database: Database, config: Config, renewal: Service, now: datetime, change: object, said: str
) -> None:
    join(database, config, somebody(1), now)
    free_a_time(database, config, renewal, at(25, "09:00"), now)
    offer_all(database, config, now)
    assert found(database) == []
    with database.write() as session:
        session.execute(change)  # type: ignore[call-overload]
    assert any(said in line for line in found(database))
