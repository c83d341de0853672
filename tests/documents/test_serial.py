"""Numbers of cards and their machine-readable lines: what is mended, what is refused, and what is said then."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontoffice.documents import serial
from frontoffice.errors import Invalid

TODAY = date(2026, 11, 23)
SERIALS = st.builds(
    "".join,
    st.tuples(
        st.sampled_from("CFGHJKLMNPRTVWXYZ"), st.text(alphabet=serial.ALPHABET, min_size=8, max_size=8)
    ),
)
BIRTHS = st.dates(date(1927, 1, 1), date(2026, 1, 1))


def line(text: str) -> str:
    return text.ljust(30, "<")


def mrz(number: str, born: str, expiry: str = "300131") -> tuple[str, str, str]:
    """The three lines of a card; dates as YYMMDD."""
    first = f"ARD<<{number}{serial.check_digit(number)}"
    second = f"{born}{serial.check_digit(born)}F{expiry}{serial.check_digit(expiry)}UKR"
    return line(first), line(second)[:29] + "4", line("KOWALENKO<<OLENA")


def test_the_check_digit_is_that_of_the_standard() -> None:
    assert serial.check_digit("C01X0006H") == 1
    assert serial.check_digit("520727") == 3  # ICAO Doc 9303-3, the example of a date
    assert serial.check_digit("AB2134<<<") == 5  # and the example with fillers


@given(SERIALS)
def test_any_one_wrong_sign_is_a_typing_error_where_the_check_digit_can_tell(number: str) -> None:
    """As long as it is typed with its check digit; those that differ by ten in value cannot be told apart."""
    whole = number + str(serial.check_digit(number))
    assert serial.serial_number(whole) == number
    for place in range(1, 9):
        for other in serial.ALPHABET:
            if (int(other, 36) - int(number[place], 36)) % 10 == 0:
                continue
            with pytest.raises(Invalid):
                serial.serial_number(whole[:place] + other + whole[place + 1 :])


@pytest.mark.parametrize("typed", ["C01X0006H", "c01x 0006h", "CO1XOOO6H", "C01X-0006H 1", "ｃ01x0006h1"])
def test_serials_are_read_as_people_type_them(typed: str) -> None:
    if typed.startswith("ｃ"):
        with pytest.raises(Invalid):
            serial.serial_number(typed)
    else:
        assert serial.serial_number(typed) == serial.meant(typed).number == "C01X0006H"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("C01X0006A", "“A” does not occur"),
        ("C01XI006H", "“I” does not occur"),
        ("C01X0006H2", "typing error"),
        ("", "Please enter"),
        ("C01", "neither"),
        ("12-34", "neither"),
        ("abcdefgh", "neither"),
        ("X" * 30, "neither"),
    ],
)
def test_typing_errors_are_told_apart_from_unknown_numbers(typed: str, said: str) -> None:
    try:
        doubt = serial.meant(typed).doubt
    except Invalid as refused:
        doubt = refused
    assert said in str(doubt)


@pytest.mark.parametrize("typed", ["2026-004711", "AB 12 34 56", "00471100", "a1b2c3d4e5f6"])
def test_other_numbers_are_order_numbers(typed: str) -> None:
    assert serial.meant(typed) == (serial.order_number(typed), None, None)
    assert serial.order_number(typed) == serial.tidy(typed)


@pytest.mark.parametrize("typed", ["K20260012A", "CO12345678", "K2026001A", "F123456789", "K20260012"])
def test_order_numbers_may_begin_like_serial_numbers(typed: str) -> None:
    found = serial.meant(typed)
    assert serial.order_number(typed) in (found.number, found.order)


@given(SERIALS, BIRTHS, st.booleans(), st.booleans())
def test_lines_are_read_back(number: str, born: date, is_small: bool, is_broken: bool) -> None:
    first, second, third = mrz(number, f"{born:%y%m%d}")
    text = "\n".join((first, second, third))
    if is_small:
        text = text.lower().replace("<<", "«")
    if is_broken:
        text = " ".join(text.replace("\n", " "))
    read = serial.lines(text, TODAY)
    assert (read.serial, read.born, read.valid_until) == (number, born.isoformat(), date(2030, 1, 31))
    assert serial.lines(f"{first}\n{second}", TODAY).serial == number


@given(SERIALS, BIRTHS, st.data())
def test_one_misread_sign_is_mended_or_refused_but_never_believed(
    number: str, born: date, data: st.DataObject
) -> None:
    """A wrong reading that the check digit cannot see differs by ten in value, as 6 and G: those are left alone."""
    first, second, _ = mrz(number, f"{born:%y%m%d}")
    confused = {
        "0": "O",
        "1": "I",
        "5": "S",
        "8": "B",
        "2": "Z",
        "Z": "2",
        "T": "7",
        "7": "T",
        "V": "Y",
        "Y": "V",
    }
    place = data.draw(st.integers(5, 13))
    misread = first[:place] + confused.get(first[place], first[place]) + first[place + 1 :]
    try:
        read = serial.lines(f"{misread}\n{second}", TODAY)
    except serial.NotReadable:
        return
    assert read.serial == number


def test_what_the_check_digit_settles_is_mended() -> None:
    first, second, _ = mrz("C01X0006H", "900307")
    assert serial.lines(f"{first.replace('0', 'O')}\n{second.replace('0', 'O')}", TODAY).serial == "C01X0006H"
    first, second, _ = mrz("C0TX0006H", "900307")
    assert serial.lines(f"{first.replace('T', '7')}\n{second}", TODAY).serial == "C0TX0006H"
    with pytest.raises(serial.NotReadable):
        serial.lines(f"{first}\n{second.replace('900307', '900308')}", TODAY)


def test_two_lines_of_36_are_read_too() -> None:
    text = f"ARD<<KOWALENKO<<OLENA<<<<<<<<<<<<<<<\nC01X0006H1UKR900307{serial.check_digit('900307')}F3001316<<<<<<<<"
    read = serial.lines(text, TODAY)
    assert (read.serial, read.born) == ("C01X0006H", "1990-03-07")


def test_a_birth_without_day_or_month() -> None:
    first, second, _ = mrz("C01X0006H", "90<<<<")
    assert serial.lines(f"{first}\n{second}", TODAY).born == "1990-00-00"
    assert serial.birth("0", "0", "1990", TODAY) == "1990-00-00"


@pytest.mark.parametrize("month", ["3", "03", "März", "march", "Березень", "مارس", "آذار", "٣"])
def test_the_month_of_a_birth_may_be_a_word(month: str) -> None:
    assert serial.birth("7", month, "1990", TODAY) == "1990-03-07"


@pytest.mark.parametrize("typed", ["", "<<<", "ARD<<", "hello\nworld", "<" * 90, "\n\n\n", "A" * 400])
def test_what_is_no_lines_is_refused(typed: str) -> None:
    with pytest.raises(serial.NotReadable):
        serial.lines(typed, TODAY)


@given(st.text(max_size=500))
def test_whatever_is_typed_ends_in_a_sentence(typed: str) -> None:
    for read in (lambda: serial.lines(typed, TODAY), lambda: serial.meant(typed)):
        with suppress(Invalid):
            read()
    serial.serial_in(typed)
    serial.is_other_line(typed)


def test_a_scanner_sends_line_by_line() -> None:
    first, second, third = mrz("C01X0006H", "900307")
    assert serial.serial_in(first) == "C01X0006H"
    assert (serial.serial_in(second), serial.serial_in(third)) == (None, None)
    assert [serial.is_other_line(each) for each in (first, second, third)] == [False, True, True]


@pytest.mark.parametrize(
    "parts",
    [("31", "2", "1990"), ("1", "1", "90"), ("", "1", "1990"), ("1", "1", "2027"), ("1", "1", "1812")],
)
def test_births_that_cannot_be(parts: tuple[str, str, str]) -> None:
    with pytest.raises(Invalid):
        serial.birth(*parts, TODAY)
