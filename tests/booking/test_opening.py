"""What rules give on a day: on which days they hold, their seats, and when the public comes to them."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from frontoffice.booking import gates, opening, sheet
from frontoffice.booking.models import Channel, Share
from frontoffice.booking.opening import CLOSED
from frontoffice.offices import holidays
from frontoffice.offices.models import Closure, Office, OpeningHours, Schedule

BERLIN = ZoneInfo("Europe/Berlin")
THURSDAY = 3
WEDNESDAY = date(2026, 11, 25)


def at(day: date, clock: str) -> datetime:
    """A moment by Berlin's clock, in UTC."""
    return datetime.combine(day, time.fromisoformat(clock), BERLIN).astimezone(UTC)


def rule(**changes: object) -> OpeningHours:
    """Wednesdays from 08:00 to 12:00, two seats online and one of each other share."""
    values = {
        "weekday": 2,
        "opens": time(8),
        "closes": time(12),
        "valid_from": date(2026, 1, 1),
        "every_weeks": 1,
        "seats_online": 2,
        "seats_phone": 1,
        "seats_on_site": 1,
        "seats_emergency": 1,
        "breaks": [],
        "bookable_until_days": 0,
    }
    return OpeningHours(**{**values, **changes})


def on(
    day: date,
    *rules: OpeningHours,
    land: str = "NW",
    zone: str = "Europe/Berlin",
    closures: tuple[Closure, ...] = (),
    open_on: tuple[str, ...] = (),
    **schedule: int | None,
) -> opening.Opening:
    """Seats and gates of a day."""
    return opening.opening_on(
        day,
        Office(land=land, time_zone=zone, open_on=list(open_on)),
        Schedule(**schedule),
        rules or [rule()],
        closures,
    )


def days_of(held: OpeningHours, first: date, until: date) -> list[date]:
    """On which days the rule holds."""
    days = (first + timedelta(days=number) for number in range((until - first).days))
    return [day for day in days if opening.applies(held, day)]


def clock(bits: int, day: date = WEDNESDAY) -> list[str]:
    """From when until when the ticks lie, stretch by stretch."""
    edges = bits ^ (bits << 1)
    moments = [sheet.moment_of(tick, day, "Europe/Berlin") for tick in sheet.each_bit(edges)]
    return [moment.astimezone(BERLIN).strftime("%H:%M") for moment in moments]


def seats(made: opening.Opening, share: Share) -> int:
    """The bit set of the ticks at which the share has a seat."""
    first = sheet.SHARES.index(share) * sheet.TICKS
    counts = made.capacity[first : first + sheet.TICKS]
    return sum(1 << tick for tick, count in enumerate(counts) if count)


def public(made: opening.Opening, now: datetime, beyond: bool = False) -> dict[Share, list[str]]:
    """From when until when on the day the public may take from each share now."""
    return {
        share: clock(bits) for share, bits in gates.usable(made.gates, Channel.ONLINE, now, beyond=beyond)
    }


@pytest.mark.parametrize(
    ("nth", "days"),
    [
        (1, ["01-07", "02-04", "03-04", "04-01", "05-06"]),
        (4, ["01-28", "02-25", "03-25", "04-22", "05-27"]),
        (5, ["04-29"]),  # of these only April 2026 has five Wednesdays
        (-1, ["01-28", "02-25", "03-25", "04-29", "05-27"]),
    ],
)
def test_the_nth_weekday_of_months_with_four_and_with_five(nth: int, days: list[str]) -> None:
    found = days_of(rule(nth=nth), date(2026, 1, 1), date(2026, 6, 1))
    assert [f"{day:%m-%d}" for day in found] == days


def test_the_last_weekday_of_a_leap_february_is_its_twenty_ninth() -> None:
    tuesday = rule(weekday=1, nth=-1, valid_from=date(2028, 1, 1))
    assert days_of(tuesday, date(2028, 2, 1), date(2028, 3, 1)) == [date(2028, 2, 29)]
    assert days_of(rule(weekday=1, nth=5), date(2028, 2, 1), date(2028, 3, 1)) == [date(2028, 2, 29)]
    assert days_of(rule(weekday=0, nth=5), date(2027, 2, 1), date(2027, 3, 1)) == []


def test_every_third_week_counts_from_the_week_in_which_the_rule_begins() -> None:
    held = rule(
        every_weeks=3, valid_from=date(2026, 12, 18)
    )  # a Friday: its own week counts, its Wednesday is over
    assert days_of(held, date(2026, 12, 1), date(2027, 2, 1)) == [date(2027, 1, 6), date(2027, 1, 27)]


