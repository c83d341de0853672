"""Gates: who may take from which share, at which moment; against a naive look at every gate and every tick."""

import struct
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontoffice.booking import gates
from frontoffice.booking.gates import EVER, NEVER, Gate
from frontoffice.booking.models import Channel, Share
from frontoffice.booking.sheet import ALL, SET, SHARES, TICKS

MORNING = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
NOON = MORNING + timedelta(hours=5)
HOURS = (1 << 24) - 1 << 96  # two hours from tick 96

MOMENTS = st.integers(-4000, 4000).map(lambda minutes: MORNING + timedelta(minutes=minutes))
GATES = st.builds(
    Gate,
    st.sampled_from(SHARES),
    MOMENTS,
    MOMENTS,
    st.integers(0, ALL),
    rolling=st.booleans(),
    configured=st.booleans(),
)


def gate(share: Share, opens: datetime = MORNING, closes: datetime = NOON, bits: int = HOURS) -> Gate:
    """A gate from seven to twelve, for two hours of ticks."""
    return Gate(share, opens, closes, bits)


def naively(written: list[Gate], channel: Channel, now: datetime, beyond: bool) -> dict[Share, set[int]]:
    """What `usable` should say, tick by tick."""
    own = {Channel.PHONE: {Share.PHONE}, Channel.ON_SITE: {Share.ON_SITE, Share.PHONE}}.get(channel, set())
    found = {share: set(range(TICKS)) for share in own if not beyond}
    for each in written:
        for tick in range(TICKS):
            opens = each.opens + timedelta(minutes=5 * tick) if each.rolling else each.opens
            open_now = each.opens <= now and opens <= now < each.closes
            if each.bits >> tick & 1 and open_now and not (beyond and each.configured):
                found.setdefault(each.share, set()).add(tick)
    return found


def ticks(bits: int) -> set[int]:
    return {tick for tick in range(TICKS) if bits >> tick & 1}


@given(st.lists(GATES, max_size=6))
def test_gates_are_read_as_they_were_written(written: list[Gate]) -> None:
    assert sorted(gates.read(gates.write(written))) == sorted(written)


@given(st.lists(GATES, max_size=6), st.randoms(use_true_random=False))
def test_the_same_gates_are_the_same_bytes(written: list[Gate], chance: object) -> None:
    before = gates.write(written)
    chance.shuffle(written)  # type: ignore[attr-defined]
    assert gates.write(written) == before


@given(st.lists(GATES, max_size=6), st.sampled_from(Channel), MOMENTS, st.integers(0, 59), st.booleans())
def test_what_a_door_may_take_is_what_a_look_at_every_tick_finds(
    written: list[Gate], channel: Channel, now: datetime, seconds: int, beyond: bool
) -> None:
    now += timedelta(seconds=seconds)
    found = gates.usable(gates.write(written), channel, now, beyond=beyond)
    assert {share: ticks(bits) for share, bits in found} == naively(written, channel, now, beyond)


@pytest.mark.parametrize(
    ("channel", "own"),
    [
        (Channel.ONLINE, []),
        (Channel.PARTNER, []),
        (Channel.PHONE, [Share.PHONE]),
        (Channel.ON_SITE, [Share.ON_SITE, Share.PHONE]),
    ],
)
def test_each_door_takes_from_its_own_share_first_then_from_open_ones(
    channel: Channel, own: list[Share]
) -> None:
    stored = gates.write([gate(Share.EMERGENCY), gate(Share.PHONE), gate(Share.ONLINE)])
    rest = [share for share in (Share.ONLINE, Share.PHONE, Share.EMERGENCY) if share not in own]
    found = gates.usable(stored, channel, MORNING)
    assert [share for share, _ in found] == own + rest
    assert dict(found) == {**dict.fromkeys(rest, HOURS), **dict.fromkeys(own, ALL)}


def test_a_gate_is_open_from_its_first_minute_until_before_its_last() -> None:
    stored = gates.write([gate(Share.ONLINE)])
    second = timedelta(seconds=1)
    assert gates.usable(stored, Channel.ONLINE, MORNING - second) == []
    assert gates.usable(stored, Channel.ONLINE, MORNING) == [(Share.ONLINE, HOURS)]
    assert gates.usable(stored, Channel.ONLINE, NOON - second) == [(Share.ONLINE, HOURS)]
    assert gates.usable(stored, Channel.ONLINE, NOON) == []


def test_staff_with_the_right_to_it_take_from_the_shares_they_name_whatever_the_gates_say() -> None:
    stored = gates.write([gate(Share.ONLINE, MORNING, MORNING)])
    wanted = [Share.EMERGENCY, Share.ONLINE]
    expected = [(Share.ONLINE, ALL), (Share.EMERGENCY, ALL)]
    assert gates.usable(stored, Channel.PHONE, NOON, wanted) == expected
    assert gates.usable(stored, Channel.PHONE, NOON, wanted, beyond=True) == expected
    assert gates.usable(stored, Channel.PHONE, NOON, []) == []


def test_the_gate_that_the_migration_wrote_is_open_to_the_public_at_any_time() -> None:
    stored = struct.pack(">BII", 0, 0, 2**32 - 1) + b"\xff" * SET
    assert gates.usable(stored, Channel.ONLINE, NOON) == [(Share.ONLINE, ALL)]
    assert gates.read(stored) == (Gate(Share.ONLINE, EVER, NEVER, ALL),)
    assert gates.usable(b"", Channel.ONLINE, NOON) == []


@pytest.mark.parametrize("stored", [b"\x00", b"\x00" * 46, b"\x04" + b"\x00" * 46])
def test_what_is_no_gates_is_refused(stored: bytes) -> None:
    with pytest.raises(ValueError, match="gate"):
        gates.read(stored)


def test_what_one_asker_does_with_the_answer_is_nothing_to_the_next() -> None:
    stored = gates.write([gate(Share.ONLINE)])
    gates.usable(stored, Channel.ONLINE, MORNING).clear()
    assert gates.usable(stored, Channel.ONLINE, MORNING) != []
