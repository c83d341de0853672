"""Public holidays differ by Land, and only those of the whole Land count."""

from datetime import date

import pytest

from frontoffice.errors import Invalid
from frontoffice.offices.holidays import LAENDER, is_holiday, public_holidays

CORPUS_CHRISTI = date(2026, 6, 4)
WOMENS_DAY = date(2026, 3, 8)
ASSUMPTION = date(2026, 8, 15)


@pytest.mark.parametrize(
    ("day", "lands"),
    [
        (WOMENS_DAY, {"BE", "MV"}),
        (CORPUS_CHRISTI, {"BW", "BY", "HE", "NW", "RP", "SL"}),
        (ASSUMPTION, {"SL"}),
        (date(2026, 9, 20), {"TH"}),
        (date(2026, 10, 31), {"BB", "HB", "HH", "MV", "NI", "SH", "SN", "ST", "TH"}),
        (date(2026, 11, 1), {"BW", "BY", "NW", "RP", "SL"}),
        (date(2026, 11, 18), {"SN"}),
        (date(2026, 8, 8), set()),
        (date(2026, 12, 24), set()),
        (date(2026, 12, 31), set()),
        (date(2026, 10, 3), set(LAENDER)),
        (date(2026, 12, 25), set(LAENDER)),
    ],
)
def test_a_day_is_a_holiday_only_in_the_lands_that_keep_it(day: date, lands: set[str]) -> None:
    assert {land for land in LAENDER if is_holiday(land, day)} == lands


def test_holidays_have_german_names() -> None:
    assert public_holidays("NW", 2026)[CORPUS_CHRISTI] == "Fronleichnam"
    assert public_holidays("BE", 2026)[WOMENS_DAY] == "Frauentag"


def test_a_year_holds_its_own_days_only() -> None:
    assert {day.year for day in public_holidays("NW", 2026)} == {2026}
    assert is_holiday("NW", date(2027, 1, 1))
    assert is_holiday("NW", date(2027, 5, 27))
    assert not is_holiday("NW", date(2027, 6, 4))


def test_changing_the_answer_changes_nobody_elses() -> None:
    public_holidays("NW", 2026).clear()
    assert is_holiday("NW", CORPUS_CHRISTI)


@pytest.mark.parametrize("land", ["XX", "", "nw", "Bayern", "Augsburg", "DE-NW"])
def test_a_word_that_is_no_land_is_refused(land: str) -> None:
    with pytest.raises(Invalid, match="not the code of a Land") as refused:
        is_holiday(land, CORPUS_CHRISTI)
    assert refused.value.field == "land"