def test_a_rule_holds_from_its_first_day_until_before_the_day_on_which_it_ends() -> None:
    held = rule(valid_from=date(2026, 11, 11), valid_until=date(2026, 11, 25))
    assert days_of(held, date(2026, 11, 1), date(2026, 12, 31)) == [date(2026, 11, 11), date(2026, 11, 18)]


def test_breaks_take_every_tick_they_touch() -> None:
    made = on(WEDNESDAY, rule(breaks=[["09:58", "10:32"], ["11:00", "11:05"]]))
    expected = ["08:00", "09:55", "10:35", "11:00", "11:05", "12:00"]
    assert clock(seats(made, Share.ONLINE)) == expected
    assert clock(seats(made, Share.EMERGENCY)) == expected
    assert public(made, at(WEDNESDAY, "07:00")) == {Share.ONLINE: expected}


def test_an_office_that_closes_at_midnight_has_seats_to_the_end_of_every_kind_of_day() -> None:
    late = {"opens": time(22), "closes": time(0), "breaks": [["23:50", "00:00"]]}
    for day in (WEDNESDAY, date(2026, 10, 25), date(2027, 3, 28)):
        made = on(day, rule(weekday=day.weekday(), **late))
        bits = seats(made, Share.ONLINE)
        assert bits.bit_count() == 22
        assert max(sheet.each_bit(bits)) == sheet.length(day, "Europe/Berlin") - 3


@pytest.mark.parametrize(
    ("land", "day", "is_open"),
    [
        ("NW", date(2027, 5, 27), False),  # Corpus Christi, a Thursday
        ("BE", date(2027, 5, 27), True),
        ("SN", date(2026, 11, 18), False),  # Buß- und Bettag, a Wednesday
        ("NW", date(2026, 11, 18), True),
        ("BE", date(2027, 3, 8), False),  # International Women's Day
        ("NW", date(2027, 3, 8), True),
    ],
)
def test_holidays_close_the_offices_of_their_land_only(land: str, day: date, is_open: bool) -> None:
    assert (on(day, rule(weekday=day.weekday()), land=land) != CLOSED) == is_open


def test_closures_take_seats_of_all_shares_and_a_whole_one_takes_the_day() -> None:
    part = Closure(day=WEDNESDAY, opens=time(9), closes=time(10), reason="Besprechung")
    until_noon = Closure(day=WEDNESDAY, closes=time(11), reason="Brandschutz")
    assert clock(seats(on(WEDNESDAY, closures=(part,)), Share.PHONE)) == ["08:00", "09:00", "10:00", "12:00"]
    assert clock(seats(on(WEDNESDAY, closures=(part, until_noon)), Share.EMERGENCY)) == ["11:00", "12:00"]
    assert on(WEDNESDAY, closures=(Closure(day=WEDNESDAY, reason="Streik"),)) == CLOSED


def test_without_a_rule_of_release_the_public_can_book_as_far_as_the_configuration_lets_it() -> None:
    made = on(WEDNESDAY)
    assert public(made, at(date(2020, 1, 1), "00:00")) == {Share.ONLINE: ["08:00", "12:00"]}
    assert public(made, at(WEDNESDAY, "23:59")) == {Share.ONLINE: ["08:00", "12:00"]}
    assert public(made, at(date(2026, 11, 26), "00:00")) == {}
    assert public(made, at(WEDNESDAY, "07:00"), beyond=True) == {}


def test_times_are_released_on_their_day_at_their_hour() -> None:
    made = on(WEDNESDAY, rule(bookable_from_days=35, release_time=time(8)))
    release = at(date(2026, 10, 21), "08:00")  # still summer time
    assert release == datetime(2026, 10, 21, 6, tzinfo=UTC)
    assert public(made, release - timedelta(minutes=1)) == {}
    assert public(made, release) == {Share.ONLINE: ["08:00", "12:00"]}
    assert public(made, release, beyond=True) == {Share.ONLINE: ["08:00", "12:00"]}


