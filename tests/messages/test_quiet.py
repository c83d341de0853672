"""Quiet hours on the office's wall clock, also in the nights when the clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontoffice.messages import quiet
from frontoffice.messages.models import Medium

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-11-23T18:59:59", None),  # 19:59:59
        ("2026-11-23T19:00:00", "2026-11-24T07:00:00"),  # 20:00
        ("2026-11-24T06:59:59", "2026-11-24T07:00:00"),
        ("2026-11-24T07:00:00", None),  # 08:00
        ("2026-07-01T17:59:59", None),  # summer: 19:59:59
        ("2026-07-01T18:00:00", "2026-07-02T06:00:00"),
        ("2026-10-24T18:00:00", "2026-10-25T07:00:00"),  # 13 hours: the night of 25 October 2026
        ("2026-10-25T00:30:00", "2026-10-25T07:00:00"),  # 02:30, the first time
        ("2026-10-25T01:30:00", "2026-10-25T07:00:00"),  # 02:30, the second time
        ("2026-10-25T06:30:00", "2026-10-25T07:00:00"),
        ("2027-03-27T19:00:00", "2027-03-28T06:00:00"),  # 11 hours: the night of 28 March 2027
        ("2027-03-28T05:59:59", "2027-03-28T06:00:00"),
        ("2027-03-28T06:00:00", None),
    ],
)
def test_nights_end_at_eight_on_the_wall_clock(now: str, ends: str | None) -> None:
    assert quiet.end(utc(now), BERLIN, 20, 8) == (utc(ends) if ends else None)


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        ("2026-11-23T18:59:59", "2026-11-23T19:00:00"),
        ("2026-11-23T19:00:00", "2026-11-24T19:00:00"),
        ("2026-10-24T18:00:00", "2026-10-25T19:00:00"),
        ("2027-03-27T19:00:00", "2027-03-28T18:00:00"),
    ],
)
def test_evenings_begin_at_eight_on_the_wall_clock(now: str, begins: str) -> None:
    assert quiet.begin(utc(now), BERLIN, 20, 8) == utc(begins)


def test_equal_hours_mean_no_quiet_hours() -> None:
    assert quiet.end(utc("2026-11-23T23:00:00"), BERLIN, 8, 8) is None
    assert quiet.begin(utc("2026-11-23T23:00:00"), BERLIN, 8, 8) is None


def test_only_an_sms_that_can_wait_is_kept() -> None:
    assert quiet.are_kept("reminder", Medium.SMS)
    assert not quiet.are_kept("next", Medium.SMS)
    assert not quiet.are_kept("confirm_contact", Medium.SMS)  # it would come after the appointment has lapsed
    assert not quiet.are_kept("reminder", Medium.MAIL)


@given(
    now=st.integers(0, 2 * 366 * 24 * 60).map(
        lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    zone=st.sampled_from(["Europe/Berlin", "Atlantic/Azores", "Australia/Lord_Howe", "America/New_York"]),
    hours=st.tuples(st.integers(0, 23), st.integers(0, 23)),
)
def test_quiet_hours_end_later_and_then_it_is_quiet_no_more(
    now: datetime, zone: str, hours: tuple[int, int]
) -> None:
    over = quiet.end(now, ZoneInfo(zone), *hours)
    if over is not None:
        assert now < over <= now + timedelta(hours=25)
        assert quiet.end(over, ZoneInfo(zone), *hours) is None
        assert quiet.end(over - timedelta(microseconds=1), ZoneInfo(zone), *hours) == over
