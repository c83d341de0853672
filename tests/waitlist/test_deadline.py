"""Until when an offer stands: nobody has to answer at night."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from frontoffice.waitlist.deadline import deadline
from tests.booking.steps import at

BERLIN = ZoneInfo("Europe/Berlin")


def ends(now: datetime, latest: datetime, minutes: int = 120, least: int = 30) -> datetime | None:
    return deadline(now, latest, BERLIN, minutes=minutes, least=least, quiet_from=20, quiet_until=8)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (at(23, "09:00"), at(23, "11:00")),
        (at(23, "18:00"), at(23, "20:00")),
        (at(23, "19:30"), at(24, "09:30")),  # half an hour today, the rest tomorrow
        (at(23, "22:00"), at(24, "10:00")),  # the SMS arrives at eight
        (at(24, "03:00"), at(24, "10:00")),
    ],
)
def test_two_hours_of_the_daytime(made: datetime, expected: datetime) -> None:
    assert ends(made, at(30, "08:00")) == expected


def test_it_ends_early_enough_before_the_appointment() -> None:
    assert ends(at(23, "09:00"), at(23, "10:00")) == at(23, "10:00")


def test_no_offer_is_made_that_nobody_could_answer() -> None:
    assert ends(at(23, "09:00"), at(23, "09:29")) is None
    assert ends(at(23, "22:00"), at(24, "07:30")) is None
    assert ends(at(23, "22:00"), at(24, "08:29")) is None
    assert ends(at(23, "22:00"), at(24, "08:30")) == at(24, "08:30")
    assert ends(at(23, "09:00"), at(23, "08:00")) is None


def test_without_quiet_hours_the_night_counts() -> None:
    made, latest = at(23, "22:00"), at(24, "09:00")
    found = deadline(made, latest, BERLIN, minutes=120, least=30, quiet_from=0, quiet_until=0)
    assert found == made + timedelta(hours=2)


def test_the_night_in_which_the_clock_goes_back_makes_it_no_shorter() -> None:
    made = datetime(2026, 10, 24, 19, tzinfo=BERLIN)  # summer time ends in this night
    found = ends(made, made + timedelta(days=3))
    assert found == datetime(2026, 10, 25, 9, tzinfo=BERLIN)