def test_a_release_at_midnight_and_one_on_the_day_itself() -> None:
    midnight = on(WEDNESDAY, rule(bookable_from_days=1))
    assert public(midnight, at(date(2026, 11, 23), "23:59")) == {}
    assert public(midnight, at(date(2026, 11, 24), "00:00")) != {}
    same_day = on(WEDNESDAY, rule(bookable_from_days=0, release_time=time(7, 30)))
    assert public(same_day, at(WEDNESDAY, "07:29")) == {}
    assert public(same_day, at(WEDNESDAY, "07:30")) != {}


def test_times_can_be_booked_until_so_many_days_before() -> None:
    made = on(WEDNESDAY, rule(bookable_until_days=2), flow_hours=72)
    assert set(public(made, at(date(2026, 11, 23), "23:59"))) == {Share.ONLINE, *opening.FLOWING}
    assert public(made, at(date(2026, 11, 24), "00:00")) == {}


def test_a_release_in_the_hour_that_is_left_out_comes_when_it_would_have_come() -> None:
    tuesday = date(2027, 3, 30)
    made = on(tuesday, rule(weekday=1, bookable_from_days=2, release_time=time(2, 30)))
    # Half an hour after 02:00 would have come; the clock shows 03:30 then.
    release = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert gates.usable(made.gates, Channel.ONLINE, release - timedelta(minutes=1)) == []
    assert gates.usable(made.gates, Channel.ONLINE, release) != []


@pytest.mark.parametrize(
    ("land", "day", "opens"),
    [
        ("NW", date(2026, 11, 25), date(2026, 11, 23)),
        ("NW", date(2026, 11, 23), date(2026, 11, 19)),  # a weekend lies between
        ("SN", date(2026, 11, 19), date(2026, 11, 16)),  # the Wednesday before is Buß- und Bettag there
        ("NW", date(2026, 11, 19), date(2026, 11, 17)),
        ("NW", date(2026, 12, 29), date(2026, 12, 24)),  # Christmas on Friday and Saturday
        ("NW", date(2027, 3, 30), date(2027, 3, 24)),  # Easter: Good Friday to Easter Monday
        ("NW", date(2026, 11, 28), date(2026, 11, 26)),  # a Saturday on which the office opens
    ],
)
def test_the_emergency_share_opens_working_days_ahead(land: str, day: date, opens: date) -> None:
    made = on(day, rule(weekday=day.weekday()), land=land, emergency_days=2)
    for moment, is_open in ((at(opens, "00:00"), True), (at(opens, "00:00") - timedelta(minutes=1), False)):
        shares = [share for share, _ in gates.usable(made.gates, Channel.ONLINE, moment)]
        assert (Share.EMERGENCY in shares) == is_open


def test_the_emergency_share_opens_at_the_time_of_release_and_does_not_close_early() -> None:
    made = on(
        WEDNESDAY,
        rule(bookable_from_days=30, release_time=time(8), bookable_until_days=2),
        emergency_days=1,
    )
    assert public(made, at(date(2026, 11, 24), "07:59")) == {}
    assert public(made, at(date(2026, 11, 24), "08:00")) == {Share.EMERGENCY: ["08:00", "12:00"]}
    assert public(made, at(WEDNESDAY, "11:00")) == {Share.EMERGENCY: ["08:00", "12:00"]}
    assert public(on(WEDNESDAY, emergency_days=0), at(date(2026, 11, 24), "23:59")).keys() == {Share.ONLINE}
    assert public(on(WEDNESDAY, emergency_days=0), at(WEDNESDAY, "00:00")).keys() == {
        Share.ONLINE,
        Share.EMERGENCY,
    }
    assert public(on(WEDNESDAY), at(WEDNESDAY, "11:00")).keys() == {Share.ONLINE}


def test_unused_shares_flow_to_the_public_tick_by_tick_as_their_time_comes_near() -> None:
    made = on(WEDNESDAY, flow_hours=24)
    tuesday = date(2026, 11, 24)
    assert public(made, at(tuesday, "07:59")).keys() == {Share.ONLINE}
    assert public(made, at(tuesday, "08:00"))[Share.PHONE] == ["08:00", "08:05"]
    later = public(made, at(tuesday, "09:32"))
    assert {later[share][-1] for share in opening.FLOWING} == {"09:35"}
    assert public(made, at(WEDNESDAY, "08:00"))[Share.ON_SITE] == ["08:00", "12:00"]


