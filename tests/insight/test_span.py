"""Which days a choice means, and which are compared with them."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontoffice.insight import span
from frontoffice.insight.span import Choice, Span

TODAY = date(2026, 11, 25)  # a Wednesday
DAYS = st.dates(date(2020, 1, 1), date(2029, 12, 31))


@pytest.mark.parametrize(
    ("choice", "first", "last", "expected"),
    [
        (Choice.WEEK, None, None, Span(date(2026, 11, 23), date(2026, 11, 26))),
        (Choice.FOUR_WEEKS, None, None, Span(date(2026, 10, 28), date(2026, 11, 25))),
        (Choice.QUARTER, None, None, Span(date(2026, 10, 1), date(2026, 11, 26))),
        (Choice.OWN, date(2026, 11, 2), date(2026, 11, 6), Span(date(2026, 11, 2), date(2026, 11, 7))),
        (Choice.OWN, date(2026, 11, 6), date(2026, 11, 2), Span(date(2026, 11, 2), date(2026, 11, 7))),
        (Choice.OWN, date(2027, 1, 1), date(2027, 2, 1), Span(TODAY, date(2026, 11, 26))),
        (Choice.OWN, None, date(2026, 11, 2), Span(date(2026, 10, 5), date(2026, 11, 3))),
        (Choice.OWN, None, None, Span(date(2026, 10, 28), date(2026, 11, 25))),
    ],
)
def test_the_days_of_a_choice(choice: Choice, first: date | None, last: date | None, expected: Span) -> None:
    assert span.chosen(choice, TODAY, first, last) == expected


def test_a_week_is_compared_with_the_same_weekdays() -> None:
    assert span.before(Span(date(2026, 11, 23), date(2026, 11, 26))) == Span(
        date(2026, 11, 16), date(2026, 11, 19)
    )
    assert span.before(Span(date(2026, 10, 28), date(2026, 11, 25))) == Span(
        date(2026, 9, 30), date(2026, 10, 28)
    )


@given(DAYS, DAYS)
def test_the_parts_of_a_span_are_all_of_it_once(one: date, other: date) -> None:
    whole = span.chosen(Choice.OWN, date(2030, 1, 1), one, other)
    cut = span.parts(whole)
    assert 1 <= whole.days <= span.LONGEST_DAYS
    assert cut[0].first == whole.first
    assert cut[-1].until == whole.until
    assert all(before.until == after.first for before, after in pairwise(cut))
    assert all(1 <= each.days <= 7 for each in cut)
    earlier = span.before(whole)
    assert earlier.days == whole.days
    assert earlier.until <= whole.first
