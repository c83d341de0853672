"""Until when kiosks give numbers to people without appointment: the office's hours, and closing early."""

from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import delete, update

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.line import closing, device_setup
from frontoffice.line.journal import Entry
from frontoffice.offices.models import Closure, Office, OpeningHours
from frontoffice.staff.models import Account, Device, Role
from kiosk import numbers, office_setup
from tests.line.parts import account, appointment, kiosk
from tests.line.test_journal import check_in, entry, take

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NONE_YET, NO_MORE = (False, "no_numbers_yet"), (False, "no_more_numbers")
GIVEN = (True, None)


class Hall:
    """The sample office, open from 8 to 12, and its kiosk."""

    def __init__(self, database: Database, office: Office, config: Config) -> None:
        self.database, self.office, self.config = database, office, config
        self.drawn = 0
        with database.write() as session:
            self.device: Device = kiosk(session, office)
            self.lead: Account = account(
                session, role=Role.TEAM_LEAD, office=session.get_one(Office, office.id)
            )

    def draw(self, now: datetime, *, handed_out: bool = False) -> tuple[bool, str | None]:
        """Somebody wants a number; the kiosk itself, asked what it would say, says the same."""
        self.drawn += 1
        drawn = self.take(entry(now, self.drawn, handed_out=handed_out), now)
        with self.database.read() as session:
            told = device_setup.of_device(session, session.get_one(Device, self.device.id), now, self.config)
        alone = numbers.at(office_setup.parse(told.model_dump(mode="json")), now)
        assert handed_out or (alone.given, alone.code) == drawn
        return drawn

    def take(self, one: Entry, now: datetime) -> tuple[bool, str | None]:
        """The office's answer."""
        (result,) = take(self.database, self.device, one, now=now)
        return result.accepted, result.code

    def close(self, closes_at: datetime | None, now: datetime) -> None:
        """Staff close early, or as usual."""
        with self.database.write() as session:
            place, lead = session.get_one(Office, self.office.id), session.get_one(Account, self.lead.id)
            if closes_at is None:
                closing.close_as_usual(session, place, lead, now)
            else:
                closing.close_early(session, place, lead, closes_at, now)


@pytest.fixture
def hall(database: Database, office: Office, config: Config) -> Hall:
    return Hall(database, office, config)


def test_numbers_are_given_from_half_an_hour_before_opening_until_the_office_closes(
    hall: Hall, now: datetime
) -> None:
    opens, closes = now, now + 4 * HOUR
    assert hall.draw(opens - 31 * MINUTE) == NONE_YET
    assert hall.draw(opens - 30 * MINUTE) == GIVEN
    assert hall.draw(closes - MINUTE) == GIVEN
    assert hall.draw(closes) == NO_MORE
    assert hall.draw(opens - timedelta(days=1)) == NO_MORE, "a Sunday"
    assert hall.draw(opens + timedelta(days=30)) == GIVEN
    assert hall.draw(datetime(2026, 12, 25, 9, tzinfo=now.tzinfo)) == NO_MORE, "a holiday"


def test_a_number_that_is_out_counts_and_who_has_an_appointment_checks_in_all_the_same(
    hall: Hall, now: datetime
) -> None:
    closes = now + 4 * HOUR
    assert hall.draw(closes + MINUTE, handed_out=True) == GIVEN
    with hall.database.write() as session:
        booked = appointment(session, session.get_one(Office, hall.office.id), closes + 10 * MINUTE)
    assert hall.take(check_in(closes + MINUTE, booked.reference, 50), closes + MINUTE) == GIVEN


def test_after_closing_early_no_numbers_are_given_until_staff_take_it_back(hall: Hall, now: datetime) -> None:
    early = now + 2 * HOUR
    hall.close(early, now)
    assert hall.draw(early - MINUTE) == GIVEN
    assert hall.draw(early) == NO_MORE
    assert hall.draw(early + timedelta(days=1)) == GIVEN, "that was yesterday"
    hall.close(now + 8 * HOUR, now)
    assert hall.draw(now + 5 * HOUR) == NO_MORE, "the usual time is earlier"
    hall.close(None, now)
    assert hall.draw(early) == GIVEN


def test_the_latest_of_what_is_told_about_the_hours_counts(hall: Hall, now: datetime) -> None:
    at = now + HOUR
    assert hall.draw(at) == GIVEN
    with hall.database.write() as session:
        session.add(
            Closure(office_id=hall.office.id, day=now.date(), opens=None, closes=None, reason="Storm")
        )
    assert hall.draw(at) == NO_MORE
    with hall.database.write() as session:
        session.execute(delete(Closure))
        session.execute(update(OpeningHours).values(opens=time(18), closes=time(0)))
    midnight = now + 16 * HOUR
    tomorrow = timedelta(days=1)  # what was read of today may be kept for some seconds
    assert hall.draw(at + tomorrow) == NONE_YET
    assert hall.draw(midnight - MINUTE + tomorrow) == GIVEN


def test_an_office_that_has_told_no_hours_gives_numbers_at_any_time(hall: Hall, now: datetime) -> None:
    with hall.database.write() as session:
        session.execute(delete(OpeningHours))
    assert hall.draw(now - 5 * HOUR) == GIVEN
    hall.close(now + HOUR, now)
    assert hall.draw(now + HOUR) == NO_MORE
    assert hall.draw(now + 10 * MINUTE) == GIVEN
