"""Dates of birth: in any usual order, in any digits and words, and with parts that nobody knows."""

from datetime import date, timedelta

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from frontoffice import birth_date, languages
from frontoffice.birth_date import BirthDate, Incomplete
from frontoffice.errors import Invalid
from kiosk import birth_date as at_the_kiosk

TODAY = date(2026, 11, 23)
BORN = date(1991, 3, 27)
DAYS = st.dates(date(1900, 1, 1), TODAY)


@pytest.mark.parametrize(
    "typed",
    [
        "27.3.1991",
        "27. 03. 1991",
        "27/03/1991",
        "27-03-1991",
        "27 3 1991",
        "1991-03-27",
        "1991/3/27",
        "03/27/1991",  # in this order it can be nothing else
        "27031991",
        "19910327",
        "1991-03-27T00:00:00",  # from a spreadsheet
        "1991-03-27 00:00",
        "27. März 1991",
        "27 Mar 1991",
        "March 27, 1991",
        "27th March 1991",
        "27 mars 1991",
        "27 de marzo de 1991",
        "27 Mart 1991",
        "27 березня 1991 року",
        "27 марта 1991 г.",
        "٢٧/٠٣/١٩٩١",
        "27\u200f/03\u200f/1991",  # as Arabic pages write it
        "٢٧ آذار ١٩٩١",  # the Levant
        "27 مارس 1991",  # Egypt
        "۲۷ مارس ۱۹۹۱",  # Iran
    ],
)
def test_a_date_is_understood_in_any_usual_order(typed: str) -> None:
    assert birth_date.parse(typed, TODAY) == BORN


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("00.00.1980", Incomplete(1980)),
        ("0.0.1980", Incomplete(1980)),
        ("00001980", Incomplete(1980)),
        ("XX.XX.1980", Incomplete(1980)),
        ("--.--.1980", Incomplete(1980)),
        ("1980-00-00", Incomplete(1980)),
        ("00.05.1980", Incomplete(1980, 5)),
        ("?? Mai 1980", Incomplete(1980, 5)),
        ("1980-05-00", Incomplete(1980, 5)),
    ],
)
def test_a_day_or_a_month_that_nobody_knows_may_be_left_open(typed: str, meant: Incomplete) -> None:
    assert birth_date.parse(typed, TODAY) == meant


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("", "day, month and year"),
        ("1980", "day, month and year"),
        ("27.3.91", "four digits"),
        ("27.Nonsense.1991", "four digits"),
        ("31.02.1990", "does not exist"),
        ("29.02.2023", "does not exist"),
        ("15.00.1980", "does not exist"),
        ("24.11.2026", "future"),
        ("00.12.2026", "future"),
        ("00.00.2027", "future"),
        ("01.01.1899", "past"),
        ("۱۳۷۰/۰۱/۰۷", "passport"),  # 1370 in Iran is 1991
        ("1412-09-12", "passport"),
        ("²7.3.1991", "four digits"),
    ],
)
def test_what_is_no_date_of_birth_is_refused_and_says_why(typed: str, complaint: str) -> None:
    with pytest.raises(Invalid) as refusal:
        birth_date.parse(typed, TODAY)
    assert complaint in refusal.value.sentence


@pytest.mark.parametrize("typed", ["1991-03-27", "27.3.1991", "27031991", "٢٧/٣/١٩٩١"])
def test_the_field_of_the_day_takes_the_whole_date(typed: str) -> None:
    assert birth_date.of_parts(typed, "", " ", TODAY) == date(1991, 3, 27)
    with pytest.raises(Invalid):
        birth_date.of_parts(typed, "3", "", TODAY)
    with pytest.raises(Invalid, match="your passport does not say"):
        birth_date.of_parts("27", "", "", TODAY)


def test_today_and_the_parts_of_today_are_not_in_the_future() -> None:
    for typed in ("23.11.2026", "00.11.2026", "00.00.2026"):
        assert birth_date.parse(typed, TODAY)


@pytest.mark.parametrize("code", languages.SUPPORTED)
def test_the_field_of_the_month_takes_every_name_of_it(code: str) -> None:
    locale = languages.writing_of(code)
    for number in range(1, 13):
        name = format_date(date(1991, number, 27), "LLLL", locale)
        assert birth_date.of_parts("27", name, "1991", TODAY) == date(1991, number, 27), name


@pytest.mark.parametrize("code", [*languages.SUPPORTED, *languages.COMING])
@given(born=DAYS)
def test_what_a_language_writes_is_read_as_the_same_date(code: str, born: date) -> None:
    assert birth_date.parse(birth_date.written(born, code), TODAY) == born


def test_dates_are_written_as_the_language_writes_them_and_as_far_as_they_are_known() -> None:
    shown = {code: birth_date.written(BORN, code) for code in ("de", "en", "fr", "fa")}
    assert shown == {"de": "27.03.1991", "en": "27/03/1991", "fr": "27/03/1991", "fa": "1991/03/27"}
    assert birth_date.written(Incomplete(1980, 5), "en") == "May 1980"
    assert birth_date.written(Incomplete(1980), "de") == "1980"
    assert f"{Incomplete(1980, 5):%d.%m.%Y}" == "00.05.1980"


@given(st.one_of(DAYS, st.builds(Incomplete, st.integers(1900, 2025), st.integers(0, 12))))
def test_what_is_kept_comes_back_the_same(born: BirthDate) -> None:
    assert birth_date.from_iso(born.isoformat()) == born
    assert birth_date.parse(born.isoformat(), TODAY) == born


@pytest.mark.parametrize(
    "kept", ["", "1980-5-0", "1980-13-00", "1980-00-05", "1980-02-30", "٢٠٢٠-٠١-٠١", "0000-00-00"]
)
def test_what_no_date_of_birth_was_kept_as_is_no_date(kept: str) -> None:
    with pytest.raises(ValueError, match="birth|day|month|year"):
        birth_date.from_iso(kept)


@given(st.text(max_size=30))
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    try:
        born = birth_date.parse(typed, TODAY)
    except Invalid:
        return
    assert "1900-00-00" <= born.isoformat() <= TODAY.isoformat()


@given(born=st.dates(TODAY - timedelta(days=36_000), TODAY), hidden=st.sampled_from(["", "day", "month"]))
def test_the_kiosk_keeps_the_same_text_for_the_same_person(born: date, hidden: str) -> None:
    """Else its digests, and the check-in by date of birth, would find nobody."""
    day, month = ("00" if hidden else f"{born:%d}"), ("00" if hidden == "month" else f"{born:%m}")
    there = at_the_kiosk.read(f"{day}{month}{born.year:04}", TODAY)
    assert there is not None
    assert there.isoformat() == birth_date.of_parts(day, month, f"{born.year:04}", TODAY).isoformat()
    assert at_the_kiosk.BirthDate.from_iso(there.isoformat()) == there


@pytest.mark.parametrize("typed", ["", "1980", "31021990", "15001980", "24112026", "01011850"])
def test_the_kiosk_refuses_what_is_no_date_of_birth(typed: str) -> None:
    assert at_the_kiosk.read(typed, TODAY) is None
