"""The arithmetic of a day sheet, against a model that counts people one by one."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontoffice.booking import sheet
from frontoffice.booking.models import Share
from frontoffice.booking.sheet import EMPTY, SHARES, TICKS, Full

BERLIN = "Europe/Berlin"
WINTER_DAY = date(2026, 11, 23)
SHORT_DAY = date(2027, 3, 28)  # 02:00 is followed by 03:00
LONG_DAY = date(2026, 10, 25)  # 02:00 to 03:00 comes twice

TIMES = st.builds(time, st.integers(0, 23), st.sampled_from(range(0, 60, 5)))
DAYS = st.dates(date(2020, 1, 1), date(2040, 12, 31))
ZONES = st.sampled_from([BERLIN, "UTC", "Australia/Lord_Howe", "America/Santiago", "Asia/Beirut"])
STRETCHES = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 40)), min_size=1, max_size=60)
SEATS = STRETCHES.map(lambda each: (b"".join(bytes([seats]) * n for seats, n in each) + EMPTY)[: len(EMPTY)])


def sheet_open(opens: time, closes: time, *seats: int, day: date = WINTER_DAY) -> bytes:
    """The capacity of a day with these opening hours; seats for the shares in their order."""
    return sheet.seats(
        sheet.open_ticks(day, BERLIN, opens, closes), (*seats, *[0] * (len(SHARES) - len(seats)))
    )


def wall_clock(bits: int, day: date = WINTER_DAY) -> list[str]:
    """The times of day at which the ticks of a bit set begin."""
    moments = [sheet.moment_of(tick, day, BERLIN) for tick in sheet.each_bit(bits)]
    return [moment.astimezone(ZoneInfo(BERLIN)).strftime("%H:%M") for moment in moments]


@pytest.mark.parametrize(("day", "ticks"), [(WINTER_DAY, 288), (SHORT_DAY, 276), (LONG_DAY, 300)])
def test_a_day_has_as_many_ticks_as_five_minutes_really_pass(day: date, ticks: int) -> None:
    assert sheet.length(day, BERLIN) == ticks


@given(DAYS, ZONES, st.integers(0, TICKS - 1))
def test_every_tick_has_one_moment_and_every_moment_one_tick(day: date, zone: str, tick: int) -> None:
    moment = sheet.moment_of(tick, day, zone)
    assert sheet.tick_of(moment, day, zone) == (tick if tick < sheet.length(day, zone) else None)
    if tick < sheet.length(day, zone):
        assert sheet.day_of(moment, zone) == day


def test_a_moment_off_the_grid_or_on_another_day_has_no_tick() -> None:
    eight = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    assert sheet.tick_of(eight, WINTER_DAY, BERLIN) == 96
    assert sheet.tick_of(eight + timedelta(minutes=3), WINTER_DAY, BERLIN) is None
    assert sheet.tick_of(eight + timedelta(microseconds=1), WINTER_DAY, BERLIN) is None
    assert sheet.tick_of(eight - timedelta(hours=9), WINTER_DAY, BERLIN) is None
    assert sheet.tick_of(eight + timedelta(hours=16), WINTER_DAY, BERLIN) is None


@given(DAYS, ZONES, TIMES, TIMES)
def test_open_ticks_are_those_whose_time_stands_on_the_wall_clock(
    day: date, zone: str, opens: time, closes: time
) -> None:
    bits = sheet.open_ticks(day, zone, opens, closes)
    for tick in range(TICKS):
        local = sheet.moment_of(tick, day, zone).astimezone(ZoneInfo(zone))
        clock = local.time()
        expected = local.date() == day and opens <= clock and (clock < closes or closes == time(0))
        assert bool(bits >> tick & 1) == expected, local


def test_opening_hours_off_the_five_minutes_lose_the_part_that_is_no_whole_tick() -> None:
    bits = sheet.open_ticks(WINTER_DAY, BERLIN, time(8, 2), time(8, 19))
    assert wall_clock(bits) == ["08:05", "08:10"]


def test_the_hour_that_comes_twice_is_open_twice() -> None:
    bits = sheet.open_ticks(LONG_DAY, BERLIN, time(2, 50), time(3, 10))
    assert wall_clock(bits, LONG_DAY) == ["02:50", "02:55", "02:50", "02:55", "03:00", "03:05"]


def test_the_hour_that_is_left_out_is_not_open() -> None:
    bits = sheet.open_ticks(SHORT_DAY, BERLIN, time(1, 50), time(3, 10))
    assert wall_clock(bits, SHORT_DAY) == ["01:50", "01:55", "03:00", "03:05"]


def test_an_office_that_closes_at_midnight_is_open_to_the_last_tick() -> None:
    for day in (WINTER_DAY, SHORT_DAY, LONG_DAY):
        bits = sheet.open_ticks(day, BERLIN, time(23), time(0))
        assert wall_clock(bits, day)[0] == "23:00"
        assert max(sheet.each_bit(bits)) == sheet.length(day, BERLIN) - 1


def test_starts_follow_the_service_from_the_opening() -> None:
    free = sheet.free(sheet_open(time(8, 15), time(11), 1), EMPTY)
    assert wall_clock(sheet.starts(free, Share.ONLINE, 9)) == ["08:15", "09:00", "09:45"]
    assert sheet.starts(free, Share.PHONE, 9) == 0


def test_after_a_break_starts_begin_anew() -> None:
    whole = sheet_open(time(8), time(12), 1)
    meeting = sheet.open_ticks(WINTER_DAY, BERLIN, time(9, 20), time(9, 50))
    free = sheet.free(sheet.without(whole, meeting), EMPTY)
    assert wall_clock(sheet.starts(free, Share.ONLINE, 12)) == ["08:00", "09:50", "10:50"]


def test_booking_does_not_move_the_starts_of_others() -> None:
    capacity = sheet_open(time(8), time(10), 1)
    taken = sheet.take(capacity, EMPTY, Share.ONLINE, 96, 3)
    free = sheet.free(capacity, taken)
    assert wall_clock(sheet.starts(free, Share.ONLINE, 6)) == ["08:30", "09:00", "09:30"]
    assert sheet.exists(capacity, free, Share.ONLINE, 96, 6)
    assert not sheet.exists(capacity, free, Share.ONLINE, 97, 6)
    assert not sheet.exists(capacity, free, Share.ONLINE, 120, 6)  # after closing
    assert not sheet.exists(capacity, free, Share.PHONE, 96, 6)
    assert not sheet.exists(capacity, free, Share.ONLINE, 299, 6)


def test_a_seat_is_taken_on_every_tick_or_on_none() -> None:
    capacity = sheet_open(time(8), time(9), 1)
    taken = sheet.take(capacity, EMPTY, Share.ONLINE, 100, 2)
    with pytest.raises(Full):
        sheet.take(capacity, taken, Share.ONLINE, 96, 6)
    with pytest.raises(Full):
        sheet.take(capacity, taken, Share.ONLINE, 104, 6)  # the last two ticks are after closing
    with pytest.raises(Full):
        sheet.take(capacity, taken, Share.ONLINE, TICKS - 1, 2)
    with pytest.raises(Full):
        sheet.take(capacity, taken, Share.ONLINE, -2, 2)


def test_nothing_can_be_given_back_that_was_not_taken() -> None:
    with pytest.raises(ValueError, match="range"):
        sheet.give_back(EMPTY, Share.ONLINE, 96, 6)


def test_capacities_add_up_to_what_fits_into_a_byte() -> None:
    hours = sheet_open(time(8), time(9), 200, 1, 0)
    both = sheet.together(hours, hours)
    assert both[96] == 255
    assert both[TICKS + 96] == 2
    assert both[95] == 0


APPOINTMENTS = st.lists(
    st.tuples(st.sampled_from(SHARES), st.integers(0, 30), st.integers(1, 12)), max_size=40
)


@given(st.integers(0, 3), st.integers(0, 3), APPOINTMENTS, st.randoms(use_true_random=False))
def test_seats_are_given_away_exactly_as_often_as_there_are(
    online: int, phone: int, wanted: list[tuple[Share, int, int]], chance: object
) -> None:
    capacity = sheet.seats((1 << 24) - 1, (online, phone, 1, 2))
    there = {Share.ONLINE: online, Share.PHONE: phone, Share.ON_SITE: 1, Share.EMERGENCY: 2}
    people: list[tuple[Share, int, int]] = []
    taken = EMPTY
    for share, first, ticks in wanted:
        others = [(f, f + n) for c, f, n in people if c == share]
        wishes = range(first, first + ticks)
        fits = wishes.stop <= 24 and all(sum(f <= t < e for f, e in others) < there[share] for t in wishes)
        if fits:
            taken = sheet.take(capacity, taken, share, first, ticks)
            people.append((share, first, ticks))
        else:
            with pytest.raises(Full):
                sheet.take(capacity, taken, share, first, ticks)
    assert not sheet.exceeds(taken, capacity)
    chance.shuffle(people)  # type: ignore[attr-defined]
    for share, first, ticks in people:
        taken = sheet.give_back(taken, share, first, ticks)
    assert taken == EMPTY


@given(SEATS, SEATS, st.sampled_from(SHARES), st.integers(1, 24), st.integers(0, 2**TICKS - 1))
def test_starts_are_where_a_naive_look_at_every_tick_finds_them(
    capacity: bytes, taken: bytes, share: Share, ticks: int, allowed: int
) -> None:
    begin = SHARES.index(share) * TICKS
    left = [
        capacity[begin + tick] > taken[begin + tick] and bool(allowed >> tick & 1) for tick in range(TICKS)
    ]
    is_open = [any(capacity[place * TICKS + tick] for place in range(len(SHARES))) for tick in range(TICKS)]
    openings = [tick for tick in range(TICKS) if is_open[tick] and not (tick and is_open[tick - 1])]
    expected = []
    for tick in range(TICKS):
        since = [opening for opening in openings if opening <= tick]
        on_grid = bool(since) and (tick - since[-1]) % ticks == 0
        if on_grid and tick + ticks <= TICKS and all(left[tick : tick + ticks]):
            expected.append(tick)
    free = sheet.free(capacity, taken)
    there = [capacity[begin + tick] > 0 and bool(allowed >> tick & 1) for tick in range(TICKS)]
    for tick in expected:
        assert sheet.exists(capacity, free, share, tick, ticks, allowed)
    for tick in range(TICKS - ticks + 1):
        if not all(there[tick : tick + ticks]):
            assert not sheet.exists(capacity, free, share, tick, ticks, allowed)
    assert len(free) == 5 * sheet.SET
    assert list(sheet.each_bit(sheet.starts(free, share, ticks, allowed))) == expected


@given(st.integers(0, 2**TICKS - 1), st.integers(1, 40))
def test_runs_are_found_wherever_they_are(bits: int, ticks: int) -> None:
    expected = [first for first in range(TICKS) if all(bits >> (first + more) & 1 for more in range(ticks))]
    assert list(sheet.each_bit(sheet.runs(bits, ticks))) == expected


def test_looking_only_from_a_moment_on() -> None:
    half_past = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
    assert sheet.first_tick_from(half_past, WINTER_DAY, BERLIN) == 102
    assert sheet.first_tick_from(half_past + timedelta(seconds=1), WINTER_DAY, BERLIN) == 103
    assert sheet.first_tick_from(half_past, WINTER_DAY + timedelta(days=1), BERLIN) == 0
    assert sheet.first_tick_from(half_past, WINTER_DAY - timedelta(days=1), BERLIN) > TICKS
    assert list(sheet.each_bit(sheet.from_bit(0b101101, 2))) == [2, 3, 5]
