"""No number below three can be read from a table of two properties, nor worked out from its sums."""

from hypothesis import given
from hypothesis import strategies as st

from frontoffice.insight.veil import LEAST, veiled

TABLES = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(0, 6), min_size=width, max_size=width), min_size=1, max_size=5
    )
)


@given(TABLES)
def test_what_is_shown_is_true_and_not_small(rows: list[list[int]]) -> None:
    for row, shown in zip(rows, veiled(rows), strict=True):
        for number, seen in zip(row, shown, strict=True):
            assert seen in (None, number)
            assert seen is None or seen == 0 or seen >= LEAST


@given(TABLES)
def test_nothing_hidden_can_be_worked_out_from_a_sum(rows: list[list[int]]) -> None:
    shown = veiled(rows)
    lines = [*shown, *(list(column) for column in zip(*shown, strict=True) if len(shown) > 1)]
    for line in lines:
        hidden = sum(each is None for each in line)
        assert hidden != 1 or len(line) == 1


def test_the_smallest_neighbour_is_hidden_too() -> None:
    assert veiled([[9, 1, 4, 0]]) == [[9, None, None, 0]]
    assert veiled([[5, 6, 0]]) == [[5, 6, 0]]
    assert veiled([[0, 1, 0]]) == [[None, None, 0]]
