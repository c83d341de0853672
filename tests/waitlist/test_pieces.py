"""Freed times: put together where they touch, and cut to what a wish needs."""

from hypothesis import given
from hypothesis import strategies as st

from frontoffice.booking.models import Share
from frontoffice.waitlist.pieces import Piece, chains, cut


def online(number: int, first: int, ticks: int) -> Piece:
    return Piece(number, Share.ONLINE, first, ticks)


def anywhere(_first: int) -> bool:
    return True


def test_times_that_follow_each_other_become_one() -> None:
    one, two, three = online(1, 100, 6), online(2, 106, 2), online(3, 110, 6)
    assert chains([three, two, one]) == [(one, two), (three,)]


def test_times_side_by_side_and_of_different_shares_stay_apart() -> None:
    one, two, other = online(1, 100, 6), online(2, 100, 6), Piece(3, Share.PHONE, 106, 6)
    assert sorted(chains([one, two, other])) == sorted([(one,), (two,), (other,)])


def test_a_short_wish_takes_the_beginning_and_leaves_the_rest() -> None:
    found = cut((online(1, 100, 6),), 2, anywhere)
    assert found is not None
    assert (found.first, found.rests) == (100, ((1, 102, 4),))


def test_a_long_wish_takes_parts_of_two() -> None:
    found = cut((online(1, 100, 6), online(2, 106, 6)), 8, anywhere)
    assert found is not None
    assert (found.first, [each.number for each in found.pieces]) == (100, [1, 2])
    assert found.rests == ((2, 108, 4),)


def test_a_wish_for_later_takes_the_end() -> None:
    found = cut((online(1, 100, 12),), 5, lambda first: first >= 106)
    assert found is not None
    assert (found.first, found.rests) == (107, ((1, 100, 7),))


def test_nothing_fits_into_too_little() -> None:
    assert cut((online(1, 100, 6),), 7, anywhere) is None
    assert cut((online(1, 100, 6),), 6, lambda first: first > 100) is None


@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=6),
    ticks=st.integers(1, 30),
    earliest=st.integers(90, 140),
)
def test_a_cut_and_its_rests_are_exactly_what_the_pieces_were(
    lengths: list[int], ticks: int, earliest: int
) -> None:
    pieces, at = [], 100
    for number, length in enumerate(lengths):
        pieces.append(online(number, at, length))
        at += length
    [chain] = chains(pieces)
    found = cut(chain, ticks, lambda first: first >= earliest)
    if found is None:
        # None may be left out that begins where a piece does.
        assert not any(each.first >= earliest and each.first + ticks <= at for each in pieces)
        return
    assert found.first >= earliest
    used = {tick for piece in found.pieces for tick in range(piece.first, piece.end)}
    kept = set(range(found.first, found.first + ticks))
    rests = [set(range(first, first + length)) for _, first, length in found.rests]
    assert kept.union(*rests) == used
    assert len(kept) + sum(map(len, rests)) == len(used)
    for number, first, length in found.rests:
        piece = pieces[number]
        assert piece.first <= first
        assert first + length <= piece.end