def test_unused_shares_flow_in_real_hours_across_the_change_of_the_clock() -> None:
    day = date(2026, 10, 25)
    made = on(day, rule(weekday=6), flow_hours=12)
    eight = at(day, "08:00")
    for share, bits in gates.usable(made.gates, Channel.ONLINE, eight - timedelta(hours=12)):
        assert share is Share.ONLINE or bits == 1 << (sheet.tick_of(eight, day, "Europe/Berlin") or 0)
    before = gates.usable(made.gates, Channel.ONLINE, eight - timedelta(hours=12, minutes=1))
    assert [share for share, _ in before] == [Share.ONLINE]


def test_nothing_flows_before_its_release_or_beyond_the_horizon() -> None:
    made = on(WEDNESDAY, rule(bookable_from_days=0, release_time=time(9)), flow_hours=1)
    assert public(made, at(WEDNESDAY, "08:59")) == {}
    assert public(made, at(WEDNESDAY, "09:00"))[Share.PHONE] == ["08:00", "10:05"]
    assert public(made, at(WEDNESDAY, "09:30"))[Share.PHONE] == ["08:00", "10:35"]
    assert public(on(WEDNESDAY, flow_hours=1000), at(WEDNESDAY, "07:00"), beyond=True) == {}


def test_a_share_without_seats_has_no_gate() -> None:
    none = {"seats_phone": 0, "seats_on_site": 0, "seats_emergency": 0}
    made = on(WEDNESDAY, rule(**none), emergency_days=2, flow_hours=24)
    assert [gate.share for gate in gates.read(made.gates)] == [Share.ONLINE]


def test_rules_of_one_day_are_one_gate_where_they_open_alike() -> None:
    made = on(
        WEDNESDAY,
        rule(bookable_from_days=5, closes=time(9)),
        rule(bookable_from_days=5, opens=time(10)),
        rule(bookable_from_days=2, opens=time(14), closes=time(15)),
    )
    assert [clock(gate.bits) for gate in gates.read(made.gates)] == [
        ["08:00", "09:00", "10:00", "12:00"],
        ["14:00", "15:00"],
    ]


def test_the_same_rules_in_another_order_give_the_same_bytes() -> None:
    rules = [rule(bookable_from_days=number, opens=time(8 + number)) for number in range(4)]
    assert on(WEDNESDAY, *rules, flow_hours=5) == on(WEDNESDAY, *reversed(rules), flow_hours=5)


@pytest.mark.parametrize("zone", ["America/Santiago", "Asia/Beirut", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_rules_hold_by_the_clock_of_the_offices_own_zone(zone: str) -> None:
    made = on(WEDNESDAY, rule(bookable_from_days=1, release_time=time(8)), zone=zone)
    release = datetime(2026, 11, 24, 8, tzinfo=ZoneInfo(zone))
    assert gates.usable(made.gates, Channel.ONLINE, release - timedelta(minutes=1)) == []
    assert gates.usable(made.gates, Channel.ONLINE, release) != []


@pytest.mark.parametrize("open_on", [[], ["2027-01-01", "2026-10-03", "2026-12-25"]])
def test_working_days_before_are_as_many_working_days_as_asked_for(open_on: list[str]) -> None:
    for land in holidays.LAENDER:
        office = Office(land=land, open_on=open_on)
        is_open = {
            day: day.weekday() < 5 and (not holidays.is_holiday(land, day) or day.isoformat() in open_on)
            for day in (date(2026, 5, 1) + timedelta(days=number) for number in range(440))
        }
        for number in range(0, 400, 3):
            day = date(2026, 6, 1) + timedelta(days=number)
            for count in (0, 1, 2, 5):
                before = holidays.working_days_before(office, day, count)
                between = [before + timedelta(days=each) for each in range((day - before).days)]
                assert sum(is_open[each] for each in between) == count
                assert not between or is_open[before]


def test_an_office_can_open_on_a_public_holiday() -> None:
    friday = date(2027, 1, 1)
    usual = rule(weekday=4, seats_emergency=1)
    assert on(friday, usual) == opening.CLOSED
    made = on(friday, usual, open_on=("2026-12-25", "2027-01-01"))
    assert clock(seats(made, Share.ONLINE), friday) == ["08:00", "12:00"]
    closed = Closure(day=friday, opens=time(10), closes=time(12), reason="short")
    made = on(friday, usual, open_on=("2027-01-01",), closures=(closed,))
    assert clock(seats(made, Share.ONLINE), friday) == ["08:00", "10:00"]
    assert (
        on(friday + timedelta(days=1), usual, open_on=("2027-01-02",)) == opening.CLOSED
    )  # no rule, no hours
